"""Letters to whoever has to keep a promise: their link first, then reminders before the day, when it is late, and after
90 days without news.

Each letter holds a link of its own that works from then on, as only digests of links are kept: one that was mailed
before works as well, until the commitment is handed on or its links are switched off.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol

from forum.ports import Work
from forum.ports.clock import Clock
from forum.ports.mail import Letter, MailState
from forum.ports.owners import OwnerLink, OwnerMail
from forum.services import commitments
from forum.services.commitments import Promise
from forum.services.keys import digest, new_key
from forum.services.mail.desk import Step
from forum.voting.commitment import QUIET_DAYS, Commitment, days_without_news, is_open, is_overdue, is_quiet

# Days before the day of a promise, from which on its owner is reminded.
SOON_DAYS = 14
# The next look at an address where nothing was to be sent.
LOOK_DAYS = 1


class Reminder(StrEnum):
    """Reasons to remind the owner of a commitment."""

    SOON = "soon"
    LATE = "late"
    NO_NEWS = "no-news"


class OwnerLetters(Protocol):
    """Writer of the letters of this desk; their words belong to `forum/web/words`."""

    def owner(self, to: OwnerMail, promise: Promise, link: str, reasons: Sequence[Reminder], at: str) -> Letter:
        """Returns the mail with the key of an owner's link; without `reasons` it is the first."""
        ...


def reminders(commitment: Commitment, today: str) -> dict[Reminder, str]:
    """Returns the reasons to remind of a commitment on the day `today` (ISO), each with the word that is kept of it.

    A word names what the reminder is of, so that each goes out once: one for a day, and one for every 90 days
    without news.
    """
    if not is_open(commitment):
        return {}
    due: dict[Reminder, str] = {}
    if is_overdue(commitment, today):
        due[Reminder.LATE] = f"{Reminder.LATE}:{commitment.by}"
    elif commitment.by <= (date.fromisoformat(today) + timedelta(days=SOON_DAYS)).isoformat():
        due[Reminder.SOON] = f"{Reminder.SOON}:{commitment.by}"
    if is_quiet(commitment, today):
        times = days_without_news(commitment, today) // QUIET_DAYS
        due[Reminder.NO_NEWS] = f"{Reminder.NO_NEWS}:{commitment.news_at[:10]}:{times}"
    return due


class OwnerDesk:
    """Implements desk.Desk for the addresses of owners."""

    def __init__(self, letters: OwnerLetters) -> None:
        self._letters = letters

    async def late(self, work: Work, clock: Clock) -> Sequence[OwnerMail]:
        """Returns none: an address goes when its link stops, or as `step` finds."""
        return ()

    async def due(self, work: Work, clock: Clock, size: int) -> Sequence[OwnerMail]:
        """Returns the addresses to be looked at, each once a day."""
        return await work.owners.due_owner_mails(clock.now())

    async def step(self, work: Work, clock: Clock, row: OwnerMail, size: int) -> Step[OwnerMail]:
        """Returns the letter with the link, or with the reminders that are due and were not sent; the end where the
        commitment is finished or no reminders are wanted."""
        if await work.owners.owner_mail(row.commitment) != row:
            return Step()  # stopped, or replaced, while other letters went out
        promise, now = await commitments.promise_of(work, row.commitment), clock.now()
        first = row.state == MailState.ASKED
        due = reminders(promise.commitment, now[:10])
        if not first and (not row.reminders or not is_open(promise.commitment)):
            return Step(end=MailState.DONE)
        told = row.told.split()
        reasons = [] if first else [one for one, word in due.items() if word not in told]
        later = replace(row, not_before=clock.later(days=LOOK_DAYS), tries=0)
        if not (first or reasons):
            return Step(after=later)
        key = new_key()
        # The first letter names the day, so that it reminds of that too.
        told_now = " ".join(due.values())
        sent = replace(later, state=MailState.CONFIRMED, told=told_now, link=digest(key), written_at=now)
        return Step(self._letters.owner(row, promise, key, reasons, now), sent)

    async def save(self, work: Work, after: OwnerMail, before: OwnerMail) -> bool:
        """Stores a changed address; the link of a letter that was taken works from then on."""
        saved = await work.owners.save_owner_mail(after, before)
        if saved and after.link != before.link:
            link = OwnerLink(secrets.token_hex(16), after.commitment, after.link, after.written_at)
            await work.owners.add_owner_link(link)
        return saved

    async def end(self, work: Work, row: OwnerMail, why: MailState) -> bool:
        """Erases an address; where a mail server refused it that is kept, for the commissioner to see."""
        if why == MailState.REFUSED:
            return await work.owners.save_owner_mail(replace(row, state=why, address=""), row)
        return await work.owners.erase_owner_mail(row.commitment)

    async def forget(self, work: Work, row: OwnerMail) -> bool:
        """Deletes the address of a commitment."""
        return await work.owners.erase_owner_mail(row.commitment)
