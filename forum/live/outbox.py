"""From one room to many screens: a bounded outbox for each socket, in which the latest state wins.

A room never waits for a screen. It puts finished text frames into outboxes; each socket's writer takes them out when
the network is ready. An outbox holds at most one state and one tally (a later one replaces an earlier one that was
not sent yet) and at most MOST_ANSWERS answers to its phone's own messages. A phone that does not read for so long
that answers pile up is told to come back.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import islice

MOST_ANSWERS = 64
# Screens that are woken in one step of the event loop: sending to each takes about 50 us.
AT_ONCE = 100


class Turns:
    """The readers of outboxes that wait to be woken, AT_ONCE of them in each step of the event loop.

    Woken together, the writers of a hall of phones would send for a tenth of a second in one step, and the votes that
    come meanwhile would wait for the last of them.
    """

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Event, None] = {}
        self._going = False

    def wake(self, ready: asyncio.Event) -> None:
        """Sets an event when its turn comes, once however often it is asked for until then."""
        self._waiting[ready] = None
        if not self._going:
            self._going = True
            asyncio.get_running_loop().call_soon(self._go)

    def _go(self) -> None:
        for ready in list(islice(self._waiting, AT_ONCE)):
            del self._waiting[ready]
            ready.set()
        self._going = bool(self._waiting)
        if self._going:
            asyncio.get_running_loop().call_soon(self._go)


class Outbox:
    """The frames that one screen is still to be sent. Filled by plain calls, emptied by one reader with `take`.

    What the whole room is sent wakes the reader in its `turns`, where it has such; its own answers wake it at once.
    `has` is the mark of the state that was sent last; None for a screen that takes no changes to one. `at_end`, where
    somebody set it, is called once when this is closed or has overflowed: nothing its screen sends matters any more.
    """

    __slots__ = ("_answers", "_mark", "_ready", "_state", "_tally", "at_end", "closing", "has", "overflowed", "turns")

    def __init__(self, has: str | None = None) -> None:
        self.has = has
        self._mark = ""
        self._answers: deque[str] = deque()
        self._state: str | None = None
        self._tally: str | None = None
        self._ready = asyncio.Event()
        self.overflowed = False
        self.closing = False
        self.at_end: Callable[[], None] | None = None
        self.turns: Turns | None = None

    @property
    def ended(self) -> bool:
        """True where this is closed, or has overflowed."""
        return self.closing or self.overflowed

    def answer(self, frame: str) -> None:
        """Puts in an answer meant for this phone alone; answers are kept in order, MOST_ANSWERS of them."""
        if len(self._answers) >= MOST_ANSWERS:
            self.overflowed = True
            self._end()
        else:
            self._answers.append(frame)
        self._ready.set()

    def state(self, frame: str, mark: str = "", change: str = "", since: str = "") -> None:
        """Puts in the room's latest state; replaces one that was not sent yet, and the tally that belonged to it.

        In its place goes the `change` from the state marked `since`, where that is what the screen was sent last.
        """
        self._state = change if change and self.has == since else frame
        self._mark = mark
        self._tally = None
        self._wake()

    def tally(self, frame: str) -> None:
        """Puts in the room's latest tally; replaces one that was not sent yet."""
        self._tally = frame
        self._wake()

    def close(self, last: str = "") -> None:
        """Ends `take` once what is in here has been taken, `last` the last of it."""
        if last and not self.closing:
            self._answers.append(last)
        self.closing = True
        self._ready.set()
        self._end()

    def _wake(self) -> None:
        if self.turns is None:
            self._ready.set()
        elif not self._ready.is_set():
            self.turns.wake(self._ready)

    def _end(self) -> None:
        tell, self.at_end = self.at_end, None
        if tell is not None:
            tell()

    async def take(self) -> list[str]:
        """Takes out everything to send now, answers first; waits until there is something. An empty list once
        closed."""
        while not (self._answers or self._state or self._tally or self.closing or self.overflowed):
            self._ready.clear()
            await self._ready.wait()
        frames = list(self._answers)
        self._answers.clear()
        if self._state is not None and self.has is not None:
            self.has = self._mark
        frames += [frame for frame in (self._state, self._tally) if frame is not None]
        self._state = self._tally = None
        return frames
