"""Group read: what is asked while the last snapshot is read waits, and is read from the next one together.

A thousand phones that come at once ask for a thousand small things; opening a snapshot for each costs more than
reading it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from forum.ports import Store, Work

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

MOST_AT_ONCE = 500
# Answers that are given in one step of the event loop: whoever has one goes on there, and a screen is greeted.
GIVEN_AT_ONCE = 50


class GroupRead(Generic[Asked, Answer]):
    """Answers from snapshots that begin after the question came. `read` answers a list of questions in its order."""

    def __init__(self, store: Store, read: Callable[[Work, Sequence[Asked]], Awaitable[Sequence[Answer]]]) -> None:
        self._store = store
        self._read = read
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answer:
        """Returns the answer. Raises StoreUnavailable, and what `read` raises."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        return await future

    async def _run(self) -> None:
        try:
            while self._waiting:
                turn, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                await self._answer(turn)
        finally:
            self._task = None
            for _, future in self._waiting:
                future.cancel()

    async def _answer(self, turn: Sequence[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        try:
            async with self._store.read() as work:
                answers = await self._read(work, [asked for asked, _ in turn])
        except Exception as error:
            for _, future in turn:
                if not future.done():
                    future.set_exception(error)
            return
        except BaseException:  # the server ends
            for _, future in turn:
                future.cancel()
            raise
        try:
            for number, ((_, future), answer) in enumerate(zip(turn, answers, strict=True), 1):
                if not future.done():
                    future.set_result(answer)
                if number % GIVEN_AT_ONCE == 0:
                    await asyncio.sleep(0)
        finally:
            for _, future in turn:
                future.cancel()  # of one that has its answer this does nothing
