"""Rate limits in this process's memory, sized for a venue of five hundred people behind one network address.

Of several processes each counts what all do (`shared_limits.py`).
"""

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
_MOST_HEARD = 5000  # events of one key that are taken from one message
_MINUTE = 60
# From this many seconds on a wait is told in minutes.
_LONG = 120
_SOON = "Too many tries from this network. Wait %(seconds)s seconds and try again."
_LATER = "Too many tries from this network. Wait %(minutes)s minutes and try again."


class Limits:
    """Counts of recent events by key, in a sliding window.

    It holds `most_keys` at most. A new key replaces the oldest of those with the fewest events: somebody who makes
    many keys up pushes out their own, and no key near its limit.
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
        self.waiting: Counter[str] = Counter()  # answers that are being delayed now, by network
        self.receiving: Counter[str] = Counter()  # bytes of files that are coming in now and kept so far, by network
        self.exporting: Counter[str] = Counter()  # exports that are being made or sent now, by person
        self.told: Callable[[str, int], None] | None = None  # called with each event that is counted here, or uncounted
        self._most_keys = most_keys
        # Keys with one event, and keys with more; both oldest first.
        self._once: dict[str, deque[float]] = {}
        self._often: dict[str, deque[float]] = {}

    def now(self) -> float:
        """Returns the seconds of a clock that only goes forward."""
        return self._monotonic()

    def check(self, key: str, limit: int, window: int) -> None:
        """Raises TooMany where `limit` events were counted under this key in the last `window` seconds."""
        wait = self.wait(key, limit, window)
        if wait:
            raise too_many(wait)

    def wait(self, key: str, limit: int, window: int) -> int:
        """Returns the seconds until one more event may be counted under a key: 0 for now, at most `window`."""
        seen = self._recent(key, window)
        if len(seen) < limit:
            return 0
        return int(seen[-limit] + window - self._monotonic()) + 1 if limit else window

    def count(self, key: str) -> None:
        """Counts an event now."""
        self._count(key)
        if self.told is not None:
            self.told(key, 1)

    def hear(self, key: str, events: int) -> None:
        """Counts events that another process has counted now; uncounts them where there are less than none."""
        for _ in range(min(events, _MOST_HEARD)):
            self._count(key)
        for _ in range(min(-events, _MOST_HEARD)):
            self._uncount(key)

    def _count(self, key: str) -> None:
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
        """Raises TooMany as `check` does; otherwise counts an event."""
        self.check(key, limit, window)
        self.count(key)

    def lately(self, key: str, window: int) -> int:
        """Returns the number of events under a key in the last `window` seconds."""
        return len(self._recent(key, window))

    def left(self, key: str, limit: int, window: int) -> int:
        """Returns how many more events may be counted under a key now."""
        return max(0, limit - len(self._recent(key, window)))

    def give_back(self, key: str) -> None:
        """Uncounts the latest event under a key, as it turned out not to be limited."""
        self._uncount(key)
        if self.told is not None:
            self.told(key, -1)

    def _uncount(self, key: str) -> None:
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
        """Drops one key, to make room for another."""
        if self._once:
            self._once.pop(next(iter(self._once)))
            return
        self._often.pop(min(self._often, key=lambda key: len(self._often[key])))


class Weights:
    """Bytes written recently by key, added up by the minute; it holds `most_keys` at most."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, most_keys: int = _KEYS_KEPT) -> None:
        self._monotonic = monotonic
        self.told: Callable[[str, int], None] | None = None  # called with the bytes that are counted here
        self._most_keys = most_keys
        # By key, oldest minute first: when each minute began, and its bytes.
        self._written: dict[str, deque[tuple[float, int]]] = {}

    def add(self, key: str, size: int) -> None:
        """Counts bytes that are written now."""
        self.hear(key, size)
        if self.told is not None:
            self.told(key, size)

    def hear(self, key: str, size: int) -> None:
        """Counts bytes that are written now, here or by another process."""
        if key not in self._written and len(self._written) >= self._most_keys:
            # Keys with the fewest bytes make room: somebody who makes keys up pushes out their own.
            least = sorted(self._written, key=lambda one: sum(written for _, written in self._written[one]))
            for one in least[: self._most_keys // 10 + 1]:
                del self._written[one]
        minutes, now = self._written.setdefault(key, deque()), self._monotonic()
        if minutes and now - minutes[-1][0] < _MINUTE:
            minutes[-1] = (minutes[-1][0], minutes[-1][1] + size)
        else:
            minutes.append((now, size))

    def lately(self, key: str, window: int) -> int:
        """Returns the bytes of the last `window` seconds, and of up to a minute before."""
        return sum(size for _, size in self._recent(key, window))

    def wait(self, key: str, most: int, window: int) -> int:
        """Returns the seconds until fewer than `most` bytes were written in the last `window`; 0 for now."""
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
    """Returns the error to raise where a limit is reached for `wait` seconds."""
    return TooMany(_SOON if wait < _LONG else _LATER, wait)
