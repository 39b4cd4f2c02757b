"""Commissions with their groups and support lines."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from forum.store.base import Area, Row, having, made, plain
from forum.store.tables import commission as table
from forum.voting.commission import Commission


class SqlCommissions(Area):
    """ports.Commissions."""

    async def add_commission(self, commission: Commission) -> None:
        """Keeps a new commission."""
        await self._link.run(sa.insert(table).values(plain(commission)))

    async def get_commission(self, commission: str) -> Commission:
        """Raises NotFound."""
        return _commission(await self._link.one(having(table.c.id), "There is no such commission.", {"id": commission}))

    async def titles(self, commissions: Collection[str]) -> dict[str, str]:
        """The titles of those of them that there are, by id."""
        wanted = sa.select(table.c.id, table.c.title).where(self._link.among(table.c.id, commissions))
        return {row["id"]: row["title"] for row in await self._link.rows(wanted)}

    async def list_commissions(self) -> list[Commission]:
        """Newest first."""
        return [_commission(r) for r in await self._link.rows(sa.select(table).order_by(table.c.seq.desc()))]


def _commission(row: Row) -> Commission:
    return made(row, Commission)
