"""Updates of commitments say what they must: both verifiers refuse others, each at its update."""

from __future__ import annotations

from typing import Any

import pytest
from support.record_keeper import CRISIS, a_keeper
from support.tampering import Tampered

from forum.record import audit
from forum.record.verify.archive import unpack
from forum.record.verify.checks import verify_files
from forum.record.verify.noticed import ASKED_DAYS, WHO_NOTICED, noticed_problems
from forum.record.verify.updates import update_problems
from forum.record.verify.verdict import FAIL
from forum.voting.commitment import FINISHED, TOLD, CommitmentState, mistakes
from forum.voting.commitment import Commitment as Made
from forum.voting.commitment import Update as Given
from forum.voting.noticed import ASKING_DAYS, Asked

SD = {"sd": "A" * 43}


def entry(number: int, state: str, **words: Any) -> dict[str, Any]:
    facts = {"type": "commitment update", "update": f"u{number}", "commitment": "c", "state": state}
    return facts | dict.fromkeys(("said", "because", "handed_to")) | words


@pytest.mark.parametrize("before", [None, *TOLD])
@pytest.mark.parametrize("state", TOLD)
def test_what_the_rules_allow_passes_and_nothing_else(before: CommitmentState | None, state: CommitmentState) -> None:
    """Tries every words that an update may have after every state; that a role hands it to itself is not seen here."""
    first = [entry(1, before, said=SD, because=SD, handed_to=SD if before == "handed on" else None)] if before else []
    given = [Given("u1", "c", before, "", "x", "x", "y" if before == "handed on" else "")] if before else []
    for number in range(8):
        has = {name: bool(number & bit) for name, bit in (("said", 1), ("because", 2), ("handed_to", 4))}
        said, because, handed_to = ("z" * there for there in has.values())
        new = Given("u2", "c", state, "", said, because, handed_to)
        allowed = not mistakes(Made("c", "d", "Trust", "x", "2027-01-01", updates=tuple(given)), new)
        told = list(update_problems([*first, entry(2, state, **{name: SD for name in has if has[name]})]))
        assert bool(told) != allowed, (has, told)


@pytest.mark.parametrize(
    ("number", "changes", "problem"),
    [
        (1, {"because": None}, "it does not say why it is not done, after it was done"),
        (2, {"because": None}, "it does not say why it is handed on, after it was not done"),
        (2, {"handed_to": None}, "a role to which it is handed stands with `handed on`, and with nothing else"),
        (0, {"said": None}, "it says nothing but that it is done"),
    ],
)
def test_both_verifiers_name_the_update(number: int, changes: dict[str, Any], problem: str) -> None:
    tampered = Tampered()
    update = tampered.entry("commitment update", number)
    gone = {update[name]["sd"] for name in changes}
    update |= changes
    tampered.disclosures = [line for line in tampered.disclosures if line["digest"] not in gone]
    data = tampered.packed(key=True)
    for found in (audit.verify(data), verify_files(unpack(data)[0])):
        [check] = [one for one in found if one.name == "order of rounds"]
        assert (check.verdict, check.detail) == (FAIL, f"update {update['update']}: {problem}")


def test_the_updates_of_a_true_record_pass() -> None:
    assert list(update_problems(a_keeper().log(CRISIS.id).entries)) == []
    assert FINISHED == ("done", "not done")


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("answers.0.n", 17, "a number is below the threshold, or not rounded"),
        ("answers.1.partly", 0, "a number is below the threshold, or not rounded"),
        ("answers.1.partly", 3, "a number is below the threshold, or not rounded"),
        ("answers.0.no", 11, "a number is below the threshold, or not rounded"),
        ("answers.0.yes", 20, "more gave one answer than answered"),
        ("answers.0.who", "storytellers", "it is not of each kind of people once"),
        ("answers.1.n", 5, "a row is of too few people"),
        ("update", 1, "nobody is asked when a commitment is not done"),
        ("commitment", 1, "there is no such update of its commitment before it"),
    ],
)
def test_both_verifiers_name_what_may_not_be_given_of_what_was_noticed(path: str, value: Any, problem: str) -> None:
    tampered = Tampered()
    if path in ("update", "commitment"):
        value = tampered.entry("commitment update" if path == "update" else "commitment", value)[path]
    tampered.set("commitment noticed", path, value)
    entry = tampered.entry("commitment noticed")
    data = tampered.packed(key=True)
    for found in (audit.verify(data), verify_files(unpack(data)[0])):
        [check] = [one for one in found if one.name == "order of rounds"]
        assert (check.verdict, check.detail) == (FAIL, f"noticed {entry['update']}: {problem}")


def test_a_count_that_is_there_twice_is_named_and_a_true_one_passes() -> None:
    entries = a_keeper().log(CRISIS.id).entries
    assert list(noticed_problems(entries)) == []
    [counted] = [one for one in entries if one["type"] == "commitment noticed"]
    early = "it is counted before 28 days have passed or the state has changed"
    asked = next(number for number, one in enumerate(entries) if one.get("update") == counted["update"])
    unchanged = [one for one in entries[asked + 1 :] if one["type"] != "commitment update"]
    assert list(noticed_problems([*entries[: asked + 1], *unchanged])) == [f"noticed {counted['update']}: {early}"]
    assert list(noticed_problems([*entries, counted])) == [f"noticed {counted['update']}: it is counted twice"]
    assert (WHO_NOTICED, ASKED_DAYS.days) == (tuple(Asked), ASKING_DAYS)
