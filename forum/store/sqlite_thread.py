"""SQLite's driver for SQLAlchemy with one call into its thread for each statement.

SQLite works in a thread. Every call into it costs two thread switches, and waits for a busy event loop to let go of the
interpreter. SQLAlchemy's own cursor makes four calls a statement: open, run, fetch, close. This one makes one call, so
that a page of a dozen small statements does not spend most of its time on switches.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import aiosqlite
import msgspec
import sqlalchemy as sa
from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_connection
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import EMPTY_DICT

Made = TypeVar("Made")

_ENDS_WITHIN = 1.0  # seconds
PIECE = 128  # rows of a batch that one statement gets: beyond that it takes no less time for each


async def in_one_call(driver: Any, work: Callable[[Any], Made]) -> Made:
    """Calls `work` with SQLite's own connection in its thread, and returns what it returns."""
    made: Made = await driver._execute(lambda: work(driver._conn))
    return made


def in_pieces(
    connection: sqlite3.Connection, texts: Sequence[Callable[[int], str]], rows: Sequence[Sequence[Any]]
) -> list[Sequence[Any]]:
    """Runs statements over so many rows at a time, and returns what they returned. For SQLite's thread.

    `texts` give each statement for a number of rows; their values are its parameters, one row after another. Not row by
    row, as executemany does: in a thread beside a busy event loop that waits for the interpreter's lock at every row.
    Of two statements the first gives its rows as one text of JSON, for the same reason.
    """
    found: list[Sequence[Any]] = []
    start = 0
    while start < len(rows):
        # Pieces of 1, 2, 4, 8 ... rows: so few texts are prepared once and kept, which takes longer than a piece.
        piece = rows[start : start + min(PIECE, 1 << (len(rows) - start).bit_length() - 1)]
        start += len(piece)
        values = [value for row in piece for value in row]
        answers = [connection.execute(text(len(piece)), values).fetchall() for text in texts]
        found += answers[0] if len(answers) == 1 else msgspec.json.decode(answers[0][0][0])
    return found


class _Ran:
    """The answers that SQLAlchemy asks of a cursor after its statement has run and its rows are fetched."""

    arraysize = 1

    def __init__(self, cursor: Any) -> None:
        self.description = cursor.description
        self.rowcount = cursor.rowcount
        self.lastrowid = cursor.lastrowid

    def close(self) -> None:
        """Does nothing: the cursor was closed in the thread."""


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor that fetches all rows at once, as every statement of Forum wants."""

    __slots__ = ()
    _awaitable_cursor_close = False

    def __init__(self, adapt_connection: AsyncAdapt_dbapi_connection) -> None:
        # Unlike SQLAlchemy's own, this opens no cursor of the driver here: none is needed before a statement runs.
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
        """Runs a statement in the driver's thread, fetches all its rows and closes its cursor, in one call."""
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
    """Returns a `_Connection`; called by SQLAlchemy's event `do_connect`."""
    driver: Any = dialect.loaded_dbapi
    return _Connection(driver, driver.connect(*arguments, **named, async_creator_fn=_opened)._connection)


async def _opened(*arguments: Any, **named: Any) -> aiosqlite.Connection:
    """Opens a connection with a thread of its own; where that fails, the thread has ended, too.

    The driver does not wait for it: an event loop that is closed just then would have it complain of that.
    """
    connection = aiosqlite.connect(*arguments, **named)
    thread = connection._thread
    thread.daemon = True
    try:
        return await connection
    except BaseException:
        await asyncio.to_thread(thread.join, _ENDS_WITHIN)
        raise
