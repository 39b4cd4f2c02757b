"""The page of a private link: a story's status, its events, and the way on to writing it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.ports.long_work import long
from forum.services import retention
from forum.services.stories import draft_edits
from forum.stories import scenario_twee
from forum.stories.submission import StoryStatus
from forum.web.responses import page
from forum.web.site import base_url, site_of
from forum.web.stories.private_link import life_of, story_of_link
from forum.web.stories.shaping import for_teller
from forum.web.stories.steps import CHECK, STEPS, place_of, step_of
from forum.web.templates import qr


async def my_story(request: Request) -> Response:
    """Shows a story's status and events, by its private link; one that is being written opens at the step that its
    writer left."""
    story, commission = await story_of_link(request)
    key = request.path_params["key"]
    title, left, draft = story.title, "", None
    if story.status == StoryStatus.WRITING or (story.to_shape and story.status == StoryStatus.SUBMITTED):
        site = site_of(request)
        draft = await draft_edits.opened(site.store, site.clock, key)
        title = draft.title if story.status == StoryStatus.WRITING else title
    async with site_of(request).store.read() as work:
        shaping = await for_teller(request, work, story, draft, commission)
        over = await retention.kept_long_enough(work, story.id)
        if story.status == StoryStatus.WRITING:
            left = await work.drafts.step(story.id)
    if left in (*STEPS, CHECK) and not request.query_params:
        return RedirectResponse(place_of(key, left), 303)
    link = f"{base_url(request)}/my-story/{key}"
    return await page(
        request,
        "stories/my_story.html",
        story=story,
        title=title,
        over=over,
        told=await long(scenario_twee.parse, story.twee) if story.twee else None,
        commission=commission,
        sent=request.query_params.get("sent") == "1",
        stopped="stopped" in request.query_params,
        left=step_of(left) if left in STEPS else None,
        steps=len(STEPS),
        onward=place_of(key, left),
        key=key,
        told_so=request.query_params.get("done", ""),
        **await life_of(request, story),
        **shaping,
        link=link,
        qr=qr(link),
        form={name: "yes" if getattr(story, name) else "no" for name in ("may_perform", "may_publish", "may_quote")},
        errors={},
    )
