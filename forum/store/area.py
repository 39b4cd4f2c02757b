"""What every area of the store stands on: one connection in one transaction, and what differs by database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.sqlite import aiosqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from forum.errors import NotFound
from forum.store.faults import faults

Row = sa.RowMapping
Kind = TypeVar("Kind")
Quick: TypeAlias = sa.Select[Any] | sa.UpdateBase


class Link:
    """One connection in one transaction. `reading`: it may not write."""

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

    async def quick(self, statement: Quick, values: Mapping[str, object]) -> Sequence[Sequence[Any]]:
        """Runs one of the statements that ballots wait for; it must give text and whole numbers only.

        SQLite works in a thread, and every hand-over to it waits for a busy event loop to let go of the interpreter:
        SQLAlchemy's four a statement (open, run, fetch, close) become one.
        """
        with faults(reading=self.reading):
            if self.postgresql:
                return (await self.connection.execute(statement, values)).all()
            sql, names = _compiled(statement)
            driver: Any = (await self.connection.get_raw_connection()).driver_connection
            return [*await driver.execute_fetchall(sql, [values[name] for name in names])]

    async def one(self, statement: sa.Executable, otherwise: str) -> Row:
        """The first row. Raises NotFound with the sentence `otherwise` where there is none."""
        rows = await self.rows(statement)
        if not rows:
            raise NotFound(otherwise)
        return rows[0]

    async def change(self, statement: sa.Executable, otherwise: str) -> None:
        """Runs an update of one thing. Raises NotFound with the sentence `otherwise` where there is none."""
        if await self.run(statement) == 0:
            raise NotFound(otherwise)

    async def add(self, table: sa.Table, row: Mapping[str, object]) -> bool:
        """Inserts a row; False where a unique constraint is against it, and the transaction lives on."""
        if self.postgresql:
            return await self.run(postgresql.insert(table).values(row).on_conflict_do_nothing()) == 1
        return await self.run(sqlite.insert(table).values(row).on_conflict_do_nothing()) == 1

    async def put(self, table: sa.Table, row: Mapping[str, object]) -> None:
        """Inserts a row, or replaces the other columns of the one with its primary key."""
        key = list(table.primary_key)
        rest = {name: value for name, value in row.items() if name not in table.primary_key}
        if self.postgresql:
            await self.run(postgresql.insert(table).values(row).on_conflict_do_update(index_elements=key, set_=rest))
        else:
            await self.run(sqlite.insert(table).values(row).on_conflict_do_update(index_elements=key, set_=rest))

    def among(self, column: sa.Column[str], values: Sequence[str]) -> sa.ColumnElement[bool]:
        """`column` is one of these values, however many: they go over as one parameter."""
        if self.postgresql:
            return column == sa.any_(sa.bindparam(None, list(values), type_=postgresql.ARRAY(column.type)))
        each = sa.func.json_each(msgspec.json.encode(list(values)).decode()).table_valued("value")
        return column.in_(sa.select(each.c.value))


@cache
def _compiled(statement: Quick) -> tuple[str, tuple[str, ...]]:
    """A statement as SQLite's driver takes it: its text, and its parameters' names in order."""
    compiled = statement.compile(dialect=aiosqlite.dialect())
    return str(compiled), tuple(compiled.positiontup or ())


class Area:
    """One area of the store: its queries, in one transaction."""

    def __init__(self, link: Link) -> None:
        self._link = link


def plain(thing: object) -> dict[str, Any]:
    """A frozen dataclass as plain dicts and lists, ready for its columns."""
    values: dict[str, Any] = msgspec.to_builtins(thing)
    return values


def made(row: Row, kind: type[Kind], **more: object) -> Kind:
    """A row, with `more` values beside it, as a frozen dataclass; columns that it has no field for are left out."""
    # msgspec wants plain str keys, SQLAlchemy's may be a subclass.
    return msgspec.convert({str(name): value for name, value in row.items()} | more, kind)
