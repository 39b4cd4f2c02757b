"""What a story's writer allows, and taking a story back: then its words go everywhere, and the record says so.

One unit of work takes the words out of the story, out of the rounds that came from it, out of what moderators and
readers said of it, and out of the words kept beside the record; the entry "erasure" names their digests. Whoever adds
a table that holds words of a story takes them out here; tests/test_withdrawal.py looks into every column there is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from forum import record, recording
from forum.errors import IllegalMove, StoreUnavailable
from forum.ports import Clock, Store, Submission, Work
from forum.round import DRAFT, NONE_OF_THESE
from forum.session import Cue, LiveSession
from forum.submissions import WITHDRAWN, link_of

# The fact that says since when words are to be wiped from the database's files; empty when that is done.
TO_SCRUB = "to_scrub"
_TRIES = 3

log = structlog.get_logger()


@dataclass(frozen=True)
class Withdrawal:
    """A story that was taken back, and the ids of the live sessions whose screens must be drawn again."""

    story: Submission
    sessions: tuple[str, ...] = ()


async def permit(store: Store, key: str, *, perform: bool, publish: bool, quote: bool) -> Submission:
    """Changes what the writer allows, by the key of their private link.

    Raises NotFound for an unknown key, IllegalMove for a story that was taken back, or that is public and should no
    longer be: that is `withdraw`.
    """
    async with store.begin() as work:
        before = await work.stories.by_link(link_of(key))
        if before.withdrawn_at:
            raise IllegalMove("You have taken this story back. There is nothing left to allow.")
        if before.published_at and not publish:
            raise IllegalMove("This story was public before. To end that for good, take it back.")
        story = replace(before, may_perform=perform, may_publish=publish, may_quote=quote)
        await work.stories.allow(story)
    return story


async def withdraw(store: Store, clock: Clock, key: str) -> Withdrawal:
    """Takes a story back, by the key of its private link: its words are gone when this returns, for everybody.

    Done before, nothing more happens. Raises NotFound for an unknown key, IllegalMove where moderators keep changing
    the story at this very moment. The database's files are wiped afterwards (`scrub`).
    """
    for left in reversed(range(_TRIES)):
        try:
            done = await _withdraw(store, clock, key)
            break
        except IllegalMove:
            if not left:
                raise
    await scrub(store)
    return done


async def scrub(store: Store) -> None:
    """Wipes words that were taken back from the database's own files, where that is still to be done.

    Where the database cannot do it now it stays to be done, and the next start of the server tries again.
    """
    async with store.read() as work:
        since = await work.facts.get(TO_SCRUB)
    if not since:
        return
    try:
        await store.scrub()
        async with store.begin() as work:
            if await work.facts.get(TO_SCRUB) == since:
                await work.facts.set(TO_SCRUB, "")
    except StoreUnavailable:
        log.warning("words that were taken back may still be in the database's files; the next start wipes them")


async def _withdraw(store: Store, clock: Clock, key: str) -> Withdrawal:
    async with store.begin() as work:
        before = await work.stories.by_link(link_of(key))
        if before.withdrawn_at:
            return Withdrawal(before)
        at = clock.now()
        # Sessions first: whoever puts up a scene or a question holds its session's lock, and then reads the story.
        touched = [live.id for live in await work.sessions.of(before.commission) if before.id in live.scenarios]
        for session in sorted(touched):
            live = await work.sessions.get(session, lock=True)
            await work.sessions.save(await _without(work, live, before.id))
        story = replace(
            before,
            title="",
            twee="",
            because="",
            status=WITHDRAWN,
            may_perform=False,
            may_publish=False,
            may_quote=False,
            withdrawn_at=at,
        )
        await work.stories.save(story, before.status)
        await work.stories.allow(story)
        await work.rounds.withdraw_words(story.id)
        await work.stops.forget(story.id)
        await work.reasons.forget(story.id)
        await work.proposals.forget(story.id)
        await work.moderation.forget(story.id)
        await work.evidence.forget(story.id)
        await work.programmes.forget(story.id)
        digests = [digest for entry in await _entries(work, story) for digest in _words_of(entry)]
        await recording.erase(work, await work.commissions.get(story.commission), at, digests)
        await work.facts.set(TO_SCRUB, at)
    return Withdrawal(story, tuple(touched))


async def _without(work: Work, live: LiveSession, story: str) -> LiveSession:
    """The session with nothing of the story on its screens; a vote that has begun stays, without its words."""
    cue = live.cue
    if cue.scenario == story:
        begun = cue.round is not None and (await work.rounds.get(cue.round)).state != DRAFT
        kept = Cue(cue.kind, round=cue.round) if begun else Cue("welcome")
        cue = replace(kept, item=cue.item, seen=cue.seen)
    cue = replace(cue, seen=tuple(seen for seen in cue.seen if seen != story))
    return replace(live, cue=cue, version=live.version + 1)


async def _entries(work: Work, story: Submission) -> list[dict[str, Any]]:
    """What the record says of the story: the entries of its own, and of the rounds that came from it."""
    about = [json.loads(stored.body) for stored in await work.record.entries() if story.id.encode() in stored.body]
    return [entry for entry in about if entry.get("scenario") == story.id]


def _words_of(entry: Mapping[str, Any]) -> Iterator[str]:
    """The digests in an entry; "none of these" is nobody's own words, and stays."""
    responses = entry.get("responses", [])
    ours = {r["label"]["sd"] for r in responses if r["id"] == NONE_OF_THESE}
    yield from (digest for digest in record.digests_in(dict(entry)) if digest not in ours)
