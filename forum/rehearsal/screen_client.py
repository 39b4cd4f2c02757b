"""Screens of a rehearsal: each keeps a socket open, holds the state it shows, and reconnects after a drop.

They use only what a browser has: the link or the cookie, the websocket and forum/live/messages.py.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.typing import Origin

from forum.live.line_patch import patched
from forum.live.messages import Bye, Change, Hello, State, Tally, ToScreen, decode_screen
from forum.rehearsal.crowd_plan import RehearsalFailed
from forum.rehearsal.network import Pace

PATIENCE: Final = 90.0  # seconds without any answer after which a rehearsal gives up
_NOT_WANTED: Final = frozenset({4400, 4403, 4404})
_COME_BACK_LATER: Final = frozenset({429, 500, 502, 503, 504})
_SOONEST: Final = 0.4  # seconds
_SLOWEST: Final = 20.0
_QUEUE: Final = 16  # frames that are read ahead
_SLOW_QUEUE: Final = 1

jitter = secrets.SystemRandom()

Found = TypeVar("Found")


def origin_of(base: str) -> str:
    """Returns the origin of a page at this address, as a browser sends it: without the path."""
    return urlsplit(base)._replace(path="").geturl()


def pause(tries: int) -> float:
    """Returns for how many seconds a screen waits before its next attempt, after so many without a hello, as
    static/live/room-connection.js does: twice as long each time, and no two screens alike.
    """
    return min(_SLOWEST, _SOONEST * 2.0 ** min(tries, 9)) * jitter.uniform(0.5, 1.5)


class Watcher:
    """One screen. `base` is the server's address, `path` its socket's, `headers` hold its cookie or token.

    `on_screen` and `tally` are the state it shows; `connected` is True while that state is current. `reconnected` and
    `dropped` count the events of its connection. `patience` are seconds without any answer after which it gives up.
    """

    patience = PATIENCE

    def __init__(
        self, base: str, path: str, kind: str, headers: Mapping[str, str] | None = None, pace: Pace | None = None
    ) -> None:
        self.kind = kind
        self.on_screen: State | None = None
        self._history = ""
        self._newest = -1  # the version that it shows, within this history
        self.tally: Tally | None = None
        self.connected = False
        self.ready = asyncio.Event()
        self.reconnected = 0
        self.dropped = 0
        self.slow = pace is not None
        self._pace = pace
        self._url = f"{'wss' if base.startswith('https') else 'ws'}{base[base.index(':') :]}{path}"
        self._origin = Origin(origin_of(base))
        self._headers = dict(headers or {})
        self._socket: ClientConnection | None = None
        self._tries = 0  # connections without a hello since the last one that had it
        self._leaving = False
        self._line = asyncio.Event()  # set while the simulated network is up
        self._line.set()
        self._news = asyncio.Event()

    async def stay(self, doors: asyncio.Semaphore) -> None:
        """Keeps a socket open until `leave`. `doors` limits how many first connections are made at once.

        Raises RehearsalFailed where the server refuses this screen for good.
        """
        been_in = False
        deadline = time.monotonic() + self.patience
        while not self._leaving:
            if not self._line.is_set():
                await self._line.wait()
                deadline = time.monotonic() + self.patience
                self._tries = 0
                continue
            try:
                if been_in:
                    socket = await self._dial()
                else:
                    async with doors:
                        socket = await self._dial()
                self.reconnected += been_in
                been_in = True
                try:
                    async with socket:
                        if self._line.is_set():
                            await self._listen(socket)
                        else:
                            socket.transport.abort()
                finally:  # however it ended, it was there until now
                    deadline = time.monotonic() + self.patience
            except InvalidStatus as refusal:
                status = refusal.response.status_code
                if status not in _COME_BACK_LATER:
                    raise RehearsalFailed(
                        "The server refused a screen's socket (HTTP %(status)s).", status=status
                    ) from refusal
            except (OSError, TimeoutError, InvalidHandshake, WebSocketException):
                pass  # dropped, or the server is not back yet: try again until its patience ends
            if time.monotonic() > deadline:
                raise RehearsalFailed("The server went away and did not come back.")
            if not self._leaving:
                await asyncio.sleep(pause(self._tries))
                self._tries += 1

    async def leave(self) -> None:
        """Closes the socket for good."""
        self._leaving = True
        self._line.set()
        if self._socket is not None:
            await self._socket.close()

    def cut(self) -> None:
        """Simulates the loss of the network: the TCP connection is reset without a closing handshake."""
        self.dropped += 1
        self._line.clear()
        self.connected = False
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.transport.abort()

    def come_back(self) -> None:
        """Ends the simulated loss of the network."""
        self._line.set()

    async def news(self) -> None:
        """Returns when the next message has arrived, however long that takes."""
        await self._news.wait()

    async def until(self, find: Callable[[State], Found | None]) -> Found:
        """Returns the first result of `find` on this screen that is not None. Raises RehearsalFailed when its
        patience ends.
        """
        try:
            async with asyncio.timeout(self.patience):
                while True:
                    result = find(self.on_screen) if self.on_screen is not None else None
                    if result is not None:
                        return result
                    await self._news.wait()
        except TimeoutError:
            raise RehearsalFailed("A screen (%(kind)s) did not show what it should.", kind=self.kind) from None

    async def _dial(self) -> ClientConnection:
        # Tells the server what is shown, so that it sends only what changed since.
        now = self.on_screen
        seen = {"mark": now.mark, "h": self._history, "has": now.mark} if now is not None else {"has": ""}
        return await connect(
            f"{self._url}?{urlencode(seen)}",
            origin=self._origin,
            additional_headers=self._headers,
            compression=None,
            ping_interval=None,
            proxy=None,
            open_timeout=20,
            close_timeout=2,
            max_queue=_SLOW_QUEUE if self.slow else _QUEUE,
        )

    async def _listen(self, socket: ClientConnection) -> None:
        self._socket = socket
        try:
            async for frame in _frames(socket):
                if self._pace is not None:
                    await asyncio.sleep(len(frame) / self._pace.rate)
                try:
                    message = decode_screen(frame)
                except msgspec.MsgspecError as error:
                    raise RehearsalFailed("The server sent a message that is none of Forum's.") from error
                if not self._line.is_set():
                    break  # cut off before this message arrived
                await self._hear(message)
                self._news.set()
                self._news = asyncio.Event()
            if socket.close_code in _NOT_WANTED:
                raise RehearsalFailed("The server does not know a screen that was let in, or its session.")
        finally:
            self._socket = None
            self.connected = False

    async def _hear(self, message: ToScreen) -> None:
        if isinstance(message, State | Change):
            self._show(message)
        elif isinstance(message, Tally):
            # The last message of a greeting: from here the screen is up to date.
            self.tally = message
            self.connected = self.on_screen is not None
            if self.connected:
                self.ready.set()
        elif isinstance(message, Hello):
            self._tries = 0
            self.tally = None
            if message.history != self._history:
                self._history, self._newest = message.history, -1
        elif isinstance(message, Bye) and not message.again:
            raise RehearsalFailed("The server sent a screen away: %(why)s", why=message.why)

    def _show(self, message: State | Change) -> None:
        before = self.on_screen
        if message.v < self._newest:
            return
        if isinstance(message, State):
            self._newest, self.on_screen = message.v, message
        elif before is not None and message.since == before.mark:
            self._newest = message.v
            html = "\n".join(patched(before.html.split("\n"), message.lines))
            self.on_screen = State(message.v, message.cue, message.round, message.paused, html, message.mark)
        elif self._socket is not None:
            # The change is based on another state: reconnecting brings the whole state.
            self._socket.transport.abort()


async def _frames(socket: ClientConnection) -> AsyncIterator[str | bytes]:
    """Yields the messages of a socket until it is closed, in whatever way."""
    try:
        async for frame in socket:
            yield frame
    except ConnectionClosed:
        return
