"""Store with faults at the two moments that differ: before a commit, and after it with its answer lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from forum.errors import StoreUnavailable
from forum.ports import Store, Work
from forum.ports.job_locks import JobLock


class WrappedStore:
    """Store that hands everything on to the real one, for stores of tests that differ in one thing."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @asynccontextmanager
    async def begin(self, *, first: bool = False) -> AsyncIterator[Work]:
        """Begins a unit of work as the store does."""
        async with self.store.begin(first=first) as work:
            yield work

    def read(self) -> AbstractAsyncContextManager[Work]:
        """Reads as the store does."""
        return self.store.read()

    def job_lock(self, job: str) -> AbstractAsyncContextManager[JobLock]:
        """Tries to have a job as the store does."""
        return self.store.job_lock(job)

    async def scrub(self) -> None:
        """Scrubs as the store does."""
        await self.store.scrub()

    async def close(self) -> None:
        """Closes the store."""
        await self.store.close()


class FaultyStore(WrappedStore):
    """Store that fails the next `before` units before their commit and the next `after` ones after it.

    With `bug` the former raise RuntimeError, as a fault in our own code would, in the place of StoreUnavailable.
    """

    def __init__(self, store: Store, *, before: int = 0, after: int = 0, bug: bool = False) -> None:
        super().__init__(store)
        self.before, self.after, self.bug = before, after, bug

    @asynccontextmanager
    async def begin(self, *, first: bool = False) -> AsyncIterator[Work]:
        """Begins a unit of work; raises StoreUnavailable (with `bug` RuntimeError) at the moment that is due."""
        async with self.store.begin(first=first) as work:
            yield work
            if self.before:
                self.before -= 1
                raise RuntimeError("bug") if self.bug else StoreUnavailable("the disk is full")
        if self.after:
            self.after -= 1
            raise StoreUnavailable("the connection went away after the commit")


class AwayStore(WrappedStore):
    """Store of which the next `away` reads fail."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.away = 0

    def read(self) -> AbstractAsyncContextManager[Work]:
        """Reads, unless it is away."""
        if self.away:
            self.away -= 1
            raise StoreUnavailable("the database is away")
        return self.store.read()
