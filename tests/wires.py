"""A wire between browsers and a server, which a test cuts, holds and mends at the moment that it chooses."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_UPGRADE = re.compile(rb"\r\nupgrade: *websocket\r\n", re.IGNORECASE)
_REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class Passed:
    """How many bytes went over the wire: to the server, and to the browser."""

    up: int = 0
    down: int = 0


class Wire:
    """`async with Wire(port) as wire:` passes on what comes to `wire.base` to the server on that port.

    Whatever is held is lost when the wire is cut. Where `sockets` is False it lets no websocket through, as proxies of
    some venues do.
    """

    def __init__(self, server: int, *, sockets: bool = True) -> None:
        self.base = ""
        self.passed = Passed()
        self._server = server
        self._sockets = sockets
        self._whole = True
        self._flows = {"up": asyncio.Event(), "down": asyncio.Event()}
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self.mend()
        self._listener = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        if self._listener is not None:
            self._listener.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hold(self, way: str) -> None:
        """What goes this way ("up" to the server, "down" to the browser) stays on the wire from now on."""
        self._flows[way].clear()

    def cut(self) -> None:
        """Ends every connection and takes no more; what is held is lost."""
        self._whole = False
        for end in self._ends:
            end.transport.abort()
        for task in self._tasks:
            task.cancel()

    def mend(self) -> None:
        """Passes on everything again."""
        self._whole = True
        for flow in self._flows.values():
            flow.set()

    async def _connected(self, reader: asyncio.StreamReader, browser: asyncio.StreamWriter) -> None:
        if not self._whole:
            browser.transport.abort()
            return
        task = asyncio.current_task()
        if task is None:
            raise AssertionError("a connection has a task of its own")
        self._tasks.add(task)
        self._ends.add(browser)
        server = None
        try:
            first = await reader.read(65_536)
            if not self._sockets and _UPGRADE.search(first):
                browser.write(_REFUSED)
                return
            answers, server = await asyncio.open_connection("127.0.0.1", self._server)
            self._ends.add(server)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass("up", reader, server, first))
                both.create_task(self._pass("down", answers, browser))
        except (OSError, ExceptionGroup, asyncio.CancelledError):
            pass  # one end is gone, and with it the other
        finally:
            for end in (browser, server):
                if end is not None:
                    end.close()
                    self._ends.discard(end)
            self._tasks.discard(task)

    async def _pass(self, way: str, source: asyncio.StreamReader, to: asyncio.StreamWriter, first: bytes = b"") -> None:
        while data := first or await source.read(65_536):
            first = b""
            await self._flows[way].wait()
            setattr(self.passed, way, getattr(self.passed, way) + len(data))
            to.write(data)
            await to.drain()
        raise ConnectionResetError
