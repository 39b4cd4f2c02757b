"""Bytes of a websocket: what comes is worked through in small pieces, so that a flood on one does not delay the others;
what goes out is written straight to the network.

uvicorn's own class works through everything of one read (256 KiB, which can be 40,000 frames) before anybody else has
their turn, answers pings without end, and waits for ever for a peer that does not read its close frame. It needs a
queue, two switches of tasks and a pause of reading for each message; once handed over (forum/live/line.py), a socket
needs none of them, and its application has ended.
"""

from __future__ import annotations

import asyncio
import math
import random
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.protocol import State

from forum.live.line import LINE, NO_FRAME
from forum.live.metrics import SLOW
from forum.web.server.door import Door
from forum.web.server.wire import ENDED, Nobody, Wire

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent
    from websockets.http11 import Request

PIECE = 1024  # bytes that are worked through in one turn: at most 170 frames
# Frames without a message (pings, pongs, pieces of one): this many at once, and this many more a second.
BURST = 100.0
REFILL = 5.0
MOST_LATE = 16 * 1024  # bytes that may come after the server has sent its close frame
TOGETHER = 0.1  # seconds between moments at which pings are sent
LINGER = 5.0  # seconds in which the last bytes written can still be read
# Bytes that the system keeps unsent for a peer that does not read, and after them takes no more: so that such a peer
# has the latest when it wakes, not all that was sent meanwhile. (Linux; Python names it from 3.12 on.)
UNSENT = 512
_NOTSENT_LOWAT = getattr(socket, "TCP_NOTSENT_LOWAT", 25) if sys.platform == "linux" else None


class Frames(WebSocketsSansIOProtocol):
    """One websocket."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        # Called when the connection has ended.
        self.gone: Callable[[], None] | None = None
        self.door: Door | None = None  # at which those who come back are turned away
        self.path = b""
        self._rest = bytearray()
        self._next: asyncio.Handle | None = None
        self._left = BURST
        self._at = self.loop.time()
        self._late = 0
        self._slow = False  # counted as such
        # What it was handed over to.
        self._take: Callable[[str | bytes], None] | None = None
        self._ready: Callable[[], None] | None = None
        self._went: Callable[[int], None] | None = None
        self._wire: Wire | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Calls `gone`, and whoever it was handed over to, at the end of the connection.

        It lets go of all that holds it in turn: what the collector must find stays until nobody is connected.
        """
        super().connection_lost(exc)
        self.conn.parser.close()
        if self._wire is not None:
            self._wire.open = False
            self._wire = None
            self.writable = cast(Any, ENDED)
        if self.gone is not None:
            self.gone()
        went, self._went = self._went, None
        if self._slow:
            SLOW.dec()
            self._slow = False
        self._take = self._ready = None
        if went is not None:
            went(self._code())

    def _code(self) -> int:
        """Returns the code with which the peer closed, or with which we did as it sent what is no frame; 1005, as RFC
        6455 has it, where there is none."""
        sent, received = self.conn.close_sent, self.conn.close_rcvd
        if sent is not None and sent.code in NO_FRAME and not self.conn.close_rcvd_then_sent:
            return sent.code
        # What the peer says of what we sent is no fault of theirs.
        return 1005 if received is None or received.code in NO_FRAME else received.code

    # ------------------------------------------------------------------ a line (forum.live.line.Line)

    def handle_connect(self, event: Request) -> None:
        """Offers the application to be handed over."""
        self.path = event.path.partition("?")[0].encode("ascii", "surrogateescape")
        super().handle_connect(event)
        if not self.close_sent:
            cast(dict[str, Any], self.scope["extensions"])[LINE] = {"line": Wire(self)}

    def hand_over(
        self,
        wire: Wire,
        receive: Callable[[str | bytes], None],
        ready: Callable[[], None],
        went: Callable[[int], None],
    ) -> None:
        """Gives whatever comes from now on to `receive`; see forum.live.line.Line. The application may end."""
        waiting, self.queue = self.queue, cast(Any, Nobody())
        if self.disconnected or self.conn.state is not State.OPEN or self.transport.is_closing():
            wire.open = False
            self.loop.call_soon(went, self._code())
            return
        self._take, self._ready, self._went = receive, ready, went
        wire.blocked = not self.writable.is_set()
        self._wire = wire
        self.writable = cast(Any, wire)
        self.transport.set_write_buffer_limits(high=0)
        if _NOTSENT_LOWAT is not None and (raw := self.transport.get_extra_info("socket")) is not None:
            raw.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, UNSENT)
        while not waiting.empty():
            message = cast(dict[str, Any], waiting.get_nowait())
            if message["type"] == "websocket.receive":
                text = message.get("text")
                receive(text if text is not None else message["bytes"])
        if self.read_paused:
            self.read_paused = False
            if self._rest:
                self._soon()
            else:
                self.transport.resume_reading()

    def deafen(self) -> None:
        """Reads no more, until it is ended: what comes meanwhile costs nothing."""
        self.read_paused = True
        self._rest.clear()
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def end(self, code: int) -> None:
        """Closes the socket with a code; does nothing where it has closed."""
        if self.conn.state is not State.OPEN or self.transport.is_closing():
            return
        self._shut()
        self.conn.send_close(code)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def _shut(self) -> None:
        """Writes nothing more of its room's. Whoever does not read what is under way is not waited for."""
        if self._wire is not None and self._wire.open:
            self._wire.open = False
            self.close_timer = self.loop.call_later(LINGER, self._abort)

    def eof_received(self) -> None:
        """Ends what was handed over where the peer has ended its half."""
        self._shut()

    def pause_writing(self) -> None:
        """Counts it among the slow ones."""
        super().pause_writing()
        if self._went is not None and not self._slow:
            self._slow = True
            SLOW.inc()

    def resume_writing(self) -> None:
        """Tells whoever it was handed over to that it is blocked no more."""
        super().resume_writing()
        if self._slow:
            self._slow = False
            SLOW.dec()
        if self._ready is not None:
            self._ready()

    def send_receive_event_to_app(self) -> None:
        """Hands a complete message on: to the application's queue, or to whoever it was handed over to."""
        if self._take is None or self.close_sent:
            super().send_receive_event_to_app()
            return
        if self.conn.state is not State.OPEN:
            self._shut()  # the peer closed behind this message: its answer would follow the close frame
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        if self.curr_msg_data_type == "bytes":
            self.frames = []
            self._take(bytes(data))
            return
        try:
            text = data.decode()
        except UnicodeDecodeError:
            super().send_receive_event_to_app()
            return
        self.frames = []
        self._take(text)

    async def run_asgi(self) -> None:
        """Runs the application, as uvicorn does; a socket that it handed over goes on without it."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            self.logger.exception("Exception in ASGI application\n")
            self.send_500_response()
        else:
            if self._went is not None:
                self._forget_application()
                return
            if not self.handshake_complete:
                self.logger.error("ASGI callable returned without completing handshake.")
                self.send_500_response()
        if self.close_timer is None:
            self.transport.close()

    def _forget_application(self) -> None:
        """Lets go of what only the application needed, ten KiB of it."""
        self.scope = self.request = self.response = cast(Any, None)

    def data_received(self, data: bytes) -> None:
        """Takes the bytes of one read. The first read is the whole handshake."""
        if not self.handshake_initiated or (len(data) <= PIECE and not (self._rest or self.close_sent)):
            self._work_through(data)  # nearly everything that phones send
        elif self.close_sent and self._late + len(data) > MOST_LATE:
            self.transport.abort()
        else:
            self._late += len(data) * self.close_sent
            self._rest += data
            if self._next is None and (self.close_sent or not self.read_paused):
                self._go_on()

    def _work_through(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.state is not State.OPEN:
            self._shut()

    def _go_on(self) -> None:
        """Works through the next piece; reads no more before all pieces are done."""
        self._next = None
        if self.disconnected:
            self._rest.clear()
            return
        piece = bytes(self._rest[:PIECE])
        del self._rest[:PIECE]
        self._work_through(piece)
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

    def schedule_ping(self) -> None:
        """Sets the time of the next ping: with others at the next TOGETHER, as waking for each of a hall of phones
        costs more than its ping. The first time is a random one, so that those who came together are not all asked
        together."""
        interval = self.ping_interval or 0.0
        due = self.loop.time() + interval
        if not self.ping_sent_at:
            due -= random.uniform(0, interval / 2)  # noqa: S311 - nothing is kept secret by it
        self.ping_timer = self.loop.call_at(math.ceil(due / TOGETHER) * TOGETHER, self.send_keepalive_ping)

    def shutdown(self) -> None:
        """Tells the peer that the server goes, and closes; one that is closing already is told nothing more.

        uvicorn goes through all connections a second time, and an error there would break off the end of the server.
        """
        if self.transport.is_closing():
            self.stop_keepalive()
        elif self.handshake_complete and not self.close_sent and self.conn.state is not State.OPEN:
            self.stop_keepalive()
            self.transport.close()
        else:
            super().shutdown()
        self._shut()

    def send_500_response(self) -> None:
        """Answers a handshake that came to nothing, unless it has been refused already."""
        if not self.transport.is_closing():
            super().send_500_response()

    def keepalive_timeout(self) -> None:
        """Cuts off a peer that has not answered a ping, as it will not read what was written to it."""
        super().keepalive_timeout()
        self._shut()
        self.loop.call_later(LINGER, self._abort)

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Ends the connection when the application is done; a peer that does not read would keep it for ever."""
        super().on_task_complete(task)
        if self._went is None:
            self.loop.call_later(LINGER, self._abort)

    def _abort(self) -> None:
        if not self.disconnected:
            self.transport.abort()
