"""Answers that are due: by which day those who decide answer a vote, and what follows from that day.

Nobody sets any of it: it follows from the close of the vote, the declared days, the decisions, and a given day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from forum.voting.decision import Decision, DecisionOutcome
from forum.voting.round import DECIDED_ON, Round, RoundState


@dataclass(frozen=True)
class AnswerDue:
    """Answer that a vote is due. `rounds` are its first vote and its vote after the replay, or one of them; it is
    answered within `within` days after the close of the later one, on the day `closed_on`.

    `answer` is the decision that answers it, None while none does.
    """

    rounds: tuple[Round, ...]
    within: int
    answer: Decision | None = None

    @property
    def closed_on(self) -> str:
        """Returns the ISO date of the close of its later vote."""
        return self.rounds[-1].closed_at[:10]

    @property
    def due_on(self) -> str:
        """Returns the last ISO date on which an answer is in time."""
        return (date.fromisoformat(self.closed_on) + timedelta(days=self.within)).isoformat()

    @property
    def answered_on(self) -> str:
        """Returns the ISO date on which the answer was recorded, "" while there is none."""
        return self.answer.decided_at[:10] if self.answer else ""

    def day(self, today: str) -> int:
        """Returns how many days it has waited on the day `today` (ISO)."""
        return max(_days(self.closed_on, today), 0)

    def days_late(self, today: str) -> int:
        """Returns by how many days the answer was late, or is so far on the day `today` (ISO); 0 for in time."""
        return max(_days(self.due_on, self.answered_on or today), 0)


@dataclass(frozen=True)
class ResponseRate:
    """Share of votes answered in time: `in_time` of the `due` ones, which were answered or whose day is past."""

    in_time: int
    due: int


def answers_due(rounds: Iterable[Round], within: Mapping[str, int], decisions: Sequence[Decision]) -> list[AnswerDue]:
    """Returns an answer due for each vote of a commission that was closed and not annulled, and is of a kind that is
    decided on, the first due first.

    `within` has the declared days by session; votes of other sessions are due none. `decisions` are the commission's.
    A vote is answered by the earliest decision that does not put it off, and rests on it or, recorded after its close,
    on another vote that asks the same question.
    """
    votes: dict[str, list[Round]] = {}
    asked: dict[str, str] = {}
    for one in rounds:
        asked[one.id] = one.question
        stands = one.closed_at and one.state != RoundState.ANNULLED
        if stands and one.kind in DECIDED_ON and one.session in within:
            votes.setdefault(one.second_of or one.id, []).append(one)
    answers = sorted((d for d in decisions if d.outcome != DecisionOutcome.DEFERRED), key=lambda d: d.decided_at)
    due = []
    for pair in votes.values():
        pair.sort(key=lambda r: r.closed_at)
        later = pair[-1]
        answer = next((d for d in answers if _answers(d, later, asked)), None)
        due.append(AnswerDue(tuple(pair), within[later.session], answer))
    return sorted(due, key=lambda one: (one.due_on, one.rounds[-1].closed_at, one.rounds[-1].id))


def _answers(decision: Decision, vote: Round, asked: Mapping[str, str]) -> bool:
    if vote.id in decision.rounds:
        return True
    return decision.decided_at >= vote.closed_at and vote.question in {asked.get(id_) for id_ in decision.rounds}


def response_rate(due: Iterable[AnswerDue], today: str) -> ResponseRate:
    """Returns the share of votes that were answered in time, on the day `today` (ISO)."""
    counted = [one for one in due if one.answer or one.days_late(today)]
    return ResponseRate(sum(not one.days_late(today) for one in counted), len(counted))


def _days(since: str, until: str) -> int:
    return (date.fromisoformat(until) - date.fromisoformat(since)).days
