"""Live sessions and who joined them."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from forum.errors import BadInput
from forum.session import LiveSession, Participant
from forum.store.area import Area, Row, plain
from forum.store.tables import participant, session

_NO_SESSION = "There is no such session."


class SqlSessions(Area):
    """ports.Sessions."""

    async def add(self, new: LiveSession) -> None:
        """Raises BadInput(field="code") where a session that has not ended has this code already."""
        if not await self._link.add(session, plain(new)):
            raise BadInput("This join code is in use. Take another one.", field="code")

    async def get(self, session_id: str, *, lock: bool = False) -> LiveSession:
        """`lock` keeps every other unit of work from changing it until this one ends. Raises NotFound."""
        wanted = sa.select(session).where(session.c.id == session_id)
        if lock:
            # "no key update": joins, which only refer to the session, go on meanwhile. SQLite has one writer anyway.
            wanted = wanted.with_for_update(key_share=True)
        return _session(await self._link.one(wanted, _NO_SESSION))

    async def by_code(self, code: str) -> LiveSession:
        """The session with this code; of several the one that has not ended, else the newest. Raises NotFound."""
        return _session(
            await self._link.one(
                sa.select(session)
                .where(session.c.code == code)
                .order_by(session.c.ended, session.c.seq.desc())
                .limit(1),
                _NO_SESSION,
            )
        )

    async def by_projector(self, key: str) -> LiveSession:
        """By the key of the projector's own link. Raises NotFound."""
        return _session(
            await self._link.one(sa.select(session).where(session.c.projector == key), _NO_SESSION)
        )

    async def of(self, commission: str | None = None) -> list[LiveSession]:
        """Newest first."""
        wanted = sa.select(session).order_by(session.c.seq.desc())
        if commission is not None:
            wanted = wanted.where(session.c.commission == commission)
        return [_session(row) for row in await self._link.rows(wanted)]

    async def save(self, changed: LiveSession) -> None:
        """Writes all of it. Raises NotFound."""
        await self._link.change(
            sa.update(session).where(session.c.id == changed.id).values(plain(changed)), _NO_SESSION
        )

    async def join(self, new: Participant, device: str) -> Participant:
        """Adds it, or returns the one that this device (a SHA-256) already is in this session."""
        added = await self._link.add(
            participant,
            {
                "id": new.id,
                "session": new.session,
                "device": device,
                "group_id": new.group,
                "joined_at": new.joined_at,
            },
        )
        return new if added else await self._here(new.session, device)

    async def participant(self, session_id: str, device: str) -> Participant | None:
        """The one that this device is in this session, or None."""
        rows = await self._link.rows(_device(session_id, device))
        return _participant(rows[0]) if rows else None

    async def joined(self, session_id: str) -> dict[str | None, int]:
        """How many joined, by group id (None: prefer not to say)."""
        rows = await self._link.rows(
            sa.select(participant.c.group_id, sa.func.count().label("people"))
            .where(participant.c.session == session_id)
            .group_by(participant.c.group_id)
        )
        return {row["group_id"]: row["people"] for row in rows}

    async def _here(self, session_id: str, device: str) -> Participant:
        return _participant(await self._link.one(_device(session_id, device), "There is no such participant."))


def _device(session_id: str, device: str) -> sa.Select[tuple[object, ...]]:
    return sa.select(participant).where(participant.c.session == session_id, participant.c.device == device)


def _session(row: Row) -> LiveSession:
    return msgspec.convert({**row}, LiveSession)


def _participant(row: Row) -> Participant:
    return Participant(row["id"], row["session"], row["group_id"], row["joined_at"])
