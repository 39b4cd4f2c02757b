"""Phones of a rehearsal: each keeps a socket open, casts, waits for its answer, and comes back after a drop.

They use nothing but what a browser has: the join page, the form, the cookie, the websocket and forum/wire.py.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Final

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.typing import Origin

from forum.errors import ForumError
from forum.wire import Ack, Bye, CastMessage, Hello, Refused, State, decode_screen, encode

DEVICE: Final = "forum_device"
PATIENCE: Final = 90.0  # seconds without any answer after which a rehearsal gives up
_ANSWER_WITHIN: Final = 15.0  # seconds after which a phone hangs up and dials again
_TRY_AGAIN: Final = frozenset({"not_stored", "too_fast"})
_NOT_WANTED: Final = frozenset({4400, 4403, 4404})
_COME_BACK_LATER: Final = frozenset({429, 500, 502, 503, 504})

jitter = secrets.SystemRandom()


class RehearsalFailed(ForumError):
    """The rehearsal could not be carried out; the sentence says why."""

    code = "rehearsal"


@dataclass
class Counters:
    """What all phones of a rehearsal saw. `ack_ms` is from a cast's first sending to its acknowledgement."""

    cast: int = 0
    counted: int = 0
    changed: int = 0
    refused: int = 0
    reconnected: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    ack_ms: list[float] = field(default_factory=list)


@dataclass
class _Pending:
    """The cast that a phone is waiting for. `sent_on` is the socket that carried it last."""

    message: CastMessage
    answer: asyncio.Future[Ack | Refused]
    sent_on: ClientConnection | None = None


class Phone:
    """One phone. `base` is the server's address, `cookie` what the join page gave it."""

    def __init__(self, base: str, code: str, cookie: str, counters: Counters) -> None:
        self.cookie = cookie
        self.acknowledged: dict[str, str] = {}
        self.on_screen: State | None = None
        self.ready = asyncio.Event()
        self._url = f"{'wss' if base.startswith('https') else 'ws'}{base[base.index(':') :]}/s/{code}/socket"
        self._origin = Origin(base)
        self._counters = counters
        self._casting: CastMessage | None = None
        self._pending: _Pending | None = None
        self._socket: ClientConnection | None = None
        self._leaving = False

    async def stay(self, doors: asyncio.Semaphore) -> None:
        """Keeps a socket open until `leave`. `doors` limits how many phones shake hands at once at first.

        Raises RehearsalFailed where the server will not have this phone.
        """
        been_in = False
        deadline = time.monotonic() + PATIENCE
        while not self._leaving:
            try:
                if been_in:
                    socket = await self._dial()
                else:
                    async with doors:
                        socket = await self._dial()
                self._counters.reconnected += been_in
                been_in = True
                async with socket:
                    await self._listen(socket)
                deadline = time.monotonic() + PATIENCE
            except InvalidStatus as refusal:
                status = refusal.response.status_code
                if status not in _COME_BACK_LATER:
                    raise RehearsalFailed(
                        "The server refused a phone's socket (HTTP %(status)s).", status=status
                    ) from refusal
            except (OSError, TimeoutError, InvalidHandshake, WebSocketException):
                pass  # dropped, or the server is not back yet: a phone dials again until its patience ends
            if time.monotonic() > deadline:
                raise RehearsalFailed("The server went away and did not come back.")
            if not self._leaving:
                await asyncio.sleep(jitter.uniform(0.05, 0.6))

    async def leave(self) -> None:
        """Hangs up for good."""
        self._leaving = True
        if self._socket is not None:
            await self._socket.close()

    async def vote(self, round_id: str, choice: str, reason: str = "") -> None:
        """Casts, and returns once the cast is acknowledged, or refused for good.

        The cast keeps its id however often it is sent: after a drop, after a restart of the server, after a
        refusal that asks to try again. Raises RehearsalFailed where no answer comes for PATIENCE seconds.
        """
        counters = self._counters
        self._casting = message = CastMessage(secrets.token_hex(16), round_id, choice, reason)
        counters.cast += 1
        start = time.perf_counter()
        while True:
            answer = await self._answer_to(message)
            if isinstance(answer, Ack):
                counters.ack_ms.append((time.perf_counter() - start) * 1000)
                counters.counted += 1
                counters.changed += round_id in self.acknowledged
                self.acknowledged[round_id] = answer.choice
                return
            counters.refused += 1
            counters.refusals[answer.code] = counters.refusals.get(answer.code, 0) + 1
            if answer.code not in _TRY_AGAIN:
                return
            if time.perf_counter() - start > PATIENCE:
                raise RehearsalFailed("The server would not store a vote: %(words)s", words=answer.words)
            await asyncio.sleep(jitter.uniform(0.2, 1.0))

    async def _dial(self) -> ClientConnection:
        return await connect(
            self._url,
            origin=self._origin,
            additional_headers={"Cookie": f"{DEVICE}={self.cookie}"},
            compression=None,
            ping_interval=None,
            proxy=None,
            open_timeout=20,
            close_timeout=2,
        )

    async def _listen(self, socket: ClientConnection) -> None:
        self._socket = socket
        try:
            async for frame in _frames(socket):
                try:
                    message = decode_screen(frame)
                except msgspec.MsgspecError as error:
                    raise RehearsalFailed("The server sent a message that is none of Forum's.") from error
                if isinstance(message, State):
                    self.on_screen = message
                    self.ready.set()
                    await self._send_pending()
                elif isinstance(message, Ack | Refused):
                    self._take(message)
                elif isinstance(message, Hello):
                    self._check(message)
                elif isinstance(message, Bye) and not message.again:
                    raise RehearsalFailed("The server sent a phone away: %(why)s", why=message.why)
            if socket.close_code in _NOT_WANTED:
                raise RehearsalFailed("The server does not know a phone that had joined, or its session.")
        finally:
            self._socket = None
            # what this socket said is old by the time the next one is up
            self.on_screen = None

    def _check(self, hello: Hello) -> None:
        """What the server says it counted for this phone must be what it acknowledged, or the cast on its way."""
        on_its_way = self._casting
        for yours in hello.yours:
            said = {self.acknowledged.get(yours.round)}
            if on_its_way is not None and on_its_way.round == yours.round:
                said.add(on_its_way.choice)
            if yours.choice not in said:
                raise RehearsalFailed("The server showed a phone a vote that it never cast.")

    async def _answer_to(self, message: CastMessage) -> Ack | Refused:
        """Sends the cast as soon as its round is open on this phone, and again on every new socket."""
        answer: asyncio.Future[Ack | Refused] = asyncio.get_running_loop().create_future()
        self._pending = _Pending(message, answer)
        deadline = time.monotonic() + PATIENCE
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
        if pending is None or socket is None or now is None or pending.sent_on is socket:
            return
        if now.round is None or now.round.id != pending.message.round or now.round.state != "open":
            return
        pending.sent_on = socket
        try:
            await socket.send(encode(pending.message))
        except WebSocketException:
            pending.sent_on = None  # the socket is gone; the next one carries it

    def _take(self, message: Ack | Refused) -> None:
        pending = self._pending
        if pending is not None and message.cast == pending.message.id and not pending.answer.done():
            pending.answer.set_result(message)


async def _frames(socket: ClientConnection) -> AsyncIterator[str | bytes]:
    """The messages of a socket until it is closed, however it is closed."""
    try:
        async for frame in socket:
            yield frame
    except ConnectionClosed:
        return


def cookie_in(set_cookie: list[str]) -> str:
    """The device cookie among the Set-Cookie headers of an answer; "" where there is none."""
    for header in set_cookie:
        jar: SimpleCookie = SimpleCookie()
        jar.load(header)
        if DEVICE in jar:
            return jar[DEVICE].value
    return ""
