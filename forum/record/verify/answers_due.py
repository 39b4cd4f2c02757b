"""Answers that votes are due, worked out from the record alone: each one's day, its moves, and what answered it.

voting/answer_due.py works out the same for pages, from the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from forum.record.verify.entry_shapes import place_of

_ANSWERED = ("first vote", "vote after replay", "policy vote")


@dataclass
class VoteDue:
    """A vote that is due an answer: the entry that opened it, who decides (a text, or its digest) within how many days
    of its close, and the number of the closing entry with its time, None and "" while it is open.

    `moved` has for each new date the day on which it was given, the date, and the number of the entry that says so;
    `put_off` the ids of the decisions among these; `answer` is the entry that answers it.
    """

    opened: dict[str, Any]
    decides: Any
    within: int
    closing: int | None = None
    closed_at: str = ""
    annulled: bool = False
    moved: list[tuple[str, str, int]] = field(default_factory=list)
    put_off: list[str] = field(default_factory=list)
    answer: dict[str, Any] | None = None

    @property
    def declared_on(self) -> str:
        """The last day on which an answer is in time, as it was declared before the vote."""
        return (date.fromisoformat(self.closed_at[:10]) + timedelta(days=self.within)).isoformat()

    @property
    def due_on(self) -> str:
        """The last day on which an answer is in time, as it was moved last."""
        return self.moved[-1][1] if self.moved else self.declared_on

    def days_late(self, today: str) -> int:
        """Returns the most days by which the answer was late on the day `today`, or before a new date was given."""
        ends = [*(on for on, _, _ in self.moved), self.answer["at"][:10] if self.answer else today]
        untils = [self.declared_on, *(to for _, to, _ in self.moved)]
        pairs = zip(untils, ends, strict=True)
        return max(0, *((date.fromisoformat(end) - date.fromisoformat(until)).days for until, end in pairs))


class AnswersDue:
    """The answers that the votes of a record are due so far, as its next entry is held against them."""

    def __init__(self) -> None:
        self._powers: dict[str, Mapping[str, Any]] = {}
        self._votes: dict[str, VoteDue] = {}

    def due(self) -> Iterator[VoteDue]:
        """Yields each closed vote that is due an answer and stands: of a first vote and the vote after its replay the
        one that was closed later."""
        pairs: dict[str, VoteDue] = {}
        for vote in self._votes.values():
            first = vote.opened["second_of"] or vote.opened["round"]
            before = pairs.get(first)
            if vote.closed_at and not vote.annulled and (before is None or before.closed_at <= vote.closed_at):
                pairs[first] = vote
        yield from pairs.values()

    def problems(self, entry: Mapping[str, Any]) -> Iterator[str]:
        """Yields a problem where an entry that fits its shape gives a date that does not follow from those before."""
        deferred = entry["type"] == "decision" and entry["outcome"] == "deferred"
        if "until" in entry and deferred != (entry["until"] is not None):
            yield "field until stands with the outcome `deferred`, and with no other"
        if entry["type"] == "answer date moved":
            vote = self._votes.get(entry["round"])
            if vote is None:
                yield "field round names a vote that is due no answer"
            elif vote.answer is not None:
                yield "field round names a vote that was answered before"
            elif vote.closed_at and entry["from"] != vote.due_on:
                yield f"field from is not the day until which the vote is to be answered, {vote.due_on}"
            if entry["from"] == entry["to"]:
                yield "field to is the same day as field from"

    def add(self, index: int, entry: dict[str, Any]) -> None:
        """Adds an entry that fits its shape, with its number."""
        type_, vote = entry["type"], self._votes.get(entry.get("round", ""))
        if type_ == "session opened":
            if entry["about"]["power"].get("answer_by_days"):
                self._powers[entry["session"]] = entry["about"]["power"]
        elif type_ == "round opened":
            power = self._powers.get(entry["session"])
            if power is not None and entry["kind"] in _ANSWERED:
                self._votes[entry["round"]] = VoteDue(entry, power["decides"], power["answer_by_days"])
        elif type_ == "decision":
            for id_ in {*entry["rounds"], *entry.get("votes", ())} & self._votes.keys():
                self._decided(self._votes[id_], index, entry)
        elif vote is None:
            return
        elif type_ == "round closed":
            vote.closing, vote.closed_at = index, entry["at"]
        elif type_ == "round annulled":
            vote.annulled = True
        elif type_ == "answer date moved" and vote.answer is None:
            vote.moved.append((entry["at"][:10], entry["to"], index))

    def _decided(self, vote: VoteDue, index: int, entry: dict[str, Any]) -> None:
        if vote.answer is not None:
            return
        if entry["outcome"] not in ("deferred", "acknowledged"):
            vote.answer = entry
        elif entry.get("until"):
            vote.moved.append((entry["at"][:10], entry["until"], index))
            vote.put_off.append(entry["decision"])


def answers_of(entries: Iterable[dict[str, Any]]) -> AnswersDue:
    """Returns the answers that the votes of a record are due, of which all entries fit their shapes."""
    answers = AnswersDue()
    for index, entry in enumerate(entries):
        answers.add(index, entry)
    return answers


def answer_problems(entries: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yields a problem, with its place, for each date of an answer that does not follow from the entries before. All
    fit their shapes."""
    answers = AnswersDue()
    for number, entry in enumerate(entries):
        for problem in answers.problems(entry):
            yield f"{place_of(number, entry)}: {problem}"
        answers.add(number, entry)
