"""A line before long work: nobody takes it from others, however many pieces they bring, and however long these are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import pytest

from forum.adapters import fair_line
from forum.adapters.fair_line import SENDER, SLICE, Line
from forum.errors import TooMany

NURSE, CARER, FLOOD = ("n1", "n1 nurse"), ("n2", "n2 carer"), ("n3", "n3 flood")


class Bench:
    """A line with a clock that is set by hand, and what was done in it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.line = Line(lambda: self.now)
        self.done: list[str] = []

    async def piece(self, sender: tuple[str, ...], seconds: float = 1.0, most: int = 9) -> None:
        """Waits for a turn, and lets so many seconds pass in it."""
        SENDER.set(sender)
        async with self.line.turn(most):
            self.done.append(sender[-1])
            self.now += seconds

    @asynccontextmanager
    async def busy(self, sender: tuple[str, ...] = (), seconds: float = 0.0) -> AsyncIterator[None]:
        """Has the turn while others come; so many seconds pass at the end."""
        SENDER.set(sender)
        async with self.line.turn(1):
            yield
            self.now += seconds

    async def come(self, *pieces: tuple[str, ...], most: int = 9) -> list[asyncio.Task[None]]:
        """Lets pieces of these senders come, one after another; returns them."""
        coming = [asyncio.create_task(self.piece(sender, most=most)) for sender in pieces]
        for _ in range(3):  # they come, and whoever has to go goes
            await asyncio.sleep(0)
        return coming


async def ended(tasks: list[asyncio.Task[None]]) -> list[BaseException | None]:
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_whoever_had_least_goes_first_and_among_equals_whoever_came_first() -> None:
    bench = Bench()
    await bench.piece(FLOOD, 50)
    await bench.piece(("n1", "n1 another"), 5)
    bench.done.clear()
    async with bench.busy():
        coming = await bench.come(FLOOD, FLOOD, ("n1", "n1 another"), NURSE, CARER)
    assert await ended(coming) == [None] * 5
    # A browser that had nothing goes before one of its own network that had.
    assert bench.done == ["n2 carer", "n1 nurse", "n1 another", "n3 flood", "n3 flood"]


async def test_what_somebody_had_is_forgiven_with_time() -> None:
    bench = Bench()
    await bench.piece(FLOOD, 50)
    bench.now += 50 * 60
    bench.done.clear()
    async with bench.busy():
        coming = await bench.come(FLOOD, NURSE)
    await ended(coming)
    assert bench.done == ["n3 flood", "n1 nurse"]


async def test_a_full_line_makes_room_for_who_had_less_and_is_not_filled_by_one_network() -> None:
    bench = Bench()
    await bench.piece(FLOOD, 50)
    await bench.piece(CARER, 1)
    async with bench.busy():
        waiting = await bench.come(CARER, FLOOD, NURSE, most=3)
        assert [task.done() for task in waiting] == [False, True, False]
        again = await bench.come(FLOOD, most=3)
        assert again[0].done()
        # Browsers of one network that came just now, as a flood makes them up.
        made_up = await bench.come(("n9", "a"), ("n9", "b"), ("n9", "c"), most=3)
    errors = [error for error in await ended([*waiting, *again, *made_up]) if error]
    assert [type(error) for error in errors] == [TooMany] * 5
    assert bench.done[2:] == ["n1 nurse", "a"]


async def test_of_a_network_that_has_most_in_a_full_line_a_piece_goes_though_it_had_less() -> None:
    bench = Bench()
    await bench.piece(CARER, 5)
    async with bench.busy():
        coming = await bench.come(("n9", "a"), ("n9", "b"), CARER, most=3)
        assert [task.done() for task in coming] == [False, True, False]
    assert [type(error) for error in await ended(coming)] == [type(None), TooMany, type(None)]


async def test_the_place_in_the_line_and_the_time_are_told_after_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_line, "PATIENCE", 0.0)
    bench = Bench()
    for _ in range(40):  # until the line knows how long a piece takes here
        await bench.piece(FLOOD, 70)
    async with bench.busy():
        bench.now += 60
        first, second = await ended(await bench.come(NURSE, CARER))
    assert isinstance(first, TooMany)
    assert isinstance(second, TooMany)
    assert (first.values["place"], first.retry_after) == (1, 11)
    assert "number 1 in the line, and has its turn in about 11 seconds" in str(first)
    assert bench.done[-1] == "n3 flood"
    async with bench.busy(), asyncio.timeout(10):
        monkeypatch.setattr(fair_line, "PATIENCE", 30.0)
        waiting = await bench.come(NURSE, CARER)
        monkeypatch.setattr(fair_line, "PATIENCE", 0.0)
        [third] = await ended(await bench.come(FLOOD))
        assert isinstance(third, TooMany)
        assert (third.values["place"], third.values["minutes"]) == (3, 4)
        assert "number 3 in the line, and has its turn in about 4 minutes" in str(third)
    await ended(waiting)


async def test_a_long_piece_gives_way_only_to_somebody_who_had_less() -> None:
    bench = Bench()
    await bench.piece(FLOOD, 3 * SLICE)
    async with bench.busy(NURSE):
        flood = await bench.come(FLOOD)
        bench.now += SLICE
        assert not bench.line.gives_way()
        carer = await bench.come(CARER)
        assert bench.line.gives_way()
        bench.now -= 1
        assert not bench.line.gives_way()  # it has not had its time yet
    await ended([*flood, *carer])
    assert not bench.line.gives_way()


@pytest.mark.parametrize("waits", [True, False])
async def test_who_goes_away_keeps_nobody_waiting(waits: bool) -> None:
    """While they wait, and in the very moment in which their turn comes."""
    bench = Bench()
    async with bench.busy():
        gone, stays = await bench.come(NURSE, CARER)
        if waits:
            gone.cancel()
    if not waits:
        gone.cancel()
    async with asyncio.timeout(10):
        assert [type(one) for one in await ended([gone, stays])] == [asyncio.CancelledError, type(None)]
    assert bench.done == ["n2 carer"]
    await in_time(bench.piece(NURSE))


async def in_time(work: Awaitable[None]) -> None:
    async with asyncio.timeout(10):
        await work


async def test_names_are_forgotten_and_those_with_most_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_line, "_MOST_NAMES", 20)
    bench = Bench()
    await bench.piece(FLOOD, 50)
    for number in range(100):
        await bench.piece((f"m{number}",), 0.001)
    assert len(bench.line._had) <= 20
    bench.done.clear()
    async with bench.busy():
        coming = await bench.come(FLOOD, NURSE)
    await ended(coming)
    assert bench.done == ["n1 nurse", "n3 flood"]
