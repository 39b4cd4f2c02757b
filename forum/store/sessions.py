"""Live sessions and who joined them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from forum.errors import BadInput
from forum.sessions.session import ASYNCHRONOUS, ROOM, LiveSession, Participant
from forum.store.base import Area, Row, having, made, plain
from forum.store.device_digest import GONE, salted
from forum.store.tables import also
from forum.store.tables import ballot as ballots
from forum.store.tables import participant as participants
from forum.store.tables import round_ as rounds
from forum.store.tables import session as sessions
from forum.store.tables import stop as stops

_NO_SESSION = "There is no such session."
_BY_CODE = having(sessions.c.code, sessions.c.kind).order_by(sessions.c.ended, sessions.c.seq.desc()).limit(1)
_ALL = sa.select(sessions).order_by(sessions.c.seq.desc())
_OF = having(sessions.c.commission).order_by(sessions.c.seq.desc())
_GROUP_OF = sa.select(participants.c.group_id).where(participants.c.id == sa.bindparam("id"))


class SqlSessions(Area):
    """ports.Sessions."""

    async def add_session(self, session: LiveSession) -> None:
        """Raises BadInput(field="code") where a session that has not ended has this code already."""
        if not await self._link.add(sessions, plain(session)):
            raise BadInput("This join code is in use. Take another one.", field="code")

    async def get_session(self, session: str, *, lock: bool = False) -> LiveSession:
        """`lock` keeps every other unit of work from changing it until this one ends. Raises NotFound."""
        wanted = having(sessions.c.id)
        if lock:
            # "no key update": joins, which only refer to the session, go on meanwhile. SQLite has one writer
            # anyway.
            wanted = wanted.with_for_update(key_share=True)
        return _session(await self._link.one(wanted, _NO_SESSION, {"id": session}))

    async def session_by_code(self, code: str, *, kind: str = ROOM) -> LiveSession:
        """The session of this kind with this code; of several the one that has not ended, else the newest. Raises
        NotFound."""
        return _session(await self._link.one(_BY_CODE, _NO_SESSION, {"code": code, "kind": kind}))

    async def by_projector(self, key: str) -> LiveSession:
        """By the key of the projector's own link. Raises NotFound."""
        return _session(await self._link.one(_keyed(sessions.c.projector, key), _NO_SESSION))

    async def by_tablet(self, key: str) -> LiveSession:
        """By the key of the link for shared tablets. Raises NotFound."""
        return _session(await self._link.one(_keyed(sessions.c.tablet, key), _NO_SESSION))

    async def list_sessions(self, commission: str | None = None) -> list[LiveSession]:
        """Newest first."""
        whole = commission is None
        rows = await self._link.rows(_ALL if whole else _OF, None if whole else {"commission": commission})
        return [_session(row) for row in rows]

    async def save_session(self, session: LiveSession) -> None:
        """Writes all of it. Raises NotFound."""
        await self._link.change(
            sa.update(sessions).where(sessions.c.id == session.id).values(plain(session)), _NO_SESSION
        )

    async def join(self, participant: Participant, device: str) -> Participant:
        """Adds it, or returns the one that this device (a SHA-256) already is in this session."""
        added = await self._link.add(
            participants,
            {
                "id": participant.id,
                "session": participant.session,
                "device": salted(participant.session, device),
                "group_id": participant.group,
                "joined_at": participant.joined_at,
                "observer": participant.observer,
                "passing": participant.passing,
            },
        )
        return participant if added else await self._here(participant.session, device)

    async def regroup(self, participant: str, group: str | None) -> bool:
        """Puts a participant into another group, with the stops of theirs that nobody took, as long as no ballot of
        theirs is counted; whether. They are no longer said to belong to it besides."""
        counted = sa.exists().where(ballots.c.participant == participant)
        mine = (participants.c.id == participant, sa.not_(counted))
        if await self._link.run(sa.update(participants).where(*mine).values(group_id=group)) != 1:
            return False
        waiting = (stops.c.participant == participant, stops.c.taken_at == "")
        await self._link.run(sa.update(stops).where(*waiting).values(group_id=group))
        await self._link.run(sa.delete(also).where(also.c.participant == participant, also.c.group_id == group))
        return True

    async def group_of(self, participant: str) -> str | None:
        """The id of a participant's group; None for those who prefer not to say, and for nobody."""
        rows = await self._link.rows(_GROUP_OF, {"id": participant})
        return rows[0]["group_id"] if rows else None

    async def participant(self, session: str, device: str) -> Participant | None:
        """The one that this device is in this session, or None."""
        here = having(participants.c.session, participants.c.device)
        rows = await self._link.rows(here, {"session": session, "device": salted(session, device)})
        return _participant(rows[0]) if rows else None

    async def joined(self, session: str) -> dict[str | None, int]:
        """How many joined, by group id (None: prefer not to say), those passing and observers left out."""
        rows = await self._link.rows(
            sa.select(participants.c.group_id, sa.func.count().label("people"))
            .where(participants.c.session == session, sa.not_(sa.or_(participants.c.passing, participants.c.observer)))
            .group_by(participants.c.group_id)
        )
        return {row["group_id"]: row["people"] for row in rows}

    async def observers(self, session: str) -> int:
        """How many follow without voting."""
        wanted = sa.select(sa.func.count().label("people")).where(
            participants.c.session == session, participants.c.observer
        )
        [row] = await self._link.rows(wanted)
        people: int = row["people"]
        return people

    async def places(self, session: str) -> int:
        """How many have joined in all, observers too; those passing are left out."""
        wanted = sa.select(sa.func.count().label("people")).where(
            participants.c.session == session, sa.not_(participants.c.passing)
        )
        [row] = await self._link.rows(wanted)
        people: int = row["people"]
        return people

    async def over(self, before: str) -> list[str]:
        """The sessions that were over before this time and still know their devices.

        A room is over when it has ended, an asynchronous session when its result is shown, or its round is void.
        """
        shown = (rounds.c.revealed_at != "") & (rounds.c.revealed_at < before)
        void = (rounds.c.annulled_at != "") & (rounds.c.annulled_at < before)
        of_it = rounds.c.session == sessions.c.id
        ended = sessions.c.ended & (sessions.c.ended_at < before)
        alone = (sessions.c.kind == ASYNCHRONOUS) & sa.exists().where(of_it, shown | void)
        known = sa.exists().where(participants.c.session == sessions.c.id, participants.c.device < GONE)
        rows = await self._link.rows(sa.select(sessions.c.id).where(ended | alone, known).order_by(sessions.c.id))
        return [row["id"] for row in rows]

    async def forget_devices(self, session: str) -> None:
        """From now on nobody's browser is known in a session; participants and ballots stay."""
        gone = sa.literal(f"{GONE} ") + participants.c.id
        await self._link.run(sa.update(participants).where(participants.c.session == session).values(device=gone))

    async def _here(self, session: str, device: str) -> Participant:
        return _participant(await self._link.one(_device(session, device), "There is no such participant."))


def _keyed(column: sa.Column[Any], key: str) -> sa.Select[tuple[object, ...]]:
    # An asynchronous session has neither screen nor tablet, whatever key it may have.
    return sa.select(sessions).where(column == key, column != "", sessions.c.kind == ROOM)


def _device(session: str, device: str) -> sa.Select[tuple[object, ...]]:
    return sa.select(participants).where(
        participants.c.session == session, participants.c.device == salted(session, device)
    )


def _session(row: Row) -> LiveSession:
    # None in sessions that are older than this column.
    return made(row, LiveSession, held=row["held"] or ())


def _participant(row: Row) -> Participant:
    flags = bool(row["passing"]), bool(row["observer"])
    return Participant(row["id"], row["session"], row["group_id"], row["joined_at"], *flags)
