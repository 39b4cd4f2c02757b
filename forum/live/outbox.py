"""From one room to many screens: a bounded outbox for each socket, in which the latest state wins.

A room never waits for a screen. It puts finished text frames into outboxes; they go out when the network is ready,
straight to the socket's line where it has one, else by a writer that takes them. An outbox holds at most one state and
one tally (a later one replaces an earlier one that was not sent yet) and at most MOST_ANSWERS answers to its phone's
own messages. A phone that does not read for so long that answers pile up is told to come back.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import ParamSpec, Protocol

import structlog

from forum.live import metrics
from forum.live.giving_way import GivingWay
from forum.live.line import Line
from forum.live.messages import Bye, encode

MOST_ANSWERS = 64
# Screens that are sent something in one step of the event loop: sending to each takes 10 to 50 us.
AT_ONCE = 100
Sent = ParamSpec("Sent")
log = structlog.get_logger()
BEHIND = encode(Bye("behind", again=True))


class Told(Protocol):
    """Whoever is told a room's tallies by an outbox."""

    @property
    def outbox(self) -> Outbox:
        """What is sent to it."""


class Rota:
    """The rooms of this process whose screens wait to be sent on: AT_ONCE screens of all of them together in each step
    of the event loop. Each room comes in its turn: a small one does not wait for the last screen of a large one.

    While `storing` says that votes are being stored, the next step waits.
    """

    def __init__(self, storing: Callable[[], bool] = lambda: False) -> None:
        self._giving_way = GivingWay(storing)
        self._rooms: deque[Turns] = deque()

    def ask(self, room: Turns) -> None:
        """Takes in a room, which is not in here."""
        if not self._rooms:
            asyncio.get_running_loop().call_soon(self._go)
        self._rooms.append(room)

    def _go(self) -> None:
        if self._giving_way.put_off(self._go):
            return
        left = AT_ONCE
        for _ in range(len(self._rooms)):
            room = self._rooms[0]  # in here until it is done: who asks meanwhile starts no second run
            left -= room.send_on(left)
            self._rooms.rotate(-1)
            if not room.going:
                self._rooms.pop()
            if left <= 0:
                break
        self._giving_way.done()
        if self._rooms:
            asyncio.get_running_loop().call_soon(self._go)


class Turns:
    """The outboxes of one room that wait to be sent on, in the turns of a rota.

    Sent on together, the frames of a hall of phones would take a tenth of a second in one step, and the votes that
    come meanwhile would wait for the last of them.
    """

    def __init__(self, rota: Rota | None = None) -> None:
        self.going = False
        self._rota = rota or Rota()
        self._waiting: dict[Outbox, None] = {}
        self._batch: list[Outbox] = []  # taken out of those that wait: nobody comes twice before another comes once
        self._tally = ""
        self._untold: list[Told] = []  # those who are to be told it, the next one last
        self._since = 0.0
        self._over: asyncio.Event | None = None

    def wake(self, outbox: Outbox) -> None:
        """Sends an outbox on when its turn comes, once however often it is asked for until then."""
        self._waiting[outbox] = None
        self._go()

    def tell(self, screens: Iterable[Told], tally: str) -> None:
        """Tells these the room's latest tally when their turn comes, after all who wait to be sent something else.

        Who was not told an earlier one yet comes first, and is told this one in its place. Nobody's outbox is touched
        before their turn: to go to ten thousand places in memory takes 10 ms.
        """
        late = self._untold
        early = set(late)
        self._untold = [*(screen for screen in screens if screen not in early), *late] if early else list(screens)
        self._tally = tally
        self._go()

    def recall(self) -> None:
        """Tells the tally to no more of them: all are sent a state, and its tally with it."""
        self._untold = []

    def _go(self) -> None:
        if not self.going:
            self.going = True
            self._since = asyncio.get_running_loop().time()
            self._rota.ask(self)

    async def over(self) -> None:
        """Returns when nobody waits any more. For closing down."""
        if self.going:
            self._over = self._over or asyncio.Event()
            await self._over.wait()

    def send_on(self, most: int) -> int:
        """Sends on so many outboxes at most, and returns how many it was."""
        if not self._batch:
            self._batch, self._waiting = list(self._waiting), {}
        batch, untold = self._batch, self._untold
        sent = min(most, len(batch))
        told = min(most - sent, len(untold))
        for _ in range(sent):
            _safely(batch.pop().in_turn)
        for _ in range(told):
            _safely(untold.pop().outbox.tally_in_turn, self._tally)
        self.going = bool(batch or untold or self._waiting)
        if not self.going:
            metrics.FAN_OUT.observe(asyncio.get_running_loop().time() - self._since)
            if self._over is not None:
                self._over.set()
                self._over = None
        return sent + told


def _safely(send: Callable[Sent, None], *what: Sent.args, **named: Sent.kwargs) -> None:
    """Sends to one screen; logs what that raises, a bug: the others' turn must come all the same, and the next."""
    try:
        send(*what, **named)
    except Exception:
        log.exception("a screen was not sent to")


class Outbox:
    """The frames that one screen is still to be sent. Filled by plain calls; emptied into its `line`, or by one reader
    with `take`.

    What the whole room is sent goes out in its `turns`, where it has such; its own answers at once. `has` is the mark
    of the state that was sent last; None for a screen that takes no changes to one. `at_end`, where somebody set it, is
    called once when this is closed or has overflowed: nothing its screen sends matters any more.
    """

    __slots__ = (
        "_answers", "_line", "_mark", "_ready", "_state", "_tally", "at_end", "closing", "has", "overflowed", "turns"
    )  # fmt: skip

    def __init__(self, has: str | None = None) -> None:
        self.has = has
        self._mark = ""
        self._answers: list[str] = []
        self._state: str | None = None
        self._tally: str | None = None
        self._line: Line | None = None
        self._ready: asyncio.Event | None = None
        self.overflowed = False
        self.closing = False
        self.at_end: Callable[[], None] | None = None
        self.turns: Turns | None = None

    @property
    def ended(self) -> bool:
        """True where this is closed, or has overflowed."""
        return self.closing or self.overflowed

    @property
    def empty(self) -> bool:
        """True where there is nothing to send."""
        return not (self._answers or self._state or self._tally)

    def answer(self, frame: str) -> None:
        """Puts in an answer meant for this phone alone; answers are kept in order, MOST_ANSWERS of them."""
        if self.overflowed:
            return
        self.overflowed = len(self._answers) >= MOST_ANSWERS
        if self.overflowed:
            metrics.BEHIND.inc()
        self._answers.append(BEHIND if self.overflowed else frame)
        self.send_on()
        if self.overflowed:
            self._end()

    def state(self, frame: str, mark: str = "", change: str = "", since: str = "") -> None:
        """Puts in the room's latest state; replaces one that was not sent yet, and the tally that belonged to it.

        In its place goes the `change` from the state marked `since`, where that is what the screen was sent last.
        """
        if self.closing:
            return
        self._state = change if change and self.has == since else frame
        self._mark = mark
        self._tally = None
        self._wake()

    def tally(self, frame: str) -> None:
        """Puts in the room's latest tally; replaces one that was not sent yet."""
        if self.closing:
            return
        self._tally = frame
        self._wake()

    def close(self, last: str = "", *, with_others: bool = False) -> None:
        """Ends this once what is in here has gone out. With `last`, that is the last of it: a state or a tally that
        waits is not sent behind it. Where it is closed `with_others` of its room, that goes out in its turn."""
        if last and not self.ended:
            self._answers.append(last)
            self._state = self._tally = None
        self.closing = True
        if with_others:
            self._wake()
        else:
            self.in_turn()

    def in_turn(self) -> None:
        """Writes what is in here, as its turn has come; that is the end of one that was closed."""
        self.send_on()
        if self.closing:
            self._end()

    def tally_in_turn(self, frame: str) -> None:
        """Puts in the room's latest tally and writes it, as its turn has come."""
        if not self.closing:
            self._tally = frame
            self.send_on()

    def _wake(self) -> None:
        if self.turns is None:
            self.in_turn()
        else:
            self.turns.wake(self)

    def _end(self) -> None:
        tell, self.at_end = self.at_end, None
        if tell is not None:
            tell()

    def straight_to(self, line: Line) -> None:
        """Writes everything to a line from now on, what is in here first."""
        self._line = line
        self.send_on()

    def send_on(self) -> None:
        """Writes what is in here to its line, unless that is blocked; wakes its reader where it has no line."""
        line = self._line
        if line is not None:
            if line.blocked:
                return
            tally = self._tally
            if tally is not None and self._state is None and not self._answers:
                self._tally = None
                line.write_one(tally)  # nearly everything that is sent
            elif not self.empty:
                line.write(self._frames())
        elif self._ready is not None:
            self._ready.set()

    def _frames(self) -> list[str]:
        """Takes out everything to send now, answers first."""
        frames, self._answers = self._answers, []
        if self._state is not None:
            if self.has is not None:
                self.has = self._mark
            frames.append(self._state)
        if self._tally is not None:
            frames.append(self._tally)
        self._state = self._tally = None
        return frames

    async def take(self) -> list[str]:
        """Takes out everything to send now, answers first; waits until there is something. An empty list once
        ended."""
        while self.empty and not self.ended:
            self._ready = asyncio.Event()
            await self._ready.wait()
        return self._frames()
