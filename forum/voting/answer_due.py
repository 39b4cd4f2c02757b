"""Answers that are due: by which day those who decide answer a vote, and what follows from that day.

Nobody sets any of it: it follows from the close of the vote, the declared days, the decisions, the moves of that day
that are in the record, and a given day. record/verify/answers_due.py works it out again from the record alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec

from forum.voting.decision import UNANSWERING, Decision
from forum.voting.round import DECIDED_ON, Round, RoundState


@dataclass(frozen=True)
class AnswerMove:
    """A move of the ISO date until which a vote is answered, from one to another, and why. `round` is the later vote on
    the question; `entry` is the index of its record entry."""

    id: str
    round: str
    came_from: str
    went_to: str
    because: str
    at: str
    entry: int | None = None


class Postponed(msgspec.Struct, frozen=True):
    """A later (or earlier) date `to` for an answer, given on the day `on`, both ISO: by a decision that puts it off, or
    by a move."""

    on: str
    to: str
    by: Decision | AnswerMove


class AnswerDue(msgspec.Struct, frozen=True):
    """Answer that a vote is due. `rounds` are its first vote and its vote after the replay, or one of them; it is
    answered within `within` days after the close of the later one, on the day `closed_on`.

    `answer` is the decision that answers it, None while none does; `postponed` are the dates given until then, in the
    order of the record.
    """

    rounds: tuple[Round, ...]
    within: int
    answer: Decision | None = None
    postponed: tuple[Postponed, ...] = ()

    @property
    def closed_on(self) -> str:
        """Returns the ISO date of the close of its later vote."""
        return self.rounds[-1].closed_at[:10]

    @property
    def declared_on(self) -> str:
        """Returns the last ISO date on which an answer is in time, as it was declared before the vote."""
        return (date.fromisoformat(self.closed_on) + timedelta(days=self.within)).isoformat()

    @property
    def due_on(self) -> str:
        """Returns the last ISO date on which an answer is in time: as declared, or as it was moved last."""
        return self.postponed[-1].to if self.postponed else self.declared_on

    @property
    def answered_on(self) -> str:
        """Returns the ISO date on which the answer was recorded, "" while there is none."""
        return self.answer.decided_at[:10] if self.answer else ""

    def day(self, today: str) -> int:
        """Returns how many days it has waited on the day `today` (ISO)."""
        return max(_days(self.closed_on, today), 0)

    @property
    def days(self) -> int:
        """Returns how many days there are from the close to the day until which it is answered."""
        return max(_days(self.closed_on, self.due_on), 0)

    def days_late(self, today: str) -> int:
        """Returns by how many days the answer was late, or is so far on the day `today` (ISO); 0 for in time."""
        return max(_days(self.due_on, self.answered_on or today), 0)

    def ever_late(self, today: str) -> int:
        """Returns the most days by which it was late on the day `today` (ISO), or before a new date was given."""
        dates = [self.declared_on, *(one.to for one in self.postponed)]
        lapsed = [_days(until, one.on) for until, one in zip(dates, self.postponed, strict=False)]
        return max([self.days_late(today), *lapsed])


class ResponseRate(msgspec.Struct, frozen=True):
    """Share of votes answered in time: `in_time` of the `due` ones, which were answered or whose day is past."""

    in_time: int
    due: int


def answers_due(
    rounds: Iterable[Round], within: Mapping[str, int], decisions: Sequence[Decision], moves: Sequence[AnswerMove] = ()
) -> list[AnswerDue]:
    """Returns an answer due for each vote of a commission that was closed and not annulled, and is of a kind that is
    decided on, the first due first.

    `within` has the declared days by session; votes of other sessions are due none. `decisions` and `moves` are the
    recorded ones of the commission. A vote is answered by the earliest decision that is not of UNANSWERING, and rests
    on it or names it among the votes on its question.
    """
    votes: dict[str, list[Round]] = {}
    for one in rounds:
        stands = one.closed_at and one.state != RoundState.ANNULLED
        if stands and one.kind in DECIDED_ON and one.session in within:
            votes.setdefault(one.second_of or one.id, []).append(one)
    made = sorted(decisions, key=lambda d: d.entry or 0)
    due = []
    for pair in votes.values():
        pair.sort(key=lambda r: r.closed_at)
        later = pair[-1]
        on = [one for one in made if later.id in (*one.rounds, *one.votes)]
        answer = next((one for one in on if one.outcome not in UNANSWERING), None)
        given: list[Decision | AnswerMove] = [one for one in on if one.until]
        given += [one for one in moves if one.round == later.id]
        given.sort(key=lambda one: one.entry or 0)
        postponed = tuple(_postponed(one) for one in given if answer is None or (one.entry or 0) < (answer.entry or 0))
        due.append(AnswerDue(tuple(pair), within[later.session], answer, postponed))
    return sorted(due, key=lambda one: (one.due_on, one.rounds[-1].closed_at, one.rounds[-1].id))


def _postponed(by: Decision | AnswerMove) -> Postponed:
    if isinstance(by, Decision):
        return Postponed(by.decided_at[:10], by.until, by)
    return Postponed(by.at[:10], by.went_to, by)


def response_rate(due: Iterable[AnswerDue], today: str) -> ResponseRate:
    """Returns the share of votes that were answered in time, on the day `today` (ISO). One that was late before it was
    given a new date is not in time."""
    late = [(one, one.ever_late(today) > 0) for one in due]
    counted = [was_late for one, was_late in late if one.answer or was_late]
    return ResponseRate(counted.count(False), len(counted))


def _days(since: str, until: str) -> int:
    return (date.fromisoformat(until) - date.fromisoformat(since)).days
