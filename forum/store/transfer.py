"""Rows from PostgreSQL into a SQLite file of the same revision, and from such a file into PostgreSQL.

Each way in one transaction: what is read is one REPEATABLE READ snapshot, what is written is there whole or not at all.
Values are taken as they are stored (JSON as its text), so that digests over them stay right. The index of the library's
words differs between the databases: it is made anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL

from forum.store.base import Link
from forum.store.engine import engines, transaction
from forum.store.library import INDEX, index_all
from forum.store.migrate import upgrade
from forum.store.tables import metadata

# Rows that are in memory at once; of tables with pictures and files, a few.
_ROWS, _LARGE_ROWS = 500, 8


async def copy_out(address: URL, revision: str, file: Path) -> None:
    """Copies a PostgreSQL database of a known revision into a new SQLite file of that revision. Raises
    StoreUnavailable."""
    made = sa.create_engine(f"sqlite:///{file}")
    with made.begin() as connection:
        upgrade(connection, revision)
    made.dispose()
    store = engines(address)
    try:
        async with transaction(store.reader, reading=True) as link:
            with closing(sqlite3.connect(file, isolation_level=None)) as into:
                into.execute("PRAGMA synchronous=OFF")  # thrown away whole, if it is not finished
                into.execute("BEGIN")
                for table, columns in _tables(into):
                    await _out(link, table, columns, into)
                into.execute("COMMIT")
    finally:
        await store.close()


async def copy_in(file: Path, address: URL) -> None:
    """Puts the rows of a SQLite file in the place of those in a PostgreSQL database, both up to date; all in one
    transaction. Raises StoreUnavailable."""
    store = engines(address)
    try:
        async with transaction(store.writer, reading=False) as link:
            with closing(sqlite3.connect(file)) as source:
                await _empty(link)
                for table in metadata.sorted_tables:
                    await _in(link, table, source)
                await index_all(link)
    finally:
        await store.close()


async def index_anew(address: URL) -> None:
    """Makes the index of the library's words anew. Raises StoreUnavailable."""
    store = engines(address)
    try:
        async with transaction(store.writer, reading=False) as link:
            await index_all(link)
    finally:
        await store.close()


def _tables(file: sqlite3.Connection) -> Iterator[tuple[str, list[tuple[str, str, int]]]]:
    """Yields the tables that both databases have, each with its columns: name, type, place in the primary key."""
    names = file.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    for (name,) in names:
        if not name.startswith(("sqlite_", INDEX)) and name != "alembic_version":
            yield name, [(row[1], row[2], row[5]) for row in file.execute(f'PRAGMA table_info("{name}")')]


async def _out(link: Link, name: str, columns: Sequence[tuple[str, str, int]], into: sqlite3.Connection) -> None:
    table = sa.table(name, *(sa.column(column) for column, _, _ in columns))
    chosen = [
        sa.cast(table.c[column], sa.Text).label(column) if kind == "JSON" else table.c[column]
        for column, kind, _ in columns
    ]
    key = [table.c[column] for column, _, at in sorted(columns, key=lambda one: one[2]) if at]
    # Names of tables and columns are the schema's own, and cannot be parameters (S608).
    if name != "entry":  # of which nothing may be deleted; in others is what the migrations put there
        into.execute(f'DELETE FROM "{name}"')  # noqa: S608
    into_columns = ", ".join(f'"{column}"' for column, _, _ in columns)
    insert = f'INSERT INTO "{name}" ({into_columns}) VALUES ({", ".join("?" * len(columns))})'  # noqa: S608
    rows = await link.connection.stream(sa.select(*chosen).order_by(*key))
    async for piece in rows.partitions(_LARGE_ROWS if _is_large(name) else _ROWS):
        into.executemany(insert, [tuple(row) for row in piece])


async def _empty(link: Link) -> None:
    """Empties every table; the record's own trigger, which refuses that, is away for as long."""
    names = ", ".join(f'"{name}"' for name in (INDEX, *metadata.tables))
    for statement in (
        "ALTER TABLE entry DISABLE TRIGGER USER",
        f"TRUNCATE {names} CASCADE",
        "ALTER TABLE entry ENABLE TRIGGER USER",
    ):
        await link.run(sa.text(statement))


async def _in(link: Link, table: sa.Table, source: sqlite3.Connection) -> None:
    names = [column.name for column in table.columns]
    into = sa.table(table.name, *(sa.column(column.name, _stored(column)) for column in table.columns))
    values = {
        column.name: sa.cast(sa.bindparam(column.name, type_=sa.Text), sa.JSON)
        if isinstance(column.type, sa.JSON)
        else sa.bindparam(column.name, type_=_stored(column))
        for column in table.columns
    }
    insert = sa.insert(into).values(values)
    flags = {column.name for column in table.columns if isinstance(column.type, sa.Boolean)}
    chosen = ", ".join(f'"{name}"' for name in names)
    order = ", ".join(f'"{column.name}"' for column in table.primary_key)
    # The schema's own names, as above (S608).
    rows = source.execute(f'SELECT {chosen} FROM "{table.name}" ORDER BY {order}')  # noqa: S608
    while piece := rows.fetchmany(_LARGE_ROWS if _is_large(table.name) else _ROWS):
        await link.connection.execute(insert, [_row(names, flags, row) for row in piece])
    if "seq" in table.columns:
        sequence = sa.func.pg_get_serial_sequence(f'"{table.name}"', "seq")
        following = sa.func.coalesce(sa.func.max(table.c.seq), 0) + 1
        await link.run(sa.select(sa.func.setval(sequence, following, False)))


def _row(names: Sequence[str], flags: set[str], row: Sequence[Any]) -> dict[str, Any]:
    pairs = zip(names, row, strict=True)
    return {name: bool(value) if name in flags and value is not None else value for name, value in pairs}


def _stored(column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
    """Returns the plain type of a column: values go in as they came out."""
    for kind in (sa.Boolean, sa.Integer, sa.LargeBinary):
        if isinstance(column.type, kind):
            return kind()
    return sa.Text()


def _is_large(table: str) -> bool:
    """Returns whether a table holds pictures and files."""
    known = metadata.tables.get(table)
    return known is not None and "content" in known.columns
