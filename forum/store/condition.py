"""Condition of a database, for whoever looks after it; nothing is changed in it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import URL

from forum.store.engine import POSTGRESQL, engines, parse, transaction
from forum.store.snapshot import file_of

_WAIT = 5.0  # seconds to wait for somebody else who writes


class Condition(msgspec.Struct, frozen=True):
    """How large a database is (bytes), in which mode it writes ("wal", or the version of PostgreSQL), and why nobody
    can write to it, "" where one can. `busy` where somebody else wrote to it all the while, so that nobody knows."""

    size: int
    mode: str
    unwritable: str
    busy: bool = False


async def condition_of(url: str) -> Condition:
    """Looks at a database that is there. Raises StoreUnavailable."""
    address = parse(url)
    if address.drivername == POSTGRESQL:
        return await _of_server(address)
    return await asyncio.to_thread(_of_file, url)


def _of_file(url: str) -> Condition:
    file = file_of(url)
    mode, why, busy = "", "", False
    try:
        there = f"{file.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(there, timeout=_WAIT, isolation_level=None, uri=True)) as connection:
            [mode] = connection.execute("PRAGMA journal_mode").fetchone()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
        why = "" if busy else str(error)
    return Condition(file.stat().st_size, mode, why, busy)


async def _of_server(address: URL) -> Condition:
    store = engines(address)
    asked = sa.text(
        "SELECT pg_database_size(current_database()) AS size, current_setting('server_version') AS version, "
        "current_setting('transaction_read_only') AS read_only, "
        "has_table_privilege('entry', 'INSERT') AS may"
    )
    try:
        async with transaction(store.writer, reading=False) as link:
            [row] = await link.rows(asked)
    finally:
        await store.close()
    why = "it only reads" if row["read_only"] == "on" else "" if row["may"] else "this user may not write to it"
    return Condition(row["size"], f"PostgreSQL {row['version']}", why)
