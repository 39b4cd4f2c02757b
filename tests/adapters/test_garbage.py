"""Every second collection sets aside what has survived it; everything is gone through when nobody is there."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest
import uvicorn

from forum.adapters import garbage
from forum.settings import Settings
from forum.web.server.connections import Connections
from forum.web.server.server import Server


class Ring:
    """Something that holds itself, so that only a collection ends it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def sparing() -> Iterator[None]:
    often = gc.get_threshold()
    garbage.spare_what_is_old()
    yield
    garbage.spare_nothing()
    gc.set_threshold(*often)


@pytest.mark.parametrize("generation", [1, 2])
def test_what_survives_two_collections_is_set_aside_once_and_for_all(generation: int) -> None:
    things: list[list[int]] = [[] for _ in range(1000)]
    before = gc.get_freeze_count()
    gc.collect(0)
    assert gc.get_freeze_count() <= before  # the youngest collection sets nothing aside
    gc.collect(generation)
    assert gc.get_freeze_count() >= before + len(things)
    assert not {id(thing) for thing in things} & {id(thing) for thing in gc.get_objects()}


def test_a_ring_that_was_set_aside_is_ended_when_everything_is_gone_through() -> None:
    ring = Ring()
    gone = weakref.ref(ring)
    gc.collect()
    del ring
    gc.collect()
    assert gone() is not None
    garbage.collect_all()
    assert gone() is None
    assert gc.get_freeze_count() > 100_000


def test_at_the_end_nothing_is_set_aside_any_more() -> None:
    garbage.spare_nothing()
    gc.collect()
    assert gc.get_freeze_count() == 0


async def no_goodbye() -> None:
    """Says nothing: nobody is there."""


class Ticking:
    """A server with a ring that was set aside. `ended` gives it a tick, and tells whether the ring is gone."""

    def __init__(self) -> None:
        self.now = 0.0
        self.connections = Connections(Settings.load({}), monotonic=lambda: self.now)
        event = asyncio.Event()
        self.server = Server(uvicorn.Config("nothing:here"), self.connections, lambda: None, event, no_goodbye)
        ring = Ring()
        self.ring = weakref.ref(ring)
        gc.collect()

    async def ended(self, count: int, now: float) -> bool:
        self.connections.count, self.now = count, now
        await self.server.on_tick(1)
        return self.ring() is None


async def test_a_server_goes_through_everything_once_an_hour_and_only_when_nobody_is_connected() -> None:
    ticking = Ticking()
    assert not await ticking.ended(0, 3599)
    assert not await ticking.ended(1, 3601)
    assert await ticking.ended(0, 3601)


async def test_after_a_day_a_few_who_are_always_there_are_no_reason_to_wait() -> None:
    ticking = Ticking()
    assert not await ticking.ended(2, 86_399)
    assert not await ticking.ended(21, 86_401)
    assert await ticking.ended(20, 86_401)
