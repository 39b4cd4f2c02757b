"""Fields of entries that do not fit the type of their entry, as a dishonest operator could write them."""

from __future__ import annotations

from typing import Any

from support.tampering import GONE, Tampered

WORDS = {"sd": "A" * 43}

# Type of entry, path to the field in it, what is put there.
MISFITS: list[tuple[str, str, Any]] = [
    # A type, a time, ids.
    ("decision", "type", "decision taken"),
    ("round revealed", "type", "round  revealed"),
    ("erasure", "type", "Erasure"),
    ("commitment", "type", ""),
    ("round opened", "at", "yesterday"),
    ("decision", "at", "2026-11-22"),
    ("round closed", "at", "2026-11-22T14:00:00Z"),
    ("commitment", "at", "2026-11-22T14:00:00.000+00:00"),
    ("round revealed", "at", "2026-02-30T14:00:00.000Z"),
    ("scenario published", "at", "2026-11-22t14:00:00.000z"),
    ("moderation action", "at", ""),
    ("scenario published", "commission", "C1" * 16),
    ("session opened", "commission", ""),
    ("round opened", "session", "the day"),
    ("round closed", "round", None),
    ("decision", "decision", 7),
    ("commitment", "commitment", "0" * 31),
    ("moderation action", "scenario", None),
    # A field that is none, at every depth, and one that is missing.
    ("decision", "note", "Everybody was for it."),
    ("round closed", "turnout", 11),
    ("session opened", "about.note", "as agreed"),
    ("session opened", "about.power.why", "as agreed"),
    ("session opened", "about.groups.0.n", 6),
    ("round opened", "responses.0.words", "Send a nurse"),
    ("round opened", "live", False),
    ("round revealed", "result.turnout", 11),
    ("round revealed", "result.by_group.0.names", ["Ann"]),
    ("round revealed", "result.quorum.note", "nearly"),
    ("commitment", "owner", "Ann Smith"),
    ("erasure", "because", "They asked for it."),
    ("moderation action", "by", "Ann"),
    ("round annulled", "by", "Ann"),
    ("scenario published", "demonstration", False),
    ("decision", "demonstration", 1),
    ("decision", "dissent", GONE),
    ("commitment", "by", GONE),
    ("round opened", "question", GONE),
    ("round closed", "ballots_root", GONE),
    ("round revealed", "result.withheld", GONE),
    ("session opened", "about.threshold", GONE),
    # Words in plain text, digests where there are none, and kinds that are others.
    ("scenario published", "title", "A night in March"),
    ("round opened", "question", "Who should come?"),
    ("round opened", "responses.1.label", "Send the police"),
    ("round opened", "versions.0.question", "Who?"),
    ("round annulled", "because", "It was put badly"),
    ("decision", "rationale", "It is near."),
    ("decision", "dissent", "Carers were for r1."),
    ("commitment", "what", "Two nurses"),
    ("moderation action", "because", "The street was named"),
    ("session opened", "title", WORDS),
    ("session opened", "about.question", WORDS),
    ("scenario published", "told_by", ["Carers"]),
    ("commitment", "by", WORDS),
    ("decision", "outcome", WORDS),
    ("round opened", "question", {"sd": "A" * 42}),
    ("decision", "rationale", {"sd": "A" * 43, "note": "x"}),
    ("decision", "rationale", None),
    ("round opened", "power", "co-decision"),
    ("round opened", "kind", "vote"),
    ("round opened", "method", "by lot"),
    ("round opened", "threshold", "5"),
    ("round opened", "threshold", -5),
    ("round opened", "responses.0.id", "R1"),
    ("round opened", "responses", {}),
    ("round opened", "closes_at", "some day"),
    ("round opened", "quorum.ballots", -1),
    ("round extended", "closes_at", None),
    ("round closed", "count", True),
    ("round closed", "count", -1),
    ("round closed", "paper", 0),
    ("round closed", "ballots_root", "A" * 64),
    ("round revealed", "result.n", "11"),
    ("round revealed", "result.counts.r1", True),
    ("round revealed", "result.equal_voice.r1", None),
    ("session opened", "entrance", "by the back door"),
    ("session opened", "kind", "rooms"),
    ("session opened", "about.stage", "done"),
    ("session opened", "scenarios", ["a story"]),
    ("decision", "outcome", "adopted in part"),
    ("decision", "rounds", "all"),
    ("decision", "differs", 0),
    ("commitment", "by", "soon"),
    ("commitment", "by", "2027-02-30"),
    ("moderation action", "action", "praised"),
    ("erasure", "digests", ["A" * 42]),
    ("erasure", "digests", "all"),
    ("record restored", "commission", "c1" * 16),
    ("record restored", "before.size", -1),
    ("record restored", "before.root", "A" * 64),
    ("record restored", "because", "It was meant."),
    ("data erased", "reference", "Ada's story"),
    ("data erased", "commission", "c1" * 16),
    ("data erased", "story", "c1" * 16),
    ("retention", "removed.0.number", 4),
    ("retention", "removed.0.kind", "ballots"),
    ("retention", "removed.0.of", "Ada"),
    # What became of a commitment.
    ("commitment", "answers", "Nights"),
    ("commitment", "noticed", 1),
    ("commitment update", "update", "u1"),
    ("commitment update", "commitment", None),
    ("commitment update", "state", "no news yet"),
    ("commitment update", "state", "Done"),
    ("commitment update", "said", "Both are here"),
    ("commitment update", "because", GONE),
    ("commitment update", "handed_to", "Ann Smith"),
    ("commitment update", "given_by", "Ann Smith"),
    ("commitment update", "by", "2027-03-31"),
]


def misfit(tampered: Tampered, type_: str, path: str, value: Any) -> str:
    """Makes one of MISFITS; returns how its entry and field are named."""
    # The place as it is before the change, which may be of the type itself.
    place = tampered.set(type_, path, value, 1 if path.startswith("versions") else 0)
    if path == "type":
        place = place.replace(repr(type_), repr(value))
    steps = [f"[{step}]" if step.isdigit() else f".{step}" for step in path.split(".")]
    return f"{place}: field {''.join(steps).removeprefix('.')}"
