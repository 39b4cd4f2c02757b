"""A line before work that is done one piece after another: whoever had least of it lately goes first.

A sender with many pieces, or with long ones, takes no turn from others. Those who had less go before them, a full line
makes room for them, and a long piece ends after SLICE seconds where somebody waits who had less.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from forum.errors import TooMany

# Names of whoever sent what this task works on, the widest first: a network, and a browser in it. `web/forms.py` sets
# them; without names it is the server's own people.
SENDER: ContextVar[tuple[str, ...]] = ContextVar("sender", default=())

SLICE = 20.0  # seconds that a piece has while somebody waits who had less
PATIENCE = 40.0  # seconds that a piece waits for its turn: proxies give up a request after a minute
_FORGIVEN = 60.0  # seconds after which a second of work counts no more
_MOST_NAMES = 2000
_FIRST_GUESS = 3.0  # seconds that a piece takes, before any was seen
_LONG = 120  # from this many seconds on a wait is told in minutes
_SOON = (
    "Others came first. What you sent is number %(place)s in the line, and has its turn in about %(seconds)s seconds. "
    "Wait so long, and send it again."
)
_LATER = (
    "Others came first. What you sent is number %(place)s in the line, and has its turn in about %(minutes)s minutes. "
    "Wait so long, and send it again."
)


@dataclass(eq=False)
class _Place:
    """The place of one piece: its sender, its number in the order of coming, and the future that its turn sets."""

    sender: tuple[str, ...]
    number: int
    turn: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Line:
    """The line of one event loop, and the seconds of work that each name had lately."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = monotonic
        self._had: dict[str, tuple[float, float]] = {}  # seconds, and when it was so many
        self._waiting: list[_Place] = []
        self._busy: tuple[str, ...] | None = None  # whose piece has its turn
        self._since = 0.0  # when it began
        self._usual = _FIRST_GUESS  # seconds that a piece takes
        self._came = 0

    @asynccontextmanager
    async def turn(self, most: int) -> AsyncIterator[None]:
        """Gives a piece of SENDER's its turn, inside the block.

        Raises TooMany, with the place in the line, after PATIENCE seconds, and where `most` pieces are there already,
        none of them of a sender who had more.
        """
        sender = SENDER.get()
        if self._busy is not None:
            await self._wait(sender, most)
        self._busy, self._since = sender, self._now()
        try:
            yield
        finally:
            took = self._now() - self._since
            self._usual += (took - self._usual) / 4
            self._count(sender, took)
            self._give_on()

    def gives_way(self) -> bool:
        """Tells whether the piece that has its turn has had SLICE seconds of it, and more than somebody who waits."""
        took = self._now() - self._since
        if self._busy is None or took < SLICE:
            return False
        mine = [had + took for had in self._lately(self._busy)]
        return any(self._lately(one.sender) < mine for one in self._waiting)

    async def _wait(self, sender: tuple[str, ...], most: int) -> None:
        self._came += 1
        mine = _Place(sender, self._came)
        self._waiting.append(mine)
        if len(there := self._there()) >= most:
            last = max(there, key=self._room_made_by)
            last.turn.set_exception(self._too_many(last))
            self._waiting.remove(last)
        try:
            async with asyncio.timeout(PATIENCE):
                await mine.turn
        except (TimeoutError, asyncio.CancelledError) as error:
            told = self._too_many(mine)
            if mine in self._waiting:
                self._waiting.remove(mine)
            elif not mine.turn.cancelled() and mine.turn.exception() is None:
                self._give_on()  # the turn came at that very moment
            if isinstance(error, TimeoutError):
                raise told from None
            raise

    def _give_on(self) -> None:
        """Gives the turn to the next, or to nobody."""
        self._busy = None
        if there := self._there():
            first = min(there, key=self._order)
            self._waiting.remove(first)
            self._busy, self._since = first.sender, self._now()
            first.turn.set_result(None)

    def _there(self) -> list[_Place]:
        """Returns the places of those who still wait; somebody may have gone in this very step of the loop."""
        return [one for one in self._waiting if not one.turn.done()]

    def _order(self, place: _Place) -> tuple[list[float], int]:
        """Returns what places are sorted by: what the sender's network had, then what the sender had, then coming."""
        return self._lately(place.sender), place.number

    def _room_made_by(self, place: _Place) -> tuple[int, list[float], int]:
        """Returns the greatest value for the piece that goes where there are too many: of the network with most."""
        return sum(one.sender[:1] == place.sender[:1] for one in self._waiting), *self._order(place)

    def _too_many(self, place: _Place) -> TooMany:
        """Returns the error that tells a place in the line, and about when it has its turn."""
        ahead = sum(self._order(one) < self._order(place) for one in self._waiting)
        seconds = max(1.0, self._usual - (self._now() - self._since)) + ahead * self._usual
        return TooMany(_SOON if seconds < _LONG else _LATER, round(seconds) + 1, place=ahead + 1)

    def _lately(self, sender: tuple[str, ...]) -> list[float]:
        """Returns the seconds that each name of a sender had, less those that are forgiven."""
        there = [self._had.get(name, (0.0, 0.0)) for name in sender]
        return [max(0.0, seconds - (self._now() - then) / _FORGIVEN) for seconds, then in there]

    def _count(self, sender: tuple[str, ...], seconds: float) -> None:
        """Adds to what each name of a sender had; forgets the names that had least where there are too many."""
        for name, had in zip(sender, self._lately(sender), strict=True):
            self._had[name] = had + seconds, self._now()
        if len(self._had) > _MOST_NAMES:
            least = sorted(self._had, key=lambda name: self._lately((name,)))
            for name in least[: _MOST_NAMES // 10]:
                del self._had[name]
