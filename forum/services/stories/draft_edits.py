"""Writing of a story before it is sent: in small pieces, by anybody with its private link.

Each piece is saved by itself, as an edit that says which text its writer saw (edits.py). Saved pieces are on disk
when these functions return; where two people wrote in the same place, the second gets a Clash with both texts.
Versions are kept (draft_versions), and an earlier one can be brought back.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise

from forum.errors import BadInput, FormErrors, IllegalMove, NotFound
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.long_work import LONG, within
from forum.services.keys import digest, is_key
from forum.services.stories import draft_versions
from forum.services.stories.private_links import is_dead
from forum.stories import compose, scenario_twee
from forum.stories.draft import NO, PERMISSIONS, YES, Draft
from forum.stories.edits import Clash, Edit, PutBack, SetField, apply
from forum.stories.scenario import Scenario
from forum.stories.submission import StoryStatus, Submission, VersionKind
from forum.voting.commission import Commission

_TAKEN_BACK = "You have taken this story back. There is nothing left to change."
_HELD = "A moderator holds this story for now. What you write is kept, and can be sent when it comes back to you."
_UNCHANGED = "Nothing has changed since you sent it."
_WAS_PUBLIC = "This story was public before. To end that for good, take it back."


@dataclass(frozen=True)
class Saved:
    """Outcome of some edits: the draft as it is now, clashes where somebody else was faster, and errors.

    `errors` are by the path of the field. An edit in neither was saved.
    """

    story: Submission
    draft: Draft
    clashes: tuple[Clash, ...] = ()
    errors: Mapping[str, BadInput] | None = None


def browser(story: str, device: str) -> str:
    """Returns a digest that tells one browser from another in one story's versions; "" for a browser without a
    cookie."""
    return hashlib.sha256(f"{story} {device}".encode()).hexdigest()[:16] if device else ""


async def begin(
    store: Store, clock: Clock, commission_id: str, key: str, edits: Sequence[Edit], device: str = ""
) -> Saved:
    """Begins a story under a private link whose key was made with the form; saves the edits where it was begun
    already.

    Raises NotFound for an unknown commission or a dead link, BadInput for a key that `keys.new_key` cannot
    have made.
    """
    if not is_key(key):
        raise BadInput("This form cannot be used any more. Open it again; what you typed can be copied over.")
    async with store.begin() as work:
        commission = await work.commissions.get_commission(commission_id)
        if await is_dead(work, digest(key)):
            raise NotFound("This link does not work any more: it was replaced, or switched off.")
        story = Submission(secrets.token_hex(16), commission.id, "", "", StoryStatus.WRITING, link=digest(key))
        if not await work.stories.add_story(story):
            story = await work.stories.by_link(digest(key))
        return await _save(work, clock, story, edits, device)


async def opened(store: Store, clock: Clock, key: str) -> Draft:
    """Returns the draft of a story, by the key of its private link; makes one for a story that was sent as a file.

    Raises NotFound, IllegalMove for a story that was taken back.
    """
    async with store.read() as work:
        story = await work.stories.by_link(digest(key))
        if story.status != StoryStatus.WITHDRAWN:
            try:
                return await work.drafts.get_draft(story.id)
            except NotFound:
                pass
    async with store.begin() as work:
        return await _open(work, await work.stories.by_link(digest(key)), clock.now())


async def opened_at(store: Store, clock: Clock, key: str, step: str) -> Draft:
    """Returns the draft as `opened` does, and writes down that its writer is at this step."""
    draft = await opened(store, clock, key)
    async with store.read() as work:
        story = await work.stories.by_link(digest(key))
        before = await work.drafts.step(story.id)
    if before != step:
        async with store.begin() as work:
            with suppress(NotFound):  # taken back a moment ago
                await work.drafts.save_step(story.id, step)
    return draft


async def save(store: Store, clock: Clock, key: str, edits: Sequence[Edit], device: str = "") -> Saved:
    """Makes those of the edits that can be made, in order. `device` is the browser's cookie, or "".

    Raises NotFound for an unknown key, IllegalMove for a story that was taken back.
    """
    async with store.begin() as work:
        answers = any(isinstance(edit, SetField) and edit.field in PERMISSIONS for edit in edits)
        story = await work.stories.by_link(digest(key), lock=answers)
        saved = await _save(work, clock, story, edits, device)
        return await _refused(work, saved) if answers else saved


async def take_in(
    work: Work, story: Submission, edits: Sequence[Edit], at: str, kind: VersionKind, by: str = ""
) -> Saved:
    """Makes edits in the caller's unit of work, and keeps a version of `kind` where one changed
    anything."""
    before = draft = await _open(work, story, at)
    clashes: list[Clash] = []
    errors: dict[str, BadInput] = {}
    for edit in edits:
        try:
            draft = apply(draft, edit)
        except Clash as clash:
            clashes.append(clash)
        except BadInput as error:
            errors.setdefault(error.field, error)
    if draft != before:
        await work.drafts.save_draft(story.id, draft, at)
        await draft_versions.keep(work, story.id, draft, at, kind, by)
    return Saved(story, draft, tuple(clashes), errors)


async def taken_out(store: Store, key: str, cards: Collection[str]) -> dict[str, PutBack]:
    """Returns edits that put deleted cards back, by the cards' ids: each card as in the last version that has it.

    Cards that no version has are left out. Raises NotFound for an unknown key.
    """
    put_backs: dict[str, PutBack] = {}
    async with store.read() as work:
        story = await work.stories.by_link(digest(key))
        for kept in reversed(await work.drafts.history(story.id)):
            if len(put_backs) == len(cards):
                break
            draft = (await work.drafts.version(story.id, kept.number)).draft
            for before, card in pairwise((None, *draft.cards)):
                if card and card.id in cards and card.id not in put_backs:
                    put_backs[card.id] = PutBack(card, before.id if before else "")
    return put_backs


async def bring_back(store: Store, clock: Clock, key: str, number: int, device: str = "") -> Draft:
    """Makes an earlier version the draft again; the present one stays among the versions.

    The writer's answers (group, permissions) do not belong to the text and stay as they are. Raises NotFound for an
    unknown key or version, IllegalMove for a story that was taken back.
    """
    async with store.begin() as work:
        story = await work.stories.by_link(digest(key))
        at = clock.now()
        now = await _open(work, story, at)
        version = await work.drafts.version(story.id, number)
        draft = replace(
            version.draft,
            group=now.group,
            may_perform=now.may_perform,
            may_publish=now.may_publish,
            may_quote=now.may_quote,
        )
        if draft != now:
            await work.drafts.save_draft(story.id, draft, at)
            await draft_versions.keep(work, story.id, draft, at, VersionKind.BROUGHT_BACK, browser(story.id, device))
    return draft


async def send(store: Store, clock: Clock, key: str, *, shape: bool = False) -> Submission:
    """Sends a story to the moderators: for the first time, again, or as a new version of a public one.

    A public story stays as it is until a moderator has accepted the new version. With `shape` somebody else is to
    propose the question of a story that has none (shaping.py). Raises FormErrors by the path of the
    field in the draft, NotFound, IllegalMove where the story was taken back, is held, or nothing was changed.
    """
    async with store.begin() as work:
        before = await work.stories.by_link(digest(key), lock=True)  # locked: a moderator may be acting at this moment
        if before.status == StoryStatus.HELD:
            raise IllegalMove(_HELD)
        at = clock.now()
        return await send_draft(work, before, await _open(work, before, at), at, shape=shape)


async def send_draft(work: Work, before: Submission, draft: Draft, at: str, *, shape: bool = False) -> Submission:
    """Sends a draft as `send` does, in the caller's unit of work, which has locked the story. Raises FormErrors and
    IllegalMove as `send`."""
    scenario, text = await within(
        LONG, composed_and_written, before, draft, await work.commissions.get_commission(before.commission)
    )
    if before.status == StoryStatus.ACCEPTED:
        if text == (before.revision or before.twee):
            raise IllegalMove(_UNCHANGED)
        # The public text again, so that a moderator has nothing to read.
        new, when = ("", "") if text == before.twee else (text, at)
        story = replace(before, revision=new, revised_at=when, because="")
    else:
        if before.published_at and draft.may_publish != YES:
            raise FormErrors({"may_publish": BadInput(_WAS_PUBLIC, field="may_publish")})
        story = replace(
            before,
            title=scenario.title,
            twee=text,
            status=StoryStatus.SUBMITTED,
            told_by=_group(draft),
            because="",
            submitted_at=at,
            may_perform=draft.may_perform == YES,
            may_publish=draft.may_publish == YES,
            may_quote=draft.may_quote == YES,
            to_shape=shape and not scenario.decisions,
        )
    await work.stories.save_story(story, before.status)
    await work.stories.allow(story)
    await draft_versions.keep(work, story.id, draft, at, VersionKind.SENT)
    return story


def composed(story: Submission, draft: Draft, commission: Commission) -> Scenario:
    """Returns the story that would be sent now. Raises FormErrors by the path of the field in the draft."""
    group = story.told_by if story.status == StoryStatus.ACCEPTED else _group(draft)
    label = commission.group_label(group)
    if group and label is None:
        draft = replace(draft, group="")  # the commission has no such group any more: the question is asked again
    ifid = scenario_twee.parse(story.twee).ifid if story.twee else _identity(story)
    return compose.compose(draft, ifid, label or "")


def composed_and_written(story: Submission, draft: Draft, commission: Commission) -> tuple[Scenario, str]:
    """Returns the story that would be sent now (`composed`), and its text."""
    scenario = composed(story, draft, commission)
    return scenario, scenario_twee.write(scenario)


def _draft(twee: str, group: str, may: tuple[bool, bool, bool]) -> Draft:
    return compose.draft_of(scenario_twee.parse(twee), group=group, may=may)


def _identity(story: Submission) -> str:
    """Returns the Twine identity (IFID) of a story that was never sent; it is made from the story's id."""
    return str(uuid.UUID(hex=story.id, version=4)).upper()


def _group(draft: Draft) -> str | None:
    return None if draft.group in {"", NO} else draft.group


async def _refused(work: Work, saved: Saved) -> Saved:
    """Applies a withdrawn permission immediately; a newly given one when the story is sent.

    It also holds for a text that waits for a moderator. A story that was public before is taken back instead; for one
    that is public its own page asks.
    """
    before = saved.story
    if before.status not in {StoryStatus.SUBMITTED, StoryStatus.RETURNED, StoryStatus.HELD}:
        return saved
    refused = {name for name in PERMISSIONS if getattr(saved.draft, name) == NO}
    story = replace(
        before,
        may_perform=before.may_perform and "may_perform" not in refused,
        may_publish=before.may_publish and ("may_publish" not in refused or bool(before.published_at)),
        may_quote=before.may_quote and "may_quote" not in refused,
    )
    if story != before:
        await work.stories.allow(story)
    return replace(saved, story=story)


async def _save(work: Work, clock: Clock, story: Submission, edits: Sequence[Edit], device: str) -> Saved:
    return await take_in(work, story, edits, clock.now(), VersionKind.WRITTEN, browser(story.id, device))


async def _open(work: Work, story: Submission, at: str) -> Draft:
    """Returns the story's draft, locked; makes it from the story's text where there is none yet.

    Raises IllegalMove for a story that was taken back.
    """
    if story.status == StoryStatus.WITHDRAWN:
        raise IllegalMove(_TAKEN_BACK)
    try:
        return await work.drafts.get_draft(story.id, lock=True)
    except NotFound:
        story = await work.stories.get_story(story.id, lock=True)
    if story.status == StoryStatus.WITHDRAWN:  # taken back a moment ago, and its draft with it
        raise IllegalMove(_TAKEN_BACK)
    draft = Draft()
    if story.twee:
        may = (story.may_perform, story.may_publish, story.may_quote)
        text = story.revision or story.twee
        draft = await within(len(text), _draft, text, story.told_by or NO, may)
    if await work.drafts.open_draft(story.id, draft, at):
        await draft_versions.keep(work, story.id, draft, at, VersionKind.BEGUN)
    return await work.drafts.get_draft(story.id, lock=True)
