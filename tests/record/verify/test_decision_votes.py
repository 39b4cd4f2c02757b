"""Decisions name every vote on their question, and rest on the latest or say why not: both verifiers refuse others."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from support.forged_exports import details, failed, signed_again
from support.record_keeper import CRISIS, ROOM, Keeper, people, votes_of

from forum.record.verify.archive import unpack
from forum.record.verify.checks import verify_files
from forum.record.verify.verdict import FAIL


def held(*decided: int, **more: str) -> tuple[Keeper, list[str]]:
    """Makes a record of four votes, a decision on some of them, and a fifth: the first three and the fifth ask the
    same (the second after the replay of the first, the third on another day), the fourth asks something else."""
    keeper = Keeper()
    day, later = keeper.session(CRISIS, "A day"), keeper.session(CRISIS, "Another day")
    asked: list[str] = []

    def vote(session: str, question: str, second_of: str | None = None) -> None:
        of = keeper.open(CRISIS, session, question, second_of)
        keeper.close(CRISIS, of, votes_of(people(ROOM), "r1", "r2", "r1"))
        keeper.reveal(CRISIS, of, second_of)
        asked.append(of[0])

    vote(day, "Who should come?")
    vote(day, "Who should come?", asked[0])
    vote(later, "Who should come?")
    vote(later, "Who rings back?")
    keeper.decide(CRISIS, [asked[n] for n in decided], "adopted", "r1", rationale="It is near.", **more)
    vote(later, "Who should come?")
    return keeper, asked


def decision_of(keeper: Keeper) -> dict[str, Any]:
    return next(entry for entry in keeper.entries if entry["type"] == "decision")


def said(keeper: Keeper) -> str:
    """Gives what both verifiers find wrong with the votes of the record's decision; "" for nothing."""
    data = signed_again(keeper)
    bare = {check.name: check for check in verify_files(unpack(data)[0])}["order of rounds"]
    assert failed(data) <= {"order of rounds"}
    assert (bare.verdict == FAIL) == bool(failed(data))
    assert bare.detail == details(data)["order of rounds"]
    return bare.detail if bare.verdict == FAIL else ""


def test_a_decision_rests_on_the_latest_vote_or_says_why_not() -> None:
    keeper, asked = held(2)
    assert decision_of(keeper)["votes"] == asked[:3]
    assert said(keeper) == ""
    assert said(held(0, 1, earlier="The other day was too small.")[0]) == ""
    for decided in ((0, 1), (0,)):
        keeper, asked = held(*decided)
        assert f"round {asked[2]} is a later vote on its question, and it does not say why" in said(keeper)


VOTES: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "one is left out": (lambda a: [a[0], a[2]], "round {1} is a vote on its question, and it does not name it"),
    "the last is left out": (lambda a: [a[0], a[1]], "round {2} is a vote on its question, and it does not name it"),
    "one on another question": (lambda a: a[:4], "round {3} is no vote on its question, and it names it"),
    "one that came after it": (lambda a: [*a[:3], a[4]], "did not all stand"),
    "another order": (lambda a: [a[1], a[0], a[2]], "did not all stand"),
    "one twice": (lambda a: [a[0], *a[:3]], "did not all stand"),
    "none": (lambda a: [], "round {0} is a vote on its question, and it does not name it"),
}


@pytest.mark.parametrize("name", VOTES)
def test_a_decision_that_names_other_votes_than_stood_fails(name: str) -> None:
    keeper, asked = held(2)
    change, told = VOTES[name]
    decision_of(keeper)["votes"] = change(asked)
    found = details(signed_again(keeper))
    assert told.format(*asked) in found["order of rounds"]


def test_a_decision_of_today_cannot_pass_for_one_from_before() -> None:
    keeper, _ = held(2)
    del decision_of(keeper)["votes"], decision_of(keeper)["earlier"]
    assert "it does not name the votes on its question" in said(keeper)
    # In a record from before, who decides stood in plain text; and none can follow a decision of today.
    for entry in keeper.entries:
        if entry["type"] == "session opened":
            keeper.disclosures.pop(entry["about"]["power"]["decides"]["sd"])
            entry["about"]["power"]["decides"] = "The joint board"
    assert said(keeper) == ""
    today = copy.deepcopy(decision_of(keeper)) | {"votes": decision_of(keeper)["rounds"], "earlier": None}
    keeper.entries.insert(keeper.entries.index(decision_of(keeper)), today | {"decision": "d" * 32})
    found = details(signed_again(keeper))
    assert "it does not name the votes on its question" in found["order of rounds"]


def test_where_the_words_of_a_question_are_withdrawn_what_is_known_still_counts() -> None:
    keeper, asked = held(2)
    keeper.erase(CRISIS, [keeper.opened[id_]["question"]["sd"] for id_ in asked])
    assert said(keeper) == ""
    decision_of(keeper)["votes"] = asked[2:3]
    assert said(keeper) == "", "that the others asked the same cannot be known any more"
    keeper, asked = held(0, earlier="It was too small.")
    keeper.erase(CRISIS, [keeper.opened[id_]["question"]["sd"] for id_ in asked])
    decision_of(keeper)["votes"] = asked[:1]
    assert f"round {asked[1]} is a vote on its question" in said(keeper), "the vote after its replay is known"
