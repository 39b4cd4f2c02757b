"""Corrects the group of somebody who tapped the wrong one, in a room or in an asynchronous round."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, IllegalMove, NotAllowed
from forum.live.messages import REFUSALS
from forum.services.sessions import group_correction
from forum.web.errors import status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.i18n.gettext import say
from forum.web.live.join_code import place_of
from forum.web.live.phone import phone_page
from forum.web.public.answer import about_page, visit_of
from forum.web.rate_limits import TEN_MINUTES
from forum.web.responses import done, wants_json
from forum.web.site import site_of

TRIES = 20


async def in_a_room(request: Request) -> Response:
    """Corrects the group of a phone in a session."""
    session, participant = await place_of(request, request.path_params["code"])
    if participant is None:
        raise NotAllowed(REFUSALS["not_joined"])
    wrong = await _put_right(request, session.id, participant.id, await form_of(request))
    if wrong is not None:
        own = {"group_wrong": wrong[1]}
        return await phone_page(request, session, participant, wrong[0], own=own)
    site_of(request).rooms.joined(session.id)
    site_of(request).rooms.mine(session.id, participant.id)
    return done(request, f"/s/{session.code}?group=right")


async def alone(request: Request) -> Response:
    """Corrects the group of somebody who answers an asynchronous round."""
    visit = await visit_of(request)
    if visit.participant is None:
        raise NotAllowed(REFUSALS["not_joined"])
    wrong = await _put_right(request, visit.session.id, visit.participant.id, await form_of(request))
    if wrong is not None:
        return await about_page(request, visit, wrong[0], group_wrong=wrong[1])
    return done(request, f"{visit.path}?group=right")


async def _put_right(request: Request, session: str, participant: str, form: Form) -> tuple[int, str] | None:
    """Corrects the group; returns None, or for a reader of pages the status and the words of the error. Raises
    TooMany."""
    site = site_of(request)
    site.limits.take(f"group {participant}", TRIES, TEN_MINUTES)
    try:
        if "group" not in form.values:
            form.wrong("group", "Choose a group, or “Prefer not to say”.")
        form.stop()
        await group_correction.put_right(site.store, site.clock, session, participant, form.text("group") or None)
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        words = spoken(error)["group"] if isinstance(error, BadInput) else say(error.message, error.values)
        return status_of(error), words
    return None
