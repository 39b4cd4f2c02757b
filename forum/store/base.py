"""What every area of the store stands on: one connection in one transaction, and what differs by database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.sqlite import aiosqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from forum.errors import NotFound
from forum.store.errors import faults

Row = sa.RowMapping
Kind = TypeVar("Kind")
Key = TypeVar("Key", str, int)
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

        It takes less than half of what `rows` does: SQLite's driver is given the statement's text itself, and its rows
        stay as they come.
        """
        with faults(reading=self.reading):
            if self.postgresql:
                return (await self.connection.execute(statement, values)).all()
            sql, names = _compiled(statement)
            driver: Any = (await self.connection.get_raw_connection()).driver_connection
            return [*await driver.execute_fetchall(sql, [values[name] for name in names])]

    async def one(self, statement: sa.Executable, otherwise: str, values: Mapping[str, object] | None = None) -> Row:
        """The first row. Raises NotFound with the sentence `otherwise` where there is none."""
        rows = await self.rows(statement, values)
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

    def among(self, column: sa.Column[Key], values: Collection[Key]) -> sa.ColumnElement[bool]:
        """`column` is one of these values, however many: they go over as one parameter."""
        if self.postgresql:
            return column == sa.any_(sa.bindparam(None, list(values), type_=postgresql.ARRAY(column.type)))
        each = sa.func.json_each(msgspec.json.encode(list(values)).decode()).table_valued("value")
        return column.in_(sa.select(each.c.value))


@cache
def having(*columns: sa.Column[Any], order: sa.Column[Any] | None = None) -> sa.Select[Any]:
    """The rows of a table in which these columns have the values that are given by their names.

    It is made once. To make a statement anew, and to find its text again, takes SQLAlchemy longer than to run it.
    """
    wanted = sa.select(columns[0].table).where(*(column == sa.bindparam(column.name) for column in columns))
    return wanted if order is None else wanted.order_by(order)


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
