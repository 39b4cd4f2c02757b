"""The time that a server has to stop. What has not ended by then is ended with the process, and said.

A thread counts it: an event loop that hangs, or a task that does not let itself be cancelled, does not hold it up.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Callable

import structlog

_NAMED = 20
_SAID_WITHIN = 1.0  # seconds

log = structlog.get_logger()


class Deadline:
    """Ends the process with code 1, by `end`, so many seconds after `begin`."""

    def __init__(self, seconds: float, end: Callable[[int], None] = os._exit) -> None:
        self.seconds = seconds
        self._end = end
        self._timer: threading.Timer | None = None

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins to count; `loop` has the tasks that are named if it comes to that. A second call does nothing."""
        if self._timer is None:
            self._timer = threading.Timer(self.seconds, self._over, (loop,))
            self._timer.daemon = True
            self._timer.start()

    def _over(self, loop: asyncio.AbstractEventLoop) -> None:
        # The log may be a pipe that nobody empties, and that may be what hangs.
        last = threading.Timer(_SAID_WITHIN, self._end, (1,))
        last.daemon = True
        last.start()
        try:
            log.error(
                "the server did not stop in time and is ended; every vote that was acknowledged is stored",
                seconds=self.seconds,
                waits_for=_tasks(loop),
            )
        finally:
            last.cancel()
            self._end(1)


def _tasks(loop: asyncio.AbstractEventLoop) -> str:
    """Names the tasks that have not ended, with the number of each."""
    try:
        tasks = asyncio.all_tasks(loop)
    except RuntimeError:  # they change too fast
        return ""
    names = Counter(getattr(task.get_coro(), "__qualname__", "?") for task in tasks)
    return ", ".join(f"{number} {name}" for name, number in names.most_common(_NAMED))
