"""Sockets of a few phones that send as fast as they can, and what one honest phone in the same room waits for.

By hand, at full size: python tests/attack/floods.py --large
"""

from __future__ import annotations

import asyncio
import json
import math
import socket
import statistics
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from support.factories import new_id
from support.ready_session import ReadySession, a_vote, join_many, server_store
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from attack.target import Row, Target, run, target
from forum.live.room import MOST_SOCKETS

_BLOCK = 64 * 1024  # bytes in one call of an attacker's
_EVERY = 0.12  # seconds between two ballots of the honest phone: slower than the room's limit
_DEAD = 30.0  # seconds after which an answer counts as never come


def frame(opcode: int, payload: bytes = b"", *, last: bool = True) -> bytes:
    """Returns one frame as a client sends it, masked with zeros."""
    return bytes([128 * last | opcode, 128 | len(payload), 0, 0, 0, 0]) + payload


# name -> what is sent again and again
FLOODS = {
    "pings as Forum has them": frame(1, b'{"t":"ping"}'),
    "empty text frames": frame(1),
    "websocket pings": frame(9, b"x"),
    "empty pieces of a message": frame(0, last=False),
    "reasons that are too long": b"".join(
        [bytes([129, 254]), (8000).to_bytes(2, "big"), bytes(4), b'{"t":"cast","id":"x","round":"'.ljust(8000, b"x")]
    ),
}


class Attacker:
    """One socket in a thread of its own. `reads`: takes what it is answered. It comes back when it is thrown out."""

    def __init__(self, where: Target, code: str, cookie: str, sent: bytes, *, reads: bool) -> None:
        self.where, self.code, self.cookie, self.reads = where, code, cookie, reads
        self.block = sent * max(1, _BLOCK // len(sent))
        if sent[0] == 0:
            self.block = frame(1, last=False) + self.block
        self.bytes = 0
        self.dials = 0
        self.over = threading.Event()
        self.first_out = 0.0  # what the server did, in pages, until it was thrown out for the first time
        self.thread = threading.Thread(target=self._again_and_again)

    def _again_and_again(self) -> None:
        began = self.where.loop()
        while not self.over.is_set():
            self.dials += 1
            with suppress(OSError):
                self._flood()
            self.first_out = self.first_out or self.where.loop() - began

    def _flood(self) -> None:
        with socket.create_connection(("127.0.0.1", self.where.port), timeout=_DEAD) as line:
            line.sendall(
                f"GET /s/{self.code}/socket HTTP/1.1\r\nHost: {self.where.host}\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
                f"Origin: http://{self.where.host}\r\nCookie: {self.cookie}\r\n\r\n".encode()
            )
            if not line.recv(4096).startswith(b"HTTP/1.1 101"):
                return
            line.settimeout(0.2)
            rest = memoryview(b"")
            while not self.over.is_set():
                rest = rest or memoryview(self.block)
                with suppress(TimeoutError):
                    went = line.send(rest)
                    rest, self.bytes = rest[went:], self.bytes + went
                while self.reads and not self.over.is_set():
                    try:
                        if not line.recv(65536, socket.MSG_DONTWAIT):
                            return
                    except BlockingIOError:
                        break


async def latency(where: Target, phone: ClientConnection, round_id: str, until: asyncio.Event) -> list[float]:
    """Votes again and again; what the server did until each ack, in pages."""
    took: list[float] = []
    while not until.is_set() or len(took) < 3:  # one alone would be its own median
        cast, began = new_id(), where.loop()
        await phone.send(json.dumps({"t": "cast", "id": cast, "round": round_id, "choice": f"r{len(took) % 2 + 1}"}))
        try:
            async with asyncio.timeout(_DEAD):
                while json.loads(await phone.recv()).get("cast") != cast:
                    pass
        except TimeoutError:
            pass
        took.append(where.loop() - began)
        await asyncio.sleep(_EVERY)
    return took


def dial(where: Target, crowd: ReadySession, cookie: str) -> connect:
    """Opens a phone's socket."""
    headers = {"Cookie": cookie, "Origin": where.server.base}
    address = f"ws://{where.host}/s/{crowd.session.code}/socket"
    return connect(address, additional_headers=headers, compression=None, max_queue=None)


async def flooded(
    where: Target, crowd: ReadySession, cookies: Sequence[str], name: str, seconds: float, *, reads: bool
) -> list[Row]:
    """Floods three sockets of three phones while a fourth phone votes."""
    attackers = [Attacker(where, crowd.session.code, cookie, FLOODS[name], reads=reads) for cookie in cookies[:3]]
    idle = where.memory()
    over = asyncio.Event()
    # One that has not voted before: who has voted hundreds of times is told to wait, too.
    [honest] = await join_many(where.server.base, crowd.session.code, 1)
    async with dial(where, crowd, honest) as phone:
        for attacker in attackers:
            attacker.thread.start()
        voting = asyncio.create_task(latency(where, phone, crowd.round, over))
        await asyncio.sleep(seconds)
        memory = where.memory() - idle
        over.set()
        took = await voting
        for attacker in attackers:
            attacker.over.set()
        for attacker in attackers:
            await asyncio.to_thread(attacker.thread.join)
    how = f"3 sockets: {name}{'' if reads else ', unread'}"
    out = max(attacker.first_out if attacker.dials > 1 else math.inf for attacker in attackers)
    print(f"  ({how}: {sum(a.bytes for a in attackers) / 1e6:.1f} MB sent, {sum(a.dials for a in attackers)} dials)")
    return [
        Row(how, "an honest phone's median ack", statistics.median(took), "pages", 30),
        Row(how, "its slowest", max(took), "pages", 150),
        Row(how, "memory above idle", memory, "MB", 100),
        Row(how, "until the slowest was out", out, "pages", 250),
    ]


async def many_sockets(where: Target, crowd: ReadySession, cookie: str, number: int) -> list[Row]:
    """Opens more and more sockets of one phone and keeps them."""
    sockets: list[ClientConnection] = []
    told = 0
    for _ in range(number):
        sockets.append(await dial(where, crowd, cookie))
        await sockets[-1].recv()
    for one in sockets[:-MOST_SOCKETS]:
        with suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(2):
                while True:
                    told += json.loads(await one.recv()).get("why") == "too_many"
    stay = 0
    for one in sockets:
        with suppress(ConnectionClosed, TimeoutError):
            await one.send('{"t":"ping"}')
            async with asyncio.timeout(1):
                while json.loads(await one.recv())["t"] != "pong":
                    pass
            stay += 1
    await asyncio.gather(*(one.close() for one in sockets))
    how = f"one phone opens {number} sockets"
    return [
        Row(how, "stay open", stay, "", MOST_SOCKETS),
        Row(how, "closed without being told", max(0, number - MOST_SOCKETS) - told, "", 0),
    ]


async def attack(large: bool = False) -> list[Row]:
    """Sends every flood in turn, and opens many sockets."""
    rows: list[Row] = []
    async with target() as where, server_store(where.data) as store:
        crowd = await a_vote(store)
        cookies = await join_many(where.server.base, crowd.session.code, 4)
        for name in FLOODS if large else list(FLOODS)[:1]:
            for reads in (True, False) if large else (False,):
                rows += await flooded(where, crowd, cookies, name, 8 if large else 1, reads=reads)
        rows += await many_sockets(where, crowd, cookies[3], 60 if large else MOST_SOCKETS + 2)
    return rows


if __name__ == "__main__":
    run(partial(attack, "--large" in sys.argv))
