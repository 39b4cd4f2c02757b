"""Changes of the session itself: its end, its cue, what is on or off, and requests for a break that were seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from forum.errors import IllegalMove
from forum.ports import Work
from forum.services.sessions import guard
from forum.services.sessions.change import Change, SwitchChange
from forum.sessions.session import CareRequest, Cue, LastAct, LiveSession

# For so long a session that was ended can be opened again.
REOPEN = timedelta(hours=1)

_OVER = "This session ended more than an hour ago. It cannot be opened again."
_CODE = "Another session has this join code by now, so this one cannot be opened again."


class EndChange(SwitchChange, frozen=True):
    """The session was ended."""

    KIND = "ended"

    async def check(self, work: Work, session: LiveSession, last: LastAct, now: str) -> None:
        """Raises IllegalMove more than REOPEN after the end, or where another session has the join code by now."""
        if datetime.fromisoformat(now) - datetime.fromisoformat(last.at) > REOPEN:
            raise IllegalMove(_OVER)
        if (await work.sessions.session_by_code(session.code)).id != session.id:
            raise IllegalMove(_CODE)

    async def put_back(self, work: Work, session: LiveSession) -> LiveSession:
        """Opens the session again."""
        return replace(await super().put_back(work, session), ended_at="")


class CueChange(Change, frozen=True):
    """Something else was put in front of everybody."""

    KIND = "cue"
    before: Cue
    after: Cue

    @classmethod
    async def look(cls, work: Work, session: LiveSession) -> dict[str, Cue]:
        """Gives the cue."""
        return {"": session.cue}

    async def check(self, work: Work, session: LiveSession, last: LastAct, now: str) -> None:
        """Raises IllegalMove where its story may not be played any more, or where a vote is open."""
        was, on = self.before, session.cue
        if was.scenario is not None:
            await guard.playable(work, was.scenario)
        if (was.kind, was.round, was.showing) != (on.kind, on.round, on.showing):
            await guard.nothing_open(work, session)

    async def put_back(self, work: Work, session: LiveSession) -> LiveSession:
        """Puts the cue up again."""
        return replace(session, cue=self.before)


class PauseChange(SwitchChange, frozen=True):
    """Everything was paused, or went on."""

    KIND = "paused"


class BadgesChange(SwitchChange, frozen=True):
    """Badges were taken off, or put on."""

    KIND = "badges_off"


class BreaksChange(Change, frozen=True):
    """Requests for a break were marked as seen (how many)."""

    KIND = "breaks"
    before: int
    after: int

    @classmethod
    async def look(cls, work: Work, session: LiveSession) -> dict[str, int]:
        """Gives how many requests were seen."""
        asked = (await work.care.list_asked(session.id)).get((CareRequest.BREAK, ""))
        return {"": asked.seen if asked is not None else 0}

    async def put_back(self, work: Work, session: LiveSession) -> LiveSession:
        """Marks as many as before as seen."""
        await work.care.see(session.id, CareRequest.BREAK, self.before)
        return session
