"""Rate limits in this process's memory, sized for a venue of five hundred people behind one network address."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence

from forum.errors import TooMany

TEN_MINUTES = 600
AN_HOUR = 3600
A_DAY = 24 * 3600
_KEYS_KEPT = 10_000
_MINUTE = 60
# From so many seconds on they are told as minutes.
_LONG = 120
_SOON = "Too many tries from this network. Wait %(seconds)s seconds and try again."
_LATER = "Too many tries from this network. Wait %(minutes)s minutes and try again."


class Limits:
    """Counts what happened lately under a key, in a sliding window.

    It holds `most_keys` at most. A new one takes the place of one under which least was counted, the oldest of those:
    whoever makes many keys up pushes out their own, and none that is near its limit.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        most_keys: int = _KEYS_KEPT,
    ) -> None:
        self._monotonic = monotonic
        self.sleep = sleep
        self.weights = Weights(monotonic, most_keys)
        self.waiting: Counter[str] = Counter()  # answers that are made to wait now, by network
        self._most_keys = most_keys
        # Keys under which one thing was counted, and all others; both with the oldest first.
        self._once: dict[str, deque[float]] = {}
        self._often: dict[str, deque[float]] = {}

    def now(self) -> float:
        """Seconds on a clock that only goes forward."""
        return self._monotonic()

    def check(self, key: str, limit: int, window: int) -> None:
        """Raises TooMany where `limit` things were counted under this key in the last `window` seconds."""
        wait = self.wait(key, limit, window)
        if wait:
            raise too_many(wait)

    def wait(self, key: str, limit: int, window: int) -> int:
        """In how many seconds one more thing may be counted under a key: 0 for now, at most `window`."""
        seen = self._recent(key, window)
        if len(seen) < limit:
            return 0
        return int(seen[-limit] + window - self._monotonic()) + 1 if limit else window

    def count(self, key: str) -> None:
        """Remembers that it happened now."""
        now = self._monotonic()
        if key in self._once:
            self._often[key] = self._once.pop(key)
        if key in self._often:
            self._often[key].append(now)
            return
        if len(self._once) + len(self._often) >= self._most_keys:
            self._forget_one()
        self._once[key] = deque([now])

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
        seen = self._once.get(key) or self._often.get(key)
        if seen:
            seen.pop()
            if not seen:
                self._once.pop(key, None)
                self._often.pop(key, None)

    def _recent(self, key: str, window: int) -> deque[float]:
        seen = self._once.get(key) or self._often.get(key) or deque()
        horizon = self._monotonic() - window
        while seen and seen[0] <= horizon:
            seen.popleft()
        return seen

    def _forget_one(self) -> None:
        """Makes room for one more key."""
        if self._once:
            self._once.pop(next(iter(self._once)))
            return
        self._often.pop(min(self._often, key=lambda key: len(self._often[key])))


class Weights:
    """How many bytes were written lately under a key, added up by the minute; it holds `most_keys` at most."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, most_keys: int = _KEYS_KEPT) -> None:
        self._monotonic = monotonic
        self._most_keys = most_keys
        # By key, for each minute in which something was written, oldest first: when it began, and the bytes.
        self._written: dict[str, deque[tuple[float, int]]] = {}

    def add(self, key: str, size: int) -> None:
        """Remembers that so many bytes are written now."""
        if key not in self._written and len(self._written) >= self._most_keys:
            # Whoever has written least makes room: who makes keys up pushes out their own.
            least = sorted(self._written, key=lambda one: sum(written for _, written in self._written[one]))
            for one in least[: self._most_keys // 10 + 1]:
                del self._written[one]
        minutes, now = self._written.setdefault(key, deque()), self._monotonic()
        if minutes and now - minutes[-1][0] < _MINUTE:
            minutes[-1] = (minutes[-1][0], minutes[-1][1] + size)
        else:
            minutes.append((now, size))

    def lately(self, key: str, window: int) -> int:
        """The bytes of the last `window` seconds, as far as a minute more."""
        return sum(size for _, size in self._recent(key, window))

    def wait(self, key: str, most: int, window: int) -> int:
        """In how many seconds fewer than `most` bytes will have been written in the last `window`; 0 for now."""
        recent = self._recent(key, window)
        total = sum(size for _, size in recent)
        for began, size in recent:
            if total < most:
                break
            total -= size
            if total < most:
                return int(began + _MINUTE + window - self._monotonic()) + 1
        return 0 if total < most else window

    def _recent(self, key: str, window: int) -> Sequence[tuple[float, int]]:
        minutes = self._written.get(key, deque())
        while minutes and minutes[0][0] + _MINUTE <= self._monotonic() - window:
            minutes.popleft()
        return minutes


def too_many(wait: int) -> TooMany:
    """What is raised where a limit is reached, for `wait` seconds."""
    return TooMany(_SOON if wait < _LONG else _LATER, wait)
