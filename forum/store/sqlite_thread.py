"""SQLite's driver as SQLAlchemy uses it, with one hand-over a statement.

SQLite works in a thread. Every hand-over to it costs two switches of threads, and waits for a busy event loop to let go
of the interpreter. SQLAlchemy's own cursor hands over four times a statement: open, run, fetch, close. This one runs,
fetches and closes in one go, and so keeps a page of a dozen small statements from being mostly hand-overs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_connection
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import EMPTY_DICT


class _Ran:
    """What SQLAlchemy asks a cursor when its statement has run and its rows are fetched."""

    arraysize = 1

    def __init__(self, cursor: Any) -> None:
        self.description = cursor.description
        self.rowcount = cursor.rowcount
        self.lastrowid = cursor.lastrowid

    def close(self) -> None:
        """Nothing: it was closed where it ran."""


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor for statements whose rows are all wanted, as all of Forum's are."""

    __slots__ = ()
    _awaitable_cursor_close = False

    def __init__(self, adapt_connection: AsyncAdapt_dbapi_connection) -> None:
        # SQLAlchemy's own opens a cursor of the driver here. Until something has run, there is nothing to ask it.
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._cursor: Any = None
        self._soft_closed_memoized = EMPTY_DICT
        self._rows = deque()

    async def _execute_async(self, operation: Any, parameters: Any) -> None:
        await self._in_one_go(lambda connection: connection.execute(operation, parameters or ()))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> None:
        await self._in_one_go(lambda connection: connection.executemany(operation, seq_of_parameters))

    async def _in_one_go(self, run: Callable[[Any], Any]) -> None:
        """Lets the driver's thread run a statement, fetch all its rows and close its cursor."""
        driver: Any = self._connection

        def work() -> tuple[_Ran, Sequence[Any]]:
            cursor = run(driver._conn)
            rows = cursor.fetchall() if cursor.description else ()
            ran = _Ran(cursor)
            cursor.close()
            return ran, rows

        async with self._adapt_connection._execute_mutex:
            self._cursor, rows = await driver._execute(work)
            self._rows = deque(rows)


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls = _Cursor


def connected(
    dialect: sa.Dialect, _entry: ConnectionPoolEntry, arguments: list[Any], named: dict[str, Any]
) -> _Connection:
    """A connection of that kind: for SQLAlchemy's event `do_connect`."""
    driver: Any = dialect.loaded_dbapi
    return _Connection(driver, driver.connect(*arguments, **named)._connection)
