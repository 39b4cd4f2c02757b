"""The background task of a server that sends e-mail, one letter after the other.

Each round takes the rows that are due at each desk (`desk.py`), sends each one letter with all news, and only then
notes that it was told: after a crash the same letter goes out again, with the same Message-ID. A slow or absent mail
server delays nothing but e-mail. Without a mail server nothing is sent, and addresses are still erased when their time
has come. Log lines name neither people nor stories.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import structlog

from forum.errors import StoreUnavailable
from forum.ports import Store
from forum.ports.clock import Clock
from forum.ports.mail import Letter, MailState, Post, Posted
from forum.services import scrub
from forum.services.mail.desk import Desk, Step
from forum.services.mail.follower_desk import FollowerDesk, FollowerLetters
from forum.services.mail.owner_desk import OwnerDesk, OwnerLetters
from forum.services.mail.story_desk import StoryDesk, StoryLetters
from forum.services.periodic import Periodic

EVERY = 60.0
# Seconds after which a process that wants to send asks again, while another one does.
AGAIN = 5.0
# An address that is refused for now is tried again after 2, 4, 8 ... minutes, 12 hours at most: about five days.
MOST_TRIES, LONGEST_MINUTES = 18, 720
# The longest wait for a mail server that is away, in minutes; it doubles up to here.
LONGEST_DOWN = 30

log = structlog.get_logger()


class Letters(StoryLetters, FollowerLetters, OwnerLetters, Protocol):
    """Writer of the letters of every desk."""


class Mailing:
    """Sends mail for as long as the server runs; `once` is one round. Without a `post` nothing is sent. `ask` is as for
    FollowerDesk."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        post: Post | None,
        letters: Letters,
        ask: Callable[[str], str] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._post = post
        self._desks: Sequence[Desk[Any]] = (StoryDesk(letters), FollowerDesk(letters, ask), OwnerDesk(letters))
        self._turn = asyncio.Lock()
        self._down = 0
        self._down_until = ""
        self._patience: asyncio.Timeout | None = None
        self._rounds = Periodic(self._round, EVERY, self._failed)

    def start(self) -> None:
        """Starts the task: a round at once, and then one every EVERY seconds."""
        self._rounds.start()

    def wake(self) -> None:
        """Starts the next round now, because there is something to send."""
        self._rounds.wake()

    async def stop(self) -> None:
        """Stops the task and returns when it has ended; waits for the database, but not for a mail server."""
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time())
        await self._rounds.stop()

    def _failed(self, error: Exception) -> None:
        # Without its words, which may name people.
        log.warning("a round of e-mail failed", error=type(error).__name__)

    async def _round(self) -> None:
        """Runs one round where no other process runs one now; else comes back soon, as this one may know of news."""
        async with self._store.job_lock("mail") as lock:
            if lock.granted:
                await self.once()
            else:
                asyncio.get_running_loop().call_later(AGAIN, self.wake)

    async def once(self) -> None:
        """Runs one round: erases addresses that are late, sends what is due. Raises StoreUnavailable."""
        async with self._turn:
            for desk in self._desks:
                async with self._store.read() as work:
                    size = await work.record.size()
                    late = await desk.late(work, self._clock)
                    due = await desk.due(work, self._clock, size)
                for row in late:
                    await self._forget(desk, row)
                gone = {row.id for row in late}
                for row in due:
                    if row.id not in gone and not self._rounds.stopping:
                        await self._carefully(desk, row, size)
            await scrub.scrub(self._store)

    async def _carefully(self, desk: Desk[Any], row: Any, size: int) -> None:
        """Handles one row; logs an error with it, so that the others are handled too."""
        try:
            async with self._store.read() as work:
                step = await desk.step(work, self._clock, row, size)
            if step.end is not None:
                await self._end(desk, row, step.end)
            elif step.letter is not None:
                await self._send(desk, step.letter, row, step)
            elif step.after is not None:
                await self._save(desk, step.after, row)
        except StoreUnavailable:
            raise
        except Exception as error:
            log.warning("an e-mail could not be made", error=type(error).__name__)

    async def _send(self, desk: Desk[Any], letter: Letter, row: Any, step: Step[Any]) -> None:
        """Sends a letter, and saves the row after it once the mail server took it; otherwise sets a later time, or ends
        the row."""
        if self._post is None or self._rounds.stopping or self._clock.now() < self._down_until:
            return
        try:
            async with asyncio.timeout(None) as self._patience:
                posted = await self._post.send(letter)
        except TimeoutError:
            return  # stopped by `stop`: the letter goes out when the server runs again
        finally:
            self._patience = None
        if posted is Posted.DOWN:
            self._down += 1
            self._down_until = self._clock.later(minutes=min(2**self._down, LONGEST_DOWN))
            # After the others: the mail server may hang at this very letter, and the others shall go out.
            await self._save(desk, replace(row, not_before=self._down_until), row)
            return
        self._down = 0
        if posted is Posted.TAKEN:
            await self._save(desk, step.after, row)
        elif posted is Posted.REFUSED or row.tries >= MOST_TRIES:
            await self._end(desk, row, MailState.REFUSED)
        else:
            wait = self._clock.later(minutes=min(2 ** (row.tries + 1), LONGEST_MINUTES))
            await self._save(desk, replace(row, tries=row.tries + 1, not_before=wait), row)

    async def _save(self, desk: Desk[Any], after: Any, before: Any) -> None:
        async with self._store.begin() as work:
            await desk.save(work, after, before)

    async def _end(self, desk: Desk[Any], row: Any, why: MailState) -> None:
        async with self._store.begin() as work:
            if await desk.end(work, row, why):
                await scrub.to_do(work, self._clock.now())

    async def _forget(self, desk: Desk[Any], row: Any) -> None:
        async with self._store.begin() as work:
            if await desk.forget(work, row):
                await scrub.to_do(work, self._clock.now())
