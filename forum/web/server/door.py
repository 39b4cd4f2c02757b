"""The door, at which requests and websockets are let in a few at a time, and those who were sent away are refused
before anything is done for them."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from forum.live.giving_way import GivingWay
from forum.live.messages import VERSION
from forum.web.middleware import MARK

# Requests and handshakes that begin in one step of the event loop.
AT_ONCE: Final = 2
_KEPT: Final = 10_000
# Answers that end a connection: one for which there is no place, and one that asks for no websocket after all.
NO_PLACE: Final = (
    f"HTTP/1.1 503 Service Unavailable\r\n{MARK}: {VERSION}\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
    "Connection: close\r\n\r\n"
).encode()
NO_HANDSHAKE: Final = (
    f"HTTP/1.1 400 Bad Request\r\n{MARK}: {VERSION}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
).encode()
_SENT_AWAY: Final = (
    f"HTTP/1.1 429 Too Many Requests\r\n{MARK}: {VERSION}\r\nRetry-After: %d\r\nContent-Length: 0\r\n"
    "Connection: close\r\n\r\n"
).encode()

log = structlog.get_logger()


class Door:
    """What has come and waits to be let in, and values of cookies whose handshakes are refused, each until a moment of
    `monotonic`, in seconds.

    A page takes 10 ms and a handshake 2: of a hundred that come together, AT_ONCE begin in each step of the event loop,
    and none while `storing` says that votes are being stored. And one that is let in costs a hundred times what it
    costs its sender: who was sent away and comes back all the time would keep a server as busy as before.
    """

    def __init__(self, monotonic: Callable[[], float], storing: Callable[[], bool] = lambda: False) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._giving_way = GivingWay(storing)
        self._monotonic = monotonic
        self._until: dict[bytes, float] = {}
        self._sweep = _KEPT

    def let_in(self, begin: Callable[[], None]) -> None:
        """Calls `begin` when its turn comes, after those that came before."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._go)
        self._waiting.append(begin)

    def _go(self) -> None:
        if self._giving_way.put_off(self._go):
            return
        for begin in [self._waiting[number] for number in range(min(AT_ONCE, len(self._waiting)))]:
            try:
                begin()
            except Exception:  # a bug: the others must be let in all the same
                log.exception("something that came was not let in")
            self._waiting.popleft()
        self._giving_way.done()
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._go)

    def turn_away(self, device: str, seconds: float) -> None:
        """Refuses handshakes with this value of a cookie for so many seconds."""
        now = self._monotonic()
        if len(self._until) >= self._sweep:
            self._until = {each: until for each, until in self._until.items() if until > now}
            self._sweep = max(_KEPT, 2 * len(self._until))
        self._until[device.encode()] = now + seconds

    def refusal_of(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Returns the answer that refuses a handshake with these headers; none (b"") to one that is let in."""
        if not self._until:
            return b""
        for name, cookies in headers:
            if name == b"cookie":
                for cookie in cookies.split(b";"):
                    value = cookie.partition(b"=")[2].strip().strip(b'"')
                    seconds = self._until.get(value, 0.0) - self._monotonic()
                    if seconds > 0:
                        return _SENT_AWAY % math.ceil(seconds)
        return b""
