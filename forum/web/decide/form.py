"""The form for a decision, with everything that it rests on."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, IllegalMove
from forum.services import decision_form, decision_matter, decisions
from forum.services.decision_form import Promise
from forum.sessions.proposal import PledgeState
from forum.voting.ballot import Ballot
from forum.voting.decision import OUTCOMES
from forum.voting.difference import differences
from forum.voting.methods import METHODS
from forum.voting.reason import Reason
from forum.voting.result import Result
from forum.voting.round import NONE_OF_THESE, Round
from forum.web.auth import need, somebody
from forum.web.decide import form_fields
from forum.web.decide.decision import labels_of, putting_else_first
from forum.web.forms import Form, form_of, spoken
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of
from forum.web.words import entry_words, methods
from forum.web.words.decisions import differs_from, told_questions
from forum.web.words.terms import outcome_words

ROWS_AT_FIRST = 3


async def new(request: Request) -> Response:
    """Shows the form for a decision with everything it rests on; posted, records the decision.

    The button for one more commitment shows the form again with everything typed.
    """
    person = await somebody(request)
    form = await form_of(request) if request.method == "POST" else Form({})
    rounds = _rounds(request, form)
    if request.method != "POST" or form.text("add"):
        return await _form_page(request, rounds, form, more=1 if form.text("add") else 0)
    site = site_of(request)
    try:
        decision = await decisions.decide(site.store, site.clock, person, form_fields.read(rounds, form))
    except BadInput as error:
        if wants_json(request):
            raise
        return await _form_page(request, rounds, form, status=422, errors=spoken(error))
    except IllegalMove as error:
        if wants_json(request):
            raise
        # Annulled while this was being written: the words stay on the page, to be copied from.
        return await _form_page(request, rounds, form, status=409, errors={"id": say(error.message, error.values)})
    return done(request, f"/decisions/{decision.id}", id=decision.id, entry=decision.entry)


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
) -> Response:
    async with site_of(request).store.read() as work:
        find = decision_matter.past_matter if status == 409 else decision_matter.matter
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
        kept={name: words for name, words in form_fields.answers(form).items() if name not in dict(differing)},
        told=told_questions(),
        today=site_of(request).clock.now()[:10],
        promises=promises,
        pledged=pledged,
        id=form.text("id") or secrets.token_hex(16),
        most=decision_form,
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
