"""Small facts about this database."""

from __future__ import annotations

import sqlalchemy as sa

from forum.store.base import Area
from forum.store.tables import fact


class SqlFacts(Area):
    """The database's facts. The contract is ports.record.Facts."""

    async def get_fact(self, name: str) -> str | None:
        """Returns a fact's value, or None where it was never set."""
        rows = await self._link.rows(sa.select(fact.c.value).where(fact.c.name == name))
        return str(rows[0]["value"]) if rows else None

    async def set_fact(self, name: str, value: str) -> None:
        """Sets a fact, replacing any earlier value."""
        await self._link.put(fact, {"name": name, "value": value})
