"""Entries that do not fit the table of entry types: each fails, with the key and without, and the place is named."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from support.tampering import GONE, Tampered, true_export

from forum.record import audit
from forum.record.verify.archive import pack
from forum.record.verify.disclosures import disclosure
from forum.record.verify.entry_shapes import SHAPES, misfits_of
from forum.record.verify.verdict import FAIL, PASS

SIGNED = ("file digests", "root", "key", "checkpoint signature", "package signature")
WORDS = {"sd": "A" * 43}


def checks(data: bytes) -> dict[str, tuple[str, str]]:
    return {check.name: (check.verdict, check.detail) for check in audit.verify(data)}


def assert_fails(tampered: Tampered, check: str, place: str) -> None:
    """Asserts that this check fails and names this place: signed again, where all signatures hold, and not."""
    forged, changed = checks(tampered.packed(key=True)), checks(tampered.packed(key=False))
    assert forged[check][0] == changed[check][0] == FAIL, forged[check]
    assert place in forged[check][1], forged[check]
    assert place in changed[check][1], changed[check]
    assert {forged[name][0] for name in SIGNED} == {PASS}
    assert changed["file digests"][0] == FAIL


def test_the_small_true_export_holds_every_type_and_passes() -> None:
    assert {verdict for verdict, _ in checks(pack(true_export())).values()} == {PASS}
    assert {entry["type"] for entry in Tampered().entries} == SHAPES.keys()


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
    ("scenario published", "told_by", WORDS),
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
]


@pytest.mark.parametrize(
    ("type_", "path", "value"), MISFITS, ids=lambda value: "gone" if value is GONE else repr(value)
)
def test_an_entry_that_does_not_fit_its_type_fails_at_its_field(type_: str, path: str, value: Any) -> None:
    tampered = Tampered()
    # The place as it is before the change, which may be of the type itself.
    place = tampered.set(type_, path, value, 1 if path.startswith("versions") else 0)
    if path == "type":
        place = place.replace(repr(type_), repr(value))
    steps = [f"[{step}]" if step.isdigit() else f".{step}" for step in path.split(".")]
    field = f"field {''.join(steps).removeprefix('.')}"
    assert_fails(tampered, "entries", f"{place}: {field}")


def test_what_older_versions_wrote_still_fits() -> None:
    tampered = Tampered()
    for type_, path, value in (
        ("session opened", "kind", GONE),
        ("round opened", "closes_at", GONE),
        ("round opened", "scene", "The kitchen"),
        ("round opened", "live", GONE),
        ("round opened", "quorum", GONE),
        ("scenario published", "told_by", None),
    ):
        tampered.set(type_, path, value)
    assert [problem for entry in tampered.entries for problem in misfits_of(entry)] == []


@pytest.mark.parametrize("entry", [None, [], "decision", {}, {"type": ["decision"]}, {"type": {"sd": "A" * 43}}])
def test_what_is_no_entry_has_no_shape(entry: Any) -> None:
    assert list(misfits_of(entry)) == ["field type is none that there is"]


# ---------------------------------------------------------------- words and their digests


def test_two_answers_with_one_digest_fail() -> None:
    tampered = Tampered()
    place = tampered.set("round opened", "responses.1.label", tampered.entry("round opened")["responses"][0]["label"])
    assert_fails(
        tampered, "disclosures", f"{place}: field responses[1].label has the same digest as {place}: field res"
    )


def test_a_digest_of_another_entry_fails() -> None:
    tampered = Tampered()
    place = tampered.set("commitment", "what", tampered.entry("decision")["dissent"])
    assert_fails(tampered, "disclosures", f"{place}: field what has the same digest as entry")


@pytest.mark.parametrize(
    ("type_", "path", "other"),
    [
        ("decision", "rationale", "why"),
        ("decision", "dissent", "rationale"),
        ("round opened", "question", "response"),
        ("round opened", "responses.0.label", "label"),
        ("round opened", "versions.0.question", "Question"),
        ("scenario published", "title", "text"),
        ("round annulled", "because", ""),
        ("commitment", "what", "role"),
    ],
)
def test_words_that_are_disclosed_under_another_name_fail(type_: str, path: str, other: str) -> None:
    tampered = Tampered()
    number = 1 if "versions" in path else 0
    inside: Any = tampered.entry(type_, number)
    for step in path.split("."):
        inside = inside[int(step) if step.isdigit() else step]
    digest, encoded = disclosure("5" * 32, other, "Anything")
    line = next(line for line in tampered.disclosures if line["digest"] == inside["sd"])
    line.update(digest=digest, disclosure=encoded)
    place = tampered.set(type_, path, {"sd": digest}, number)
    assert_fails(tampered, "disclosures", place)
    assert f"is disclosed as {other!a}, not as" in checks(tampered.packed(key=True))["disclosures"][1]


def test_the_true_lines_are_canonical_copies() -> None:
    """The suite changes what it says it changes: an untouched copy is the true export to the byte."""
    assert Tampered().packed(key=False) == pack(true_export()) == Tampered().packed(key=True)
    assert copy.deepcopy(Tampered().entries) == [
        json.loads(line) for line in true_export()["record.jsonl"].splitlines()
    ]


@pytest.mark.parametrize(("path", "value"), [("after.root", "0" * 64), ("after.size", 1), ("after.size", 10**9)])
def test_a_restore_that_does_not_go_on_from_the_record_before_it_fails(path: str, value: Any) -> None:
    tampered = Tampered()
    place = tampered.set("record restored", path, value)
    for key in (True, False):
        verdict, detail = checks(tampered.packed(key=key))["root"]
        assert verdict == FAIL
        assert not key or detail == f"{place}: field after is not the record before it"
