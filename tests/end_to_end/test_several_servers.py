"""Two real servers of one PostgreSQL and one Valkey: one session, through the death of either."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest
from support.databases import PostgresServer
from support.several_servers import Room, Servers
from support.valkey_server import Valkey

PHONES = 40


@dataclass
class Deployment:
    servers: Servers
    valkey: Valkey
    database: str
    organiser: httpx2.AsyncClient


@pytest.fixture(scope="module")
async def deployment(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployment]:
    name, valkey = await postgres.database(), Valkey()
    settings = {"FORUM_DATABASE_URL": postgres.url(name), "FORUM_BROKER_URL": valkey.url}
    servers = Servers(tmp_path_factory.mktemp("several"), 2, settings)
    try:
        servers.start_all()
        async with servers.organiser() as organiser:
            yield Deployment(servers, valkey, postgres.url(name), organiser)
    finally:
        servers.stop_all()
        valkey.stop()
        await postgres.drop(name)


@pytest.fixture
async def room(deployment: Deployment) -> AsyncIterator[Room]:
    room = await Room.made(deployment.servers, deployment.organiser)
    await room.join(PHONES)
    yield room
    await room.leave()


async def ends_equal_to_the_database(room: Room, deployment: Deployment, round_id: str, voted: int) -> None:
    """Checks that no vote was lost or doubled, and that every big screen shows so many."""
    assert await room.lost_and_doubled(deployment.database, round_id) == (0, 0, voted)
    for wall in room.walls:
        await wall.shows(lambda wall: wall.tally is not None and wall.tally.voted == voted)


async def test_an_act_at_one_is_seen_at_the_other_and_a_vote_counts_wherever_it_is_cast(
    deployment: Deployment, room: Room
) -> None:
    round_id = await room.session.ask()
    other = deployment.servers.addresses[1]
    # By form at the other server, by somebody whose socket is at the first.
    phone = room.phones[0]
    async with httpx2.AsyncClient(
        base_url=other, headers={"Origin": other}, cookies={"forum_device": phone.cookie}
    ) as by:
        answer = await by.post(f"{room.session.path}/vote", data={"round": round_id, "choice": "r2"})
    assert answer.status_code == 303
    for wall in room.walls:
        await wall.shows(lambda wall: wall.tally is not None and (wall.tally.voted, wall.tally.present) == (1, PHONES))
    await room.vote_all(round_id)
    await ends_equal_to_the_database(room, deployment, round_id, PHONES)
    result = await room.session.reveal(round_id)
    assert dict(result["counts"])["r1"] == PHONES // 2
    for wall in room.walls:
        await wall.until(lambda now: True if now.round and now.round.state == "revealed" else None)


async def test_each_is_restarted_while_everybody_votes_and_nobody_sees_an_error(
    deployment: Deployment, room: Room
) -> None:
    round_id = await room.session.ask()
    ends: list[tuple[int, str]] = []

    async def restarts() -> None:
        for which in (0, 1):
            code, said = await asyncio.to_thread(deployment.servers.stop, which)
            ends.append((code, "error" if "[error" in said else ""))
            await asyncio.to_thread(deployment.servers.start, which)

    await room.vote_all(round_id, restarts)
    assert ends == [(0, ""), (0, "")]
    assert room.counters.refusals == {}
    await ends_equal_to_the_database(room, deployment, round_id, PHONES)


async def test_one_dies_in_a_burst_and_valkey_with_it(deployment: Deployment, room: Room) -> None:
    round_id = await room.session.ask()

    async def deaths() -> None:
        deployment.servers.kill(1)
        deployment.valkey.kill()

    await room.vote_all(round_id, deaths)
    assert await room.lost_and_doubled(deployment.database, round_id) == (0, 0, PHONES)
    deployment.servers.start(1)
    await ends_equal_to_the_database(room, deployment, round_id, PHONES)
    # What is done while nobody can tell of it shows all the same.
    await room.session.act("close", round=round_id)
    await room.walls[1].until(lambda now: True if now.round and now.round.state == "closed" else None)
    deployment.valkey.come_back()
    for wall in room.walls:
        await wall.shows(lambda wall: wall.tally is not None and wall.tally.present == PHONES)
