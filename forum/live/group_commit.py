"""Group commit: what comes while the last transaction runs waits, and goes into the next one together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, ParamSpec, TypeAlias, TypeVar

import structlog

from forum.errors import StoreUnavailable
from forum.live.metrics import BATCH, COMMIT
from forum.ports import Store, Work

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Told = ParamSpec("Told")
# What a batch became, item by item; and what is to be done once it is on disk, before anybody is answered.
Committed: TypeAlias = tuple[Iterable[Answer], Callable[[], None]]

# Answers that are given in one step of the event loop: each takes 20 to 50 us.
AT_ONCE = 100
# Seconds, at most, for which items are gathered after a batch of several.
GATHER = 0.01

log = structlog.get_logger()


class GroupCommit(Generic[Item, Answer]):
    """Takes items from everywhere in this process; each is answered exactly once, after its commit or its failure.

    `commit` is given a batch in the transaction that it belongs to. `refuse` gives the answer to an item of a batch
    that the store did not take, and to every one beyond `most_waiting`.
    """

    def __init__(
        self,
        store: Store,
        commit: Callable[[Work, Sequence[Item]], Awaitable[Committed[Answer]]],
        refuse: Callable[[Item], Answer],
        *,
        most_waiting: int,
        batch: int,
    ) -> None:
        self._store = store
        self._commit = commit
        self._refuse = refuse
        self._most_waiting = most_waiting
        self._batch = batch
        self._waiting: list[tuple[Item, Callable[[Answer], None]]] = []
        self._task: asyncio.Task[None] | None = None
        self.storing = False  # true while a batch is being stored

    def put(self, item: Item, answer: Callable[[Answer], None]) -> None:
        """Takes an item and returns at once."""
        if len(self._waiting) >= self._most_waiting:
            answer(self._refuse(item))
            return
        self._waiting.append((item, answer))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def put_and_wait(self, item: Item) -> Answer:
        """Takes an item and returns its answer, for a caller that can wait, as a form post can."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.put(item, lambda answer: None if future.done() else future.set_result(answer))
        return await future

    async def drain(self) -> None:
        """Returns when everything taken so far has been answered. For closing down."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
                began = time.perf_counter()
                self.storing = True
                answers = await self._answers([item for item, _ in batch])
                self.storing = False
                took = time.perf_counter() - began
                for number, ((_, answer), what) in enumerate(zip(batch, answers, strict=True), 1):
                    _tell(answer, what)
                    if number % AT_ONCE == 0:
                        await asyncio.sleep(0)
                if len(batch) > 1 and len(self._waiting) < AT_ONCE:
                    # Small batches cost each vote ten times as much: others have the process as long as this one had.
                    await asyncio.sleep(min(GATHER, took))
        finally:
            self.storing = False
            self._task = None

    async def _answers(self, items: Sequence[Item]) -> Sequence[Answer]:
        began = time.perf_counter()
        try:
            async with self._store.begin(first=True) as work:
                answers, on_disk = await self._commit(work, items)
                answers = list(answers)
        except StoreUnavailable as error:
            log.warning("a batch was not stored", items=len(items), error=str(error))
            return [self._refuse(item) for item in items]
        except Exception:
            # A bug, not a full disk: whoever waits must still be told, and the next batch must still be tried.
            log.exception("a batch was not stored", items=len(items))
            return [self._refuse(item) for item in items]
        COMMIT.observe(time.perf_counter() - began)
        BATCH.observe(len(items))
        _tell(on_disk)
        return answers


def _tell(tell: Callable[Told, None], *what: Told.args, **named: Told.kwargs) -> None:
    """Calls `tell`; logs what it raises, so that one failure keeps no answer from the others."""
    try:
        tell(*what, **named)
    except Exception:
        log.exception("somebody could not be told what became of a batch")
