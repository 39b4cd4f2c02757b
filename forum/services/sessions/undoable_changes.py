"""Changes that an act of the facilitator made, each kind of which knows how to look for itself and to restore itself.

They are kept in the database by name, `KIND` or `KIND ID`, as [before, after]: a new kind is a class and a row in
KINDS, and what was kept before an upgrade is read after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeAlias

import msgspec

from forum.errors import IllegalMove
from forum.ports import Work
from forum.services.sessions import guard
from forum.sessions.proposal import AmendmentState, PledgeState, ProposalState
from forum.sessions.session import CareRequest, Cue, LastAct, LiveSession
from forum.sessions.stop import StopState
from forum.voting.reason import ReasonState
from forum.voting.round import Response, RoundState, Version

# For so long a session that was ended can be opened again.
REOPEN = timedelta(hours=1)

_OVER = "This session ended more than an hour ago. It cannot be opened again."
_CODE = "Another session has this join code by now, so this one cannot be opened again."


class Change(msgspec.Struct, frozen=True):
    """One thing that an act changed: its id, and how it was `before` (None where it was new) and `after`.

    The id is "" for what a session has one of.
    """

    KIND: ClassVar[str] = ""

    id: str
    before: Any
    after: Any

    @classmethod
    async def look(cls, work: Work, live: LiveSession) -> Mapping[str, Any]:
        """Gives the things of this kind as they are now, by id: of each that much that facilitators can change."""
        raise NotImplementedError  # each kind's own; a msgspec struct cannot be an abstract class

    @classmethod
    def undoes_new(cls, after: Any) -> bool:
        """Says whether undoing an act puts aside what was not there before it, and is `after` it."""
        return True

    async def check(self, work: Work, live: LiveSession, last: LastAct, now: str) -> None:
        """Raises IllegalMove where this cannot be as it was before the act `last`, at the time `now`."""

    async def put_back(self, work: Work, live: LiveSession) -> LiveSession:
        """Restores the thing, or puts aside one that was new; gives the session as it is then, not saved yet."""
        raise NotImplementedError  # each kind's own; a msgspec struct cannot be an abstract class

    @property
    def name(self) -> str:
        """Its name in the database: "paused", or "stop 5f0c..."."""
        return f"{self.KIND} {self.id}".rstrip()


class _Switch(Change, frozen=True):
    """A field of the session that is on or off; it has the name of the kind."""

    before: bool
    after: bool

    @classmethod
    async def look(cls, work: Work, live: LiveSession) -> dict[str, bool]:
        """Gives whether it is on."""
        return {"": getattr(live, cls.KIND)}

    async def put_back(self, work: Work, live: LiveSession) -> LiveSession:
        """Switches it as it was."""
        was: dict[str, Any] = {self.KIND: self.before}
        return replace(live, **was)


class EndChange(_Switch, frozen=True):
    """The session was ended."""

    KIND = "ended"

    async def check(self, work: Work, live: LiveSession, last: LastAct, now: str) -> None:
        """Raises IllegalMove more than REOPEN after the end, or where another session has the join code by now."""
        if datetime.fromisoformat(now) - datetime.fromisoformat(last.at) > REOPEN:
            raise IllegalMove(_OVER)
        if (await work.sessions.session_by_code(live.code)).id != live.id:
            raise IllegalMove(_CODE)

    async def put_back(self, work: Work, live: LiveSession) -> LiveSession:
        """Opens the session again."""
        return replace(await super().put_back(work, live), ended_at="")


class CueChange(Change, frozen=True):
    """Something else was put in front of everybody."""

    KIND = "cue"
    before: Cue
    after: Cue

    @classmethod
    async def look(cls, work: Work, live: LiveSession) -> dict[str, Cue]:
        """Gives the cue."""
        return {"": live.cue}

    async def check(self, work: Work, live: LiveSession, last: LastAct, now: str) -> None:
        """Raises IllegalMove where its story may not be played any more, or where a vote is open."""
        was, on = self.before, live.cue
        if was.scenario is not None:
            await guard.playable(work, was.scenario)
        if (was.kind, was.round, was.showing) != (on.kind, on.round, on.showing):
            await guard.nothing_open(work, live)

    async def put_back(self, work: Work, live: LiveSession) -> LiveSession:
        """Puts the cue up again."""
        return replace(live, cue=self.before)


class PauseChange(_Switch, frozen=True):
    """Everything was paused, or went on."""

    KIND = "paused"


class BadgesChange(_Switch, frozen=True):
    """Badges were taken off, or put on."""

    KIND = "badges_off"


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
    async def look(cls, work: Work, live: LiveSession) -> dict[str, DraftState]:
        """Gives the votes that are not open yet."""
        drafts = [round_ for round_ in await work.rounds.list_rounds(live.id) if round_.state == RoundState.DRAFT]
        return {
            r.id: DraftState(r.responses, r.method, r.quorum, r.quorum_each, r.live, tuple(r.versions)) for r in drafts
        }

    @classmethod
    def undoes_new(cls, after: DraftState) -> bool:
        """Says no."""
        return False

    async def put_back(self, work: Work, live: LiveSession) -> LiveSession:
        """Restores answers, terms and words."""
        draft = await work.rounds.get_round(self.id, lock=True)
        await work.rounds.save_round(replace(draft, **msgspec.structs.asdict(self.before)))
        return live


class StopFields(msgspec.Struct, frozen=True):
    """The fields of a stop that facilitators change."""

    state: StopState
    taken_at: str = ""
    tried: str = ""
    verdict: str = ""
    magic: str | None = None
    response: str = ""
    entered: str | None = None


class StopChange(Change, frozen=True):
    """A stop was taken, hidden, tried, judged ... A new one that waits is left: somebody in the audience pressed it."""

    KIND = "stop"
    before: StopFields | None
    after: StopFields

    @classmethod
    async def look(cls, work: Work, live: LiveSession) -> dict[str, StopFields]:
        """Gives the stops."""
        return {
            s.id: StopFields(s.state, s.taken_at, s.tried, s.verdict, s.magic, s.response, s.entered)
            for s in await work.stops.list_stops(live.id)
        }

    @classmethod
    def undoes_new(cls, after: StopFields) -> bool:
        """Says no of one that waits."""
        return after.state != StopState.WAITING

    async def put_back(self, work: Work, live: LiveSession) -> LiveSession:
        """Restores the stop, or hides it."""
        was = msgspec.structs.asdict(self.before) if self.before is not None else {"state": StopState.HIDDEN}
        await work.stops.save_stop(replace(await work.stops.get_stop(self.id), **was))
        return live


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
    async def look(cls, work: Work, live: LiveSession) -> dict[str, ProposalFields]:
        """Gives the proposals."""
        return {p.id: ProposalFields(p.state, p.words) for p in await work.proposals.list_proposals(live.id)}

    async def put_back(self, work: Work, live: LiveSession) -> LiveSession:
        """Restores the proposal, or takes it off the list."""
        was = msgspec.structs.asdict(self.before) if self.before is not None else {"state": ProposalState.OFF}
        await work.proposals.save_proposal(replace(await work.proposals.get_proposal(self.id), **was))
        return live


class AmendmentChange(Change, frozen=True):
    """An amendment was put beside a proposal, taken or dropped (its states)."""

    KIND = "amendment"
    before: AmendmentState | None
    after: AmendmentState

    @classmethod
    async def look(cls, work: Work, live: LiveSession) -> dict[str, AmendmentState]:
        """Gives the amendments' states."""
        return {a.id: a.state for a in await work.proposals.amendments(live.id)}

    async def put_back(self, work: Work, live: LiveSession) -> LiveSession:
        """Restores the amendment, or drops it."""
        [amendment] = [a for a in await work.proposals.amendments(live.id) if a.id == self.id]
        await work.proposals.close_amendment(replace(amendment, state=self.before or AmendmentState.DROPPED))
        return live


class PledgeChange(Change, frozen=True):
    """A promise was written down, taken off the screens or put back (its states)."""

    KIND = "pledge"
    before: PledgeState | None
    after: PledgeState

    @classmethod
    async def look(cls, work: Work, live: LiveSession) -> dict[str, PledgeState]:
        """Gives the states of what was promised."""
        return {p.id: p.state for p in await work.proposals.pledges(live.id)}

    async def put_back(self, work: Work, live: LiveSession) -> LiveSession:
        """Restores the promise, or takes it off the screens."""
        [pledge] = [p for p in await work.proposals.pledges(live.id) if p.id == self.id]
        await work.proposals.save_pledge(replace(pledge, state=self.before or PledgeState.WITHDRAWN))
        return live


class ReasonChange(Change, frozen=True):
    """A reason of the vote on screen was shown or hidden (its states). New ones are left, as they come and go."""

    KIND = "reason"
    before: ReasonState
    after: ReasonState

    @classmethod
    async def look(cls, work: Work, live: LiveSession) -> dict[str, ReasonState]:
        """Gives the states of the reasons on screen."""
        if live.cue.round is None:
            return {}
        return {reason.id: reason.state for reason in await work.reasons.list_reasons(live.cue.round)}

    @classmethod
    def undoes_new(cls, after: ReasonState) -> bool:
        """Says no."""
        return False

    async def put_back(self, work: Work, live: LiveSession) -> LiveSession:
        """Shows or hides the reason as before."""
        await work.reasons.move_reason(self.id, self.before)
        return live


class BreaksChange(Change, frozen=True):
    """Requests for a break were marked as seen (how many)."""

    KIND = "breaks"
    before: int
    after: int

    @classmethod
    async def look(cls, work: Work, live: LiveSession) -> dict[str, int]:
        """Gives how many requests were seen."""
        asked = (await work.care.list_asked(live.id)).get((CareRequest.BREAK, ""))
        return {"": asked.seen if asked is not None else 0}

    async def put_back(self, work: Work, live: LiveSession) -> LiveSession:
        """Marks as many as before as seen."""
        await work.care.see(live.id, CareRequest.BREAK, self.before)
        return live


# In the order in which they are checked before anything is put back.
KINDS: tuple[type[Change], ...] = (
    EndChange,
    CueChange,
    PauseChange,
    BadgesChange,
    DraftChange,
    StopChange,
    ProposalChange,
    AmendmentChange,
    PledgeChange,
    ReasonChange,
    BreaksChange,
)

# All that facilitators can change in a session: by kind and id, as Change.look gives it.
Things: TypeAlias = Mapping[type[Change], Mapping[str, Any]]


async def look(work: Work, live: LiveSession) -> Things:
    """Gives everything in a session that can be put back, as it is now."""
    return {kind: await kind.look(work, live) for kind in KINDS}


def between(before: Things, after: Things) -> Iterator[Change]:
    """Gives each change that lies between two looks at one session and can be put back."""
    for kind in KINDS:
        for id_, now in after[kind].items():
            was = before[kind].get(id_)
            if was != now and (id_ in before[kind] or kind.undoes_new(now)):
                yield kind(id_, was, now)


def kept(changes: list[Change]) -> dict[str, tuple[Any, Any]]:
    """Makes of changes what is stored of them: [before, after] by name."""
    return {change.name: (msgspec.to_builtins(change.before), msgspec.to_builtins(change.after)) for change in changes}


def read(stored: Mapping[str, tuple[Any, Any]]) -> list[Change]:
    """Makes the changes of what `kept` stored, in the order of KINDS. Raises msgspec.ValidationError, KeyError."""
    by_kind = {kind.KIND: kind for kind in KINDS}
    found = []
    for name, (before, after) in stored.items():
        word, _, id_ = name.partition(" ")
        found.append(msgspec.convert({"id": id_, "before": before, "after": after}, by_kind[word]))
    return sorted(found, key=lambda change: KINDS.index(type(change)))
