"""Pages and acts of a kind session: looking away, stepping out, breaks without a name, time, badges, plain words."""

from __future__ import annotations

import re

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from forum.errors import NotAllowed, NotFound
from forum.live.messages import REFUSALS
from forum.services.sessions import care
from forum.services.sessions.desk import Desk, Outcome
from forum.sessions.session import LiveSession, Participant
from forum.sessions.view import cue_key, joined, playing_in
from forum.web.forms import Form, form_of
from forum.web.i18n.gettext import language
from forum.web.live.join_code import place_of
from forum.web.rate_limits import TEN_MINUTES
from forum.web.responses import done, page
from forum.web.site import site_of

ACTS = ("breaks-seen", "time", "badges", "reword")
# How often one phone may ask in ten minutes; what comes on top says nothing new.
MOST_ASKED = 5
_NUMBER = re.compile(r"[0-9]{1,6}")


async def run(desk: Desk, session: str, name: str, form: Form) -> Outcome:
    """Carries out one of ACTS from this desk."""
    if name == "breaks-seen":
        return await care.see_breaks(desk, session)
    if name == "badges":
        return await care.set_badges(desk, session, off=form.flag("off"))
    if name == "time":
        minutes = form.text("minutes", "0")
        return await care.say_time(
            desk, session, form.text("round"), int(minutes) if _NUMBER.fullmatch(minutes) else -1
        )
    labels = {key.removeprefix("label-"): form.text(key) for key in form.values if key.startswith("label-")}
    return await care.reword(desk, session, form.text("round"), form.text("kind"), form.text("question"), labels)


async def away(request: Request) -> Response:
    """Shows the page on which somebody waits who does not want to see a scene: it says when that is over, and shows
    nothing of it."""
    session, _participant = await _inside(request)
    room = await site_of(request).rooms.room(session.id)
    now = cue_key(room.view).playing
    sent = request.query_params.get("cue", "")
    skipped = playing_in(sent) if sent else now
    return await page(
        request,
        "live/away.html",
        view=room.view,
        back=f"/s/{session.code}",
        skipped=joined(skipped),
        over=skipped != now,
        socket_path=f"/s/{session.code}/socket?lang={language().code}",
    )


async def step_out(request: Request) -> Response:
    """Shows a quiet page with the organiser's support lines, a way to ask for a break, and the way back."""
    session, participant = await place_of(request, request.path_params["code"])
    number = request.query_params.get("asked", "")
    seen = None
    if _NUMBER.fullmatch(number):
        try:
            seen = await care.is_break_seen(_desk(request), session.id, int(number))
        except NotFound:
            seen = None
    async with site_of(request).store.read() as work:
        commission = await work.commissions.of_session(session)
    return await page(
        request,
        "live/step_out.html",
        commission=commission,
        back=f"/s/{session.code}",
        seen=seen,
        asking=participant is not None and not session.ended,
        rehearsal=session.rehearsal or commission.rehearsal,
    )


async def ask_break(request: Request) -> Response:
    """Asks for a break: the console sees that somebody does, and not who."""
    session, participant = await _inside(request)
    site = site_of(request)
    site.limits.take(f"break {participant.id}", MOST_ASKED, TEN_MINUTES)
    number = await care.ask_break(_desk(request), session.id)
    site.rooms.joined(session.id)
    return done(request, f"/s/{session.code}/step-out?asked={number}")


async def more_time(request: Request) -> Response:
    """Asks for more time for the vote; the facilitator sees how many did."""
    session, participant = await _inside(request)
    site, form = site_of(request), await form_of(request)
    site.limits.take(f"time {participant.id}", MOST_ASKED, TEN_MINUTES)
    await care.ask_more_time(_desk(request), session.id, form.text("round"))
    site.rooms.joined(session.id)
    return done(request, f"/s/{session.code}")


def _desk(request: Request) -> Desk:
    return Desk(site_of(request).store, site_of(request).clock)


async def _inside(request: HTTPConnection) -> tuple[LiveSession, Participant]:
    session, participant = await place_of(request, request.path_params["code"])
    if participant is None:
        raise NotAllowed(REFUSALS["not_joined"])
    return session, participant
