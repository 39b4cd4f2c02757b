"""Faults below the store: full, locked, gone. Nothing is acknowledged, and afterwards it works again."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import Database
from support.factories import a_cast, a_room, new_id

from forum.errors import StoreUnavailable
from forum.store import SqlStore, open_store
from forum.store.tables import fact
from forum.voting.ballot import Cast
from forum.voting.round import Response, Round, RoundState


async def an_open_round(store: SqlStore, people: int) -> tuple[str, list[str]]:
    live, participants = await a_room(store, ["g1"] * people)
    round_ = Round(new_id(), live.id, "Who comes?", (Response("r1", "A"), Response("r2", "B")), state=RoundState.OPEN)
    async with store.begin() as work:
        await work.rounds.add_round(round_)
    return round_.id, participants


async def test_an_error_does_not_repeat_what_was_to_be_stored(store: SqlStore) -> None:
    """Errors are logged, and what is stored here is people's words and votes."""
    with pytest.raises(sa.exc.IntegrityError) as refused:
        async with store.writer.begin() as connection:
            await connection.execute(sa.insert(fact).values(name="told in confidence", value=None))
    assert "told in confidence" not in str(refused.value).replace(str(refused.value.orig), "")


async def voted(store: SqlStore, round_id: str) -> int:
    async with store.read() as work:
        return (await work.rounds.voted([round_id]))[round_id]


async def test_a_full_disk_loses_nothing_that_was_acknowledged(sqlite_store: SqlStore) -> None:
    store = sqlite_store
    round_, people = await an_open_round(store, 400)

    async def room(pages: str) -> None:
        async with store.writer.connect() as connection:
            await connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    async def count(some: list[str]) -> None:
        async with store.begin() as work:
            await work.rounds.cast([a_cast(round_, person, reason="Because. " * 50) for person in some])

    async with store.writer.connect() as connection:
        pages = int((await connection.exec_driver_sql("PRAGMA page_count")).scalar_one())
    await room(str(pages + 20))
    acknowledged, failed = 0, False
    while acknowledged < 400 and not failed:
        try:
            await count(people[acknowledged : acknowledged + 20])
            acknowledged += 20
        except StoreUnavailable:
            failed = True
    assert 0 < acknowledged < 400
    assert await voted(store, round_) == acknowledged
    await room("1000000")
    await count(people)
    assert await voted(store, round_) == 400


async def test_a_database_locked_by_another_process(sqlite_database: Database) -> None:
    store = await open_store(sqlite_database.url + "?timeout=0.05")
    with closing(sqlite3.connect(sqlite_database.name, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            async with store.begin():
                pass
        async with store.read() as work:
            assert await work.facts.get_fact("made_by") is None  # readers are not in anybody's way
        other.execute("ROLLBACK")
    async with store.begin() as work:
        await work.facts.set_fact("made_by", "forum")
    await store.close()


async def test_waiting_for_a_lock_may_be_given_up(sqlite_database: Database) -> None:
    store = await open_store(sqlite_database.url)
    async with store.begin() as work:
        await work.facts.set_fact("made_by", "forum")

    async def unit() -> None:
        async with store.begin() as work:
            await work.facts.set_fact("made_by", "nobody")

    with closing(sqlite3.connect(sqlite_database.name, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(unit())
        async with store.read() as work:
            for _ in range(10):  # by now it waits for the lock, in the driver's thread
                assert await work.facts.get_fact("made_by") == "forum"
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        other.execute("ROLLBACK")
    async with store.begin() as work:
        assert await work.facts.get_fact("made_by") == "forum"
    await store.close()


@pytest.mark.parametrize("persisted", [False, True], ids=["failed", "failed but persisted"])
async def test_a_commit_that_fails_is_not_acknowledged_and_may_be_tried_again(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, persisted: bool
) -> None:
    round_, (nurse,) = await an_open_round(store, 1)
    dialect = store.writer.sync_engine.dialect
    commit = dialect.do_commit

    def failing(connection: sa.PoolProxiedConnection) -> None:
        if persisted:
            commit(connection)
        raise ConnectionResetError

    async def failing_unit(one: Cast) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(dialect, "do_commit", failing)
            async with store.begin() as work:
                await work.rounds.cast([one])

    first, second = a_cast(round_, nurse), a_cast(round_, nurse, "r2")
    for one, counted_before in ((first, 0), (second, 1)):
        with pytest.raises(StoreUnavailable):
            await failing_unit(one)
        assert await voted(store, round_) == (1 if persisted else counted_before)
        async with store.begin() as work:
            (outcome,) = await work.rounds.cast([replace(one, ballot=new_id())])
        assert outcome.refusal == ""
    async with store.read() as work:
        assert [ballot.choice for ballot in await work.rounds.ballots(round_)] == ["r2"]


async def test_connections_that_the_server_ends_while_idle_are_replaced(postgres_database: Database) -> None:
    assert postgres_database.server
    store = await open_store(postgres_database.url)
    gone: list[asyncio.Event] = []
    async with store.writer.connect() as one, store.writer.connect() as two:
        for each in (one, two):
            driver: Any = (await each.get_raw_connection()).driver_connection
            gone.append(asyncio.Event())
            driver.add_termination_listener(lambda _, event=gone[-1]: event.set())
    await postgres_database.server.hang_up(postgres_database.name)
    await asyncio.gather(*(event.wait() for event in gone))
    for _ in range(3):
        async with store.begin() as work:
            await work.facts.set_fact("made_by", "forum")
    await store.close()


async def test_a_connection_that_is_lost_in_the_middle(postgres_database: Database) -> None:
    assert postgres_database.server
    store = await open_store(postgres_database.url)
    round_, (nurse,) = await an_open_round(store, 1)
    one = a_cast(round_, nurse)
    server = postgres_database.server

    async def unit() -> None:
        async with store.begin() as work:
            await work.rounds.cast([one])
            await server.hang_up(postgres_database.name)
            await work.rounds.voted([round_])

    with pytest.raises(StoreUnavailable):
        await unit()
    for _ in range(2):
        async with store.begin() as work:
            (outcome,) = await work.rounds.cast([one])
            assert outcome.refusal == ""
    assert await voted(store, round_) == 1
    await store.close()


async def test_a_store_may_be_closed_twice(database: Database) -> None:
    store = await open_store(database.url)
    async with store.read() as work:
        await work.facts.get_fact("made_by")
    await store.close()
    await store.close()


async def test_more_units_at_once_than_connections_wait_for_their_turn(store: SqlStore) -> None:
    async def unit(number: int) -> str | None:
        async with store.begin() as work:
            await work.facts.set_fact(f"fact {number}", "set")
        async with store.read() as work:
            return await work.facts.get_fact(f"fact {number}")

    assert await asyncio.gather(*(unit(n) for n in range(60))) == ["set"] * 60
