"""Changes of a vote and of what the audience gave to it: a question that is not open yet, its reasons, and stops."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from forum.ports import Work
from forum.services.sessions.change import Change
from forum.sessions.session import LiveSession
from forum.sessions.stop import StopState, Verdict
from forum.voting.reason import ReasonState
from forum.voting.round import Response, RoundState, Version


class DraftState(msgspec.Struct, frozen=True):
    """The fields of a vote that is not open yet that facilitators change."""

    responses: tuple[Response, ...]
    method: str
    quorum: int
    quorum_each: int
    live: bool
    versions: tuple[Version, ...]


class DraftChange(Change, frozen=True):
    """A question that is not open yet was given other answers, terms or words. A new one is left: it harms nobody."""

    KIND = "round"
    before: DraftState
    after: DraftState

    @classmethod
    async def look(cls, work: Work, session: LiveSession) -> dict[str, DraftState]:
        """Gives the votes that are not open yet."""
        drafts = [round_ for round_ in await work.rounds.list_rounds(session.id) if round_.state == RoundState.DRAFT]
        return {
            r.id: DraftState(r.responses, r.method, r.quorum, r.quorum_each, r.live, tuple(r.versions)) for r in drafts
        }

    @classmethod
    def undoes_new(cls, after: DraftState) -> bool:
        """Says no."""
        return False

    async def put_back(self, work: Work, session: LiveSession) -> LiveSession:
        """Restores answers, terms and words."""
        draft = await work.rounds.get_round(self.id, lock=True)
        await work.rounds.save_round(replace(draft, **msgspec.structs.asdict(self.before)))
        return session


class ReasonChange(Change, frozen=True):
    """A reason of the vote on screen was shown or hidden (its states). New ones are left, as they come and go."""

    KIND = "reason"
    before: ReasonState
    after: ReasonState

    @classmethod
    async def look(cls, work: Work, session: LiveSession) -> dict[str, ReasonState]:
        """Gives the states of the reasons on screen."""
        if session.cue.round is None:
            return {}
        return {reason.id: reason.state for reason in await work.reasons.list_reasons(session.cue.round)}

    @classmethod
    def undoes_new(cls, after: ReasonState) -> bool:
        """Says no."""
        return False

    async def put_back(self, work: Work, session: LiveSession) -> LiveSession:
        """Shows or hides the reason as before."""
        await work.reasons.move_reason(self.id, self.before)
        return session


class StopFields(msgspec.Struct, frozen=True):
    """The fields of a stop that facilitators change."""

    state: StopState
    taken_at: str = ""
    tried: str = ""
    verdict: Verdict = Verdict.NONE_YET
    magic: str | None = None
    response: str = ""
    entered: str | None = None


class StopChange(Change, frozen=True):
    """A stop was taken, hidden, tried, judged ... A new one that waits is left: somebody in the audience pressed it."""

    KIND = "stop"
    before: StopFields | None
    after: StopFields

    @classmethod
    async def look(cls, work: Work, session: LiveSession) -> dict[str, StopFields]:
        """Gives the stops."""
        return {
            s.id: StopFields(s.state, s.taken_at, s.tried, s.verdict, s.magic, s.response, s.entered)
            for s in await work.stops.list_stops(session.id)
        }

    @classmethod
    def undoes_new(cls, after: StopFields) -> bool:
        """Says no of one that waits."""
        return after.state != StopState.WAITING

    async def put_back(self, work: Work, session: LiveSession) -> LiveSession:
        """Restores the stop, or hides it."""
        was = msgspec.structs.asdict(self.before) if self.before is not None else {"state": StopState.HIDDEN}
        await work.stops.save_stop(replace(await work.stops.get_stop(self.id), **was))
        return session
