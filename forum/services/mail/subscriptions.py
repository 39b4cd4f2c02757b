"""E-mail about a story, for a writer who asks for it: asked, confirmed, stopped; the address is erased when done.

    asked --its mail went out--> sent --its link was opened--> confirmed --> (told, again and again) --> done
    any of them --stopped, taken back, link new or off, too late--> nothing is left; refused for good --> refused

So that nobody is written to against their will, the first mail only asks, and holds no words of anybody's; nothing else
goes out until the address was confirmed from it. One address a story: a new one takes the place of the old. `mailing`
sends; here nothing is sent, so that asking takes as long, and answers the same, whatever address is asked about.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace

from forum.errors import IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.mail import ASKED, CONFIRMED, SENT_OUT, Subscription
from forum.services import scrubbing
from forum.services.keys import digest, new_key
from forum.services.mail.addresses import checked
from forum.services.stories.submissions import WITHDRAWN
from forum.services.stories.timeline import Event

DAYS_TO_CONFIRM = 3
# An address is erased so many days after the last day by which something was promised ...
DAYS_AFTER_PROMISES = 30
# ... and when nothing has happened for so many.
QUIET_DAYS = 365

_GONE = "This link does not work any more. Perhaps it is older than %(days)s days, or was stopped. You can ask again."


@dataclass(frozen=True)
class Standing:
    """How it stands with the e-mail of a story, for its private page. `state` is one of ports.MAIL_STATES, or ""."""

    state: str = ""
    until: str = ""

    @property
    def waiting(self) -> bool:
        """Whether somebody has to confirm the address."""
        return self.state in {ASKED, SENT_OUT}


async def standing(work: Work, story: str) -> Standing:
    """How it stands with the e-mail of a story."""
    there = await work.mail.get_subscription(story)
    return Standing(there.state, there.until) if there else Standing()


async def ask(store: Store, clock: Clock, key: str, address: str, *, send: bool = True) -> None:
    """Somebody leaves an address, by the key of their story's private link; `mailing` then asks it to confirm.

    `send` False keeps everything the same but that mail, for an address that was asked too often. Raises NotFound for
    an unknown key, BadInput (field "address"), IllegalMove for a story that was taken back.
    """
    address = checked(address)
    async with store.begin() as work:
        story = await work.stories.by_link(digest(key), lock=True)
        if story.status == WITHDRAWN:
            raise IllegalMove("You have taken this story back. Nothing more will become of it.")
        now = clock.now()
        if await work.mail.erase_story(story.id):
            await scrubbing.to_do(work, now)
        await work.mail.add_subscription(
            Subscription(
                id=secrets.token_hex(16),
                story=story.id,
                address=address,
                key=new_key(),
                state=ASKED if send else SENT_OUT,
                asked_at=now,
                until=clock.later(days=DAYS_TO_CONFIRM),
                told_until=now,
                not_before=now,
                look_at=now,
            )
        )


async def waiting(work: Work, clock: Clock, key: str) -> Subscription:
    """The one that a mail's link confirms, or has confirmed. Raises NotFound where it came too late."""
    try:
        there = await work.mail.by_key(key)
    except NotFound as error:
        raise NotFound(_GONE, days=DAYS_TO_CONFIRM) from error
    if there.state != CONFIRMED and (there.until <= clock.now() or not there.address):
        raise NotFound(_GONE, days=DAYS_TO_CONFIRM)
    return there


async def confirm(store: Store, clock: Clock, key: str) -> None:
    """The address is theirs: from now on it is told. Done before, nothing more happens. Raises NotFound."""
    async with store.begin() as work:
        there = await waiting(work, clock, key)
        if there.state != CONFIRMED:
            now = clock.now()
            await work.mail.save_subscription(
                replace(there, state=CONFIRMED, not_before=now, look_at=now, tries=0), there
            )


async def stop(store: Store, clock: Clock, key: str) -> None:
    """Stops the mails that have this key in them, and erases their address before it returns; done before is done."""
    async with store.begin() as work:
        try:
            there = await work.mail.by_key(key)
        except NotFound:
            return
        await _forget(work, clock, there.story)
    await scrubbing.scrub(store)


async def stop_for(store: Store, clock: Clock, key: str) -> None:
    """The same, by the key of the story's private link. Raises NotFound for an unknown one."""
    async with store.begin() as work:
        story = await work.stories.by_link(digest(key), lock=True)
        await _forget(work, clock, story.id)
    await scrubbing.scrub(store)


async def _forget(work: Work, clock: Clock, story: str) -> None:
    if await work.mail.erase_story(story):
        await scrubbing.to_do(work, clock.now())


def is_done(asked_at: str, events: Iterable[Event], clock: Clock) -> bool:
    """Whether nothing more is to be told: the story's life is over, as far as anybody can say.

    That is so once every day by which something was promised on it is DAYS_AFTER_PROMISES past and nothing else
    happened since, and in any case when nothing has happened for QUIET_DAYS.
    """
    events = list(events)
    latest = max([asked_at, *(event.at for event in events)])
    promised = [event.commitment.by for event in events if event.commitment]
    if promised and max(promised) < clock.later(days=-DAYS_AFTER_PROMISES)[:10]:
        return latest <= clock.later(days=-DAYS_AFTER_PROMISES)
    return latest <= clock.later(days=-QUIET_DAYS)
