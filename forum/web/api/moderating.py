"""Moderators' acts on stories over the API: those that wait, with their text; appeals; questions that are proposed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace
from starlette.requests import Request

from forum.errors import BadInput
from forum.services.stories import appeals_and_reports
from forum.services.stories.submissions import fingerprint, must_be_sent, waiting_text
from forum.stories.shaping import open_proposals
from forum.stories.submission import StoryStatus, Submission
from forum.voting.commission import Commission
from forum.web import moderate, moderate_shaping
from forum.web.api.commissions import of
from forum.web.api.cursors import after, cursor, place_in
from forum.web.api.done import Done
from forum.web.api.shapes import Listing, NoQuery, Paged
from forum.web.api.to_read import AppealToRead, ProposedHere, Report, StoryToRead
from forum.web.auth import somebody
from forum.web.forms import Form
from forum.web.site import base_url, site_of
from forum.web.stories.shaping import AGREE, PROPOSE

MOST_TEXTS = 10


async def queue(request: Request, asked: Paged) -> Listing[StoryToRead]:
    """Lists the stories of a commission that wait to be read, longest waiting first: MOST_TEXTS at once, as each comes
    with its text. Raises NotFound."""
    start = place_in(asked.cursor)
    async with site_of(request).store.read() as work:
        about = await of(request, work)
        found, many = await work.stories.queue(
            [about.id], status=StoryStatus.SUBMITTED, start=start, most=min(asked.limit, MOST_TEXTS)
        )
    items = []
    for one in found:
        items.append(_told(request, about, one))
        # A text may be long, and each is hashed.
        await asyncio.sleep(0)
    following = start + len(items)
    return Listing(items=tuple(items), next=cursor(following) if items and following < many else None)


async def to_read(request: Request, _asked: NoQuery) -> StoryToRead:
    """Returns a story that was sent, as its moderators read it. Raises NotFound."""
    async with site_of(request).store.read() as work:
        story = must_be_sent(await work.stories.get_story(request.path_params["story"]))
        about = await work.commissions.get_commission(story.commission)
        reports = [one for one in await work.moderation.reports(story.id) if not one.answer]
        offered = open_proposals(await work.drafts.suggestions(story.id)) if story.to_shape else []
    told = _told(request, about, story, [Report(id=one.id, words=one.words, at=one.at) for one in reports])
    proposed = (
        ProposedHere(id=one.id, question=one.title, answers=tuple(one.words.splitlines()), at=one.at) for one in offered
    )
    return replace(told, proposed=tuple(proposed))


async def act(request: Request, form: Form) -> Done:
    """Does a moderator's act on a story. Raises BadInput(field="read") where it does not say which text was read."""
    must_name_text(form)
    person = await somebody(request)
    after = await moderate.moderate_as_asked(request, form, person.id)
    await moderate.tell_rooms(request, after)
    return Done(id=after.id, state=str(after.status), page=f"{base_url(request)}/moderate/{after.id}")


def must_name_text(form: Form) -> None:
    """Raises BadInput(field="read") where an act does not say which text was read: it would be done on any."""
    if not form.text("read"):
        raise BadInput("Send back `read` of the text that you read, so that no other is meant.", field="read")


async def appeals(request: Request, asked: Paged) -> Listing[AppealToRead]:
    """Lists the appeals in a commission that wait for an answer, longest waiting first. Raises NotFound."""
    person = await somebody(request)
    async with site_of(request).store.read() as work:
        about = await of(request, work)
        waiting = [one for one in await appeals_and_reports.waiting(work) if one[0].commission == about.id]
    items = [
        AppealToRead(
            id=now.appeal.id,
            story=story.id,
            title=story.title,
            words=now.appeal.words,
            at=now.appeal.at,
            against=str(now.act.action),
            because=now.act.because,
            yours=now.act.by == person.id,
            page=f"{base_url(request)}/moderate/{story.id}",
        )
        for story, now in waiting
        if now.appeal is not None
    ]
    page, following = after(items, lambda one: one.id, asked.cursor, asked.limit)
    return Listing(items=tuple(page), next=following)


async def answer_appeal(request: Request, form: Form) -> Done:
    """Answers an appeal against another moderator's act."""
    site, person, id_ = site_of(request), await somebody(request), request.path_params["story"]
    said = {"because": form.text("why"), "by": person.id}
    appeal, outcome, public = form.text("appeal"), form.text("outcome"), form.flag("public_why")
    answered = await appeals_and_reports.answer(site.store, site.clock, appeal, id_, outcome, public=public, **said)
    await moderate.tell_rooms(request, answered)
    return Done(id=id_, state=str(answered.status), page=f"{base_url(request)}/moderate/{id_}")


async def propose_question(request: Request, form: Form) -> Done:
    """Proposes a question to a story's writer. Raises as `act` does."""
    answers = (" ".join(one.split()) for one in form.texts("words"))
    return await _shaped(request, Form({**form.values, "words": ["\n".join(answers)]}), PROPOSE)


async def agree_to_question(request: Request, form: Form) -> Done:
    """Agrees to a question that was proposed. Raises as `act` does."""
    return await _shaped(request, form, AGREE)


async def _shaped(request: Request, form: Form, action: str) -> Done:
    must_name_text(form)
    made = await moderate_shaping.shape_as_asked(request, form, action, (await somebody(request)).id)
    return Done(id=made, page=f"{base_url(request)}/moderate/{request.path_params['story']}")


def _told(request: Request, about: Commission, story: Submission, reports: Sequence[Report] = ()) -> StoryToRead:
    return StoryToRead(
        id=story.id,
        commission=story.commission,
        title=story.title,
        state=str(story.status),
        told_by=about.group_label(story.told_by),
        text=waiting_text(story),
        read=fingerprint(story),
        to_shape=story.to_shape,
        may_publish=story.may_publish,
        may_perform=story.may_perform,
        reports=tuple(reports),
        page=f"{base_url(request)}/moderate/{story.id}",
    )
