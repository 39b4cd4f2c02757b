"""The facilitator's console: one page, and one address for each act."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from forum.errors import BadInput, ForumError, NotAllowed, NotFound
from forum.ports import Work
from forum.services.sessions import cues, facilitation, guard
from forum.services.sessions.desk import Desk, Outcome, Step, undo_act
from forum.services.sessions.programmes import take_step
from forum.services.sessions.room_view import console_view_of
from forum.sessions.session import LiveSession
from forum.voting.question import Terms
from forum.web.auth import token_of
from forum.web.errors import status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.i18n.gettext import language, say
from forum.web.live import care, second_run
from forum.web.live.screens import page_of, screen_context
from forum.web.responses import done, page, wants_json
from forum.web.site import base_url, site_of

Act = Callable[[Desk, str, Form], Awaitable[Outcome]]

ACTS: dict[str, Act] = {
    "scene": lambda desk, s, form: cues.show_scene(
        desk, s, form.text("scenario"), form.text("scene"), replay=form.flag("replay")
    ),
    "question": lambda desk, s, form: cues.put_question(
        desk, s, form.text("scenario"), form.text("scene"), _terms(form)
    ),
    "ask": lambda desk, s, form: cues.ask_question(
        desk, s, form.text("question"), form.texts("response"), _terms(form), none=form.flag("none")
    ),
    "terms": lambda desk, s, form: cues.change_terms(desk, s, form.text("round"), _terms(form)),
    "leave_out": lambda desk, s, form: cues.leave_out(desk, s, form.text("round"), form.text("response")),
    "second": lambda desk, s, form: cues.put_second_vote(desk, s, form.text("round")),
    "note": lambda desk, s, form: cues.show_note(desk, s, form.text("words")),
    "open": lambda desk, s, form: facilitation.open_round(desk, s, form.text("round")),
    "warn": lambda desk, s, form: facilitation.warn_of_close(desk, s, form.text("round")),
    "close": lambda desk, s, form: facilitation.close_round(desk, s, form.text("round")),
    "reveal": lambda desk, s, form: facilitation.reveal_round(desk, s, form.text("round")),
    "annul": lambda desk, s, form: facilitation.annul_round(desk, s, form.text("round"), form.text("because")),
    "pause": lambda desk, s, form: facilitation.pause(desk, s, paused=True),
    "resume": lambda desk, s, form: facilitation.pause(desk, s, paused=False),
    "end": lambda desk, s, form: facilitation.end(desk, s),
}


def _terms(form: Form) -> Terms:
    """What a vote is declared with. What is no number becomes one that is refused, with its sentence."""

    def number(name: str) -> int:
        typed = form.text(name)
        if not typed:
            return 0
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 7 else -1

    return Terms(form.text("method") or "single", number("quorum"), number("quorum_each"), form.flag("live"))


# What people write in words. Where an act comes too late its form may be gone: then these stand beside the page.
_WORDS = ("after", "because", "tried", "words", "text", "role", "what", "rationale", "why", "question", "response")
# The act that puts up a cue of the programme; the one that undoes the last act.
NEXT, UNDO = "item", "undo"
# Opens the door again where all places are taken: nothing of the session itself changes.
LET_IN = "let-in"


async def console(request: Request) -> Response:
    """The console of one session; an asynchronous one has another page."""
    async with site_of(request).store.read() as work:
        session = await work.sessions.get_session(request.path_params["session"])
    if session.asynchronous:
        return RedirectResponse(f"/organise/asynchronous/{session.id}", 303)
    if not session.opened_at:
        return RedirectResponse(f"/organise/sessions/{session.id}", 303)
    return await _console(request, request.path_params["session"])


async def check_in_the_room(request: HTTPConnection, work: Work, live: LiveSession) -> None:
    """Raises NotAllowed for a program that asks for the organisers' own screen of a vote where small-number rules hold:
    its numbers are exact, and stay with those who are there."""
    if token_of(request) and (await work.commissions.of_session(live)).small_numbers:
        raise NotAllowed("Small-number rules hold here: only people see this screen. Programs ask for JSON.")


async def act(request: Request) -> Response:
    """Carries out one act, tells every screen, and returns to the console (or answers a machine in JSON)."""
    site = site_of(request)
    session, name = request.path_params["session"], request.path_params["act"]
    if name not in {*ACTS, *second_run.ACTS, *care.ACTS, NEXT, UNDO, LET_IN}:
        raise NotFound("There is no such act of the facilitator.")
    form = await form_of(request)
    if name == LET_IN:
        return await let_in(request, session)
    try:
        outcome = await carry_out(request, session, name, form)
    except ForumError as error:
        if wants_json(request) or isinstance(error, NotFound):
            raise
        # What was typed stays in the form.
        typed = {key: list(values) for key, values in form.values.items()}
        said = " ".join(spoken(error).values()) if isinstance(error, BadInput) else say(error.message, error.values)
        # The programme's next cue has nothing typed: its `after` is the id of a cue.
        kept = isinstance(error, BadInput) or name == NEXT
        left = [] if kept else [words for key in _WORDS if (words := form.text(key))]
        return await _console(request, session, status_of(error), said, typed, left)
    await site.rooms.changed(session)
    if not wants_json(request):
        return RedirectResponse(f"/console/{session}", 303)
    # A program is in no room: it is told what everybody is, as over the API.
    return JSONResponse(_facts(await facilitation.as_it_leaves(site.store, outcome)))


async def let_in(request: Request, session: str) -> Response:
    """Lets as many more phones into a session as at the beginning, where its places are taken."""
    await open_door(request, session)
    return done(request, f"/console/{session}", full=site_of(request).rooms.places.full(session))


async def open_door(request: Request, session: str) -> LiveSession:
    """Does the same for a page or a program, and returns the session. Raises as guard.going_on does."""
    site = site_of(request)
    async with site.store.read() as work:
        live = await guard.going_on(work, session, None, lock=False)
    site.rooms.let_in(live.id)
    return live


async def carry_out(request: Request, session: str, name: str, form: Form) -> Outcome:
    """Carries out one act of the console, by its name. Raises as the act does."""
    site = site_of(request)
    if name == UNDO:
        return await undo_act(Desk(site.store, site.clock), session, form.text("undo"))
    desk = Desk(site.store, site.clock, act=name)
    if name == NEXT:
        return await take_step(desk, session, Step(form.text("item"), form.text("after")))
    if name in care.ACTS:
        return await care.run(desk, session, name, form)
    if name in second_run.ACTS:
        return await second_run.run(request, desk, session, name, form)
    return await ACTS[name](desk, session, form)


def _facts(outcome: Outcome) -> dict[str, object]:
    facts: dict[str, object] = {"version": outcome.session.version}
    if outcome.round is not None:
        facts |= {"round": outcome.round.id, "state": outcome.round.state}
        facts["responses"] = [{"id": r.id, "label": r.label} for r in outcome.round.responses]
    if outcome.count is not None:
        facts["count"] = outcome.count
    if outcome.result is not None:
        facts["result"] = outcome.result.to_json()
    return facts


async def _console(
    request: Request,
    session: str,
    status: int = 200,
    error: str = "",
    typed: dict[str, list[str]] | None = None,
    left: Sequence[str] = (),
) -> Response:
    site = site_of(request)
    async with site.store.read() as work:
        live = await work.sessions.get_session(session)
        await check_in_the_room(request, work, live)
        view = await console_view_of(work, live, full=site.rooms.places.full(session))
        view = replace(view, unlike=site.rooms.unlike(session))
    context = screen_context(base_url(request), view)
    return await page(
        request,
        "live/console.html",
        status,
        **context | {"history": site.rooms.history},
        error=error,
        typed=typed or {},
        left=left,
        page=page_of(request),
        socket_path=f"/console/{session}/socket?lang={language().code}",
    )
