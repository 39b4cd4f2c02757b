"""A stop: somebody in the audience calls stop while a scene is played again, and what came of it.

    waiting --take--> taken --finish--> done
       |  \\__ hide --> hidden, defer --> deferred          put back: from each of them to waiting

What somebody writes with a stop is the facilitator's alone until that stop is taken. While it is taken the facilitator
notes what was tried, runs the magic check on it, and may offer it as an answer in the next vote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

import msgspec

from forum.errors import IllegalMove
from forum.voting.commission import Commission
from forum.voting.round import NONE_OF_THESE, Response, Round
from forum.voting.suppression import GroupId, freeze

MOST_HOW = 300
MOST_TRIED = 500
# How many answers may be added to one second vote: with the first vote's, letters for all of them.
MOST_NEW = 3


class StopState(StrEnum):
    """States of a stop on the facilitator's list."""

    WAITING = "waiting"
    TAKEN = "taken"
    HIDDEN = "hidden"
    DEFERRED = "deferred"
    DONE = "done"


class Verdict(StrEnum):
    """Verdicts of a magic check: could this really happen?"""

    NONE_YET = ""
    YES = "yes"
    NO = "no"
    NOT_SURE = "not sure"


VERDICTS = (Verdict.YES, Verdict.NO, Verdict.NOT_SURE)

# Each of the facilitator's moves: from which states, to which.
MOVES: Mapping[str, tuple[tuple[StopState, ...], StopState]] = {
    "take": ((StopState.WAITING, StopState.DEFERRED, StopState.HIDDEN), StopState.TAKEN),
    "hide": ((StopState.WAITING, StopState.DEFERRED), StopState.HIDDEN),
    "defer": ((StopState.WAITING,), StopState.DEFERRED),
    "finish": ((StopState.TAKEN,), StopState.DONE),
    "put back": ((StopState.TAKEN, StopState.HIDDEN, StopState.DEFERRED, StopState.DONE), StopState.WAITING),
}
MEANWHILE = "Somebody else dealt with this stop a moment ago. Look at the list again."

# The width of a bar of the wave in seconds: the first that leaves no more than MOST_BARS.
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
MOST_BARS = 12


@dataclass(frozen=True)
class Stop:
    """One stop. `showing` is the scene's one playing that it belongs to (session.Cue), which began at `since`.

    `participant` is None, and `group` too, for somebody who shouted it. `character` is who should act differently, ""
    where that was not said, and `how` what they should do. `tried` is what was tried on stage, in the facilitator's
    words; `verdict` is what the facilitator held of it in the magic check, `magic` the round
    in which the room was asked. `response` is the answer that it became, `entered` the round that offered it.
    """

    id: str
    session: str
    showing: str
    since: str
    scenario: str
    scene: str
    at: str
    participant: str | None = None
    group: GroupId = None
    character: str = ""
    how: str = ""
    state: StopState = StopState.WAITING
    taken_at: str = ""
    tried: str = ""
    verdict: Verdict = Verdict.NONE_YET
    magic: str | None = None
    response: str = ""
    entered: str | None = None

    @property
    def seconds(self) -> int:
        """The time after the scene was put up at which it came, in whole seconds."""
        return max(0, int((_moment(self.at) - _moment(self.since)).total_seconds()))

    @property
    def wordless(self) -> bool:
        """True where nothing was said with it."""
        return not (self.character or self.how)

    @property
    def fixed(self) -> bool:
        """True where its words are on the screens, or were: the presser cannot change them any more."""
        return self.state in (StopState.TAKEN, StopState.DONE)


class Bar(msgspec.Struct, frozen=True):
    """One bar of a wave: from which second (included) to which (excluded), and how many stops."""

    start: int
    end: int
    stops: int


@dataclass(frozen=True)
class Run:
    """The second run as screens show it: every stop of the session, the groups that may be named, and the showing that
    is on now. Phones and projectors show nothing of it but `taken`.

    `named` has the groups by the moment at which a scene was put up (Stop.since): settled then, and not worked out
    again as people come.
    """

    stops: tuple[Stop, ...] = ()
    named: Mapping[str, Mapping[GroupId, str]] = field(default_factory=dict)
    showing: str = ""

    @cached_property
    def taken(self) -> Stop | None:
        """The stop that is on every screen now."""
        return next((s for s in self.stops if s.state == StopState.TAKEN and s.showing == self.showing), None)

    @cached_property
    def here(self) -> tuple[Stop, ...]:
        """The stops of the scene that is on now; none unless it is played again."""
        return tuple(s for s in self.stops if self.showing and s.showing == self.showing)

    @cached_property
    def queue(self) -> tuple[Stop, ...]:
        """Those of this scene that nobody has dealt with; the ones in which something was said come first."""
        return tuple(sorted((s for s in self.here if s.state == StopState.WAITING), key=lambda stop: stop.wordless))

    @cached_property
    def newest(self) -> tuple[Stop, ...]:
        """The stops of `queue`, the newest first."""
        latest = self.queue[::-1]
        return (*(s for s in latest if not s.wordless), *(s for s in latest if s.wordless))

    @cached_property
    def aside(self) -> tuple[Stop, ...]:
        """Those that were put off, of any scene, and those of this scene that were hidden or are done; the newest of
        either come first."""
        off = [s for s in reversed(self.stops) if s.state == StopState.DEFERRED]
        return (*off, *(s for s in reversed(self.here) if s.state in (StopState.HIDDEN, StopState.DONE)))

    @cached_property
    def fruits(self) -> tuple[Stop, ...]:
        """The interventions of the session: stops of which somebody noted what was tried, the newest first."""
        return tuple(s for s in reversed(self.stops) if s.tried)

    def credit(self, stop: Stop) -> str:
        """The label of the group that a stop is credited to, where it may be said; else "" (somebody)."""
        return self.named.get(stop.since, {}).get(stop.group, "")

    @cached_property
    def wave(self) -> tuple[Bar, ...]:
        """The stops of this scene, counted by when they came."""
        return wave(self.here)

    @cached_property
    def groups(self) -> tuple[tuple[str, int], ...]:
        """From which groups the stops of this scene came; "" for those that are not named."""
        return self.counted(self.here)

    def counted(self, stops: Iterable[Stop]) -> tuple[tuple[str, int], ...]:
        """From which groups these stops came; "" for those that are not named."""
        counted = Counter(map(self.credit, stops))
        order = dict.fromkeys(label for named in self.named.values() for label in named.values())
        return tuple((label, counted[label]) for label in (*order, "") if counted[label])


def moved(stop: Stop, move: str) -> StopState:
    """The state after one of MOVES. Raises IllegalMove where somebody was faster, with another move."""
    from_, to = MOVES[move]
    if stop.state not in (*from_, to):
        raise IllegalMove(MEANWHILE)
    return to


def wave(stops: Iterable[Stop]) -> tuple[Bar, ...]:
    """Counts stops by when they came, from the moment the scene was put up to the last of them; nothing for no
    stops."""
    times = sorted(stop.seconds for stop in stops)
    if not times:
        return ()
    step = next((s for s in _STEPS if times[-1] // s < MOST_BARS), times[-1] // MOST_BARS + 1)
    return tuple(
        Bar(start, start + step, sum(start <= time < start + step for time in times))
        for start in range(0, times[-1] + 1, step)
    )


def credits(joined: Mapping[GroupId, int], commission: Commission) -> dict[GroupId, str]:
    """The groups that may be named beside a stop or a reason, with their labels, by how many joined from each.

    Those that results would show with a row of their own: naming them tells of nobody in a small group, neither by
    being named nor by being the only one that is not.
    """
    return {row.groups[0]: row.label for row in freeze(joined, commission).rows if not row.pooled}


def offered(first: Round, stops: Sequence[Stop]) -> tuple[Response, ...]:
    """The responses of the vote after the replay: those of the first vote, what these stops became, "none" last.

    No response of the first vote changes its id, so who moved between them can be followed; what is new was not there
    the first time, and nobody can have moved away from it.
    """
    asked = [r for r in first.responses if r.id != NONE_OF_THESE]
    none = [r for r in first.responses if r.id == NONE_OF_THESE]
    # One that was left out of the first vote leaves its number empty.
    last = max((int(r.id[1:]) for r in asked), default=0)
    new = [Response(f"r{number}", stop.response) for number, stop in enumerate(stops, last + 1)]
    return (*asked, *new, *none)


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at)
