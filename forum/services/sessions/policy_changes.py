"""Changes of what the audience proposes and what is promised on it: proposals, amendments and pledges."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from forum.ports import Work
from forum.services.sessions.change import Change
from forum.sessions.proposal import AmendmentState, PledgeState, ProposalState
from forum.sessions.session import LiveSession


class ProposalFields(msgspec.Struct, frozen=True):
    """The fields of a proposal that facilitators change."""

    state: ProposalState
    words: str


class ProposalChange(Change, frozen=True):
    """A proposal was added, amended, taken off the list or put back."""

    KIND = "proposal"
    before: ProposalFields | None
    after: ProposalFields

    @classmethod
    async def look(cls, work: Work, session: LiveSession) -> dict[str, ProposalFields]:
        """Gives the proposals."""
        return {p.id: ProposalFields(p.state, p.words) for p in await work.proposals.list_proposals(session.id)}

    async def put_back(self, work: Work, session: LiveSession) -> LiveSession:
        """Restores the proposal, or takes it off the list."""
        was = msgspec.structs.asdict(self.before) if self.before is not None else {"state": ProposalState.OFF}
        await work.proposals.save_proposal(replace(await work.proposals.get_proposal(self.id), **was))
        return session


class AmendmentChange(Change, frozen=True):
    """An amendment was put beside a proposal, taken or dropped (its states)."""

    KIND = "amendment"
    before: AmendmentState | None
    after: AmendmentState

    @classmethod
    async def look(cls, work: Work, session: LiveSession) -> dict[str, AmendmentState]:
        """Gives the amendments' states."""
        return {a.id: a.state for a in await work.proposals.amendments(session.id)}

    async def put_back(self, work: Work, session: LiveSession) -> LiveSession:
        """Restores the amendment, or drops it."""
        [amendment] = [a for a in await work.proposals.amendments(session.id) if a.id == self.id]
        await work.proposals.close_amendment(replace(amendment, state=self.before or AmendmentState.DROPPED))
        return session


class PledgeChange(Change, frozen=True):
    """A promise was written down, taken off the screens or put back (its states)."""

    KIND = "pledge"
    before: PledgeState | None
    after: PledgeState

    @classmethod
    async def look(cls, work: Work, session: LiveSession) -> dict[str, PledgeState]:
        """Gives the states of what was promised."""
        return {p.id: p.state for p in await work.proposals.pledges(session.id)}

    async def put_back(self, work: Work, session: LiveSession) -> LiveSession:
        """Restores the promise, or takes it off the screens."""
        [pledge] = [p for p in await work.proposals.pledges(session.id) if p.id == self.id]
        await work.proposals.save_pledge(replace(pledge, state=self.before or PledgeState.WITHDRAWN))
        return session
