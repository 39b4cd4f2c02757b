"""When a session has been over for an hour, nobody's browser is known in it any more.

What was voted can then be told to be no phone's, by nobody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from forum.ports import Store
from forum.ports.clock import Clock
from forum.sessions.local_time import written

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
            await work.sessions.get_session(session, lock=True)
            if session in await work.sessions.over(before):
                await work.sessions.forget_devices(session)
