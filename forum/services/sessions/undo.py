"""Undoing the facilitator's last act.

Desk.act_on looks at the session before an act and after it, in the act's unit of work; what differs
(undoable_changes.py) is kept as the session's last act, for everybody on the console. What an act did to a vote that
has been opened, closed, shown or annulled, or to the record, is final: then there is nothing to undo.

Undoing puts back what that act changed, and nothing else; where something of it has been changed since, nothing.
"""

from __future__ import annotations

import secrets

import msgspec

from forum.errors import IllegalMove
from forum.ports import Work
from forum.services.sessions import guard, undoable_changes
from forum.services.sessions.session_changes import BadgesChange, EndChange
from forum.sessions.session import LastAct, LiveSession

_GONE_ON = "Something else was done since, or this was undone already. Look at what is on screen now."
_CHANGED = "What this did was changed since, so it cannot be undone any more."


class Before(msgspec.Struct, frozen=True):
    """A session before an act: what can be put back, each vote's state and warning, and the results that are held."""

    things: undoable_changes.Things
    votes: dict[str, tuple[str, bool]]
    held: tuple[str, ...]


async def look(work: Work, session: LiveSession) -> Before:
    """Looks at a session before an act, for `keep` after it."""
    return Before(await undoable_changes.look(work, session), await _votes(work, session), session.held)


async def keep(work: Work, before: Before, session_id: str, act: str, at: str) -> None:
    """Keeps what an act (its name on the console) changed as the session's last act; what is final, as none."""
    session = await work.sessions.get_session(session_id)
    done = list(undoable_changes.between(before.things, await undoable_changes.look(work, session)))
    votes, recorded = await _votes(work, session), session.held != before.held
    if any(isinstance(change, EndChange) for change in done):
        if recorded:
            # Results by group are in the record now: badges stay on.
            done = [change for change in done if not isinstance(change, BadgesChange)]
    elif recorded or any(votes.get(id_) != vote for id_, vote in before.votes.items()):
        await work.last_acts.forget_last_act(session_id)
        return
    if done:
        await work.last_acts.put_last_act(
            LastAct(secrets.token_hex(16), session_id, act, at, undoable_changes.kept(done))
        )


async def undo(work: Work, session: LiveSession, id_: str, at: str) -> LiveSession:
    """Puts back what the act with this id did in a session, which the caller holds; gives the session as it is then.

    Raises IllegalMove where it is no longer the last act, where something that it did was changed since, or where it
    cannot be as it was.
    """
    last = await work.last_acts.get_last_act(session.id)
    if last is None or last.id != id_:
        raise IllegalMove(_GONE_ON)
    done = undoable_changes.read(last.changes)
    if session.ended and not any(isinstance(change, EndChange) for change in done):
        raise IllegalMove(guard.over(session))
    now = await undoable_changes.look(work, session)
    if any(now[type(change)].get(change.id) != change.after for change in done):
        raise IllegalMove(_CHANGED)
    for change in done:
        await change.check(work, session, last, at)
    for change in done:
        session = await change.put_back(work, session)
    await work.last_acts.forget_last_act(session.id)
    session = session.changed()
    await work.sessions.save_session(session)
    return session


async def _votes(work: Work, session: LiveSession) -> dict[str, tuple[str, bool]]:
    return {round_.id: (round_.state, round_.closing_soon) for round_ in await work.rounds.list_rounds(session.id)}
