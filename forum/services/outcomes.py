"""Outcomes of the record: its decisions, promises and results, each once, with what became of it since.

An index of entries alone, as `record_cache.Contents` keeps it: no words, which pages read as they show them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from forum.voting.commitment import SETTLED, CommitmentState


class OutcomeKind(StrEnum):
    """Kinds of outcomes."""

    DECISION = "decision"
    PROMISE = "promise"
    RESULT = "result"


@dataclass(slots=True)
class Outcome:
    """A decision, a promise or a result: the index of the entry that it stands in, its kind, its day (ISO, UTC), and
    the ids of its commission and, of a result, its session and round.

    `state` is how a promise stands now, `due` its day; `annulled` says that a vote was; `corrected` and
    `replaced` tell of a decision, `replaced` of its promises too.
    """

    index: int
    kind: OutcomeKind
    day: str
    commission: str
    session: str = ""
    round: str = ""
    state: str = ""
    due: str = ""
    annulled: bool = False
    corrected: bool = False
    replaced: bool = False

    def late(self, today: str) -> bool:
        """Tells whether the day of a promise is past on the day `today` (ISO), and nothing settled it."""
        return self.kind == OutcomeKind.PROMISE and self.due < today and self.state not in SETTLED and not self.replaced


class Sought(msgspec.Struct, frozen=True):
    """A choice of outcomes: of one kind, of one commission or session by its id, and of some days (ISO); None
    and "" choose nothing."""

    kind: OutcomeKind | None = None
    about: str = ""
    since: str = ""
    until: str = ""


@dataclass
class Outcomes:
    """All outcomes so far, by kind and by commission or session (None and "" for all of them), oldest first."""

    _of: dict[tuple[OutcomeKind | None, str], list[Outcome]] = field(default_factory=dict)
    _results: dict[str, Outcome] = field(default_factory=dict)  # by round, those that stand
    _decisions: dict[str, list[Outcome]] = field(default_factory=dict)  # each with its promises
    _promises: dict[str, Outcome] = field(default_factory=dict)

    def find(self, sought: Sought, size: int, start: int, most: int) -> tuple[int, list[Outcome]]:
        """Returns how many outcomes of the first `size` entries were sought, and a page of them, newest first."""
        every: Sequence[Outcome] = self._of.get((sought.kind, sought.about), ())
        last = bisect_right(every, sought.until, key=_day) if sought.until else len(every)
        # Another request may have read further than this one's snapshot reaches.
        while last and every[last - 1].index >= size:
            last -= 1
        first = bisect_left(every, sought.since, hi=last, key=_day) if sought.since else 0
        end = max(first, last - start)
        page = every[max(first, end - most) : end]
        return last - first, [one for one in reversed(page) if one.index < size]

    def commissions(self, most: int) -> list[str]:
        """Returns the ids of the commissions that have outcomes, so many at most: those that had their first last."""
        return [
            about for (kind, about), found in self._of.items() if not kind and found and about == found[0].commission
        ][-most:]

    def add(self, index: int, entry: Mapping[str, Any]) -> None:
        """Adds the next entry."""
        type_ = entry["type"]
        if type_ == "decision":
            self._decisions[entry["decision"]] = [self._put(Outcome(index, OutcomeKind.DECISION, *_placed(entry)))]
        elif type_ == "commitment":
            one = Outcome(
                index, OutcomeKind.PROMISE, *_placed(entry), state=str(CommitmentState.NO_NEWS), due=entry["by"]
            )
            self._promises[entry["commitment"]] = self._put(one)
            self._decisions.setdefault(entry["decision"], []).append(one)
        elif type_ == "commitment update" and (told := self._promises.get(entry["commitment"])):
            told.state = entry["state"]
        elif type_ == "decision corrected":
            for one in self._decisions.get(entry["decision"], ())[:1]:
                one.corrected = True
        elif type_ == "decision replaced":
            for one in self._decisions.get(entry["decision"], ()):
                one.replaced = True
        elif type_ in ("round revealed", "round annulled"):
            self._result(index, entry)

    def _result(self, index: int, entry: Mapping[str, Any]) -> None:
        # What was annulled is not shown as a result any more: its place is that of the annulment.
        if gone := self._results.pop(entry["round"], None):
            for kind in (None, gone.kind):
                for about in ("", gone.commission, gone.session):
                    there = self._of[kind, about]
                    del there[bisect_left(there, _place(gone), key=_place)]
        one = Outcome(index, OutcomeKind.RESULT, *_placed(entry), entry["session"], entry["round"])
        one.annulled = entry["type"] == "round annulled"
        self._results[entry["round"]] = self._put(one)

    def _put(self, one: Outcome) -> Outcome:
        for kind in (None, one.kind):
            for about in {"", one.commission, one.session}:
                insort(self._of.setdefault((kind, about), []), one, key=_place)
        return one


def _placed(entry: Mapping[str, Any]) -> tuple[str, str]:
    return entry["at"][:10], entry["commission"]


def _place(one: Outcome) -> tuple[str, int]:
    """Returns its place in the lists: by its day, for a clock may have gone wrong."""
    return one.day, one.index


def _day(one: Outcome) -> str:
    return one.day
