"""Small facts about this database."""

from __future__ import annotations

import sqlalchemy as sa

from forum.store.base import Area
from forum.store.tables import fact


class SqlFacts(Area):
    """The database's facts. The contract is ports.record.Facts."""

    async def get_fact(self, name: str, *, lock: bool = False) -> str | None:
        """Returns a fact's value, or None where it was never set; with `lock` it stays so until this unit ends."""
        wanted = sa.select(fact.c.value).where(fact.c.name == name)
        rows = await self._link.rows(wanted.with_for_update() if lock else wanted)
        return str(rows[0]["value"]) if rows else None

    async def set_fact(self, name: str, value: str) -> None:
        """Sets a fact, replacing any earlier value."""
        await self._link.put(fact, {"name": name, "value": value})
