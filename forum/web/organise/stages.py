"""The page on which organisers and commissioners move a commission through its stages."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from itertools import zip_longest

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, IllegalMove
from forum.services import stages
from forum.services.stages import ClosingForm, MoveForm, NoteForm
from forum.voting.stage import QUESTIONS
from forum.web.forms import Form, errors_of, form_of
from forum.web.i18n.gettext import gettext as _
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of
from forum.web.words.entry_words import named
from forum.web.words.terms import outcome_words, stage_question, stage_words


async def overview(request: Request) -> Response:
    """Shows where a commission stands, and the forms to move it, to answer a stage's questions, and to close it."""
    return await _page(request, Form({}), "")


async def move(request: Request) -> Response:
    """Moves a commission to another stage."""

    async def act(form: Form) -> str:
        asked = MoveForm(
            *(form.text("id"), form.text("seen"), form.text("to")),
            *(form.text("learnt"), form.text("better"), form.text("took_part")),
        )
        return (await stages.move(site.store, site.clock, commission, asked)).id

    site, commission = site_of(request), request.path_params["commission"]
    return await _answer(request, "move", act)


async def note(request: Request) -> Response:
    """Adds an answer to a question of a stage."""

    async def act(form: Form) -> str:
        stage, _slash, question = form.text("question").partition("/")
        asked = NoteForm(form.text("id"), stage, question, form.text("words"), form.text("decision"))
        return (await stages.note(site.store, site.clock, commission, asked)).id

    site, commission = site_of(request), request.path_params["commission"]
    return await _answer(request, "note", act)


async def close(request: Request) -> Response:
    """Closes a commission with a closing note."""

    async def act(form: Form) -> str:
        groups = tuple(zip_longest(form.texts("group"), form.texts("group_words"), fillvalue=""))
        asked = ClosingForm(form.text("id"), form.text("seen"), form.text("closing"), groups)
        return (await stages.close(site.store, site.clock, commission, asked)).id

    site, commission = site_of(request), request.path_params["commission"]
    return await _answer(request, "close", act)


async def reopen(request: Request) -> Response:
    """Reopens a closed commission."""

    async def act(form: Form) -> str:
        seen, because = form.text("seen"), form.text("because")
        return (await stages.reopen(site.store, site.clock, commission, seen, because)).id

    site, commission = site_of(request), request.path_params["commission"]
    return await _answer(request, "reopen", act)


async def _answer(request: Request, name: str, act: Callable[[Form], Awaitable[str]]) -> Response:
    """Carries out an act; where it is refused, shows the page again with everything that was typed."""
    form = await form_of(request)
    try:
        made = await act(form)
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        status = 409 if isinstance(error, IllegalMove) else 422
        return await _page(request, form, name, status, errors_of(error, name))
    return done(request, f"/organise/commissions/{request.path_params['commission']}/stages", id=made)


async def _page(
    request: Request, form: Form, typed: str, status: int = 200, errors: dict[str, str] | None = None
) -> Response:
    """Draws the page; what was typed stands in the form of the act `typed`."""
    async with site_of(request).store.read() as work:
        commission = await work.commissions.get_commission(request.path_params["commission"])
        now = (await stages.course_of(work, commission)).standing
        made = await work.decisions.list_decisions(commission.id)
        decisions = [d for d in made if commission.rehearsal or d.entry is not None]
        words = {r.id: r.question for r in (await work.rounds.some({d.rounds[-1] for d in decisions})).values()}
    forms = {name: form if name == typed else Form({}) for name in ("move", "note", "close", "reopen")}
    return await page(
        request,
        "organise/stages.html",
        status,
        commission=commission,
        standing=now,
        ways=[(stage, named(stage_words, stage), "") for stage in now.ways],
        questions=[
            (f"{stage}/{question}", stage_question(question), stage_words(stage))
            for stage, questions in QUESTIONS.items()
            for question in questions
        ],
        decisions=[
            ("", _("None")),
            *((d.id, f"{outcome_words(d.outcome)}: {words.get(d.rounds[-1], '')}") for d in decisions),
        ],
        forms=forms,
        typed=typed,
        said=dict(zip(form.texts("group"), form.texts("group_words"), strict=False)) if typed == "close" else {},
        id=form.text("id") if typed and status == 422 else secrets.token_hex(16),
        errors=errors or {},
        most=stages,
    )
