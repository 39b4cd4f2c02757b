"""Background work that comes round again and again."""

from __future__ import annotations

import asyncio

import pytest

from forum.services.periodic import Periodic

AN_HOUR = 3600.0


class Work:
    """Work that tells when each of its runs begins, and ends it when it is let."""

    def __init__(self, every: float = AN_HOUR) -> None:
        self.runs = 0
        self.begun = asyncio.Semaphore(0)
        self.may_end = asyncio.Semaphore(0)
        self.errors: list[Exception] = []
        self.fails: list[Exception] = []
        self.task = Periodic(self._run, every, self.errors.append)

    async def _run(self) -> None:
        self.runs += 1
        self.begun.release()
        await self.may_end.acquire()
        if self.fails:
            raise self.fails.pop(0)


@pytest.fixture
async def work() -> Work:
    return Work()


async def test_stopped_before_its_first_run_it_runs_once(work: Work) -> None:
    work.may_end.release()
    work.task.start()
    await work.task.stop()
    assert work.runs == 1


async def test_stop_waits_for_the_run_under_way_and_no_other_begins(work: Work) -> None:
    work.task.start()
    await work.begun.acquire()
    stopped = asyncio.ensure_future(work.task.stop())
    await asyncio.sleep(0)
    assert not stopped.done()
    work.may_end.release()
    await stopped
    assert work.runs == 1


async def test_woken_during_a_run_it_runs_once_more(work: Work) -> None:
    work.task.start()
    await work.begun.acquire()
    work.task.wake()
    work.task.wake()
    work.may_end.release()
    await work.begun.acquire()
    stopped = asyncio.ensure_future(work.task.stop())
    work.may_end.release()
    await stopped
    assert work.runs == 2


async def test_each_error_is_handed_on_once_and_the_next_run_comes() -> None:
    work = Work(every=0.001)
    work.fails = faults = [ValueError("one"), RuntimeError("two")]
    told = list(faults)
    work.task.start()
    for _ in range(3):
        await work.begun.acquire()
        work.may_end.release()
    work.may_end.release()
    await work.task.stop()
    assert work.errors == told
    assert work.runs >= 3


async def test_one_that_was_never_started_stops_at_once(work: Work) -> None:
    await work.task.stop()
    assert work.runs == 0
