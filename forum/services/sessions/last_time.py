"""Finds what happened since the last session of a commission: for the lobby and the page on which people join."""

from __future__ import annotations

from forum.ports import Work
from forum.sessions.session import CueKind, LiveSession
from forum.sessions.view import LastTime
from forum.stories.submission import StoryStatus
from forum.voting.commitment import by_urgency
from forum.voting.round import Round, RoundState

MOST_DECISIONS = 2
MOST_PROMISES = 3


async def last_time(work: Work, session: LiveSession) -> LastTime:
    """Returns the newest published decisions of a session's commission and their promises, while the session is in the
    lobby; nothing later, nor where there is none, nor of votes that are annulled or on a story nobody may read."""
    if session.ended or session.cue.kind != CueKind.WELCOME:
        return LastTime()
    made = [one for one in await work.decisions.list_decisions(session.commission) if one.entry is not None]
    rounds = await work.rounds.some({one.rounds[-1] for one in made[: 2 * MOST_DECISIONS]}) if made else {}
    stories = {one.scenario for one in rounds.values() if one.scenario}
    open_ = {id_ for id_ in stories if (await work.stories.get_story(id_)).status == StoryStatus.ACCEPTED}

    def stands(vote: Round) -> bool:
        """Tells whether a vote is shown, and on nothing that was taken away."""
        return vote.state == RoundState.REVEALED and (not vote.scenario or vote.scenario in open_)

    shown = [(one, rounds[one.rounds[-1]]) for one in made if one.rounds[-1] in rounds]
    shown = [(one, vote) for one, vote in shown if vote.session != session.id and stands(vote)][:MOST_DECISIONS]
    promises = [promise for one, _vote in shown for promise in one.commitments]
    return LastTime(tuple(shown), tuple(by_urgency(promises, _day(session.opened_at))[:MOST_PROMISES]))


def _day(moment: str) -> str:
    """Returns the day of the session, by which promises are late in its lobby."""
    return moment[:10] or "0001-01-01"
