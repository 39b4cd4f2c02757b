"""Turns of writers in SQLite, which has one at a time: ballots before everything else that waits."""

from __future__ import annotations

import asyncio

import pytest

from forum.store import SqlStore


async def _write(store: SqlStore, name: str, done: list[str], *, first: bool = False) -> None:
    async with store.begin(first=first) as work:
        await work.facts.set_fact("last", name)
    done.append(name)


async def _until_all_wait() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_what_is_first_waits_for_one_turn_of_others_at_most(sqlite_store: SqlStore) -> None:
    done: list[str] = []
    async with sqlite_store.begin():
        others = [asyncio.create_task(_write(sqlite_store, f"other {n}", done)) for n in range(20)]
        await _until_all_wait()
        vote = asyncio.create_task(_write(sqlite_store, "vote", done, first=True))
        await _until_all_wait()
    await asyncio.gather(vote, *others)
    assert done.index("vote") <= 1
    assert sorted(done) == sorted(["vote", *(f"other {n}" for n in range(20))])


async def test_who_waits_no_more_leaves_the_line(sqlite_store: SqlStore) -> None:
    done: list[str] = []
    async with sqlite_store.begin():
        others = [asyncio.create_task(_write(sqlite_store, f"other {n}", done)) for n in range(3)]
        await _until_all_wait()
        for gone in others[:2]:
            gone.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await _write(sqlite_store, "later", done)
    assert done == ["other 2", "later"]


async def test_a_unit_that_fails_ends_its_turn(sqlite_store: SqlStore) -> None:
    done: list[str] = []
    with pytest.raises(ZeroDivisionError):
        async with sqlite_store.begin():
            _ = 1 / 0
    await _write(sqlite_store, "later", done)
    assert done == ["later"]
