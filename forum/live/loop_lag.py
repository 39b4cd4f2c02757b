"""Watch on the event loop: how late it comes to a timer, four times a second; and what held it."""

from __future__ import annotations

import asyncio

from forum.live.held_loop import HeldLoop
from forum.live.metrics import LAG

EVERY = 0.25  # seconds


class LoopLag:
    """Measures from `start` to `stop`."""

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._held = HeldLoop()

    def start(self) -> None:
        """Begins to measure."""
        self._held.start()
        self._wait()

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._due = loop.time() + EVERY
        self._timer = loop.call_at(self._due, self._look)

    def _look(self) -> None:
        LAG.observe(max(0.0, asyncio.get_running_loop().time() - self._due))
        self._wait()

    async def stop(self) -> None:
        """Ends it."""
        if self._timer is not None:
            self._timer.cancel()
        await self._held.stop()
