"""The moderator's acts on a story that waits for its question: proposing one, and agreeing to one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, IllegalMove, StoreUnavailable
from forum.services.stories import shaping
from forum.web.auth import somebody
from forum.web.forms import Form, form_of
from forum.web.moderate import story_page
from forum.web.responses import done, wants_json
from forum.web.site import site_of
from forum.web.stories.shaping import AGREE, PROPOSE


async def act(request: Request) -> Response:
    """Proposes a question to a story's teller, or agrees to one that was proposed."""
    person = await somebody(request)
    form = await form_of(request)
    story = request.path_params["story"]
    try:
        action = form.choice("shaping", (PROPOSE, AGREE), "Choose what to do with the story.")
        form.stop()
        await shape_as_asked(request, form, action, person.id)
    except (BadInput, IllegalMove, StoreUnavailable) as error:
        if wants_json(request):
            raise
        return await story_page(request, form, error)
    return done(request, f"/moderate?done={action}", story=story)


async def shape_as_asked(request: Request, form: Form, action: str, by: str) -> str:
    """Proposes a question or agrees to one, on a page or by a program, and returns the id of the proposal. Raises as
    shaping.propose and shaping.agree do."""
    site, story, read = site_of(request), request.path_params["story"], form.text("read")
    if action == AGREE:
        await shaping.agree(site.store, story, form.text("proposal"), read=read, by=by)
        return form.text("proposal")
    made = await shaping.propose(
        site.store,
        site.clock,
        story,
        question=form.text("title"),
        responses=form.text("words"),
        read=read,
        by=by,
        agree=form.flag("agreed"),
        id_=form.text("id"),
    )
    return made.id
