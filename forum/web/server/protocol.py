"""The HTTP protocol class of the server: uvicorn's (httptools), with a bound on everything that a stranger sends
before it is parsed.

A head that is too long is answered in the reader's language (`refusals.py`), as far as the headers before it tell;
nothing after it is read.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote

import httptools
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from forum.web.errors import ENDED_HERE
from forum.web.server import bounds
from forum.web.server.connections import LEAST, Connections, Stage
from forum.web.server.door import NO_HANDSHAKE, NO_PLACE
from forum.web.server.frames import Frames
from forum.web.server.refusals import LINGER, REFUSED, refusing

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

# Seconds in which a request that was sent to a server just before it ends is still taken.
_ON_ITS_WAY: Final = 0.3
# Bytes that are parsed between two looks at the bounds.
_SLICE = 16 * 1024


class _Enough(Exception):
    """Stops the parser: no more of these bytes is wanted."""


class BoundedHttp(HttpToolsProtocol):
    """One connection. Beyond a bound it stops listening: requests under way are answered, then it ends."""

    def __init__(self, *arguments: Any, connections: Connections, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.place = ""
        self.came = 0.0
        self._connections = connections
        self._counted = False
        self._where = Stage.IDLE
        self._messages = self._got = self._resumed = 0
        # State at the last look: what it waited for, since when, and how far it was then.
        self._mark: tuple[Stage, int, int] | None = None
        self._since = 0.0
        self._far = 0
        self._deaf = False
        self._begun = False
        self._in_head = True
        self._told = False
        self._last = False  # nothing more is answered after what is under way
        self._asking = False  # for a websocket, which this has become since or is still to become
        self._unparsed = 0
        self._head = 0
        self._headers = 0
        self._pieces = 0
        self._refused = 0

    # ------------------------------------------------------------------ its place among the others

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes a place among the connections, or answers 503 and ends."""
        super().connection_made(cast(asyncio.Transport, transport))
        self.place = self._connections.place_of(self.client[0] if self.client else "")
        if not self.place:
            self.timeout_keep_alive = int(self._connections.patience.proxys)
        self.came = self._connections.monotonic()
        self._counted = self._connections.take(self)
        if not self._counted:
            self._say_and_close(NO_PLACE)

    def _say_and_close(self, answer: bytes) -> None:
        self._deaf = True
        self.transport.write(answer)
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Gives its place back."""
        self._gone()
        super().connection_lost(exc)

    def _gone(self) -> None:
        if self._counted:
            self._counted = False
            self._connections.gone(self)

    def cut(self) -> None:
        """Ends the connection immediately, as its place is needed."""
        self._gone()
        self._deaf = True
        if self.cycle is not None:
            cast(Scope, self.cycle.scope)[ENDED_HERE] = True
        self.transport.abort()

    def shutdown(self) -> None:
        """Answers what is under way, and what has come and was not read yet, and ends.

        A connection that waits for nothing is kept for a moment: its request may be on its way, and nobody else can
        answer it.
        """
        self._last = True
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(_ON_ITS_WAY, self._end_if_idle)
        else:
            super().shutdown()

    def _end_if_idle(self) -> None:
        if self._where is Stage.IDLE and not self._asking and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()

    def resume_writing(self) -> None:
        """Counts that the other end has read what was held back."""
        self._resumed += 1
        super().resume_writing()

    def stage(self) -> Stage:
        """Returns what the connection waits for now."""
        if self._asking:
            return Stage.WORKING
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering and self._where is Stage.BODY and not self.flow.read_paused and not self._deaf:
            return Stage.BODY
        if self.transport.get_write_buffer_size() and (self.flow.write_paused or not answering):
            return Stage.READING
        if answering:
            return Stage.WORKING
        return Stage.ENDING if self._deaf or self.transport.is_closing() else self._where

    def look(self, now: float) -> None:
        """Ends the connection where it has waited for too long. `now` is in seconds, from any start."""
        stage = self.stage()
        mark = (stage, self._messages, self._resumed)
        # Progress: bytes received here, or (negative) bytes that the other end still has to read.
        far = self._got if stage is Stage.BODY else -self.transport.get_write_buffer_size()
        least = LEAST if stage is Stage.BODY else 1
        patience = self._connections.patience
        most = {
            Stage.IDLE: patience.idle if self.place else patience.proxys,
            Stage.HEAD: patience.head,
            Stage.BODY: patience.stalled,
            Stage.READING: 2 * patience.stalled,
            Stage.ENDING: LINGER,
        }.get(stage)
        if mark != self._mark:
            self._mark, self._since, self._far = mark, now, far
        elif most is not None and now - self._since >= most:
            if stage in {Stage.BODY, Stage.READING} and far - self._far >= least:
                self._since, self._far = now, far
            else:
                self._too_late(stage)

    def _too_late(self, stage: Stage) -> None:
        answered = self.cycle is not None and self.cycle.response_complete
        if (stage is Stage.HEAD and self._in_head and self.url) or (stage is Stage.BODY and not answered):
            self._refuse(408)
        elif stage is Stage.IDLE:
            self.transport.close()
        else:
            self.cut()

    # ------------------------------------------------------------------ what comes

    def data_received(self, data: bytes) -> None:
        """Takes the bytes of one read, at most 256 KB."""
        if self._deaf:
            return
        if self._asking:  # before the answer to its handshake, which no client may do
            self.cut()
            return
        self._got += len(data)
        if self._where is Stage.IDLE:
            self._where = Stage.HEAD
        self._unset_keepalive_if_required()
        self._pieces = 0
        try:
            if len(data) <= _SLICE:
                self._feed(data)
            else:
                for start in range(0, len(data), _SLICE):
                    self._feed(data[start : start + _SLICE])
        except httptools.HttpParserUpgrade:
            # Only websockets are known here; a request for another protocol is answered like one without an upgrade.
            if self._should_upgrade():
                self.handle_websocket_upgrade()
        except httptools.HttpParserError:
            if not self._deaf:
                self._refuse(400)

    def _feed(self, data: bytes) -> None:
        self._told = False
        self.parser.feed_data(data)
        # The parser keeps an unfinished header (also one behind a body) to itself, so its bytes are counted here.
        self._unparsed = 0 if self._told else self._unparsed + len(data)
        if self._unparsed > bounds.MOST_HEADER:
            self._refuse(self._refused or 431)
            raise httptools.HttpParserError

    def on_message_begin(self) -> None:
        """Resets the counts before the head of each request."""
        super().on_message_begin()
        self._begun = self._told = True
        self._messages += 1
        self._where = Stage.HEAD
        self._in_head = True
        self._head = self._headers = self._refused = 0

    def on_url(self, url: bytes) -> None:
        """Takes a piece of the address; drops what is beyond the bound."""
        self._told = True
        self._head += len(url)
        if self._head > bounds.MOST_ADDRESS:
            self._refused = 414
        if self._head > bounds.MOST_HEAD:
            self._refuse(414)
            raise _Enough
        self.url += url[: bounds.MOST_ADDRESS - len(self.url)]

    def on_header(self, name: bytes, value: bytes) -> None:
        """Takes a header. Those behind a body in chunks (trailers) are counted and dropped.

        A header that is too long is dropped too; the others are read to the end, as one of them tells the language of
        the answer.
        """
        self._told = True
        size = len(name) + len(value)
        self._head += size
        self._headers += 1
        if self._head > bounds.MOST_HEAD or self._headers > 2 * bounds.MOST_HEADERS:
            self._refuse(self._refused or 431)
            raise _Enough
        if not self._in_head:
            return
        name = name.lower()
        long = size > bounds.MOST_HEADER or (name == b"content-type" and len(value) > bounds.MOST_TYPE)
        if long or self._headers > bounds.MOST_HEADERS:
            self._refused = self._refused or 431
            return
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Passes a complete head on: its request is answered, or waits for those before it."""
        self._in_head = False
        self._where = Stage.BODY
        if self._refused:
            self._refuse(self._refused)
            raise _Enough
        if len(self.pipeline) >= bounds.MOST_WAITING:
            self._refuse(429)
            raise _Enough
        super().on_headers_complete()
        if self._last and self.cycle is not None:
            self.cycle.keep_alive = False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Lets a request in, in its turn."""
        self._connections.door.let_in(self.place, partial(self._begin, cycle, app))

    def _begin(self, cycle: RequestResponseCycle, app: ASGI3Application) -> bool:
        if cycle.disconnected and cycle.scope["method"] in {"GET", "HEAD"}:
            return False  # nobody waits for it; what was posted is done all the same
        super()._start_asgi_task(cycle, app)
        return True

    def on_body(self, body: bytes) -> None:
        """Takes a piece of a body."""
        self._told = True
        self._pieces += 1
        if self._pieces > bounds.MOST_PIECES:
            self._refuse(400)
            raise _Enough
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Notes that a request is complete."""
        self._told = True
        self._where = Stage.IDLE
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hands the connection on to the websocket protocol in its turn; answers 400 where that finds no handshake, 429
        to whoever was sent away before."""
        refusal = self._connections.door.refusal_of(self.url, self.headers)
        if refusal:
            self._say_and_close(refusal)
        else:
            self._asking = True
            self._connections.door.let_in(self.place, self._upgrade)

    def _upgrade(self) -> bool:
        if self.transport.is_closing():
            return False
        try:
            super().handle_websocket_upgrade()
        except Exception:
            self.cut()
            raise
        if self._counted:
            self._connections.upgraded(self)
        self.parser = cast(Any, None)  # it holds this in turn: the collector need not find them
        socket = cast(WebSocketsSansIOProtocol, self.transport.get_protocol())
        if isinstance(socket, Frames) and self._counted:
            # Of this object, with its parser and its requests, only the place is needed as long as the socket lives.
            socket.gone = partial(self._connections.socket_gone, self.place)
            socket.door = self._connections.door
            self._counted = False
        if not socket.handshake_initiated and not self.transport.is_closing():
            self._say_and_close(NO_HANDSHAKE)
        return True

    def _refuse(self, status: int) -> None:
        """Answers with this status, reads no more, and ends the connection once that answer and all before it are
        sent."""
        self._deaf = True
        before = self.cycle
        if self.pipeline or (before is not None and not before.response_complete and not before.more_body):
            last = self.pipeline[0][0] if self.pipeline else before
            last.keep_alive = False
            if last.more_body:
                self.transport.close()
            return
        if before is not None and not before.response_complete:
            if before.response_started:
                self.transport.close()
                return
            # An application that waits for the rest of this body stops waiting, and cannot answer any more.
            cast(Scope, before.scope)[ENDED_HERE] = True
            before.disconnected = True
            before.message_event.set()
        if not self._begun:
            self.on_message_begin()
        self.scope["method"] = "HEAD" if self.parser.get_method() == b"HEAD" else "GET"
        path, _, query = self.url.partition(b"?")
        self.scope["raw_path"], self.scope["query_string"] = path, query
        self.scope["path"] = unquote(path.decode("latin-1")) or "/"
        # Our own key; uvicorn's type of a scope has only those of ASGI.
        self.scope[REFUSED] = status  # type: ignore[typeddict-unknown-key]
        self.cycle = refusing(self)
        self._start_asgi_task(self.cycle, self.app)
