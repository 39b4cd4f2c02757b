"""The page of the big screen."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.web.i18n.gettext import language
from forum.web.live.screens import screen_context
from forum.web.responses import page
from forum.web.site import base_url, site_of


async def projector(request: Request) -> Response:
    """Answers with the page of the big screen, by its own link."""
    site = site_of(request)
    async with site.store.read() as work:
        session = await work.sessions.by_projector(request.path_params["key"])
    room = await site.rooms.room(session.id, session)
    await site.rooms.hold_against_record(session.id)
    return await page(
        request,
        "live/projector.html",
        socket_path=f"/projector/{session.projector}/socket?lang={language().code}",
        **screen_context(base_url(request), room.view.read_in(language().code)),
    )
