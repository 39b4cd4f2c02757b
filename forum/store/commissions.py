"""Commissions with their groups and support lines."""

from __future__ import annotations

import sqlalchemy as sa

from forum.commission import Commission
from forum.store.area import Area, Row, made, plain
from forum.store.tables import commission as commissions


class SqlCommissions(Area):
    """ports.Commissions."""

    async def add(self, commission: Commission) -> None:
        """Keeps a new commission."""
        await self._link.run(sa.insert(commissions).values(plain(commission)))

    async def get(self, commission: str) -> Commission:
        """Raises NotFound."""
        return _commission(
            await self._link.one(
                sa.select(commissions).where(commissions.c.id == commission), "There is no such commission."
            )
        )

    async def all(self) -> list[Commission]:
        """Newest first."""
        return [
            _commission(r) for r in await self._link.rows(sa.select(commissions).order_by(commissions.c.seq.desc()))
        ]


def _commission(row: Row) -> Commission:
    return made(row, Commission)
