"""Commissions with their groups and support lines."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from forum.commission import Commission
from forum.store.area import Area, Row, plain
from forum.store.tables import commission


class SqlCommissions(Area):
    """ports.Commissions."""

    async def add(self, new: Commission) -> None:
        """Keeps a new commission."""
        await self._link.run(sa.insert(commission).values(plain(new)))

    async def get(self, commission_id: str) -> Commission:
        """Raises NotFound."""
        return _commission(
            await self._link.one(
                sa.select(commission).where(commission.c.id == commission_id), "There is no such commission."
            )
        )

    async def all(self) -> list[Commission]:
        """Newest first."""
        return [_commission(r) for r in await self._link.rows(sa.select(commission).order_by(commission.c.seq.desc()))]


def _commission(row: Row) -> Commission:
    return msgspec.convert({**row}, Commission)
