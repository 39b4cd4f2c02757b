"""How uvicorn is configured: Forum's own protocols for HTTP and websockets, and how long each waits."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final, cast

import uvicorn
from starlette.types import ASGIApp

from forum.web.server.connections import Connections
from forum.web.server.frames import Frames
from forum.web.server.protocol import BoundedHttp

_LARGEST_MESSAGE: Final = 16 * 1024
_PING_SECONDS: Final = 30.0  # less than a proxy waits for the next byte: a minute, where nobody set it
# Seconds for the answer to a ping: a phone that sleeps or is out of reach for half a minute keeps its socket, and has
# the latest as soon as it wakes.
_OUT_OF_REACH: Final = 45.0


def configured(app: ASGIApp, connections: Connections, backlog: int, idle: int) -> uvicorn.Config:
    """Returns the configuration for an application: `backlog` connections may wait to be taken, and one on which
    nothing is asked for `idle` seconds is closed."""
    return uvicorn.Config(
        app,
        http=cast(type[asyncio.Protocol], partial(BoundedHttp, connections=connections)),
        ws=Frames,
        ws_max_size=_LARGEST_MESSAGE,
        ws_per_message_deflate=False,
        ws_ping_interval=_PING_SECONDS,
        ws_ping_timeout=_OUT_OF_REACH,
        lifespan="on",
        log_config=None,
        log_level="warning",
        # forum/web/server/proxies.py does it
        proxy_headers=False,
        # paths hold private links, so they are not logged
        access_log=False,
        backlog=backlog,
        timeout_keep_alive=idle,
        timeout_graceful_shutdown=3,
        server_header=False,
    )
