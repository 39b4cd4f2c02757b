"""The phone's page, its vote by form post, and what it asks for again and again where it has no websocket."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.errors import CastRefused, NotAllowed
from forum.live.messages import REFUSALS
from forum.live.room import Room
from forum.sessions.participant_view import Mine
from forum.sessions.session import LiveSession, Participant
from forum.sessions.view import RoomView
from forum.web.accounts.cookieless import giving
from forum.web.cookies import READING, YEAR, set_cookie
from forum.web.forms import form_of
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import language, ngettext
from forum.web.live.ballot_form import Typed, ack_facts, cast_by_form, unsent
from forum.web.live.join import joining_page, not_open_page
from forum.web.live.join_code import place_of
from forum.web.live.my_day import day_page
from forum.web.live.phone_state import left_over, own_of
from forum.web.live.screens import news_of, page_of, screen_context, small, tongue_of
from forum.web.responses import RoomPages, done, page_of_room, wants_json
from forum.web.site import base_url, site_of
from forum.web.templates import ready


async def phone(request: Request) -> Response:
    """Answers with the phone's page: joining for whoever has not, the screen for whoever has; "My day" once the
    session is over and nobody's phone is known any more."""
    session, participant = await place_of(request, request.path_params["code"])
    if session.called_off_at:
        return await not_open_page(request, session)
    if participant is None:
        return (
            await day_page(request, session) if session.ended else giving(request, await joining_page(request, session))
        )
    answer: Response = await phone_page(request, session, participant)
    if "read" in request.query_params:
        set_cookie(request, answer, READING, tongue_of(request).partition("+")[2], YEAR)
    return answer


async def vote(request: Request) -> Response:
    """Takes a vote by form post: without JavaScript, or where websockets are blocked (then as JSON)."""
    session, participant = await place_of(request, request.path_params["code"])
    if participant is None:
        raise NotAllowed(REFUSALS["not_joined"])
    form = await form_of(request)
    outcome, error, typed = await cast_by_form(request, session.id, participant.id, form)
    if outcome is not None and wants_json(request):
        return done(request, "", **ack_facts(outcome))
    if error is None:
        return RedirectResponse(f"/s/{session.code}?counted=1", 303)
    if wants_json(request):
        raise error
    return await phone_page(request, session, participant, 409, refused=error, typed=typed)


async def now(request: Request) -> Response:
    """Answers with what is on screen now, as JSON, for phones whose network blocks websockets."""
    session, participant = await place_of(request, request.path_params["code"])
    if participant is None:
        raise NotAllowed(REFUSALS["not_joined"])
    if not wants_json(request):
        return RedirectResponse(f"/s/{session.code}", 303)
    room = await site_of(request).rooms.polled(session.id, participant.id, observing=participant.observer)
    news = news_of(request, room, "phone", tongue_of(request))
    own = await site_of(request).rooms.reads.own(participant.id, room.view)
    return small(request, {name: facts for name, facts in msgspec.to_builtins(own).items() if name != "t"} | news)


def missed_words(view: RoomView) -> str:
    """Says in one line what somebody has missed who comes now; empty where nothing has happened."""
    so_far = view.so_far
    if so_far is None:
        return ""
    titles = [title for story in so_far.stories if (title := view.title_of(story))]
    parts = []
    if titles:
        parts.append(_("we saw %(stories)s") % {"stories": _(", ").join(f"“{title}”" for title in titles)})
    if so_far.votes:
        words = ngettext("the room voted once", "the room voted %(number)s times", so_far.votes)
        parts.append(words % {"number": so_far.votes} if "%(" in words else words)
    if not parts:
        return _("the session had begun.")
    return _(" and ").join(parts) + _(". What is on now is below.")


async def phone_page(
    request: Request,
    session: LiveSession,
    participant: Participant,
    status: int = 200,
    refused: CastRefused | None = None,
    typed: Typed | None = None,
    own: dict[str, Any] | None = None,
) -> Response:
    """Builds the page of one phone. `own` is what it shows besides of its own (phone_state.NOBODYS has the names)."""
    await ready(site_of(request).templates, "live/screens/phone.html")
    room: Room = await site_of(request).rooms.room(session.id, session)
    # Another view may be shown by the time that the rest is read; what is drawn of this one is kept with this one.
    view, pages = room.view, room.frames.pages
    tongue, base = tongue_of(request), base_url(request)
    mark = room.drawn("phone", tongue).mark
    mine = await site_of(request).rooms.reads.own(participant.id, view)
    there = await own_of(site_of(request).store, participant.id, view, mine, page_of(request))
    yours: dict[str, object] = {b.round: b for b in mine.yours}
    told, left = left_over(view, own or {})
    shared = screen_context(base, view.read_in(tongue), tongue)
    # Only a page with nothing on it of whoever asks: how soon it comes says whether it was drawn for somebody before.
    nobodys = mine == Mine() and not (refused or typed or own or participant.observer)
    return await page_of_room(
        request,
        RoomPages(pages, shared, base, tongue, keeping=nobodys),
        "live/phone.html",
        status,
        **{
            **there,
            **(own or {}),
            "yours": yours,
            "typed": typed,
            "told": told,
            "left": left or unsent(view, typed),
            "refused": _(refused.message) if refused else "",
            "missed": missed_words(view) if "joined" in request.query_params else "",
            "practised": request.query_params.get("practised", ""),
            "counted": "counted" in request.query_params and bool(yours),
            "group": mine.group,
            "fixed": bool(yours),
            "again": "again" in request.query_params,
            "group_right": request.query_params.get("group", ""),
            "history": room.history,
            "mark": mark,
            "socket_path": f"/s/{session.code}/socket?lang={language().code}&read={tongue.partition('+')[2]}",
            "observing": participant.observer,
            "page": page_of(request),
        },
    )
