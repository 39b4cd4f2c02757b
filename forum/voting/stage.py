"""Stages of a commission: the moves between them, its end, and the questions that are answered in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec

from forum.errors import IllegalMove
from forum.voting.commission import STAGES


class StageQuestion(StrEnum):
    """Questions that are answered in a stage; each belongs to one."""

    LACKS = "lacks"
    HAS = "has"
    OPTIONS = "options"
    SPECIFIED = "specified"
    JUDGES = "judges"
    MEASURES = "measures"


# Questions by stage, in the order in which they are asked.
QUESTIONS: Mapping[str, tuple[StageQuestion, ...]] = {
    "assess needs": (StageQuestion.LACKS, StageQuestion.HAS),
    "plan": (StageQuestion.OPTIONS,),
    "secure": (StageQuestion.SPECIFIED,),
    "monitor": (StageQuestion.JUDGES, StageQuestion.MEASURES),
}


@dataclass(frozen=True)
class Standing:
    """Where a commission stands: its stage, one of STAGES, and whether it is closed.

    `acts` is how many acts brought it there: moves, closings and reopenings.
    """

    stage: str
    closed: bool = False
    acts: int = 0

    @property
    def ways(self) -> tuple[str, ...]:
        """Returns the stages that it can be moved to: the next one, and all before it."""
        if self.closed:
            return ()
        here = STAGES.index(self.stage)
        return (*STAGES[here + 1 : here + 2], *reversed(STAGES[:here]))

    def moved(self, to: str) -> Standing:
        """Returns the standing after a move to the stage `to`. Raises IllegalMove where there is no such way."""
        if self.closed:
            raise IllegalMove("This commission is closed. Reopen it first.")
        if to not in self.ways:
            raise IllegalMove("From here the work moves on by one stage, or back. Choose one of these.")
        return replace(self, stage=to, acts=self.acts + 1)

    def ended(self) -> Standing:
        """Returns the standing after the commission was closed. Raises IllegalMove where it is closed."""
        if self.closed:
            raise IllegalMove("This commission is closed already.")
        return replace(self, closed=True, acts=self.acts + 1)

    def reopened(self) -> Standing:
        """Returns the standing after the commission was reopened, in the stage it was in. Raises IllegalMove where it
        is not closed."""
        if not self.closed:
            raise IllegalMove("This commission is not closed.")
        return replace(self, closed=False, acts=self.acts + 1)


@dataclass(frozen=True)
class StageMove:
    """A move from one stage to another: what was learnt, what could have been better, who took part.

    `entry` is the index of its record entry, None in a rehearsal.
    """

    id: str
    commission: str
    came_from: str
    went_to: str
    learnt: str
    better: str
    took_part: str
    at: str
    entry: int | None = None


@dataclass(frozen=True)
class StageNote:
    """An answer to a question of a stage. `decision` is the id of the decision it follows from, None for none."""

    id: str
    commission: str
    stage: str
    question: StageQuestion
    words: str
    at: str
    decision: str | None = None
    entry: int | None = None


class GroupNote(msgspec.Struct, frozen=True):
    """The closing words of one group, by its label."""

    group: str
    words: str


@dataclass(frozen=True)
class Closing:
    """The end of a commission: its closing note, and those of groups that wished to add theirs.

    `because` and `reopened_at` are "" until it is reopened; `reopening` is the index of that entry.
    """

    id: str
    commission: str
    words: str
    groups: tuple[GroupNote, ...]
    at: str
    entry: int | None = None
    because: str = ""
    reopened_at: str = ""
    reopening: int | None = None


def standing(stage: str, moves: int, closings: tuple[Closing, ...]) -> Standing:
    """Returns where a commission in this stage stands, after so many moves and these closings, oldest first."""
    reopened = sum(1 for one in closings if one.reopened_at)
    return Standing(stage, len(closings) > reopened, moves + len(closings) + reopened)
