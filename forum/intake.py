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
from collections.abc import Callable, Iterable
from typing import TypeAlias

import structlog

from forum.ballot import Cast
from forum.errors import StoreUnavailable
from forum.ports import CastOutcome, Store

Answer: TypeAlias = Callable[[CastOutcome], None]
Counted: TypeAlias = Callable[[dict[str, int]], None]

MOST_WAITING = 50_000
_BATCH = 2_000

log = structlog.get_logger()


class Intake:
    """Takes casts from everywhere in this process and commits them in batches.

    `counted` is called after each commit, before the answers, with the number of ballots of every round in it.
    """

    def __init__(self, store: Store, counted: Counted) -> None:
        self._store = store
        self._counted = counted
        self._waiting: list[tuple[Cast, Answer]] = []
        self._task: asyncio.Task[None] | None = None

    def cast(self, cast: Cast, answer: Answer) -> None:
        """Takes a cast and returns at once; `answer` is called exactly once, after the commit or its failure."""
        if len(self._waiting) >= MOST_WAITING:
            answer(CastOutcome(cast, "not_stored"))
            return
        self._waiting.append((cast, answer))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def cast_and_wait(self, cast: Cast) -> CastOutcome:
        """The same for a caller that can wait, as a form post can."""
        future: asyncio.Future[CastOutcome] = asyncio.get_running_loop().create_future()
        self.cast(cast, lambda outcome: None if future.done() else future.set_result(outcome))
        return await future

    async def drain(self) -> None:
        """Returns when everything taken so far has been answered. For closing down."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
                await self._commit(batch)
        finally:
            self._task = None

    async def _commit(self, batch: list[tuple[Cast, Answer]]) -> None:
        outcomes: Iterable[CastOutcome]
        try:
            async with self._store.begin() as work:
                outcomes = await work.rounds.cast([cast for cast, _ in batch])
                counted = await work.rounds.voted(sorted({o.cast.round for o in outcomes if not o.refusal}))
        except StoreUnavailable as error:
            log.warning("ballots not stored", ballots=len(batch), error=str(error))
            outcomes = [CastOutcome(cast, "not_stored") for cast, _ in batch]
            counted = {}
        except Exception:
            # A bug, not a full disk: whoever waits must still be told, and the next batch must still be tried.
            log.exception("ballots not stored", ballots=len(batch))
            outcomes = [CastOutcome(cast, "not_stored") for cast, _ in batch]
            counted = {}
        self._counted(counted)
        for (_, answer), outcome in zip(batch, outcomes, strict=True):
            answer(outcome)
