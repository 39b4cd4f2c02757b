"""Following a commission, a decision or a promise by e-mail, without an account.

    asked --its mail went out--> sent --its link was opened--> confirmed --> (told, again and again)
    any of them --stopped, too late, refused for good, nothing to tell for a year--> deleted

Nothing is told before the address was confirmed by the first mail, as with the mail about a story (`subscriptions`).
A row of a follower names the thing followed and the address; it leads to no ballot, browser or person, and its key
is for these mails alone.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

import msgspec

from forum.errors import IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.followers import Followed, Follower, Subject
from forum.ports.mail import MailState
from forum.services import commitments, scrub
from forum.services.keys import new_key
from forum.services.mail.addresses import checked
from forum.services.stories import timeline
from forum.services.stories.timeline import Event
from forum.voting.commission import Commission
from forum.voting.commitment import Commitment
from forum.voting.decision import Decision

DAYS_TO_CONFIRM = 3
# Days without anything to tell until the address is erased.
QUIET_DAYS = 365
MOST_FOLLOWERS = 20_000

_NOTHING = "There is nothing to follow at this address."


class Thing(msgspec.Struct, frozen=True):
    """Something that can be followed, as its page shows it: with the commission that it belongs to."""

    subject: Subject
    commission: Commission
    decision: Decision | None = None
    commitment: Commitment | None = None


async def thing_of(work: Work, subject: Subject) -> Thing:
    """Returns what can be followed. Raises NotFound for what is not in the record: drafts, rehearsals, nothing."""
    if subject.kind == Followed.PROMISE:
        one = await commitments.promise_of(work, subject.id)
        thing = Thing(subject, one.commission, one.decision, one.commitment)
    elif subject.kind == Followed.DECISION:
        decision = await work.decisions.get_decision(subject.id)
        thing = Thing(subject, await work.commissions.get_commission(decision.commission), decision)
    else:
        thing = Thing(subject, await work.commissions.get_commission(subject.id))
    unrecorded = thing.decision is not None and thing.decision.entry is None
    if unrecorded or thing.commission.rehearsal or thing.commission.draft:
        raise NotFound(_NOTHING)
    return thing


async def events_of(work: Work, thing: Thing) -> list[Event]:
    """Returns what is published of a thing now, oldest first: decisions, promises and their updates."""
    if thing.commitment is not None and thing.decision is not None:
        return timeline.of_commitment(thing.decision, thing.commitment)
    if thing.decision is not None:
        return timeline.of_decision(thing.decision)
    made = await work.decisions.list_decisions(thing.commission.id)
    events = [event for one in made if one.entry is not None for event in timeline.of_decision(one)]
    return sorted(events, key=lambda event: event.at)


async def follow(store: Store, clock: Clock, subject: Subject, address: str, *, send: bool = True) -> None:
    """Keeps an address that wants to follow a thing; `delivery` then asks it to confirm.

    It does nothing for an address that follows the thing already, and answers alike. `send=False` does everything but
    the mail, for an address that was asked too often. Raises NotFound, BadInput(field="address"), and IllegalMove
    where MOST_FOLLOWERS follow the thing.
    """
    address = checked(address)
    async with store.begin() as work:
        await thing_of(work, subject)
        if await work.followers.count_followers(subject) >= MOST_FOLLOWERS:
            raise IllegalMove("So many follow this by e-mail that no more can. Follow it by the feed instead.")
        now, until = clock.now(), clock.later(days=DAYS_TO_CONFIRM)
        there = await work.followers.follower(subject, address)
        if there is None:
            state = MailState.ASKED if send else MailState.SENT_OUT
            new = Follower(
                secrets.token_hex(16), subject.kind, subject.id, address, new_key(), state, now, until, now, now
            )
            await work.followers.add_follower(new)
        elif there.state != MailState.CONFIRMED and send:
            # The same key again, so that the mail that is on its way works too.
            asked = replace(there, state=MailState.ASKED, asked_at=now, until=until, not_before=now, tries=0)
            await work.followers.save_follower(asked, there)
        else:
            await work.followers.save_follower(there, there)  # nothing changes, and it takes as long


async def erase(work: Work, clock: Clock, follower: Follower) -> None:
    """Erases a follower with its address."""
    if await work.followers.erase_follower(follower.id):
        await scrub.to_do(work, clock.now())
