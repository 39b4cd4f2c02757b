"""Answers to requests whose head or body goes beyond a bound of `protocol.py`."""

from __future__ import annotations

import asyncio
from typing import Final, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from forum.web.errors import http_error

# Key of a scope under which the protocol leaves the status of its refusal.
REFUSED: Final = "forum.refused"
# Seconds in which the other end of a refused request may read the answer before the connection is ended.
LINGER: Final = 2.0


def refusing(protocol: HttpToolsProtocol) -> RequestResponseCycle:
    """Returns the answering of a request that a connection refuses: of its body nothing is waited for."""
    cycle = RequestResponseCycle(
        scope=protocol.scope,
        transport=cast(asyncio.Transport, Lingering(protocol.transport, protocol.loop)),
        flow=protocol.flow,
        logger=protocol.logger,
        access_logger=protocol.access_logger,
        access_log=protocol.access_log,
        default_headers=protocol.server_state.default_headers,
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=False,
        on_response=lambda: None,
    )
    cycle.more_body = False
    cycle.message_event.set()
    return cycle


class Lingering:
    """Transport of an answer that is sent before the whole request was read.

    Closed at once, the bytes still arriving would make the system discard the answer. So only the sending half is
    closed; the other end, or a short time, closes the rest.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop

    def is_closing(self) -> bool:
        """Tells whether the transport is closing."""
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Sends bytes."""
        self._transport.write(data)

    def close(self) -> None:
        """Closes the sending half, and the whole connection after LINGER seconds."""
        if not self._transport.is_closing():
            self._transport.write_eof()
            self._loop.call_later(LINGER, self._transport.abort)


class Refusals:
    """Answers requests that the protocol refused, with the error page. Stands inside the middleware for headers and
    language."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one ASGI connection."""
        if (status := scope.get(REFUSED)) is None:
            await self.app(scope, receive, send)
            return
        answer = await http_error(Request(scope), HTTPException(status))
        await answer(scope, receive, send)
