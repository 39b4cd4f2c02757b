"""A websocket's end as its room holds it, what stands in the places of those that need none, and finished frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from websockets.frames import Frame, Opcode

if TYPE_CHECKING:
    from forum.web.server.frames import Frames


@lru_cache(maxsize=256)
def _head(length: int) -> bytes:
    """Returns what stands before a text message of so many bytes, and says nothing else of it."""
    whole = Frame(Opcode.TEXT, bytes(length)).serialize(mask=False)
    return whole[: len(whole) - length]


def framed(text: str) -> bytes:
    """Returns a text message as one frame."""
    message = text.encode()
    return _head(len(message)) + message


# A tally goes to a whole room.
framed_once = lru_cache(maxsize=16)(framed)


@lru_cache(maxsize=16)
def framed_together(texts: tuple[str, ...]) -> bytes:
    """Returns text messages as frames, one after another. The last ones are kept: a state and its tally go to a whole
    room."""
    return b"".join(map(framed, texts))


class Wire:
    """A websocket's end as its room holds it (forum.live.line.Line): small, as a hall of them is gone through at every
    tally.

    To uvicorn's class it is the event of being writable, which nobody waits for.
    """

    __slots__ = ("_frames", "_send", "blocked", "open")

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._send = frames.transport.write
        self.blocked = False
        self.open = True

    def is_set(self) -> bool:
        """Tells whether it is writable."""
        return not self.blocked

    def set(self) -> None:
        """Makes it writable."""
        self.blocked = False

    def clear(self) -> None:
        """Makes it not writable."""
        self.blocked = True

    def write_one(self, frame: str) -> None:
        """Writes a text frame; nothing where the socket has closed."""
        if self.open:
            self._send(framed_once(frame))

    def write(self, frames: Sequence[str]) -> None:
        """Writes text frames; none where the socket has closed."""
        if self.open:
            self._send(framed(frames[0]) if len(frames) == 1 else framed_together(tuple(frames)))

    def hand_over(
        self, receive: Callable[[str | bytes], None], ready: Callable[[], None], went: Callable[[int], None]
    ) -> None:
        """Gives whatever comes from now on to `receive`; see forum.live.line.Line. The application may end."""
        self._frames.hand_over(self, receive, ready, went)

    def deafen(self) -> None:
        """Reads no more, until it is ended: what comes meanwhile costs nothing."""
        self._frames.deafen()

    def turn_away(self, device: str, seconds: float) -> None:
        """Refuses every handshake at its path with this value of a cookie for so many seconds."""
        if self._frames.door is not None:
            self._frames.door.turn_away(self._frames.path, device, seconds)

    def end(self, code: int) -> None:
        """Closes the socket with a code; does nothing where it has closed."""
        self._frames.end(code)


class Nobody:
    """Takes the events of a socket whose application has ended."""

    def put_nowait(self, event: object) -> None:
        """Drops an event."""


class Ended:
    """The event of being writable, of all connections that have ended."""

    def is_set(self) -> bool:
        """Tells that nobody need wait."""
        return True

    def set(self) -> None:
        """Does nothing."""

    def clear(self) -> None:
        """Does nothing."""


ENDED = Ended()
