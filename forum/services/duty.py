"""Chooses the one process, of all that serve a database, that does what is to be done once: its duty.

The duty is a job lock that a process keeps for as long as it lives. Where it dies, or loses its connection to the
database, another one has it within seconds. Jobs ask `mine` before each run.
"""

from __future__ import annotations

from contextlib import AsyncExitStack

import structlog

from forum.errors import StoreUnavailable
from forum.ports import Store
from forum.ports.job_locks import JobLock
from forum.services.periodic import Periodic

EVERY = 3.0  # seconds between two looks whether it is ours, or free
_JOB = "duty"

log = structlog.get_logger()


class Duty:
    """The duty of one database, as this process sees it."""

    def __init__(self, store: Store, every: float = EVERY) -> None:
        self._store = store
        self._lock: JobLock | None = None
        self._held = AsyncExitStack()
        self._looks = Periodic(self.look, every, _failed)

    def mine(self) -> bool:
        """Returns whether this process has the duty, as it was seen a few seconds ago."""
        return self._lock is not None

    async def look(self) -> None:
        """Takes the duty where it is free, and gives it up where it was lost."""
        if self._lock is not None:
            if await self._lock.still():
                return
            log.warning("the connection that held this server's duty was lost; another server may take it over")
            await self._let_go()
        try:
            lock = await self._held.enter_async_context(self._store.job_lock(_JOB))
        except StoreUnavailable:
            return  # nobody else can take it either
        if lock.granted:
            self._lock = lock
        else:
            await self._let_go()

    def start(self) -> None:
        """Starts the task that looks."""
        self._looks.start()

    async def stop(self) -> None:
        """Ends the task, and lets another process have the duty."""
        await self._looks.stop()
        await self._let_go()

    async def _let_go(self) -> None:
        self._lock = None
        held, self._held = self._held, AsyncExitStack()
        try:
            await held.aclose()
        except StoreUnavailable:
            return  # its connection is gone, and the lock with it


def _failed(error: Exception) -> None:
    log.error("nobody looked who does what is to be done once", exc_info=error)
