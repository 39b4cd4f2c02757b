"""Programmes of sessions with their earlier states, so that a change can be undone."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
import sqlalchemy as sa

from forum.errors import IllegalMove, NotFound
from forum.sessions.programme import Planned, Programme, ProgrammeChange, without_story
from forum.store.base import Area, Row, plain
from forum.store.tables import programme as programmes

KEPT = 50


class SqlProgrammes(Area):
    """The database's programmes. The contract is ports.sessions.Programmes."""

    async def latest(self, session: str) -> Planned:
        """Returns a session's programme as it is now; number 0 where nothing was planned yet."""
        wanted = sa.select(programmes).where(programmes.c.session == session)
        rows = await self._link.rows(wanted.order_by(programmes.c.number.desc()).limit(1))
        return _planned(rows[0]) if rows else Planned(session, 0, Programme())

    async def latest_of(self, sessions: Collection[str]) -> dict[str, Planned]:
        """Returns the current programmes of several sessions by session; those with nothing planned are left out."""
        newest = sa.select(programmes.c.session, sa.func.max(programmes.c.number).label("number"))
        newest = newest.where(self._link.among(programmes.c.session, sessions)).group_by(programmes.c.session)
        last = newest.subquery()
        here = (programmes.c.session == last.c.session) & (programmes.c.number == last.c.number)
        rows = await self._link.rows(sa.select(programmes).join(last, here))
        return {row["session"]: _planned(row) for row in rows}

    async def at(self, session: str, number: int) -> Planned:
        """Returns the programme as it was after change `number`. Raises NotFound where that state is no longer kept."""
        here = (programmes.c.session == session, programmes.c.number == number)
        rows = await self._link.rows(sa.select(programmes).where(*here))
        if rows:
            return _planned(rows[0])
        if number == 0 and (await self.latest(session)).number <= KEPT:
            return Planned(session, 0, Programme())
        raise NotFound("That change is too long ago to be undone.")

    async def add_programme(self, planned: Planned) -> None:
        """Adds the next state and deletes states too old to keep. Raises IllegalMove where this number is taken."""
        if not await self._link.add(programmes, plain(planned)):
            raise IllegalMove("Somebody else changed the programme at this moment. Look at it and try again.")
        old = (programmes.c.session == planned.session, programmes.c.number <= planned.number - KEPT)
        await self._link.run(sa.delete(programmes).where(*old))

    async def erase_story(self, story: str) -> None:
        """Removes a story from every programme and deletes the earlier states of those programmes."""
        states = await self._link.rows(sa.select(programmes).order_by(programmes.c.session, programmes.c.number))
        latest = {row["session"]: _planned(row) for row in states}
        touched = {row["session"] for row in states if story in _planned(row).plan.stories}
        for session in sorted(touched):
            now = latest[session]
            here = programmes.c.session == session
            await self._link.run(sa.delete(programmes).where(here, programmes.c.number < now.number))
            left = plain(without_story(now.plan, story))
            await self._link.run(sa.update(programmes).where(here).values(plan=left, what="", name=""))


def _planned(row: Row) -> Planned:
    plan = msgspec.convert(row["plan"], Programme)
    return Planned(row["session"], row["number"], plan, ProgrammeChange(row["what"]), row["name"], row["at"])
