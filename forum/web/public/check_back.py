"""Public page of a check-back: those who voted say, with the browser that voted, whether they were understood."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import CastRefused, NotAllowed, NotFound, TooMany, message
from forum.live.ballot_box import new_cast
from forum.live.messages import REFUSALS
from forum.services import check_backs
from forum.services.keys import digest
from forum.sessions.session import Participant
from forum.voting.check_back import Voter, is_check_back
from forum.web.errors import retry_after
from forum.web.forms import Form, form_of, spoken
from forum.web.i18n.gettext import say
from forum.web.live.ballot_form import cast_id, choice_in
from forum.web.live.join import come_in
from forum.web.public.answer import Visit, refused_words, visit_of
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of
from forum.web.words.check_backs import in_words

NOT_ASKED = message(
    "Only those who voted are asked, with the phone or computer that they voted with. This is none of them."
)


async def right(request: Request) -> Response:
    """Shows what those who voted are understood to have said, with the ballot; posted, counts the answer, which may be
    changed until it closes; afterwards shows the result."""
    visit = await visit_of(request)
    if not is_check_back(visit.round):
        raise NotFound("There is no question to answer at this address. Check the link.")
    async with site_of(request).store.read() as work:
        voter = await check_backs.voter_of(work, visit.round, visit.device)
    if request.method != "POST":
        return await _page(request, visit, asked=_asked(visit, voter))
    if not _asked(visit, voter):
        if wants_json(request):
            raise NotAllowed(NOT_ASKED)
        return await _page(request, visit, 403, asked=False)
    return await _answer(request, visit, voter, await form_of(request))


def _asked(visit: Visit, voter: Voter | None) -> bool:
    return voter is not None or visit.participant is not None


async def _answer(request: Request, visit: Visit, voter: Voter | None, form: Form) -> Response:
    site = site_of(request)
    typed = {"choice": form.text("choice"), "reason": form.text("reason")}
    try:
        typed["choice"] = choice_in(form, visit.round)
    except CastRefused:
        form.wrong("choice", "Choose one of the answers.")
        return await _wrong(request, visit, form, typed)
    if not visit.open:
        return await _refused(request, "closed", typed)
    participant = visit.participant
    if participant is None and voter is not None:
        group = voter.group if visit.commission.group_label(voter.group) else None
        coming = Participant(secrets.token_hex(16), visit.session.id, group, site.clock.now())
        try:
            await come_in(request, coming, visit.device)
        except TooMany as error:
            if wants_json(request):
                raise
            return retry_after(await _page(request, visit, 429, typed=typed, refused=say(error.message)), error)
        async with site.store.read() as work:
            participant = await work.sessions.participant(visit.session.id, digest(visit.device))
    if participant is None:
        raise NotAllowed(NOT_ASKED)
    cast = new_cast(visit.round.id, participant.id, cast_id(form), **typed, at=site.clock.now())
    outcome = await site.rooms.intake.cast_and_wait(cast)
    if outcome.refusal == "reason_too_long":
        form.wrong("reason", REFUSALS[outcome.refusal])
        return await _wrong(request, visit, form, typed)
    if outcome.refusal:
        return await _refused(request, outcome.refusal, typed)
    there = f"{visit.path}/right?counted=1"
    facts = {"t": "ack", "cast": cast.cast, "choice": outcome.choice, "changed": outcome.changed, "page": there}
    return done(request, there, **facts)


async def _refused(request: Request, code: str, typed: Mapping[str, str]) -> Response:
    visit = await visit_of(request)  # as it is now: it may have closed since this page was asked for
    words = refused_words(visit, code)
    if wants_json(request):
        raise CastRefused(code, words)
    return await _page(request, visit, 409, typed=typed, refused=say(words))


async def _wrong(request: Request, visit: Visit, form: Form, typed: Mapping[str, str]) -> Response:
    if wants_json(request):
        form.stop()
    errors = {name: spoken(error)[name] for name, error in form.errors.items()}
    return await _page(request, visit, 422, typed=typed, errors=errors)


async def _page(
    request: Request,
    visit: Visit,
    status: int = 200,
    *,
    asked: bool = True,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    refused: str = "",
) -> Response:
    mine = {"choice": visit.mine.choice, "reason": visit.mine.reason} if visit.mine else {"choice": "", "reason": ""}
    return await page(
        request,
        "public/answer/right.html",
        status,
        visit=replace(visit, round=in_words(visit.round)),
        asked=asked,
        chosen=typed or mine,
        typed=typed,
        errors=errors or {},
        refused=refused,
        counted="counted" in request.query_params and visit.mine is not None,
    )
