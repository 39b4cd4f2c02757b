"""Commissions with their groups and support lines."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from forum.store.base import Area, Row, having, made, plain
from forum.store.tables import commission as table
from forum.voting.commission import Commission

_NO_COMMISSION = "There is no such commission."


class SqlCommissions(Area):
    """The database's commissions. The contract is ports.commissions.Commissions."""

    async def add_commission(self, commission: Commission) -> None:
        """Adds a commission."""
        await self._link.run(sa.insert(table).values(plain(commission)))

    async def get_commission(self, commission: str, *, lock: bool = False) -> Commission:
        """Returns a commission. `lock` makes other units that lock it wait until this one ends. Raises NotFound."""
        wanted = having(table.c.id)
        if lock:
            wanted = wanted.with_for_update(key_share=True)
        return _commission(await self._link.one(wanted, _NO_COMMISSION, {"id": commission}))

    async def save_commission(self, commission: Commission) -> None:
        """Writes a changed commission. Raises NotFound."""
        await self._link.change(
            sa.update(table).where(table.c.id == commission.id).values(plain(commission)), _NO_COMMISSION
        )

    async def titles(self, commissions: Collection[str]) -> dict[str, str]:
        """Returns the titles of these commissions by id; unknown ids are left out."""
        wanted = sa.select(table.c.id, table.c.title).where(self._link.among(table.c.id, commissions))
        return {row["id"]: row["title"] for row in await self._link.rows(wanted)}

    async def list_commissions(self) -> list[Commission]:
        """Returns all commissions, newest first."""
        return [_commission(r) for r in await self._link.rows(sa.select(table).order_by(table.c.seq.desc()))]


def _commission(row: Row) -> Commission:
    return made(row, Commission)
