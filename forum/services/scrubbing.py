"""Wiping what was taken out of the database from the database's own files too.

Whoever deletes something that nobody may read again says so in the same unit of work (`to_do`); `scrub` does it
afterwards. What could not be done stays to be done: the next start of the server tries again, and so does `mailing`.
"""

from __future__ import annotations

import structlog

from forum.errors import StoreUnavailable
from forum.ports import Store, Work

# The fact that says since when there is something to wipe; empty when that is done.
TO_SCRUB = "to_scrub"

log = structlog.get_logger()


async def to_do(work: Work, at: str) -> None:
    """There is something to be wiped once this unit of work is done."""
    await work.facts.set_fact(TO_SCRUB, at)


async def scrub(store: Store) -> None:
    """Wipes what was taken out from the database's own files, where that is still to be done.

    Where the database cannot do it now, or a vote is open in a room, whose ballots do not wait, it stays to be done.
    """
    async with store.read() as work:
        since = await work.facts.get_fact(TO_SCRUB)
        if not since or await work.rounds.voting():
            return
    try:
        await store.scrub()
        async with store.begin() as work:
            if await work.facts.get_fact(TO_SCRUB) == since:
                await work.facts.set_fact(TO_SCRUB, "")
    except StoreUnavailable:
        log.warning("words that were taken back may still be in the database's files; they are wiped later")
