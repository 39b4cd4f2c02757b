"""Links of the owners of commitments, and the addresses that these are mailed to."""

from __future__ import annotations

import sqlalchemy as sa

from forum.ports.mail import MailState
from forum.ports.owners import OwnerLink, OwnerMail
from forum.store.base import Area, having, made, plain
from forum.store.tables import owner_link as links
from forum.store.tables import owner_mail as mails


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

    async def put_owner_mail(self, mail: OwnerMail) -> None:
        """Stores an address, in the place of any that its commitment has."""
        await self._link.put(mails, plain(mail))

    async def owner_mail(self, commitment: str) -> OwnerMail | None:
        """Returns the address of a commitment's owner, or None."""
        rows = await self._link.rows(having(mails.c.commitment), {"commitment": commitment})
        return made(rows[0], OwnerMail) if rows else None

    async def owner_mail_by_key(self, key: str) -> OwnerMail:
        """Returns the address whose mails hold this key. Raises NotFound."""
        return made(
            await self._link.one(having(mails.c.key), "There is nothing at this address.", {"key": key}), OwnerMail
        )

    async def due_owner_mails(self, at: str) -> list[OwnerMail]:
        """Returns the addresses to be looked at now, the longest waiting first."""
        due = sa.and_(mails.c.not_before <= at, mails.c.state != MailState.REFUSED)
        rows = await self._link.rows(sa.select(mails).where(due).order_by(mails.c.not_before, mails.c.id))
        return [made(row, OwnerMail) for row in rows]

    async def save_owner_mail(self, mail: OwnerMail, before: OwnerMail) -> bool:
        """Stores a changed address. Returns False where it is gone or its state is not that of `before`."""
        update = sa.update(mails).where(mails.c.id == before.id, mails.c.state == before.state)
        return await self._link.run(update.values(plain(mail))) == 1

    async def erase_owner_mail(self, commitment: str) -> bool:
        """Deletes the address of a commitment's owner. Returns True where one was deleted."""
        return await self._link.run(sa.delete(mails).where(mails.c.commitment == commitment)) == 1

    async def erase_owner_mails_at(self, address: str) -> int:
        """Deletes every such address that is this one, whatever its case; returns how many there were."""
        return await self._link.run(sa.delete(mails).where(sa.func.lower(mails.c.address) == address.lower()))
