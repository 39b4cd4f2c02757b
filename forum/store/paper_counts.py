"""Papers counted by hand. A count is confirmed and its ballots cast in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from forum.errors import IllegalMove
from forum.sessions.paper_count import PaperCount
from forum.sessions.session import Participant
from forum.store.base import Area, made, plain
from forum.store.tables import ballot as ballots_table
from forum.store.tables import paper as papers
from forum.store.tables import participant as participants
from forum.voting.ballot import Ballot

_CONFIRMED = "The papers of this vote were confirmed already. They are counted."


class SqlPapers(Area):
    """The database's papers. The contract is ports.sessions.Papers."""

    async def get_paper_count(self, round_id: str) -> PaperCount | None:
        """Returns the count of a round, or None."""
        rows = await self._link.rows(sa.select(papers).where(papers.c.round == round_id))
        return made(rows[0], PaperCount) if rows else None

    async def put_paper_count(self, count: PaperCount) -> None:
        """Stores a count and replaces an unconfirmed one. Raises IllegalMove where the round's count was confirmed
        already.
        """
        if await self._link.add(papers, plain(count)):
            return
        open_ = (papers.c.round == count.round, papers.c.confirmed_at == "")
        if await self._link.run(sa.update(papers).where(*open_).values(plain(count))) == 0:
            raise IllegalMove(_CONFIRMED)

    async def discard(self, round_id: str, id_: str) -> bool:
        """Deletes an unconfirmed count. Returns False where it is gone or was confirmed."""
        this = (papers.c.round == round_id, papers.c.id == id_, papers.c.confirmed_at == "")
        return await self._link.run(sa.delete(papers).where(*this)) == 1

    async def confirm(self, count: PaperCount, ballots: Sequence[tuple[Participant, str, Ballot]]) -> None:
        """Confirms a count and adds, for each paper, a participant, their device (a SHA-256 of no browser) and their
        ballot. Raises IllegalMove where the stored count is not the one that `count` was made from, or was confirmed
        already.
        """
        this = (papers.c.round == count.round, papers.c.id == count.id, papers.c.confirmed_at == "")
        values = {"confirmed_by": count.confirmed_by, "confirmed_at": count.confirmed_at}
        if await self._link.run(sa.update(papers).where(*this).values(values)) == 0:
            raise IllegalMove("This count was corrected or confirmed meanwhile. Look at it again.")
        if not ballots:
            return
        people = [
            {
                "id": person.id,
                "session": person.session,
                "device": device,
                "group_id": person.group,
                "joined_at": person.joined_at,
                "passing": True,
            }
            for person, device, _ in ballots
        ]
        cast = [
            {
                "round": b.round,
                "participant": b.participant,
                "choice": b.choice,
                "reason": "",
                "group_id": b.group,
                "ballot": b.ballot,
                "salt": b.salt,
                "group_salt": b.group_salt,
                "at": count.confirmed_at,
                "paper": True,
            }
            for *_, b in ballots
        ]
        await self._link.run(sa.insert(participants).values(people))
        await self._link.run(sa.insert(ballots_table).values(cast))
