"""When a session has been over for an hour, nobody's browser is known in it any more.

What was voted can then be told to be no phone's, by nobody. Which browsers voted stays known for a year, apart from all
that they did, so that those who voted, and nobody else, can be asked whether they were understood.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.sessions.local_time import written
from forum.sessions.session import LiveSession

# Longer than the facilitator may undo the end (undo.py): until then whoever was in it is known.
KEPT = timedelta(minutes=61)


async def forget_due(store: Store, clock: Clock) -> None:
    """Forgets the devices of every session that has been over for so long."""
    before = written(datetime.fromisoformat(clock.now()) - KEPT)
    async with store.read() as work:
        due = await work.sessions.over(before)
    for session in due:
        async with store.begin() as work:
            # Locked, and looked at again: the end may have been undone meanwhile.
            live = await work.sessions.get_session(session, lock=True)
            if session in await work.sessions.over(before):
                await remember_voters(work, live, clock.now())
                await work.sessions.forget_devices(session)


async def remember_voters(work: Work, live: LiveSession, at: str) -> None:
    """Keeps marks of the browsers that voted in a session that is over, until its devices are forgotten as they are
    then."""
    commission = await work.commissions.of_session(live)
    await work.voters.remember_voters(live.id, commission.threshold, at)
