"""The moderator's acts on a story that waits for its question: proposing one, and agreeing to one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, IllegalMove, StoreUnavailable
from forum.services.stories import shaping
from forum.web.auth import somebody
from forum.web.forms import form_of
from forum.web.moderate import story_page
from forum.web.responses import done, wants_json
from forum.web.site import site_of
from forum.web.stories.shaping import AGREE, PROPOSE


async def act(request: Request) -> Response:
    """Proposes a question to a story's teller, or agrees to one that was proposed."""
    site, person = site_of(request), await somebody(request)
    form = await form_of(request)
    story, read = request.path_params["story"], form.text("read")
    try:
        action = form.choice("shaping", (PROPOSE, AGREE), "Choose what to do with the story.")
        form.stop()
        if action == AGREE:
            await shaping.agree(site.store, story, form.text("proposal"), read=read, by=person.id)
        else:
            await shaping.propose(
                site.store,
                site.clock,
                story,
                question=form.text("title"),
                responses=form.text("words"),
                read=read,
                by=person.id,
                agree=form.flag("agreed"),
                id_=form.text("id"),
            )
    except (BadInput, IllegalMove, StoreUnavailable) as error:
        if wants_json(request):
            raise
        return await story_page(request, form, error)
    return done(request, f"/moderate?done={action}", story=story)
