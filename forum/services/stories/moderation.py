"""Acts of a moderator on a story that was sent: accept, hold, return, take down, keep, release.

Every step is one unit of work that expects a status, so that of two moderators (or two taps) the second is told, and
nothing is half done. A moderator's act goes to the published moderation log in the same unit of work: the act, the
story's id, and the reason where the moderator lets it be published; never who wrote, nor which moderator it was.

    writing --sent--> submitted (draft_edits.py)
    submitted --accept--> accepted --take down--> held          a held story goes back to the queue (release)
    submitted --return--> returned --sent again--> submitted    or to its writer (return); "keep" answers reports
    submitted --hold----> held                                  and leaves a public story as it is

An accepted story can be changed too: what was sent is kept beside it as its revision, until a moderator accepts that
new version or returns it. Meanwhile the public text stays as it is.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.long_work import within
from forum.services import record_entries
from forum.services.form_errors import NO_READ
from forum.services.stories import draft_versions
from forum.services.stories.submissions import as_draft, fingerprint, must_be_sent
from forum.services.voting import close_rounds
from forum.stories import scenario_twee
from forum.stories.moderation import Act, ModerationAction, ReportAnswer
from forum.stories.submission import StoryStatus, Submission, VersionKind
from forum.stories.visible_text import upright
from forum.voting.commission import Commission


class ModeratorMove(StrEnum):
    """Moves of a moderator with a story, as the form names them."""

    ACCEPT = "accept"
    RETURN = "return"
    HOLD = "hold"
    RELEASE = "release"
    TAKE_DOWN = "take down"
    KEEP = "keep"
    ACCEPT_VERSION = "accept version"
    RETURN_VERSION = "return version"


ACTIONS = tuple(ModeratorMove)


MAX_REASON = 2000


# What each move is once it is done.
ACTS = {
    ModeratorMove.ACCEPT: ModerationAction.ACCEPTED,
    ModeratorMove.RETURN: ModerationAction.RETURNED,
    ModeratorMove.HOLD: ModerationAction.HELD,
    ModeratorMove.RELEASE: ModerationAction.RELEASED,
    ModeratorMove.TAKE_DOWN: ModerationAction.TAKEN_DOWN,
    ModeratorMove.KEEP: ModerationAction.KEPT,
    ModeratorMove.ACCEPT_VERSION: ModerationAction.ACCEPTED_VERSION,
    ModeratorMove.RETURN_VERSION: ModerationAction.RETURNED_VERSION,
}

# What answers the readers' reports of a story.
_ANSWERS = {ModeratorMove.KEEP: ReportAnswer.KEPT, ModeratorMove.TAKE_DOWN: ReportAnswer.TAKEN_DOWN}


# For each move: the statuses that it may start from, and the status after it.
_MOVES = {
    ModeratorMove.ACCEPT: ((StoryStatus.SUBMITTED,), StoryStatus.ACCEPTED),
    ModeratorMove.RETURN: ((StoryStatus.SUBMITTED, StoryStatus.HELD), StoryStatus.RETURNED),
    ModeratorMove.HOLD: ((StoryStatus.SUBMITTED,), StoryStatus.HELD),
    ModeratorMove.RELEASE: ((StoryStatus.HELD,), StoryStatus.SUBMITTED),
    ModeratorMove.TAKE_DOWN: ((StoryStatus.ACCEPTED,), StoryStatus.HELD),
    ModeratorMove.KEEP: ((StoryStatus.ACCEPTED,), StoryStatus.ACCEPTED),
    ModeratorMove.ACCEPT_VERSION: ((StoryStatus.ACCEPTED,), StoryStatus.ACCEPTED),
    ModeratorMove.RETURN_VERSION: ((StoryStatus.ACCEPTED,), StoryStatus.ACCEPTED),
}


_NO_REASON = {
    ModeratorMove.RETURN: "Say why you return the story. Its writer reads this.",
    ModeratorMove.HOLD: "Say why you hold the story. Its writer reads this.",
    ModeratorMove.TAKE_DOWN: "Say why you take the story down. Its writer reads this.",
    ModeratorMove.RETURN_VERSION: "Say why you return the new version. Its writer reads this.",
}


_OF_VERSIONS = (ModeratorMove.ACCEPT_VERSION, ModeratorMove.RETURN_VERSION)


# Acts that publish the text that was read, and those on a text that is public.
_PUBLISHED = (ModerationAction.ACCEPTED, ModerationAction.ACCEPTED_VERSION)
_PUBLIC_TEXT = (ModerationAction.TAKEN_DOWN, ModerationAction.KEPT)


_GONE = {
    StoryStatus.SUBMITTED: "This story came back from its writer. Read it again before you decide.",
    StoryStatus.RETURNED: "Another moderator has returned this story. Nothing was changed.",
    StoryStatus.ACCEPTED: "Another moderator has accepted this story. It is public, and nothing was changed.",
    StoryStatus.HELD: "Another moderator holds this story. Nothing was changed.",
    StoryStatus.WITHDRAWN: "Its writer has taken this story back. There is nothing left to read.",
}


_TO_SHAPE = (
    "Its writer has asked that somebody proposes the question. Propose one, or return the story. It is published once "
    "its writer has said yes."
)
_ELSEWHERE = "Somebody else dealt with this story a moment ago. Look at it again."


async def moderate(
    store: Store,
    clock: Clock,
    story_id: str,
    action: str,
    *,
    because: str,
    expected_status: str,
    read: str | None = None,
    by: str = "",
    public: bool = False,
    reports: Sequence[str] = (),
) -> Submission:
    """Makes one move (a ModeratorMove) with a story, and writes it into the published moderation log.

    `expected_status` is the status that the moderator saw; `read` is the `fingerprint` of the text they read, None
    where nobody sees one, as in an example. `by` is the moderator's id, kept so that an appeal goes to another one. The
    writer reads `because`, and so does the log where `public` is set. `reports` are the ids of the readers' reports on
    the page: "take down" and "keep" answer them.

    Raises IllegalMove where any of this has changed, BadInput(field="because") for a return, a hold or a taking down
    without a reason, BadInput(field="action") for an unknown action, or for accepting a story that may not be
    published.
    """
    because = upright(because)
    if action not in ACTIONS:
        raise BadInput("Choose what to do with the story.", field="action")
    move = ModeratorMove(action)
    if move in _NO_REASON and not because:
        raise BadInput(_NO_REASON[move], field="because")
    if len(because) > MAX_REASON:
        raise BadInput("Use at most %(most)s characters for the reason.", field="because", most=MAX_REASON)
    allowed = _MOVES[move][0]
    async with store.begin() as work:
        # Locked: its writer may be sending a new version at this moment.
        before = must_be_sent(await work.stories.get_story(story_id, lock=True))
        text = fingerprint(before)
        must_be_there(before, expected_status, read)
        if before.status not in allowed or (move == ModeratorMove.KEEP and not reports):
            raise IllegalMove(_ELSEWHERE)
        if move in _OF_VERSIONS and not before.revision:
            raise IllegalMove(_ELSEWHERE)
        if move == ModeratorMove.ACCEPT and not before.may_publish:
            raise BadInput(
                "Its writer does not allow that it is published. You can return it, and ask.", field="action"
            )
        if move == ModeratorMove.ACCEPT and before.to_shape:
            raise BadInput(_TO_SHAPE, field="action")
        at = clock.now()
        story = await within(len(before.revision), _after, before, move, because, at)
        await work.stories.save_story(story, before.status)
        if story.status != StoryStatus.ACCEPTED:
            await close_rounds.stop(work, story.id, at)
        if move in _ANSWERS:
            await work.moderation.answer_reports(story.id, reports, _ANSWERS[move], at)
        if move in {ModeratorMove.ACCEPT, ModeratorMove.ACCEPT_VERSION}:
            await _make_public(work, story, text, at)
        await log_act(work, before, ACTS[move], at, because=because, public=public, by=by)
    return story


async def accept_agreed(work: Work, before: Submission, at: str, by: str) -> Submission:
    """Accepts a story in the caller's unit of work, as the text that the moderator `by` agreed to beforehand."""
    story = _after(before, ModeratorMove.ACCEPT, "", at)
    await work.stories.save_story(story, before.status)
    await _make_public(work, story, fingerprint(before), at)
    await log_act(work, before, ModerationAction.ACCEPTED, at, by=by)
    return story


async def _make_public(work: Work, story: Submission, text: str, at: str) -> None:
    """Publishes an accepted story and keeps its version, unless exactly this text (a fingerprint) stood before."""
    if await _stood_before(work, story, text):
        return
    await publish(work, story, at)
    with suppress(NotFound):  # locked: its writer's saves add versions too
        await work.drafts.get_draft(story.id, lock=True)
    draft = await within(len(story.twee), as_draft, story.twee)
    await draft_versions.keep(work, story.id, draft, at, VersionKind.PUBLISHED)


def must_be_there(story: Submission, expected_status: str, read: str | None) -> None:
    """Raises IllegalMove where a story has another status than a moderator saw, or its text is not the one they
    read; None is any text, "" none."""
    if story.status != expected_status:
        raise IllegalMove(_GONE.get(story.status, _ELSEWHERE))
    if read == "":
        raise IllegalMove(NO_READ)
    if read is not None and read != fingerprint(story):
        raise IllegalMove(_GONE[StoryStatus.SUBMITTED])


def _after(before: Submission, move: ModeratorMove, because: str, at: str) -> Submission:
    """Returns the story as it is after a moderator's move."""
    if move == ModeratorMove.KEEP:
        return before
    after = _MOVES[move][1]
    story = replace(before, status=after, because="", moderated_at=at, revision="", revised_at="")
    if after in {StoryStatus.RETURNED, StoryStatus.HELD} or move == ModeratorMove.RETURN_VERSION:
        return replace(story, because=because)
    if move == ModeratorMove.ACCEPT:
        return replace(story, published_at=before.published_at or at)
    if move == ModeratorMove.ACCEPT_VERSION:
        return replace(story, title=scenario_twee.parse(before.revision).title, twee=before.revision)
    return story


async def log_act(
    work: Work,
    story: Submission,
    action: ModerationAction,
    at: str,
    *,
    because: str = "",
    public: bool = False,
    by: str = "",
) -> None:
    """Keeps a moderator's act on a story (given as it was before it), and appends the entry "moderation action".

    A rehearsal's act has no entry, but for the exception in `publish`.
    """
    entry = None
    commission = await work.commissions.get_commission(story.commission)
    public = public and bool(because)
    if await _enters_record(work, commission):
        reason = record_entries.Words("because", because) if public else None
        facts = {"scenario": story.id, "action": action, "because": reason}
        entry = await record_entries.append(work, commission, "moderation action", at, facts)
    await work.moderation.add_act(
        Act(
            id=secrets.token_hex(16),
            story=story.id,
            action=action,
            before=story.status,
            because=because,
            public=public,
            by=by,
            read=fingerprint(story),
            sent_at=story.revised_at or story.submitted_at,
            at=at,
            entry=entry,
        )
    )


async def publish(work: Work, story: Submission, at: str) -> int | None:
    """Appends the entry "scenario published" for an accepted story, and returns its index in the record.

    Returns None for a rehearsal's story, which enters no record but that of a database that a rehearsal made.
    """
    commission = await work.commissions.get_commission(story.commission)
    if not await _enters_record(work, commission):
        return None
    group = commission.group_label(story.told_by)
    facts = {
        "scenario": story.id,
        "title": record_entries.Words("title", story.title),
        "text": record_entries.Words("text", story.twee),
        "told_by": group and record_entries.Words("told_by", group),
    }
    return await record_entries.append(work, commission, "scenario published", at, facts)


async def _enters_record(work: Work, commission: Commission) -> bool:
    """Tells whether its stories enter the record: not a rehearsal's, unless a rehearsal made the data."""
    return not commission.rehearsal or await work.facts.get_fact("made_by") == "rehearsal"


async def _stood_before(work: Work, story: Submission, text: str) -> bool:
    """Tells whether exactly this text was published last (and held since), so that the record has it already."""
    acts = await work.moderation.list_acts(story.id)
    if accepted := [act for act in acts if act.action in _PUBLISHED]:
        return accepted[-1].read == text
    # Published before acts were kept, or with the demonstration.
    return any(act.read == text and act.action in _PUBLIC_TEXT for act in acts)
