"""E-mail about a story to its writer: asked for, confirmed, stopped; the address is erased at the end.

    asked --its mail went out--> sent --its link was opened--> confirmed --> (told, again and again) --> done
    any of them --stopped, taken back, link new or off, too late--> deleted; refused for good --> refused

So that nobody gets mail that they did not ask for, the first mail only asks to confirm, and holds no typed words;
nothing else goes out until the address was confirmed from it. A story has one address: a new one replaces the old.
The links of mails to followers (`following`) are confirmed and stopped here too.
Nothing is sent in this module (`delivery` does), so that asking takes equally long, and answers alike, for every
address.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

import msgspec

from forum.errors import IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.followers import Follower
from forum.ports.mail import MailState, Subscription
from forum.ports.owners import OwnerMail
from forum.services import scrub
from forum.services.keys import digest, new_key
from forum.services.mail import following, owner_addresses
from forum.services.mail.addresses import checked
from forum.services.stories.timeline import Event
from forum.stories.submission import StoryStatus

DAYS_TO_CONFIRM = 3
# Days from the last day by which something was promised until the address is erased.
DAYS_AFTER_PROMISES = 30
# Days without any event until the address is erased.
QUIET_DAYS = 365

_GONE = "This link does not work any more. Perhaps it is older than %(days)s days, or was stopped. You can ask again."


class Standing(msgspec.Struct, frozen=True):
    """State of a story's e-mail, for its private page. `state` is None for none."""

    state: MailState | None = None
    until: str = ""

    @property
    def waiting(self) -> bool:
        """Tells whether the address still has to be confirmed."""
        return self.state in {MailState.ASKED, MailState.SENT_OUT}


async def standing(work: Work, story: str) -> Standing:
    """Returns the state of a story's e-mail."""
    there = await work.mail.get_subscription(story)
    return Standing(there.state, there.until) if there else Standing()


async def ask(store: Store, clock: Clock, key: str, address: str, *, send: bool = True) -> None:
    """Keeps the address for a story, given by the key of its private link; `delivery` then asks it to confirm.

    `send=False` does everything but that mail, for an address that was asked too often. Raises NotFound for an
    unknown key, BadInput(field="address"), IllegalMove for a story that was taken back.
    """
    address = checked(address)
    async with store.begin() as work:
        story = await work.stories.by_link(digest(key), lock=True)
        if story.status == StoryStatus.WITHDRAWN:
            raise IllegalMove("You have taken this story back. Nothing more will become of it.")
        now = clock.now()
        if await work.mail.erase_story(story.id):
            await scrub.to_do(work, now)
        await work.mail.add_subscription(
            Subscription(
                id=secrets.token_hex(16),
                story=story.id,
                address=address,
                key=new_key(),
                state=MailState.ASKED if send else MailState.SENT_OUT,
                asked_at=now,
                until=clock.later(days=DAYS_TO_CONFIRM),
                told_until=now,
                not_before=now,
                look_at=now,
            )
        )


Addressee = Subscription | Follower | OwnerMail


async def waiting(work: Work, clock: Clock, key: str) -> Subscription | Follower:
    """Returns whom a mail's link confirms, or has confirmed. Raises NotFound where it came too late."""
    try:
        there = await by_key(work, key)
    except NotFound as error:
        raise NotFound(_GONE, days=DAYS_TO_CONFIRM) from error
    if isinstance(there, OwnerMail):
        raise NotFound(_GONE, days=DAYS_TO_CONFIRM)  # given by a commissioner: there is nothing to confirm
    if there.state != MailState.CONFIRMED and (there.until <= clock.now() or not there.address):
        raise NotFound(_GONE, days=DAYS_TO_CONFIRM)
    return there


async def by_key(work: Work, key: str) -> Addressee:
    """Returns the subscription, the follower or the owner's address with the key of its mails. Raises NotFound."""
    for find in (work.mail.by_key, work.followers.follower_by_key):
        with suppress(NotFound):
            return await find(key)
    return await work.owners.owner_mail_by_key(key)


async def confirm(store: Store, clock: Clock, key: str) -> Subscription | Follower:
    """Confirms an address: from now on it is told. Changes nothing where it was confirmed before. Raises NotFound."""
    async with store.begin() as work:
        there, now = await waiting(work, clock, key), clock.now()
        if there.state == MailState.CONFIRMED:
            return there
        if isinstance(there, Follower):
            told = replace(there, state=MailState.CONFIRMED, not_before=now, tries=0)
            await work.followers.save_follower(told, there)
        else:
            await work.mail.save_subscription(
                replace(there, state=MailState.CONFIRMED, not_before=now, look_at=now, tries=0), there
            )
        return there


async def stop(store: Store, clock: Clock, key: str) -> None:
    """Stops the mails that contain this key and erases their address before it returns; does nothing the second
    time."""
    async with store.begin() as work:
        try:
            there = await by_key(work, key)
        except NotFound:
            return
        await forget(work, clock, there)
    await scrub.scrub(store)


async def forget(work: Work, clock: Clock, there: Addressee) -> None:
    """Erases an address with its row."""
    if isinstance(there, Follower):
        await following.erase(work, clock, there)
    elif isinstance(there, OwnerMail):
        await owner_addresses.forget_address(work, there.commitment, clock.now())
    else:
        await _forget(work, clock, there.story)


async def stop_for(store: Store, clock: Clock, key: str) -> None:
    """Stops the mails of a story, given by the key of its private link. Raises NotFound for an unknown one."""
    async with store.begin() as work:
        story = await work.stories.by_link(digest(key), lock=True)
        await _forget(work, clock, story.id)
    await scrub.scrub(store)


async def _forget(work: Work, clock: Clock, story: str) -> None:
    if await work.mail.erase_story(story):
        await scrub.to_do(work, clock.now())


def is_done(asked_at: str, events: Iterable[Event], clock: Clock) -> bool:
    """Tells whether a subscription is over, as nothing more is to be expected of its story.

    It is over when every day by which something was promised is DAYS_AFTER_PROMISES past and nothing has happened
    since, or when nothing has happened for QUIET_DAYS.
    """
    events = list(events)
    latest = max([asked_at, *(event.at for event in events)])
    promised = [event.commitment.by for event in events if event.commitment]
    if promised and max(promised) < clock.later(days=-DAYS_AFTER_PROMISES)[:10]:
        return latest <= clock.later(days=-DAYS_AFTER_PROMISES)
    return latest <= clock.later(days=-QUIET_DAYS)
