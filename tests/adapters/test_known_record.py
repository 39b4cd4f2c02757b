"""The record as it was last known: an older copy, an empty one and another are told; the same and a longer one not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from support.factories import a_commission, append_entries

from forum.adapters import known_record
from forum.adapters.known_record import Head, Keeper
from forum.adapters.signing_key import KEY_FILE, load_signer
from forum.errors import StartupProblem
from forum.ports import Store


async def grown(store: Store, entries: int = 1) -> Head:
    """Adds so many entries to the record and returns its head."""
    commission = a_commission()
    async with store.begin() as work:
        await append_entries(work, commission, entries)
    return await known_record.head_of(store)


async def test_what_was_kept_and_what_came_after_it_is_the_same_record(store: Store, tmp_path: Path) -> None:
    await known_record.check(store, tmp_path)
    assert known_record.read(tmp_path) is None, "a look keeps nothing"
    head = await grown(store, 3)
    keeper = Keeper(store, tmp_path)
    await keeper.look()
    assert known_record.read(tmp_path) == head == Head(3, head.leaf)
    await known_record.check(store, tmp_path)
    await grown(store)
    await known_record.check(store, tmp_path)


@pytest.mark.parametrize("entries", [0, 1, 2])
async def test_a_record_with_fewer_entries_is_told_and_can_be_accepted(
    sqlite_store: Store, tmp_path: Path, entries: int
) -> None:
    if entries:
        await grown(sqlite_store, entries)
    known_record.write(tmp_path, Head(3, "ab" * 32))
    with pytest.raises(StartupProblem, match=f"has {entries} entries, but it had 3 .* older copy.* --accept"):
        await known_record.check(sqlite_store, tmp_path)
    await known_record.accept(sqlite_store, tmp_path)
    await known_record.check(sqlite_store, tmp_path)
    assert (known_record.read(tmp_path) or Head(9, "")).size == entries


async def test_an_older_copy_that_went_on_by_itself_is_told(sqlite_store: Store, tmp_path: Path) -> None:
    head = await grown(sqlite_store, 4)
    known_record.write(tmp_path, Head(3, head.leaf))
    with pytest.raises(StartupProblem, match="differs at entry 2 or before"):
        await known_record.check(sqlite_store, tmp_path)


async def test_an_empty_database_beside_a_key_is_told_where_nothing_else_is_known(
    sqlite_store: Store, tmp_path: Path
) -> None:
    await known_record.check(sqlite_store, tmp_path)  # a first start
    load_signer(tmp_path)
    with pytest.raises(StartupProblem, match="has a signing key, but the database is empty"):
        await known_record.check(sqlite_store, tmp_path)
    async with sqlite_store.begin() as work:
        await work.facts.set_fact("signing_key", "forum-00000000")
    await known_record.check(sqlite_store, tmp_path)  # begun under a key, and nothing happened yet
    (tmp_path / KEY_FILE).unlink()


async def test_a_file_that_cannot_be_read_is_told_and_replaced_when_accepted(
    sqlite_store: Store, tmp_path: Path
) -> None:
    for damaged in (b"", b"{", b'{"size": "x"}', b"\xff"):
        (tmp_path / known_record.FILE).write_bytes(damaged)
        with pytest.raises(StartupProblem, match="cannot be read"):
            await known_record.check(sqlite_store, tmp_path)
    await known_record.accept(sqlite_store, tmp_path)
    assert known_record.read(tmp_path) == Head(0, "")


async def test_a_keeper_writes_at_its_end_and_only_what_is_new(sqlite_store: Store, tmp_path: Path) -> None:
    keeper = Keeper(sqlite_store, tmp_path, every=3600)
    keeper.start()
    head = await grown(sqlite_store)
    await keeper.stop()
    assert known_record.read(tmp_path) == head
    (tmp_path / known_record.FILE).unlink()
    await keeper.look()
    assert known_record.read(tmp_path) is None


async def test_an_error_that_nobody_thought_of_is_logged_and_the_next_look_comes(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, head_of = asyncio.Event(), known_record.head_of

    async def fails_first(store: Store, size: int | None = None) -> Head:
        if not looked.is_set():
            looked.set()
            raise ZeroDivisionError
        return await head_of(store, size)

    monkeypatch.setattr(known_record, "head_of", fails_first)
    keeper = Keeper(sqlite_store, tmp_path)
    with capture_logs() as logs:
        keeper.start()
        await looked.wait()
        await keeper.stop()
    assert [entry["event"] for entry in logs] == ["what is known of the record was not looked at"]
    assert known_record.read(tmp_path) == await head_of(sqlite_store)


async def test_a_folder_that_takes_no_file_stops_nothing(sqlite_store: Store, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    await grown(sqlite_store)
    keeper = Keeper(sqlite_store, gone)
    await keeper.look()
    gone.mkdir()
    await keeper.look()
    assert known_record.read(gone) == await known_record.head_of(sqlite_store)
