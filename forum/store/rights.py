"""What is held of one person: found by what refers to them in the schema, read for them, and erased."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from forum.ports.personal_data import Kind, kinds_of
from forum.store.base import Area
from forum.store.device_digest import GONE, salted
from forum.store.tables import (
    also,
    ballot,
    mail,
    me_too,
    metadata,
    participant,
    reason,
    session,
    stop,
    suggestion,
    ticket,
    version,
)

# Rows about a story that are other people's words; and its e-mail address, which anybody with the story's link could
# have left there, and which is shown by the link in its own letters alone.
_OF_OTHERS = {"suggestion", "report", "mail"}
# Never handed out: counters, files (they have an address), fingerprints of texts that a moderator read, and the numbers
# that would prove to others how somebody voted: also a ballot's id, by which it is found among the opened ones.
_KEPT_BACK = {"seq", "salt", "group_salt", "ballot", "content", "read", "agreed"}
# What staff are called, keys, and fingerprints of browsers and tickets.
_NOT_SHOWN = {Kind.ACCOUNT, Kind.LINK, Kind.DEVICE}


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

    async def held_of(self, table: str, id_: str) -> dict[str, list[dict[str, Any]]]:
        """Returns every row about one story or participant by table; see ports.rights.Rights.held_of."""
        found: dict[str, list[dict[str, Any]]] = {}
        for one in metadata.sorted_tables:
            link = None if one.name in _OF_OTHERS else _link_to(one, table)
            if link is not None and (rows := await self._link.rows(_theirs(one).where(link == id_))):
                found[one.name] = [dict(row) for row in rows]
        return found

    async def session_of(self, participant_: str) -> str:
        """Returns the session of a participant. Raises NotFound."""
        wanted = sa.select(participant.c.session).where(participant.c.id == participant_)
        return str((await self._link.one(wanted, "There is no such participant."))["session"])

    async def marks(self, after: tuple[str, str], most: int) -> list[tuple[str, str]]:
        """Returns mark and story of browsers that wrote a version or a suggestion, a piece at a time, in order."""
        found: set[tuple[str, str]] = set()
        for table in (version, suggestion):
            # In the order of the index, and a statement for each table, so that each reads its piece only.
            order = (table.c.by, table.c.story)
            wanted = sa.select(*order).distinct().where(sa.tuple_(*order) > sa.tuple_(*after), table.c.by != "")
            found |= {(row["by"], row["story"]) for row in await self._link.rows(wanted.order_by(*order).limit(most))}
        return sorted(found)[:most]

    async def suggested(self, marks: Collection[str]) -> list[dict[str, Any]]:
        """Returns the suggestions that browsers with these marks sent, as their writers get them."""
        wanted = _theirs(suggestion).where(self._link.among(suggestion.c.by, marks)).order_by(suggestion.c.seq)
        return [dict(row) for row in await self._link.rows(wanted)]

    async def addressed(self, address: str) -> list[str]:
        """Returns the ids of the stories about which letters go to this address, whatever its case."""
        wanted = sa.select(mail.c.story).where(sa.func.lower(mail.c.address) == address.lower())
        return [row["story"] for row in await self._link.rows(wanted)]

    async def erase_participant(self, participant_: str, *, device: bool) -> set[Kind]:
        """Erases a participant's words and, with `device`, their browser; see ports.rights.Rights.erase_participant."""
        run = self._link.run
        found: set[Kind] = set()
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

    async def erase_marked(self, marks: Collection[str]) -> int:
        """Deletes the suggestions of browsers with these marks, and the marks beside versions; returns how many."""
        gone = await self._link.run(sa.delete(suggestion).where(self._link.among(suggestion.c.by, marks)))
        mine = self._link.among(version.c.by, marks)
        return gone + await self._link.run(sa.update(version).where(mine).values(by=""))


def _theirs(one: sa.Table) -> sa.Select[Any]:
    """Returns a SELECT of the columns of a table that are handed out to the person whose rows they are."""
    kinds = kinds_of(one.name)
    return sa.select(*(c for c in one.columns if kinds[c.name] not in _NOT_SHOWN and c.name not in _KEPT_BACK))


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
