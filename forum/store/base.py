"""Base of all areas of the store: one connection in one transaction, with the differences between the databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Any, TypeAlias, TypeVar, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.sqlite import aiosqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from forum.errors import NotFound
from forum.store import sqlite_thread
from forum.store.errors import faults

Row = sa.RowMapping
Kind = TypeVar("Kind")
Key = TypeVar("Key", str, int)
Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class Batch:
    """A statement over a batch of rows with these columns: it reads them from `of`.

    `foretold` selects, on SQLite, the rows that the statement would return, which then returns none: SQLite's driver
    gives the interpreter away at each row, and beside a busy event loop waits half a millisecond to have it back.
    """

    statement: sa.Select[Any] | sa.UpdateBase
    columns: tuple[str, ...]
    foretold: sa.Select[Any] | None = None

    @staticmethod
    def of(columns: tuple[str, ...], *, of_postgresql: bool) -> sa.FromClause:
        """Returns the rows of a batch, as a table: on PostgreSQL an array a column, on SQLite VALUES (`Link.quick`)."""
        if of_postgresql:
            arrays = (sa.bindparam(f"{name}_s", type_=postgresql.ARRAY(sa.Text)) for name in columns)
            return sa.func.unnest(*arrays).table_valued(*columns, name="batch").render_derived()
        return sa.table("batch", *map(sa.column, columns))


# Rows that a statement returns.
Answer: TypeAlias = Sequence[Sequence[Any]]
# Statements over batches, each with its rows (none: it is not run, and returns none), whose answers they are sent.
Steps: TypeAlias = Generator[tuple[Batch, Sequence[Sequence[object]]], Answer, Made]


class Link:
    """One connection in one transaction; with `reading` it may not write."""

    def __init__(self, connection: AsyncConnection, *, reading: bool) -> None:
        self.connection = connection
        self.reading = reading
        self.postgresql = connection.dialect.name == "postgresql"

    async def rows(self, statement: sa.Executable, values: Mapping[str, object] | None = None) -> Sequence[Row]:
        """Runs a statement and returns its rows."""
        with faults(reading=self.reading):
            return (await self.connection.execute(statement, values)).mappings().all()

    async def run(self, statement: sa.Executable, values: Mapping[str, object] | None = None) -> int:
        """Runs a statement and returns how many rows it touched."""
        with faults(reading=self.reading):
            return (await self.connection.execute(statement, values)).rowcount

    async def quick(self, over: Batch, rows: Sequence[Sequence[object]]) -> Sequence[Sequence[Any]]:
        """Runs a statement over a batch of rows and returns its rows, which may hold text and whole numbers only.

        On SQLite it takes less than half the time of `rows`: the driver gets the compiled text, its rows are not
        converted, and however many pieces the batch is cut into, its thread is called once.
        """
        with faults(reading=self.reading):
            if self.postgresql:
                values = {f"{name}_s": [row[i] for row in rows] for i, name in enumerate(over.columns)}
                return (await self.connection.execute(over.statement, values)).all()
            driver = (await self.connection.get_raw_connection()).driver_connection
            return await sqlite_thread.in_one_call(driver, lambda connection: _pieces(connection, over, rows))

    async def in_one_go(self, steps: Steps[Made]) -> Made:
        """Runs each statement that `steps` yields over its rows, gives it the answer, and returns what it returns.

        On SQLite all of it is one call into its thread: beside a busy event loop each way there and back costs as much
        as a statement. `steps` may not touch anything that the event loop changes meanwhile.
        """
        with faults(reading=self.reading):
            if not self.postgresql:
                driver = (await self.connection.get_raw_connection()).driver_connection
                return await sqlite_thread.in_one_call(driver, lambda connection: _all_of(steps, connection))
            try:
                over, rows = next(steps)
                while True:
                    over, rows = steps.send(await self.quick(over, rows) if rows else [])
            except StopIteration as end:
                return cast("Made", end.value)

    async def one(self, statement: sa.Executable, otherwise: str, values: Mapping[str, object] | None = None) -> Row:
        """Returns the first row. Raises NotFound with the sentence `otherwise` where there is none."""
        rows = await self.rows(statement, values)
        if not rows:
            raise NotFound(otherwise)
        return rows[0]

    async def change(self, statement: sa.Executable, otherwise: str) -> None:
        """Runs an update of one row. Raises NotFound with the sentence `otherwise` where no row was touched."""
        if await self.run(statement) == 0:
            raise NotFound(otherwise)

    async def add(self, table: sa.Table, row: Mapping[str, object]) -> bool:
        """Inserts a row. Returns False where a unique constraint refuses it; the transaction goes on."""
        if self.postgresql:
            return await self.run(postgresql.insert(table).values(row).on_conflict_do_nothing()) == 1
        return await self.run(sqlite.insert(table).values(row).on_conflict_do_nothing()) == 1

    async def put(self, table: sa.Table, row: Mapping[str, object]) -> None:
        """Inserts a row, or overwrites the given columns of the row with the same primary key."""
        key = list(table.primary_key)
        rest = {name: value for name, value in row.items() if name not in table.primary_key}
        if self.postgresql:
            await self.run(postgresql.insert(table).values(row).on_conflict_do_update(index_elements=key, set_=rest))
        else:
            await self.run(sqlite.insert(table).values(row).on_conflict_do_update(index_elements=key, set_=rest))

    def among(self, column: sa.Column[Key], values: Collection[Key]) -> sa.ColumnElement[bool]:
        """Returns the condition that `column` has one of these values, passed as one parameter however many
        there are.
        """
        if self.postgresql:
            return column == sa.any_(sa.bindparam(None, list(values), type_=postgresql.ARRAY(column.type)))
        each = sa.func.json_each(msgspec.json.encode(list(values)).decode()).table_valued("value")
        return column.in_(sa.select(each.c.value))


@cache
def having(*columns: sa.Column[Any], order: sa.Column[Any] | None = None) -> sa.Select[Any]:
    """Returns a cached SELECT of the rows whose `columns` equal the parameters of the same names.

    It is cached because building a statement and looking up its compiled text takes SQLAlchemy longer than running it.
    """
    wanted = sa.select(columns[0].table).where(*(column == sa.bindparam(column.name) for column in columns))
    return wanted if order is None else wanted.order_by(order)


def _all_of(steps: Steps[Made], connection: sqlite3.Connection) -> Made:
    try:
        over, rows = next(steps)
        while True:
            over, rows = steps.send(_pieces(connection, over, rows))
    except StopIteration as end:
        return cast("Made", end.value)


def _pieces(connection: sqlite3.Connection, over: Batch, rows: Sequence[Sequence[object]]) -> Answer:
    statements = [each for each in (over.foretold, over.statement) if each is not None]
    return sqlite_thread.in_pieces(connection, [partial(_text, each, over.columns) for each in statements], rows)


@lru_cache(maxsize=8 * sqlite_thread.PIECE)
def _text(statement: sa.Select[Any] | sa.UpdateBase, columns: tuple[str, ...], number: int) -> str:
    """Returns a statement over a batch of so many rows as SQLite takes it: they are the table `batch`."""
    row = f"({', '.join('?' * len(columns))})"
    names, rows = ", ".join(f'"{name}"' for name in columns), ", ".join([row] * number)
    return f"WITH batch ({names}) AS (VALUES {rows}) {_compiled(statement)}"


@cache
def _compiled(statement: sa.Select[Any] | sa.UpdateBase) -> str:
    """Returns a statement in SQLite's words. Making them takes longer than running it with a hundred rows."""
    return str(statement.compile(dialect=aiosqlite.dialect()))


class Area:
    """One area of the store: its queries, run in one transaction."""

    def __init__(self, link: Link) -> None:
        self._link = link


def plain(thing: object) -> dict[str, Any]:
    """Returns a frozen dataclass as plain dicts and lists, ready for its table's columns."""
    values: dict[str, Any] = msgspec.to_builtins(thing)
    return values


def made(row: Row, kind: type[Kind], **more: object) -> Kind:
    """Returns a row, with the values `more` added, as a frozen dataclass; columns without a field are left out."""
    # msgspec needs plain str keys; SQLAlchemy's may be of a subclass.
    return msgspec.convert({str(name): value for name, value in row.items()} | more, kind)
