"""A dress rehearsal of a live session: made-up people play its programme in a copy that is marked as a rehearsal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

FEWEST_PEOPLE: Final = 20
MOST_PEOPLE: Final = 300
PEOPLE_AT_FIRST: Final = 60
# Shares of the made-up people, where that is asked for.
SLOW: Final = 0.1
DROPPING: Final = 0.2


class RehearsalState(StrEnum):
    """States of a rehearsal; `interrupted`: the server was stopped or started again in the middle of it."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    BROKEN = "broken"
    INTERRUPTED = "interrupted"


class Pace(StrEnum):
    """Paces of a rehearsal that plays itself: slow enough to watch on the screens, quick, or without any pause."""

    WATCH = "watch"
    QUICK = "quick"
    AT_ONCE = "at once"

    @property
    def seconds(self) -> float:
        """Seconds between two moves; people vote within as many."""
        return {Pace.WATCH: 8.0, Pace.QUICK: 3.0, Pace.AT_ONCE: 0.0}[self]


class RehearsalForm(msgspec.Struct, frozen=True):
    """A rehearsal as asked for. `id` is a random id made when the form was shown, which the copy takes: the same form
    sent twice begins one. `by_hand`: the organiser presses the console's buttons."""

    id: str = ""
    people: str = ""
    slow: bool = False
    dropping: bool = False
    by_hand: bool = False
    pace: str = Pace.WATCH


@dataclass(frozen=True)
class Rehearsal:
    """One rehearsal: `session` is the copy that is played, `of` the session that it is a copy of (ids).

    `why` says in a sentence (a gettext message id) why it ended early. `report` is what was counted and compared; it
    names questions by the ids of their rounds, and holds nobody's words.
    """

    session: str
    of: str
    people: int
    slow: bool
    dropping: bool
    by_hand: bool
    pace: Pace
    started_at: str
    state: RehearsalState = RehearsalState.RUNNING
    ended_at: str = ""
    why: str = ""
    report: dict[str, Any] | None = None


@dataclass(frozen=True)
class Progress:
    """How far a running rehearsal is. `part` is joining, playing or ending; `step` of `steps` is the programme's cue on
    screen, by its place; `seconds_left` is an estimate, None where nobody can tell."""

    part: str = "joining"
    people: int = 0
    joined: int = 0
    counted: int = 0
    step: int = 0
    steps: int = 0
    seconds_left: int | None = None
