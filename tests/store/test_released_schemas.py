"""Databases of earlier versions, brought up to date: their rows stay as they were, and the statements of the version
that made them still work, so that it may go on serving beside a newer one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from forum.store import check, revisions
from forum.store.engine import engines, parse
from forum.store.library import INDEX
from forum.store.migrate import upgrade

CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"
# The newest migration of each version, by its name in CHANGELOG.md; before the first one, of states that were served.
RELEASED = {
    "the first tables": "0001",
    "22 November 2026, as tests/data/before": "0013",
    "29 November 2026, morning": "0021",
    "29 November 2026, noon": "0042",
    "29 November 2026, evening": "0054",
    "30 November 2026": "0059",
}
# Values that a migration changes, because they mean something else since: how a browser is known (0014).
CHANGED = {("participant", "device")}
# Values that migrations read, so that not any words will do.
READ = {("entry", "body"): b'{"at":"2026-11-22","type":"session opened"}', ("version", "words"): "{}"}


@dataclass(frozen=True)
class Written:
    """Row that a version wrote, with all columns that it knew; `key` names those of its primary key."""

    table: sa.TableClause
    row: dict[str, Any]
    key: tuple[str, ...]

    async def put(self, link: Any) -> None:
        await link.execute(sa.insert(self.table), self.row)

    async def found(self, link: Any) -> dict[str, Any]:
        asked = sa.select(*self.table.c).where(*(self.table.c[name] == self.row[name] for name in self.key))
        [row] = (await link.execute(asked)).mappings().all()
        return dict(row)


def a_value(column: sa.Column[Any], number: int) -> Any:
    """Returns a value for a column of the row `number` of each table: what another table's row is known by, where it
    refers to one."""
    for foreign in column.foreign_keys:
        if foreign.column is not column:
            return a_value(foreign.column, number)
    if (column.table.name, column.name) in READ:
        return READ[column.table.name, column.name]
    if (column.table.name, column.name) == ("entry", "position"):
        return number - 1  # the record is appended to, entry after entry
    if isinstance(column.type, sa.JSON):
        return []
    if isinstance(column.type, sa.Boolean):
        return False
    if isinstance(column.type, sa.Integer):
        return number
    if isinstance(column.type, sa.LargeBinary):
        return f"{column.name} {number} é".encode()
    return f"{column.name} {number} é"


def written(connection: sa.Connection, numbers: Sequence[int]) -> list[list[Written]]:
    """Returns rows for each table that there is now, by all of its columns but counters: of each number one."""
    schema = sa.MetaData()
    schema.reflect(connection, only=lambda name, _: name != "alembic_version" and not name.startswith(INDEX))
    found = []
    for table in schema.sorted_tables:
        columns = [one for one in table.columns if one.name != "seq"]
        key = tuple(one.name for one in columns if one.primary_key) or (columns[0].name,)
        there = sa.table(table.name, *(sa.column(one.name, one.type) for one in columns))
        found.append([Written(there, {one.name: a_value(one, number) for one in columns}, key) for number in numbers])
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Gives the address of a database without anything in it."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/forum.db"
    return str(request.getfixturevalue("new_postgres"))


def test_each_released_version_is_tried() -> None:
    released = re.findall(r"^## \[?([0-9]+\.[0-9]+\.[0-9]+)", CHANGELOG.read_text("utf-8"), re.MULTILINE)
    assert [version for version in released if version not in RELEASED] == []
    assert [one for one in revisions()[::-1] if one in RELEASED.values()] == [*RELEASED.values()]


async def test_rows_of_each_version_stay_and_its_statements_still_work(empty: str) -> None:
    store = engines(parse(empty))
    kept: dict[str, list[Written]] = {}
    again: list[Written] = []
    for number, revision in enumerate(RELEASED.values(), 1):
        async with store.writer.begin() as link:
            await link.run_sync(upgrade, revision)
            there = await link.run_sync(partial(written, numbers=(number, len(RELEASED) + number)))
            kept[revision] = [first for first, _ in there]
            again += [second for _, second in there]
            for one in kept[revision]:
                await one.put(link)
    async with store.writer.begin() as link:
        await link.run_sync(upgrade)
        for one in again:
            await one.put(link)
    async with store.reader.connect() as link:
        for revision, rows in kept.items():
            for one in rows:
                found = await one.found(link)
                for name in {name for table, name in CHANGED if table == one.table.name}:
                    del found[name], one.row[name]
                assert found == one.row, (revision, one.table.name)
        for one in again:
            assert await one.found(link) == one.row, one.table.name
    await store.close()
    await check(empty)
    assert len(kept["0001"]) < len(kept["0059"])
