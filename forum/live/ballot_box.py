"""Group commit of ballots: gather while the last commit runs, one transaction, then wake the waiters.

The crash points, and what happens next:

1. A cast is gathered, not yet committed, and the process dies: the phone has no answer, keeps the ballot, says "not
   sent yet", and sends the same cast again on the next connection.
2. The transaction is committed, the process dies before it answers: the phone sends the same cast again, the store
   knows its id, and it is answered as counted. Nothing is counted twice.
3. The store refuses the whole batch (disk full, connection lost): every cast of it is answered "not_stored", and the
   phones try again. Where the store failed after it had persisted the batch, this is case 2.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeAlias

from forum.live.group_commit import Committed, GroupCommit
from forum.live.message_allowance import Changes
from forum.ports import Store, Work
from forum.voting.ballot import Cast, CastOutcome

Answer: TypeAlias = Callable[[CastOutcome], None]
Counted: TypeAlias = Callable[[dict[str, int]], None]

MOST_WAITING = 50_000
_BATCH = 2_000


class Intake:
    """Takes casts from everywhere in this process and commits them in batches.

    `counted` is called after each commit, before the answers, with the number of ballots of every round in it.
    """

    def __init__(self, store: Store, counted: Counted) -> None:
        self._counted = counted
        self._changes = Changes()
        self._casts = GroupCommit(store, self._commit, _not_stored, most_waiting=MOST_WAITING, batch=_BATCH)

    def cast(self, cast: Cast, answer: Answer) -> None:
        """Takes a cast and returns at once; `answer` is called exactly once, after the commit or its failure.

        Who has cast far more often than anybody changes their mind is answered "too_fast" at once.
        """
        if self._changes.take(cast.participant, asyncio.get_running_loop().time()):
            self._casts.put(cast, answer)
        else:
            answer(CastOutcome(cast, "too_fast"))

    async def cast_and_wait(self, cast: Cast) -> CastOutcome:
        """The same for a caller that can wait, as a form post can."""
        if self._changes.take(cast.participant, asyncio.get_running_loop().time()):
            return await self._casts.put_and_wait(cast)
        return CastOutcome(cast, "too_fast")

    async def drain(self) -> None:
        """Returns when everything taken so far has been answered. For closing down."""
        await self._casts.drain()

    async def _commit(self, work: Work, casts: Sequence[Cast]) -> Committed[CastOutcome]:
        outcomes = await work.rounds.cast(list(casts))
        counted = await work.rounds.voted(sorted({o.cast.round for o in outcomes if not o.refusal}))
        return outcomes, lambda: self._counted(counted)


def _not_stored(cast: Cast) -> CastOutcome:
    return CastOutcome(cast, "not_stored")
