"""The order of a commission's entries: what does not follow from where it stands is named, with its entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.record_keeper import CRISIS, QUIET, Keeper

from forum.record.verify.cycle_order import cycle_problems
from forum.record.verify.entry_order import entry_problems


def moved(keeper: Keeper, before: str, after: str) -> dict[str, Any]:
    learnt = keeper.words(CRISIS, "learnt", "Much")
    return keeper.add(
        CRISIS, "stage moved", **{"from": before, "to": after}, learnt=learnt, better=None, took_part=None
    )


def noted(keeper: Keeper, stage: str, question: str) -> dict[str, Any]:
    words = keeper.words(CRISIS, "note", "Words")
    return keeper.add(CRISIS, "stage note", stage=stage, question=question, words=words, decision=None)


def closed(keeper: Keeper) -> dict[str, Any]:
    return keeper.add(CRISIS, "commission closed", words=keeper.words(CRISIS, "closing", "Done"), groups=[])


def reopened(keeper: Keeper) -> dict[str, Any]:
    return keeper.add(CRISIS, "commission reopened", because=keeper.words(CRISIS, "because", "More"))


def declared(keeper: Keeper, **changes: Any) -> dict[str, Any]:
    """Declares the commission, as a session does."""
    about = keeper.about(CRISIS) | {"second_reader": "none"} | changes
    return {"about": about}


def a_change() -> Keeper:
    """Makes the entries of a commission that is published and changed, with a session before and one after."""
    keeper = Keeper()
    keeper.add(CRISIS, "commission published", **declared(keeper))
    keeper.session(CRISIS, "A day", **declared(keeper))
    why = keeper.words(CRISIS, "because", "More came")
    keeper.add(CRISIS, "commission changed", version=2, **declared(keeper, threshold=3), because=why)
    keeper.session(CRISIS, "A second day", **declared(keeper, threshold=3))
    return keeper


def test_versions_and_sessions_under_them_have_no_problem() -> None:
    keeper = a_change()
    assert entry_problems(keeper.entries)[0] == []
    assert list(cycle_problems(keeper.entries, keeper.opened_words)) == []


def decided_by(keeper: Keeper, who: str) -> dict[str, Any]:
    return keeper.words(CRISIS, "decides", who)


# What is done to a_change, and the entry and words that are told.
UNDECLARED: list[tuple[Callable[[Keeper, list[dict[str, Any]]], object], str]] = [
    (lambda k, said: said[1]["about"].update(threshold=3), "entry 1 ('session opened'): field about has not the terms"),
    (lambda k, said: said[3]["about"].update(threshold=5), "entry 3 ('session opened'): field about has not the terms"),
    (lambda k, said: said[3]["about"].pop("second_reader"), "entry 3 ('session opened'): field about has not the"),
    (
        lambda k, said: said[3]["about"]["power"].update(answer_by_days=29),
        "entry 3 ('session opened'): field about has",
    ),
    (lambda k, said: said[1]["about"]["groups"].pop(), "entry 1 ('session opened'): field about has not the terms"),
    (
        lambda k, said: said[1]["about"]["power"].update(decides=decided_by(k, "The king")),
        "entry 1 ('session opened'): field about has not the terms",
    ),
    (lambda k, said: said.pop(2), "entry 2 ('session opened'): field about has not the terms of version 1"),
    (lambda k, said: said[2].update(version=3), "entry 2 ('commission changed'): field version does not follow"),
    (lambda k, said: said.insert(3, said[2]), "entry 3 ('commission changed'): field version does not follow"),
    (
        lambda k, said: said[2]["about"].update(stage="secure"),
        "entry 2 ('commission changed'): field about.stage is not",
    ),
    (lambda k, said: said.insert(2, said[0]), "entry 2 ('commission published'): its commission was there before"),
    (lambda k, said: said.append(said.pop(0)), "entry 3 ('commission published'): its commission was there before"),
]


@pytest.mark.parametrize(("tamper", "told"), UNDECLARED)
def test_a_session_under_other_terms_than_those_of_its_time_is_named(
    tamper: Callable[[Keeper, list[dict[str, Any]]], object], told: str
) -> None:
    keeper = a_change()
    tamper(keeper, keeper.entries)
    assert any(one.startswith(told) for one in cycle_problems(keeper.entries, keeper.opened_words)), told


def test_who_decides_is_not_compared_where_the_words_are_not_here() -> None:
    keeper = a_change()
    keeper.entries[1]["about"]["power"]["decides"] = decided_by(keeper, "The king")
    assert list(cycle_problems(keeper.entries, lambda place: None)) == []


def a_course() -> Keeper:
    """Makes the entries of a commission that moves on, back and on, ends, and goes on."""
    keeper = Keeper()
    keeper.session(CRISIS, "A day")
    moved(keeper, "plan", "secure")
    noted(keeper, "secure", "specified")
    moved(keeper, "secure", "assess needs")
    moved(keeper, "assess needs", "plan")
    keeper.session(CRISIS, "A second day")
    closed(keeper)
    reopened(keeper)
    keeper.session(CRISIS, "A third day")
    return keeper


def test_a_course_on_and_back_has_no_problem() -> None:
    keeper = a_course()
    assert entry_problems(keeper.entries)[0] == []
    assert list(cycle_problems(keeper.entries, keeper.opened_words)) == []


# What is done to the entries of a_course, and the entry and words that are told.
WRONG: list[tuple[Callable[[list[dict[str, Any]]], object], str]] = [
    (lambda said: said[1].update({"from": "assess needs"}), "entry 1 ('stage moved'): field from is not the stage"),
    (
        lambda said: said.pop(3),
        "entry 3 ('stage moved'): field from is not the stage that the commission is in, secure",
    ),
    (lambda said: said[1].update(to="monitor"), "entry 1 ('stage moved'): field to is neither"),
    (lambda said: said[3].update(to="secure"), "entry 3 ('stage moved'): field to is neither"),
    (lambda said: said[2].update(question="has"), "entry 2 ('stage note'): field question is none of its stage"),
    (lambda said: said[5]["about"].update(stage="secure"), "entry 5 ('session opened'): field about.stage is not"),
    (lambda said: said.pop(7), "entry 7 ('session opened'): its commission is closed"),
    (lambda said: said.insert(7, said[6]), "entry 7 ('commission closed'): its commission is closed"),
    (lambda said: said.insert(7, said[2]), "entry 7 ('stage note'): its commission is closed"),
    (lambda said: said.insert(8, said[7]), "entry 8 ('commission reopened'): its commission is not closed"),
]


@pytest.mark.parametrize(("change", "told"), WRONG)
def test_what_does_not_follow_is_named(change: Callable[[list[dict[str, Any]]], object], told: str) -> None:
    keeper = a_course()
    change(keeper.entries)
    assert any(problem.startswith(told) for problem in cycle_problems(keeper.entries, keeper.opened_words)), told


def test_commissions_stand_apart_and_a_rehearsal_may_have_moved_unrecorded() -> None:
    keeper = a_course()
    keeper.session(QUIET, "A rehearsal")
    keeper.session(QUIET, "A rehearsal")
    keeper.entries[-1]["about"]["stage"] = "secure"
    assert list(cycle_problems(keeper.entries, keeper.opened_words)) == []
