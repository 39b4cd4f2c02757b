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
# Things looked at in one step, of which some may have nobody any more who waits for them.
_LOOKED_AT: Final = 100
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
    """What has come and waits to be let in, and paths with values of cookies whose handshakes are refused, each until a
    moment of `monotonic`, in seconds.

    A page takes 10 ms and a handshake 2: of a hundred that come together, AT_ONCE begin in each step of the event loop,
    and none while `storing` says that votes are being stored. Places come in turns: who opens thousands of connections
    waits for themselves. And one that is let in costs a hundred times what it costs its sender: who was sent away and
    comes back all the time would keep a server as busy as before.
    """

    def __init__(self, monotonic: Callable[[], float], storing: Callable[[], bool] = lambda: False) -> None:
        self._waiting: dict[str, deque[Callable[[], bool]]] = {}  # by place, in the order of their turns
        self._going = False
        self._giving_way = GivingWay(storing)
        self._monotonic = monotonic
        self._until: dict[tuple[bytes, bytes], float] = {}
        self._sweep = _KEPT

    def let_in(self, place: str, begin: Callable[[], bool]) -> None:
        """Calls `begin` when the turn of its place comes, after what came from there before. It returns False where
        nobody waits for it any more, and nothing was done."""
        self._waiting.setdefault(place, deque()).append(begin)
        if not self._going:
            self._going = True
            asyncio.get_running_loop().call_soon(self._go)

    def _go(self) -> None:
        if self._giving_way.put_off(self._go):
            return
        begun = 0
        for _ in range(_LOOKED_AT):
            if begun == AT_ONCE or not self._waiting:
                break
            begun += self._begin_next()
        self._giving_way.done()
        self._going = bool(self._waiting)
        if self._going:
            asyncio.get_running_loop().call_soon(self._go)

    def _begin_next(self) -> bool:
        place = next(iter(self._waiting))
        queue = self._waiting.pop(place)
        begin = queue.popleft()
        if queue:
            self._waiting[place] = queue
        try:
            return begin()
        except Exception:  # a bug: the others must be let in all the same
            log.exception("something that came was not let in")
            return True

    def turn_away(self, path: bytes, device: str, seconds: float) -> None:
        """Refuses handshakes at this path with this value of a cookie for so many seconds."""
        now = self._monotonic()
        if len(self._until) >= self._sweep:
            self._until = {each: until for each, until in self._until.items() if until > now}
            self._sweep = max(_KEPT, 2 * len(self._until))
        self._until[path, device.encode()] = now + seconds

    def refusal_of(self, url: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Returns the answer that refuses a handshake at this address with these headers; none (b"") to one that is let
        in."""
        if not self._until:
            return b""
        path = url.partition(b"?")[0]
        for name, cookies in headers:
            if name == b"cookie":
                for cookie in cookies.split(b";"):
                    value = cookie.partition(b"=")[2].strip().strip(b'"')
                    seconds = self._until.get((path, value), 0.0) - self._monotonic()
                    if seconds > 0:
                        return _SENT_AWAY % math.ceil(seconds)
        return b""
