"""A rehearsal that another process of the same database plays: how far it is, and that it is to stop.

Both stand in the database as facts, which the player writes and looks at every second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Final

import msgspec
import structlog

from forum.errors import StoreUnavailable
from forum.ports import Store
from forum.sessions.rehearsal import Progress, RehearsalState

EVERY: Final = 1.0  # seconds between two looks
_STOPS_WITHIN: Final = 20.0  # seconds in which another process should have ended one that was stopped
_PROGRESS, _STOP = "rehearsal_progress", "rehearsal_stop"

log = structlog.get_logger()


class _Told(msgspec.Struct):
    session: str
    progress: Progress


async def progress_of(store: Store, session: str) -> Progress | None:
    """Returns how far a rehearsal that is played elsewhere was a moment ago; None where it is not."""
    async with store.read() as work:
        found = await work.facts.get_fact(_PROGRESS)
        rehearsal = await work.rehearsals.rehearsal_in(session)
    if not found or rehearsal is None or rehearsal.state != RehearsalState.RUNNING:
        return None
    told = msgspec.json.decode(found, type=_Told)
    return told.progress if told.session == session else None


async def stop(store: Store, session: str) -> None:
    """Asks whoever plays this rehearsal to stop it, and returns once it has ended, or after a while."""
    async with store.begin() as work:
        rehearsal = await work.rehearsals.rehearsal_in(session)
        if rehearsal is None or rehearsal.state != RehearsalState.RUNNING:
            return
        await work.facts.set_fact(_STOP, session)
    for _ in range(int(_STOPS_WITHIN / (EVERY / 2))):
        await asyncio.sleep(EVERY / 2)
        async with store.read() as work:
            rehearsal = await work.rehearsals.rehearsal_in(session)
        if rehearsal is None or rehearsal.state != RehearsalState.RUNNING:
            return


async def tell(store: Store, session: str, progress: Callable[[], Progress | None], stopped: asyncio.Event) -> None:
    """Tells other processes how far this one's rehearsal is, and sets `stopped` where one of them asks for it."""
    while True:
        try:
            async with store.begin() as work:
                if (now := progress()) is not None:
                    told = msgspec.json.encode({"session": session, "progress": asdict(now)}).decode()
                    await work.facts.set_fact(_PROGRESS, told)
                if await work.facts.get_fact(_STOP) == session:
                    stopped.set()
        except StoreUnavailable:
            log.warning("how far the rehearsal is was not told", session=session)
        await asyncio.sleep(EVERY)
