"""Stops that audience members call while a scene is played again."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from forum.sessions.stop import Stop, StopState
from forum.store.base import Area, Row, made, plain
from forum.store.tables import participant as participants
from forum.store.tables import stop as stops

_NO_STOP = "There is no such stop."


class SqlStops(Area):
    """The database's stops. The contract is ports.sessions.Stops."""

    async def press(self, stop: Stop) -> Stop | None:
        """Stores a participant's stop, or replaces its character and words; see ports.sessions.Stops.press."""
        wanted = sa.select(participants.c.group_id).where(
            participants.c.id == stop.participant,
            participants.c.session == stop.session,
            sa.not_(participants.c.observer),
        )
        rows = await self._link.rows(wanted)
        if not rows:
            return None
        stop = replace(stop, group=rows[0]["group_id"])
        if await self._link.add(stops, _row(stop)):
            return stop
        mine = (stops.c.participant == stop.participant, stops.c.showing == stop.showing)
        may = stops.c.state.not_in(("taken", "done"))
        await self._link.run(sa.update(stops).where(*mine, may).values(character=stop.character, how=stop.how))
        return _stop(await self._link.one(sa.select(stops).where(*mine), _NO_STOP))

    async def add_stop(self, stop: Stop) -> None:
        """Adds a stop that somebody shouted; it has no participant."""
        await self._link.run(sa.insert(stops).values(_row(stop)))

    async def get_stop(self, stop: str) -> Stop:
        """Returns a stop. Raises NotFound."""
        return _stop(await self._link.one(sa.select(stops).where(stops.c.id == stop), _NO_STOP))

    async def list_stops(self, session: str) -> list[Stop]:
        """Returns the stops of a session in the order they came."""
        rows = await self._link.rows(sa.select(stops).where(stops.c.session == session).order_by(stops.c.seq))
        return [_stop(row) for row in rows]

    async def taken(self, session: str) -> list[Stop]:
        """Returns the stops of a session that were on every screen, in the order in which they were taken."""
        shown = (stops.c.session == session, stops.c.state.in_((StopState.TAKEN, StopState.DONE)))
        rows = await self._link.rows(sa.select(stops).where(*shown).order_by(stops.c.taken_at, stops.c.id))
        return [_stop(row) for row in rows]

    async def save_stop(self, stop: Stop) -> None:
        """Writes everything of a stop except what its presser wrote. Raises NotFound."""
        values = {
            name: getattr(stop, name)
            for name in ("state", "taken_at", "tried", "verdict", "magic", "response", "entered")
        }
        await self._link.change(sa.update(stops).where(stops.c.id == stop.id).values(values), _NO_STOP)

    async def erase_story(self, story: str) -> None:
        """Deletes every word in the stops of a story. That somebody stopped, and when, stays."""
        nothing = dict.fromkeys(("scene", "character", "how", "tried", "response"), "")
        await self._link.run(sa.update(stops).where(stops.c.scenario == story).values(nothing))


def _row(stop: Stop) -> dict[str, object]:
    row = plain(stop)
    return {name: value for name, value in row.items() if name != "group"} | {"group_id": stop.group}


def _stop(row: Row) -> Stop:
    return made(row, Stop, group=row["group_id"])
