"""uvicorn's server, from its first connection to its goodbye."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import structlog
import uvicorn

from forum.adapters import garbage
from forum.web.server.connections import Connections

_GOODBYE = 5.0  # seconds in which votes that were taken are stored and answered, and screens told to come back
# Seconds between two collections of everything, each at a time when nobody is connected.
_COLLECT_EVERY = 3600

log = structlog.get_logger()


class Server(uvicorn.Server):
    """Calls `announce` once it listens, looks after its connections, and stops once it is `ending`.

    It takes nobody new then, and waits for `goodbye`, which tells screens to come back, before it ends connections.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        connections: Connections,
        announce: Callable[[], None],
        ending: asyncio.Event,
        goodbye: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(config)
        self._goodbye = goodbye
        self._ending = ending
        self._connections = connections
        self._announce = announce
        self._watching: asyncio.Task[None] | None = None
        self._collected_at = connections.monotonic()

    async def on_tick(self, counter: int) -> bool:
        """Returns True to stop; uvicorn calls it ten times a second."""
        now = self._connections.monotonic()
        if not self._connections.count and now - self._collected_at >= _COLLECT_EVERY:
            self._collected_at = now
            garbage.collect_all()
        return await super().on_tick(counter) or self._ending.is_set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts to listen, and announces it."""
        await super().startup(sockets)
        if self.started:
            self._watching = asyncio.create_task(self._connections.watch())
            self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Says goodbye, closes connections, and ends the watch over them."""
        for server in self.servers:
            server.close()
        try:
            async with asyncio.timeout(_GOODBYE):
                await self._goodbye()
        except TimeoutError:
            log.warning("not every screen was told that the server stops; they come back by themselves")
        await super().shutdown(sockets)
        if self._watching is not None:
            self._watching.cancel()
