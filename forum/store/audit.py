"""Acts of staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import sqlalchemy as sa

from forum.ports.audit import StaffAct, What
from forum.store.base import Area, made
from forum.store.tables import staff_act as acts


class SqlAudit(Area):
    """The database's acts of staff. The contract is ports.audit.Audit."""

    async def add_act(self, act: StaffAct) -> None:
        """Adds an act; its `seq` is given by the database."""
        row = {name: value for name, value in asdict(act).items() if name != "seq"}
        await self._link.run(sa.insert(acts).values(row))

    async def acts(self, *, person: str = "", what: Sequence[What] = (), most: int, skip: int = 0) -> list[StaffAct]:
        """Returns at most `most` acts after `skip` others, newest first, of a person and of these kinds."""
        wanted = sa.select(acts).where(*_of(person, what)).order_by(acts.c.seq.desc()).limit(most).offset(skip)
        return [made(row, StaffAct) for row in await self._link.rows(wanted)]

    async def count_acts(self, *, person: str = "", what: Sequence[What] = ()) -> int:
        """Returns how many acts `acts` would find."""
        rows = await self._link.rows(sa.select(sa.func.count().label("number")).where(*_of(person, what)))
        return int(rows[0]["number"])


def _of(person: str, what: Sequence[What]) -> list[sa.ColumnElement[bool]]:
    # Named even where every kind is wanted: a later version may have noted some that this one does not know.
    found: list[sa.ColumnElement[bool]] = [acts.c.what.in_([str(each) for each in what or What])]
    if person:
        found.append((acts.c.by == person) | (acts.c.whom == person))
    return found
