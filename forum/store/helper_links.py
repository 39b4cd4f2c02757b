"""Links of helpers on the day."""

from __future__ import annotations

import sqlalchemy as sa

from forum.sessions.helper_link import HelperLink
from forum.store.base import Area, having, made, plain
from forum.store.tables import helper_link as links

_NOT_THERE = "There is nothing at this address."


class SqlHelperLinks(Area):
    """The database's helpers' links. The contract is ports.helper_links.HelperLinks."""

    async def add_helper_link(self, link: HelperLink) -> None:
        """Adds a link."""
        await self._link.run(sa.insert(links).values(plain(link)))

    async def helper_link(self, key: str) -> HelperLink:
        """Returns the link with this digest. Raises NotFound."""
        return made(await self._link.one(having(links.c.key), _NOT_THERE, {"key": key}), HelperLink)

    async def helper_links(self, session: str) -> list[HelperLink]:
        """Returns the links of a session in the order they were made."""
        rows = await self._link.rows(having(links.c.session, order=links.c.seq), {"session": session})
        return [made(row, HelperLink) for row in rows]

    async def revoke_helper_link(self, session: str, link: str, at: str) -> None:
        """Switches a link off; the time of an earlier switching off stays. Raises NotFound."""
        first = sa.case((links.c.revoked_at == "", at), else_=links.c.revoked_at)
        of_session = (links.c.id == link) & (links.c.session == session)
        await self._link.change(sa.update(links).where(of_session).values(revoked_at=first), _NOT_THERE)
