"""Rate limits in this process's memory, sized for a venue of five hundred people behind one network address."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from forum.errors import TooMany

TEN_MINUTES = 600
AN_HOUR = 3600
A_DAY = 24 * 3600
_KEYS_KEPT = 10_000
# From so many seconds on they are told as minutes.
_LONG = 120
_SOON = "Too many tries from this network. Wait %(seconds)s seconds and try again."
_LATER = "Too many tries from this network. Wait %(minutes)s minutes and try again."


class Limits:
    """Counts what happened lately under a key, in a sliding window."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._seen: dict[str, deque[float]] = {}

    def check(self, key: str, limit: int, window: int) -> None:
        """Raises TooMany where `limit` things were counted under this key in the last `window` seconds."""
        seen = self._recent(key, window)
        if len(seen) >= limit:
            wait = int(seen[0] + window - self._monotonic()) + 1
            raise TooMany(_SOON if wait < _LONG else _LATER, wait)

    def count(self, key: str) -> None:
        """Remembers that it happened now."""
        if len(self._seen) >= _KEYS_KEPT and key not in self._seen:
            self._seen.pop(next(iter(self._seen)))
        self._seen.setdefault(key, deque()).append(self._monotonic())

    def take(self, key: str, limit: int, window: int) -> None:
        """`check`, and where it passes `count`."""
        self.check(key, limit, window)
        self.count(key)

    def lately(self, key: str, window: int) -> int:
        """How many things were counted under a key in the last `window` seconds."""
        return len(self._recent(key, window))

    def left(self, key: str, limit: int, window: int) -> int:
        """How many more things may be counted under a key now."""
        return max(0, limit - len(self._recent(key, window)))

    def give_back(self, key: str) -> None:
        """Forgets the latest thing counted under a key: it turned out not to be one of those that are limited."""
        seen = self._seen.get(key)
        if seen:
            seen.pop()

    def _recent(self, key: str, window: int) -> deque[float]:
        seen = self._seen.get(key, deque())
        horizon = self._monotonic() - window
        while seen and seen[0] <= horizon:
            seen.popleft()
        return seen
