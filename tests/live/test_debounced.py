"""Debounced work, on a clock that jumps to the next timer."""

from __future__ import annotations

import asyncio

import pytest
from support.jumping_loop import run_jumping

from forum.live.debounced import Debounced


class Runs:
    """An act that takes ten seconds, and when each run of it began and ended, by key."""

    def __init__(self) -> None:
        self.began: list[tuple[str, float]] = []
        self.ended: list[tuple[str, float]] = []
        self.debounced = Debounced(self.act)
        self._start = asyncio.get_running_loop().time()

    def now(self) -> float:
        return round(asyncio.get_running_loop().time() - self._start, 1)

    async def act(self, key: str) -> None:
        assert not self.debounced.asked(key)
        self.began.append((key, self.now()))
        if key == "broken":
            raise ValueError
        await asyncio.sleep(10)
        self.ended.append((key, self.now()))


def test_calls_until_a_run_begins_share_it() -> None:
    async def play() -> None:
        runs = Runs()
        for wait in (4, 1, 9):
            runs.debounced.ask("a", wait)
        runs.debounced.ask("b")
        await asyncio.sleep(3)
        runs.debounced.ask("a", 4)
        await asyncio.sleep(60)
        assert runs.began == [("b", 0.0), ("a", 4.0)]

    run_jumping(play())


def test_calls_during_a_run_share_one_more_after_it() -> None:
    async def play() -> None:
        runs = Runs()
        runs.debounced.ask("a", 1)
        await asyncio.sleep(5)
        assert not runs.debounced.asked("a")
        for _ in range(3):
            runs.debounced.ask("a", 2)
            assert runs.debounced.asked("a")
            await asyncio.sleep(1)
        await asyncio.sleep(60)
        assert (runs.began, runs.ended) == ([("a", 1.0), ("a", 13.0)], [("a", 11.0), ("a", 23.0)])
        runs.debounced.ask("a")
        await asyncio.sleep(60)
        assert len(runs.ended) == 3, "and when nothing runs any more the next call begins anew"

    run_jumping(play())


def test_a_run_that_fails_keeps_none_from_the_next_and_cancelled_ones_end() -> None:
    async def play() -> None:
        runs = Runs()
        failures: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, facts: failures.append(facts.get("exception")))
        for _ in range(2):
            runs.debounced.ask("broken")
            await asyncio.sleep(1)
        assert [key for key, _ in runs.began] == ["broken", "broken"]
        runs.debounced.ask("waiting", 5)
        runs.debounced.ask("running")
        await asyncio.sleep(1)
        runs.debounced.cancel()
        await asyncio.sleep(60)
        assert [key for key, _ in runs.began[2:]] == ["running"]
        assert (runs.ended, runs.debounced.asked("waiting")) == ([], False)

    run_jumping(play())


@pytest.mark.parametrize("wait", [0.0, 0.5])
def test_what_is_asked_for_with_no_wait_begins_before_anything_that_waits(wait: float) -> None:
    async def play() -> None:
        runs = Runs()
        runs.debounced.ask("a", wait)
        await asyncio.sleep(0)
        assert runs.began == ([] if wait else [("a", 0.0)])

    run_jumping(play())
