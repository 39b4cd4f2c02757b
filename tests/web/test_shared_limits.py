"""A limit holds for all processes together, whatever the broker does to what they tell each other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from support.unruly_broker import UnrulyBroker

from forum.errors import TooMany
from forum.live.brokers.memory import Hub, MemoryBroker
from forum.live.seal import MOST_APART, Seal
from forum.ports.broker import Back, Heard
from forum.web import shared_limits
from forum.web.rate_limits import AN_HOUR, Limits
from forum.web.shared_limits import SharedLimits

KEY = b"k" * 32


class Deaf(MemoryBroker):
    """A broker that is away: nothing is sent, nothing heard."""

    def publish(self, topic: str, message: bytes) -> None:
        pass

    def subscribe(self, topic: str, heard: Heard, back: Back) -> None:
        pass


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_limits, "SOON", 0.001)


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if is_so():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it did not come")


async def test_what_one_process_counts_all_count_once_though_it_comes_twice_and_late() -> None:
    hub = Hub()
    all_limits = [Limits() for _ in range(3)]
    shared = [SharedLimits(one, UnrulyBroker(MemoryBroker(hub), seed=n), KEY) for n, one in enumerate(all_limits)]
    for one in shared:
        one.start()
    for n in range(30):
        all_limits[n % 3].take("wrong code at 192.0.2.7", 30, AN_HOUR)
        all_limits[n % 3].weights.add("written at 192.0.2.7", 100)
        await asyncio.sleep(0.002)
    await until(lambda: all(one.lately("wrong code at 192.0.2.7", AN_HOUR) >= 30 for one in all_limits))
    await asyncio.sleep(0.1)  # what is brought once more
    for limits in all_limits:
        assert limits.lately("wrong code at 192.0.2.7", AN_HOUR) == 30
        assert limits.weights.lately("written at 192.0.2.7", AN_HOUR) == 3000
        with pytest.raises(TooMany):
            limits.check("wrong code at 192.0.2.7", 30, AN_HOUR)
    for limits in all_limits[:2]:
        limits.give_back("wrong code at 192.0.2.7")
    await until(lambda: all(one.lately("wrong code at 192.0.2.7", AN_HOUR) == 28 for one in all_limits))
    for one in shared:
        one.stop()


async def test_without_a_broker_that_answers_each_has_its_own_limit_at_once() -> None:
    limits = Limits()
    shared = SharedLimits(limits, Deaf(Hub()), KEY)
    shared.start()
    limits.take("a", 1, AN_HOUR)
    with pytest.raises(TooMany):
        limits.take("a", 1, AN_HOUR)
    shared.stop()


async def test_what_others_write_to_the_broker_counts_for_nothing() -> None:
    hub, limits, forged = Hub(), Limits(), Limits()
    shared = SharedLimits(limits, MemoryBroker(hub), KEY)
    other = SharedLimits(forged, MemoryBroker(hub), b"another key")
    shared.start()
    other.start()
    forged.count("a")
    stranger = MemoryBroker(hub)
    for message in (b"", b"x" * 40, b"\x00" * 100):
        stranger.publish(shared_limits.TOPIC, message)
    await asyncio.sleep(0.05)
    assert limits.lately("a", AN_HOUR) == 0
    assert forged.lately("a", AN_HOUR) == 1
    other.stop()
    shared.stop()


async def test_what_was_overheard_counts_once_and_not_in_a_process_that_comes_later() -> None:
    hub, overheard = Hub(), list[bytes]()
    stranger = MemoryBroker(hub)
    stranger.subscribe(shared_limits.TOPIC, overheard.append, lambda: None)
    limits, told = Limits(), Limits()
    one, other = SharedLimits(limits, MemoryBroker(hub), KEY), SharedLimits(told, MemoryBroker(hub), KEY)
    one.start()
    other.start()
    told.count("a")
    await until(lambda: limits.lately("a", AN_HOUR) == 1 and bool(overheard))
    one.hear(overheard[0])
    assert limits.lately("a", AN_HOUR) == 1
    fresh = Limits()
    later = SharedLimits(fresh, MemoryBroker(hub), KEY)
    later._seal = Seal(KEY, lambda: time.time() + MOST_APART)
    later.hear(overheard[0])
    assert fresh.lately("a", AN_HOUR) == 0
    one.stop()
    other.stop()
