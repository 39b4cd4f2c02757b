"""A thousand people who mean harm, or whose devices are broken: sockets with garbage, with messages that are too long,
with half frames, handshakes and requests that never end.

`room_under_attack.py` lets them loose on a room. Those with sockets have joined, and come back when they are thrown
out, until they are told to stop; then each only keeps what it has, and goes on as slowly as it does.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

from bench.forum_wire import joined

DRIP = 1.0  # seconds between two bytes of one who never ends
AGAIN = 1.0  # seconds until one who was thrown out comes back
_MASK = bytes(4)  # of zeros


def _frame(opcode: int, payload: bytes, announced: int | None = None) -> bytes:
    """Returns a frame as a client sends it; it can announce more than it has."""
    size = len(payload) if announced is None else announced
    head = bytes([128 | opcode, 128 | size]) if size < 126 else bytes([128 | opcode, 254]) + size.to_bytes(2, "big")
    return head + _MASK + payload


def _garbage() -> Iterator[bytes]:
    """First messages that nobody knows, which are answered, then bytes that are no frames."""
    for _ in range(15):
        yield _frame(1, os.urandom(20).hex().encode())
    while True:
        yield os.urandom(200)


def _oversize() -> Iterator[bytes]:
    """Messages of twice what is read, then one of a megabyte."""
    for _ in range(3):
        yield _frame(1, b'{"t":"cast","id":"' + b"x" * 15_000)
    yield bytes([129, 255]) + (1 << 20).to_bytes(8, "big") + _MASK
    while True:
        yield b"x" * 16_384


def _half_frame() -> Iterator[bytes]:
    """A frame of 8,000 bytes that never ends."""
    yield _frame(1, b'{"t":"cast","id":"', announced=8000)
    while True:
        yield b"x"


def _dripping() -> Iterator[bytes]:
    while True:
        yield b"x"


class Offenders:
    """All of them, equally many of each kind. `open` counts connections by kind that the server has not closed yet,
    `thrown` those that it closed or refused."""

    def __init__(self, base: str, code: str) -> None:
        self._base = base
        self._host, _, port = base.removeprefix("http://").partition(":")
        self._port = int(port)
        self._path = f"/s/{code}"
        self._tasks: list[asyncio.Task[None]] = []
        self._stopped = False
        self.open: Counter[str] = Counter()
        self.thrown: Counter[str] = Counter()
        host = f"Host: {self._host}:{self._port}\r\n"
        upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        self._handshake = (
            f"GET {self._path}/socket HTTP/1.1\r\n{host}{upgrade}Origin: {base}\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        )
        form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 4000\r\n"
        # What each begins with, and then sends.
        self.sockets: dict[str, Callable[[], Iterator[bytes]]] = {
            "garbage": _garbage, "messages too long": _oversize, "half frames": _half_frame
        }  # fmt: skip
        self.requests = {
            "handshakes without end": f"GET {self._path}/socket HTTP/1.1\r\n{host}{upgrade}X: ",
            "heads without end": f"GET {self._path} HTTP/1.1\r\n{host}X: ",
            "bodies without end": f"POST {self._path}/join HTTP/1.1\r\n{host}Origin: {base}\r\n{form}\r\ngroup=",
        }

    async def join(self, number: int) -> list[str]:
        """Lets so many of them join; returns their cookies."""
        return await joined(self._base, self._path, number)

    def begin(self, number: int, cookies: list[str]) -> None:
        """Lets `number` of each kind loose. There are cookies for those with sockets."""
        waiting = iter(cookies)
        for kind, sent in self.sockets.items():
            for _ in range(number):
                head = f"{self._handshake}Cookie: {next(waiting)}\r\n\r\n".encode()
                self._tasks.append(asyncio.create_task(self._again(kind, head, sent)))
        for kind, begun in self.requests.items():
            for _ in range(number):
                self._tasks.append(asyncio.create_task(self._again(kind, begun.encode(), _dripping)))

    def stop(self) -> None:
        """Lets nobody come back any more."""
        self._stopped = True

    async def until_gone(self, patience: float) -> None:
        """Waits until the server has closed all of them, or patience is over; ends them then."""
        await asyncio.wait(self._tasks, timeout=patience)

    def end(self) -> None:
        """Ends those that are left."""
        for task in self._tasks:
            task.cancel()

    async def _again(self, kind: str, begun: bytes, sent: Callable[[], Iterator[bytes]]) -> None:
        await asyncio.sleep(random.random())
        while not self._stopped:
            with suppress(OSError):
                await self._once(kind, begun, sent(), reads=kind in self.sockets)
            self.thrown[kind] += 1
            await asyncio.sleep(AGAIN)

    async def _once(self, kind: str, begun: bytes, sent: Iterator[bytes], *, reads: bool) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        self.open[kind] += 1
        closing = asyncio.create_task(_closed(reader))
        try:
            writer.write(begun)
            if reads:
                await asyncio.sleep(AGAIN)  # for the handshake, and the greeting
            while not closing.done():
                writer.write(next(sent))
                await writer.drain()
                slow = kind not in {"garbage", "messages too long"}
                await asyncio.wait([closing], timeout=DRIP if slow else 0.02)
        finally:
            self.open[kind] -= 1
            closing.cancel()
            writer.transport.abort()


async def _closed(reader: asyncio.StreamReader) -> None:
    """Reads until the server closes."""
    with suppress(OSError):
        while await reader.read(65536):
            pass
