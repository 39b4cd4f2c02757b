"""Holds connections on which nothing, or never a whole request, is sent, or nothing is read.

    python tests/attack/slow.py [--large]

The server may have 192 files open. Small: 200 connections of each kind, 20 at once. Large: 1,000, opened again as they
are closed, for ten seconds, and then until the server has closed them by itself. Others, behind the same address, must
get every page.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attack.target import Row, Target, run, target

FILES = 192
SETTINGS = {
    # limited by address: nobody is a proxy
    "FORUM_TRUSTED_PROXIES": "none",
    "FORUM_IDLE_SECONDS": "2",
    "FORUM_HEAD_SECONDS": "2",
    "FORUM_STALL_SECONDS": "2",
}
_AT_ONCE = 20
PATIENCE = 15.0  # seconds until what is held should be closed


async def attack(large: bool = False) -> list[Row]:
    """Measures the wait of others while such connections are held, and the number that the server still holds later."""
    rows = []
    async with target(SETTINGS, files=FILES) as server:
        for what, sent in _kinds(server).items():
            holding = _Holding(server, sent)
            async with server.others() as others:
                await holding.hold(1000 if large else 200, 10.0 if large else 0.5)
            rows += [
                Row(what, "others wait at most", others.worst, "pages", 30),
                Row(what, "others got no page", others.missed, "", 0),
            ]
            if large:
                await holding.until_let_go()
                rows.append(Row(what, f"still open after {PATIENCE:g} s", holding.open, "", 0))
            holding.let_go()
    return rows


def _kinds(server: Target) -> dict[str, bytes]:
    host = f"Host: {server.host}\r\n"
    socket = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    form = f"POST /sign-in HTTP/1.1\r\n{host}Origin: http://{server.host}\r\nContent-Length: 1000\r\n"
    kinds = {
        "idle connections": "",
        "half heads": f"GET / HTTP/1.1\r\n{host}x: y",
        "half bodies": f"{form}Content-Type: application/x-www-form-urlencoded\r\n\r\nlogin=",
        "half handshakes": f"GET /s/ABC/socket HTTP/1.1\r\n{host}{socket}",
    }
    return {what: sent.encode() for what, sent in kinds.items()}


class _Holding:
    """Connections that are held, each with the same bytes sent on it."""

    def __init__(self, server: Target, sent: bytes) -> None:
        self._server = server
        self._sent = sent
        self._tasks: set[asyncio.Task[None]] = set()
        self.open = 0

    async def hold(self, number: int, seconds: float) -> None:
        """Keeps so many open, for so long."""
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            for _ in range(min(_AT_ONCE, number - self.open)):
                task = asyncio.create_task(self._one())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await asyncio.sleep(0.05)

    async def until_let_go(self) -> None:
        """Waits until the server has closed all of them, or PATIENCE is over."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=PATIENCE)

    def let_go(self) -> None:
        """Closes them."""
        for task in self._tasks:
            task.cancel()

    async def _one(self) -> None:
        self.open += 1
        try:
            with suppress(OSError):
                reader, writer = await self._server.connect()
                try:
                    writer.write(self._sent)
                    while await reader.read(4096):
                        pass
                finally:
                    writer.close()
        finally:
            self.open -= 1


if __name__ == "__main__":
    run(lambda: attack("--large" in sys.argv))
