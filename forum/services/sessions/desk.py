"""Parts of every act of the facilitator: the guard that it begins with, what refuses it, and its outcome.

An act is a function: `async with desk.act_on(session_id) as (work, session):` begins it, and is its one unit of work,
with its record entries in it. One that was carried out already (its answer was lost, or a second facilitator pressed
the same button) is not carried out twice. Every act returns the session as it is now; rooms.changed() then tells every
screen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import msgspec

from forum.errors import IllegalMove
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.services.sessions import guard, undo
from forum.sessions.session import Cue, CueKind, LiveSession, SessionKind
from forum.voting.round import Round, RoundState
from forum.voting.suppression import Result


@dataclass(frozen=True)
class Outcome:
    """The session after an act; with the round that it was about, that round's count once closed, and its result."""

    session: LiveSession
    round: Round | None = None
    count: int | None = None
    result: Result | None = None


class Step(msgspec.Struct, frozen=True):
    """A step through the programme: to the cue `item`, from `after`, the one that the console showed as present (ids;
    "" before the first)."""

    item: str
    after: str


@dataclass(frozen=True)
class Desk:
    """The place from which acts are done: the database, the clock, and the kind of session that the acts are for.

    With an `act`, which is its name on the console, what it changes is kept, so that it can be undone.
    """

    store: Store
    clock: Clock
    kind: SessionKind = SessionKind.ROOM
    act: str = ""

    @asynccontextmanager
    async def act_on(self, session_id: str, step: Step | None = None) -> AsyncIterator[tuple[Work, LiveSession]]:
        """Begins one act: gives its unit of work, and the session, which is held until that ends.

        Raises NotFound for a session of another kind, IllegalMove for one that has ended and, with a `step`, where the
        room has gone on in the programme since the console was drawn.
        """
        async with self.store.begin() as work:
            session = await guard.going_on(work, session_id, self.kind)
            if step is not None and session.cue.item not in {step.after, step.item}:
                raise IllegalMove("Somebody else has gone on with the programme. Look at what is on screen now.")
            if not self.act:
                yield work, session
                return
            before = await undo.look(work, session)
            yield work, session
            await undo.keep(work, before, session_id, self.act, self.clock.now())


async def undo_act(desk: Desk, session_id: str, id_: str) -> Outcome:
    """Undoes the act with this id, the session's last one. Raises NotFound, and IllegalMove as undo.undo does."""
    async with desk.store.begin() as work:
        session = await guard.of_kind(work, session_id, desk.kind, lock=True)
        if session.planned:
            raise IllegalMove(guard.PLANNED)
        return Outcome(await undo.undo(work, session, id_, desk.clock.now()))


async def cue_up(work: Work, session: LiveSession, cue: Cue, step: Step | None = None) -> LiveSession:
    """Puts a cue in front of everybody, and gives the session as it is then.

    The cue's story counts as seen from now on; with a `step`, its cue is where the room is in the programme.
    """
    seen = dict.fromkeys([*session.cue.seen, *([cue.scenario] if cue.scenario else [])])
    cue = replace(cue, item=step.item if step else session.cue.item, seen=tuple(seen))
    after = replace(session, cue=cue).changed()
    await work.sessions.save_session(after)
    return after


async def stay(work: Work, session: LiveSession, step: Step | None) -> LiveSession:
    """Leaves on screen what is there, and gives the session; with a `step`, its cue is where the room is now."""
    if step is None or session.cue.item == step.item:
        return session
    return await cue_up(work, session, session.cue, step)


async def show(work: Work, session: LiveSession, cue: Cue, round_: Round | None = None) -> Outcome:
    """Puts a cue (or the same again) on every screen; the stories seen and the programme's place stay as they are."""
    after = replace(session, cue=replace(cue, item=session.cue.item, seen=session.cue.seen)).changed()
    await work.sessions.save_session(after)
    return Outcome(after, round_)


def cue_of(round_: Round) -> Cue:
    """Makes the cue that shows a round: with its result where that was revealed, else as a question."""
    kind = CueKind.RESULT if round_.state == RoundState.REVEALED else CueKind.QUESTION
    return Cue(kind, round_.scenario, round_.scene, round_.id)
