"""Wipes deleted words out of the database's own files, where a plain DELETE leaves them.

An act that deletes words notes that in its unit of work (`to_do`) and calls `scrub` afterwards. Where that fails it
is tried again at the next start of the server, and by the mail task.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from forum.errors import StoreUnavailable
from forum.ports import Store, Work
from forum.sessions.local_time import written

# Name of the fact that holds the time since when there is something to wipe; "" when it is done.
TO_SCRUB = "to_scrub"

# Days after which nothing waits any more for a vote that was left open, and into whose session nobody came.
FORGOTTEN_AFTER = 3

log = structlog.get_logger()


async def to_do(work: Work, at: str) -> None:
    """Notes that the database's files are to be wiped once this unit of work is committed."""
    await work.facts.set_fact(TO_SCRUB, at)


def counts_since(at: str) -> str:
    """Returns the time since when something must have happened in an open vote, for it to be waited for at `at`."""
    return written(datetime.fromisoformat(at) - timedelta(days=FORGOTTEN_AFTER))


async def a_room_votes(work: Work, at: str) -> bool:
    """Tells whether a vote is open in a room and not forgotten: it was opened, or somebody came, not long before."""
    still = counts_since(at)
    return any(latest >= still for latest in (await work.rounds.voting()).values())


async def scrub(store: Store) -> None:
    """Wipes the database's files where `to_do` has noted it.

    Leaves it for later where the database cannot do it now, or while a room votes, as ballots cannot wait.
    """
    async with store.read() as work:
        since = await work.facts.get_fact(TO_SCRUB)
        if not since or await a_room_votes(work, since):
            return
    try:
        await store.scrub()
        async with store.begin() as work:
            if await work.facts.get_fact(TO_SCRUB) == since:
                await work.facts.set_fact(TO_SCRUB, "")
    except StoreUnavailable:
        log.warning("words that were taken back may still be in the database's files; they are wiped later")
