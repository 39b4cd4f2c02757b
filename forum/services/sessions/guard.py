"""Whether an act may be done now: the kind of a session, its state, and the time. Every act on a session asks here.

An act that is offered in a room alone is not there (NotFound) for an asynchronous session, and the other way round;
in a session that has ended nothing is done any more, and in a round nothing once it takes no ballots.
"""

from __future__ import annotations

from forum.errors import IllegalMove, NotFound
from forum.ports import Work
from forum.sessions.session import ROOM, LiveSession
from forum.voting.round import Round

ENDED = "This session has ended."
OVER = "This question is closed."
_NO_SESSION = "There is no such session."
_NO_ROUND = "There is no such round in this session."


async def of_kind(work: Work, session: str, kind: str | None = ROOM, *, lock: bool = False) -> LiveSession:
    """The session, ended or not; `lock` holds it until this unit of work ends. Raises NotFound for one of another kind
    than `kind`, one of session.SESSIONS; None is any."""
    live = await work.sessions.get_session(session, lock=lock)
    if kind is not None and live.kind != kind:
        raise NotFound(_NO_SESSION)
    return live


async def going_on(work: Work, session: str, kind: str | None = ROOM, *, lock: bool = True) -> LiveSession:
    """The session of this kind, held until this unit of work ends. Raises NotFound, IllegalMove where it has ended."""
    live = await of_kind(work, session, kind, lock=lock)
    if live.ended:
        raise IllegalMove(ENDED)
    return live


async def round_of(work: Work, live: LiveSession, round_id: str, *, lock: bool = True) -> Round:
    """A round of this session, held until this unit of work ends. Raises NotFound for one of another session."""
    round_ = await work.rounds.get_round(round_id, lock=lock)
    if round_.session != live.id:
        raise NotFound(_NO_ROUND)
    return round_


async def taking(work: Work, live: LiveSession, round_id: str, at: str, otherwise: str = OVER) -> Round:
    """A round of this session that takes ballots at this time: nobody closes it until this unit of work ends.

    Raises NotFound, and IllegalMove with the words `otherwise`.
    """
    round_ = await round_of(work, live, round_id)
    if not round_.takes(at):
        raise IllegalMove(otherwise)
    return round_
