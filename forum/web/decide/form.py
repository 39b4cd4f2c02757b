"""The form for a decision, with everything that it rests on."""

from __future__ import annotations

import secrets
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.errors import BadInput, IllegalMove, NotFound
from forum.services import decision_drafts, decision_form, decision_matter, decisions
from forum.services.decision_form import Promise
from forum.services.voting import conditions
from forum.sessions.proposal import PledgeState
from forum.voting.ballot import Ballot
from forum.voting.decision import OUTCOMES
from forum.voting.decision_draft import DecisionDraft
from forum.voting.difference import differences
from forum.voting.methods import METHODS
from forum.voting.reason import Reason
from forum.voting.result import Result
from forum.voting.round import NONE_OF_THESE, Round
from forum.web.auth import need, somebody
from forum.web.decide import form_fields
from forum.web.decide.decision import labels_of, putting_else_first
from forum.web.forms import Form, form_of, spoken
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of
from forum.web.words import entry_words, methods
from forum.web.words.decisions import differs_from, field_words, told_questions
from forum.web.words.terms import outcome_words

ROWS_AT_FIRST = 3


async def new(request: Request) -> Response:
    """Shows the form for a decision with everything it rests on; posted, keeps it as a draft.

    The button for one more commitment shows the form again with everything typed. Without any button it is published
    at once, where no second reader is declared: a program that posts it has nothing to look at.
    """
    person = await somebody(request)
    form = await form_of(request) if request.method == "POST" else Form({})
    rounds = _rounds(request, form)
    if request.method != "POST" or form.text("add"):
        return await _form_page(request, rounds, form, more=1 if form.text("add") else 0)
    if form.text("save") or form.text("check"):
        return await _keep(request, rounds, form)
    site = site_of(request)
    try:
        decision = await decisions.decide(site.store, site.clock, person, form_fields.read(rounds, form))
    except (BadInput, IllegalMove) as error:
        return await _refused(request, rounds, form, error)
    return done(request, f"/decisions/{decision.id}", id=decision.id, entry=decision.entry)


async def edit(request: Request) -> Response:
    """Shows the form with what was typed into a draft; posted, saves it."""
    await somebody(request)
    draft = await draft_of(request)
    if draft is None:
        return RedirectResponse(f"/decisions/{request.path_params['draft']}", 303)
    if request.method != "POST":
        return await _form_page(request, draft.rounds, form_fields.typed(decision_drafts.form_of(draft)), draft=draft)
    form = await form_of(request)
    form = Form({**form.values, "id": [draft.id]})
    if form.text("add"):
        seen = replace(draft, version=version_of(form))
        return await _form_page(request, draft.rounds, form, more=1, draft=seen)
    return await _keep(request, draft.rounds, form)


async def draft_of(request: Request) -> DecisionDraft | None:
    """Returns the draft that a page is about, None where it was published. Raises NotFound."""
    async with site_of(request).store.read() as work:
        try:
            return await work.decision_drafts.get_draft(request.path_params["draft"])
        except NotFound:
            try:
                await work.decisions.get_decision(request.path_params["draft"])
            except NotFound:
                pass
            else:
                return None
            raise


async def _keep(request: Request, rounds: tuple[str, ...], form: Form) -> Response:
    """Saves a form as a draft, mistakes too, and leads to its page; to check it, only where there are none."""
    person, site = await somebody(request), site_of(request)
    saved = None
    try:
        read = form_fields.read(rounds, form)
        saved = await decision_drafts.save(site.store, site.clock, person, read, version_of(form))
        if form.text("check"):
            async with site.store.read() as work:
                await decision_drafts.check(work, site.clock, saved)
    except (BadInput, IllegalMove) as error:
        return await _refused(request, rounds, form, error, saved)
    return done(request, f"/decide/drafts/{saved.id}", id=saved.id, version=saved.version)


async def _refused(
    request: Request,
    rounds: tuple[str, ...],
    form: Form,
    error: BadInput | IllegalMove,
    saved: DecisionDraft | None = None,
) -> Response:
    """Shows the form again with everything typed and what is wrong with it; `saved` is the draft that has it."""
    if wants_json(request):
        raise error
    if isinstance(error, BadInput):
        return await _form_page(request, rounds, form, status=422, errors=spoken(error), draft=saved)
    # Annulled while this was being written, or changed by somebody else: the words stay on the page.
    async with site_of(request).store.read() as work:
        there = await work.decision_drafts.list_drafts()
    drafts = [one for one in there if (one.id, one.rounds) == (form.text("id"), rounds)]
    said = {"id": say(error.message, error.values)}
    return await _form_page(request, rounds, form, status=409, errors=said, draft=next(iter(drafts), None))


def version_of(form: Form) -> int:
    """Returns the version of the draft that a form's page had seen, 0 for none."""
    typed = form.text("version")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def _meanwhile(form: Form, draft: DecisionDraft) -> list[tuple[str, str]]:
    """Lists what a draft has in other words than a form: the question of each field, and the draft's words."""
    saved = form_fields.typed(decision_drafts.form_of(draft))
    names = [name for name in saved.values if name not in ("id", "pledge")]
    return [(field_words(name), saved.text(name)) for name in names if saved.text(name) != form.text(name)]


def _rounds(request: Request, form: Form) -> tuple[str, ...]:
    names = [form.text(name) or request.query_params.get(name, "") for name in ("round", "second")]
    return tuple(name for name in names if name)


async def _form_page(
    request: Request,
    rounds: tuple[str, ...],
    form: Form,
    *,
    status: int = 200,
    more: int = 0,
    errors: dict[str, str] | None = None,
    draft: DecisionDraft | None = None,
) -> Response:
    async with site_of(request).store.read() as work:
        find = decision_matter.draft_matter if status == 409 or draft else decision_matter.matter
        on = await find(work, rounds)
        await need(request, "decide", on.commission.id)
        apart = await decision_matter.beside(work, on)
        every = await decision_matter.votes_on(work, on)
        given = []
        for r, result in zip(on.rounds, on.results, strict=True):
            ballots, reasons = await work.rounds.ballots(r.id), await work.reasons.list_reasons(r.id)
            told = result is not None and tells_answers(result)
            given.append((r, reasons_of(r, ballots, reasons, counted=told)))
        standing = [
            d
            for d in await work.decisions.list_decisions(on.commission.id)
            if set(d.rounds) & {r.id for r in on.rounds}
        ]
        pledged = [p for p in await work.proposals.pledges_on(rounds) if p.state == PledgeState.WAITING]
    promises = list(form_fields.promises(form)) if form.values else [Promise(p.role, p.what, p.by) for p in pledged]
    promises += [Promise()] * (max(ROWS_AT_FIRST, len(promises) + more) - len(promises))
    response = form.text("response") if "response" in form.values else None
    outcome = form.text("outcome")
    differing = (
        []
        if on.result is None or outcome not in OUTCOMES
        else [
            (decision_form.answer_field(one, on.result), one)
            for one in differences(outcome, response or None, on.result, on.later.method)
        ]
    )
    asked = conditions.asked(on.conditions, outcome)
    shown = {name for name, _ in differing} | {name for one in asked for name in one.fields}
    about = response if response and on.later.response(response) else next(iter(on.preference), "")
    labels = labels_of(on.later)
    return await page(
        request,
        "decide/new.html",
        status,
        on=on,
        beside=apart,
        every=every,
        labels=labels,
        preference=entry_words.listed(labels, on.preference),
        reasons=[(r, by_response) for r, by_response in given if by_response],
        standing=standing,
        about=entry_words.chosen(labels, about) if about else "",
        dissenting=putting_else_first(on, about),
        outcomes=[(name, outcome_words(name)) for name in OUTCOMES],
        responses=_responses(on.later),
        form=form,
        response=response,
        differing=[(name, differs_from(one)) for name, one in differing],
        conditions=asked,
        kept={name: words for name, words in form_fields.answers(form).items() if name not in shown},
        told=told_questions(),
        today=today(site_of(request).clock.now()),
        promises=promises,
        pledged=pledged,
        id=form.text("id") or secrets.token_hex(16),
        most=decision_form,
        draft=draft,
        meanwhile=_meanwhile(form, draft) if draft and status == 409 else [],
        errors=errors or {},
    )


def _responses(round_: Round) -> list[tuple[str, str]]:
    """Returns the responses that a decision may be about; "none of these" even where the vote did not offer it."""
    offered = [(r.id, r.label) for r in round_.responses if r.id != NONE_OF_THESE]
    return [*offered, (NONE_OF_THESE, entry_words.chosen({}, NONE_OF_THESE))]


def tells_answers(result: Result) -> bool:
    """Returns whether reasons may stand beside their answers: of one whose number is hidden that would say that
    somebody gave it."""
    return result.counted and not result.hidden


def reasons_of(
    round_: Round, ballots: list[Ballot], reasons: list[Reason], *, counted: bool
) -> list[tuple[str, list[str]]]:
    """Returns the reasons given with each response, in alphabetical order: never with a group, nor in order of
    arrival; all together where the vote gives no count (`counted` is False).

    Since their reveal they are stored as reasons; those of older votes are still with the ballots.
    """
    labels, way = labels_of(round_), METHODS[round_.method]
    given = [(r.choice, _with_condition(r.words, r.condition)) for r in reasons]
    if not given:
        marked = [(way.marks(b.choice)[0] if way.FOLLOWED else "", b) for b in ballots]
        given = [(mark, _with_condition(b.reason, b.condition)) for mark, b in marked if b.reason or b.condition]
    if not (way.FOLLOWED and counted):
        # Never with a ballot of several marks, by which its voter could be recognised among the opened ones.
        together = sorted(words for _mark, words in given)
        return [(_("Whatever people chose"), together)] if together else []
    said = [
        (methods.mark_words(column.id, labels), sorted(words for mark, words in given if mark == column.id))
        for column in round_.columns
    ]
    return [(response, words) for response, words in said if words]


def _with_condition(words: str, condition: str) -> str:
    if not condition:
        return words
    return f"{words} {_('I would accept this if')} {condition}".strip()
