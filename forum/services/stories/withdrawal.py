"""What a story's writer allows, and taking a story back: then its words go everywhere, and the record says so.

One unit of work takes the words out of the story, out of the rounds that came from it, out of what moderators and
readers said of it, and out of the words kept beside the record; the entry "erasure" names their digests. Whoever adds
a table that holds words of a story takes them out here; tests/services/stories/test_withdrawal.py looks into every
column there is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from forum.errors import IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.remembered import Drawn
from forum.record import verify
from forum.services import record_entries, scrubbing
from forum.services.keys import digest
from forum.services.stories.submissions import WITHDRAWN
from forum.services.voting import closing
from forum.sessions.session import Cue, LiveSession
from forum.stories.draft import NO, PERMISSIONS, YES, Draft
from forum.stories.scenario import Scenario
from forum.stories.submission import Submission
from forum.voting.round import DRAFT, NONE_OF_THESE


@dataclass(frozen=True)
class Withdrawal:
    """A story that was taken back, and the ids of the live sessions whose screens must be drawn again."""

    story: Submission
    sessions: tuple[str, ...] = ()


async def permit(store: Store, clock: Clock, key: str, *, perform: bool, publish: bool, quote: bool) -> Submission:
    """Changes what the writer allows, by the key of their private link. Where it may not be performed any more, its
    asynchronous rounds close.

    Raises NotFound for an unknown key, IllegalMove for a story that was taken back, or that is public and should no
    longer be: that is `withdraw`.
    """
    async with store.begin() as work:
        before = await work.stories.by_link(digest(key), lock=True)
        if before.withdrawn_at:
            raise IllegalMove("You have taken this story back. There is nothing left to allow.")
        if before.published_at and not publish:
            raise IllegalMove("This story was public before. To end that for good, take it back.")
        story = replace(before, may_perform=perform, may_publish=publish, may_quote=quote)
        await work.stories.allow(story)
        await _tell_draft(work, story)
        if not perform:
            await closing.stop(work, story.id, clock.now())
    return story


async def _tell_draft(work: Work, story: Submission) -> None:
    """The draft, where there is one, says the same: else the next sending would bring the old answers back."""
    try:
        draft = await work.drafts.get_draft(story.id, lock=True)
    except NotFound:
        return
    answers = {name: YES if getattr(story, name) else NO for name in PERMISSIONS}
    after = Draft.from_json(draft.to_json() | answers)
    await work.drafts.save_draft(story.id, after, story.submitted_at)


async def withdraw(store: Store, clock: Clock, key: str) -> Withdrawal:
    """Takes a story back, by the key of its private link: its words are gone when this returns, for everybody.

    Done before, nothing more happens. Raises NotFound for an unknown key. The database's files are wiped afterwards
    (`scrubbing`).
    """
    done = await _withdraw(store, clock, key)
    await scrubbing.scrub(store)
    return done


async def _withdraw(store: Store, clock: Clock, key: str) -> Withdrawal:
    async with store.begin() as work:
        before = await work.stories.by_link(digest(key), lock=True)
        if before.withdrawn_at:
            return Withdrawal(before)
        at = clock.now()
        # Sessions before it is saved: whoever puts up a scene or a question holds its session's lock, then reads it.
        touched = [
            live.id for live in await work.sessions.list_sessions(before.commission) if before.id in live.scenarios
        ]
        for session in sorted(touched):
            live = await work.sessions.get_session(session, lock=True)
            await work.sessions.save_session(await _without(work, live, before.id))
            # It may have words of the story, and there is nothing to go back to.
            await work.last_acts.forget_last_act(session)
        story = replace(
            before,
            title="",
            twee="",
            revision="",
            because="",
            status=WITHDRAWN,
            may_perform=False,
            may_publish=False,
            may_quote=False,
            withdrawn_at=at,
        )
        await work.stories.save_story(story, before.status)
        await work.stories.allow(story)
        await closing.stop(work, story.id, at)
        await work.rounds.withdraw_words(story.id)
        await work.stops.erase_story(story.id)
        await work.reasons.erase_story(story.id)
        await work.proposals.erase_story(story.id)
        await work.moderation.erase_story(story.id)
        await work.evidence.erase_story(story.id)
        await work.drafts.erase_story(story.id)
        await work.mail.erase_story(story.id)
        await work.programmes.erase_story(story.id)
        digests = [digest for entry in await _entries(work, story) for digest in _words_of(entry)]
        await record_entries.erase(work, await work.commissions.get_commission(story.commission), at, digests)
        await scrubbing.to_do(work, at)
        remembered = work.remembered
    # After the commit: from here on nobody reads the words to draw them again.
    for kind in (Drawn, Scenario):
        remembered.forget(kind)
    return Withdrawal(story, tuple(touched))


async def _without(work: Work, live: LiveSession, story: str) -> LiveSession:
    """The session with nothing of the story on its screens; a vote that has begun stays, without its words."""
    cue = live.cue
    if cue.scenario == story:
        begun = cue.round is not None and (await work.rounds.get_round(cue.round)).state != DRAFT
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
    yield from (digest for digest in verify.digests_in(dict(entry)) if digest not in ours)
