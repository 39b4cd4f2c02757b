"""Wipes deleted words out of the database's own files, where a plain DELETE leaves them.

An act that deletes words notes that in its unit of work (`to_do`) and calls `scrub` afterwards. Where that fails it
is tried again at the next start of the server, and by the mail task.
"""

from __future__ import annotations

import structlog

from forum.errors import StoreUnavailable
from forum.ports import Store, Work

# Name of the fact that holds the time since when there is something to wipe; "" when it is done.
TO_SCRUB = "to_scrub"

log = structlog.get_logger()


async def to_do(work: Work, at: str) -> None:
    """Notes that the database's files are to be wiped once this unit of work is committed."""
    await work.facts.set_fact(TO_SCRUB, at)


async def scrub(store: Store) -> None:
    """Wipes the database's files where `to_do` has noted it.

    Leaves it for later where the database cannot do it now, or while a vote is open in a room, as ballots cannot
    wait.
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
