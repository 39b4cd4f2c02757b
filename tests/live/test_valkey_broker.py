"""What waits to be sent while the line to Valkey is broken."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from redis.exceptions import ConnectionError as LineBroken

from forum.live.brokers import valkey
from forum.live.brokers.valkey import STALE, ValkeyBroker


class Server:
    """A Valkey whose line breaks in the next `breaks` writes. Notes what it was sent."""

    def __init__(self, breaks: int = 0) -> None:
        self.breaks = breaks
        self.sent: list[bytes] = []
        self.came = asyncio.Event()

    def pubsub(self) -> Server:
        return self

    def pipeline(self, *, transaction: bool) -> Line:
        return Line(self)

    async def subscribe(self, *_topics: str) -> None:
        """Takes topics."""

    async def unsubscribe(self, *_topics: str) -> None:
        """Leaves topics."""

    async def get_message(self, timeout: float) -> dict[str, Any] | None:  # noqa: ASYNC109 - as in the library
        await asyncio.Event().wait()
        return None

    async def aclose(self) -> None:
        """Closes nothing."""


class Line:
    """One write."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.messages: list[bytes] = []

    async def __aenter__(self) -> Line:
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Ends it."""

    def publish(self, _topic: str, message: bytes) -> None:
        self.messages.append(message)

    async def execute(self) -> Sequence[int]:
        if self.server.breaks:
            self.server.breaks -= 1
            raise LineBroken
        self.server.sent += self.messages
        self.server.came.set()
        return []


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "_AGAIN", (0.01, 0.01))


async def sent(server: Server, monkeypatch: pytest.MonkeyPatch, broker: ValkeyBroker) -> list[bytes]:
    monkeypatch.setattr(valkey, "_client", lambda url: server)
    await broker.start()
    async with asyncio.timeout(20):
        await server.came.wait()
    await broker.stop()
    return server.sent


@pytest.mark.usefixtures("quick")
async def test_what_waited_as_the_line_broke_is_sent_without_another_message(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = ValkeyBroker("redis://nowhere")
    broker.publish("topic", b"hint")
    assert await sent(Server(breaks=2), monkeypatch, broker) == [b"hint"]
    assert (len(broker._waiting), broker._bytes) == (0, 0)


@pytest.mark.usefixtures("quick")
async def test_what_waited_for_long_is_not_sent_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = ValkeyBroker("redis://nowhere")
    for message in (b"old", b"older than it looks", b"new"):
        broker.publish("topic", message)
    now = asyncio.get_running_loop().time()
    for number, ago in enumerate((STALE + 5, STALE + 1, 0.0)):
        broker._waiting[number] = broker._waiting[number]._replace(since=now - ago)
    assert await sent(Server(), monkeypatch, broker) == [b"new"]
    assert broker._bytes == 0
