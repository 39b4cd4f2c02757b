"""Recorded day whose decision and promise people follow by e-mail: a real store and mail server, and a set clock."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from forum.adapters.smtp import SmtpPost
from forum.ports.followers import Followed, Follower, Subject
from forum.services import commitments
from forum.services.commitments import UpdateForm
from forum.services.mail import following, subscriptions
from forum.services.mail.delivery import Mailing
from forum.services.noticed import link_of_follower
from forum.store import SqlStore
from forum.web.words.letters import MailLetters
from support.factories import CLOCK, SetClock
from support.recorded_day import Day, a_day
from support.smtp_server import Arrived, PostOffice, server_of
from support.voted_session import COMMISSIONER

BASE = "https://forum.example.org"
FAY = "fay@reader.test"
SECRET = b"of the links that ask whether a promise was noticed"


@dataclass
class FollowDesk:
    """Recorded day, the mail server, and the task between them, run one round at a time."""

    store: SqlStore
    path: Path
    clock: SetClock
    office: PostOffice
    mailing: Mailing
    day: Day

    @property
    def promise(self) -> Subject:
        """Returns the day's promise, as it is followed."""
        return Subject(Followed.PROMISE, self.day.commitment)

    @property
    def commission(self) -> Subject:
        """Returns the day's commission, as it is followed."""
        return Subject(Followed.COMMISSION, self.day.voted.live.commission)

    async def stored(self, subject: Subject, address: str = FAY) -> Follower | None:
        """Returns the follower of a thing with this address, or None."""
        async with self.store.read() as work:
            return await work.followers.follower(subject, address)

    async def follow(self, subject: Subject, address: str = FAY) -> str:
        """Follows a thing and confirms by the mail that came; returns the key of the mails."""
        await following.follow(self.store, self.clock, subject, address)
        await self.rounds()
        [key] = re.findall(rf"{BASE}/mail/confirm/(\S+)", str(self.sent_to(address)[-1].text))
        await subscriptions.confirm(self.store, self.clock, key)
        return str(key)

    async def say(self, state: str, said: str = "It stands so.", because: str = "") -> None:
        """Says, as a commissioner and a second later, what became of the promise."""
        self.clock.move(seconds=1)
        async with self.store.read() as work:
            after = (await work.decisions.get_commitment(self.day.commitment)).updates[-1].id
        form = UpdateForm(after=after, state=state, said=said, because=because)
        await commitments.update(self.store, self.clock, COMMISSIONER, self.day.commitment, form)

    async def rounds(self, number: int = 1, **each: float) -> None:
        """Runs so many rounds of the mail task, moving the clock by `each` (timedelta's arguments) before every one."""
        for _ in range(number):
            self.clock.move(**each)
            await self.mailing.once()

    def sent_to(self, address: str = FAY) -> list[Arrived]:
        """Returns the mails that arrived at an address."""
        return [one for one in self.office.arrived if one.to == [address]]


@asynccontextmanager
async def a_follow_desk(store: SqlStore, folder: Path) -> AsyncIterator[FollowDesk]:
    """Makes a recorded day in an empty store, whose file is in `folder`, and runs a mail server beside it."""
    day = await a_day(store)
    clock = SetClock(CLOCK.now())
    clock.move(days=4)  # the vote that stands open in it is forgotten by then, and wiping need not wait for it
    async with PostOffice() as office:
        mailing = Mailing(
            store, clock, SmtpPost(server_of(office.url)), MailLetters(BASE), partial(link_of_follower, SECRET)
        )
        yield FollowDesk(store, folder / "forum.db", clock, office, mailing, day)
