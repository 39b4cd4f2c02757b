"""Phones of a rehearsal: each votes and presses STOP, waits for the answer, and reconnects after a drop.

A message without an answer is kept and sent again with the same id on every new connection, as a page does.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Final, TypeAlias

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from forum.live.messages import Ack, CastMessage, Change, Hello, Refused, State, StopMessage, Stopped, ToScreen, encode
from forum.rehearsal.crowd_plan import RehearsalFailed
from forum.rehearsal.network import AFTER, BEFORE, LATE, Pace
from forum.rehearsal.screen_client import Watcher, jitter
from forum.rehearsal.script import Press, Vote
from forum.voting.round import RoundState

DEVICE: Final = "forum_device"
_ANSWER_WITHIN: Final = 15.0  # seconds after which a phone closes its connection and opens a new one
_SHOWING = re.compile(r'data-part="stop"[^>]* data-showing="([^"]+)"')
_AWAY = (0.2, 1.5)  # seconds without a network

Answer: TypeAlias = Ack | Refused | Stopped


@dataclass
class Counters:
    """Counts over all phones of a rehearsal. `ack_ms` is the time from a cast's first sending to its acknowledgement.

    `resent` counts messages sent again; `arrived` counts casts that were counted although their answer was lost.
    `untold` describes refused casts that did not get the reason they should have got.
    """

    cast: int = 0
    counted: int = 0
    changed: int = 0
    refused: int = 0
    resent: int = 0
    arrived: int = 0
    stops: int = 0
    stops_said: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    untold: list[str] = field(default_factory=list)
    ack_ms: list[float] = field(default_factory=list)

    def refuse(self, answer: Refused) -> None:
        """Counts a refusal."""
        self.refused += 1
        self.refusals[answer.code] = self.refusals.get(answer.code, 0) + 1
        if not answer.words.strip():
            self.untold.append(f"{answer.code}: no words")


@dataclass
class _Pending:
    """A message that waits for its answer. `sent_on` is the socket that carried it last; `may` tells whether it may be
    sent.
    """

    message: CastMessage | StopMessage
    answer: asyncio.Future[Answer]
    may: Callable[[State], bool]
    cut_after: bool = False
    sent_on: ClientConnection | None = None


class Phone(Watcher):
    """One phone. `cookie` is the one that the join page set.

    `acknowledged` holds the acknowledged choices by round; `known` those that it shows as counted, as the page does.
    `stranded` is set while it is disconnected until the round has closed.
    """

    def __init__(self, base: str, code: str, cookie: str, counters: Counters, pace: Pace | None = None) -> None:
        super().__init__(base, f"/s/{code}/socket", "phone", {"Cookie": f"{DEVICE}={cookie}"}, pace)
        self.cookie = cookie
        self.acknowledged: dict[str, str] = {}
        self.known: dict[str, str] = {}
        self.stranded = asyncio.Event()
        self._counters = counters
        self._casting: CastMessage | None = None
        self._pending: _Pending | None = None

    async def vote(self, round_id: str, vote: Vote, drop: str = "", *, anyway: bool = False) -> None:
        """Casts a vote, and returns once it is acknowledged, or refused for good.

        The cast keeps its id however often it is sent: after a drop, a restart of the server, or a refusal that asks to
        try again. `drop` is when this phone loses its connection (network.BEFORE, AFTER or LATE); with LATE it waits
        for `come_back`. `anyway` sends it whatever is on the screen by then, where somebody else closes votes. Raises
        RehearsalFailed where no answer comes within its patience.
        """
        counters = self._counters

        def is_open(now: State) -> bool:
            return now.round is not None and now.round.id == round_id and now.round.state == RoundState.OPEN

        message = CastMessage(secrets.token_hex(16), round_id, vote.choice, vote.reason, vote.condition)
        if drop in (BEFORE, LATE):
            await self.until(lambda now: is_open(now) or None)
            self.cut()
            if drop == LATE:
                self.stranded.set()
                await self._line.wait()
                self.stranded.clear()
            else:
                asyncio.get_running_loop().call_later(jitter.uniform(*_AWAY), self.come_back)
        self._casting = message
        counters.cast += 1
        start = time.perf_counter()
        # a vote written while the round was open is sent whatever is on the screen by then
        sent_anyway = anyway or drop in (BEFORE, LATE)
        answer = await self._told(message, (lambda now: True) if sent_anyway else is_open, drop == AFTER)
        if isinstance(answer, Ack):
            counters.ack_ms.append((time.perf_counter() - start) * 1000)
            counters.counted += 1
            counters.changed += round_id in self.acknowledged
            self.acknowledged[round_id] = self.known[round_id] = answer.choice
        code = answer.code if isinstance(answer, Refused) else ""
        due = "closed" if drop == LATE else vote.refused
        if code != due and due:
            counters.untold.append(f"{due}: the phone was told {code or 'that it is counted'}")

    async def press(self, press: Press) -> bool:
        """Presses STOP in the current scene, and returns whether the server took it."""
        showing = await self.until(lambda now: showing_in(now.html))
        message = StopMessage(secrets.token_hex(16), showing, press.character, press.how)
        answer = await self._told(message, lambda now: True, cut_after=False)
        if isinstance(answer, Stopped):
            self._counters.stops += 1
            self._counters.stops_said += bool(press.character or press.how)
        return isinstance(answer, Stopped)

    async def _told(self, message: CastMessage | StopMessage, may: Callable[[State], bool], cut_after: bool) -> Answer:
        """Returns the final answer to a message, sending it again after every refusal that asks for it."""
        start = time.perf_counter()
        while True:
            answer = await self._answer_to(message, may, cut_after)
            if not isinstance(answer, Refused):
                return answer
            self._counters.refuse(answer)
            if not answer.again:
                return answer
            if time.perf_counter() - start > self.patience:
                raise RehearsalFailed("The server would not store a vote: %(words)s", words=answer.words)
            await asyncio.sleep(jitter.uniform(0.2, 1.0))

    async def _hear(self, message: ToScreen) -> None:
        await super()._hear(message)
        if isinstance(message, Ack | Refused | Stopped):
            self._take(message)
        elif isinstance(message, Hello):
            self._check(message)
        # a pending message is sent once the screen is up to date
        if self.connected or isinstance(message, State | Change):
            await self._send_pending()

    def _check(self, hello: Hello) -> None:
        """Raises RehearsalFailed unless the server's counted choices are those acknowledged to this phone, or the
        pending cast.
        """
        on_its_way = self._casting
        for yours in hello.yours:
            said = {self.acknowledged.get(yours.round)}
            if on_its_way is not None and on_its_way.round == yours.round:
                said.add(on_its_way.choice)
            if yours.choice not in said:
                raise RehearsalFailed("The server showed a phone a vote that it never cast.")
            if self._pending is not None and self._pending.message is on_its_way and self._pending.sent_on is not None:
                self._counters.arrived += yours.choice not in (None, self.acknowledged.get(yours.round))
            self.known[yours.round] = yours.choice

    async def _answer_to(
        self, message: CastMessage | StopMessage, may: Callable[[State], bool], cut_after: bool
    ) -> Answer:
        """Returns the answer to a message, which is sent as soon as it may be, and again on every new socket."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._pending = _Pending(message, answer, may, cut_after)
        deadline = time.monotonic() + self.patience
        try:
            await self._send_pending()
            while not (await asyncio.wait({answer}, timeout=_ANSWER_WITHIN))[0]:
                if time.monotonic() > deadline:
                    raise RehearsalFailed("The server did not answer a phone's vote.")
                if self._socket is not None:
                    self._socket.transport.abort()
            return answer.result()
        finally:
            self._pending = None

    async def _send_pending(self) -> None:
        pending, socket, now = self._pending, self._socket, self.on_screen
        if pending is None or socket is None or now is None or pending.sent_on is socket or not pending.may(now):
            return
        self._counters.resent += pending.sent_on is not None
        pending.sent_on = socket
        try:
            if self._pace is not None:
                await asyncio.sleep(self._pace.delay)
            await socket.send(encode(pending.message))
        except WebSocketException:
            pending.sent_on = None  # the socket is gone; the next one carries it
            return
        if pending.cut_after:
            pending.cut_after = False
            self.cut()
            asyncio.get_running_loop().call_later(jitter.uniform(*_AWAY), self.come_back)

    def _take(self, message: Answer) -> None:
        pending = self._pending
        answered = message.stop if isinstance(message, Stopped) else message.cast
        if pending is not None and answered == pending.message.id and not pending.answer.done():
            pending.answer.set_result(message)


def showing_in(html: str) -> str | None:
    """Returns the id of the replay that can be stopped on a phone; None where there is none."""
    match = _SHOWING.search(html)
    return match[1] if match else None


def cookie_in(set_cookie: list[str]) -> str:
    """Returns the device cookie in an answer's Set-Cookie headers; "" where there is none."""
    for header in set_cookie:
        jar: SimpleCookie = SimpleCookie()
        jar.load(header)
        for name, cookie in jar.items():
            if name.startswith(DEVICE):  # the port may follow the name
                return cookie.value
    return ""
