"""Limits over several processes: each tells the others what it has counted, and counts what they tell.

Every process decides by its own counts, at once; what it counted reaches the others within a moment. So a limit holds
for all together but for what happens in that moment, and where the broker is away each process has a limit of its own.
A message is sealed (`forum/live/seal.py`), as anybody may write to a broker, and comes into the counts once, however
often it is brought.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from itertools import islice
from typing import Final

import msgspec

from forum.live.seal import Seal
from forum.ports.broker import Broker
from forum.web.rate_limits import Limits

TOPIC: Final = "forum:limits"
SOON: Final = 0.2  # seconds that counts wait for others like them
_A_MESSAGE: Final = 500  # keys in one message


class _Told(msgspec.Struct, array_like=True):
    """A message: who sent it, events by key, and bytes written by key."""

    sender: str
    events: dict[str, int]
    written: dict[str, int]


class SharedLimits:
    """The counts of one process, told to the others on a broker; `key` seals what is told."""

    def __init__(self, limits: Limits, broker: Broker, key: bytes) -> None:
        self.here = limits
        self._broker = broker
        self._seal = Seal(key[:64])
        self._sender = secrets.token_hex(8)
        self._events = Counter[str]()
        self._written = Counter[str]()
        self._soon: asyncio.TimerHandle | None = None
        self._decoder = msgspec.json.Decoder(_Told)

    def start(self) -> None:
        """Begins to tell, and to listen, unless no other process can."""
        if self._broker.alone:
            return
        self.here.told = self._counted
        self.here.weights.told = self._wrote
        self._broker.subscribe(TOPIC, self.hear, lambda: None)

    def stop(self) -> None:
        """Tells what still waits, and ends."""
        self.here.told = self.here.weights.told = None
        self._broker.unsubscribe(TOPIC)
        if self._soon is not None:
            self._soon.cancel()
            self._tell()

    def _counted(self, key: str, events: int) -> None:
        self._events[key] += events
        self._ask()

    def _wrote(self, key: str, size: int) -> None:
        self._written[key] += size
        self._ask()

    def _ask(self) -> None:
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(SOON, self._tell)

    def _tell(self) -> None:
        self._soon = None
        while self._events or self._written:
            events, written = _some(self._events), _some(self._written)
            told = msgspec.json.encode(_Told(self._sender, events, written))
            self._broker.publish(TOPIC, self._seal.put(TOPIC, told))

    def hear(self, message: bytes) -> None:
        """Counts what another process tells; drops what is its own, came before, or was not sealed with the key."""
        body = self._seal.taken(TOPIC, message)
        told = self._decoder.decode(body) if body is not None else None
        if told is None or told.sender == self._sender:
            return
        for key, events in told.events.items():
            self.here.hear(key, events)
        for key, size in told.written.items():
            self.here.weights.hear(key, size)


def _some(counts: Counter[str]) -> dict[str, int]:
    """Takes counts for one message out; those that have come to nothing are left out."""
    taken = dict(islice(counts.items(), _A_MESSAGE))
    for key in taken:
        del counts[key]
    return {key: number for key, number in taken.items() if number}
