"""Asking those it was promised to whether they have noticed it: private links, their answers, and the count.

A link needs no row of its own: it carries a mark made with a secret that is not in the database. A follower's begins
with random bits, made when the letter is written and kept nowhere; a storyteller's with bits made from the key of their
private link, of which the database has a digest alone. An answer is kept under the digest of its link until its asking
has ended and is counted; then the answers are deleted, and no link opens anything any more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

import msgspec
import structlog

from forum.errors import IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.noticed import NoticedAnswer
from forum.services import commitments, record_entries, scrub
from forum.services.commitments import Promise
from forum.services.keys import digest, is_key
from forum.services.periodic import Periodic
from forum.voting.commitment import Update
from forum.voting.noticed import Asked, Noticed, given_counts, open_asking

EVERY = 600.0
OVER = "The time to answer is over. What people answered is counted, and your link is forgotten."
_REPLACED = (
    "This link was ended when the private link of the story was replaced. The new private link leads to another one."
)
_ENDED = "ended link of an asking %s"
_HALF = 12  # bytes of a link that tell it from others, and as many that only this server can make

log = structlog.get_logger()


class Asking(msgspec.Struct, frozen=True):
    """A promise as somebody's link asks about it. `said` is their answer, None before; `open` is false when it is
    over."""

    promise: Promise
    asking: Update
    who: Asked
    open: bool
    said: Noticed | None = None


def link_of_follower(secret: bytes, asking: str) -> str:
    """Makes the key of a link with which one follower answers; nobody can make it again."""
    return _link(secret, Asked.FOLLOWERS, asking, secrets.token_bytes(_HALF))


def link_of_storyteller(secret: bytes, asking: str, private_key: str) -> str:
    """Makes the key of a link with which a storyteller answers, the same each time, from the key of their private
    link."""
    made = hmac.digest(secret, f"{asking} {private_key}".encode(), hashlib.sha256)[:_HALF]
    return _link(secret, Asked.STORYTELLERS, asking, made)


def _link(secret: bytes, who: Asked, asking: str, own: bytes) -> str:
    mark = hmac.digest(secret, f"{who} {asking} ".encode() + own, hashlib.sha256)[:_HALF]
    return base64.urlsafe_b64encode(own + mark).decode()


def _who(secret: bytes, asking: str, key: str) -> Asked | None:
    """Returns the kind of people that a link is for, None where it is not one of this asking."""
    if not is_key(key):
        return None
    try:
        own = base64.urlsafe_b64decode(key)[:_HALF]
    except (binascii.Error, ValueError):
        return None
    return next((who for who in Asked if hmac.compare_digest(_link(secret, who, asking, own), key)), None)


async def end_storytellers_links(work: Work, clock: Clock, secret: bytes, story: str, private_key: str) -> None:
    """Ends the links that a private link of a story gave, before another takes its place: what they answered goes, and
    they answer nothing any more. So nobody answers an asking twice, by the old link and by the new."""
    now = clock.now()
    for commitment in sorted(await work.decisions.answering(story)):
        # Locked, so that an answer by an old link is before this, and goes, or after it, and is refused.
        began = open_asking(await work.decisions.get_commitment(commitment, lock=True), now)
        if began is not None:
            link = digest(link_of_storyteller(secret, began.id, private_key))
            await work.noticed.remove_noticed(link)
            await work.facts.set_fact(_ENDED % link, now)
            await scrub.to_do(work, now)


async def asked_by(work: Work, clock: Clock, secret: bytes, commitment: str, key: str) -> Asking:
    """Returns what a link asks about. Raises NotFound for a link that is none, or was ended."""
    promise = await commitments.promise_of(work, commitment)
    for update in reversed(promise.commitment.updates):
        who = _who(secret, update.id, key)
        if who is not None and promise.recorded:
            if await work.facts.get_fact(_ENDED % digest(key)) is not None:
                raise NotFound(_REPLACED)
            now = open_asking(promise.commitment, clock.now())
            there = await work.noticed.noticed(digest(key))
            is_open = now is not None and now.id == update.id
            return Asking(promise, update, who, is_open, there.said if there else None)
    raise NotFound("There is no promise at this link. Check that you have the whole of it.")


async def answer(store: Store, clock: Clock, secret: bytes, commitment: str, key: str, said: Noticed) -> None:
    """Keeps an answer, in the place of any that this link gave before. Raises NotFound, and IllegalMove (OVER) where
    the asking has ended."""
    async with store.begin() as work:
        # Locked: whoever ends the asking by an update waits, so that an answer is before it or after it.
        await work.decisions.get_commitment(commitment, lock=True)
        asked = await asked_by(work, clock, secret, commitment, key)
        if not asked.open:
            raise IllegalMove(OVER)
        await work.noticed.put_noticed(NoticedAnswer(digest(key), commitment, asked.asking.id, asked.who, said))


async def count_ended(store: Store, clock: Clock) -> None:
    """Counts the answers of each asking that has ended, writes an entry of what may be given of them, and deletes
    them."""
    async with store.read() as work:
        askings = await work.noticed.askings()
    counted = False
    for commitment, asking in askings:
        async with store.begin() as work:
            await work.decisions.get_commitment(commitment, lock=True)
            promise = await commitments.promise_of(work, commitment)
            now = open_asking(promise.commitment, clock.now())
            if now is not None and now.id == asking:
                continue
            threshold = await _threshold(work, promise)
            rows = given_counts(await work.noticed.count_noticed(asking), threshold)
            if rows:
                facts = {
                    "commitment": commitment,
                    "update": asking,
                    "answers": [
                        {"who": str(one.who), "n": one.n, "yes": one.yes, "partly": one.partly, "no": one.no}
                        for one in rows
                    ],
                }
                await record_entries.append(work, promise.commission, "commitment noticed", clock.now(), facts)
            await work.noticed.erase_noticed(asking)
            await scrub.to_do(work, clock.now())
            counted = True
    if counted:
        await scrub.scrub(store)


async def _threshold(work: Work, promise: Promise) -> int:
    """Returns the smallest number that may be given: that of the vote the promise rests on, or the commission's where
    that is larger now."""
    opened = await record_entries.latest_about(work, "round opened", promise.decision.rounds[-1])
    return max(promise.commission.threshold, opened["threshold"] if opened else 0)


class NoticedCounts(Periodic):
    """Background task of a server that counts askings as they end."""

    def __init__(self, store: Store, clock: Clock) -> None:
        async def once() -> None:
            await count_ended(store, clock)

        super().__init__(once, EVERY, _failed)


def _failed(error: Exception) -> None:
    log.warning("answers about promises could not be counted", error=type(error).__name__)
