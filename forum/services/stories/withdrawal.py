"""Permissions of a story's writer, and taking a story back, which deletes its words everywhere and records that.

One unit of work deletes the words from the story, from the rounds that came from it, from what moderators and readers
said of it, and from the words kept beside the record; the entry "erasure" names their digests. A new table that holds
words of a story must be added here; tests/services/stories/test_withdrawal.py looks into every column there is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from forum.errors import IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.result_cache import Drawn, Remembered
from forum.record.verify.disclosures import digests_in
from forum.services import record_entries, scrub
from forum.services.keys import digest
from forum.services.voting import close_rounds, withdrawn_conditions
from forum.sessions.session import Cue, CueKind, LiveSession
from forum.stories.draft import NO, PERMISSIONS, YES, Draft
from forum.stories.scenario import Scenario
from forum.stories.submission import StoryStatus, Submission
from forum.voting.round import NONE_OF_THESE, RoundState


class Withdrawal(msgspec.Struct, frozen=True):
    """A story that was taken back, and the ids of the live sessions whose screens must be drawn again."""

    story: Submission
    sessions: tuple[str, ...] = ()


async def permit(store: Store, clock: Clock, key: str, *, perform: bool, publish: bool, quote: bool) -> Submission:
    """Changes what the writer allows, by the key of their private link; closes the story's asynchronous rounds
    where it may not be performed any more.

    Raises NotFound for an unknown key, IllegalMove for a story that was taken back, or that is public and should no
    longer be: `withdraw` does that.
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
            await close_rounds.stop(work, story.id, clock.now())
    return story


async def _tell_draft(work: Work, story: Submission) -> None:
    """Writes the permissions into the draft, where there is one, so that the next sending does not restore the old
    ones."""
    try:
        draft = await work.drafts.get_draft(story.id, lock=True)
    except NotFound:
        return
    answers = {name: YES if getattr(story, name) else NO for name in PERMISSIONS}
    after = Draft.from_json(draft.to_json() | answers)
    await work.drafts.save_draft(story.id, after, story.submitted_at)


async def withdraw(store: Store, clock: Clock, key: str) -> Withdrawal:
    """Takes a story back, by the key of its private link: its words are deleted for everybody when this returns.

    Does nothing the second time. Raises NotFound for an unknown key. The database's files are wiped afterwards
    (`scrub`).
    """
    done = await _withdraw(store, clock, key)
    await scrub.scrub(store)
    return done


async def _withdraw(store: Store, clock: Clock, key: str) -> Withdrawal:
    async with store.begin() as work:
        before = await work.stories.by_link(digest(key), lock=True)
        if before.withdrawn_at:
            return Withdrawal(before)
        done = await take_back(work, before, clock.now())
        remembered = work.remembered
    forget_drawn(remembered)
    return done


def forget_drawn(remembered: Remembered) -> None:
    """Forgets every page and story that is kept drawn; called after the commit, so that nobody reads the words again to
    keep them drawn."""
    for kind in (Drawn, Scenario):
        remembered.forget(kind)


async def take_back(work: Work, before: Submission, at: str) -> Withdrawal:
    """Deletes every word of a story that was read with `lock`, in the caller's unit of work, and records that.

    After the commit the caller calls `forget_drawn` and `scrub.scrub`.
    """
    # Each session is locked before the story is saved: an act that puts up one of its scenes or questions holds its
    # session, and then reads the story (without a lock, so that the two never wait for each other).
    touched = [
        session.id for session in await work.sessions.list_sessions(before.commission) if before.id in session.scenarios
    ]
    for session_id in sorted(touched):
        session = await work.sessions.get_session(session_id, lock=True)
        await work.sessions.save_session(await _without(work, session, before.id))
        # The last act may hold words of the story, and undoing it would lead back to them.
        await work.last_acts.forget_last_act(session_id)
    story = replace(
        before,
        title="",
        told_by=None,
        twee="",
        revision="",
        because="",
        status=StoryStatus.WITHDRAWN,
        may_perform=False,
        may_publish=False,
        may_quote=False,
        withdrawn_at=at,
    )
    await work.stories.save_story(story, before.status)
    await work.stories.allow(story)
    await close_rounds.stop(work, story.id, at)
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
    for session_id in touched:
        its = [one.id for one in await work.rounds.list_rounds(session_id) if one.scenario == story.id]
        digests += await withdrawn_conditions.take_out(work, story.commission, its)
    await record_entries.erase(work, await work.commissions.get_commission(story.commission), at, digests)
    await scrub.to_do(work, at)
    return Withdrawal(story, tuple(touched))


async def _without(work: Work, session: LiveSession, story_id: str) -> LiveSession:
    """Returns the session with nothing of the story on its screens; a vote that has begun stays, without its words."""
    cue = session.cue
    if cue.scenario == story_id:
        begun = cue.round is not None and (await work.rounds.get_round(cue.round)).state != RoundState.DRAFT
        kept = Cue(cue.kind, round=cue.round) if begun else Cue(CueKind.WELCOME)
        cue = replace(kept, item=cue.item, seen=cue.seen)
    cue = replace(cue, seen=tuple(seen for seen in cue.seen if seen != story_id))
    return replace(session, cue=cue, version=session.version + 1)


async def _entries(work: Work, story: Submission) -> list[dict[str, Any]]:
    """Returns the record's entries about the story: its own, and those of the rounds that came from it."""
    about = [json.loads(stored.body) for stored in await work.record.naming([story.id])]
    return [entry for entry in about if entry.get("scenario") == story.id]


def _words_of(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yields the digests of words in an entry, but not that of "none of these", which nobody wrote."""
    responses = entry.get("responses", [])
    ours = {r["label"]["sd"] for r in responses if r["id"] == NONE_OF_THESE}
    yield from (digest for digest in digests_in(dict(entry)) if digest not in ours)
