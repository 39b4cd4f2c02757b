"""Answers for what watches a server: a balancer, the keeper of a container, Prometheus, somebody with curl."""

from __future__ import annotations

import asyncio
import hmac

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from forum.errors import StoreUnavailable
from forum.live import metrics
from forum.web.site import site_of

PATIENCE = 2.0  # seconds for the database to answer
AGAIN = "5"  # seconds after which to ask again


async def alive(request: Request) -> PlainTextResponse:
    """Answers 200 as long as this process takes requests: who gets no answer starts it again."""
    return PlainTextResponse("alive\n")


async def ready(request: Request) -> PlainTextResponse:
    """Answers 200 while the database answers too, else 503: who gets that sends people elsewhere, and asks again."""
    try:
        async with asyncio.timeout(PATIENCE), site_of(request).store.read() as work:
            await work.record.size()
    except (StoreUnavailable, TimeoutError):
        words = "The database does not answer. `forum doctor` says more.\n"
        return PlainTextResponse(words, 503, {"Retry-After": AGAIN})
    return PlainTextResponse("ready\n")


async def figures(request: Request) -> Response:
    """Sends this process's figures to whoever has FORUM_METRICS_TOKEN. 404 where there is none."""
    token = site_of(request).settings.metrics_token
    if not token:
        raise HTTPException(404)
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        words = "Ask with the header Authorization: Bearer, and what FORUM_METRICS_TOKEN says.\n"
        return PlainTextResponse(words, 401, {"WWW-Authenticate": "Bearer"})
    return Response(metrics.text(), media_type=metrics.CONTENT_TYPE)
