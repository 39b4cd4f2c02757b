"""Answering alone, over days: the public pages of an asynchronous round. They need no account, no script, no hurry.

What it is, and joining; the story, played alone, one scene a page; its question, with the ballot; and stepping out.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.errors import CastRefused, IllegalMove, NotAllowed, NotFound, TooMany, filled
from forum.live.ballot_box import new_cast
from forum.live.messages import REFUSALS
from forum.ports import Work
from forum.ports.long_work import long
from forum.services.keys import digest, new_key
from forum.services.record_cache import declared_of
from forum.services.sessions import asynchronous, guard
from forum.services.voting import results
from forum.sessions.session import LiveSession, Participant, SessionKind
from forum.stories import paths, scenario_twee
from forum.stories.scenario import Scenario
from forum.stories.submission import StoryStatus
from forum.voting.ballot import Ballot
from forum.voting.check_back import is_check_back
from forum.voting.commission import Commission
from forum.voting.round import Round, RoundState
from forum.voting.suppression import Result
from forum.web.accounts.cookieless import giving, refusing
from forum.web.accounts.devices import keep
from forum.web.cookies import DEVICE, cookie_of
from forum.web.errors import retry_after
from forum.web.forms import Form, form_of, spoken
from forum.web.guess_limits import guessed
from forum.web.i18n.dates import moment
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.live.ballot_form import cast_id, choice_in
from forum.web.live.join import come_in, group_in
from forum.web.record_banner import unlike_record
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of
from forum.web.stories import marked_text
from forum.web.stories.play import MOST_BACK, Way, numbers


@dataclass(frozen=True)
class Visit:
    """One browser's visit to a round. `scenario` is the story, None where it may not be read any more: `gone` says why.

    `open` is whether an answer sent now would be counted; `mine` is the ballot that counts for this browser.
    """

    session: LiveSession
    round: Round
    commission: Commission
    now: str
    scenario: Scenario | None
    gone: str
    device: str
    participant: Participant | None
    mine: Ballot | None
    result: Result | None

    @property
    def path(self) -> str:
        """Where the pages of this round begin."""
        return f"/answer/{self.session.code}"

    @property
    def open(self) -> bool:
        """Whether an answer sent now would be counted."""
        return (self.scenario is not None or not self.round.scenario) and self.round.takes(self.now)

    @property
    def ended_at(self) -> str:
        """When the question closed, or will: before its time where somebody closed it early."""
        return min(filter(None, (self.round.closed_at, self.round.closes_at)))

    @property
    def left(self) -> str:
        """How much time is left, roughly."""
        left = datetime.fromisoformat(self.round.closes_at) - datetime.fromisoformat(self.now)
        if left >= timedelta(days=2):
            return _("about %(number)s days") % {"number": round(left / timedelta(days=1))}
        if left >= timedelta(hours=2):
            return _("about %(number)s hours") % {"number": round(left / timedelta(hours=1))}
        return _("less than two hours")


async def about(request: Request) -> Response:
    """What this is, until when, and joining; for whoever has joined, the way into the story; afterwards the result."""
    visit = await visit_of(request)
    if is_check_back(visit.round):
        return RedirectResponse(f"{visit.path}/right", 303)
    return giving(request, await about_page(request, visit))


async def join(request: Request) -> Response:
    """Joins with a group, as in a room: one participant for each browser."""
    site = site_of(request)
    visit = await visit_of(request)
    if not visit.open or is_check_back(visit.round):
        raise NotAllowed("This question is closed, so nobody can join any more.")
    form = await form_of(request)
    refusal = await refusing(request, form, visit.path)
    if refusal is not None:
        return refusal
    group = group_in(form, visit.commission)
    if "group" in form.errors:
        if wants_json(request):
            form.stop()
        return await about_page(request, visit, 422, spoken(form.errors["group"]))
    device = visit.device or new_key()
    if visit.participant is None:
        participant = Participant(secrets.token_hex(16), visit.session.id, group or None, site.clock.now())
        try:
            await come_in(request, participant, device)
        except TooMany as error:
            if wants_json(request):
                raise
            return retry_after(await about_page(request, visit, 429, {"group": say(error.message)}), error)
    again = visit.participant is not None and visit.participant.group != (group or None)
    return keep(
        request, done(request, visit.path + "?again=1" * again, session=visit.session.id, round=visit.round.id), device
    )


async def play(request: Request) -> Response:
    """One scene of the story; the opened question has a page of its own."""
    visit = await visit_of(request)
    if visit.scenario is None or visit.participant is None:
        return RedirectResponse(visit.path, 303)
    every = await long(paths.places, visit.scenario)
    came = numbers(request.query_params.get("came", ""), len(every))
    asked = numbers(request.query_params.get("scene", ""), len(every))
    place = every[asked[0] - 1] if asked else None
    if place is None:
        raise NotFound("This scene is not there any more. Begin the story again.")
    if place.scene.name == visit.round.scene:
        return RedirectResponse(_url(visit, "question", 0, came), 303)
    return await page(
        request,
        "public/answer/scene.html",
        visit=visit,
        place=place,
        ways=_ways(visit, place, came),
        notes=marked_text.for_readers(replace(visit.scenario, scenes=(place.scene,))),
        before=_url(visit, "play", came[-1], came[:-1]) if came else visit.path,
        question=_url(visit, "question", 0, (*came, place.number)),
    )


async def question(request: Request) -> Response:
    """The opened question with the ballot; posted, the vote. It is changed as it is given, until the round closes."""
    visit = await visit_of(request)
    if request.method == "POST":
        return await _vote(request, visit)
    if visit.participant is None or (visit.scenario is None and visit.mine is None) or is_check_back(visit.round):
        return RedirectResponse(visit.path, 303)
    return await _question_page(request, visit)


async def step_out(request: Request) -> Response:
    """A quiet page with the organiser's support lines, and the way back."""
    visit = await visit_of(request)
    return await page(
        request, "public/answer/step_out.html", commission=visit.commission, back=visit.path, seen=None, asking=False
    )


async def _vote(request: Request, visit: Visit) -> Response:
    site = site_of(request)
    if visit.participant is None:
        raise NotAllowed(REFUSALS["not_joined"])
    form = await form_of(request)
    typed = {"choice": form.text("choice"), "reason": form.text("reason")}
    try:
        typed["choice"] = choice_in(form, visit.round)
    except CastRefused:
        form.wrong("choice", "Choose one of the answers.")
        return await _wrong(request, visit, form, typed)
    cast = new_cast(visit.round.id, visit.participant.id, cast_id(form), **typed, at=site.clock.now())
    outcome = await site.rooms.intake.cast_and_wait(cast)
    if outcome.refusal == "reason_too_long":
        form.wrong("reason", REFUSALS[outcome.refusal])
        return await _wrong(request, visit, form, typed)
    if not outcome.refusal:
        there = _url(visit, "question", 0, numbers(form.text("came"), 10**4), counted="1")
        facts = {"t": "ack", "cast": cast.cast, "choice": outcome.choice, "changed": outcome.changed, "page": there}
        return done(request, there, **facts)
    # As it is now: it may have closed since this page was asked for.
    visit = await visit_of(request)
    words = refused_words(visit, outcome.refusal)
    if wants_json(request):
        raise CastRefused(outcome.refusal, words)
    return await _question_page(request, visit, 409, typed=typed, refused=say(words))


async def _wrong(request: Request, visit: Visit, form: Form, typed: Mapping[str, str]) -> Response:
    """Answers a form with something wrong in it: the page with what was typed, or JSON. Raises FormErrors for JSON."""
    if wants_json(request):
        form.stop()
    errors = {name: spoken(error)[name] for name, error in form.errors.items()}
    return await _question_page(request, visit, 422, typed=typed, errors=errors)


def refused_words(visit: Visit, code: str) -> str:
    """Tells why an answer was not counted, by the code of the refusal."""
    if code == "closed":
        return filled("This question closed on %(day)s. Your answer came after that.", day=moment(visit.ended_at))
    if code == "not_stored":
        return "The vote could not be saved. Wait a moment and send it again."
    return REFUSALS[code]


async def visit_of(request: Request) -> Visit:
    """The round of the code in the address, as it is for this browser now. Raises NotFound.

    The code is no secret, it stands on public pages; wrong ones are limited all the same.
    """
    site = site_of(request)
    try:
        async with site.store.read() as work:
            session = await work.sessions.session_by_code(
                request.path_params["answer_code"], kind=SessionKind.ASYNCHRONOUS
            )
            [round_] = await work.rounds.list_rounds(session.id)
    except NotFound as error:
        await guessed(request, "code", site.settings.wrong_codes_per_address)
        raise NotFound("There is no question to answer at this address. Check the link.") from error
    await asynchronous.up_to_date(site.store, site.clock, round_)
    device = cookie_of(request, DEVICE)
    async with site.store.read() as work:
        round_ = await work.rounds.get_round(round_.id)
        commission = await work.commissions.of_session(session)
        scenario, gone = await _story(work, round_)
        participant = await work.sessions.participant(session.id, digest(device)) if device else None
        mine = await work.rounds.ballots_by(participant.id, [round_.id]) if participant else []
        asked = round_.state == RoundState.REVEALED
        if session.recorded and round_.opened_at:
            # Before the result, which changed rows may not give.
            await unlike_record(request, work, {round_.id: round_, declared_of(commission.id): commission})
        result = await results.shown(work, round_, commission) if asked else None
        if result is not None and session.recorded:
            await unlike_record(request, work, {round_.id: (round_, result), declared_of(commission.id): commission})
    return Visit(
        session=session,
        round=round_,
        commission=commission,
        now=site.clock.now(),
        scenario=scenario,
        gone=gone,
        device=device,
        participant=participant,
        mine=mine[0] if mine else None,
        result=result,
    )


async def _story(work: Work, round_: Round) -> tuple[Scenario | None, str]:
    """The story, where everybody may still read and play it; else why not, "" where the round is about none."""
    if not round_.scenario:
        return None, ""
    try:
        story = await guard.playable(work, round_.scenario)
    except IllegalMove as error:
        return None, error.message
    if story.status != StoryStatus.ACCEPTED:
        return None, "This story is not public now."
    return await long(scenario_twee.parse, story.twee), ""


async def about_page(
    request: Request,
    visit: Visit,
    status: int = 200,
    errors: Mapping[str, str] | None = None,
    *,
    group_wrong: str = "",
) -> Response:
    """The first page of a round. `group_wrong` says why one's group is not put right."""
    return await page(
        request,
        "public/answer/about.html",
        status,
        visit=visit,
        errors=errors or {},
        group_wrong=group_wrong,
        group_right=request.query_params.get("group", ""),
        again="again" in request.query_params,
        begin=_url(visit, "play", 1),
        question=_url(visit, "question", 0),
    )


async def _question_page(
    request: Request,
    visit: Visit,
    status: int = 200,
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    refused: str = "",
) -> Response:
    every = await long(paths.places, visit.scenario) if visit.scenario else ()
    came = numbers(request.query_params.get("came", ""), len(every))
    place = next((one for one in every if one.scene.name == visit.round.scene), None)
    mine = {"choice": visit.mine.choice, "reason": visit.mine.reason} if visit.mine else {"choice": "", "reason": ""}
    return await page(
        request,
        "public/answer/question.html",
        status,
        visit=visit,
        place=place,
        ways=_ways(visit, place, came) if place else (),
        before=_url(visit, "play", came[-1], came[:-1]) if came else visit.path,
        came=".".join(map(str, came)),
        chosen=typed or mine,
        typed=typed,
        errors=errors or {},
        refused=refused,
        counted="counted" in request.query_params and visit.mine is not None,
        waiting=visit.round.state == RoundState.OPEN,
    )


def _ways(visit: Visit, place: paths.Place, came: Sequence[int]) -> tuple[Way, ...]:
    trail = (*came, place.number)
    return tuple(
        Way(way.words or _("Go on"), _url(visit, "play", way.number, trail) if way.number else "") for way in place.ways
    )


def _url(visit: Visit, what: str, scene: int, came: Sequence[int] = (), **more: str) -> str:
    query: dict[str, Any] = {"scene": scene} if scene else {}
    query |= {"came": ".".join(map(str, came[-MOST_BACK:]))} if came else {}
    query |= more
    return f"{visit.path}/{what}" + (f"?{urlencode(query)}" if query else "")
