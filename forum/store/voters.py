"""Browsers that voted in sessions that are over."""

from __future__ import annotations

import hashlib
from collections import Counter

import sqlalchemy as sa

from forum.store.base import Area, having
from forum.store.device_digest import GONE, salted
from forum.store.tables import ballot as ballots
from forum.store.tables import participant as participants
from forum.store.tables import round_ as rounds
from forum.store.tables import voter as voters
from forum.voting.check_back import Voter
from forum.voting.round import DECIDED_ON, RoundState

_PIECE = 200  # rows inserted by one statement


class SqlVoters(Area):
    """The database's marks of those who voted. The contract is ports.voters.Voters."""

    async def remember_voters(self, session: str, threshold: int, at: str) -> None:
        """Keeps a mark of every browser that voted in a session; see ports.voters.Voters.remember_voters."""
        counted = sa.select(rounds.c.id).where(
            rounds.c.session == session, rounds.c.kind.in_(DECIDED_ON), rounds.c.state != RoundState.ANNULLED
        )
        voted = sa.exists().where(ballots.c.participant == participants.c.id, ballots.c.round.in_(counted))
        known = (participants.c.session == session, participants.c.device < GONE, sa.not_(participants.c.passing))
        rows = await self._link.rows(sa.select(participants.c.device, participants.c.group_id).where(*known, voted))
        if not rows:
            return
        of_group = Counter(row["group_id"] for row in rows)
        # In the order of the marks, so that none tells who came first.
        marks = sorted(
            (_mark(row["device"]), row["group_id"] if of_group[row["group_id"]] >= threshold else None) for row in rows
        )
        await self._link.run(sa.delete(voters).where(voters.c.session == session))
        kept = [{"session": session, "mark": mark, "group_id": group, "at": at} for mark, group in marks]
        for start in range(0, len(kept), _PIECE):
            await self._link.run(sa.insert(voters).values(kept[start : start + _PIECE]))

    async def voter(self, session: str, device: str) -> Voter | None:
        """Returns this device (a SHA-256) as one that voted in a session, or None."""
        mark = _mark(salted(session, device))
        rows = await self._link.rows(having(voters.c.session, voters.c.mark), {"session": session, "mark": mark})
        return Voter(session, rows[0]["group_id"]) if rows else None

    async def count_voters(self, session: str) -> int:
        """Returns how many marks are kept of a session."""
        wanted = sa.select(sa.func.count().label("many")).where(voters.c.session == session)
        return int((await self._link.rows(wanted))[0]["many"])

    async def voted_with(self, device: str) -> list[Voter]:
        """Returns what is kept of this device (a SHA-256), one for each session."""
        rows = await self._link.rows(sa.select(voters).where(*await self._marks(device)))
        return [Voter(row["session"], row["group_id"]) for row in rows]

    async def forget_voter(self, device: str) -> int:
        """Deletes the marks of this device (a SHA-256); returns how many there were."""
        return await self._link.run(sa.delete(voters).where(*await self._marks(device)))

    async def _marks(self, device: str) -> tuple[sa.ColumnElement[bool], ...]:
        """Returns the conditions for a device's marks, on both columns, so that the primary key is used."""
        sessions = [row["session"] for row in await self._link.rows(sa.select(voters.c.session).distinct())]
        marks = [_mark(salted(one, device)) for one in sessions]
        return self._link.among(voters.c.session, sessions), self._link.among(voters.c.mark, marks)


def _mark(device: str) -> str:
    """Returns the mark of a browser, by the digest under which its session knew it."""
    return hashlib.sha256(f"voted {device}".encode()).hexdigest()
