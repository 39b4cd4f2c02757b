"""Incoming bytes of a websocket, worked through in small pieces, so that a flood on one does not delay the others.

uvicorn's own class works through everything of one read (256 KiB, which can be 40,000 frames) before anybody else has
their turn, answers pings without end, and waits for ever for a peer that does not read its close frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent
    from websockets.frames import Frame

PIECE = 1024  # bytes that are worked through in one turn: at most 170 frames
# Frames without a message (pings, pongs, pieces of one): this many at once, and this many more a second.
BURST = 100.0
REFILL = 5.0
MOST_LATE = 16 * 1024  # bytes that may come after the server has sent its close frame
LINGER = 5.0  # seconds in which the last bytes written can still be read


class Frames(WebSocketsSansIOProtocol):
    """One websocket."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        # Called when the connection has ended.
        self.gone: Callable[[], None] | None = None
        self._rest = bytearray()
        self._next: asyncio.Handle | None = None
        self._left = BURST
        self._at = self.loop.time()
        self._late = 0

    def connection_lost(self, exc: Exception | None) -> None:
        """Calls `gone` at the end of the connection."""
        super().connection_lost(exc)
        if self.gone is not None:
            self.gone()

    def data_received(self, data: bytes) -> None:
        """Takes the bytes of one read. The first read is the whole handshake."""
        if not self.handshake_initiated or (len(data) <= PIECE and not (self._rest or self.close_sent)):
            super().data_received(data)  # nearly everything that phones send
        elif self.close_sent and self._late + len(data) > MOST_LATE:
            self.transport.abort()
        else:
            self._late += len(data) * self.close_sent
            self._rest += data
            if self._next is None and (self.close_sent or not self.read_paused):
                self._go_on()

    def _go_on(self) -> None:
        """Works through the next piece; reads no more before all pieces are done."""
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
        """Returns the next message for the application; reads on once it has them all."""
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
        """Answers a ping, unless there are too many, or the peer does not read its answers."""
        if self._may() and self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def handle_pong(self, event: Frame) -> None:
        """Takes a pong, unless there are too many."""
        if self._may():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        """Takes a piece of a message, unless there are too many."""
        if self._may():
            super().handle_cont(event)

    def _may(self) -> bool:
        """Tells whether one more of these frames may be taken; cuts off a peer that sends too many."""
        now = self.loop.time()
        self._left = min(BURST, self._left + (now - self._at) * REFILL) - 1
        self._at = now
        if self._left < 0 and not self.transport.is_closing():
            self.transport.abort()
        return self._left >= 0

    # ------------------------------------------------------------------ the end

    def keepalive_timeout(self) -> None:
        """Cuts off a peer that has not answered a ping, as it will not read what was written to it."""
        super().keepalive_timeout()
        self.loop.call_later(LINGER, self._abort)

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Ends the connection when the application is done; a peer that does not read would keep it for ever."""
        super().on_task_complete(task)
        self.loop.call_later(LINGER, self._abort)

    def _abort(self) -> None:
        if not self.disconnected:
            self.transport.abort()
