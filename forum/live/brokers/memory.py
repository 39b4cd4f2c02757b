"""A broker without a server: for a process that is alone, and for tests with several rooms of one session in one
process."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import structlog

from forum.ports.broker import MOST_BYTES, Back, Heard

log = structlog.get_logger()


class Hub:
    """What joins the memory brokers of one process with each other."""

    def __init__(self) -> None:
        self.heard: defaultdict[str, dict[MemoryBroker, Heard]] = defaultdict(dict)


class MemoryBroker:
    """A broker on a hub; without one it is alone, and does nothing."""

    def __init__(self, hub: Hub | None = None) -> None:
        self._hub = hub

    @property
    def alone(self) -> bool:
        """As Broker has it."""
        return self._hub is None

    def publish(self, topic: str, message: bytes) -> None:
        """As Broker has it."""
        if self._hub is None or len(message) > MOST_BYTES:
            return
        loop = asyncio.get_running_loop()
        for broker in list(self._hub.heard[topic]):
            loop.call_soon(broker.hear, topic, message)

    def hear(self, topic: str, message: bytes) -> None:
        """Hands on a message to whoever listens to its topic by now."""
        heard = self._hub.heard[topic].get(self) if self._hub is not None else None
        if heard is not None:
            try:
                heard(message)
            except Exception:
                log.exception("a message of another room could not be taken")

    def subscribe(self, topic: str, heard: Heard, back: Back) -> None:
        """As Broker has it."""
        if self._hub is None:
            return
        self._hub.heard[topic][self] = heard
        asyncio.get_running_loop().call_soon(lambda: back() if self._listens(topic, heard) else None)

    def unsubscribe(self, topic: str) -> None:
        """As Broker has it."""
        if self._hub is not None:
            self._hub.heard[topic].pop(self, None)

    def _listens(self, topic: str, heard: Heard) -> bool:
        return self._hub is not None and self._hub.heard[topic].get(self) is heard

    async def start(self) -> None:
        """As Broker has it."""

    async def stop(self) -> None:
        """As Broker has it."""
        if self._hub is not None:
            for listening in self._hub.heard.values():
                listening.pop(self, None)
