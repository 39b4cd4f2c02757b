"""Votes of several sessions on one question, and whether the later may be given by group beside the earlier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from forum.voting import one_question
from forum.voting.one_question import Vote, asked_before, given_beside
from forum.voting.partition import NO_COUNT_BESIDE, Partition, Row
from forum.voting.round import Response, Round, RoundState
from forum.voting.suppression import TOO_SMALL, GroupId

NURSES_AND_CARERS = Partition((Row("Nurses", ("n",)), Row("Carers", ("c",))))
ANSWERS = ("Ask the neighbour", "Call a friend", "Wait outside", "Go in")
ROUND = Round(
    "1",
    "monday",
    "What should she do?",
    tuple(Response(f"r{n}", label) for n, label in enumerate(ANSWERS, 1)),
    scenario="knock",
    scene="the door",
    state=RoundState.REVEALED,
    revealed_at="2026-11-25T18:00:00.000Z",
)


def vote(partition: Partition = NURSES_AND_CARERS, round_: Round = ROUND, **votes: str) -> Vote:
    """Makes a vote: vote(n="112") has three nurses' ballots, two for r1, one for r2."""
    ballots: list[tuple[GroupId, str]] = [(g, f"r{digit}") for g, digits in votes.items() for digit in digits]
    return Vote(round_, partition, ballots, 5)


MONDAY = vote(n="11122", c="12121")


def may_stand_beside(later: Vote, before: Sequence[Vote]) -> bool:
    """Says whether a vote would not tell beside earlier ones, whatever it is withheld with."""
    return not any(row.told for rows in one_question._judged(later, before).values() for row in rows)


def test_rows_that_have_two_answers_in_common_stand_beside_each_other() -> None:
    assert may_stand_beside(vote(n="11123", c="22211"), [MONDAY])


def test_rows_that_have_one_answer_in_common_do_not() -> None:
    assert not may_stand_beside(vote(n="11133", c="22211"), [MONDAY])
    assert may_stand_beside(vote(n="33344", c="22211"), [MONDAY])


def test_a_row_of_one_mind_says_so_by_itself() -> None:
    assert may_stand_beside(vote(n="11111", c="22211"), [MONDAY])
    assert may_stand_beside(vote(n="11133", c="22211"), [vote(n="11111", c="12121")])


def test_a_row_of_one_mind_leaves_no_other_that_is_so_but_for_one() -> None:
    of_one_mind = vote(n="11111", c="12121")
    for n, stands in (("12222", False), ("11222", True), ("12223", True), ("22233", True)):
        assert may_stand_beside(vote(n=n, c="12121"), [of_one_mind]) is stands
        assert may_stand_beside(of_one_mind, [vote(n=n, c="12121")]) is stands


def test_where_rows_are_cut_otherwise_each_group_is_judged_in_its_own() -> None:
    pool = Partition((Row("Nurses", ("n",)), Row("other groups", ("c", "p"))))
    earlier = vote(pool, n="11122", c="111", p="22")
    assert may_stand_beside(vote(n="11122", c="11122"), [earlier])
    assert not may_stand_beside(vote(n="11122", c="11133"), [earlier])


def test_where_nothing_was_given_by_group_the_whole_room_counts() -> None:
    earlier = vote(Partition((), TOO_SMALL), n="11122", c="22211")
    assert not may_stand_beside(vote(n="11133", c="22211"), [earlier])
    assert may_stand_beside(vote(Partition((), TOO_SMALL), n="11132", c="33311"), [earlier])


WITHHELD = Partition((), TOO_SMALL)


@pytest.mark.parametrize(
    ("later", "given"),
    [
        (vote(n="11122", c="22211"), "by group"),
        (vote(n="11133", c="22211"), "whole"),
        (vote(n="11133", c="33311"), "no count"),  # nobody answered r2, so the head count leaves r1
        (vote(WITHHELD, n="11133", c="22211"), "by group"),  # as it is: nothing by group for a reason of its own
        (vote(WITHHELD, n="11133", c="33311"), "no count"),
        (vote(n="222", c="33344"), "no count"),
        (vote(n="111", c="111"), "by group"),  # of one mind
        (vote(n="1133"), "by group"),  # too few for a count in any case
        (vote(), "by group"),
    ],
)
def test_a_vote_is_given_as_far_as_it_may_stand_beside_others(later: Vote, given: str) -> None:
    later = replace(later, partition=replace(later.partition, beside=("0",), uncounted=("00",)))
    made = given_beside(later, [MONDAY])
    assert made.beside == (("0", "1") if given == "whole" else ("0",))
    assert made.uncounted == (("00", "1") if given == "no count" else ("00",))
    if given == "no count":
        assert made.of_round("1").withheld == NO_COUNT_BESIDE
    assert made.of_round("00").withheld == NO_COUNT_BESIDE
    assert Partition.from_json(made.to_json()) == made


def test_three_sessions_are_judged_all_together_and_two_by_two() -> None:
    one, two = vote(n="11223", c="11222"), vote(n="11224", c="11222")
    third = vote(n="11344", c="11222")
    assert may_stand_beside(third, [one])
    assert may_stand_beside(third, [two])
    assert may_stand_beside(two, [one])
    assert not may_stand_beside(third, [one, two])
    # Nobody can have voted alike in all three of these, but in two of them.
    assert not may_stand_beside(vote(n="22333", c="11222"), [MONDAY, vote(n="44433", c="11222")])


def test_answers_in_another_order_are_known_by_their_words() -> None:
    # r1 of the later vote is the earlier r2.
    turned = replace(
        ROUND, responses=tuple(Response(f"r{n}", label) for n, label in enumerate((*ANSWERS[1:], ANSWERS[0]), 1))
    )
    assert not may_stand_beside(vote(round_=turned, n="11133", c="14141"), [MONDAY])
    assert may_stand_beside(vote(round_=turned, n="11144", c="14141"), [MONDAY])


def test_scores_are_judged_statement_by_statement() -> None:
    two = replace(ROUND, method="score", responses=ROUND.responses[:2])

    def scored(*nurses: str) -> Vote:
        carers = [("c", "r1=1 r2=1"), ("c", "r1=5 r2=5")] * 3
        return Vote(two, NURSES_AND_CARERS, [*[("n", choice) for choice in nurses], *carers], 5)

    earlier = scored(*["r1=1 r2=2"] * 3, *["r1=2 r2=3"] * 3)
    assert may_stand_beside(scored(*["r1=1 r2=2"] * 3, *["r1=2 r2=3"] * 3), [earlier])
    assert not may_stand_beside(scored(*["r1=1 r2=2"] * 3, *["r1=2 r2=5"] * 3), [earlier])


def test_of_approvals_each_answer_stands_by_itself() -> None:
    approval = replace(ROUND, method="approval")
    ballots: list[tuple[GroupId, str]] = [("n", "r1 r2"), ("n", "r1"), ("c", "r2"), ("c", "r2 r3")] * 3
    assert may_stand_beside(Vote(approval, NURSES_AND_CARERS, ballots, 5), [MONDAY])


def test_of_approvals_too_no_row_is_of_one_mind_but_for_one() -> None:
    approval = replace(ROUND, method="approval")

    def approved(*nurses: str) -> Vote:
        return Vote(
            approval, NURSES_AND_CARERS, [*(("n", choice) for choice in nurses), *[("c", "r2"), ("c", "r1")] * 3], 5
        )

    earlier = approved("r1 r2", "r1", "r1 r2", "r1 r3", "r1 r3")
    assert not may_stand_beside(approved("r1 r2", "r3", "r3", "r2", "r2"), [earlier])
    assert not may_stand_beside(earlier, [approved("r1 r2", "r3", "r3", "r2", "r2")])
    assert may_stand_beside(approved("r1 r2", "r1", "r3", "r2", "r2 r3"), [earlier])


def test_answers_of_a_story_that_was_taken_back_are_known_by_their_ids() -> None:
    gone = ROUND.without_words()
    assert may_stand_beside(vote(round_=gone, n="11122", c="12121"), [vote(round_=gone, n="11122", c="12121")])
    assert not may_stand_beside(vote(round_=gone, n="11133", c="22211"), [vote(round_=gone, n="11122", c="12121")])


LATER = replace(ROUND, id="2", session="tuesday")


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, True),
        ({"session": "tuesday"}, False),  # the same session's: its partition and its view shift see to that
        ({"method": "approval"}, False),
        ({"state": RoundState.DRAFT, "revealed_at": ""}, False),
        ({"state": RoundState.OPEN, "revealed_at": ""}, False),
        ({"state": RoundState.CLOSED, "revealed_at": ""}, True),  # its leaves have their groups
        ({"state": RoundState.ANNULLED, "revealed_at": ""}, False),  # was seen by nobody
        ({"state": RoundState.ANNULLED}, True),  # was seen
        ({"question": "And what now?"}, True),  # the same scene
        ({"scenario": None, "scene": None}, True),  # the same words
        ({"scenario": None, "scene": None, "question": " what SHOULD she do? "}, True),
        ({"scenario": None, "scene": None, "question": "And what now?"}, False),
        ({"scene": "the hall", "question": "And what now?"}, False),
        ({"scene": "the hall", "responses": (Response("r1", "Open it"), Response("none", "None of these"))}, False),
    ],
)
def test_a_question_is_known_by_its_scene_or_its_words(changed: dict[str, Any], found: bool) -> None:
    earlier = replace(ROUND, **changed)
    assert list(asked_before(LATER, [earlier])) == ([earlier] if found else [])


def test_two_policies_are_two_questions_and_a_withdrawn_story_is_one() -> None:
    policy = replace(LATER, scene=None, question="Do we propose this?", responses=(Response("r1", "A night line"),))
    other = replace(policy, session="monday", responses=(Response("r1", "A day line"),))
    assert list(asked_before(policy, [other])) == []
    gone = [replace(round_.without_words(), responses=()) for round_ in (policy, other)]
    assert list(asked_before(gone[0], gone[1:])) == gone[1:]


def test_where_the_groups_were_changed_each_row_is_judged_beside_all_of_the_earlier() -> None:
    """Whoever was a nurse on Monday may be a night nurse by now, and has answered alike."""
    now = Partition((Row("Night nurses", ("x",)), Row("Carers", ("c",))))
    later = replace(vote(now, x="11133", c="22211"), groups=frozenset("xc"))
    monday = replace(MONDAY, groups=frozenset("nc"))
    assert not may_stand_beside(later, [monday])
    assert may_stand_beside(later, [replace(MONDAY, groups=later.groups)])
    assert may_stand_beside(replace(later, ballots=vote(now, x="11123", c="22211").ballots), [monday])


def test_those_who_voted_are_asked_one_question_about_a_vote_in_whatever_words() -> None:
    """As where the summary was put better, after a first asking was annulled."""
    asked = replace(ROUND, id="2", session="by phone", scenario=None, scene=None, asks_about=ROUND.id)
    other = replace(asked, id="3", session="again", question="You said that she should wait.")
    about_another = replace(other, id="4", asks_about="another vote")
    assert [*asked_before(other, [asked, about_another])] == [asked]
