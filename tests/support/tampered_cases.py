"""Cases of entries out of order and of lines that do not fit, each of which says how it is told."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeAlias

from forum.record.ballot_leaves import hash_of
from forum.record.verify.disclosures import disclosure, open_disclosure
from support.record_keeper import QUIET
from support.tampering import Tampered, a_small_keeper

# Changes a copy of the true export, and returns what a check says of the place.
Case: TypeAlias = Callable[[Tampered], str]


def row_of(place: str) -> tuple[str, str]:
    """Gives the row and the words of a place such as "entry 3 ('decision'): field x is missing"."""
    entry, _, words = place.partition(": ")
    return entry.split(" ")[1], words


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
        annulled = tampered.entry("round annulled")
        entry = next(e for e in tampered.entries if e["type"] == type_ and e["round"] == annulled["round"])
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


def after_the_opening(tampered: Tampered) -> str:
    """Seals another prediction for a session in which a vote was opened."""
    late = {**tampered.entry("prediction sealed"), "prediction": NOWHERE}
    return f"{tampered.insert(None, late)}: field session names a session that has a 'round opened' before"


def opened_all_the_same(tampered: Tampered) -> str:
    """Opens the session that was called off, after that."""
    entry = {**tampered.entry("session opened"), "session": tampered.entry("session called off")["session"]}
    entry["about"] = copy.deepcopy(tampered.entry("session opened", -1)["about"])
    digest, encoded = disclosure("d" * 32, "decides", "The joint board")
    entry["about"]["power"]["decides"] = {"sd": digest}
    tampered.disclosures.append({"digest": digest, "disclosure": encoded})
    return f"{tampered.insert(None, entry)}: field session is there before"


NO_SESSION = "field session names no session that was there before"
NO_ROUND = "field round names no round that was there before"
FIXED = "stands for words that nobody can withdraw"

ORDERS: dict[str, Case] = {
    "a session twice": again("session opened", "field session is there before"),
    "a session called off twice": again("session called off", "field session is there before"),
    "a session called off that was opened": lambda t: (
        f"{t.set('session called off', 'session', t.entry('session opened')['session'])}: field session is there before"
    ),
    "a session opened that was called off": opened_all_the_same,
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
    "a correction twice": again("decision corrected", "field correction is there before"),
    "a correction of no decision": named(
        "decision corrected", "decision", NOWHERE, "field decision names no decision that was there before"
    ),
    "a correction of another commission": named(
        "decision corrected", "commission", QUIET.id, "field decision names a decision of another commission"
    ),
    "a correction before its decision's time": earlier("decision corrected"),
    "an erasure of a correction": erasing(("decision corrected", "words"), says=FIXED),
    "a decision replaced by none": named(
        "decision replaced", "by", NOWHERE, "field by names no decision that was there before"
    ),
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
    "what was noticed of an update that is not there": named(
        "commitment noticed", "update", NOWHERE, "field update names no update that was there before"
    ),
    "what was noticed of no commitment": named(
        "commitment noticed", "commitment", NOWHERE, "field commitment names no commitment that was there before"
    ),
    "what was noticed before its update": before(
        "commitment noticed", "commitment update", "field update names no update that was there before"
    ),
    "an update before its commitment's time": earlier("commitment update"),
    "a prediction twice": again("prediction sealed", "field prediction is there before"),
    "a prediction after a vote was opened": after_the_opening,
    "a prediction for no session": named("prediction sealed", "session", NOWHERE, NO_SESSION),
    "a prediction opened twice": again(
        "prediction opened", "field prediction names a prediction that has a 'prediction opened' before"
    ),
    "a prediction opened that was not sealed": named(
        "prediction opened", "prediction", NOWHERE, "field prediction names no prediction that was there before"
    ),
    "a prediction opened before the decision": before("prediction opened", "decision", "field decision names no dec"),
    "an erasure of a prediction": erasing(("prediction opened", "expect"), says=FIXED),
    "a pledge twice": again("pledge", "field pledge is there before"),
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
    "an erasure of why a vote is annulled": erasing(("round annulled", "because"), says=FIXED),
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


def opened_with_other_words(tampered: Tampered) -> str:
    """Opens other words than those that were sealed, with a digest of their own."""
    opened = tampered.entry("prediction opened")
    digest, encoded = disclosure("5" * 32, "expect", "What the room said")
    [line] = [line for line in tampered.disclosures if line["digest"] == opened["expect"]["sd"]]
    line |= {"digest": digest, "disclosure": encoded}
    opened["expect"] = {"sd": digest}
    return f"{tampered.place(opened)}: field expect has not the digest that was sealed before the first vote"


def opened_in_the_place_of_the_last(tampered: Tampered) -> str:
    """Opens the prediction that another had replaced."""
    place = tampered.set("prediction opened", "prediction", tampered.entry("prediction sealed")["prediction"])
    return f"{place}: another prediction took its place before the first vote"


def never_opened(tampered: Tampered) -> str:
    """Leaves a prediction sealed, with a decision on a vote of its session."""
    opened = tampered.entry("prediction opened")
    words = {opened[name]["sd"] for name in ("expect", "minds")}
    tampered.entries.remove(opened)
    tampered.disclosures = [line for line in tampered.disclosures if line["digest"] not in words]
    return f"decision {opened['decision']}: the prediction that was sealed for its session is not opened with it"


LINES: dict[str, tuple[str, Case]] = {
    "a prediction opened with other words than were sealed": ("entries", opened_with_other_words),
    "a prediction opened that was replaced": ("entries", opened_in_the_place_of_the_last),
    "a prediction never opened": ("order of rounds", never_opened),
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
    "a pledge before any vote": (
        "entries",
        before("pledge", "round closed", "no vote of its commission has closed yet"),
    ),
    "a pledge of another commission": (
        "entries",
        named("pledge", "commission", QUIET.id, "no vote of its commission has closed"),
    ),
}
