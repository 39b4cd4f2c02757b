"""Letters to writers of stories: news of their story, for those who left an address on its private page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from forum.ports import Work
from forum.ports.clock import Clock
from forum.ports.mail import Letter, MailState, Subscription
from forum.services.mail.desk import REST_MINUTES, SETTLED_MINUTES, Step
from forum.services.mail.subscriptions import is_done
from forum.services.stories import timeline
from forum.services.stories.timeline import Event, EventKind
from forum.stories.submission import Submission

# The writer did these things, so they are no news to the writer.
OWN = frozenset({EventKind.RECEIVED, EventKind.APPEALED})
LOOK_MINUTES = 60


class StoryLetters(Protocol):
    """Writer of the letters of this desk; their words belong to `forum/web/words`."""

    def confirmation(self, to: Subscription, at: str) -> Letter:
        """Returns the mail that asks the receiver to confirm the address."""
        ...

    def news(self, to: Subscription, story: Submission, events: Sequence[Event], at: str) -> Letter:
        """Returns the mail that tells `events`, at least one, of a story."""
        ...


class StoryDesk:
    """Implements desk.Desk for subscriptions to news of a story."""

    def __init__(self, letters: StoryLetters) -> None:
        self._letters = letters

    async def late(self, work: Work, clock: Clock) -> Sequence[Subscription]:
        """Returns the subscriptions that were not confirmed in time."""
        return await work.mail.late(clock.now())

    async def due(self, work: Work, clock: Clock, size: int) -> Sequence[Subscription]:
        """Returns the subscriptions to look at: time has passed, or the record has grown."""
        return await work.mail.list_due_subscriptions(clock.now(), size)

    async def step(self, work: Work, clock: Clock, row: Subscription, size: int) -> Step[Subscription]:
        """Returns the question for an address that was left, and for a confirmed one the news that has settled."""
        if row.state == MailState.ASKED:
            asked = replace(row, state=MailState.SENT_OUT, tries=0)
            return Step(self._letters.confirmation(row, clock.now()), asked)
        settled, later = clock.later(minutes=-SETTLED_MINUTES), clock.later(minutes=LOOK_MINUTES)
        story = await work.stories.get_story(row.story)
        events = await timeline.life(work, story)
        new = [event for event in events if event.at > row.told_until and event.kind not in OWN]
        news = [event for event in new if event.at <= settled]
        looked = row if len(news) < len(new) else replace(row, seen=size, look_at=later)
        if is_done(row.asked_at, events, clock):
            return Step(end=MailState.DONE)
        if news:
            rest = clock.later(minutes=REST_MINUTES)
            told = replace(looked, told_until=settled, not_before=rest, tries=0)
            return Step(self._letters.news(row, story, news, clock.now()), told)
        return Step(after=looked) if looked is not row else Step()

    async def save(self, work: Work, after: Subscription, before: Subscription) -> bool:
        """Stores a changed subscription."""
        return await work.mail.save_subscription(after, before)

    async def end(self, work: Work, row: Subscription, why: MailState) -> bool:
        """Erases the address and keeps `why`, which the story's private page shows."""
        return await work.mail.save_subscription(replace(row, state=why, address=""), row)

    async def forget(self, work: Work, row: Subscription) -> bool:
        """Deletes a subscription that was not confirmed in time, unless it changed since it was read."""
        there = await work.mail.get_subscription(row.story)
        return there == row and await work.mail.erase_story(row.story)
