"""Cost of asking for the record: counted in rows that are read and hashes that are worked out, not in time."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.app import House
from support.factories import CLOCK, append_entries

from forum.ports import Store
from forum.record.verify.merkle_tree import root
from forum.services.record_cache import PIECE_OF_ENTRIES, kept
from forum.store import open_store
from forum.store.record import SqlRecord
from forum.voting.commission import Commission

ENTRIES = 700
PAGES = ("/record/checkpoint", "/record/600", "/record/3?as=tlog-proof", "/record/tile/0/000", "/record/tile/1/000.p/2")


@dataclass
class Read:
    """How many rows of the record were read, and the most of them at once."""

    rows: int = 0
    most: int = 0

    def count(self, found: list[Any]) -> None:
        self.rows += len(found)
        self.most = max(self.most, len(found))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """Counts what is read of the record from now on."""
    told = Read()
    for name in ("entries", "leaf_hashes"):
        plain = getattr(SqlRecord, name)

        async def counted(self: SqlRecord, *given: Any, plain: Any = plain) -> list[Any]:
            found: list[Any] = await plain(self, *given)
            told.count(found)
            return found

        monkeypatch.setattr(SqlRecord, name, counted)
    return told


async def grow(store: Store, commission: Commission, number: int, action: str = "kept") -> None:
    async with store.begin() as work:
        await append_entries(work, commission, number, action)


async def root_of(store: Store) -> bytes:
    """Works the root out afresh, as it is now."""
    async with store.read() as work:
        return root(await work.record.leaf_hashes())


async def root_told(house: House) -> bytes:
    async with house.browser() as browser:
        told = await browser.get("/record/0", headers={"Accept": "application/json"})
    return bytes.fromhex(told.json()["root"])


async def test_the_tree_is_read_once_in_pieces_and_then_read_on(house: House, read: Read) -> None:
    commission = await house.commission()
    await grow(house.store, commission, ENTRIES)
    tree = kept(house.store).tree
    async with house.browser() as browser:
        for page in PAGES:
            assert (await browser.get(page)).status_code == 200
        assert read.most <= PIECE_OF_ENTRIES
        assert read.rows <= 2 * ENTRIES + 2 * len(PAGES), "hashes and entries once each"
        rows, hashed = read.rows, tree.hashed
        for page in PAGES:
            assert (await browser.get(page)).status_code == 200
        assert read.rows - rows <= 3 * len(PAGES)
        assert tree.hashed - hashed <= len(PAGES) * 2 * ENTRIES.bit_length()
        await grow(house.store, commission, 1)
        rows, hashed = read.rows, tree.hashed
        await browser.get("/record/checkpoint")
        assert (read.rows - rows, len(tree)) == (2, ENTRIES + 1)
        assert tree.hashed - hashed <= 2 * ENTRIES.bit_length()
    assert await root_told(house) == await root_of(house.store)


async def test_for_what_is_not_there_nothing_is_read(house: House, read: Read) -> None:
    await grow(house.store, await house.commission(), ENTRIES)
    async with house.browser() as browser:
        for path in (
            "tile/0/003", "tile/0/002.p/189", "tile/1/000", "tile/1/000.p/3", "tile/2/000.p/1", "tile/63/000",
            "tile/0/x999/999", "700", "999999999",
        ):  # fmt: skip
            assert (await browser.get(f"/record/{path}")).status_code == 404, path
            assert read.rows == 0, path


async def test_requests_at_once_read_it_together_and_get_one_answer(house: House) -> None:
    await grow(house.store, await house.commission(), ENTRIES)
    async with house.browser() as browser:
        answers = await asyncio.gather(*(browser.get("/record/checkpoint") for _ in range(6)))
    assert len({answer.text for answer in answers}) == 1
    assert len(kept(house.store).tree) == ENTRIES
    assert await root_told(house) == await root_of(house.store)


async def test_what_another_process_appends_is_in_it(house: House, tmp_path: Path) -> None:
    commission = await house.commission()
    await grow(house.store, commission, 5)
    await root_told(house)
    other = await open_store(f"sqlite+aiosqlite:///{tmp_path / 'forum.db'}")
    await grow(other, commission, 6)
    assert await root_told(house) == await root_of(other)
    await other.close()


async def test_a_reader_with_an_older_snapshot_gets_the_tree_of_that(house: House) -> None:
    commission = await house.commission()
    await grow(house.store, commission, 5)
    before = await root_of(house.store)
    async with house.store.read() as work:
        size = await work.record.size()
        await grow(house.store, commission, 4)
        await root_told(house)
        tree = await kept(house.store).tree_of(work, size)
        assert (len(tree), tree.root(size)) == (9, before)


@pytest.mark.parametrize("appended", [0, 2, 4, 7])
async def test_data_that_goes_back_under_a_running_server_is_read_anew(house: House, appended: int) -> None:
    """To four entries of eight, with as many other ones after them. Nothing of it is signed before that is accepted."""
    commission = await house.commission()
    await grow(house.store, commission, 4)
    await grow(house.store, commission, 4)
    async with house.browser() as browser:
        assert (await browser.get("/record/7")).status_code == 200
    _go_back(house, 4)
    await grow(house.store, commission, appended, "held")
    async with house.browser() as browser:
        assert (await browser.get("/record/checkpoint")).status_code == 503
        assert (await browser.get("/record")).status_code == 200
    assert await house.site.checkpoints.accept_restore(CLOCK) == [4 + appended]
    assert await root_told(house) == await root_of(house.store)
    async with house.browser() as browser:
        for index in range(4 + appended):
            assert (await browser.get(f"/record/{index}")).status_code == 200
        listed = await browser.get(f"/record/entries?commission={commission.id}")
    assert listed.text.count('href="/record/') >= 4 + appended


def _go_back(house: House, size: int) -> None:
    """Takes all but the first entries away, under the running house."""
    file = house.site.settings.data / "forum.db"
    with closing(sqlite3.connect(file)) as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'entry'")
        for (name,) in triggers.fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("DELETE FROM entry WHERE position >= ?", (size,))
        database.commit()
