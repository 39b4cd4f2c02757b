"""Calls into SQLite's thread: each statement once, with all its rows, whatever kind it is."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
import sqlalchemy as sa
from support.factories import a_commission

from forum.errors import NotFound, StoreUnavailable
from forum.store import SqlStore
from forum.store.engine import engines
from forum.store.tables import commission as commissions
from forum.store.tables import fact


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Collects the functions handed to SQLite's thread from now on."""
    over: list[object] = []
    plain: Any = aiosqlite.Connection._execute

    async def counted(self: aiosqlite.Connection, function: object, *given: object, **named: object) -> object:
        over.append(function)
        return await plain(self, function, *given, **named)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return over


async def test_a_statement_is_handed_over_once(sqlite_store: SqlStore, handed: list[object]) -> None:
    made = a_commission()
    async with sqlite_store.begin() as work:
        # A commission is added with its first version.
        for act, statements in (
            (work.commissions.add_commission(made), 2),
            (work.commissions.get_commission(made.id), 1),
            (work.commissions.list_commissions(), 1),
        ):
            before = len(handed)
            await act
            assert len(handed) == before + statements
        before = len(handed)
        with pytest.raises(NotFound):
            await work.commissions.get_commission("nobody's")
        assert len(handed) == before + 1


async def test_every_kind_of_statement_gives_what_it_gave(sqlite_store: SqlStore) -> None:
    async with sqlite_store.writer.connect() as connection:
        rows = [{"name": f"n{at}", "value": "x"} for at in range(1200)]
        await connection.begin()
        many = await connection.execute(sa.insert(fact), rows)
        assert many.rowcount == len(rows)
        found = await connection.execute(sa.select(fact).order_by(fact.c.name))
        assert list(found.keys()) == ["name", "value"]
        assert len(found.all()) == len(rows)
        changed = await connection.execute(sa.update(fact).where(fact.c.name.in_(["n1", "n2", "n"])).values(value="y"))
        assert changed.rowcount == 2
        gone = await connection.execute(sa.delete(fact).where(fact.c.value == "y").returning(fact.c.name))
        assert sorted(gone.scalars().all()) == ["n1", "n2"]
        assert (await connection.execute(sa.select(fact).where(fact.c.name == "n1"))).all() == []
        assert (await connection.execute(sa.text("SELECT 1 + 1"))).scalar_one() == 2
        with pytest.raises(sa.exc.IntegrityError):
            await connection.execute(sa.insert(fact), {"name": "n3", "value": "x"})
        with pytest.raises(sa.exc.OperationalError):
            await connection.execute(sa.text("SELECT nothing FROM nowhere"))
        assert (await connection.execute(sa.select(sa.func.count()).select_from(commissions))).scalar_one() == 0
        await connection.rollback()


async def test_after_a_statement_that_fails_the_unit_of_work_goes_on(sqlite_store: SqlStore) -> None:
    made = a_commission()
    async with sqlite_store.begin() as work:
        await work.commissions.add_commission(made)
        with pytest.raises(NotFound):
            await work.sessions.get_session(made.id)
        assert await work.commissions.get_commission(made.id) == made


async def test_of_a_database_that_cannot_be_opened_no_thread_is_left(tmp_path: Path) -> None:
    url = sa.make_url(f"sqlite+aiosqlite:///{tmp_path / 'no such folder' / 'forum.db'}")
    before = set(threading.enumerate())
    store = engines(url)
    for _ in range(20):
        with pytest.raises(StoreUnavailable):
            async with store.read():
                pass
        left = {thread.name for thread in set(threading.enumerate()) - before}
        assert not {name for name in left if "_connection_worker_thread" in name}
    await store.close()


async def test_at_its_end_a_store_waits_for_what_is_under_way(tmp_path: Path) -> None:
    store = engines(sa.make_url(f"sqlite+aiosqlite:///{tmp_path / 'forum.db'}"))
    began, done = asyncio.Event(), list[str]()

    async def unit() -> None:
        async with store.writer.connect() as connection:
            await connection.execute(sa.text("SELECT 1"))
            began.set()
            await asyncio.sleep(0.05)
            await connection.execute(sa.text("SELECT 1"))
        done.append("the unit")

    under_way = asyncio.create_task(unit())
    await began.wait()
    await store.close()
    assert done == ["the unit"]
    await under_way
    assert not [each for each in threading.enumerate() if "_connection_worker_thread" in each.name and each.is_alive()]
