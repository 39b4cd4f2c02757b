"""Organisers' pages of asynchronous rounds: opening one, and running it to its result."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, ForumError, IllegalMove, NotFound
from forum.ports import Work
from forum.ports.long_work import long
from forum.services.sessions import asynchronous, commissions_and_sessions, facilitation
from forum.services.sessions.asynchronous import AsynchronousForm
from forum.services.sessions.desk import Desk, Outcome
from forum.services.sessions.facilitation import MOST_BECAUSE
from forum.services.voting import results
from forum.sessions.session import LiveSession
from forum.stories import paths, scenario_twee
from forum.stories.submission import StoryStatus, Submission
from forum.voting import suppression
from forum.voting.round import Round, RoundState
from forum.web.auth import need
from forum.web.decide.form import reasons_of, tells_answers
from forum.web.errors import status_of
from forum.web.forms import Form, errors_of, form_of, spoken
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.live.console import check_in_the_room
from forum.web.responses import done, page, wants_json
from forum.web.site import base_url, site_of
from forum.web.templates import qr
from forum.web.words.check_backs import in_words

Act = Callable[[Desk, str, str, Form], Awaitable[Outcome]]

ACTS: dict[str, Act] = {
    "close": lambda desk, s, r, form: facilitation.close_round(desk, s, r),
    "reveal": lambda desk, s, r, form: facilitation.reveal_round(desk, s, r),
    "annul": lambda desk, s, r, form: facilitation.annul_round(desk, s, r, form.text("because")),
}
EXTEND = "extend"


async def new(request: Request) -> Response:
    """Shows the empty form for an asynchronous round of the commission in the address; `?story=` chooses a story's
    first."""
    commission = request.query_params.get("commission", "")
    await need(request, "run sessions", commission)
    return await _form_page(request, commission, Form({}))


async def add(request: Request) -> Response:
    """Opens an asynchronous round."""
    site = site_of(request)
    form = await form_of(request)
    commission = form.text("commission")
    await need(request, "run sessions", commission)
    story, scene = await _asked(request, form.text("question"))
    asked = AsynchronousForm(
        commission=commission,
        id=form.text("id"),
        title=form.text("title"),
        story=story,
        scene=scene,
        day=form.text("day"),
        time=form.text("time"),
        rehearsal=form.flag("rehearsal"),
        no_receipts=form.flag("no_receipts"),
        zone=site.settings.timezone,
    )
    try:
        made = await asynchronous.open_round(site.store, site.clock, asked)
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        return await _form_page(request, commission, form, errors_of(error, "title"), status_of(error))
    async with site.store.read() as work:
        [round_] = await work.rounds.list_rounds(made.id)
    return done(
        request,
        f"/organise/asynchronous/{made.id}",
        id=made.id,
        round=round_.id,
        code=made.code,
        closes_at=round_.closes_at,
        responses=[{"id": r.id, "label": r.label} for r in round_.responses],
    )


async def show(request: Request) -> Response:
    """Shows one asynchronous round: its end, how many have answered, the acts possible on it, and at last its
    result."""
    return await _round_page(request)


async def act(request: Request) -> Response:
    """Gives more time, closes, shows the result or annuls; then goes back to the page."""
    site = site_of(request)
    session, name = request.path_params["session"], request.path_params["act"]
    if name not in (*ACTS, EXTEND):
        raise NotFound("There is no such act of the organiser.")
    form = await form_of(request)
    async with site.store.read() as work:
        _, round_ = await _there(work, session)
    try:
        if name == "close" and not form.flag("sure"):
            form.wrong("sure", "Tick the box to say that you are sure.")
            form.stop()
        if name == EXTEND:
            until, zone = (form.text("day"), form.text("time")), site.settings.timezone
            round_ = await asynchronous.extend(site.store, site.clock, session, *until, zone)
            return done(request, f"/organise/asynchronous/{session}", round=round_.id, closes_at=round_.closes_at)
        outcome = await ACTS[name](asynchronous.desk(site.store, site.clock), session, round_.id, form)
    except ForumError as error:
        if wants_json(request) or isinstance(error, NotFound):
            raise
        errors = spoken(error) if isinstance(error, BadInput) else {"main": say(error.message, error.values)}
        return await _round_page(request, status_of(error), form, errors)
    facts: dict[str, object] = {"round": round_.id, "state": outcome.round.state if outcome.round else ""}
    if outcome.result is not None:
        facts["result"] = outcome.result.to_json()
    return done(request, f"/organise/asynchronous/{session}", **facts)


async def _there(work: Work, session: str) -> tuple[LiveSession, Round]:
    """Returns an asynchronous session and its round. Raises NotFound, also for a session in a room."""
    live_session = await work.sessions.get_session(session)
    if not live_session.asynchronous:
        raise NotFound("There is no question to answer from where people are at this address.")
    [round_] = await work.rounds.list_rounds(live_session.id)
    return live_session, round_


def _places(story: Submission) -> tuple[paths.Place, ...]:
    return paths.places(scenario_twee.parse(story.twee))


async def _asked(request: Request, question: str) -> tuple[str, str]:
    """Returns the story and the scene of one choice in the form; "" for an unknown one."""
    story, _, number = question.partition(".")
    try:
        async with site_of(request).store.read() as work:
            submission = await work.stories.get_story(story)
    except NotFound:
        return "", ""
    every = await long(_places, submission) if submission.status == StoryStatus.ACCEPTED else ()
    return story, next((place.scene.name for place in every if str(place.number) == number), "")


async def _form_page(
    request: Request, commission: str, form: Form, errors: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    site = site_of(request)
    async with site.store.read() as work:
        of = await work.commissions.get_commission(commission)
        stories = [story for story in await work.stories.list_stories(of.id, StoryStatus.ACCEPTED) if story.may_perform]
    options = []
    first: dict[str, str] = {}
    for story in stories:
        for place in await long(_places, story):
            if place.scene.decision and place.reached:
                value = f"{story.id}.{place.number}"
                first.setdefault(story.id, value)
                options.append((value, f"{story.title}: {place.scene.name}", place.scene.text))
    return await page(
        request,
        "organise/rounds/new.html",
        status,
        commission=of,
        questions=options,
        question=form.text("question") or first.get(request.query_params.get("story", ""), ""),
        form=form,
        id=form.text("id") or secrets.token_hex(16),
        errors=errors or {},
        most=commissions_and_sessions,
        bounds=asynchronous,
    )


async def _round_page(
    request: Request, status: int = 200, form: Form | None = None, errors: Mapping[str, str] | None = None
) -> Response:
    site = site_of(request)
    session = request.path_params["session"]
    async with site.store.read() as work:
        live_session, round_ = await _there(work, session)
        await check_in_the_room(request, work, live_session)
    await asynchronous.up_to_date(site.store, site.clock, round_)
    async with site.store.read() as work:
        round_ = await work.rounds.get_round(round_.id)
        commission = await work.commissions.of_session(live_session)
        story = await work.stories.get_story(live_session.scenarios[0]) if live_session.scenarios else None
        ballots = await work.rounds.ballots(round_.id)
        shown = round_.state == RoundState.REVEALED
        result = await results.result_outside(work, round_, commission) if shown else None
        reasons = await work.reasons.list_reasons(round_.id)
    answer_url = f"{base_url(request)}/answer/{live_session.code}"
    return await page(
        request,
        "organise/rounds/round.html",
        status,
        live=live_session,
        round=in_words(round_),
        commission=commission,
        story=story,
        answered=len(ballots),
        rows=[*((g.id, g.label, g.invited) for g in commission.groups), (None, _("Prefer not to say"), None)],
        present=suppression.in_the_room(Counter(ballot.group for ballot in ballots), commission.threshold),
        result=result,
        reasons=reasons_of(round_, ballots, reasons, counted=tells_answers(result)) if result else (),
        takes=round_.takes(site.clock.now()),
        open=round_.state == RoundState.OPEN,
        full=site.rooms.places.full(live_session.id),
        answer_url=answer_url,
        qr=qr(answer_url),
        form=form or Form({}),
        errors=errors or {},
        most_because=MOST_BECAUSE,
    )
