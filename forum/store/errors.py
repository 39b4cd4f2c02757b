"""Translation of database errors into Forum's own, for both databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from forum.errors import ForumError, NotFound, StoreUnavailable

# Codes that mean the database cannot take it now: https://www.sqlite.org/rescode.html (primary codes) ...
_SQLITE_UNAVAILABLE = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)
# ... and SQLSTATE classes (PostgreSQL documentation, appendix A): connection, read-only server, sign-in, no such
# database, transaction rolled back, resources, not in the right state, operator, system, internal.
_POSTGRESQL_UNAVAILABLE = frozenset({"08", "25", "28", "3D", "40", "53", "55", "57", "58", "XX"})
_FOREIGN_KEY = "23503"
_READING = "This unit of work is for reading: use begin() to write."


@contextmanager
def faults(*, reading: bool = False) -> Iterator[None]:
    """Turns database errors inside the block into StoreUnavailable or NotFound; errors in our own SQL are raised
    unchanged.

    With `reading` an attempt to write raises RuntimeError, since it is a mistake in the code.
    """
    try:
        yield
    except sa.exc.DBAPIError as error:
        if reading and _writes(error.orig):
            raise RuntimeError(_READING) from error
        known = _known(error)
        if known is None:
            raise
        raise known from error
    except sqlite3.Error as error:
        # From Link.quick and the BEGIN of engine.py, which go past SQLAlchemy.
        if reading and _writes(error):
            raise RuntimeError(_READING) from error
        known = _known_by_sqlite(error)
        if known is None:
            raise
        raise known from error
    except (sa.exc.TimeoutError, OSError, TimeoutError) as error:
        # The pool had no connection to give in time, or the network did not reach the server.
        raise StoreUnavailable("The database cannot be reached. Try again in a moment.") from error


def sqlstate(error: BaseException | None) -> str:
    """Returns PostgreSQL's five-character code of an error, "" where there is none."""
    return str(getattr(error, "sqlstate", None) or "")


def _known(error: sa.exc.DBAPIError) -> ForumError | None:
    if isinstance(error.orig, sqlite3.Error):
        return _known_by_sqlite(error.orig)
    state = sqlstate(error.orig)
    if state == _FOREIGN_KEY:
        return _homeless()
    if state[:2] in _POSTGRESQL_UNAVAILABLE or error.connection_invalidated:
        return _unavailable()
    if not state and isinstance(error, sa.exc.InterfaceError):
        return _unavailable()
    return None


def _known_by_sqlite(error: sqlite3.Error) -> ForumError | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return _unavailable() if isinstance(error, sqlite3.OperationalError) else None
    if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return _homeless()
    return _unavailable() if code & 0xFF in _SQLITE_UNAVAILABLE else None


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable("The database could not take this. Try again in a moment.")


def _homeless() -> NotFound:
    return NotFound("What this belongs to does not exist.")


def _writes(error: BaseException | None) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY or sqlstate(error) == "25006"
