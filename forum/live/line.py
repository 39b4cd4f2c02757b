"""A socket's end in this process, for a room that writes to it and is told of what comes by plain calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

# ASGI extension of a websocket under Forum's own server; its key "line" has a Line.
LINE: Final = "forum.line"
# Codes with which a server ends a socket on which something came that is no frame, no text or too long (RFC 6455).
NO_FRAME: Final = frozenset({1002, 1007, 1009})


class Line(Protocol):
    """One websocket without an application between it and the room. Nothing here waits."""

    # True while the other end does not take what was written already.
    blocked: bool

    def hand_over(
        self, receive: Callable[[str | bytes], None], ready: Callable[[], None], went: Callable[[int], None]
    ) -> None:
        """Gives whatever comes from now on to `receive`, a message at a time, what waits already first.

        `ready` is called when it is blocked no more, `went` once with the code with which the socket closed.
        """

    def deafen(self) -> None:
        """Reads no more, until it is ended."""

    def write_one(self, frame: str) -> None:
        """Writes a text frame; nothing where the socket has closed."""

    def write(self, frames: Sequence[str]) -> None:
        """Writes text frames; none where the socket has closed."""

    def turn_away(self, device: str, seconds: float) -> None:
        """Refuses every handshake at its path with this value of a cookie for so many seconds, before anything is done
        for it."""

    def end(self, code: int) -> None:
        """Closes the socket with a code; does nothing where it has closed."""
