"""Every broker keeps the contract of ports/broker.py; Valkey also through its own death."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from support.unruly_broker import UnrulyBroker
from support.valkey_server import Valkey

from forum.errors import StartupProblem
from forum.live.brokers import broker_of
from forum.live.brokers import valkey as over_valkey
from forum.live.brokers.memory import Hub, MemoryBroker
from forum.live.brokers.valkey import ValkeyBroker
from forum.ports.broker import MOST_BYTES, Broker
from forum.settings import Settings


class Listener:
    """Collects what is heard of a topic, and how often listening began."""

    def __init__(self, broker: Broker, topic: str) -> None:
        self.heard: list[bytes] = []
        self.begun = 0
        self._news = asyncio.Event()
        broker.subscribe(topic, self._hear, self._back)

    def _hear(self, message: bytes) -> None:
        self.heard.append(message)
        self._news.set()

    def _back(self) -> None:
        self.begun += 1
        self._news.set()

    async def until(self, seen: Callable[[Listener], bool]) -> None:
        async with asyncio.timeout(30):
            while not seen(self):
                self._news.clear()
                await self._news.wait()


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    server = Valkey()
    yield server
    server.stop()


@pytest.fixture(params=["memory", "valkey"])
async def two(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Broker, Broker]]:
    """Two processes' brokers of one kind."""
    pair: tuple[Broker, Broker]
    if request.param == "memory":
        hub = Hub()
        pair = MemoryBroker(hub), MemoryBroker(hub)
    else:
        url = request.getfixturevalue("valkey").url
        pair = broker_of(url), broker_of(url)
    for broker in pair:
        await broker.start()
    yield pair
    for broker in pair:
        await broker.stop()


async def test_a_message_reaches_everybody_who_listens_and_nobody_else(two: tuple[Broker, Broker]) -> None:
    one, other = two
    assert not one.alone
    mine, theirs, elsewhere = Listener(one, "room"), Listener(other, "room"), Listener(other, "another room")
    for listener in (mine, theirs, elsewhere):
        await listener.until(lambda listener: listener.begun == 1)
    sent = [b"first", bytes(range(256)), b"", b"last"]
    for message in sent:
        one.publish("room", message)
    for listener in (mine, theirs):
        await listener.until(lambda listener: len(listener.heard) == len(sent))
        assert listener.heard == sent
    assert elsewhere.heard == []


async def test_who_has_left_hears_nothing_more_and_may_come_back(two: tuple[Broker, Broker]) -> None:
    one, other = two
    left, stays = Listener(other, "room"), Listener(other, "marks")
    for listener in (left, stays):
        await listener.until(lambda listener: listener.begun == 1)
    other.unsubscribe("room")
    other.unsubscribe("no such topic")
    one.publish("room", b"unheard")
    one.publish("marks", b"mark")
    await stays.until(lambda listener: listener.heard == [b"mark"])
    again = Listener(other, "room")
    await again.until(lambda listener: listener.begun == 1)
    one.publish("room", b"heard")
    await again.until(lambda listener: bool(listener.heard))
    assert (left.heard, again.heard) == ([], [b"heard"])


async def test_what_is_too_long_is_not_sent_and_a_listener_that_fails_harms_nobody(two: tuple[Broker, Broker]) -> None:
    one, other = two
    listener = Listener(other, "room")
    failed = []

    def fail(message: bytes) -> None:
        failed.append(message)
        raise ValueError(message)

    ready = asyncio.Event()
    other.subscribe("failing", fail, ready.set)
    await ready.wait()
    await listener.until(lambda listener: listener.begun == 1)
    one.publish("failing", b"x")
    one.publish("room", b"x" * (MOST_BYTES + 1))
    one.publish("room", b"y" * MOST_BYTES)
    await listener.until(lambda listener: bool(listener.heard))
    assert failed == [b"x"]
    assert [message[:1] for message in listener.heard] == [b"y"]


async def test_every_message_comes_though_some_twice_and_in_another_order(two: tuple[Broker, Broker]) -> None:
    one, other = two
    listener = Listener(UnrulyBroker(other), "room")
    await listener.until(lambda listener: listener.begun == 1)
    sent = [b"%d" % number for number in range(50)]
    for message in sent:
        one.publish("room", message)
    await listener.until(lambda listener: set(listener.heard) == set(sent) and len(listener.heard) > len(sent))
    assert listener.heard != sorted(listener.heard, key=int)


async def test_after_valkey_was_killed_everybody_is_told_and_hears_again(valkey: Valkey) -> None:
    one, other = broker_of(valkey.url), broker_of(valkey.url)
    for broker in (one, other):
        await broker.start()
    listener = Listener(other, "room")
    await listener.until(lambda listener: listener.begun == 1)
    valkey.kill()
    one.publish("room", b"lost, or sent once it is back")
    valkey.come_back()
    later = Listener(other, "a room that began meanwhile")
    await listener.until(lambda listener: listener.begun == 2)
    await later.until(lambda listener: listener.begun >= 1)
    # The sender finds its own way back.
    async with asyncio.timeout(30):
        while b"heard" not in listener.heard:
            one.publish("room", b"heard")
            await asyncio.sleep(0.05)
    for broker in (one, other):
        await broker.stop()


class Deaf(ValkeyBroker):
    """Loses the first cancellation of its reader, as the library does where one comes with a timeout of its own."""

    async def _read(self, pubsub: PubSub) -> None:
        with suppress(asyncio.CancelledError):
            await super()._read(pubsub)
        await super()._read(pubsub)


async def test_who_stops_leaves_no_connection_open_though_a_cancellation_is_lost(valkey: Valkey) -> None:
    """uvloop waits at its end for one that was left open: a server ended 15 s later, as one that failed."""
    async with Redis.from_url(valkey.url) as asked:
        before, tasks = len(await asked.client_list()), asyncio.all_tasks()
        broker = Deaf(valkey.url)
        mine = Listener(broker, "room")
        await broker.start()
        await mine.until(lambda mine: mine.begun == 1)
        broker.publish("room", b"x")
        await mine.until(lambda mine: bool(mine.heard))
        await broker.stop()
        assert asyncio.all_tasks() == tasks
        async with asyncio.timeout(10):
            while len(await asked.client_list()) > before:
                pass  # Valkey looks at those that have gone in its own time


async def test_what_waits_for_a_broker_that_is_away_is_bounded_and_the_newest_stays(
    monkeypatch: pytest.MonkeyPatch, valkey: Valkey
) -> None:
    monkeypatch.setattr(over_valkey, "MOST_WAITING", 300)
    sender, other = ValkeyBroker(valkey.url), ValkeyBroker(valkey.url)
    await other.start()
    listener = Listener(other, "room")
    await listener.until(lambda listener: listener.begun == 1)
    for number in range(100):
        sender.publish("room", b"%0100d" % number)
    await sender.start()
    await listener.until(lambda listener: bool(listener.heard) and int(listener.heard[-1]) == 99)
    assert [int(message) for message in listener.heard] == [97, 98, 99]
    await sender.stop()
    await other.stop()


async def test_a_broker_that_nobody_answers_for_keeps_nobody_waiting() -> None:
    broker = broker_of("redis://127.0.0.1:1")
    await broker.start()
    Listener(broker, "room")
    broker.publish("room", b"x")
    await broker.stop()


def test_alone_it_needs_no_library() -> None:
    assert broker_of("").alone


@pytest.mark.parametrize("url", ["localhost:6379", "http://localhost", "redis://", "redis://a b", "redis://a:99999"])
def test_an_address_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(StartupProblem) as refused:
        Settings.load({"FORUM_BROKER_URL": url})
    assert f"{url}." not in str(refused.value)


def test_an_address_is_read() -> None:
    for url in ("", "redis://valkey:6379", "rediss://forum:secret@valkey.example.org:6380/1"):
        assert Settings.load({"FORUM_BROKER_URL": url}).broker_url == url
