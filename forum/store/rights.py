"""What is held of one person: found by what refers to them in the schema, read for them, and erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from forum.ports.personal_data import Kind, kinds_of
from forum.store.base import Area
from forum.store.device_digest import GONE, salted
from forum.store.tables import (
    also,
    ballot,
    me_too,
    metadata,
    participant,
    reason,
    session,
    stop,
    suggestion,
    ticket,
)

# Rows about somebody that are another person's words.
_OF_OTHERS = {"story": {"suggestion", "report"}, "participant": set[str](), "suggestion": set[str]()}
# Never handed out: what staff are called, keys, files (they have an address), and the numbers that would prove to
# others how somebody voted.
_KEPT_BACK = {"seq", "salt", "group_salt", "content", "read"}
_STAFFS = {Kind.ACCOUNT, Kind.LINK, Kind.DEVICE}


class SqlRights(Area):
    """The database's rights. The contract is ports.rights.Rights."""

    async def here(self, device: str) -> list[str]:
        """Returns the ids of the participants that this device (a SHA-256) still is, one a session."""
        known = sa.exists().where(participant.c.session == session.c.id, participant.c.device < GONE)
        sessions = [row["id"] for row in await self._link.rows(sa.select(session.c.id).where(known))]
        digests = [salted(one, device) for one in sessions]
        # Both columns, so that the index on them is used.
        mine = (self._link.among(participant.c.session, sessions), self._link.among(participant.c.device, digests))
        rows = await self._link.rows(sa.select(participant.c.id).where(*mine).order_by(participant.c.joined_at))
        return [row["id"] for row in rows]

    async def held_of(self, table: str, id_: str) -> Mapping[str, Sequence[Mapping[str, object]]]:
        """Returns every row about one story, participant or suggestion; see ports.rights.Rights.held_of."""
        found: dict[str, list[dict[str, object]]] = {}
        for one in metadata.sorted_tables:
            if one.name in _OF_OTHERS[table]:
                continue
            if (link := _link_to(one, table)) is None:
                continue
            kinds = kinds_of(one.name)
            columns = [c for c in one.columns if kinds[c.name] not in _STAFFS and c.name not in _KEPT_BACK]
            rows = await self._link.rows(sa.select(*columns).where(link == id_))
            if rows:
                found[one.name] = [dict(row) for row in rows]
        return found

    async def marked(self) -> list[tuple[str, str, str]]:
        """Returns the id, story and browser mark of every suggestion that has a mark."""
        wanted = sa.select(suggestion.c.id, suggestion.c.story, suggestion.c.by).where(suggestion.c.by != "")
        return [(row["id"], row["story"], row["by"]) for row in await self._link.rows(wanted)]

    async def erase_participant(self, participant_: str, *, device: bool) -> set[Kind]:
        """Erases a participant's words and, with `device`, their browser; see ports.rights.Rights.erase_participant."""
        run, found = self._link.run, set()
        its = sa.select(reason.c.id).where(reason.c.participant == participant_)
        mine = sa.or_(me_too.c.participant == participant_, me_too.c.reason.in_(its))
        gone = await run(sa.delete(me_too).where(mine))
        gone += await run(sa.delete(reason).where(reason.c.participant == participant_))
        said = (ballot.c.participant == participant_, ballot.c.reason + ballot.c.condition != "")
        gone += await run(sa.update(ballot).where(*said).values(reason="", condition=""))
        if gone:
            found.add(Kind.REASON)
        spoken = (stop.c.participant == participant_, stop.c.character + stop.c.how != "")
        if await run(sa.update(stop).where(*spoken).values(character="", how="")):
            found.add(Kind.STOP)
        if await run(sa.delete(also).where(also.c.participant == participant_)):
            found.add(Kind.ATTENDANCE)
        known = (participant.c.id == participant_, participant.c.device < GONE)
        if device and await run(sa.update(participant).where(*known).values(device=f"{GONE} {participant_}")):
            await run(sa.update(ticket).where(ticket.c.participant == participant_).values(participant=None))
            await run(sa.update(stop).where(stop.c.participant == participant_).values(participant=None))
            found.add(Kind.DEVICE)
        return found

    async def erase_suggestion(self, suggestion_: str) -> None:
        """Deletes a suggestion with its answer."""
        await self._link.run(sa.delete(suggestion).where(suggestion.c.id == suggestion_))


def _link_to(one: sa.Table, table: str) -> sa.Column[str] | None:
    """Returns the column of a table by which its rows belong to a row of `table`: its id, or what refers to it."""
    if one.name == table:
        return one.c.id
    for column in one.columns:
        if any(key.column.table.name == table for key in column.foreign_keys):
            return column
        if column.name == table and not column.foreign_keys:  # a log without foreign keys
            return column
    return None
