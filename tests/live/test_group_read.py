"""Reads that wait for each other: what was asked while one runs is answered from the next snapshot, together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from forum.errors import StoreUnavailable
from forum.live import group_read
from forum.live.group_read import GroupRead
from forum.ports import Store, Work


class Counting:
    """A read that tells how often it was called, and waits where it is told to."""

    def __init__(self) -> None:
        self.turns: list[list[int]] = []
        self.began = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, work: Work, asked: Sequence[int]) -> list[int]:
        self.turns.append(list(asked))
        self.began.set()
        await self.go_on.wait()
        if 13 in asked:
            raise StoreUnavailable("The database is away.")
        return [2 * one for one in asked]


async def test_what_comes_while_one_read_runs_is_read_together_in_order(sqlite_store: Store) -> None:
    read = Counting()
    read.go_on.clear()
    reads = GroupRead(sqlite_store, read)
    asking = [asyncio.create_task(reads.ask(1))]
    await read.began.wait()
    asking += [asyncio.create_task(reads.ask(n)) for n in (2, 3, 4)]
    await asyncio.sleep(0)
    read.go_on.set()
    assert await asyncio.gather(*asking) == [2, 4, 6, 8]
    assert read.turns == [[1], [2, 3, 4]]


async def test_a_turn_has_its_bound(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_read, "MOST_AT_ONCE", 3)
    read = Counting()
    reads = GroupRead(sqlite_store, read)
    assert await asyncio.gather(*(reads.ask(n) for n in range(8))) == [2 * n for n in range(8)]
    assert max(map(len, read.turns)) == 3


async def test_a_failure_is_told_to_all_of_its_turn_and_to_nobody_after_it(sqlite_store: Store) -> None:
    reads = GroupRead(sqlite_store, Counting())
    failed = await asyncio.gather(reads.ask(1), reads.ask(13), return_exceptions=True)
    assert [type(one) for one in failed] == [StoreUnavailable, StoreUnavailable]
    assert await reads.ask(5) == 10


async def test_somebody_who_goes_away_keeps_nobody_waiting(sqlite_store: Store) -> None:
    read = Counting()
    read.go_on.clear()
    reads = GroupRead(sqlite_store, read)
    going, staying = (asyncio.create_task(reads.ask(n)) for n in (1, 2))
    await read.began.wait()
    going.cancel()
    read.go_on.set()
    assert await staying == 4
    with pytest.raises(asyncio.CancelledError):
        await going


async def test_nobody_waits_for_ever_where_the_reading_is_ended(sqlite_store: Store) -> None:
    read = Counting()
    read.go_on.clear()
    reads = GroupRead(sqlite_store, read)
    asking = [asyncio.create_task(reads.ask(1))]
    await read.began.wait()
    asking.append(asyncio.create_task(reads.ask(2)))
    await asyncio.sleep(0)
    assert reads._task is not None
    reads._task.cancel()
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(one) for one in told] == [asyncio.CancelledError, asyncio.CancelledError]


async def test_answers_of_one_read_are_given_in_steps(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_read, "GIVEN_AT_ONCE", 3)
    reads, answered = GroupRead(sqlite_store, Counting()), list[int]()

    async def ask(n: int) -> None:
        answered.append(await reads.ask(n))

    asking = [asyncio.create_task(ask(n)) for n in range(14, 24)]
    steps = []
    while not all(task.done() for task in asking):
        before = len(answered)
        await asyncio.sleep(0)
        steps.append(len(answered) - before)
    assert answered == [2 * n for n in range(14, 24)]
    assert max(steps) <= 3
