"""Moderators' acts over the API: the stories that wait to be read, with their text, and the act on one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.requests import Request

from forum.errors import BadInput
from forum.services.stories.submissions import fingerprint, must_be_sent, waiting_text
from forum.stories.submission import StoryStatus, Submission
from forum.voting.commission import Commission
from forum.web import moderate
from forum.web.api.commissions import of
from forum.web.api.cursors import cursor, place_in
from forum.web.api.done import Done, Report, StoryToRead
from forum.web.api.shapes import Listing, NoQuery, Paged
from forum.web.auth import somebody
from forum.web.forms import Form
from forum.web.site import base_url, site_of

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
    return _told(request, about, story, [Report(id=one.id, words=one.words, at=one.at) for one in reports])


async def act(request: Request, form: Form) -> Done:
    """Does a moderator's act on a story. Raises BadInput(field="read") where it does not say which text was read."""
    if not form.text("read"):
        raise BadInput("Send back `read` of the text that you read, so that no other is meant.", field="read")
    person = await somebody(request)
    after = await moderate.moderate_as_asked(request, form, person.id)
    await moderate.tell_rooms(request, after)
    return Done(id=after.id, state=str(after.status), page=f"{base_url(request)}/moderate/{after.id}")


def _told(request: Request, about: Commission, story: Submission, reports: Sequence[Report] = ()) -> StoryToRead:
    return StoryToRead(
        id=story.id,
        commission=story.commission,
        title=story.title,
        state=str(story.status),
        told_by=about.group_label(story.told_by),
        text=waiting_text(story),
        read=fingerprint(story),
        may_publish=story.may_publish,
        may_perform=story.may_perform,
        reports=tuple(reports),
        page=f"{base_url(request)}/moderate/{story.id}",
    )
