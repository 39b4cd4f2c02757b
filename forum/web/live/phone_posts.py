"""What phones send beside votes, by form post: stops, reasons after the reveal, "me too"; with JavaScript as JSON."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.errors import CastRefused, ForumError, IllegalMove, NotAllowed, NotFound
from forum.live.messages import REFUSALS, StopMessage
from forum.live.stop_box import press_of, refusal
from forum.services.voting import reasons
from forum.sessions.session import LiveSession, Participant
from forum.voting.reason import ReasonReading
from forum.web.errors import status_of
from forum.web.forms import Form, form_of
from forum.web.i18n.gettext import say
from forum.web.live.join_code import place_of
from forum.web.live.phone import phone_page
from forum.web.rate_limits import AN_HOUR
from forum.web.responses import done, wants_json
from forum.web.site import site_of

_MOST_TOO = 500  # of one participant in an hour, given and taken back


async def stop(request: Request) -> Response:
    """A stop, or what its presser says besides."""
    session, participant, form = await _from_phone(request)
    site = site_of(request)
    room = await site.rooms.room(session.id)
    id_ = form.text("id") or secrets.token_hex(16)
    message = StopMessage(id_, form.text("showing"), form.text("character"), form.text("how"))
    press = press_of(message, participant.id, session.id, site.clock.now())
    code = refusal(press, room.view.characters) or await site.rooms.stopping.press_and_wait(press)
    site.rooms.mine(session.id, participant.id)
    if code:
        return await _refused(request, session, participant, form, CastRefused(code, REFUSALS[code]))
    return done(request, f"/s/{session.code}", t="stopped", stop=message.id, showing=message.showing)


async def reason(request: Request) -> Response:
    """A reason after the reveal, in the place of the one before; or takes it back."""
    session, participant, form = await _from_phone(request)
    site = site_of(request)
    try:
        if form.text("take_back"):
            if await reasons.take_back(site.store, site.clock, session, participant.id, form.text("round")):
                site.rooms.stirred(session.id)
        else:
            given = await reasons.give(
                site.store,
                site.clock,
                session,
                participant.id,
                form.text("round"),
                form.text("reason"),
                form.text("condition"),
            )
            if session.reasons == ReasonReading.DELAYED:
                site.rooms.expect(session.id, given.due_at)
    except NotFound:
        raise
    except ForumError as error:
        return await _refused(request, session, participant, form, error)
    site.rooms.joined(session.id)
    site.rooms.mine(session.id, participant.id)
    return done(request, f"/s/{session.code}", kept=not form.text("take_back"))


async def too(request: Request) -> Response:
    """ "Me too" to a reason that is shown, or no longer."""
    session, participant, form = await _from_phone(request)
    site = site_of(request)
    on = form.text("on") != "0"
    try:
        if participant.observer:
            raise IllegalMove("You follow this session without voting.")
        site.limits.take(f"too {participant.id}", _MOST_TOO, AN_HOUR)
        await reasons.me_too(site.store, session, participant.id, form.text("reason"), on=on)
    except NotFound:
        raise
    except ForumError as error:
        return await _refused(request, session, participant, form, error)
    site.rooms.stirred(session.id)
    site.rooms.mine(session.id, participant.id)
    return done(request, f"/s/{session.code}", on=on)


async def _from_phone(request: Request) -> tuple[LiveSession, Participant, Form]:
    session, participant = await place_of(request, request.path_params["code"])
    if participant is None:
        raise NotAllowed(REFUSALS["not_joined"])
    return session, participant, await form_of(request)


async def _refused(
    request: Request, session: LiveSession, participant: Participant, form: Form, error: ForumError
) -> Response:
    """What was typed stays in the form."""
    if wants_json(request):
        raise error
    typed = {name: form.text(name) for name in form.values}
    status = status_of(error) if status_of(error) != 200 else 409
    said = say(error.message, error.values)
    page: Response | RedirectResponse = await phone_page(
        request, session, participant, status, own={"retyped": typed, "said_no": said}
    )
    return page
