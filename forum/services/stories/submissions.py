"""A story that comes in as a file, for the first time or again after it was returned; and who may see a story.

A writer has no account, only a private link (private_links.py). Its key is random and told once; the store keeps its
SHA-256. What happens to a story that was sent is in moderation.py; one that is written here, in draft_edits.py.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace

from forum.errors import BadInput, FormErrors, IllegalMove, NotFound, message
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.long_work import LONG, within
from forum.services.keys import digest, is_key, new_key
from forum.services.sent_before import unchanged
from forum.services.stories import draft_versions
from forum.stories import compose, scenario, scenario_twee
from forum.stories.draft import NO, Draft
from forum.stories.scenario import Scenario
from forum.stories.submission import StoryStatus, Submission, VersionKind

_TOO_MANY_NOTES = "With those in the file there are too many notes. Use at most %(most)s."
_ANOTHER = message("Send it once more to send it as another story. What you sent first stands at its private link.")
_NOT_AGAIN = "You have taken this story back. It cannot be sent again."


def must_be_public(story: Submission) -> Submission:
    """Returns a public story for a visitor without a key. Raises NotFound for any other, in the words for a story
    that does not exist, so that nobody learns of it."""
    if story.status != StoryStatus.ACCEPTED:
        raise NotFound("There is no such story.")
    return story


def must_be_sent(story: Submission) -> Submission:
    """Returns a story that was sent, for a moderator. Raises NotFound for one that is still being written, in the
    words for a story that does not exist: until it is sent, it is its writer's alone, with everything beside it."""
    if story.status == StoryStatus.WRITING:
        raise NotFound("There is no such story.")
    return story


@dataclass(frozen=True)
class Sent:
    """A whole story that came as a file, with the answers of the form beside it.

    `group` is a group id of the commission, None for "prefer not to say". `content_notes` are added to those in the
    story itself. The three `may_` fields are what its writer allows.
    """

    story: Scenario
    group: str | None = None
    content_notes: tuple[str, ...] = ()
    may_perform: bool = False
    may_publish: bool = False
    may_quote: bool = False


def waiting_text(story: Submission) -> str:
    """Returns the text that a moderator reads, or was the last to be read: the new version, or else the story
    itself."""
    return story.revision or story.twee


def fingerprint(story: Submission) -> str:
    """Returns the SHA-256 (hex) of `waiting_text`, so that a later text cannot be published in the place of the one
    read."""
    return hashlib.sha256(waiting_text(story).encode()).hexdigest()


async def submit(store: Store, clock: Clock, commission_id: str, sent: Sent, key: str = "") -> tuple[Submission, str]:
    """Takes a new story in; returns it with the key of its private link.

    `key` is made by `keys.new_key` when the form is shown, so that the same form sent twice is one story. Raises
    NotFound for an unknown commission, FormErrors (field "notes") or StoryProblems for a story that cannot be
    written.
    """
    key = key if is_key(key) else new_key()
    async with store.begin() as work:
        commission = await work.commissions.get_commission(commission_id)
        label = commission.group_label(sent.group)
        try:
            before = _sent_before(await work.stories.by_link(digest(key)))
        except NotFound:
            pass
        else:
            _written_now, text = await within(LONG, _written, sent, label, before.twee)
            may = {name: getattr(sent, name) for name in ("may_perform", "may_publish", "may_quote")}
            return unchanged(before, _ANOTHER, twee=text, told_by=sent.group, **may), key
        written, text = await within(LONG, _written, sent, label)
        story = Submission(
            id=secrets.token_hex(16),
            commission=commission.id,
            title=written.title,
            twee=text,
            status=StoryStatus.SUBMITTED,
            told_by=sent.group,
            link=digest(key),
            submitted_at=clock.now(),
            may_perform=sent.may_perform,
            may_publish=sent.may_publish,
            may_quote=sent.may_quote,
        )
        await work.stories.add_story(story)
    return story, key


def _sent_before(story: Submission) -> Submission:
    """Returns a story that came with the same form before. Raises IllegalMove where it was taken back, or is a
    draft."""
    if story.status == StoryStatus.WITHDRAWN:
        raise IllegalMove(_NOT_AGAIN)
    if story.status == StoryStatus.WRITING:
        raise IllegalMove("A story is being written at this link. Open the form again to send a file.")
    return story


async def resubmit(store: Store, clock: Clock, key: str, sent: Sent) -> Submission:
    """Sends a returned story again, changed.

    Raises NotFound for an unknown key, BadInput(field="may_publish") where a story that was public may not be any
    more, IllegalMove for a story that was not returned, FormErrors as `submit` does.
    """
    async with store.begin() as work:
        before = await work.stories.by_link(digest(key), lock=True)
        if before.status == StoryStatus.WITHDRAWN:
            raise IllegalMove(_NOT_AGAIN)
        if before.status != StoryStatus.RETURNED:
            raise IllegalMove("This story has been sent already. It can be changed only when a moderator returns it.")
        if before.published_at and not sent.may_publish:
            raise BadInput("This story was public before. To end that for good, take it back.", field="may_publish")
        commission = await work.commissions.get_commission(before.commission)
        label = commission.group_label(sent.group)
        written, text = await within(LONG, _written, sent, label, before.twee)
        story = replace(
            before,
            title=written.title,
            twee=text,
            status=StoryStatus.SUBMITTED,
            told_by=sent.group,
            submitted_at=clock.now(),
            may_perform=sent.may_perform,
            may_publish=sent.may_publish,
            may_quote=sent.may_quote,
            to_shape=before.to_shape and not written.decisions,
        )
        await work.stories.save_story(story, StoryStatus.RETURNED)
        await work.stories.allow(story)
        await _redraft(work, story)
    return story


async def _redraft(work: Work, story: Submission) -> None:
    """Replaces the draft of a story, where it has one, by the file that was sent in its place."""
    try:
        await work.drafts.get_draft(story.id, lock=True)
    except NotFound:
        return
    may = (story.may_perform, story.may_publish, story.may_quote)
    draft = await within(len(story.twee), as_draft, story.twee, group=story.told_by or NO, may=may)
    await work.drafts.save_draft(story.id, draft, story.submitted_at)
    await draft_versions.keep(work, story.id, draft, story.submitted_at, VersionKind.SENT)


def as_draft(twee: str, group: str = "", may: tuple[bool, bool, bool] | None = None) -> Draft:
    """Returns a kept story opened for writing (`compose.draft_of`)."""
    return compose.draft_of(scenario_twee.parse(twee), group=group, may=may)


def _written(sent: Sent, told_by: str | None, before: str = "") -> tuple[Scenario, str]:
    """Returns the story that was sent, and its text; it keeps the Twine identity (IFID) of the text before it."""
    ifid = scenario_twee.parse(before).ifid if before else ""
    notes = tuple(dict.fromkeys((*sent.story.content_notes, *sent.content_notes)))
    story = replace(sent.story, told_by=told_by or "", content_notes=notes, ifid=ifid or sent.story.ifid)
    if len(notes) > scenario.MAX_DETAILS:
        raise FormErrors({"notes": BadInput(_TOO_MANY_NOTES, most=scenario.MAX_DETAILS)})
    return story, scenario_twee.write(story)


async def sessions_with(store: Store, story: Submission) -> list[str]:
    """Returns the ids of the sessions that have a story, whose screens are drawn anew when it comes or goes."""
    async with store.read() as work:
        sessions = await work.sessions.list_sessions(story.commission)
    return [session.id for session in sessions if story.id in session.scenarios]
