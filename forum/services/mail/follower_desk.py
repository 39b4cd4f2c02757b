"""Letters to followers: what was published of a commission, a decision or a promise that an address follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from forum.errors import NotFound
from forum.ports import Work
from forum.ports.clock import Clock
from forum.ports.followers import Follower, Subject
from forum.ports.mail import Letter, MailState
from forum.services.mail import following
from forum.services.mail.desk import REST_MINUTES, SETTLED_MINUTES, Step
from forum.services.mail.following import QUIET_DAYS, Thing
from forum.services.stories.timeline import Event
from forum.voting.noticed import open_asking

# Letters of one round: a mail server takes one after the other, and other letters wait meanwhile.
A_ROUND = 200


class FollowerLetters(Protocol):
    """Writer of the letters of this desk; their words belong to `forum/web/words`."""

    def follow_confirmation(self, to: Follower, at: str) -> Letter:
        """Returns the mail that asks the receiver to confirm the address."""
        ...

    def follow_news(self, to: Follower, thing: Thing, events: Sequence[Event], at: str, question: str = "") -> Letter:
        """Returns the mail that tells `events`, at least one, of a thing; `question` is the key of a link that asks
        whether they have noticed it, "" for none."""
        ...


class FollowerDesk:
    """Implements desk.Desk for followers. It remembers when each followed thing had its latest news, so that a record
    that has not grown costs no look at all of them."""

    def __init__(self, letters: FollowerLetters, ask: Callable[[str], str] | None = None) -> None:
        """`ask` makes the key of a link that asks whether a promise was noticed, for the update at which that is
        asked; without it nobody is asked."""
        self._letters = letters
        self._ask = ask
        self._size = -1
        self._settles = False
        self._latest: dict[Subject, str] = {}

    async def late(self, work: Work, clock: Clock) -> Sequence[Follower]:
        """Returns the followers who did not confirm in time, or were told of nothing for QUIET_DAYS."""
        return await work.followers.late_followers(clock.now(), clock.later(days=-QUIET_DAYS))

    async def due(self, work: Work, clock: Clock, size: int) -> Sequence[Follower]:
        """Returns at most A_ROUND followers who wait for the question, or for news that has settled."""
        now = clock.now()
        found = await work.followers.asked_followers(now, A_ROUND)
        await self._look(work, clock, size)
        for subject, latest in self._latest.items():
            if len(found) < A_ROUND and latest:
                found += await work.followers.untold_followers(subject, latest, now, A_ROUND - len(found))
        return found

    async def _look(self, work: Work, clock: Clock, size: int) -> None:
        """Brings `_latest` in step with what is followed now, and with what was published."""
        settled = clock.later(minutes=-SETTLED_MINUTES)
        known = {} if size != self._size or self._settles else self._latest
        self._size, self._settles, self._latest = size, False, {}
        for subject in await work.followers.subjects():
            if subject in known:
                self._latest[subject] = known[subject]
                continue
            times = [event.at for event in await _events(work, subject)]
            self._settles = self._settles or any(at > settled for at in times)
            self._latest[subject] = max((at for at in times if at <= settled), default="")

    async def step(self, work: Work, clock: Clock, row: Follower, size: int) -> Step[Follower]:
        """Returns the question for an address that was left, and for a confirmed one what is published now and has
        settled."""
        now, settled = clock.now(), clock.later(minutes=-SETTLED_MINUTES)
        if await work.followers.follower(row.subject, row.address) != row:
            return Step()  # stopped, or confirmed, while letters to others went out
        if row.state == MailState.ASKED:
            asked = replace(row, state=MailState.SENT_OUT, tries=0)
            return Step(self._letters.follow_confirmation(row, now), asked)
        thing = await following.thing_of(work, row.subject)
        events = await following.events_of(work, thing)
        news = [event for event in events if row.told_until < event.at <= settled]
        if not news:
            return Step()
        told = replace(row, told_until=settled, not_before=clock.later(minutes=REST_MINUTES), tries=0)
        return Step(self._letters.follow_news(row, thing, news, now, self._question(thing, news, now)), told)

    def _question(self, thing: Thing, news: Sequence[Event], now: str) -> str:
        """Returns the key of a link that asks whether a promise was noticed, where the news opens that question; ""
        where not. Only those who follow the promise itself are asked, so that nobody is asked by two mails."""
        asking = open_asking(thing.commitment, now) if thing.commitment is not None else None
        opens = asking is not None and any(one.update and one.update.id == asking.id for one in news)
        return self._ask(asking.id) if self._ask and asking is not None and opens else ""

    async def save(self, work: Work, after: Follower, before: Follower) -> bool:
        """Stores a changed follower."""
        return await work.followers.save_follower(after, before)

    async def end(self, work: Work, row: Follower, why: MailState) -> bool:
        """Deletes a follower: no page shows why."""
        return await work.followers.erase_follower(row.id)

    async def forget(self, work: Work, row: Follower) -> bool:
        """Deletes a late follower, unless it changed since it was read."""
        there = await work.followers.follower(row.subject, row.address)
        return there == row and await work.followers.erase_follower(row.id)


async def _events(work: Work, subject: Subject) -> list[Event]:
    """Returns what is published of a thing; nothing where it cannot be followed any more."""
    try:
        return await following.events_of(work, await following.thing_of(work, subject))
    except NotFound:
        return []
