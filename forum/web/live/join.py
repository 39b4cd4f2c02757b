"""Joining a session, by code, group or ticket: one participant for each browser, as long as there are places."""

from __future__ import annotations

import re
import secrets
from collections.abc import Set

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.errors import BadInput, NotAllowed, NotFound, TooMany
from forum.live.arrivals import Arrival
from forum.services.keys import digest, new_key
from forum.services.sessions import guard, tickets
from forum.sessions.session import Entrance, LiveSession, Participant
from forum.stories.visible_text import digits
from forum.voting.commission import Commission
from forum.web.accounts.cookieless import giving, refusing
from forum.web.accounts.devices import keep, who_of
from forum.web.cookies import DEVICE, cookie_of
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.guess_limits import guessed
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.live.join_code import place_of, session_of
from forum.web.live.screens import screen_context
from forum.web.responses import RoomPages, done, page, page_of_room, wants_json
from forum.web.site import base_url, site_of

_NOT_DIGITS = re.compile(r"[^0-9]")
_SOON = 60  # seconds after which a phone may ask again for a place
FULL = (
    "All places in this session are taken. Tell the organiser: they can let more people in with one press. "
    "Then send this again."
)


async def come_in(request: Request, participant: Participant, device: str, also: Set[str] = frozenset()) -> None:
    """Joins a browser that has not joined yet, with the groups that its owner belongs to besides.

    Raises TooMany where all places of the session are taken.
    """
    site, session = site_of(request), participant.session
    proved = bool(who_of(request).device)
    if not await site.rooms.place(session, proved=proved):
        raise TooMany(FULL, _SOON)
    here = ""
    try:
        here = (await site.rooms.arrivals.join(Arrival(participant, digest(device), also))).id
    finally:
        # Saving failed, or the same browser came twice at the same moment.
        if here != participant.id:
            site.rooms.places.give_back(session, proved=proved)
    site.rooms.joined(session)


def group_in(form: Form, commission: Commission) -> str:
    """Returns the group with which a form joins, "" where it is left unsaid; a form with neither is told so in it."""
    unsaid = form.flag("unsaid")
    group = "" if unsaid else form.text("group")
    if (not unsaid and "group" not in form.values) or (group and commission.group_label(group) is None):
        form.wrong("group", "Choose a group, or press “Join without saying my group”.")
    return group


async def join(request: Request) -> Response:
    """Shows the page where a join code is typed; with a code, leads on to its session."""
    if request.method != "POST":
        return await page(request, "live/join.html", errors={}, code=request.query_params.get("code", ""))
    form = await form_of(request)
    typed = form.text("code")
    try:
        session = await session_of(request, _NOT_DIGITS.sub("", digits(typed)))
    except NotFound as error:
        errors = {"code": _("There is no session with this code. Check the six digits on the big screen.")}
        if wants_json(request):
            raise BadInput(error.message, field="code") from error
        return await page(request, "live/join.html", 422, errors=errors, code=typed)
    except TooMany as error:
        if wants_json(request):
            raise
        errors = {"code": say(error.message, error.values)}
        return retry_after(await page(request, "live/join.html", 429, errors=errors, code=typed), error)
    return done(request, f"/s/{session.code}", session=session.id)


async def join_session(request: Request) -> Response:
    """Joins: the group chosen, or the one chosen before. One participant for each browser and session."""
    site = site_of(request)
    session, known = await place_of(request, request.path_params["code"])
    if session.called_off_at:
        raise NotAllowed(guard.CALLED_OFF)
    if session.ended:
        raise NotAllowed("This session has ended.")
    if session.planned:
        raise NotAllowed("This session has not been opened yet. Try again once it is.")
    form = await form_of(request)
    refusal = await refusing(request, form, f"/s/{session.code}")
    if refusal is not None:
        return refusal
    if session.entrance == Entrance.TICKETS:
        return await _join_with_ticket(request, session, form)
    commission = (await site.rooms.room(session.id, session)).view.commission
    group = group_in(form, commission)
    if "group" in form.errors:
        if wants_json(request):
            form.stop()
        return await joining_page(request, session, 422, spoken(form.errors["group"]), form=form)
    also = {other for other in form.texts("also") if commission.group_label(other) is not None} - {group}
    device = cookie_of(request, DEVICE) or new_key()
    if known is None:
        participant = Participant(
            secrets.token_hex(16), session.id, group or None, site.clock.now(), observer=form.flag("observe")
        )
        try:
            await come_in(request, participant, device, also)
        except TooMany as error:
            if wants_json(request):
                raise
            full = await joining_page(request, session, 429, {"group": say(error.message)}, form=form)
            return giving(request, retry_after(full, error))
    other = known is not None and known.group != (group or None)
    news = "?joined=1" if known is None else "?again=1" if other else ""
    return keep(request, done(request, f"/s/{session.code}{news}", session=session.id), device)


async def ticket(request: Request) -> Response:
    """Answers the address in a ticket's QR code: the phone's page, with the ticket filled in."""
    session, participant = await place_of(request, request.path_params["code"])
    if participant is not None:
        return RedirectResponse(f"/s/{session.code}", 303)
    typed = tickets.printed(tickets.plain(request.path_params["ticket"]))
    return giving(request, await joining_page(request, session, typed=typed))


async def _join_with_ticket(request: Request, session: LiveSession, form: Form) -> Response:
    site, typed = site_of(request), form.text("ticket")
    async with site.store.read() as work:
        commission = await work.commissions.of_session(session)
    also = {other for other in form.texts("also") if commission.group_label(other) is not None}
    device = cookie_of(request, DEVICE) or new_key()
    try:
        await admitted(
            request, session, typed, digest(device), tickets.JoinAnswers(frozenset(also), form.flag("observe"))
        )
    except (BadInput, TooMany) as error:
        if wants_json(request):
            raise
        wrong = spoken(error) if isinstance(error, BadInput) else {"ticket": say(error.message, error.values)}
        return retry_after(await joining_page(request, session, status_of(error), wrong, typed, form), error)
    site.rooms.joined(session.id)
    return keep(request, done(request, f"/s/{session.code}?joined=1", session=session.id), device)


async def admitted(
    request: Request, session: LiveSession, typed: str, device: str, answers: tickets.JoinAnswers = tickets.NO_ANSWERS
) -> Participant:
    """Lets somebody in with a ticket: a right one whatever others have tried. Raises BadInput, TooMany."""
    site = site_of(request)
    if not tickets.plain(typed):
        raise BadInput("Type the code on your ticket.", field="ticket")
    try:
        return await tickets.admit(site.store, site.clock, session, typed, device, answers)
    except tickets.UnknownTicket:
        await guessed(request, "ticket", site.settings.wrong_tickets_per_address)
        raise


async def joining_page(
    request: Request,
    session: LiveSession,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: str = "",
    form: Form | None = None,
) -> Response:
    """Builds the page on which somebody joins; `errors` by field, `typed` is the ticket, `form` what was sent."""
    if not session.opened_at:
        return await not_open_page(request, session)
    room = await site_of(request).rooms.room(session.id, session)
    base = base_url(request)
    shared = screen_context(base, room.view)
    pages = RoomPages(room.frames.pages, shared, base, "", keeping=form is None and not errors and not typed)
    answers = {"also": form.texts("also") if form else [], "observe": bool(form and form.flag("observe"))}
    chosen = form.text("group") if form and "group" in form.values else None
    said = {"errors": errors or {}, "typed": typed, "value": chosen}
    return await page_of_room(request, pages, "live/join_session.html", status, **answers, **said)


async def not_open_page(request: Request, session: LiveSession) -> Response:
    """Says that a session was not opened yet, and when it is planned for; or that it was called off, and why."""
    async with site_of(request).store.read() as work:
        commission = await work.commissions.of_session(session)
        plan = (await work.programmes.latest(session.id)).plan
    again = f"/s/{session.code}"
    return await page(request, "live/planned.html", session=session, commission=commission, plan=plan, again=again)
