"""Event loop whose clock jumps to the next timer while nothing else is to be done: an hour of voting in seconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from sqlalchemy.pool import QueuePool

from forum.ports import Store
from forum.store import SqlStore

Made = TypeVar("Made")

# So long (real seconds) threads have to hand over what they did (the database's), before the clock jumps.
GRACE = 0.002


class _Hasty(selectors.DefaultSelector):
    """Selector that never waits for a timer: it moves its loop's clock instead, unless somebody is `busy` outside the
    loop."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0
        self.busy: Callable[[], bool] = lambda: False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Returns the ready files; where there are none, moves the clock to the next timer instead of waiting."""
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(
            timeout if timeout is None else min(timeout, GRACE)
        )
        if not ready and timeout is not None and not self.busy():
            self.skipped += max(0.0, timeout - GRACE)
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """Event loop on a clock that jumps."""

    def __init__(self) -> None:
        self._hasty = _Hasty()
        super().__init__(self._hasty)

    def time(self) -> float:
        """Returns the loop's time in seconds, skipped ones included."""
        return super().time() + self._hasty.skipped

    def stands_while(self, busy: Callable[[], bool]) -> None:
        """Keeps the clock from jumping while `busy()` is true: a time limit on work in another thread is one in real
        seconds."""
        self._hasty.busy = busy


def run_jumping(work: Coroutine[Any, Any, Made]) -> Made:
    """Runs a coroutine on a loop whose clock jumps, and returns its result."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(work)


def wait_for_database(store: Store) -> None:
    """Keeps the clock from jumping while the database, which works in threads, has something to do."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, JumpingLoop)
    assert isinstance(store, SqlStore)
    pools = [engine.pool for engine in (store.writer, store.reader)]
    loop.stands_while(lambda: any(isinstance(pool, QueuePool) and pool.checkedout() for pool in pools))
