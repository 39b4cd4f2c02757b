"""Proposals with their amendments and pledges."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from forum.sessions.proposal import Amendment, AmendmentState, Pledge, Proposal, ProposalState
from forum.store.base import Area, made, plain
from forum.store.tables import amendment as amendments
from forum.store.tables import pledge as pledges
from forum.store.tables import proposal as proposals

_NO_PROPOSAL = "There is no such proposal."
_NO_AMENDMENT = "There is no such amendment."
_NO_PLEDGE = "There is no such promise."


class SqlProposals(Area):
    """The database's proposals. The contract is ports.sessions.Proposals."""

    async def add_proposal(self, proposal: Proposal) -> bool:
        """Adds a proposal. Returns False where its id is taken."""
        return await self._link.add(proposals, plain(proposal))

    async def get_proposal(self, proposal: str) -> Proposal:
        """Returns a proposal. Raises NotFound."""
        wanted = sa.select(proposals).where(proposals.c.id == proposal)
        return made(await self._link.one(wanted, _NO_PROPOSAL), Proposal)

    async def list_proposals(self, session: str) -> list[Proposal]:
        """Returns the proposals of a session in the order they were made."""
        wanted = sa.select(proposals).where(proposals.c.session == session).order_by(proposals.c.seq)
        return [made(row, Proposal) for row in await self._link.rows(wanted)]

    async def save_proposal(self, proposal: Proposal) -> None:
        """Writes a changed proposal. Raises NotFound."""
        change = sa.update(proposals).where(proposals.c.id == proposal.id).values(plain(proposal))
        await self._link.change(change, _NO_PROPOSAL)

    async def note_shown(self, session: str) -> None:
        """Notes that the proposals which stand, and the amendments in flight, are on the screens."""
        stand = (proposals.c.session == session, proposals.c.state == ProposalState.STANDING)
        await self._link.run(sa.update(proposals).where(*stand).values(shown=True))
        flying = (amendments.c.state == AmendmentState.IN_FLIGHT,)
        its = amendments.c.proposal.in_(sa.select(proposals.c.id).where(*stand))
        await self._link.run(sa.update(amendments).where(*flying, its).values(shown=True))

    async def amend(self, amendment: Amendment) -> bool:
        """Adds an amendment. Returns False where another amendment of its proposal is still open."""
        return await self._link.add(amendments, plain(amendment))

    async def amendments(self, session: str) -> list[Amendment]:
        """Returns the amendments of all proposals of a session, in the order they were made."""
        its = sa.select(proposals.c.id).where(proposals.c.session == session)
        wanted = sa.select(amendments).where(amendments.c.proposal.in_(its)).order_by(amendments.c.seq)
        return [made(row, Amendment) for row in await self._link.rows(wanted)]

    async def close_amendment(self, amendment: Amendment) -> None:
        """Writes an amendment's state. Raises NotFound."""
        change = sa.update(amendments).where(amendments.c.id == amendment.id).values(state=amendment.state)
        await self._link.change(change, _NO_AMENDMENT)

    async def pledge(self, pledge: Pledge) -> bool:
        """Adds a pledge. Returns False where its id is taken."""
        return await self._link.add(pledges, plain(pledge))

    async def pledges(self, session: str) -> list[Pledge]:
        """Returns the pledges of a session in the order they were made."""
        wanted = sa.select(pledges).where(pledges.c.session == session).order_by(pledges.c.seq)
        return [made(row, Pledge) for row in await self._link.rows(wanted)]

    async def pledges_on(self, rounds: Sequence[str]) -> list[Pledge]:
        """Returns the pledges made on these rounds, in the order they were made."""
        wanted = sa.select(pledges).where(self._link.among(pledges.c.round, rounds)).order_by(pledges.c.seq)
        return [made(row, Pledge) for row in await self._link.rows(wanted)]

    async def save_pledge(self, pledge: Pledge) -> None:
        """Writes a pledge's state and the decision that confirmed it. Raises NotFound."""
        values = {"state": pledge.state, "decision": pledge.decision}
        await self._link.change(sa.update(pledges).where(pledges.c.id == pledge.id).values(values), _NO_PLEDGE)

    async def erase_story(self, story: str) -> None:
        """Deletes the words of every proposal that grew from a story, of its amendments and of its pledges."""
        its = sa.select(proposals.c.id).where(proposals.c.scenario == story)
        voted = sa.select(proposals.c.round).where(proposals.c.scenario == story, proposals.c.round.is_not(None))
        nothing = {"before": "", "after": ""}
        await self._link.run(sa.update(amendments).where(amendments.c.proposal.in_(its)).values(nothing))
        await self._link.run(sa.update(pledges).where(pledges.c.round.in_(voted)).values(what=""))
        await self._link.run(sa.update(proposals).where(proposals.c.scenario == story).values(words=""))
