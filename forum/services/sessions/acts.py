"""What all acts of the facilitator have in common: the session they are done in, what they come to, what refuses them.

An act is one unit of work, with its record entries in it. One that was carried out already (its answer was lost, or a
second facilitator pressed the same button) is not carried out twice. Every act returns the session as it is now;
rooms.changed() then tells every screen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from forum.errors import IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.long_work import parsed
from forum.services.sessions import guard
from forum.sessions.session import ROOM, Cue, LiveSession
from forum.stories import scenario
from forum.stories.submission import Submission
from forum.voting import round as rounds
from forum.voting.round import OPEN, REVEALED, Round
from forum.voting.suppression import Result


@dataclass(frozen=True)
class Outcome:
    """The session after an act, and where it was about a round: that round, its count once closed, its result."""

    session: LiveSession
    round: Round | None = None
    count: int | None = None
    result: Result | None = None


class Acts:
    """The acts of the console, on sessions of one kind: those of another are not there for it."""

    def __init__(self, store: Store, clock: Clock, kind: str = ROOM) -> None:
        self._store = store
        self._clock = clock
        self._kind = kind

    async def _live(self, work: Work, session: str) -> LiveSession:
        return await guard.going_on(work, session, self._kind)

    async def _round(self, work: Work, live: LiveSession, round_id: str) -> Round:
        return await guard.round_of(work, live, round_id)

    async def _draft_of(self, work: Work, live: LiveSession, round_id: str) -> Round:
        """A first vote that is not open yet: a second one is on the same terms as the first."""
        found = await self._round(work, live, round_id)
        if found.state != rounds.DRAFT or found.second_of:
            raise IllegalMove("How people vote can only be changed before voting opens, and not for a second vote.")
        return found

    async def _nothing_open(self, work: Work, live: LiveSession, but: tuple[str, str] | None = None) -> None:
        for round_ in await work.rounds.list_rounds(live.id):
            if round_.state == OPEN and (round_.scenario, round_.scene) != but:
                raise IllegalMove("A vote is open. Close it first, so that nobody's ballot is cut off.")

    async def _scene(self, work: Work, live: LiveSession, story: str, scene: str) -> scenario.Scene:
        if story not in live.scenarios:
            raise NotFound("That story is not on the programme of this session.")
        found = (await parsed((await playable(work, story)).twee)).scene(scene)
        if found is None:
            raise NotFound("There is no such scene in this story.")
        return found


async def playable(work: Work, story: str, *, lock: bool = False) -> Submission:
    """The story, where it is still there to be played and its writer allows it. Raises IllegalMove.

    `lock` keeps it so until this unit of work ends.
    """
    found = await work.stories.get_story(story, lock=lock)
    if found.withdrawn_at:
        raise IllegalMove("Its writer has taken this story back. It cannot be played any more.")
    if found.status == "held":
        raise IllegalMove("A moderator holds this story back. It cannot be played for now.")
    if found.status != "accepted":
        raise IllegalMove("This story is not public now: a moderator has to accept it first.")
    if not found.may_perform:
        raise IllegalMove("Its writer no longer allows this story to be played.")
    return found


async def cue_up(work: Work, live: LiveSession, cue: Cue) -> LiveSession:
    """Puts a cue in front of everybody: the session as it is then."""
    # Where the room is in the programme, and what it has seen, goes on from cue to cue.
    seen = dict.fromkeys([*live.cue.seen, *([cue.scenario] if cue.scenario else [])])
    cue = replace(cue, item=live.cue.item, seen=tuple(seen))
    after = replace(live, cue=cue, version=live.version + 1)
    await work.sessions.save_session(after)
    return after


def cue_of(round_: Round) -> Cue:
    """The cue that shows a round: as a question, or with its result."""
    kind = "result" if round_.state == REVEALED else "question"
    return Cue(kind, round_.scenario, round_.scene, round_.id)
