"""Links of the owners of commitments."""

from __future__ import annotations

import sqlalchemy as sa

from forum.ports.owners import OwnerLink
from forum.store.base import Area, having, made, plain
from forum.store.tables import owner_link as links


class SqlOwners(Area):
    """The database's owners' links. The contract is ports.owners.Owners."""

    async def add_owner_link(self, link: OwnerLink) -> None:
        """Adds a link."""
        await self._link.run(sa.insert(links).values(plain(link)))

    async def owner_link(self, key: str) -> OwnerLink:
        """Returns the link with this digest. Raises NotFound."""
        return made(
            await self._link.one(having(links.c.key), "There is nothing at this address.", {"key": key}), OwnerLink
        )

    async def working_owner_link(self, commitment: str) -> OwnerLink | None:
        """Returns the link of a commitment's owner that works, or None."""
        rows = await self._link.rows(
            having(links.c.commitment, links.c.revoked_at), {"commitment": commitment, "revoked_at": ""}
        )
        return made(rows[0], OwnerLink) if rows else None

    async def revoke_owner_links(self, commitment: str, at: str) -> int:
        """Makes the working links of a commitment stop; returns how many there were."""
        working = (links.c.commitment == commitment) & (links.c.revoked_at == "")
        return await self._link.run(sa.update(links).where(working).values(revoked_at=at))
