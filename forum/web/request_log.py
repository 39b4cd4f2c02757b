"""A line of the log for each request, and a number by which lines about one request are found together.

The line names the route that was taken, as `/s/{code}/vote`, never the address, which may hold a key. It does not say
who asked.
"""

from __future__ import annotations

import secrets
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Key of a scope under which the number of its request lies.
_NUMBER = "forum.request"

log = structlog.get_logger()


def about(scope: Scope) -> dict[str, str]:
    """Returns what a line of the log may say of a request: its number, its method and its route ("" for none)."""
    route = getattr(scope.get("route"), "path", "")
    return {"request": scope.get(_NUMBER, ""), "method": scope.get("method", "SOCKET"), "route": route}


class RequestLog:
    """Middleware that numbers requests and, where `lines` are wanted, logs each once it is answered."""

    def __init__(self, app: ASGIApp, *, lines: bool) -> None:
        self.app = app
        self.lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one ASGI connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        scope[_NUMBER] = secrets.token_hex(8)
        if not self.lines:
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                status = message["status"]
            elif message["type"] == "websocket.accept":
                status = 101
            elif message["type"] == "websocket.close":
                status = message.get("code", 1000) if status else 403
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception:
            status = status or 500
            raise
        finally:
            spent = round(1000 * (time.perf_counter() - began), 1)
            log.debug("request", **about(scope), status=status, milliseconds=spent)
