"""Background work of a server that comes round again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

_AGAIN = 2.0  # seconds until what may not run now asks again


class Periodic:
    """Runs `act` in a task: at once, then `every` seconds after each run has ended, until it is stopped.

    Where it `may` not run now, as another process does, it asks again within seconds. What `act` raises is handed to
    `failed`, which logs it: it must come round tomorrow too, whatever happens today.
    """

    def __init__(
        self,
        act: Callable[[], Awaitable[None]],
        every: float,
        failed: Callable[[Exception], None],
        may: Callable[[], bool] = lambda: True,
    ) -> None:
        self.stopping = False
        self._act = act
        self._every = every
        self._failed = failed
        self._may = may
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts the task."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def wake(self) -> None:
        """Begins the next run now, or as soon as the one under way has ended."""
        self._woken.set()

    async def stop(self) -> None:
        """Returns when the task has ended: after the run under way, and not before the first."""
        self.stopping = True
        self._woken.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while True:
            may = self._may()
            try:
                if may:
                    await self._act()
            except Exception as error:
                self._failed(error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._every if may else min(self._every, _AGAIN))
            if self.stopping:
                return
            self._woken.clear()
