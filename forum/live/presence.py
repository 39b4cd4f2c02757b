"""The phones in a room and how they are connected: by a socket, by asking again and again, or no more.

Times are seconds of any clock that only goes forward; whoever calls has it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Set
from typing import NamedTuple

from forum.live.messages import Health

# So long after it asked, a phone that polls still counts as here: two of the longest pauses of
# static/live/room-connection.js.
POLLING = 26.0
# So long a phone that is not there any more counts as lost.
LOST = 60.0


class Who(NamedTuple):
    """The participants whose phones are connected, poll, or were lost a moment ago; and those of whom is known that
    they follow without voting, here or not."""

    connected: Set[str]
    polling: Set[str]
    lost: Set[str]
    observing: Set[str]


class Presence:
    """The phones of one room, each participant once, however many tabs they have.

    `changes` grows whenever who is here, polls or was lost is not as it was.
    """

    def __init__(self) -> None:
        self.changes = 0
        self._connected: Counter[str] = Counter()
        self._polled: dict[str, float] = {}
        self._lost: dict[str, float] = {}
        self._observing: set[str] = set()
        # The earliest time at which somebody of those who poll or are lost may be so no more. Where thousands are lost
        # at once, nobody goes through all of them for each.
        self._ages_at = math.inf

    def devices(self, participant: str) -> int:
        """Returns how many connections a participant has."""
        return self._connected[participant]

    def observes(self, participant: str) -> None:
        """Notes that a participant follows without voting: `present` does not count their phones."""
        self._observing.add(participant)
        self.changes += 1

    def came(self, participant: str) -> None:
        """Counts one more connection of a participant."""
        self.changes += 1
        self._connected[participant] += 1
        self._polled.pop(participant, None)
        self._lost.pop(participant, None)

    def went(self, participant: str, now: float, *, lost: bool) -> None:
        """Counts one connection less: it ended on purpose, or was `lost`."""
        self.changes += 1
        self._connected[participant] -= 1
        if self._connected[participant] <= 0:
            del self._connected[participant]
            if lost:
                self._lost[participant] = now
                self._ages_at = min(self._ages_at, now + LOST)

    def polled(self, participant: str, now: float) -> None:
        """Notes that a phone without a socket asked what is new."""
        known = participant in self._connected or participant in self._polled
        self.changes += not known or participant in self._lost
        self._lost.pop(participant, None)
        if participant not in self._connected:
            self._polled[participant] = now
            self._ages_at = min(self._ages_at, now + POLLING)

    def forget(self, participant: str) -> None:
        """Removes all phones of a participant, without counting them as lost."""
        self.changes += 1
        for known in (self._connected, self._polled, self._lost):
            known.pop(participant, None)

    def who(self, now: float) -> Who:
        """Returns who is here, and how."""
        self._age(now)
        return Who(self._connected.keys(), self._polled.keys(), self._lost.keys(), self._observing)

    def health(self, now: float) -> Health:
        """Returns how many phones are connected, poll, and were lost a moment ago and are not back."""
        self._age(now)
        return Health(len(self._connected), len(self._polled), len(self._lost))

    def present(self, now: float) -> int:
        """Returns how many phones of people who vote are here, connected or polling."""
        self._age(now)
        # Nobody is in both.
        here = len(self._connected) + len(self._polled)
        return here - sum(one in self._connected or one in self._polled for one in self._observing)

    def due(self, now: float) -> float | None:
        """Returns the time at which the numbers change next if nothing happens; None where they stay as they are."""
        self._age(now)
        return self._next()

    def _next(self) -> float | None:
        times = [at + POLLING for at in self._polled.values()] + [at + LOST for at in self._lost.values()]
        return min(times, default=None)

    def _age(self, now: float) -> None:
        if now < self._ages_at:
            return
        for participant, at in list(self._polled.items()):
            if now - at >= POLLING:
                self.changes += 1
                del self._polled[participant]
                self._lost[participant] = at + POLLING
        for participant, at in list(self._lost.items()):
            if now - at >= LOST:
                self.changes += 1
                del self._lost[participant]
        due = self._next()
        self._ages_at = math.inf if due is None else due
