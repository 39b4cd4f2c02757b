"""Sends many requests on one connection without waiting for an answer, and reads none.

    python tests/attack/pipelines.py [--large]

Small: 1 MB of GETs. Large: 10 MB. What the server holds must not grow, and others must not notice.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attack.target import Row, run, target

MB = 1024 * 1024


async def attack(large: bool = False) -> list[Row]:
    """Measures the cost of such a connection, for small and for larger pages."""
    rows = []
    size = (10 if large else 1) * MB
    async with target() as server:
        for path in ("/cookies", "/no-such-page"):
            one = f"GET {path} HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode()
            idle, began, most = server.memory(), server.cpu(), 0.0
            _, writer = await server.connect()
            async with server.others() as others:
                with suppress(ConnectionError, TimeoutError):
                    for _ in range(size // MB):
                        writer.write(one * (MB // len(one)))
                        async with asyncio.timeout(1):
                            await writer.drain()
                        most = max(most, server.memory())
                most = max(most, server.memory())
            writer.transport.abort()
            what = f"{size // MB} MB of GET {path}, never read"
            rows += [
                Row(what, "others wait at most", others.worst, "pages", 20),
                Row(what, "others got no page", others.missed, "", 0),
                Row(what, "memory grows by", most - idle, "MB", 25),
                Row(what, "CPU", server.cpu() - began, "pages", 90),
            ]
    return rows


if __name__ == "__main__":
    run(lambda: attack("--large" in sys.argv))
