"""A live session as the audience meets it: joining, the phone's page, voting by form, stepping out, the projector."""

from __future__ import annotations

import re
import secrets
from typing import Any

import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from forum.ballot import Ballot
from forum.errors import BadInput, CastRefused, NotAllowed, NotFound, TooMany
from forum.rooms import Room, cast_of
from forum.screen import View, cue_key
from forum.session import LiveSession, Participant
from forum.web.forms import form_of, spoken
from forum.web.limits import TEN_MINUTES
from forum.web.pages import DEVICE, YEAR, digest, done, page, set_cookie, wants_json
from forum.web.site import address_of, base_url, site_of
from forum.web.templating import qr
from forum.web.words import gettext as _
from forum.wire import MAX_REASON, REFUSALS, CastMessage

_NOT_DIGITS = re.compile(r"[^0-9]")
# What is said otherwise to a phone without JavaScript, which does nothing by itself.
_BY_FORM = {"not_stored": "The vote could not be saved. Wait a moment and send it again."}


async def join(request: Request) -> Response:
    """The page where a join code is typed; with a code, on to its session."""
    if request.method != "POST":
        return await page(request, "live/join.html", errors={}, code=request.query_params.get("code", ""))
    form = await form_of(request)
    typed = form.text("code")
    try:
        live = await session_of(request, _NOT_DIGITS.sub("", typed))
    except NotFound as error:
        errors = {"code": _("There is no session with this code. Check the six digits on the big screen.")}
        if wants_json(request):
            raise BadInput(error.message, field="code") from error
        return await page(request, "live/join.html", 422, errors=errors, code=typed)
    return done(request, f"/s/{live.code}", session=live.id)


async def phone(request: Request) -> Response:
    """The phone's page: joining for whoever has not, the screen for whoever has."""
    live = await session_of(request, request.path_params["code"])
    participant, device = await _participant(request, live)
    if participant is None:
        answer: Response = await _joining(request, live)
        if not device:
            set_cookie(request, answer, DEVICE, secrets.token_urlsafe(24), YEAR)
        return answer
    return await _phone_page(request, live, participant)


async def join_session(request: Request) -> Response:
    """Joins: the group chosen, or the one chosen before. One participant for each browser and session."""
    site = site_of(request)
    live = await session_of(request, request.path_params["code"])
    if live.ended:
        raise NotAllowed("This session has ended.")
    form = await form_of(request)
    async with site.store.read() as work:
        commission = await work.commissions.get(live.commission)
    group = form.text("group")
    # "" is "prefer not to say"; a form without any choice is not an answer.
    if "group" not in form.values or (group and commission.group_label(group) is None):
        form.wrong("group", "Choose a group, or “Prefer not to say”.")
        if wants_json(request):
            form.stop()
        return await _joining(request, live, 422, spoken(form.errors["group"]))
    device = request.cookies.get(DEVICE) or secrets.token_urlsafe(24)
    async with site.store.read() as work:
        known = await work.sessions.participant(live.id, digest(device))
    if known is None:
        site.limits.take(f"join {address_of(request)}", site.settings.joins_per_address, TEN_MINUTES)
        participant = Participant(secrets.token_hex(16), live.id, group or None, site.clock.now())
        async with site.store.begin() as work:
            await work.sessions.join(participant, digest(device))
        site.rooms.joined(live.id)
    answer = done(request, f"/s/{live.code}", session=live.id)
    set_cookie(request, answer, DEVICE, device, YEAR)
    return answer


async def vote(request: Request) -> Response:
    """A vote by form post: without JavaScript, or where websockets are blocked (then as JSON)."""
    site = site_of(request)
    live = await session_of(request, request.path_params["code"])
    participant, _device = await _participant(request, live)
    if participant is None:
        raise NotAllowed(REFUSALS["not_joined"])
    form = await form_of(request)
    round_id, choice, reason = form.text("round"), form.text("choice"), form.text("reason")
    error: CastRefused | None = None
    if not choice:
        error = CastRefused("unknown_response", "Choose one of the answers.")
    elif len(reason) > MAX_REASON:
        error = CastRefused("reason_too_long", REFUSALS["reason_too_long"])
    else:
        message = CastMessage(form.text("cast") or secrets.token_hex(16), round_id, choice, reason)
        outcome = await site.rooms.intake.cast_and_wait(cast_of(message, participant.id, site.clock.now()))
        if outcome.refusal:
            said = REFUSALS if wants_json(request) else REFUSALS | _BY_FORM
            error = CastRefused(outcome.refusal, said[outcome.refusal])
        elif wants_json(request):
            return done(
                request, "", t="ack", cast=message.id, round=round_id, choice=outcome.choice, changed=outcome.changed
            )
    if error is None:
        return RedirectResponse(f"/s/{live.code}?counted=1", 303)
    if wants_json(request):
        raise error
    return await _phone_page(request, live, participant, 409, refused=error, typed=Typed(round_id, choice, reason))


class Typed(msgspec.Struct, frozen=True):
    """What somebody had in the ballot form when it was refused, so that the page can show it again."""

    round: str
    choice: str
    reason: str


async def now(request: Request) -> Response:
    """What is on screen now, as JSON, for phones whose network blocks websockets."""
    live = await session_of(request, request.path_params["code"])
    participant, _device = await _participant(request, live)
    if participant is None:
        raise NotAllowed(REFUSALS["not_joined"])
    room = await site_of(request).rooms.room(live.id)
    state = msgspec.to_builtins(room.state("phone"))
    yours = [
        {"round": b.round, "choice": b.choice, "reason": b.reason}
        for b in await _yours(request, participant, room.view)
    ]
    return done(request, "", **state, yours=yours) if wants_json(request) else RedirectResponse(f"/s/{live.code}", 303)


async def step_out(request: Request) -> Response:
    """A quiet page with the organiser's support lines, and the way back."""
    live = await session_of(request, request.path_params["code"])
    async with site_of(request).store.read() as work:
        commission = await work.commissions.get(live.commission)
    return await page(request, "live/step_out.html", commission=commission, back=f"/s/{live.code}")


async def projector(request: Request) -> Response:
    """The big screen, by its own link."""
    site = site_of(request)
    async with site.store.read() as work:
        live = await work.sessions.by_projector(request.path_params["key"])
    room = await site.rooms.room(live.id)
    return await page(
        request,
        "live/projector.html",
        socket_path=f"/projector/{live.projector}/socket",
        **screen_context(base_url(request), room.view),
    )


def screen_context(base: str, view: View) -> dict[str, Any]:
    """What every screen's template gets beside its own."""
    join_url = f"{base}/s/{view.session.code}"
    return {
        "view": view,
        "cue": cue_key(view),
        "join_url": join_url,
        "qr": qr(join_url),
        "session_path": f"/s/{view.session.code}",
        "console_path": f"/console/{view.session.id}",
        "yours": {},
        "refused": "",
    }


async def session_of(request: HTTPConnection, code: str) -> LiveSession:
    """The session of a join code. Wrong codes are counted by address, so that nobody tries them all.

    Whoever has joined the session goes on, whatever others behind the same address have tried.
    """
    site = site_of(request)
    key = f"code {address_of(request)}"
    try:
        site.limits.check(key, site.settings.wrong_codes_per_address, TEN_MINUTES)
    except TooMany:
        if not await _inside(request, code):
            raise
    try:
        async with site.store.read() as work:
            return await work.sessions.by_code(code)
    except NotFound:
        site.limits.count(key)
        raise


async def _inside(request: HTTPConnection, code: str) -> bool:
    """Whether this browser has joined the session of a code."""
    try:
        async with site_of(request).store.read() as work:
            live = await work.sessions.by_code(code)
    except NotFound:
        return False
    participant, _device = await _participant(request, live)
    return participant is not None


async def _participant(request: HTTPConnection, live: LiveSession) -> tuple[Participant | None, str]:
    device = request.cookies.get(DEVICE, "")
    if not device:
        return None, ""
    async with site_of(request).store.read() as work:
        return await work.sessions.participant(live.id, digest(device)), device


async def _joining(
    request: Request, live: LiveSession, status: int = 200, errors: dict[str, str] | None = None
) -> Response:
    room = await site_of(request).rooms.room(live.id)
    context = screen_context(base_url(request), room.view)
    return await page(request, "live/joining.html", status, errors=errors or {}, value=None, **context)


async def _yours(request: Request, participant: Participant, view: View) -> list[Ballot]:
    async with site_of(request).store.read() as work:
        return await work.rounds.yours(participant.id, [view.round.id] if view.round else [])


async def _phone_page(
    request: Request,
    live: LiveSession,
    participant: Participant,
    status: int = 200,
    refused: CastRefused | None = None,
    typed: Typed | None = None,
) -> Response:
    room: Room = await site_of(request).rooms.room(live.id)
    context = screen_context(base_url(request), room.view)
    yours: dict[str, object] = {b.round: b for b in await _yours(request, participant, room.view)}
    return await page(
        request,
        "live/phone.html",
        status,
        **context
        | {
            "yours": yours,
            "typed": typed,
            "refused": _(refused.message) if refused else "",
            "counted": "counted" in request.query_params and bool(yours),
            "socket_path": f"/s/{live.code}/socket",
        },
    )
