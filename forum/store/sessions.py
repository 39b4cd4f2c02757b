"""Live sessions and their participants."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from forum.errors import BadInput
from forum.sessions.session import LiveSession, Participant, SessionKind
from forum.store.base import Area, Row, having, made, plain
from forum.store.device_digest import GONE, salted
from forum.store.tables import also
from forum.store.tables import ballot as ballots
from forum.store.tables import participant as participants
from forum.store.tables import round_ as rounds
from forum.store.tables import session as sessions
from forum.store.tables import stop as stops
from forum.store.tables import ticket as tickets

_NO_SESSION = "There is no such session."
_BY_CODE = having(sessions.c.code, sessions.c.kind).order_by(sessions.c.ended, sessions.c.seq.desc()).limit(1)
_ALL = sa.select(sessions).order_by(sessions.c.seq.desc())
_OF = having(sessions.c.commission).order_by(sessions.c.seq.desc())


class SqlSessions(Area):
    """The database's sessions. The contract is ports.sessions.Sessions."""

    async def add_session(self, session: LiveSession) -> None:
        """Adds a session. Raises BadInput(field="code") where a session that has not ended has this code: take another
        one.
        """
        if not await self._link.add(sessions, plain(session)):
            raise BadInput("This join code is in use. Take another one.", field="code")

    async def get_session(self, session: str, *, lock: bool = False) -> LiveSession:
        """Returns a session. `lock` keeps every other unit of work from changing it until this one ends. Raises
        NotFound.
        """
        wanted = having(sessions.c.id)
        if lock:
            # FOR NO KEY UPDATE: joins, which only refer to the session, go on. SQLite has one writer anyway.
            wanted = wanted.with_for_update(key_share=True)
        return _session(await self._link.one(wanted, _NO_SESSION, {"id": session}))

    async def session_by_code(self, code: str, *, kind: SessionKind = SessionKind.ROOM) -> LiveSession:
        """Returns the session of this kind with this code: the one that has not ended, else the newest. Raises
        NotFound.
        """
        return _session(await self._link.one(_BY_CODE, _NO_SESSION, {"code": code, "kind": kind}))

    async def by_projector(self, key: str) -> LiveSession:
        """Returns the session whose projector link has this key. Raises NotFound."""
        return _session(await self._link.one(_keyed(sessions.c.projector, key), _NO_SESSION))

    async def by_tablet(self, key: str) -> LiveSession:
        """Returns the session whose link for shared tablets has this key. Raises NotFound; always for an empty key."""
        return _session(await self._link.one(_keyed(sessions.c.tablet, key), _NO_SESSION))

    async def list_sessions(self, commission: str | None = None) -> list[LiveSession]:
        """Returns the sessions of a commission, or all, newest first."""
        whole = commission is None
        rows = await self._link.rows(_ALL if whole else _OF, None if whole else {"commission": commission})
        return [_session(row) for row in rows]

    async def titles(self, commission: str) -> list[tuple[str, str]]:
        """Returns id and title of the sessions of a commission, oldest first."""
        wanted = sa.select(sessions.c.id, sessions.c.title).where(sessions.c.commission == commission)
        return [(row["id"], row["title"]) for row in await self._link.rows(wanted.order_by(sessions.c.seq))]

    async def save_session(self, session: LiveSession) -> None:
        """Writes a changed session. Raises NotFound."""
        await self._link.change(
            sa.update(sessions).where(sessions.c.id == session.id).values(plain(session)), _NO_SESSION
        )

    async def join(self, participant: Participant, device: str) -> Participant:
        """Adds a participant, or returns the one that this device (a SHA-256) already has in this session."""
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
        return participant if added else await self.here(participant.session, device)

    async def regroup(self, participant: str, group: str | None) -> bool:
        """Moves a participant, with their stops that were not taken yet, into another group. Returns False, and changes
        nothing, once a ballot of theirs is counted. That group is removed from the further groups they named.
        """
        counted = sa.exists().where(ballots.c.participant == participant)
        mine = (participants.c.id == participant, sa.not_(counted))
        if await self._link.run(sa.update(participants).where(*mine).values(group_id=group)) != 1:
            return False
        waiting = (stops.c.participant == participant, stops.c.taken_at == "")
        await self._link.run(sa.update(stops).where(*waiting).values(group_id=group))
        await self._link.run(sa.delete(also).where(also.c.participant == participant, also.c.group_id == group))
        return True

    async def participant(self, session: str, device: str) -> Participant | None:
        """Returns the participant that this device (a SHA-256) has in a session, or None."""
        here = having(participants.c.session, participants.c.device)
        rows = await self._link.rows(here, {"session": session, "device": salted(session, device)})
        return participant_of(rows[0]) if rows else None

    async def joined(self, session: str, until: str = "") -> dict[str | None, int]:
        """Returns how many joined by group id (None: prefer not to say), without passing participants and observers;
        with `until` those who had joined by then.
        """
        wanted = (
            sa.select(participants.c.group_id, sa.func.count().label("people"))
            .where(participants.c.session == session, sa.not_(sa.or_(participants.c.passing, participants.c.observer)))
            .group_by(participants.c.group_id)
        )
        rows = await self._link.rows(wanted.where(participants.c.joined_at <= until) if until else wanted)
        return {row["group_id"]: row["people"] for row in rows}

    async def came(self, sessions: Collection[str]) -> dict[str, int]:
        """Returns how many joined each of these sessions, as `joined` counts them; those whom nobody joined are left
        out."""
        if not sessions:
            return {}
        wanted = (
            sa.select(participants.c.session, sa.func.count().label("people"))
            .where(self._link.among(participants.c.session, list(sessions)))
            .where(sa.not_(sa.or_(participants.c.passing, participants.c.observer)))
            .group_by(participants.c.session)
        )
        return {row["session"]: row["people"] for row in await self._link.rows(wanted)}

    async def observers(self, session: str) -> int:
        """Returns how many follow without voting."""
        wanted = sa.select(sa.func.count().label("people")).where(
            participants.c.session == session, participants.c.observer
        )
        [row] = await self._link.rows(wanted)
        people: int = row["people"]
        return people

    async def places(self, session: str) -> int:
        """Returns how many have joined, observers included and passing participants left out."""
        wanted = sa.select(sa.func.count().label("people")).where(
            participants.c.session == session, sa.not_(participants.c.passing)
        )
        [row] = await self._link.rows(wanted)
        people: int = row["people"]
        return people

    async def over(self, before: str) -> list[str]:
        """Returns the ids of the sessions that were over before this time and still know their devices."""
        shown = (rounds.c.revealed_at != "") & (rounds.c.revealed_at < before)
        annulled = (rounds.c.annulled_at != "") & (rounds.c.annulled_at < before)
        of_it = rounds.c.session == sessions.c.id
        ended = sessions.c.ended & (sessions.c.ended_at < before)
        alone = (sessions.c.kind == SessionKind.ASYNCHRONOUS) & sa.exists().where(of_it, shown | annulled)
        known = sa.exists().where(participants.c.session == sessions.c.id, participants.c.device < GONE)
        rows = await self._link.rows(sa.select(sessions.c.id).where(ended | alone, known).order_by(sessions.c.id))
        return [row["id"] for row in rows]

    async def forget_devices(self, session: str) -> None:
        """Erases which browser and ticket each participant of a session used; participants and ballots stay."""
        gone = sa.literal(f"{GONE} ") + participants.c.id
        await self._link.run(sa.update(participants).where(participants.c.session == session).values(device=gone))
        await self._link.run(sa.update(tickets).where(tickets.c.session == session).values(participant=None))

    async def here(self, session: str, device: str) -> Participant:
        """Returns the participant that a device (a SHA-256) has in a session. Raises NotFound."""
        return participant_of(await self._link.one(_device(session, device), "There is no such participant."))


def _keyed(column: sa.Column[Any], key: str) -> sa.Select[tuple[object, ...]]:
    # Only sessions in a room have a projector and tablets, whatever keys an asynchronous one may hold.
    return sa.select(sessions).where(column == key, column != "", sessions.c.kind == SessionKind.ROOM)


def _device(session: str, device: str) -> sa.Select[tuple[object, ...]]:
    return sa.select(participants).where(
        participants.c.session == session, participants.c.device == salted(session, device)
    )


def _session(row: Row) -> LiveSession:
    # `held` is NULL in sessions made before the column existed.
    return made(row, LiveSession, held=row["held"] or ())


def participant_of(row: Row) -> Participant:
    """Returns a row of the table of participants as a participant."""
    flags = bool(row["passing"]), bool(row["observer"])
    return Participant(row["id"], row["session"], row["group_id"], row["joined_at"], *flags)
