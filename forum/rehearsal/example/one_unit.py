"""A store in which all acts are one unit of work, so that of a whole example everything is kept, or nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from forum.ports import Work
from forum.ports.job_locks import JobLock


class OneUnit:
    """Implements ports.Store on a unit of work that stands open: every unit that is begun in it is that one.

    Its acts come one after another. Nothing is on disk before the open unit ends; an error has to end it.
    """

    def __init__(self, work: Work) -> None:
        self._work = work

    @asynccontextmanager
    async def begin(self, *, first: bool = False) -> AsyncIterator[Work]:
        """Gives the open unit."""
        yield self._work

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Work]:
        """Gives the open unit, with all that was written in it so far."""
        yield self._work

    def job_lock(self, job: str) -> AbstractAsyncContextManager[JobLock]:
        """Raises RuntimeError: no job is done in an open unit."""
        raise RuntimeError(f"{job} is no act")

    async def scrub(self) -> None:
        """Does nothing: what was deleted in an open unit was never on disk as anything else."""

    async def close(self) -> None:
        """Does nothing: whoever opened the unit closes it."""
