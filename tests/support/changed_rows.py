"""Rows changed past the program, as somebody who can write to the database could."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from forum.store import SqlStore


async def unlock(connection: AsyncConnection) -> None:
    """Takes the triggers away that refuse a change of an entry."""
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql("ALTER TABLE entry DISABLE TRIGGER USER")
        return
    names = await connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='entry'")
    for (name,) in names.all():
        await connection.exec_driver_sql(f'DROP TRIGGER "{name}"')


async def change(store: SqlStore, where: sa.ColumnElement[bool], table: sa.Table, **values: Any) -> None:
    """Changes rows of a table; at least one must be there."""
    async with store.writer.begin() as connection:
        await unlock(connection)
        done = await connection.execute(sa.update(table).where(where).values(values))
    assert done.rowcount


async def delete(store: SqlStore, where: sa.ColumnElement[bool], table: sa.Table) -> None:
    """Deletes rows of a table; at least one must be there."""
    async with store.writer.begin() as connection:
        await unlock(connection)
        done = await connection.execute(sa.delete(table).where(where))
    assert done.rowcount
