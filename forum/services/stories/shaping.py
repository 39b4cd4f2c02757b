"""Shaping of a story that was sent with what happened alone (stories/shaping.py): proposing its question, agreeing to
it, and what follows from its teller's yes.

A proposal is a suggestion like any other: by the build link (build_link.py), or by a moderator from the queue
(`propose`). The teller answers it by the private link (`build_link.answer`); nothing is published before.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import replace

from forum.errors import BadInput, FormErrors, ForumError, IllegalMove
from forum.ports import Store, Work
from forum.ports.clock import Clock
from forum.ports.long_work import LONG, within
from forum.services.form_errors import Findings
from forum.services.stories import draft_edits, moderation, suggestions
from forum.services.stories.submissions import as_draft, fingerprint, must_be_sent
from forum.services.stories.suggestions import Offer
from forum.stories.draft import NO, Draft
from forum.stories.edits import apply
from forum.stories.shaping import AfterYes, Shape, after_yes, open_proposals, shape_of
from forum.stories.submission import StoryStatus, Submission
from forum.stories.suggestion import Suggestion, SuggestionKind
from forum.voting.commission import Commission

MOST_PROPOSED = 20  # questions that wait in one story for its teller's answer

_ID = re.compile(r"[0-9a-f]{32}")
_NOT_WANTED = "This story has its question, or its writer wants none. Nothing was changed. Look at it again."
_ANSWERED = "Its writer has answered this proposal already. Nothing was changed. Look at it again."
_ENOUGH = "%(most)s questions wait for the writer of this story. Wait for an answer."
_NO_PLACE = "No question can be put at the end of this story as it is. Return it, and say what to change."


async def propose(
    store: Store,
    clock: Clock,
    story_id: str,
    *,
    question: str,
    responses: str,
    read: str,
    by: str = "",
    agree: bool = False,
    id_: str = "",
) -> Suggestion:
    """Proposes a question with its responses (one on each line) to a story's teller, for a moderator who read the
    text of the fingerprint `read`; `id_` is made with the form, so that it is proposed once, and the same form sent
    again gets the same proposal, answered or not.

    With `agree` the story is published as soon as the teller says yes to exactly this. Raises IllegalMove where the
    story moved on meanwhile or MOST_PROPOSED wait already, FormErrors (fields title, words).
    """
    offer = Offer(SuggestionKind.QUESTION, responses, title=question)
    async with store.begin() as work:
        held = must_be_sent(await work.stories.get_story(story_id, lock=True))
        sent = next((one for one in await work.drafts.suggestions(held.id) if one.id == id_ and one.staff), None)
        if sent is not None and suggestions.same(sent, offer) and (sent.agreed or not agree):
            return sent
        story, waiting = await _to_shape(work, story_id, read)
        if len(waiting) >= MOST_PROPOSED:
            raise IllegalMove(_ENOUGH, most=MOST_PROPOSED)
        commission = await work.commissions.get_commission(story.commission)
        draft = await within(len(story.twee), sent_draft, story)
        kept = suggestions.said(draft, offer)
        made = Suggestion(
            id=id_ if _ID.fullmatch(id_) and not sent else secrets.token_hex(16),
            story=story.id,
            kind=SuggestionKind.QUESTION,
            words=kept.words,
            title=kept.title,
            at=clock.now(),
            staff=True,
        )
        whole = await within(LONG, read_with, story, draft, commission, made)
        if not whole:
            found = Findings()
            found.wrong("title", _NO_PLACE)
            found.stop()
        made = replace(made, agreed=whole, agreed_by=by) if agree else made
        if not await work.drafts.suggest(made):
            raise BadInput("This form cannot be used any more. Open it again; what you typed can be copied over.")
    return made


async def agree(store: Store, story_id: str, suggestion_id: str, *, read: str, by: str = "") -> None:
    """Agrees, for a moderator who read the text of the fingerprint `read`, that the story is published with this
    question as soon as its teller says yes to it unchanged. Does nothing the second time.

    Raises IllegalMove where the story moved on or the proposal was answered meanwhile.
    """
    async with store.begin() as work:
        story, waiting = await _to_shape(work, story_id, read)
        proposal = next((one for one in waiting if one.id == suggestion_id), None)
        if proposal is None:
            raise IllegalMove(_ANSWERED)
        commission = await work.commissions.get_commission(story.commission)
        draft = await within(len(story.twee), sent_draft, story)
        whole = await within(LONG, read_with, story, draft, commission, proposal)
        if not whole:
            raise IllegalMove(_NO_PLACE)
        if whole != proposal.agreed:
            await work.drafts.agree(proposal.id, whole, by)


async def _to_shape(work: Work, story_id: str, read: str) -> tuple[Submission, list[Suggestion]]:
    """Returns a story that waits for shaping, locked, with its open proposals. Raises NotFound, IllegalMove."""
    story = must_be_sent(await work.stories.get_story(story_id, lock=True))
    moderation.must_be_there(story, StoryStatus.SUBMITTED, read)
    there = await work.drafts.suggestions(story.id)
    if shape_of(story, there) == Shape.SHAPED:
        raise IllegalMove(_NOT_WANTED)
    return story, open_proposals(there)


async def follow(work: Work, story: Submission, proposal: Suggestion, at: str) -> AfterYes:
    """Does what follows from a teller's yes, after the question came into the draft: sends the whole, or publishes it
    where a moderator has agreed to exactly this. In the caller's unit of work, which has locked the story."""
    draft = await work.drafts.get_draft(story.id, lock=True)
    commission = await work.commissions.get_commission(story.commission)
    read = await within(LONG, _read, story, draft, commission)
    what = after_yes(story, proposal.agreed, read)
    if what == AfterYes.KEPT:
        return what
    sent = await draft_edits.send_draft(work, story, draft, at)
    if what == AfterYes.PUBLISHED and sent.may_publish:
        await moderation.accept_agreed(work, sent, at, proposal.agreed_by)
        return what
    return AfterYes.SENT


def sent_draft(story: Submission) -> Draft:
    """Returns the text that was sent, opened for writing; what its teller wrote since is nobody else's to read."""
    may = (story.may_perform, story.may_publish, story.may_quote)
    return as_draft(story.twee, group=story.told_by or NO, may=may)


def read_with(story: Submission, draft: Draft, commission: Commission, proposal: Suggestion) -> str:
    """Returns the fingerprint of the whole story as a yes to the proposal makes it; "" where that cannot be sent."""
    try:
        offer = suggestions.said(draft, Offer(proposal.kind, proposal.words, title=proposal.title))
        for edit in suggestions.edits(draft, proposal.id, offer):
            draft = apply(draft, edit)
    except ForumError:
        return ""
    return _read(story, draft, commission)


def _read(story: Submission, draft: Draft, commission: Commission) -> str:
    try:
        _scenario, text = draft_edits.composed_and_written(story, draft, commission)
    except FormErrors:
        return ""
    return fingerprint(replace(story, twee=text, revision=""))
