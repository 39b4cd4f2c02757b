"""A proposal at the end of the day: grown from an intervention or typed, amended on screen, voted on, promised.

An amendment is in flight until the facilitator takes it or drops it; meanwhile there is no other to the same proposal.
Both texts are kept. A pledge is what somebody with the power says in the room: who does what by when. Said by somebody
who may decide it is a commitment of a decision at once; written down by anybody else it waits until they confirm it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

MOST_WORDS = 400
MOST_PROPOSALS = 20


class ProposalState(StrEnum):
    """States of a proposal: it stands, or was taken off the list."""

    STANDING = "standing"
    OFF = "off"


class AmendmentState(StrEnum):
    """States of an amendment: one in flight was neither taken nor dropped yet."""

    IN_FLIGHT = "in flight"
    TAKEN = "taken"
    DROPPED = "dropped"


class PledgeState(StrEnum):
    """States of a pledge: it waits for those who may decide, until they confirm it or it is taken off."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Proposal:
    """One proposal. `stop` is the stop that it grew from and `scenario` that one's story, None for a typed one.

    `round` is the policy vote on it, once that was put; `shown` tells whether its words were on the screens.
    """

    id: str
    session: str
    words: str
    at: str
    stop: str | None = None
    scenario: str | None = None
    state: ProposalState = ProposalState.STANDING
    round: str | None = None
    shown: bool = False


@dataclass(frozen=True)
class Amendment:
    """One change of a proposal's words, from `before` to `after`; `shown` tells whether both were on the screens."""

    id: str
    proposal: str
    before: str
    after: str
    at: str
    state: AmendmentState = AmendmentState.IN_FLIGHT
    shown: bool = False


class Promised(msgspec.Struct, frozen=True):
    """A promise as screens show it. `confirmed`: it is a commitment in the record; else `pledge` is its id."""

    role: str
    what: str
    by: str
    confirmed: bool
    pledge: str = ""


class Agenda(msgspec.Struct, frozen=True):
    """The proposals of a session with their amendments, in the order they were made, and what was promised on the vote
    that is on screen."""

    proposals: tuple[Proposal, ...] = ()
    amendments: tuple[Amendment, ...] = ()
    promises: tuple[Promised, ...] = ()

    @property
    def standing(self) -> tuple[Proposal, ...]:
        """Those on the list that have words: a story that was taken back took its own away."""
        return tuple(p for p in self.proposals if p.state == ProposalState.STANDING and p.words)

    @property
    def off(self) -> tuple[Proposal, ...]:
        """Those that were taken off the list."""
        return tuple(p for p in self.proposals if p.state == ProposalState.OFF and p.words)

    def texts(self, proposal: Proposal) -> tuple[Amendment, ...]:
        """The amendments of a proposal, newest first."""
        return tuple(a for a in reversed(self.amendments) if a.proposal == proposal.id)

    def flying(self, proposal: Proposal) -> Amendment | None:
        """The amendment of a proposal that is in flight."""
        return next((a for a in self.texts(proposal) if a.state == AmendmentState.IN_FLIGHT), None)


@dataclass(frozen=True)
class Pledge:
    """An offer that `role` does `what` by `by` (an ISO date), about the vote `round`. `decision` is what confirmed
    it."""

    id: str
    session: str
    round: str
    role: str
    what: str
    by: str
    at: str
    state: PledgeState = PledgeState.WAITING
    decision: str | None = None
