"""The mark on each message between the processes of one Forum: made with a key that all of them have, good once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
import time
from collections.abc import Callable
from typing import Final

import structlog

from forum.live.metrics import BROKER

# Seconds that a message's time and the clock here may be apart. Within them each process takes a message once; it
# bounds what may be sent once more to a process that was not there when it was sent.
MOST_APART: Final = 120.0
# Of each sender, the last so many numbers are known to have come or not; an older one is not taken.
_WINDOW: Final = 4096
_SENDERS: Final = 1000
_MARK = 16
_HEAD = struct.Struct(">8sQd")  # sender, number, time

log = structlog.get_logger()


class Seal:
    """Marks messages: whoever keeps the broker, or a stranger on it, sends nothing that is heeded, moves nothing from
    one topic to another, and brings nothing once more that was overheard.

    A message that comes twice, as some brokers bring it, is taken once. `clock` gives the seconds of the day's clock.
    """

    def __init__(self, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._key = hashlib.blake2b(b"messages", key=key).digest()
        self._clock = clock
        self._sender = secrets.token_bytes(8)
        self._number = 0
        self._heard: dict[bytes, _Numbers] = {}
        self._told = False

    def put(self, topic: str, message: bytes) -> bytes:
        """Returns a message with its mark before it."""
        self._number += 1
        sealed = _HEAD.pack(self._sender, self._number, self._clock()) + message
        return self._mark(topic, sealed) + sealed

    def taken(self, topic: str, data: bytes) -> bytes | None:
        """Returns the message behind a right mark; None, and counts it, where the mark is wrong, the message came
        before, or its time is far from the time here."""
        mark, sealed = data[:_MARK], data[_MARK:]
        if not hmac.compare_digest(mark, self._mark(topic, sealed)) or len(sealed) < _HEAD.size:
            BROKER.labels("unreadable").inc()
            return None
        sender, number, at = _HEAD.unpack_from(sealed)
        if not abs(self._clock() - at) <= MOST_APART:
            BROKER.labels("late").inc()
            if not self._told:
                self._told = True
                log.warning("a message of another process has a time far from the clock here, and is not heeded")
            return None
        numbers = self._heard.pop(sender, None) or _Numbers()
        self._heard[sender] = numbers  # at the end: the first is the one that was silent for the longest
        if len(self._heard) > _SENDERS:
            del self._heard[next(iter(self._heard))]
        if not numbers.take(number):
            BROKER.labels("again").inc()
            return None
        return sealed[_HEAD.size :]

    def _mark(self, topic: str, sealed: bytes) -> bytes:
        return hashlib.blake2b(topic.encode() + b"\0" + sealed, digest_size=_MARK, key=self._key).digest()


class _Numbers:
    """Numbers of one sender's messages that have come: the highest, and a bit for each of those just below it."""

    __slots__ = ("_came", "_highest")

    def __init__(self) -> None:
        self._highest = 0
        self._came = 0

    def take(self, number: int) -> bool:
        """Notes a number; returns False where it came before, or is too old to know."""
        ahead = number - self._highest
        if ahead > 0:
            self._came = (self._came << ahead | 1) & (1 << _WINDOW) - 1 if ahead < _WINDOW else 1
            self._highest = number
            return True
        if -ahead >= _WINDOW or self._came >> -ahead & 1:
            return False
        self._came |= 1 << -ahead
        return True
