"""Background work of which many calls share one run: by key (a session, a participant), never two runs of one key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Debounced:
    """Runs `act` with a key, in a task of its own.

    Calls until a run begins share it; calls during a run share the next. `act` handles what it can; what it raises ends
    its key's task, and the next call starts another.
    """

    def __init__(self, act: Callable[[str], Awaitable[None]]) -> None:
        self._act = act
        self._waits: dict[str, float] = {}  # what is asked for, with the seconds until it begins
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def ask(self, key: str, wait: float = 0.0) -> None:
        """Asks for a run in `wait` seconds; does nothing where one is waiting already. Returns at once."""
        self._waits.setdefault(key, wait)
        if key not in self._tasks:
            self._tasks[key] = asyncio.get_running_loop().create_task(self._run(key))

    def asked(self, key: str) -> bool:
        """Returns true where a run of this key is still to begin: within `act`, where what it has read may be old."""
        return key in self._waits

    def busy(self, key: str) -> bool:
        """Returns true where a run of this key has begun, or is still to begin."""
        return key in self._tasks

    def cancel(self) -> None:
        """Cancels every run, begun or not. For closing down."""
        for task in self._tasks.values():
            task.cancel()

    async def _run(self, key: str) -> None:
        try:
            while key in self._waits:
                if self._waits[key]:
                    await asyncio.sleep(self._waits[key])
                # Before the act reads anything: what is asked for from here on may not be in what it reads.
                del self._waits[key]
                await self._act(key)
        finally:
            self._waits.pop(key, None)
            del self._tasks[key]
