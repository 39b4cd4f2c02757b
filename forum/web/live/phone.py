"""A live session as the audience meets it: joining, the phone's page, voting by form, stepping out, the projector."""

from __future__ import annotations

import gzip
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from forum.errors import BadInput, CastRefused, NotAllowed, NotFound, TooMany
from forum.live.ballot_box import new_cast
from forum.live.messages import REFUSALS, Screen
from forum.live.room import Room
from forum.services.keys import digest, new_key
from forum.services.sessions import tickets
from forum.services.sessions.room_view import own_of as own_of_phone
from forum.sessions.session import TICKETS, LiveSession, Participant
from forum.sessions.view import MOST_PAGES, View, cue_key
from forum.stories.visible_text import digits, trimmed
from forum.voting.ballot import MOST_CAST_ID, CastOutcome
from forum.voting.methods import METHODS
from forum.voting.round import Round
from forum.web.accounts.cookieless import giving, refusing
from forum.web.accounts.devices import keep
from forum.web.cookies import DEVICE, READING, YEAR, cookie_of, set_cookie
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.guess_limits import guessed
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import language, ngettext, say
from forum.web.live.join import come_in
from forum.web.live.phone_state import NOBODYS, left_over, own_of
from forum.web.responses import done, page, wants_json
from forum.web.site import base_url, site_of
from forum.web.templating import qr

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
        live = await session_of(request, _NOT_DIGITS.sub("", digits(typed)))
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
    return done(request, f"/s/{live.code}", session=live.id)


async def phone(request: Request) -> Response:
    """The phone's page: joining for whoever has not, the screen for whoever has."""
    live, participant = await place_of(request, request.path_params["code"])
    if participant is None:
        return giving(request, await _joining(request, live))
    answer: Response = await phone_page(request, live, participant)
    if "read" in request.query_params:
        set_cookie(request, answer, READING, tongue_of(request).partition("+")[2], YEAR)
    return answer


async def join_session(request: Request) -> Response:
    """Joins: the group chosen, or the one chosen before. One participant for each browser and session."""
    site = site_of(request)
    live = await session_of(request, request.path_params["code"])
    if live.ended:
        raise NotAllowed("This session has ended.")
    form = await form_of(request)
    refusal = await refusing(request, form, f"/s/{live.code}")
    if refusal is not None:
        return refusal
    if live.entrance == TICKETS:
        return await _join_with_ticket(request, live, form)
    async with site.store.read() as work:
        commission = await work.commissions.get_commission(live.commission)
    group = form.text("group")
    unsaid = form.flag("unsaid")
    group = "" if unsaid else group
    # "" is "prefer not to say"; a form without any choice is not an answer.
    if (not unsaid and "group" not in form.values) or (group and commission.group_label(group) is None):
        form.wrong("group", "Choose a group, or “Prefer not to say”.")
        if wants_json(request):
            form.stop()
        return await _joining(request, live, 422, spoken(form.errors["group"]), form=form)
    also = {other for other in form.texts("also") if commission.group_label(other) is not None} - {group}
    device = cookie_of(request, DEVICE) or new_key()
    async with site.store.read() as work:
        known = await work.sessions.participant(live.id, digest(device))
    if known is None:
        participant = Participant(
            secrets.token_hex(16), live.id, group or None, site.clock.now(), observer=form.flag("observe")
        )
        try:
            await come_in(request, participant, device, also)
        except TooMany as error:
            if wants_json(request):
                raise
            full = await _joining(request, live, 429, {"group": say(error.message)}, form=form)
            return giving(request, retry_after(full, error))
    other = known is not None and known.group != (group or None)
    news = "?joined=1" if known is None else "?again=1" if other else ""
    return keep(request, done(request, f"/s/{live.code}{news}", session=live.id), device)


async def ticket(request: Request) -> Response:
    """Where a ticket's QR code leads: the same as the phone's page, with the ticket filled in."""
    live, participant = await place_of(request, request.path_params["code"])
    if participant is not None:
        return RedirectResponse(f"/s/{live.code}", 303)
    typed = tickets.printed(tickets.plain(request.path_params["ticket"]))
    return giving(request, await _joining(request, live, typed=typed))


async def _join_with_ticket(request: Request, live: LiveSession, form: Form) -> Response:
    site, typed = site_of(request), form.text("ticket")
    async with site.store.read() as work:
        commission = await work.commissions.get_commission(live.commission)
    also = {other for other in form.texts("also") if commission.group_label(other) is not None}
    device = cookie_of(request, DEVICE) or new_key()
    try:
        await admitted(request, live, typed, digest(device), tickets.Told(frozenset(also), form.flag("observe")))
    except (BadInput, TooMany) as error:
        if wants_json(request):
            raise
        wrong = spoken(error) if isinstance(error, BadInput) else {"ticket": say(error.message, error.values)}
        return retry_after(await _joining(request, live, status_of(error), wrong, typed, form), error)
    site.rooms.joined(live.id)
    return keep(request, done(request, f"/s/{live.code}?joined=1", session=live.id), device)


async def admitted(
    request: Request, live: LiveSession, typed: str, device: str, told: tickets.Told = tickets.NOTHING_TOLD
) -> Participant:
    """Who comes with a ticket: a right one lets in whatever others have tried. Raises BadInput, TooMany."""
    site = site_of(request)
    if not tickets.plain(typed):
        raise BadInput("Type the code on your ticket.", field="ticket")
    try:
        return await tickets.admit(site.store, site.clock, live, typed, device, told)
    except tickets.UnknownTicket:
        await guessed(request, "ticket", site.settings.wrong_tickets_per_address)
        raise


async def vote(request: Request) -> Response:
    """A vote by form post: without JavaScript, or where websockets are blocked (then as JSON)."""
    live, participant = await place_of(request, request.path_params["code"])
    if participant is None:
        raise NotAllowed(REFUSALS["not_joined"])
    form = await form_of(request)
    outcome, error, typed = await cast_by_form(request, participant.id, form)
    if outcome is not None and wants_json(request):
        return done(request, "", **ack_facts(outcome))
    if error is None:
        return RedirectResponse(f"/s/{live.code}?counted=1", 303)
    if wants_json(request):
        raise error
    return await phone_page(request, live, participant, 409, refused=error, typed=typed)


async def cast_by_form(
    request: Request, participant: str, form: Form
) -> tuple[CastOutcome | None, CastRefused | None, Typed]:
    """Casts the ballot in a form: what became of it, or why it is not counted; and what the form had in it."""
    site = site_of(request)
    round_id, reason, condition = form.text("round"), form.text("reason"), form.text("condition")
    choice, error = await _choice(request, round_id, form)
    typed = Typed(round_id, choice, reason, dict(form.values), condition)
    if error is not None:
        return None, error, typed
    cast = new_cast(round_id, participant, cast_id(form), choice, reason, condition, at=site.clock.now())
    outcome = await site.rooms.intake.cast_and_wait(cast)
    site.rooms.mine(participant)
    if outcome.refusal:
        said = REFUSALS if wants_json(request) else REFUSALS | _BY_FORM
        return None, CastRefused(outcome.refusal, said[outcome.refusal]), typed
    return outcome, None, typed


def cast_id(form: Form) -> str:
    """The id of the ballot in a form, so that the same one sent again is known; a new one where the form has none, or
    something that is longer than any id. It is kept with the round: so it must not be whatever somebody sends."""
    typed = form.text("cast")
    return typed if 0 < len(typed) <= MOST_CAST_ID else secrets.token_hex(16)


def ack_facts(outcome: CastOutcome) -> dict[str, object]:
    """A counted ballot, as wire.Ack tells it."""
    cast = outcome.cast
    return {"t": "ack", "cast": cast.cast, "round": cast.round, "choice": outcome.choice, "changed": outcome.changed}


async def _choice(request: Request, round_id: str, form: Form) -> tuple[str, CastRefused | None]:
    """The choice that a form makes in a round's way of voting, or why it makes none."""
    async with site_of(request).store.read() as work:
        try:
            round_ = await work.rounds.get_round(round_id)
        except NotFound:
            return form.text("choice"), None  # the intake says what is wrong with it
    try:
        return choice_in(form, round_), None
    except CastRefused as error:
        return "", error


def choice_in(form: Form, round_: Round) -> str:
    """Reads the choice that a ballot form makes in its round's method. Raises CastRefused where it makes none."""
    return METHODS[round_.method].read(form.values, [r.id for r in round_.responses])


class Typed(msgspec.Struct, frozen=True):
    """What somebody had in the ballot form when it was refused, so that the page can show it again."""

    round: str
    choice: str
    reason: str
    given: Mapping[str, Sequence[str]] = {}
    condition: str = ""


def unsent(view: View, typed: Typed | None) -> tuple[str, ...]:
    """The words of a refused ballot whose form is no longer on the page, to be copied from there."""
    if typed is None or (view.voting and view.round is not None and view.round.id == typed.round):
        return ()
    return tuple(words for words in (trimmed(typed.reason), trimmed(typed.condition)) if words)


async def now(request: Request) -> Response:
    """What is on screen now, as JSON, for phones whose network blocks websockets."""
    live, participant = await place_of(request, request.path_params["code"])
    if participant is None:
        raise NotAllowed(REFUSALS["not_joined"])
    if not wants_json(request):
        return RedirectResponse(f"/s/{live.code}", 303)
    room = await site_of(request).rooms.polled(live.id, participant.id, observing=participant.observer)
    news = news_of(request, room, "phone", tongue_of(request))
    async with site_of(request).store.read() as work:
        own = await own_of_phone(work, participant.id, room.view)
    return small(request, {name: facts for name, facts in msgspec.to_builtins(own).items() if name != "t"} | news)


# An answer that polls ask for again and again is no page: it need not say all that a page may do.
NO_PAGE = {"Content-Security-Policy": "default-src 'none'"}
LONG_ENOUGH = 600  # bytes, to be worth compressing


def small(request: Request, facts: dict[str, Any]) -> Response:
    """JSON for whoever asks again and again: without the headers of a page, and compressed."""
    answer = JSONResponse(facts, headers=NO_PAGE)
    body = bytes(answer.body)
    if len(body) < LONG_ENOUGH or "gzip" not in request.headers.get("accept-encoding", ""):
        return answer
    packed = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(gzip.compress(body, 6), headers=NO_PAGE | packed, media_type="application/json")


def news_of(request: HTTPConnection, room: Room, kind: Screen, tongue: str) -> dict[str, Any]:
    """What a screen that polls is told: the state, unless it has seen this version (?v=) of this history (?h=), and the
    tally."""
    asked = request.query_params
    seen = asked.get("v") == str(room.version) and asked.get("h") == room.history
    state: dict[str, Any] = {"v": room.version} if seen else msgspec.json.decode(room.drawn(kind, tongue).frame)
    return state | {"history": room.history, "tally": msgspec.to_builtins(room.tally)}


async def projector(request: Request) -> Response:
    """The big screen, by its own link."""
    site = site_of(request)
    async with site.store.read() as work:
        live = await work.sessions.by_projector(request.path_params["key"])
    room = await site.rooms.room(live.id, live)
    return await page(
        request,
        "live/projector.html",
        socket_path=f"/projector/{live.projector}/socket?lang={language().code}",
        **screen_context(base_url(request), room.view.read_in(language().code)),
    )


def page_of(request: HTTPConnection) -> int:
    """Which page of its lists a screen is asked for (?page=); the first where that is no number of a page."""
    asked = request.query_params.get("page", "")
    return min(int(asked), MOST_PAGES) if _PAGE.fullmatch(asked) else 1


_PAGE = re.compile(r"[1-9][0-9]{0,5}")
_READING = re.compile(r"[a-z]{2,4}(-[A-Za-z]{2,4})?")


def tongue_of(request: HTTPConnection) -> str:
    """In what words this phone shows questions: its language, and what was chosen for questions ("cy+easy")."""
    chosen = request.query_params.get("read", cookie_of(request, READING))
    return f"{language().code}+{chosen}" if _READING.fullmatch(chosen) else language().code


def screen_context(base: str, view: View, tongue: str = "") -> dict[str, Any]:
    """What every screen's template gets beside its own; `tongue` as tongue_of has it."""
    join_url = f"{base}/s/{view.session.code}"
    return {
        "view": view,
        "cue": cue_key(view),
        "cue_now": cue_key(view),
        "reading": tongue.partition("+")[2],
        "join_url": join_url,
        "qr": qr(join_url),
        "session_path": f"/s/{view.session.code}",
        "console_path": f"/console/{view.session.id}",
        "yours": {},
        "refused": "",
        **NOBODYS,
    }


async def session_of(request: HTTPConnection, code: str) -> LiveSession:
    """The session of a join code: a right one leads in whatever others behind the same address have tried.

    Raises NotFound, and TooMany for wrong ones.
    """
    return (await _place(request, code, ""))[0]


async def place_of(request: HTTPConnection, code: str) -> tuple[LiveSession, Participant | None]:
    """The same, with who this browser is in it, if anybody."""
    return await _place(request, code, cookie_of(request, DEVICE))


async def _place(request: HTTPConnection, code: str, device: str) -> tuple[LiveSession, Participant | None]:
    site = site_of(request)
    try:
        async with site.store.read() as work:
            live = await work.sessions.session_by_code(code)
            return live, await work.sessions.participant(live.id, digest(device)) if device else None
    except NotFound:
        await guessed(request, "code", site.settings.wrong_codes_per_address)
        raise


async def _joining(
    request: Request,
    live: LiveSession,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: str = "",
    form: Form | None = None,
) -> Response:
    room = await site_of(request).rooms.room(live.id, live)
    context = screen_context(base_url(request), room.view) | {"errors": errors or {}, "typed": typed}
    told = {"also": form.texts("also") if form else [], "observe": bool(form and form.flag("observe"))}
    chosen = form.text("group") if form and "group" in form.values else None
    return await page(request, "live/joining.html", status, value=chosen, **told, **context)


def missed_words(view: View) -> str:
    """What somebody has missed who comes now, in one line; empty where nothing has happened."""
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
    live: LiveSession,
    participant: Participant,
    status: int = 200,
    refused: CastRefused | None = None,
    typed: Typed | None = None,
    own: dict[str, Any] | None = None,
) -> Response:
    """The page of one phone. `own` is what it is to show besides of its own (own.NOBODYS has the names)."""
    room: Room = await site_of(request).rooms.room(live.id, live)
    tongue = tongue_of(request)
    context = screen_context(base_url(request), room.view.read_in(tongue), tongue)
    async with site_of(request).store.read() as work:
        mine = await own_of_phone(work, participant.id, room.view)
        there = await own_of(work, participant.id, room.view, mine, page_of(request))
    yours: dict[str, object] = {b.round: b for b in mine.yours}
    told, left = left_over(room.view, own or {})
    return await page(
        request,
        "live/phone.html",
        status,
        **context
        | {
            **there,
            **(own or {}),
            "yours": yours,
            "typed": typed,
            "told": told,
            "left": left or unsent(room.view, typed),
            "refused": _(refused.message) if refused else "",
            "missed": missed_words(room.view) if "joined" in request.query_params else "",
            "practised": request.query_params.get("practised", ""),
            "counted": "counted" in request.query_params and bool(yours),
            "group": mine.group,
            "fixed": bool(yours),
            "again": "again" in request.query_params,
            "group_right": "group" in request.query_params,
            "history": room.history,
            "socket_path": f"/s/{live.code}/socket?lang={language().code}&read={tongue.partition('+')[2]}",
            "observing": participant.observer,
            "page": page_of(request),
        },
    )
