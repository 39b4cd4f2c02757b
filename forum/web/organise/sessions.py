"""Organisers' pages of one live session: making it, how it stands, changes before it is opened, its opening, a copy."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, IllegalMove, NotFound
from forum.services.sessions import commissions_and_sessions, guard, planned_sessions
from forum.services.sessions.commissions_and_sessions import SessionForm
from forum.services.sessions.session_day import MOST_PLACE
from forum.sessions.session import Entrance, LiveSession
from forum.stories.submission import StoryStatus
from forum.voting.reason import ReasonReading
from forum.web.auth import need
from forum.web.forms import Form, errors_of, form_of
from forum.web.organise.programmes import is_planned
from forum.web.responses import done, page, wants_json
from forum.web.server.prefix import prefix_of
from forum.web.site import base_url, site_of
from forum.web.words.terms import session_state

# Tickets are recommended where fewer people of a group were invited than this many thresholds.
SMALL = 4
ACTS = ("open", "copy", "call-off")


async def new_session(request: Request) -> Response:
    """Shows the empty form for a live session of the commission named in the address."""
    commission = request.query_params.get("commission", "")
    await need(request, "run sessions", commission)
    return await _form_page(request, commission, Form({}))


async def add_session(request: Request) -> Response:
    """Makes a live session: planned, or open at once."""
    site = site_of(request)
    form = await form_of(request)
    await need(request, "run sessions", form.text("commission"))
    asked = typed(form, form.text("commission"))
    try:
        made = await commissions_and_sessions.create_session(site.store, site.clock, asked)
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        again = isinstance(error, IllegalMove)
        return await _form_page(request, asked.commission, form, errors_of(error, "title"), again=again)
    console, projector = f"/console/{made.id}", f"/projector/{made.projector}"
    below = prefix_of(site.settings)
    to = f"/organise/sessions/{made.id}" if made.planned else console
    return done(request, to, id=made.id, code=made.code, projector=below + projector, console=below + console)


def typed(form: Form, commission: str) -> SessionForm:
    """Returns the session of a commission in a submitted form."""
    return SessionForm(
        commission=commission,
        id=form.text("id"),
        title=form.text("title"),
        scenarios=tuple(form.texts("scenario")),
        rehearsal=form.flag("rehearsal"),
        record=form.flag("record"),
        entrance=form.text("entrance") or Entrance.OPEN_CODE,
        reasons=form.text("reasons") or ReasonReading.KEPT,
        whole=form.flag("whole"),
        no_receipts=form.flag("no_receipts"),
        planned=form.flag("planned"),
        day=form.text("day"),
        place=form.text("place"),
    )


async def change(request: Request) -> Response:
    """Shows a planned session to be changed; posted, changes it."""
    site, session = site_of(request), request.path_params["session"]
    async with site.store.read() as work:
        live = await guard.of_kind(work, session)
        stood = await planned_sessions.form_of(work, live)
    if request.method != "POST":
        if not live.planned:
            raise IllegalMove(planned_sessions.ALREADY if live.opened_at else guard.over(live))
        return await _form_page(request, live.commission, _as_typed(stood, live), of=live)
    form = await form_of(request)
    try:
        asked = typed(form, live.commission)
        changed = await planned_sessions.change_session(site.store, site.clock, session, asked, form.text("seen"))
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        async with site.store.read() as work:
            live = await guard.of_kind(work, session)
        again = isinstance(error, IllegalMove)
        return await _form_page(request, live.commission, form, errors_of(error, "title"), of=live, again=again)
    await site.rooms.changed(session)
    return done(request, f"/organise/sessions/{session}", id=session, version=changed.version)


def _as_typed(stood: SessionForm, live: LiveSession) -> Form:
    """Returns a session as its form would have been typed."""
    return Form(
        {
            "title": [stood.title],
            "scenario": list(stood.scenarios),
            "rehearsal": ["1"] if stood.rehearsal else [],
            "entrance": [stood.entrance],
            "reasons": [stood.reasons],
            "whole": ["1"] if stood.whole else [],
            "no_receipts": ["1"] if stood.no_receipts else [],
            "day": [stood.day],
            "place": [stood.place],
            "seen": [str(live.version)],
        }
    )


async def home(request: Request) -> Response:
    """Shows how a session stands and what can be done with it; posted, opens it, calls it off, or copies it."""
    session = request.path_params["session"]
    if request.method != "POST":
        return await _home_page(request, session)
    site, form = site_of(request), await form_of(request)
    act = form.text("act")
    if act not in ACTS:
        raise NotFound("There is no such act on a session.")
    try:
        if act == "copy":
            copy = await planned_sessions.copy_session(site.store, site.clock, session, form.text("id"))
            return done(request, f"/organise/sessions/{copy.id}?copied=1", id=copy.id)
        if act == "call-off":
            await planned_sessions.call_off(site.store, site.clock, session, form.text("because"))
        else:
            await planned_sessions.open_session(site.store, site.clock, session)
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        return await _home_page(request, session, errors_of(error, act), form.text("because"))
    await site.rooms.changed(session)
    to = f"/organise/sessions/{session}" if act == "call-off" else f"/console/{session}"
    return done(request, to, id=session)


async def _home_page(
    request: Request, session: str, errors: dict[str, str] | None = None, because: str = ""
) -> Response:
    async with site_of(request).store.read() as work:
        live = await guard.of_kind(work, session)
        commission = await work.commissions.of_session(live)
        plan = (await work.programmes.latest(live.id)).plan
        titles = await work.stories.titles(live.scenarios)
    return await page(
        request,
        "organise/sessions/home.html",
        422 if "because" in (errors or {}) else 409 if errors else 200,
        session=live,
        commission=commission,
        state=session_state(live),
        plan=plan,
        programme=is_planned(plan),
        stories=[(id_, titles[id_]) for id_ in live.scenarios if id_ in titles],
        cues=len(plan.items),
        copied="copied" in request.query_params,
        new=secrets.token_hex(16),
        errors=errors or {},
        because=because,
        most_because=planned_sessions.MOST_BECAUSE,
        public_url=f"{base_url(request)}/sessions/{live.id}",
    )


async def _form_page(
    request: Request,
    commission: str,
    form: Form,
    errors: dict[str, str] | None = None,
    *,
    of: LiveSession | None = None,
    again: bool = False,
) -> Response:
    """Draws the form of a session, a new one or the one it is of; `again`: what was changed meanwhile may be gone over
    by sending it once more."""
    async with site_of(request).store.read() as work:
        about = await work.commissions.get_commission(commission)
        stories = await work.stories.list_stories(about.id, StoryStatus.ACCEPTED)
    few = [g.label for g in about.groups if g.invited is not None and g.invited < SMALL * about.threshold]
    seen = (str(of.version) if again or not form.text("seen") else form.text("seen")) if of else ""
    return await page(
        request,
        "organise/session.html",
        409 if again else 422 if errors else 200,
        commission=about,
        of=of,
        stories=[(s.id, s.title, about.group_label(s.told_by) or "") for s in stories if s.may_perform],
        small=few,
        form=form,
        id=form.text("id") or secrets.token_hex(16),
        errors=errors or {},
        most=commissions_and_sessions,
        most_place=MOST_PLACE,
        seen=seen,
    )
