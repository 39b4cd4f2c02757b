"""The organisation behind this installation."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from forum.ports.organisation import MOST_CHANGES, Logo, Organisation
from forum.store.base import Area, having, made, plain
from forum.store.tables import logo as logos
from forum.store.tables import organisation as changes


class SqlOrganisations(Area):
    """The database's organisation. The contract is ports.organisation.Organisations."""

    async def latest_organisation(self, *, lock: bool = False) -> Organisation:
        """Returns the organisation as it is; with `lock` it stays so until this unit ends."""
        wanted = sa.select(changes).order_by(changes.c.number.desc()).limit(1)
        rows = await self._link.rows(wanted.with_for_update() if lock else wanted)
        return made(rows[0], Organisation) if rows else Organisation()

    async def organisation_changes(self, most: int = MOST_CHANGES) -> list[Organisation]:
        """Returns the latest changes, newest first, and one more."""
        wanted = sa.select(changes).order_by(changes.c.number.desc()).limit(most + 1)
        return [made(row, Organisation) for row in await self._link.rows(wanted)]

    async def organisation_changed_since(self, number: int) -> frozenset[str]:
        """Returns the names of what was changed after this change."""
        rows = await self._link.rows(sa.select(changes.c.changed).where(changes.c.number > number))
        return frozenset(str(name) for row in rows for name in row["changed"])

    async def add_organisation(self, changed: Organisation) -> bool:
        """Adds a change. Returns False where another has its number."""
        return await self._link.add(changes, plain(changed))

    async def put_logo(self, logo: Logo) -> None:
        """Keeps a logo, and deletes every other."""
        await self.drop_logos()
        await self._link.run(sa.insert(logos).values(msgspec.structs.asdict(logo)))

    async def drop_logos(self) -> None:
        """Deletes every logo."""
        await self._link.run(sa.delete(logos))

    async def get_logo(self, sha256: str) -> Logo | None:
        """Returns a logo, None where it is not kept."""
        rows = await self._link.rows(having(logos.c.sha256), {"sha256": sha256})
        return Logo(**{**rows[0], "content": bytes(rows[0]["content"])}) if rows else None
