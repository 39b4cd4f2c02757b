"""Dress rehearsals."""

from __future__ import annotations

import sqlalchemy as sa

from forum.sessions.rehearsal import Rehearsal, RehearsalState
from forum.store.base import Area, having, made, plain
from forum.store.tables import rehearsal as rehearsals


class SqlRehearsalRows(Area):
    """The database's rehearsals. The contract is ports.rehearsals.RehearsalRows."""

    async def add_rehearsal(self, rehearsal: Rehearsal) -> None:
        """Adds a rehearsal whose copy is there already."""
        await self._link.run(sa.insert(rehearsals).values(plain(rehearsal)))

    async def rehearsal_in(self, session: str) -> Rehearsal | None:
        """Returns the rehearsal that is played in this copy; None for a session that is no copy."""
        rows = await self._link.rows(having(rehearsals.c.session), {"session": session})
        return made(rows[0], Rehearsal) if rows else None

    async def rehearsals_of(self, session: str, most: int) -> list[Rehearsal]:
        """Returns the newest rehearsals of a session, newest first."""
        wanted = sa.select(rehearsals).where(rehearsals.c.of == session).order_by(rehearsals.c.started_at.desc())
        return [made(row, Rehearsal) for row in await self._link.rows(wanted.limit(most))]

    async def running_rehearsals(self) -> list[Rehearsal]:
        """Returns the rehearsals that have not ended."""
        wanted = sa.select(rehearsals).where(rehearsals.c.state == RehearsalState.RUNNING)
        return [made(row, Rehearsal) for row in await self._link.rows(wanted)]

    async def save_rehearsal(self, rehearsal: Rehearsal) -> None:
        """Writes a changed rehearsal."""
        await self._link.put(rehearsals, plain(rehearsal))
