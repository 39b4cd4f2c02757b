"""How many ballots a second the store counts, as a ratio to bare sqlite3 in the same run.

    PYTHONPATH=tests:. python tests/bench/store_cast.py [--seconds 2] [--postgresql] [--busy]

Everything is durable: SQLite in WAL mode with synchronous=FULL, PostgreSQL with fsync. The bare figure is one table
with the same unique key, one executemany and one commit a batch, in this machine's temporary folder. `--busy` keeps
the event loop working all the time, as a room full of phones does; the bare figure runs in a thread beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

from support.databases import PostgresServer, postgres_programs
from support.factories import a_cast, a_room, new_id

from forum.store import migrate, open_store
from forum.voting.ballot import Cast
from forum.voting.round import Response, Round, RoundState

BATCHES = (1, 100, 1000)
PEOPLE = 5000

Count = Callable[[Sequence[Cast]], Awaitable[None]]


async def rate(count: Count, casts: list[Cast], batch: int, seconds: float) -> float:
    """Ballots a second, in batches of this size, everybody in turn and then changing their minds."""
    at = done = 0
    start = time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        # Fresh ids each time: a cast that was seen before would cost less.
        await count([replace(one, cast=new_id()) for one in casts[at : at + batch]])
        at, done = (at + batch) % PEOPLE, done + batch
    return done / spent


def bare(path: Path) -> tuple[sqlite3.Connection, Count]:
    """Counts ballots with the least that could: bare sqlite3 in a thread."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE ballot (round, participant, choice, PRIMARY KEY (round, participant)) WITHOUT ROWID"
    )

    def write(rows: list[tuple[str, str, str]]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT OR REPLACE INTO ballot VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")

    async def count(casts: Sequence[Cast]) -> None:
        await asyncio.to_thread(write, [(one.round, one.participant, one.choice) for one in casts])

    return connection, count


@asynccontextmanager
async def busy(really: bool) -> AsyncIterator[None]:
    """Keeps the event loop at work, a millisecond at a time."""

    async def work() -> None:
        while True:
            until = time.perf_counter() + 0.001
            while time.perf_counter() < until:
                sum(range(100))
            await asyncio.sleep(0)

    task = asyncio.create_task(work()) if really else None
    try:
        yield
    finally:
        if task:
            task.cancel()


async def measure(name: str, url: str, yardstick: Count, options: argparse.Namespace) -> None:
    """Prints a line for each batch size."""
    await migrate(url)
    store = await open_store(url)
    live, people = await a_room(store, ["g1", "g2", "g3", None, "g4"] * (PEOPLE // 5))
    round_ = Round(new_id(), live.id, "Who comes?", (Response("r1", "A"), Response("r2", "B")), state=RoundState.OPEN)
    async with store.begin() as work:
        await work.rounds.add_round(round_)
    casts = [a_cast(round_.id, person, reason="Because it is nearer.") for person in people]

    async def count(some: Sequence[Cast]) -> None:
        async with store.begin() as work:
            outcomes = await work.rounds.cast(some)
        if any(outcome.refusal for outcome in outcomes):
            raise RuntimeError("a ballot was refused")

    async with busy(options.busy):
        for batch in BATCHES:
            bare_rate = await rate(yardstick, casts, batch, options.seconds)
            ours = await rate(count, casts, batch, options.seconds)
            print(
                f"{name:12} batch {batch:5}  {ours:9,.0f}/s  bare sqlite3 {bare_rate:9,.0f}/s  "
                f"ratio {ours / bare_rate:.2f}  {1000 * batch / ours:6.1f} ms a batch"
            )
    await store.close()


async def main() -> None:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--postgresql", action="store_true", help="measure on PostgreSQL too")
    parser.add_argument("--busy", action="store_true", help="keep the event loop busy meanwhile")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        connection, yardstick = bare(Path(folder) / "bare.db")
        with closing(connection):
            await measure("sqlite", f"sqlite+aiosqlite:///{folder}/forum.db", yardstick, options)
            programs = postgres_programs()
            if options.postgresql and programs:
                server = PostgresServer(programs, fsync=True)
                try:
                    await measure("postgresql", server.url(await server.database()), yardstick, options)
                finally:
                    server.stop()


if __name__ == "__main__":
    asyncio.run(main())
