"""A broker that does to messages what brokers may do: loses some, brings some twice, late, and in another order."""

from __future__ import annotations

import asyncio
import random
from functools import partial

from forum.ports.broker import Back, Broker, Heard


class UnrulyBroker:
    """Wraps a broker. Of what is heard `lost` is the share that never comes; of the rest half comes twice, and each is
    held up for up to `late` seconds."""

    def __init__(self, broker: Broker, *, lost: float = 0.0, late: float = 0.05, seed: int = 1) -> None:
        self._broker = broker
        self._lost = lost
        self._late = late
        self._chance = random.Random(seed)
        self.alone = broker.alone

    def publish(self, topic: str, message: bytes) -> None:
        self._broker.publish(topic, message)

    def subscribe(self, topic: str, heard: Heard, back: Back) -> None:
        self._broker.subscribe(topic, partial(self._hear, heard), back)

    def _hear(self, heard: Heard, message: bytes) -> None:
        if self._chance.random() < self._lost:
            return
        for _ in range(self._chance.choice((1, 2))):
            asyncio.get_running_loop().call_later(self._chance.random() * self._late, heard, message)

    def unsubscribe(self, topic: str) -> None:
        self._broker.unsubscribe(topic)

    async def start(self) -> None:
        await self._broker.start()

    async def stop(self) -> None:
        await self._broker.stop()
