"""Answers that are due: the day, what waits, what is late, and which decision answers which vote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from forum.voting.answer_due import AnswerDue, AnswerMove, answers_due, response_rate
from forum.voting.decision import Decision, DecisionOutcome
from forum.voting.round import Response, Round, RoundKind, RoundState

CLOSED = "2026-03-01T22:00:00.000Z"
FIRST = Round(
    "first", "day", "Who?", (Response("r1", "A"),), state=RoundState.REVEALED, closed_at=CLOSED, revealed_at=CLOSED
)
SECOND = replace(FIRST, id="second", kind=RoundKind.AFTER_REPLAY, second_of="first", closed_at="2026-03-03T09:00:00Z")
OTHER_DAY = replace(FIRST, id="other", session="other day", closed_at="2026-03-10T09:00:00Z")
WITHIN = {"day": 28}
SAME = ("first", "second", "other")  # votes on one question


def entry_at(at: str) -> int:
    """Returns the index of what was recorded at this time: later acts have later entries."""
    return int(re.sub(r"\D", "", at))


def decided(
    *rounds: str, at: str = "2026-03-05T12:00:00Z", outcome: str = "adopted", until: str = "", entry: int = 0
) -> Decision:
    votes = tuple(one.id for one in (FIRST, SECOND, OTHER_DAY) if one.closed_at < at and {*rounds} & set(SAME))
    made = Decision("d" + at, "c", rounds, DecisionOutcome(outcome), "r1", "So", votes=votes, until=until)
    return replace(made, decided_at=at, entry=entry or entry_at(at))


def moved(to: str, at: str, round_: str = "second") -> AnswerMove:
    return AnswerMove("m" + at, round_, "", to, "So", at, entry_at(at))


def due(
    *rounds: Round,
    within: dict[str, int] | None = None,
    by: Sequence[Decision] = (),
    moves: Sequence[AnswerMove] = (),
) -> list[AnswerDue]:
    return answers_due(rounds, within or WITHIN, by, moves)


@pytest.mark.parametrize(
    ("today", "day", "late"),
    [
        ("2026-02-28", 0, 0),  # a clock that was put back
        ("2026-03-01", 0, 0),
        ("2026-03-13", 12, 0),
        ("2026-03-28", 27, 0),
        ("2026-03-29", 28, 0),
        ("2026-03-30", 29, 1),
        ("2026-04-01", 31, 3),
        ("2027-03-29", 393, 365),
    ],
)
def test_a_vote_waits_until_its_day_and_is_late_after_it(today: str, day: int, late: int) -> None:
    [one] = due(FIRST)
    assert (one.closed_on, one.due_on, one.answered_on) == ("2026-03-01", "2026-03-29", "")
    assert (one.day(today), one.days_late(today)) == (day, late)


@pytest.mark.parametrize(
    ("rounds", "closes"),
    [
        ((FIRST, SECOND), {"second": "2026-03-03"}),
        ((SECOND, FIRST), {"second": "2026-03-03"}),
        ((FIRST, replace(SECOND, state=RoundState.ANNULLED)), {"first": "2026-03-01"}),
        ((replace(FIRST, state=RoundState.ANNULLED), SECOND), {"second": "2026-03-03"}),
        ((FIRST, replace(SECOND, state=RoundState.OPEN, closed_at="")), {"first": "2026-03-01"}),
        ((replace(FIRST, state=RoundState.CLOSED, revealed_at=""),), {"first": "2026-03-01"}),
        ((replace(FIRST, state=RoundState.DRAFT, closed_at=""),), {}),
        ((replace(FIRST, state=RoundState.ANNULLED),), {}),
        ((replace(FIRST, kind=RoundKind.MAGIC_CHECK),), {}),
        ((replace(FIRST, kind=RoundKind.CHARACTER_VOTE),), {}),
        ((replace(FIRST, kind=RoundKind.POLICY_VOTE),), {"first": "2026-03-01"}),
        ((OTHER_DAY,), {}),
        ((FIRST, SECOND, replace(FIRST, id="x", question="When?")), {"x": "2026-03-01", "second": "2026-03-03"}),
    ],
)
def test_the_later_vote_on_a_question_counts_and_no_vote_that_is_annulled_or_led_on(
    rounds: tuple[Round, ...], closes: dict[str, str]
) -> None:
    assert {one.rounds[-1].id: one.closed_on for one in due(*rounds)} == closes


@pytest.mark.parametrize(
    ("decisions", "answered", "late"),
    [
        ([], "", 3),
        ([decided("first", "second")], "2026-03-05", 0),
        ([decided("second", at="2026-03-31T23:59:59Z")], "2026-03-31", 0),
        ([decided("second", at="2026-04-02T00:00:00Z")], "2026-04-02", 2),
        # The first one counts, in whichever order they are given.
        ([decided("second", at="2026-04-02T00:00:00Z"), decided("second")], "2026-03-05", 0),
        ([decided("second", outcome="deferred")], "", 3),
        ([decided("second", outcome="acknowledged")], "", 3),
        ([decided("second", outcome="deferred"), decided("second", at="2026-03-31T08:00:00Z")], "2026-03-31", 0),
        ([decided("second", outcome="not adopted")], "2026-03-05", 0),
        # On the first vote alone: an answer once the second is closed, as it had to look at that, and none before.
        ([decided("first")], "2026-03-05", 0),
        ([decided("first", at="2026-03-02T12:00:00Z")], "", 3),
        # On a vote elsewhere that asks the same, after this one; and on one that asks something else.
        ([decided("other", at="2026-03-11T12:00:00Z")], "2026-03-11", 0),
        ([decided("else", at="2026-03-11T12:00:00Z")], "", 3),
        ([decided("unknown", at="2026-03-11T12:00:00Z")], "", 3),
        # By a clock that was put back, the decision on this very vote is an answer.
        ([decided("second", at="2026-03-02T12:00:00Z")], "2026-03-02", 0),
    ],
)
def test_the_first_decision_that_does_not_put_it_off_answers_it(
    decisions: list[Decision], answered: str, late: int
) -> None:
    elsewhere = replace(OTHER_DAY, id="else", question="When?")
    [one] = due(FIRST, SECOND, OTHER_DAY, elsewhere, by=decisions)
    assert (one.answered_on, one.days_late("2026-04-03")) == (answered, late)


def test_the_first_due_is_first_whatever_was_closed_first_and_the_rate_counts_what_was_due() -> None:
    late = replace(FIRST, id="late", question="a")
    soon = replace(FIRST, id="soon", question="b", session="short", closed_at="2026-03-20T09:00:00Z")
    answered = [replace(FIRST, id=id_, question=id_) for id_ in ("in time", "too late", "before its day")]
    waits = replace(FIRST, id="waits", question="c", session="long")
    made = [
        decided("in time"),
        decided("too late", at="2026-03-30T08:00:00Z"),
        decided("before its day", at="2026-03-29T23:00:00Z"),
    ]
    within = {**WITHIN, "short": 1, "long": 365}
    found = due(waits, soon, late, *answered, within=within, by=made)
    assert [one.rounds[-1].id for one in found if not one.answer] == ["soon", "late", "waits"]
    share = response_rate(found, "2026-03-30")
    assert (share.in_time, share.due) == (2, 5)
    share = response_rate(found, "2026-03-21")
    assert (share.in_time, share.due) == (2, 3)
    assert response_rate([], "2026-03-30").due == 0


PUT_OFF = decided("second", at="2026-03-20T10:00:00Z", outcome="deferred", until="2026-05-01")
LATE_PUT_OFF = decided("second", at="2026-04-05T10:00:00Z", outcome="deferred", until="2026-05-01")


@pytest.mark.parametrize(
    ("decisions", "moves", "due_on", "late", "ever_late"),
    [
        ([], [], "2026-03-31", 34, 34),
        ([PUT_OFF], [], "2026-05-01", 3, 3),
        ([decided("first", at="2026-03-20T10:00:00Z", outcome="deferred", until="2026-05-01")], [], "2026-05-01", 3, 3),
        (
            [decided("else", at="2026-03-20T10:00:00Z", outcome="deferred", until="2026-05-01")],
            [],
            "2026-03-31",
            34,
            34,
        ),
        ([], [moved("2026-05-03", "2026-03-31T23:00:00Z")], "2026-05-03", 1, 1),
        # Before the second vote was closed, of which the days begin anew.
        ([], [moved("2026-06-03", "2026-03-02T23:00:00Z", "first")], "2026-03-31", 34, 34),
        # Late before it was moved: that stays, though it waits again.
        ([LATE_PUT_OFF], [], "2026-05-01", 3, 5),
        ([LATE_PUT_OFF], [moved("2026-06-01", "2026-05-02T09:00:00Z")], "2026-06-01", 0, 5),
        ([PUT_OFF], [moved("2026-04-01", "2026-03-21T09:00:00Z")], "2026-04-01", 33, 33),
        ([PUT_OFF], [moved("2026-04-01", "2026-03-19T09:00:00Z")], "2026-05-01", 3, 3),
        # Answered, and put off once more afterwards, which takes no answer back.
        ([decided("second"), PUT_OFF], [], "2026-03-31", 0, 0),
        ([PUT_OFF, decided("second", at="2026-05-03T08:00:00Z")], [], "2026-05-01", 2, 2),
        ([LATE_PUT_OFF, decided("second", at="2026-04-06T08:00:00Z")], [], "2026-05-01", 0, 5),
    ],
)
def test_a_new_date_holds_from_then_on_and_takes_no_lateness_away(
    decisions: list[Decision], moves: list[AnswerMove], due_on: str, late: int, ever_late: int
) -> None:
    [one] = due(FIRST, SECOND, by=decisions, moves=moves)
    assert (one.declared_on, one.due_on) == ("2026-03-31", due_on)
    assert (one.days_late("2026-05-04"), one.ever_late("2026-05-04")) == (late, ever_late)
    share = response_rate([one], "2026-05-04")
    assert (share.in_time, share.due) == (int(bool(one.answer) and not ever_late), int(bool(one.answer or ever_late)))
