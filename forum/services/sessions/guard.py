"""Guard of every act on a session: it refuses by the kind of the session, its state, its votes and the time.

An act that is offered in a room alone is not there (NotFound) for an asynchronous session, and the other way round;
in a session that has ended nothing is done any more, and in a round nothing once it takes no ballots.
"""

from __future__ import annotations

from forum.errors import IllegalMove, NotFound, message
from forum.ports import Work
from forum.sessions.session import LiveSession, SessionKind
from forum.stories.submission import StoryStatus, Submission
from forum.voting.commission import Commission
from forum.voting.round import Round, RoundState

ENDED = "This session has ended."
CALLED_OFF = message("This session was called off.")
PLANNED = "This session is planned. Open it first."
OVER = "This question is closed."
_NO_SESSION = "There is no such session."
_NO_ROUND = "There is no such round in this session."


async def of_kind(
    work: Work, session_id: str, kind: SessionKind | None = SessionKind.ROOM, *, lock: bool = False
) -> LiveSession:
    """Gives a session, ended or not; `lock` holds it until this unit of work ends.

    Raises NotFound for one of another kind than `kind`; None is any.
    """
    session = await work.sessions.get_session(session_id, lock=lock)
    if kind is not None and session.kind != kind:
        raise NotFound(_NO_SESSION)
    return session


async def going_on(
    work: Work,
    session_id: str,
    kind: SessionKind | None = SessionKind.ROOM,
    *,
    lock: bool = True,
    planned: bool = False,
) -> LiveSession:
    """Gives a session of this kind, held until this unit of work ends. Raises NotFound, IllegalMove after its end and,
    unless it may be `planned`, before it was opened."""
    session = await of_kind(work, session_id, kind, lock=lock)
    if not session.opened_at and not session.ended and not planned:
        raise IllegalMove(PLANNED)
    if session.ended:
        raise IllegalMove(over(session))
    return session


def over(session: LiveSession) -> str:
    """Returns why nothing is done any more in a session that has ended: it was held, or called off before."""
    return CALLED_OFF if session.called_off_at else ENDED


async def round_of(work: Work, session: LiveSession, round_id: str, *, lock: bool = True) -> Round:
    """Gives a round of this session, held until this unit of work ends. Raises NotFound for one of another session."""
    round_ = await work.rounds.get_round(round_id, lock=lock)
    if round_.session != session.id:
        raise NotFound(_NO_ROUND)
    return round_


async def taking(work: Work, session: LiveSession, round_id: str, at: str, otherwise: str = OVER) -> Round:
    """Gives a round of this session that takes ballots at this time: nobody closes it until this unit of work ends.

    Raises NotFound, and IllegalMove with the words `otherwise`.
    """
    round_ = await round_of(work, session, round_id)
    if not round_.takes(at):
        raise IllegalMove(otherwise)
    return round_


async def nothing_open(work: Work, session: LiveSession, but: tuple[str, str] | None = None) -> None:
    """Raises IllegalMove where a vote is open, other than on the question of the story and scene `but`."""
    for round_ in await work.rounds.list_rounds(session.id):
        if round_.state == RoundState.OPEN and (round_.scenario, round_.scene) != but:
            raise IllegalMove("A vote is open. Close it first, so that nobody's ballot is cut off.")


async def playable(work: Work, story_id: str, *, lock: bool = False) -> Submission:
    """Gives the story where it is public and its writer allows it to be played; `lock` keeps it so until this unit of
    work ends. Raises NotFound, IllegalMove."""
    story = await work.stories.get_story(story_id, lock=lock)
    if story.withdrawn_at:
        raise IllegalMove("Its writer has taken this story back. It cannot be played any more.")
    if story.status == StoryStatus.HELD:
        raise IllegalMove("A moderator holds this story back. It cannot be played for now.")
    if story.status != StoryStatus.ACCEPTED:
        raise IllegalMove("This story is not public now: a moderator has to accept it first.")
    if not story.may_perform:
        raise IllegalMove("Its writer no longer allows this story to be played.")
    return story


async def may_record(work: Work, commission: Commission) -> None:
    """Raises IllegalMove where a rehearsal may not enter the record."""
    if await work.facts.get_fact("made_by") != "rehearsal":
        raise IllegalMove("A rehearsal cannot enter this record: its data was not made by a rehearsal.")
    if not (commission.rehearsal or commission.demonstration):
        raise IllegalMove("A rehearsal cannot enter the record of a real commission.")
