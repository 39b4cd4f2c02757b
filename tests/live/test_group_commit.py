"""Group commit on a real SQLite store: what waits together, how much of it, and that everybody is answered once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from structlog.testing import capture_logs

from forum.live.group_commit import Committed, GroupCommit
from forum.ports import Store, Work

NOT_TOLD = ("error", "somebody could not be told what became of a batch")


class Numbers:
    """A group commit of numbers: which came in one transaction, and how each was answered."""

    def __init__(self, store: Store, *, most_waiting: int = 100, batch: int = 100) -> None:
        self.batches: list[list[int]] = []
        self.answers: list[tuple[int, str]] = []
        self.told: list[int] = []
        self.on_disk: Callable[[], None] = lambda: None
        self.commit = GroupCommit(store, self._commit, lambda n: f"{n} refused", most_waiting=most_waiting, batch=batch)

    async def _commit(self, work: Work, items: Sequence[int]) -> Committed[str]:
        self.batches.append(list(items))
        await work.facts.set_fact("latest", str(items[-1]))
        return (f"{n} kept" for n in items), self.on_disk

    def put(self, *numbers: int) -> None:
        for n in numbers:
            # n=n keeps this turn's number; mypy cannot say what type such a lambda has
            self.commit.put(n, lambda answer, n=n: self.answers.append((n, answer)))  # type: ignore[misc]


async def test_what_waits_goes_into_one_transaction_after_another_until_none_is_left(sqlite_store: Store) -> None:
    numbers = Numbers(sqlite_store, batch=3)
    numbers.put(*range(8))
    await numbers.commit.drain()
    assert numbers.batches == [[0, 1, 2], [3, 4, 5], [6, 7]]
    assert numbers.answers == [(n, f"{n} kept") for n in range(8)]
    async with sqlite_store.read() as work:
        assert await work.facts.get_fact("latest") == "7"
    numbers.put(8)
    await numbers.commit.drain()
    assert numbers.answers[8:] == [(8, "8 kept")]


async def test_what_comes_while_a_batch_is_committed_waits_behind_those_that_wait(sqlite_store: Store) -> None:
    numbers = Numbers(sqlite_store, batch=2)
    numbers.put(0, 1, 2)
    numbers.on_disk = lambda: numbers.put(*range(3, 6)) if len(numbers.batches) == 1 else None
    await numbers.commit.drain()
    assert numbers.batches == [[0, 1], [2, 3], [4, 5]]
    assert numbers.answers == [(n, f"{n} kept") for n in range(6)]


async def test_after_a_batch_of_several_more_are_gathered_and_after_one_alone_nobody_waits(sqlite_store: Store) -> None:
    loop = asyncio.get_running_loop()
    for first, together in (((0, 1), [[0, 1], [2, 3]]), ((0,), [[0], [2], [3]])):
        numbers = Numbers(sqlite_store)

        def more(numbers: Numbers = numbers) -> None:
            if len(numbers.batches) == 1:
                numbers.put(2)
                loop.call_soon(numbers.put, 3)

        numbers.on_disk = more
        numbers.put(*first)
        await numbers.commit.drain()
        assert numbers.batches == together


async def test_it_says_that_it_stores_as_long_as_it_does(sqlite_store: Store) -> None:
    numbers = Numbers(sqlite_store)
    said: list[bool] = []
    numbers.on_disk = lambda: said.append(numbers.commit.storing)
    numbers.put(0, 1)
    await numbers.commit.drain()
    assert (said, numbers.commit.storing) == ([True], False)


async def test_more_than_may_wait_is_refused_at_once_and_nothing_of_it_is_kept(sqlite_store: Store) -> None:
    numbers = Numbers(sqlite_store, most_waiting=3, batch=2)
    numbers.put(*range(5))
    assert numbers.answers == [(3, "3 refused"), (4, "4 refused")]
    await numbers.commit.drain()
    assert numbers.batches == [[0, 1], [2]]
    assert sorted(numbers.answers) == [*((n, f"{n} kept") for n in range(3)), (3, "3 refused"), (4, "4 refused")]
    # Once there is room again, it is taken.
    numbers.put(3)
    await numbers.commit.drain()
    assert numbers.answers[-1] == (3, "3 kept")


async def test_what_is_being_committed_does_not_wait_any_more(sqlite_store: Store) -> None:
    numbers = Numbers(sqlite_store, most_waiting=2, batch=2)
    numbers.put(0, 1)
    # As many may wait again while these two are on their way to the disk.
    numbers.on_disk = lambda: numbers.put(2, 3) if len(numbers.batches) == 1 else None
    await numbers.commit.drain()
    assert numbers.answers == [(n, f"{n} kept") for n in range(4)]


async def test_who_no_longer_waits_for_an_answer_keeps_nobody_else_from_theirs(sqlite_store: Store) -> None:
    """A form post whose connection has gone is cancelled; its ballot was taken, as were those beside it."""
    numbers = Numbers(sqlite_store, batch=2)
    gone = [asyncio.create_task(numbers.commit.put_and_wait(n)) for n in (0, 2)]
    await asyncio.sleep(0)
    numbers.put(1, 3, 4)
    for task in gone:
        task.cancel()
    await numbers.commit.drain()
    assert numbers.batches == [[0, 2], [1, 3], [4]]
    assert numbers.answers == [(n, f"{n} kept") for n in (1, 3, 4)]
    assert [task.cancelled() for task in await asyncio.gather(*map(_ended, gone))] == [True, True]


async def _ended(task: asyncio.Task[str]) -> asyncio.Task[str]:
    await asyncio.wait([task])
    return task


async def test_an_answer_that_cannot_be_given_keeps_nobody_else_from_theirs(sqlite_store: Store) -> None:
    numbers = Numbers(sqlite_store, batch=2)

    def broken(answer: str) -> None:
        raise RuntimeError(answer)

    numbers.commit.put(0, broken)
    numbers.put(1, 2)
    numbers.commit.put(3, broken)
    numbers.put(4)
    with capture_logs() as logged:
        await numbers.commit.drain()
    assert [(event["log_level"], event["event"]) for event in logged] == 2 * [NOT_TOLD]
    assert numbers.batches == [[0, 1], [2, 3], [4]]
    assert numbers.answers == [(n, f"{n} kept") for n in (1, 2, 4)]


async def test_what_is_on_disk_is_answered_so_though_telling_others_of_it_fails(sqlite_store: Store) -> None:
    numbers = Numbers(sqlite_store, batch=2)

    def broken() -> None:
        raise RuntimeError("a screen could not be drawn")

    numbers.on_disk = broken
    numbers.put(0, 1, 2)
    with capture_logs() as logged:
        await numbers.commit.drain()
    assert [(event["log_level"], event["event"]) for event in logged] == 2 * [NOT_TOLD]
    assert numbers.answers == [(n, f"{n} kept") for n in range(3)]


async def test_a_batch_goes_before_all_else_that_waits_to_be_written(sqlite_store: Store) -> None:
    numbers, after = Numbers(sqlite_store), list[int]()

    async def other() -> None:
        async with sqlite_store.begin() as work:
            await work.facts.set_fact("other", "written")
        after.append(len(numbers.answers))

    async with sqlite_store.begin():
        others = [asyncio.create_task(other()) for _ in range(20)]
        await asyncio.sleep(0)
        numbers.put(1)
        await asyncio.sleep(0)
    await asyncio.gather(*others)
    # The first of the others may have stood at the door already.
    assert after[1:] == [1] * 19
