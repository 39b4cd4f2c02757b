"""Network between browsers and a server, which a test cuts, holds and mends at the moment that it chooses."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from support import foreign_answers

_UPGRADE = re.compile(rb"\r\nupgrade: *websocket\r\n", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
_REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class Passed:
    """Bytes that went over the wire: to the server, and to the browser."""

    up: int = 0
    down: int = 0


class Wire:
    """Proxy on 127.0.0.1: `async with Wire(port) as wire:` passes what comes to `wire.base` on to the server on that
    port.

    Whatever is held is lost when the wire is cut. Where `sockets` is False it lets no websocket through, as proxies of
    some venues do.

    Between `stranger(...)` and `mend()` somebody else answers in the server's place.
    """

    def __init__(self, server: int, *, sockets: bool = True) -> None:
        self.base = ""
        self.passed = Passed()
        self._server = server
        self.sockets = sockets
        self._whole = True
        self._flows = {"up": asyncio.Event(), "down": asyncio.Event()}
        self.answer: bytes | None = None
        self._frames: bytes | None = None
        self._strange: str | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._upgraded: set[asyncio.StreamWriter] = set()
        self._strangers: set[asyncio.StreamWriter] = set()
        self._asked: list[str] = []
        self._asks = asyncio.Event()
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
        """Keeps everything that goes this way ("up" to the server, "down" to the browser) on the wire from now on."""
        self._flows[way].clear()

    def cut(self) -> None:
        """Ends every connection and takes no more; what is held is lost."""
        self._whole = False
        for end in self._ends:
            end.transport.abort()
        for task in self._tasks:
            task.cancel()

    def stranger(self, answer: bytes | None, frames: bytes | None = None, *, to: str = "") -> None:
        """Ends every connection; from now on whatever is asked is answered so (b"": by a reset; None: never).

        A websocket is accepted where there are `frames`, which is what comes on it. Where `to` is given,
        only requests with it in their first line are; all else is passed on as ever, open websockets too.
        """
        self.answer, self._frames, self._strange = answer, frames, to
        self._asked.clear()
        for end in self._ends - (self._upgraded if to else set()):
            end.transport.abort()

    async def asked(self, what: str, within: float) -> bool:
        """Waits until the stranger has been asked what has this in its first line; False after so many seconds."""
        try:
            async with asyncio.timeout(within):
                while not any(what in line for line in self._asked):
                    self._asks.clear()
                    await self._asks.wait()
        except TimeoutError:
            return False
        return True

    def mend(self) -> None:
        """Passes on everything again."""
        self._strange = None
        for end in self._strangers:
            end.transport.abort()
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
            upgrade = _UPGRADE.search(first) is not None
            if self._strange is not None and self._strange.encode() in first.partition(b"\r\n")[0]:
                await self._strangely(reader, browser, first, upgrade)
                return
            if not self.sockets and upgrade:
                browser.write(_REFUSED)
                return
            if upgrade:
                self._upgraded.add(browser)
            elif self._strange is not None:
                # Another request on this connection would not be looked at.
                first = first.replace(b"Connection: keep-alive", b"Connection: close", 1)
            answers, server = await asyncio.open_connection("127.0.0.1", self._server)
            self._ends.add(server)
            if upgrade:
                self._upgraded.add(server)
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
                    self._upgraded.discard(end)
                    self._strangers.discard(end)
            self._tasks.discard(task)

    async def _strangely(
        self, reader: asyncio.StreamReader, browser: asyncio.StreamWriter, first: bytes, upgrade: bool
    ) -> None:
        self._strangers.add(browser)
        self._asked.append(first.partition(b"\r\n")[0].decode())
        self._asks.set()
        length = _LENGTH.search(first)
        missing = (int(length[1]) if length else 0) - len(first.partition(b"\r\n\r\n")[2])
        if missing > 0:
            await reader.readexactly(missing)
        answer = self.answer
        if upgrade and self._frames is not None:
            answer = foreign_answers.handshake(first) + self._frames
        if answer == b"":
            browser.transport.abort()
            return
        if answer is not None:
            browser.write(answer)
            await browser.drain()
        if answer is None or (upgrade and self._frames is not None):
            await reader.read()  # it stays open until the browser, or the test, has enough of it

    async def _pass(self, way: str, source: asyncio.StreamReader, to: asyncio.StreamWriter, first: bytes = b"") -> None:
        while data := first or await source.read(65_536):
            first = b""
            await self._flows[way].wait()
            setattr(self.passed, way, getattr(self.passed, way) + len(data))
            to.write(data)
            await to.drain()
        raise ConnectionResetError
