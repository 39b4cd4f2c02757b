"""Browsers that voted in sessions that are over."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from forum.store.base import Area, having
from forum.store.device_digest import GONE, salted
from forum.store.tables import ballot as ballots
from forum.store.tables import participant as participants
from forum.store.tables import round_ as rounds
from forum.store.tables import voter as voters
from forum.voting.check_back import Voter
from forum.voting.round import DECIDED_ON, RoundState


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
        # In a thread: for 3,000 browsers it takes 10 ms.
        marks = await asyncio.to_thread(_marked, [(row["device"], row["group_id"]) for row in rows], threshold)
        await self._link.run(sa.delete(voters).where(voters.c.session == session))
        new = self._pairs(marks)
        kept = sa.select(sa.literal(session), new.c.mark, new.c.group_id, sa.literal(at)).order_by(new.c.mark)
        await self._link.run(sa.insert(voters).from_select(["session", "mark", "group_id", "at"], kept))

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

    def _pairs(self, marks: Sequence[tuple[str, str | None]]) -> sa.FromClause:
        """Returns marks and groups as rows, passed as one parameter however many there are."""
        if self._link.postgresql:
            texts = postgresql.ARRAY(sa.Text)
            columns = [sa.bindparam(None, list(one), type_=texts) for one in zip(*marks, strict=True)]
            return sa.func.unnest(*columns).table_valued("mark", "group_id").render_derived()
        each = sa.func.json_each(msgspec.json.encode(marks).decode()).table_valued("value")
        parts = (sa.func.json_extract(each.c.value, f"$[{n}]") for n in (0, 1))
        return sa.select(*(part.label(name) for part, name in zip(parts, ("mark", "group_id"), strict=True))).subquery()

    async def _marks(self, device: str) -> tuple[sa.ColumnElement[bool], ...]:
        """Returns the conditions for a device's marks, on both columns, so that the primary key is used."""
        sessions = [row["session"] for row in await self._link.rows(sa.select(voters.c.session).distinct())]
        marks = [_mark(salted(one, device)) for one in sessions]
        return self._link.among(voters.c.session, sessions), self._link.among(voters.c.mark, marks)


def _marked(voted: Sequence[tuple[str, str | None]], threshold: int) -> list[tuple[str, str | None]]:
    """Returns the marks of browsers that voted (device, group) with what is kept of their groups, in the order of the
    marks, so that none tells who came first."""
    of_group = Counter(group for _, group in voted)
    return sorted((_mark(device), group if of_group[group] >= threshold else None) for device, group in voted)


def _mark(device: str) -> str:
    """Returns the mark of a browser, by the digest under which its session knew it."""
    return hashlib.sha256(f"voted {device}".encode()).hexdigest()
