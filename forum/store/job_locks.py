"""Job locks of a database (ports/job_locks.py): advisory locks of PostgreSQL, and of SQLite's one server a set.

An advisory lock is held in a transaction that stays open, as in server_lock.py, so that a pooler between keeps one
connection for it. The transaction has no snapshot and changes nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from forum.errors import StoreUnavailable
from forum.store.errors import faults

# An arbitrary number: the first of the two numbers of these locks. No other advisory lock here has two.
_JOBS = 0x6A6F6273
_SETUP = "SET LOCAL idle_in_transaction_session_timeout = 0"


class InProcess:
    """The try to have a job in this process, where it is the only one."""

    def __init__(self, *, granted: bool) -> None:
        self.granted = granted

    async def still(self) -> bool:
        """Returns whether it was granted: nobody can take it away."""
        return self.granted


class Advisory:
    """The try to have a job by a lock of PostgreSQL, on a connection of its own."""

    def __init__(self, connection: AsyncConnection, *, granted: bool) -> None:
        self.granted = granted
        self._connection = connection

    async def still(self) -> bool:
        """Asks the database whether the connection that holds the lock lives."""
        if self.granted:
            try:
                with faults():
                    await self._connection.execute(sa.text("SELECT 1"))
            except StoreUnavailable:
                self.granted = False
        return self.granted


@asynccontextmanager
async def in_process(jobs: set[str], job: str) -> AsyncIterator[InProcess]:
    """Tries to have a job while the block runs; `jobs` are those that somebody has."""
    lock = InProcess(granted=job not in jobs)
    jobs.add(job)
    try:
        yield lock
    finally:
        if lock.granted:
            jobs.discard(job)


@asynccontextmanager
async def advisory(engine: AsyncEngine, job: str) -> AsyncIterator[Advisory]:
    """Tries to have a job while the block runs. Raises StoreUnavailable."""
    with faults():
        connection = await engine.connect()
    try:
        with faults():
            await connection.execute(sa.text(_SETUP))
            granted = await connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_JOBS, number_of(job))))
        yield Advisory(connection, granted=bool(granted))
        with faults():
            await connection.rollback()
    except BaseException:
        # Nobody can tell whether its transaction, and so the lock, has ended.
        await connection.invalidate()
        raise
    finally:
        await connection.close()


def number_of(job: str) -> int:
    """Returns the second number of a job's lock: 31 bits of a checksum of its name."""
    return zlib.crc32(job.encode()) & 0x7FFFFFFF
