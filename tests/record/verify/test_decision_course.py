"""The course of a decision in the record: read before it is published where that was declared, corrected, replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.forged_exports import details, failed, signed_again
from support.record_keeper import CRISIS, QUIET, ROOM, Keeper, people, votes_of

from forum.record.verify.archive import unpack
from forum.record.verify.checks import verify_files
from forum.record.verify.cycle_order import cycle_problems
from forum.record.verify.entry_order import entry_problems
from forum.record.verify.tables import decisions_rows, rounds_rows
from forum.record.verify.verdict import FAIL


def decided(declared: str | None, read: str | None) -> Keeper:
    """Makes a record of one decision: what its session declared of a second reader, and what it says of reading."""
    keeper = Keeper()
    about = keeper.about(CRISIS) | ({"second_reader": declared} if declared else {})
    of = keeper.open(CRISIS, keeper.session(CRISIS, "A day", about=about), "Who should come?", None)
    keeper.close(CRISIS, of, votes_of(people(ROOM), "r1", "r2", "r1"))
    keeper.reveal(CRISIS, of, None)
    keeper.decide(CRISIS, [of[0]], "adopted", "r1", rationale="It is near.", second_reader=read)
    return keeper


def told(keeper: Keeper) -> str:
    """Returns what both verifiers find wrong with the entries of a record, "" for nothing."""
    data = signed_again(keeper)
    bare = {check.name: check for check in verify_files(unpack(data)[0])}["entries"]
    assert failed(data) <= {"entries"}
    assert (bare.verdict == FAIL) == bool(failed(data))
    assert bare.detail == details(data)["entries"]
    return bare.detail if bare.verdict == FAIL else ""


@pytest.mark.parametrize(
    ("declared", "read", "fine"),
    [
        ("required", "read", True),
        ("required", "none", False),
        ("required", None, False),
        ("none", "none", True),
        ("none", "read", True),
        (None, None, True),
    ],
)
def test_a_decision_is_read_where_a_second_reader_was_declared(declared: Any, read: Any, *, fine: bool) -> None:
    found = told(decided(declared, read))
    assert found == "" if fine else "('decision'): its commission had declared a second reader" in found


def replaced() -> tuple[Keeper, list[str], str]:
    """Makes a record of three decisions, of which the second took the place of the first, and the first's promise."""
    keeper = Keeper()
    of = keeper.open(CRISIS, keeper.session(CRISIS, "A day"), "Who should come?", None)
    keeper.close(CRISIS, of, votes_of(people(ROOM), "r1", "r2", "r1"))
    keeper.reveal(CRISIS, of, None)
    made = [keeper.decide(CRISIS, [of[0]], "adopted", "r1", rationale=f"It is near ({n}).")[0] for n in range(3)]
    promise = keeper.promise(CRISIS, made[0], "The board", "Two nurses")
    keeper.correct(CRISIS, made[0], "It is a mile away.")
    keeper.replace(CRISIS, made[0], made[1])
    return keeper, made, promise


def test_decisions_that_are_corrected_and_replaced_in_order_pass() -> None:
    keeper, made, _ = replaced()
    keeper.correct(CRISIS, made[1], "It is two miles away.")
    keeper.replace(CRISIS, made[1], made[2])
    keeper.promise(CRISIS, made[2], "The board", "Three nurses")
    assert told(keeper) == ""


Act = Callable[[Keeper, list[str], str], object]
WRONG: dict[str, tuple[Act, str]] = {
    "corrected after it was replaced": (
        lambda k, made, _: k.correct(CRISIS, made[0], "More"),
        "('decision corrected'): its decision was replaced before",
    ),
    "replaced twice": (
        lambda k, made, _: k.replace(CRISIS, made[0], made[2]),
        "('decision replaced'): its decision was replaced before",
    ),
    "a promise after it was replaced": (
        lambda k, made, _: k.promise(CRISIS, made[0], "The board", "More"),
        "('commitment'): its decision was replaced before",
    ),
    "news of a promise after it was replaced": (
        lambda k, _, promise: k.update(CRISIS, promise, "done", said="They are here"),
        "('commitment update'): the decision of its commitment was replaced before",
    ),
    "by itself": (
        lambda k, made, _: k.replace(CRISIS, made[2], made[2]),
        "field by names no newer decision than the one that is replaced",
    ),
    "by an older one": (
        lambda k, made, _: k.replace(CRISIS, made[2], made[1]),
        "field by names no newer decision than the one that is replaced",
    ),
    "by one of another commission": (
        lambda k, made, _: k.replace(CRISIS, made[2], of_another(k)),
        "field by names a decision of another commission",
    ),
    "a correction of none": (
        lambda k, made, _: k.correct(CRISIS, "0" * 32, "Nothing"),
        "field decision names no decision that was there before",
    ),
}


IN_EXPORTS = ("corrected after it was replaced", "by an older one", "a correction of none")


def of_another(keeper: Keeper) -> str:
    """Records a decision of another commission; returns its id."""
    of = keeper.open(QUIET, keeper.session(QUIET, "An evening"), "Upstairs?", None)
    keeper.close(QUIET, of, votes_of(people(ROOM), "r1", "r2", "r1"))
    keeper.reveal(QUIET, of, None)
    return keeper.decide(QUIET, [of[0]], "adopted", "r1", rationale="There is a lift.")[0]


@pytest.mark.parametrize("name", WRONG)
def test_what_is_done_with_a_decision_in_the_wrong_order_is_named(name: str) -> None:
    act, words = WRONG[name]
    keeper, made, promise = replaced()
    act(keeper, made, promise)
    problems = [*entry_problems(keeper.entries)[0], *cycle_problems(keeper.entries, keeper.opened_words)]
    assert any(words in problem for problem in problems)
    if name in IN_EXPORTS:  # the others go the same way
        assert words in told(keeper)


def test_a_decision_replaced_by_one_that_was_replaced_itself_is_named() -> None:
    keeper, made, _ = replaced()
    fourth = keeper.decide(CRISIS, [next(iter(keeper.opened))], "adopted", "r1", rationale="Again.")[0]
    keeper.replace(CRISIS, made[2], fourth)
    keeper.replace(CRISIS, made[1], made[2])
    assert "field by names a decision that was replaced itself" in told(keeper)


def test_saying_that_something_went_wrong_answers_nothing_and_contradicts_nothing() -> None:
    keeper = decided("none", "none")
    of = next(iter(keeper.opened))
    keeper.decide(CRISIS, [of], "acknowledged", None, rationale="We asked too early.")
    assert told(keeper) == ""
    [row] = rounds_rows(keeper.log())
    assert (row["outcome"], row["contradictory"]) == ("adopted | acknowledged", False)
    assert [row["contradicts"] for row in decisions_rows(keeper.log())] == ["", ""]
    keeper.decide(CRISIS, [of], "not adopted", "r2", rationale="It is far.")
    assert [row["contradictory"] for row in rounds_rows(keeper.log())] == [True]
