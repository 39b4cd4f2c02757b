"""The bytes of a websocket on their way in: a little at a time, so that nobody who floods one is felt by others.

uvicorn's own class works through whatever one read brings (256 KiB, which can be 40,000 frames) before it lets anybody
else have their turn, answers pings without end, and waits for ever for a peer that does not read its goodbye.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent
    from websockets.frames import Frame

PIECE = 1024  # bytes that are worked through before others have their turn: 170 frames at most
# Frames that carry no message (pings, pongs, pieces of one): so many at once, and so many more a second.
BURST = 100.0
REFILL = 5.0
MOST_LATE = 16 * 1024  # bytes that may come after the server has said goodbye
LINGER = 5.0  # seconds in which what was written last can still be taken


class Frames(WebSocketsSansIOProtocol):
    """One websocket."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        # Called when the connection is no more.
        self.gone: Callable[[], None] | None = None
        self._rest = bytearray()
        self._next: asyncio.Handle | None = None
        self._left = BURST
        self._at = self.loop.time()
        self._late = 0

    def connection_lost(self, exc: Exception | None) -> None:
        """Called at its end."""
        super().connection_lost(exc)
        if self.gone is not None:
            self.gone()

    def data_received(self, data: bytes) -> None:
        """Takes what was read. The first of it is the whole handshake."""
        if not self.handshake_initiated or (len(data) <= PIECE and not (self._rest or self.close_sent)):
            super().data_received(data)  # as nearly all that phones send
        elif self.close_sent and self._late + len(data) > MOST_LATE:
            self.transport.abort()
        else:
            self._late += len(data) * self.close_sent
            self._rest += data
            if self._next is None and (self.close_sent or not self.read_paused):
                self._go_on()

    def _go_on(self) -> None:
        """Works through the next piece, and reads no more before all pieces are done."""
        self._next = None
        if self.disconnected:
            self._rest.clear()
            return
        piece = bytes(self._rest[:PIECE])
        del self._rest[:PIECE]
        super().data_received(piece)
        if self.transport.is_closing():
            self._rest.clear()
        elif self._rest:
            self.transport.pause_reading()
            if self.close_sent or not self.read_paused:
                self._soon()
        elif not self.read_paused:
            self.transport.resume_reading()

    def _soon(self) -> None:
        if self._next is None:
            self._next = self.loop.call_soon(self._go_on)

    async def receive(self) -> ASGIReceiveEvent:
        """The next message for the application; more is read once it has them all."""
        message = await self.queue.get()
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            if self._rest:
                self._soon()
            else:
                self.transport.resume_reading()
        return message

    # ------------------------------------------------------------------ frames that carry no message

    def handle_ping(self) -> None:
        """Answers, unless there are too many, or the peer does not read its answers."""
        if self._may() and self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def handle_pong(self, event: Frame) -> None:
        """Takes an answer, unless there are too many."""
        if self._may():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        """Takes a piece of a message, unless there are too many."""
        if self._may():
            super().handle_cont(event)

    def _may(self) -> bool:
        """Whether one more may be taken; whoever sends too many is cut off."""
        now = self.loop.time()
        self._left = min(BURST, self._left + (now - self._at) * REFILL) - 1
        self._at = now
        if self._left < 0 and not self.transport.is_closing():
            self.transport.abort()
        return self._left >= 0

    # ------------------------------------------------------------------ the end

    def keepalive_timeout(self) -> None:
        """Gives up a peer that has not answered: what was written to it will not be taken."""
        super().keepalive_timeout()
        self.loop.call_later(LINGER, self._abort)

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """The application is done: a peer that does not read would keep the connection for ever."""
        super().on_task_complete(task)
        self.loop.call_later(LINGER, self._abort)

    def _abort(self) -> None:
        if not self.disconnected:
            self.transport.abort()
