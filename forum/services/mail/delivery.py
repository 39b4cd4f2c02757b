"""The background task of a server that sends e-mail about stories, one letter after the other.

Each round takes the subscriptions that are due, sends each one letter with all news, and only then notes that it was
told: after a crash the same letter goes out again, with the same Message-ID. A slow or absent mail server delays
nothing but e-mail. Without a mail server nothing is sent, and addresses are still erased when their time has come.
Log lines name neither people nor stories.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from forum.errors import StoreUnavailable
from forum.ports import Store
from forum.ports.clock import Clock
from forum.ports.mail import Letter, MailState, Post, Posted, Subscription
from forum.services import scrub
from forum.services.mail.subscriptions import is_done
from forum.services.periodic import Periodic
from forum.services.stories import timeline
from forum.services.stories.timeline import Event, EventKind
from forum.stories.submission import Submission

EVERY = 60.0
# The writer did these things, so they are no news to the writer.
OWN = frozenset({EventKind.RECEIVED, EventKind.APPEALED})
# News must be this old: another event may follow it, or be on its way to the disk, and one letter tells both.
SETTLED_MINUTES = 1
# The least time between two letters of a subscription, so that a busy day does not bring a mail every minute.
REST_MINUTES = 60
LOOK_MINUTES = 60
# An address that is refused for now is tried again after 2, 4, 8 ... minutes, 12 hours at most: about five days.
MOST_TRIES, LONGEST_MINUTES = 18, 720
# The longest wait for a mail server that is away, in minutes; it doubles up to here.
LONGEST_DOWN = 30

log = structlog.get_logger()


class Letters(Protocol):
    """Writer of letters; their words belong to `forum/web/words`."""

    def confirmation(self, to: Subscription, at: str) -> Letter:
        """Returns the mail that asks the receiver to confirm the address."""
        ...

    def news(self, to: Subscription, story: Submission, events: Sequence[Event], at: str) -> Letter:
        """Returns the mail that tells `events`, at least one, of a story."""
        ...


class Mailing:
    """Sends mail for as long as the server runs; `once` is one round. Without a `post` nothing is sent."""

    def __init__(self, store: Store, clock: Clock, post: Post | None, letters: Letters) -> None:
        self._store = store
        self._clock = clock
        self._post = post
        self._letters = letters
        self._turn = asyncio.Lock()
        self._down = 0
        self._down_until = ""
        self._patience: asyncio.Timeout | None = None
        self._rounds = Periodic(self.once, EVERY, self._failed)

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

    async def once(self) -> None:
        """Runs one round: erases addresses that are late, sends what is due. Raises StoreUnavailable."""
        async with self._turn:
            now = self._clock.now()
            async with self._store.read() as work:
                size = await work.record.size()
                late = await work.mail.late(now)
                due = await work.mail.list_due_subscriptions(now, size)
            for subscription in late:
                await self._forget(subscription)
            gone = {subscription.id for subscription in late}
            for subscription in due:
                if subscription.id not in gone and not self._rounds.stopping:
                    await self._carefully(subscription, size)
            await scrub.scrub(self._store)

    async def _carefully(self, subscription: Subscription, size: int) -> None:
        """Handles one subscription; logs an error with it, so that the others are handled too."""
        try:
            await (self._ask(subscription) if subscription.state == MailState.ASKED else self._tell(subscription, size))
        except StoreUnavailable:
            raise
        except Exception as error:
            log.warning("an e-mail could not be made", error=type(error).__name__)

    async def _ask(self, subscription: Subscription) -> None:
        letter = self._letters.confirmation(subscription, self._clock.now())
        await self._send(letter, subscription, replace(subscription, state=MailState.SENT_OUT, tries=0))

    async def _tell(self, subscription: Subscription, size: int) -> None:
        settled, later = self._clock.later(minutes=-SETTLED_MINUTES), self._clock.later(minutes=LOOK_MINUTES)
        async with self._store.read() as work:
            story = await work.stories.get_story(subscription.story)
            events = await timeline.life(work, story)
        new = [event for event in events if event.at > subscription.told_until and event.kind not in OWN]
        news = [event for event in new if event.at <= settled]
        looked = subscription if len(news) < len(new) else replace(subscription, seen=size, look_at=later)
        if is_done(subscription.asked_at, events, self._clock):
            await self._end(subscription, MailState.DONE)
        elif news:
            letter = self._letters.news(subscription, story, news, self._clock.now())
            rest = self._clock.later(minutes=REST_MINUTES)
            await self._send(letter, subscription, replace(looked, told_until=settled, not_before=rest, tries=0))
        elif looked is not subscription:
            await self._save(looked, subscription)

    async def _send(self, letter: Letter, subscription: Subscription, after: Subscription) -> None:
        """Sends a letter, and saves `after` once the mail server took it; otherwise sets a later time, or ends the
        subscription."""
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
            await self._save(replace(subscription, not_before=self._down_until), subscription)
            return
        self._down = 0
        if posted is Posted.TAKEN:
            await self._save(after, subscription)
        elif posted is Posted.REFUSED or subscription.tries >= MOST_TRIES:
            await self._end(subscription, MailState.REFUSED)
        else:
            wait = self._clock.later(minutes=min(2 ** (subscription.tries + 1), LONGEST_MINUTES))
            await self._save(replace(subscription, tries=subscription.tries + 1, not_before=wait), subscription)

    async def _save(self, after: Subscription, before: Subscription) -> None:
        async with self._store.begin() as work:
            await work.mail.save_subscription(after, before)

    async def _end(self, subscription: Subscription, why: MailState) -> None:
        """Erases the address and keeps `why`, which the story's private page shows."""
        async with self._store.begin() as work:
            if await work.mail.save_subscription(replace(subscription, state=why, address=""), subscription):
                await scrub.to_do(work, self._clock.now())

    async def _forget(self, subscription: Subscription) -> None:
        """Deletes a subscription that was not confirmed in time, unless it changed since it was read."""
        async with self._store.begin() as work:
            there = await work.mail.get_subscription(subscription.story)
            if there == subscription and await work.mail.erase_story(subscription.story):
                await scrub.to_do(work, self._clock.now())
