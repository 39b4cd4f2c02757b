"""The page of a private link: where a story stands, what became of it, and the way on to writing it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum import scenario, writing
from forum.longwork import long
from forum.submissions import WRITING
from forum.web.pages import page
from forum.web.private import life_of, story_of_link
from forum.web.site import base_url, site_of
from forum.web.templating import qr


async def my_story(request: Request) -> Response:
    """What became of a story, for whoever has its private link."""
    story, commission = await story_of_link(request)
    key = request.path_params["key"]
    title = story.title
    if story.status == WRITING:
        site = site_of(request)
        title = (await writing.opened(site.store, site.clock, key)).title
    link = f"{base_url(request)}/my-story/{key}"
    return await page(
        request,
        "stories/mine.html",
        story=story,
        title=title,
        told=await long(scenario.parse, story.twee) if story.twee else None,
        commission=commission,
        sent=request.query_params.get("sent") == "1",
        key=key,
        told_so=request.query_params.get("done", ""),
        **await life_of(request, story),
        link=link,
        qr=qr(link),
        form={name: "yes" if getattr(story, name) else "no" for name in ("may_perform", "may_publish", "may_quote")},
        errors={},
    )
