"""uvicorn's server, from its first connection to its goodbye."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from types import FrameType

import structlog
import uvicorn

from forum.adapters import garbage
from forum.web.server.accept_queue import take_waiting
from forum.web.server.connections import Connections
from forum.web.server.deadline import Deadline

# Seconds from the signal to the end of the process, whatever still runs then. What looks after servers waits a little
# longer before it kills them (docs/deploy/, worker_processes.py).
_STOPS_WITHIN = 15.0
_GOODBYE = 5.0  # seconds in which votes that were taken are stored and answered, and screens told to come back
# Seconds between two collections of everything, each at a time when nobody is connected; and those after which a few
# that are always there (a big screen, a proxy's probe) are no reason to wait longer.
_COLLECT_EVERY = 3600
_COLLECT_AT_LAST = 86_400
_FEW = 20
_AT_ONCE = 100  # connections that are ended in one step of the event loop
_LAST = (b"connection", b"close")

log = structlog.get_logger()


class Server(uvicorn.Server):
    """Calls `announce` once it listens, looks after its connections, and stops once it is `ending`.

    It takes nobody new then but who waits already, and waits for `goodbye`, which tells screens to come back, before it
    ends connections. Where that takes longer than `deadline`, the process ends.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        connections: Connections,
        announce: Callable[[], None],
        ending: asyncio.Event,
        goodbye: Callable[[], Awaitable[None]],
        deadline: Deadline | None = None,
    ) -> None:
        super().__init__(config)
        self._deadline = deadline or Deadline(_STOPS_WITHIN)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._goodbye = goodbye
        self._ending = ending
        self._connections = connections
        self._announce = announce
        self._watching: asyncio.Task[None] | None = None
        self._collected_at = connections.monotonic()

    async def on_tick(self, counter: int) -> bool:
        """Returns True to stop; uvicorn calls it ten times a second."""
        now = self._connections.monotonic()
        idle, since = not self._connections.count, now - self._collected_at
        if since >= (_COLLECT_EVERY if idle else _COLLECT_AT_LAST) and self._connections.count <= _FEW:
            self._collected_at = now
            garbage.collect_all()
        return await super().on_tick(counter) or self._ending.is_set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts to listen, and announces it."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self.started:
            self._watching = asyncio.create_task(self._connections.watch())
            self._announce()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Takes the signal to stop, and begins to count the time that this may take."""
        if self._loop is not None:
            self._deadline.begin(self._loop)
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Says goodbye, closes connections, and ends the watch over them."""
        self._deadline.begin(asyncio.get_running_loop())
        # Nothing between these two: whom the system lets in meanwhile would be cut off.
        waiting = [one for listening in sockets or () for one in take_waiting(listening)]
        for server in self.servers:
            server.close()
        # What is answered from now on is the last answer of its connection.
        self.server_state.default_headers = [*self.server_state.default_headers, _LAST]
        await asyncio.gather(*map(self._take, waiting), return_exceptions=True)
        try:
            async with asyncio.timeout(_GOODBYE):
                await self._goodbye()
        except TimeoutError:
            log.warning("not every screen was told that the server stops; they come back by themselves")
        except Exception:  # a bug: what is under way is answered all the same
            log.exception("not every screen was told that the server stops; they come back by themselves")
        # In steps; what is left of them uvicorn goes through once more, at once.
        for number, connection in enumerate(list(self.server_state.connections), 1):
            connection.shutdown()
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        await super().shutdown(sockets)
        if self._watching is not None:
            self._watching.cancel()

    async def _take(self, waiting: socket.socket) -> None:
        """Takes a connection as the listener would have."""
        config = self.config

        def protocol() -> asyncio.Protocol:
            return config.http_protocol_class(  # type: ignore[call-arg]
                config=config, server_state=self.server_state, app_state=self.lifespan.state
            )

        await asyncio.get_running_loop().connect_accepted_socket(protocol, waiting)
