"""Opening a database, and units of work on it.

SQLite: write-ahead log, synchronous=FULL (a commit is on disk when it returns), one connection that writes and a few
that read. `begin()` takes the write lock at once, so that units of work wait for each other instead of failing
half-way. PostgreSQL: a pool; `begin()` is READ COMMITTED with explicit locks, `read()` a REPEATABLE READ snapshot.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry

from forum.errors import StartupProblem, StoreUnavailable
from forum.ports import Work
from forum.ports.job_locks import JobLock
from forum.ports.result_cache import Remembered
from forum.store import job_locks, sqlite_thread
from forum.store.base import Link
from forum.store.errors import faults
from forum.store.library import INDEX
from forum.store.tables import metadata
from forum.store.work import SqlWork

_MISSING = (
    "FORUM_DATABASE_URL needs a library that is not installed: %(library)s. Install Forum once more, in the folder of "
    "its source: %(python)s -m pip install ."
)
SQLITE, POSTGRESQL = DRIVERS = ("sqlite+aiosqlite", "postgresql+asyncpg")

_READERS = 4
_CONNECTIONS, _MORE_CONNECTIONS = 10, 5
_LOCK_SECONDS = 5.0  # how long SQLite waits for another process that writes
_STATEMENT_SECONDS = 30.0
_UNDER_WAY = 2.0  # how long the end waits for units
_TURN_SECONDS = 30.0  # how long a unit waits behind others of this process
_STEPS = 1000  # of SQLite's virtual machine, between two checks whether somebody waits to write
# secure_delete: deleted and replaced data is overwritten with zeros in the file.
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "cache_size=-32768")


class SqlStore:
    """The store on given engines. Made by `open_store`; unless it is closed, its threads and sockets stay."""

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine) -> None:
        self.writer = writer
        self.reader = reader
        self.remembered = Remembered()
        self._jobs = set[str]()  # that this process does now, on SQLite
        self._wiping: Any = None  # SQLite's connection during VACUUM
        self.wanted = False  # set by `begin`: tells a running VACUUM to stop
        # SQLite has one writer at a time. Of the units that are not `first` only the holder of this lock waits for it.
        self._line = asyncio.Lock() if writer.dialect.name == "sqlite" else None

    def begin(self, *, first: bool = False) -> AbstractAsyncContextManager[Work]:
        """Opens a transaction that writes. It and everything in it raise StoreUnavailable.

        `first` goes ahead of all other waiting units and is for batches (ballots, stops): a flood of other writes
        delays them by one unit at most.
        """
        self.wanted = True
        if self._wiping is None and (first or self._line is None):
            return _unit(self.writer, self.remembered, reading=False)
        return self._in_line(first=first)

    @asynccontextmanager
    async def _in_line(self, *, first: bool) -> AsyncIterator[Work]:
        """Opens a transaction after the units that wait before it; interrupts a VACUUM of SQLite that is
        running then.
        """
        async with AsyncExitStack() as stack:
            if self._line is not None and not first:
                try:
                    await asyncio.wait_for(self._line.acquire(), _TURN_SECONDS)
                except TimeoutError:
                    raise StoreUnavailable("The database is busy. Try again in a moment.") from None
                stack.callback(self._line.release)
            self.wanted = True
            if self._wiping is not None:
                await self._wiping.interrupt()
            yield await stack.enter_async_context(_unit(self.writer, self.remembered, reading=False))

    def read(self) -> AbstractAsyncContextManager[Work]:
        """Opens a snapshot to read from. Raises StoreUnavailable; RuntimeError on an attempt to write."""
        return _unit(self.reader, self.remembered, reading=True)

    def job_lock(self, job: str) -> AbstractAsyncContextManager[JobLock]:
        """Tries to have a job alone while the block runs."""
        if self._line is None:
            return job_locks.advisory(self.writer, job)
        return job_locks.in_process(self._jobs, job)

    async def scrub(self) -> None:
        """Runs VACUUM, so that nothing deleted is left in the database's files. Raises StoreUnavailable where
        interrupted.

        SQLite: secure_delete overwrites deleted data, but not the copies left behind when rows moved between pages;
        VACUUM does, and emptying the write-ahead log removes the pages as they were before. A unit that wants to write
        interrupts it. PostgreSQL: VACUUM removes dead rows from the tables; its log and its backups are the
        administrator's.
        """
        if self.writer.dialect.name == "postgresql":
            names = ", ".join(f'"{name}"' for name in (*metadata.tables, INDEX))
            with faults():
                async with self.writer.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                    await connection.execute(sa.text(f"VACUUM {names}"))
            return
        self.wanted = False  # from now on: whoever comes while this waits for the connection, too, waits behind it
        with faults():
            async with self.writer.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                await driver.set_progress_handler(lambda: self.wanted, _STEPS)
                self._wiping = driver
                try:
                    await driver.execute_fetchall("VACUUM")
                finally:
                    self._wiping = None
                    await driver.set_progress_handler(None, 0)
                [(busy, *_)] = await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        if busy:
            raise StoreUnavailable("The database is being read by others. Try again in a moment.")

    async def close(self) -> None:
        """Closes every connection, after the units under way. The writer goes last and folds SQLite's log into the
        database file."""
        for engine in (self.reader, self.writer):
            # One that is returned later is closed by nobody.
            with suppress(TimeoutError):
                async with asyncio.timeout(_UNDER_WAY):
                    while cast("AsyncAdaptedQueuePool", engine.pool).checkedout():  # noqa: ASYNC110
                        await asyncio.sleep(0.005)
            await engine.dispose()


def parse(url: str) -> URL:
    """Returns a database's address with its driver. Raises StartupProblem for an address that Forum cannot use."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise StartupProblem(
            "FORUM_DATABASE_URL is not a database address. Use sqlite+aiosqlite:///FILE or "
            "postgresql+asyncpg://USER:PASSWORD@HOST/NAME."
        ) from None
    family = parsed.get_backend_name()
    driver = next((name for name in DRIVERS if name.split("+")[0] == family), None)
    if driver is None:
        raise StartupProblem(
            "FORUM_DATABASE_URL names a database that Forum does not know (%(name)s). "
            "Use sqlite+aiosqlite or postgresql+asyncpg.",
            name=parsed.drivername,
        )
    if driver == SQLITE and parsed.database in {None, "", ":memory:"}:
        raise StartupProblem("FORUM_DATABASE_URL must name a file: sqlite+aiosqlite:///FILE.")
    return parsed.set(drivername=driver)


def engines(url: URL) -> SqlStore:
    """Returns the store at this address, without connecting to it. Raises StartupProblem where its library is not
    installed."""
    try:
        return _engines(url)
    except ModuleNotFoundError as error:
        raise StartupProblem(_MISSING, library=error.name, python=sys.executable) from error


def _engines(url: URL) -> SqlStore:
    if url.drivername == POSTGRESQL:
        pool = _postgresql(url)
        snapshots = pool.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return SqlStore(pool, snapshots)
    return SqlStore(_sqlite(url, reading=False), _sqlite(url, reading=True))


@asynccontextmanager
async def transaction(engine: AsyncEngine, *, reading: bool) -> AsyncIterator[Link]:
    """Opens a transaction: committed at the end, rolled back by an exception. Raises StoreUnavailable."""
    async with AsyncExitStack() as stack:
        with faults():
            connection = await stack.enter_async_context(engine.connect())
        async with _sure(connection):
            await connection.begin()
        yield Link(connection, reading=reading)
        async with _sure(connection):
            await connection.commit()


@asynccontextmanager
async def _sure(connection: AsyncConnection) -> AsyncIterator[None]:
    """Discards the connection where a BEGIN or COMMIT inside the block fails or is cancelled.

    It may have left a transaction open or ended it, and nobody can tell which.
    """
    try:
        with faults():
            yield
    except BaseException:
        await connection.invalidate()
        raise


@asynccontextmanager
async def _unit(engine: AsyncEngine, remembered: Remembered, *, reading: bool) -> AsyncIterator[Work]:
    async with transaction(engine, reading=reading) as link:
        yield SqlWork(link, remembered)


def _sqlite(url: URL, *, reading: bool) -> AsyncEngine:
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=_READERS if reading else 1,
        max_overflow=0,
        hide_parameters=True,  # errors are logged, and parameters are people's words and votes
        # No rollback on return: transaction() has committed, rolled back or discarded the connection.
        pool_reset_on_return=None,
        connect_args={} if "timeout" in url.query else {"timeout": _LOCK_SECONDS},
    )
    pragmas = ("query_only=ON",) if reading else _PRAGMAS
    begin = "BEGIN" if reading else "BEGIN IMMEDIATE"
    sa.event.listen(engine.sync_engine, "do_connect", sqlite_thread.connected)

    @sa.event.listens_for(engine.sync_engine, "connect")
    def connected(connection: sa.engine.interfaces.DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # Otherwise Python's sqlite3 begins transactions by itself, at the first write only.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            _set(cursor, pragma)
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def begun(connection: sa.Connection) -> None:
        # One call into the driver's thread, instead of the three of exec_driver_sql.
        adapted: Any = connection.connection.dbapi_connection
        adapted.run_async(lambda driver: driver.execute_fetchall(begin))

    return engine


def _set(cursor: sa.engine.interfaces.DBAPICursor, pragma: str) -> None:
    """Sets a pragma. Where several begin to write ahead at one moment, SQLite tells all but one at once, without
    waiting, that the database is locked: then it is set again a little later, for _LOCK_SECONDS."""
    for _ in range(int(_LOCK_SECONDS / 0.02)):
        try:
            cursor.execute(f"PRAGMA {pragma}")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        else:
            return
        sa.util.await_only(asyncio.sleep(0.02))
    cursor.execute(f"PRAGMA {pragma}")


def _postgresql(url: URL) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=_CONNECTIONS,
        max_overflow=_MORE_CONNECTIONS,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        connect_args={"command_timeout": _STATEMENT_SECONDS},
    )

    @sa.event.listens_for(engine.sync_engine, "checkout")
    def checked(
        connection: sa.engine.interfaces.DBAPIConnection, _: ConnectionPoolEntry, __: sa.PoolProxiedConnection
    ) -> None:
        # The driver knows without a round trip that the server closed an idle connection.
        if connection.driver_connection.is_closed():
            raise sa.exc.InvalidatePoolError

    return engine
