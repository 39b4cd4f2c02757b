"""Entries that do not fit the table of entry types: each fails, with the key and without, and the place is named."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import pytest
import sqlalchemy as sa
from support.changed_rows import unlock
from support.record_keeper import EARLIER, QUIET, SIGNER
from support.tampering import GONE, Tampered, a_small_keeper, true_export

from forum.record import audit
from forum.record.ballot_leaves import hash_of
from forum.record.verify.archive import pack
from forum.record.verify.disclosures import disclosure, open_disclosure
from forum.record.verify.encoding import canonical
from forum.record.verify.entry_order import CLOCK_ROOM, entry_problems
from forum.record.verify.entry_shapes import SHAPES, misfits_of
from forum.record.verify.merkle_tree import leaf_hash
from forum.record.verify.verdict import FAIL, PASS
from forum.services import record_check
from forum.services.checkpoints import Checkpoints
from forum.store import SqlStore, tables

Case: TypeAlias = Callable[[Tampered], str]
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
        ("session opened", "about.power.decides", "The joint board"),
        ("commitment", "role", "Head of night services"),
        ("commitment", "answers", GONE),
        ("commitment", "noticed", GONE),
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
    assert_fails(tampered, "entries", f"{place}: field responses[1].label has the same digest as another field of it")


def test_a_digest_of_another_entry_fails() -> None:
    tampered = Tampered()
    place = tampered.set("commitment", "what", tampered.entry("decision")["dissent"])
    assert_fails(tampered, "entries", f"{place}: field what has the same digest as entry")


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
        ("commitment", "role", "what"),
        ("session opened", "about.power.decides", "role"),
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
    assert f"is disclosed as {other!a}, not " in checks(tampered.packed(key=True))["disclosures"][1]


# ---------------------------------------------------------------- the order of things

NOWHERE = "0" * 32


def named(type_: str, path: str, value: Any, says: str, number: int = 0) -> Case:
    """Returns the case of a field set to a value, with what is said at that field."""
    return lambda tampered: f"{tampered.set(type_, path, value, number)}: {says}"


def told_plainly(tampered: Tampered) -> str:
    """Adds a version of a story, with words of its own, that says in plain text which group told it."""
    words = {name: {"sd": letter * 43} for name, letter in (("title", "B"), ("text", "C"))}
    version = {**tampered.entry("scenario published"), **words, "told_by": "Carers"}
    return f"{tampered.insert(None, version)}: field told_by holds plain text, where entry"


def again(type_: str, says: str, number: int = 0) -> Case:
    """Returns the case of an entry that is appended once more."""
    return lambda tampered: f"{tampered.insert(None, dict(tampered.entry(type_, number)))}: {says}"


def before(type_: str, other: str, says: str, number: int = 0, other_number: int = 0) -> Case:
    """Returns the case of an entry that is moved to stand right before another."""

    def moved(tampered: Tampered) -> str:
        entry, place = tampered.entry(type_, number), tampered.entry(other, other_number)
        tampered.entries.remove(entry)
        return f"{tampered.insert(place, entry)}: {says}"

    return moved


def without(type_: str, follower: str, says: str) -> Case:
    """Returns the case of an entry that was taken out, where another names what it made."""

    def left_out(tampered: Tampered) -> str:
        tampered.entries.remove(tampered.entry(type_))
        return f"{tampered.place(tampered.entry(follower))}: {says}"

    return left_out


def annulled(type_: str, says: str) -> Case:
    """Returns the case of an entry about the annulled vote, after its annulment."""

    def after_the_end(tampered: Tampered) -> str:
        void = tampered.entry("round annulled")
        entry = next(e for e in tampered.entries if e["type"] == type_ and e["round"] == void["round"])
        tampered.entries.remove(entry)
        return f"{tampered.insert(None, entry)}: {says}"

    return after_the_end


def decided_on(type_: str, says: str, number: int = 0) -> Case:
    """Returns the case of the decision, made to rest on the vote that this entry is about."""

    def decided(tampered: Tampered) -> str:
        return f"{tampered.set('decision', 'rounds', [tampered.entry(type_, number)['round']])}: {says}"

    return decided


def led_on(kind: str) -> Case:
    """Returns the case of a decision on a vote of a kind that is not decided on."""

    def decided(tampered: Tampered) -> str:
        tampered.set("round opened", "kind", kind)
        return f"{tampered.place(tampered.entry('decision'))}: field rounds[0] names a {kind}, not a first vote"

    return decided


def earlier(type_: str, number: int = 0) -> Case:
    """Returns the case of an entry that is dated a day before all others."""

    def dated(tampered: Tampered) -> str:
        return f"{tampered.set(type_, 'at', '2026-11-21T14:00:00.000Z', number)}: field at lies before that of entry"

    return dated


def erasing(*words: tuple[str, str], says: str, apart: bool = False) -> Case:
    """Returns the case of an erasure of the words at these fields, or of one for each of them (`apart`)."""

    def erased(tampered: Tampered) -> str:
        digests = [tampered.entry(type_)[name]["sd"] for type_, name in words]
        erasure, place = tampered.entry("erasure"), ""
        for part in [[digest] for digest in digests] if apart else [digests]:
            place = tampered.insert(None, {**erasure, "digests": part})
        tampered.disclosures = [line for line in tampered.disclosures if line["digest"] not in digests]
        return f"{place}: field digests[{0 if apart else len(digests) - 1}] {says}"

    return erased


def elsewhere(tampered: Tampered) -> str:
    """The withdrawal of words is said to be another commission's."""
    return f"{tampered.set('erasure', 'commission', QUIET.id)}: field digests[0] stands for no words that were there"


def in_the_other_session(type_: str) -> Case:
    """Returns the case of an entry about a vote that names the other session."""

    def moved(tampered: Tampered) -> str:
        other = tampered.entry("session opened", 1)
        tampered.entries.remove(other)
        tampered.insert(tampered.entry("round opened"), other)
        return f"{tampered.set(type_, 'session', other['session'])}: field round names a round of another session"

    return moved


def backwards(tampered: Tampered) -> str:
    """The result stands before the closing."""
    return before("round revealed", "round closed", "field round names a round that has no 'round closed' before")(
        tampered
    )


NO_SESSION = "field session names no session that was there before"
NO_ROUND = "field round names no round that was there before"
FIXED = "stands for words that nobody can withdraw"

ORDERS: dict[str, Case] = {
    "a session twice": again("session opened", "field session is there before"),
    "a session under another's id": lambda t: (
        f"{t.set('session opened', 'session', t.entry('session opened')['session'], 1)}: field session is there before"
    ),
    "a round under another's id": lambda t: (
        f"{t.set('round opened', 'round', t.entry('round opened')['round'], 1)}: field round is there before"
    ),
    "a decision twice": again("decision", "field decision is there before"),
    "a commitment twice": again("commitment", "field commitment is there before"),
    "who decides in plain text again": named(
        "session opened",
        "about.power.decides",
        "Ann Smith",
        "field about.power.decides holds plain text, where entry",
        1,
    ),
    "who promised in plain text again": named(
        "commitment", "role", "Ann Smith", "field role holds plain text, where entry", 1
    ),
    "who told a story in plain text again": told_plainly,
    "a round in no session": named("round opened", "session", NOWHERE, NO_SESSION),
    "a session left out": without("session opened", "round opened", NO_SESSION),
    "a session after its round": before("round opened", "session opened", NO_SESSION),
    "a closing of no round": named("round closed", "round", NOWHERE, NO_ROUND),
    "a result of no round": named("round revealed", "round", NOWHERE, NO_ROUND),
    "an extension of no round": named("round extended", "round", NOWHERE, NO_ROUND),
    "an annulment of no round": named("round annulled", "round", NOWHERE, NO_ROUND),
    "an opening left out": without("round opened", "round closed", NO_ROUND),
    "a closing before its opening": before("round closed", "round opened", NO_ROUND),
    "a closing in another session": in_the_other_session("round closed"),
    "a result in another session": in_the_other_session("round revealed"),
    "a result before the closing": backwards,
    "a closing twice": again("round closed", "field round names a round that has a 'round closed' before"),
    "a result twice": again("round revealed", "field round names a round that has a 'round revealed' before"),
    "an annulment twice": again("round annulled", "field round names a round that has a 'round annulled' before"),
    "a closing after the end": annulled("round closed", "field round names a round that has a 'round annulled' before"),
    "a result after the end": annulled("round revealed", "field round names a round that has a 'round annulled' bef"),
    "more time after the closing": again("round extended", "field round names a round that has a 'round closed' befo"),
    "a second vote of no vote": named("round opened", "second_of", NOWHERE, "field second_of names no round", 1),
    "a shift from no vote": named(
        "round revealed", "result.view_shift.first", NOWHERE, "field result.view_shift.first names no round", 1
    ),
    "a decision on no vote": named("decision", "rounds", [NOWHERE], "field rounds[0] names no round"),
    "a decision before the result": before(
        "decision", "round revealed", "field rounds[0] names a round that has no 'round revealed' before"
    ),
    "a decision before the second result": before(
        "decision", "round revealed", "field rounds[1] names a round that has no 'round revealed' before", 0, 1
    ),
    "a decision on a sealed vote": decided_on(
        "round closed", "field rounds[0] names a round that has no 'round rev", 4
    ),
    "a decision on an annulled vote": decided_on(
        "round annulled", "field rounds[0] names a round that has a 'round annulled' before"
    ),
    "a decision on a magic check": led_on("magic check"),
    "a decision on a character vote": led_on("character vote"),
    "a decision of another commission": named(
        "decision", "commission", QUIET.id, "field rounds[0] names a round of another commission"
    ),
    "a decision that is no demonstration's": named(
        "decision", "demonstration", True, "field rounds[0] names a round of another commission, or a demonstration's"
    ),
    "a round of another commission": named(
        "round opened", "commission", QUIET.id, "field session names a session of another commission"
    ),
    "a closing of another commission": named(
        "round closed", "commission", QUIET.id, "field session names a session of another commission"
    ),
    "a commitment of no decision": named("commitment", "decision", NOWHERE, "field decision names no decision"),
    "a commitment before its decision": before("commitment", "decision", "field decision names no decision"),
    "a decision left out": without("decision", "commitment", "field decision names no decision"),
    "an update twice": again("commitment update", "field update is there before"),
    "an update of no commitment": named(
        "commitment update", "commitment", NOWHERE, "field commitment names no commitment that was there before"
    ),
    "an update before its commitment": before(
        "commitment update", "commitment", "field commitment names no commitment that was there before"
    ),
    "an update of another commission": named(
        "commitment update", "commission", QUIET.id, "field commitment names a commitment of another commission"
    ),
    "an update before its commitment's time": earlier("commitment update"),
    "an erasure of what became of it": erasing(("commitment update", "said"), says=FIXED),
    "an opening before its session's time": earlier("round opened"),
    "a closing before its opening's time": earlier("round closed"),
    "a result before its closing's time": earlier("round revealed"),
    "an annulment before its vote's time": earlier("round annulled"),
    "more time before its opening's time": earlier("round extended"),
    "a decision before its vote's time": earlier("decision"),
    "a commitment before its decision's time": earlier("commitment"),
    "an erasure of a decision's reasons": erasing(("decision", "rationale"), says=FIXED),
    "two erasures of a decision's words": erasing(
        ("decision", "rationale"), ("decision", "dissent"), says=FIXED, apart=True
    ),
    "an erasure of a promise": erasing(("commitment", "what"), says=FIXED),
    "an erasure of why a vote is void": erasing(("round annulled", "because"), says=FIXED),
    "an erasure of a title and a promise": erasing(("scenario published", "title"), ("commitment", "what"), says=FIXED),
    "an erasure twice": again("erasure", "field digests[0] stands for words that were withdrawn before"),
    "words erased twice at once": lambda t: (
        f"{t.set('erasure', 'digests', t.entry('erasure')['digests'] * 2)}: field digests[1] stands for words that were"
    ),
    "an erasure of nothing": named(
        "erasure", "digests", ["A" * 43], "field digests[0] stands for no words that were there before"
    ),
    "an erasure before its words": before("erasure", "moderation action", "field digests[0] stands for no words"),
    "an erasure of another commission": elsewhere,
}


@pytest.mark.parametrize("name", ORDERS)
def test_an_entry_that_does_not_follow_from_those_before_fails(name: str) -> None:
    tampered = Tampered()
    place = ORDERS[name](tampered)
    assert_fails(tampered, "entries", place)


def test_a_clock_that_was_put_back_by_less_than_an_hour_is_no_forgery() -> None:
    tampered = Tampered()
    closed = tampered.entry("round closed")
    opened_at = datetime.fromisoformat(tampered.entry("round opened")["at"])
    for back, fine in ((CLOCK_ROOM, True), (CLOCK_ROOM + timedelta(milliseconds=1), False)):
        closed["at"] = (opened_at - back).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        assert (not entry_problems(tampered.entries)[0]) is fine


# ---------------------------------------------------------------- salts, ballots and words


def with_the_salt_of_another(tampered: Tampered) -> str:
    """Discloses words with a salt that stands in another disclosure."""
    salt = open_disclosure(tampered.disclosures[0]["disclosure"])[0]
    digest, encoded = disclosure(salt, "dissent", "Anything")
    [number] = [
        n for n, d in enumerate(tampered.disclosures) if d["digest"] == tampered.entry("decision")["dissent"]["sd"]
    ]
    tampered.disclosures[number] = {"digest": digest, "disclosure": encoded}
    tampered.set("decision", "dissent", {"sd": digest})
    return f"disclosures.jsonl, line {number + 1}: its salt stands in the file before"


def ballot(name: str, of: Callable[[dict[str, Any]], dict[str, Any]]) -> Case:
    """Returns the case of a second ballot whose id or salt is the first one's, with all hashes made to fit."""

    def doubled(tampered: Tampered) -> str:
        first = tampered.ballots[0]
        second = next(line for line in tampered.ballots if line["leaf"]["round"] != first["leaf"]["round"])
        of(second)[name] = of(first)[name]
        tampered.fit_ballots()
        numbers = [n for n, line in enumerate(tampered.ballots, 1) if line is first or line is second]
        shown = "id" if name == "ballot" else name
        return f"ballots.jsonl, line {max(numbers)}: its {shown} stands in the file before"

    return doubled


def one_more(tampered: Tampered) -> str:
    """Opens a ballot more than came in."""
    extra = copy.deepcopy(tampered.ballots[0])
    extra["leaf"].update(ballot="a" * 32, salt="b" * 32)
    extra["group_salt"] = "c" * 32
    extra["leaf"]["group"] = disclosure("c" * 32, "group", extra["label"])[0]
    tampered.ballots.append(extra)
    tampered.ballots.sort(key=lambda line: hash_of(line["leaf"]))
    return f"round {extra['leaf']['round']}: "


def of_a_held_story(*acts: str, instead: bool = False) -> Case:
    """Returns the case of a story whose words are not there, where moderators did this after (or instead of) what keeps
    them back."""

    def missing(tampered: Tampered) -> str:
        held = tampered.entry("moderation action", -1)
        for act in acts:
            if instead:
                held["action"] = act
            else:
                tampered.insert(tampered.entry("erasure"), {**held, "action": act, "because": None})
        return f"the words of {tampered.entry('scenario published', -1)['text']['sd']} are missing"

    return missing


def given_though_held(tampered: Tampered) -> str:
    """Gives the words of a story that a moderator holds."""
    digest = tampered.entry("scenario published", -1)["title"]["sd"]
    tampered.disclosures.insert(0, {"digest": digest, "disclosure": a_small_keeper().disclosures[digest]})
    number = tampered.entries.index(tampered.entry("moderation action", -1))
    return f"disclosures.jsonl, line 1: words that a moderator holds, by entry {number}"


def left_out(type_: str, path: str) -> Case:
    """Returns the case of words that are left out as if they were the held story's."""

    def left(tampered: Tampered) -> str:
        digest = tampered.entry(type_)[path]["sd"]
        tampered.disclosures = [line for line in tampered.disclosures if line["digest"] != digest]
        return f"the words of {digest} are missing"

    return left


LINES: dict[str, tuple[str, Case]] = {
    "one salt for two texts": ("disclosures", with_the_salt_of_another),
    "a story's words left out that nobody holds": ("disclosures", of_a_held_story("kept", instead=True)),
    "a story's words left out after it was accepted": ("disclosures", of_a_held_story("released", "accepted")),
    "a story's words left out after an appeal": ("disclosures", of_a_held_story("decision overturned")),
    "words given that a moderator holds": ("disclosures", given_though_held),
    "a question left out while its story is held": ("disclosures", left_out("round opened", "question")),
    "a decision's reasons left out while a story is held": ("disclosures", left_out("decision", "rationale")),
    "one id for two ballots": ("opened ballots", ballot("ballot", lambda line: line["leaf"])),
    "one salt for two ballots": ("opened ballots", ballot("salt", lambda line: line["leaf"])),
    "one salt for two ballots' groups": ("opened ballots", ballot("group_salt", lambda line: line)),
    "more ballots than came in": ("ballots root", one_more),
}


@pytest.mark.parametrize("name", LINES)
def test_lines_that_do_not_fit_fail(name: str) -> None:
    tampered = Tampered()
    check, change = LINES[name]
    assert_fails(tampered, check, change(tampered))


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


def test_a_record_that_goes_on_under_another_key_than_its_last_entry_about_it_says_fails() -> None:
    tampered = Tampered()
    place = tampered.set("key lost", "key", f"{SIGNER.name}+00000000+AAAA")
    for key in (True, False):
        verdict, detail = checks(tampered.packed(key=key))["key"]
        assert (verdict, detail) == (FAIL, f"{place}: the record went on under another key than public_key.pem")


# ---------------------------------------------------------------- the same in the database


async def put(store: SqlStore, tampered: Tampered) -> None:
    """Makes these the entries of the database, with hashes that fit, as whoever can write to it could."""
    bodies = [canonical(entry) for entry in tampered.entries]
    rows = [
        {"position": n, "commission": entry.get("commission") or "", "body": body, "leaf_hash": leaf_hash(body)}
        for n, (entry, body) in enumerate(zip(tampered.entries, bodies, strict=True))
    ]
    async with store.writer.begin() as connection:
        await unlock(connection)
        await connection.execute(sa.delete(tables.entry))
        await connection.execute(sa.insert(tables.entry), rows)


async def told(store: SqlStore, tampered: Tampered) -> set[tuple[str, str, str, str]]:
    """Gives what `forum record check` finds in the entries: the table, the row, the column, and what is there."""
    await put(store, tampered)
    checking = record_check.check(Checkpoints(store, SIGNER))
    async for progress in checking:
        if progress.entries == len(tampered.entries):
            return {(found.table, found.row, found.column, found.there) for found in progress.findings}
    return set()


def row_of(place: str) -> tuple[str, str]:
    """Gives the row and the words of a place such as "entry 3 ('decision'): field x is missing"."""
    entry, _, words = place.partition(": ")
    return entry.split(" ")[1], words


async def test_fields_that_do_not_fit_are_found_in_the_database_by_table_row_and_column(sqlite_store: SqlStore) -> None:
    """As many changed entries at once as there are types, since each is told by its own row."""
    alone = {row for row in await told(sqlite_store, Tampered()) if row[0] == "entry"}
    assert alone == set()
    waiting, tries = list(MISFITS), 0
    while waiting:
        tampered, taken = Tampered(), dict[str, str]()
        for case in list(waiting):
            type_, path, value = case
            if type_ not in taken:
                place = tampered.set(type_, path, value, 1 if path.startswith("versions") else 0)
                taken[type_] = row_of(place)[0]
                waiting.remove(case)
        found = await told(sqlite_store, tampered)
        assert set(taken.values()) <= {row for table, row, column, _ in found if (table, column) == ("entry", "body")}
        tries += 1
    assert tries < len(MISFITS) / 3


@pytest.mark.parametrize("names", [[*ORDERS][n::4] for n in range(4)], ids=lambda names: f"{len(names)} cases")
async def test_entries_out_of_order_are_found_in_the_database_by_table_row_and_column(
    names: list[str], sqlite_store: SqlStore
) -> None:
    for name in names:
        tampered = Tampered()
        row, words = row_of(ORDERS[name](tampered))
        found = await told(sqlite_store, tampered)
        assert any(one[:3] == ("entry", row, "body") and one[3].startswith(words) for one in found), (name, found)


async def test_a_forged_key_and_a_forged_restore_are_found_in_the_database(sqlite_store: SqlStore) -> None:
    """They are looked at where all else agrees, so the record has nothing else in it."""
    for change, told_of in (
        (lambda t: None, None),
        (lambda t: t.set("key changed", "key", SIGNER.verifier_key), "is not signed with the one before"),
        (lambda t: t.set("key lost", "key", EARLIER[0].verifier_key), "another key than public_key.pem"),
        (lambda t: t.set("record restored", "after.root", "0" * 64), "0000000000"),
    ):
        tampered = Tampered()
        tampered.entries = tampered.entries[:3]
        change(tampered)
        await put(sqlite_store, tampered)
        async for progress in record_check.check(Checkpoints(sqlite_store, SIGNER)):
            found = progress.findings
        assert [f"{one.table} {one.column}" for one in found] == (["entry body"] if told_of else [])
        assert not told_of or told_of in found[0].there
