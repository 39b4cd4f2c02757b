"""One server on one database: the second is told, whatever happens to connections and to PostgreSQL meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa
from conftest import Database

from forum.errors import StartupProblem
from forum.store import Held, SqlStore, held, open_store, server_lock
from forum.store.engine import parse


@asynccontextmanager
async def holder(url: str, *, shared: bool = False) -> AsyncIterator[Held]:
    """Holds the database as somebody else, and lets it go at the end."""
    found = await server_lock.hold(url, shared=shared)
    assert found is not None
    try:
        yield found
    finally:
        await found.release()


async def broken(store: SqlStore) -> int:
    """Ends every other connection to this database that is in a transaction, as a restart would; how many."""
    async with store.writer.connect() as connection:
        ended = await connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle in transaction'"
            )
        )
        return len(ended.all())


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[SqlStore]:
    store = await open_store(database.url)
    try:
        yield store
    finally:
        await store.close()


async def test_a_second_one_is_refused_with_what_to_do_until_the_first_is_gone(postgres_database: Database) -> None:
    url = postgres_database.url
    async with holder(url):
        with pytest.raises(StartupProblem, match=r"Another Forum serves the database at .* already\. Stop it, or"):
            await server_lock.hold(url)
    async with holder(url):
        pass


async def test_a_file_is_held_by_its_folder(sqlite_database: Database) -> None:
    assert await server_lock.hold(sqlite_database.url) is None
    async with held(sqlite_database.url, lambda: None):
        pass


async def test_a_database_that_is_not_there_is_told_as_ever(postgres_database: Database) -> None:
    elsewhere = parse(postgres_database.url).set(database="nobodys").render_as_string(hide_password=False)
    with pytest.raises(StartupProblem, match="does not exist"):
        await server_lock.hold(elsewhere)


async def test_after_a_lost_connection_it_is_held_again(postgres_database: Database) -> None:
    async with opened(postgres_database) as store, holder(postgres_database.url) as first:
        assert await broken(store) == 1
        assert not await first._still()
        assert await first._again()
        assert await first._still()
        with pytest.raises(StartupProblem, match="already"):
            await server_lock.hold(postgres_database.url)


async def test_who_comes_while_the_connection_is_lost_makes_the_first_one_stop(postgres_database: Database) -> None:
    told = asyncio.Event()
    async with opened(postgres_database) as store, holder(postgres_database.url) as first:
        await broken(store)
        async with holder(postgres_database.url):
            async with asyncio.timeout(30):
                await first.keep(told.set, every=0)
        assert told.is_set()
        assert first.taken_over


async def test_its_own_lost_connection_that_the_database_still_has_is_nobody_else(postgres_database: Database) -> None:
    """As where the network went: the database has not noticed yet, and so has the lock for this very server."""
    async with opened(postgres_database), holder(postgres_database.url) as first:
        ghost, first._connection = first._connection, None
        assert ghost is not None
        try:
            assert await first._again()
            assert first._connection is None
        finally:
            await ghost.invalidate()
            await ghost.close()
        async with asyncio.timeout(30):
            while first._connection is None:
                assert await first._again()


async def test_a_server_that_lost_the_database_to_another_says_so_at_its_end(postgres_database: Database) -> None:
    told, other = asyncio.Event(), Held(parse(postgres_database.url))

    async def lost() -> None:
        async with held(postgres_database.url, told.set, every=0.05), asyncio.timeout(30):
            # The first one may have it back at once: then it loses it again.
            while not await other.take():
                await broken(store)
            await told.wait()

    async with opened(postgres_database) as store:
        with pytest.raises(StartupProblem, match="began to serve the database"):
            await lost()
    await other.release()


async def test_those_that_share_it_are_let_in_and_nobody_who_would_have_it_alone(postgres_database: Database) -> None:
    url = postgres_database.url
    async with holder(url, shared=True), holder(url, shared=True) as second:
        with pytest.raises(StartupProblem, match="FORUM_BROKER_URL is set for each of them"):
            await server_lock.hold(url)
        await second._drop()
        assert await second._again()
    async with holder(url):
        with pytest.raises(StartupProblem, match="for itself alone"):
            await server_lock.hold(url, shared=True)


async def test_one_that_shares_it_stops_where_another_took_it_alone(postgres_database: Database) -> None:
    told = asyncio.Event()
    async with holder(postgres_database.url, shared=True) as first:
        await first._drop()
        async with holder(postgres_database.url), asyncio.timeout(30):
            await first.keep(told.set, every=0)
    assert told.is_set()
