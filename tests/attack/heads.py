"""Sends heads that never end, and single headers that are costly to read.

    python tests/attack/heads.py [--large]

Small: 4 MB of small headers, a Content-Type of 200 KB of semicolons. Large: 64 MB, and 4 MB. Others must not notice,
and what the server holds must not grow. A head that is beyond the bounds is answered 431.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from attack.target import Row, Target, run, target

MB = 1024 * 1024
_PIECE = b"".join(b"x-%05d: %s\r\n" % (n, b"y" * 20) for n in range(2000))


async def attack(large: bool = False) -> list[Row]:
    """Measures one connection with each such head: the wait of others, memory, CPU."""
    rows = []
    async with target() as server:
        for what, head in _heads(server, large).items():
            idle, began = server.memory(), server.cpu()
            async with server.others() as others:
                status, most = await _send(server, head)
            rows += [
                Row(what, "others wait at most", others.worst, "pages", 20),
                Row(what, "others got no page", others.missed, "", 0),
                Row(what, "memory grows by", most - idle, "MB", 25),
                Row(what, "CPU", server.cpu() - began, "pages", 90),
                Row(what, "status that is not 431", status != b"431", "", 0),
            ]
    return rows


def _heads(server: Target, large: bool) -> dict[str, list[bytes]]:
    """Lists the heads to send, each in pieces, by name."""
    first = f"GET / HTTP/1.1\r\nHost: {server.host}\r\n".encode()
    form = f"POST /sign-in HTTP/1.1\r\nHost: {server.host}\r\nContent-Length: 0\r\nOrigin: http://{server.host}\r\n".encode()
    many = (64 if large else 4) * MB // len(_PIECE)
    semicolons = 4 * MB if large else 200 * 1024
    return {
        f"{many * len(_PIECE) // MB} MB of small headers": [first, *[_PIECE] * many, b"\r\n"],
        f"one header of {many * len(_PIECE) // MB} MB": [first + b"x: ", *[b"y" * len(_PIECE)] * many, b"\r\n\r\n"],
        f"Content-Type of {semicolons // 1024} KB": [
            form + b"Content-Type: multipart/form-data" + b";" * semicolons + b"\r\n\r\n"
        ],
    }


async def _send(server: Target, pieces: list[bytes]) -> tuple[bytes, float]:
    """Sends a head. Returns the status of its answer, and the most memory (MB) that the server had meanwhile."""
    reader, writer = await server.connect()
    most = 0.0
    with suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            most = max(most, server.memory())
    answer = b""
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(60):
            answer = await reader.readline()
    most = max(most, server.memory())
    writer.close()
    return (answer.split() or [b"", b""])[1] if answer else b"", most


if __name__ == "__main__":
    run(lambda: attack("--large" in sys.argv))
