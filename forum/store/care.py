"""Anonymous requests for help, and the further groups that participants named."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from forum.sessions.session import Asked
from forum.store.base import Area
from forum.store.tables import also, asked, participant


class SqlCare(Area):
    """The database's cares. The contract is ports.sessions.Cares."""

    async def ask(self, session: str, kind: str, about: str = "") -> int:
        """Adds one to the requests of this kind and subject, and returns how many there are now."""
        row = {"session": session, "kind": kind, "about": about, "number": 0, "seen": 0}
        await self._link.add(asked, row)
        this = (asked.c.session == session, asked.c.kind == kind, asked.c.about == about)
        await self._link.run(sa.update(asked).where(*this).values(number=asked.c.number + 1))
        [row_now] = await self._link.rows(sa.select(asked.c.number).where(*this))
        number: int = row_now["number"]
        return number

    async def see(self, session: str, kind: str, seen: int | None = None) -> None:
        """Marks all requests of this kind, or the first `seen` of each subject, as seen."""
        this = (asked.c.session == session, asked.c.kind == kind)
        await self._link.run(sa.update(asked).where(*this).values(seen=asked.c.number if seen is None else seen))

    async def list_asked(self, session: str) -> dict[tuple[str, str], Asked]:
        """Returns the requests of a session by (kind, subject)."""
        rows = await self._link.rows(sa.select(asked).where(asked.c.session == session))
        return {(row["kind"], row["about"]): Asked(row["number"], row["seen"]) for row in rows}

    async def belong(self, participant_id: str, groups: Collection[str]) -> None:
        """Replaces the further groups of a participant."""
        await self._link.run(sa.delete(also).where(also.c.participant == participant_id))
        for group in sorted(set(groups)):
            await self._link.run(sa.insert(also).values(participant=participant_id, group_id=group))

    async def belonging(self, session: str) -> dict[str | None, int]:
        """Returns how many people named each further group. Before showing it, call voting/suppression.in_the_room."""
        rows = await self._link.rows(
            sa.select(also.c.group_id, sa.func.count().label("people"))
            .join(participant, participant.c.id == also.c.participant)
            .where(participant.c.session == session)
            .group_by(also.c.group_id)
        )
        return {row["group_id"]: row["people"] for row in rows}
