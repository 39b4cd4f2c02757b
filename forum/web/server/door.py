"""The door of websockets, at which those who were sent away are refused before anything is done for them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final

from forum.live.messages import VERSION
from forum.web.middleware import MARK

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


class Door:
    """Values of cookies whose handshakes are refused, each until a moment of `monotonic`, in seconds.

    A handshake that is let in costs a hundred times what it costs its sender. Who was sent away and comes back all the
    time would keep a server as busy as before.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._until: dict[bytes, float] = {}
        self._sweep = _KEPT

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
