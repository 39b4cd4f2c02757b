"""A job is had by one at a time, on both databases; on PostgreSQL also after its holder is gone without a word."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from conftest import Database

from forum.errors import StoreUnavailable
from forum.services.duty import Duty
from forum.store import SqlStore, open_store
from forum.store.engine import engines, parse


async def test_a_job_is_had_by_one_at_a_time_and_another_beside_it(store: SqlStore) -> None:
    async with store.job_lock("one") as first:
        assert first.granted
        assert await first.still()
        async with store.job_lock("one") as second, store.job_lock("another") as other:
            assert not second.granted
            assert not await second.still()
            assert other.granted
        async with store.job_lock("one") as third:
            assert not third.granted
    async with store.job_lock("one") as again:
        assert again.granted


async def test_a_job_that_fails_is_free_again(store: SqlStore) -> None:
    with pytest.raises(RuntimeError):
        async with store.job_lock("one"):
            raise RuntimeError("a fault of its own")
    async with store.job_lock("one") as again:
        assert again.granted


async def test_of_two_servers_one_has_the_duty_until_it_ends_or_is_cut_off(postgres_database: Database) -> None:
    one, two = await open_store(postgres_database.url), await open_store(postgres_database.url)
    first, second, third = Duty(one), Duty(two), Duty(one)
    try:
        for duty in (first, second):
            await duty.look()
        assert (first.mine(), second.mine()) == (True, False)
        await first._let_go()
        await second.look()
        await first.look()
        assert (first.mine(), second.mine()) == (False, True)
        # As where its machine has lost power.
        async with one.writer.connect() as connection:
            await connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks "
                    "WHERE locktype = 'advisory' AND objsubid = 2 AND pid <> pg_backend_pid()"
                )
            )
        await third.look()
        assert third.mine()
        await second.look()
        assert not second.mine()
    finally:
        for duty in (first, second, third):
            await duty._let_go()
        await one.close()
        await two.close()


async def test_where_the_database_is_away_nobody_has_a_job(postgres_database: Database) -> None:
    store = engines(parse(postgres_database.url).set(database="nobodys"))
    with pytest.raises(StoreUnavailable):
        async with store.job_lock("one"):
            pass
    duty = Duty(store)
    await duty.look()
    assert not duty.mine()
    await store.close()
