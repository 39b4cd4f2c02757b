"""Decisions: the votes that wait for one, the form, and the public page of a decision."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, IllegalMove
from forum.ports import Work
from forum.services import answers_due, decision_matter, decisions
from forum.services.decision_matter import Matter
from forum.services.decisions import DecisionForm, Promise
from forum.services.record_cache import declared_of
from forum.sessions.proposal import PledgeState
from forum.sessions.session import LiveSession
from forum.voting.ballot import Ballot
from forum.voting.commission import Commission
from forum.voting.decision import ADOPTING, OUTCOMES, TOLD, Decision, differs
from forum.voting.difference import differences, dissenting
from forum.voting.methods import METHODS
from forum.voting.reason import Reason
from forum.voting.result import Result, TableRow
from forum.voting.round import DECIDED_ON, NONE_OF_THESE, Round, RoundKind, RoundState
from forum.voting.small_numbers import people_outside
from forum.web.auth import somebody
from forum.web.forms import Form, form_of, spoken
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.record_banner import promises_shown, unlike_record
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of
from forum.web.words import entries, entry_words, methods
from forum.web.words.answers_due import waits
from forum.web.words.decisions import differs_from, told_headings, told_questions
from forum.web.words.terms import outcome_words, power_words

ROWS_AT_FIRST = 3
# The fields of a row for one promise, in the order of `Promise`.
_PARTS = ("role", "what", "by", "answers", "noticed")


@dataclass(frozen=True)
class _Question:
    """One question that was voted on: its round or two rounds, and the decisions on any of them."""

    session: LiveSession
    rounds: tuple[Round, ...]
    voted: int | None  # None for fewer than small-number rules let out
    decided: tuple[Decision, ...]

    @property
    def is_decided(self) -> bool:
        """Tells whether anything was decided on it; undecided questions are listed first."""
        return bool(self.decided)

    @property
    def url(self) -> str:
        """Returns the address of the form for a decision on it."""
        second = f"&second={self.rounds[1].id}" if len(self.rounds) == 2 else ""
        return f"/decide/new?round={self.rounds[0].id}{second}"


async def overview(request: Request) -> Response:
    """Shows the votes that wait for an answer, the first due first, and every question whose result was shown, by
    commission, undecided ones first."""
    day = today(site_of(request).clock.now())
    async with site_of(request).store.read() as work:
        commissions = await work.commissions.list_commissions()
        shelves = [(c, await _questions(work, c)) for c in commissions]
        due = []
        for of in commissions:
            versions, made = await work.commissions.versions(of.id), await work.decisions.list_decisions(of.id)
            sessions = await work.sessions.list_sessions(of.id)
            due += [(one, of.title) for one in await answers_due.of_commission(work, versions, sessions, made)]
    waiting = sorted(((one, title) for one, title in due if not one.answer), key=lambda one: one[0].due_on)
    return await page(
        request,
        "decide/overview.html",
        shelves=shelves,
        today=day,
        waiting=[(one, waits(one, day)) for one, _title in waiting],
        titles={one.rounds[0].id: title for one, title in waiting},
    )


async def _questions(work: Work, commission: Commission) -> list[_Question]:
    made = await work.decisions.list_decisions(commission.id)
    questions = []
    for session in await work.sessions.list_sessions(commission.id):
        revealed = [
            r
            for r in await work.rounds.list_rounds(session.id)
            if r.state == RoundState.REVEALED and r.id not in session.held
        ]
        rounds = [r for r in revealed if r.kind in DECIDED_ON]
        voted = await work.rounds.voted([r.id for r in rounds])
        again = {r.second_of: r for r in rounds if r.second_of}
        shown = {r.id for r in rounds}
        for round_ in rounds:
            if round_.kind == RoundKind.FIRST_VOTE and round_.id in again:
                pair: tuple[Round, ...] = (round_, again[round_.id])
            elif round_.second_of in shown:
                continue
            else:
                pair = (round_,)
            ids = {r.id for r in pair}
            decided = tuple(d for d in made if ids & set(d.rounds))
            n: int | None = voted[pair[-1].id]
            if commission.small_numbers and n is not None:
                n = people_outside(n, commission.threshold)
            questions.append(_Question(session, pair, n, decided))
    return questions


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
        decision = await decisions.decide(site.store, site.clock, person, _read(rounds, form))
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


def _read(rounds: tuple[str, ...], form: Form) -> DecisionForm:
    return DecisionForm(
        rounds=rounds,
        id=form.text("id"),
        outcome=form.text("outcome"),
        response=form.text("response") or None,
        rationale=form.text("rationale"),
        why=form.text("why"),
        dissent=form.text("dissent"),
        earlier=form.text("earlier"),
        decided_on=form.text("decided_on"),
        told={name: form.text(name) for name in TOLD},
        answers=_answers(form),
        promises=_promises(form),
        pledges=tuple(form.texts("pledge")),
    )


def _answers(form: Form) -> dict[str, str]:
    return {name: form.text(name) for name in form.values if name.startswith("answer_")}


def _promises(form: Form) -> tuple[Promise, ...]:
    """Returns the rows of the form in order: role_1, what_1 and so on; empty rows too, to keep the numbers."""
    last = 0
    for name in form.values:
        part, _, number = name.partition("_")
        if part in _PARTS and number.isascii() and number.isdigit() and len(number) <= 3:
            last = max(last, int(number))
    return tuple(Promise(*(form.text(f"{part}_{n}") for part in _PARTS)) for n in range(1, last + 1))


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
    promises = list(_promises(form)) if form.values else [Promise(p.role, p.what, p.by) for p in pledged]
    promises += [Promise()] * (max(ROWS_AT_FIRST, len(promises) + more) - len(promises))
    response = form.text("response") if "response" in form.values else None
    outcome = form.text("outcome")
    differing = (
        []
        if on.result is None or outcome not in OUTCOMES
        else [
            (decisions.answer_field(one, on.result), one)
            for one in differences(outcome, response or None, on.result, on.later.method)
        ]
    )
    about = response if response and on.later.response(response) else next(iter(on.preference), "")
    labels = _labels(on.later)
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
        dissenting=_putting_else_first(on, about),
        outcomes=[(name, outcome_words(name)) for name in OUTCOMES],
        responses=_responses(on.later),
        form=form,
        response=response,
        differing=[(name, differs_from(one)) for name, one in differing],
        kept={name: words for name, words in _answers(form).items() if name not in dict(differing)},
        told=told_questions(),
        today=site_of(request).clock.now()[:10],
        promises=promises,
        pledged=pledged,
        id=form.text("id") or secrets.token_hex(16),
        most=decisions,
        errors=errors or {},
    )


def _labels(round_: Round) -> dict[str, str]:
    return {r.id: r.label for r in round_.responses}


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
    labels, way = _labels(round_), METHODS[round_.method]
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


async def decision(request: Request) -> Response:
    """Shows a decision in plain words to everybody: the decision, its reasons, how people voted, who does what by
    when."""
    async with site_of(request).store.read() as work:
        made = await work.decisions.get_decision(request.path_params["decision"])
        drawn = promises_shown([made])
        if made.entry is not None:
            # Already here, as votes whose rows were changed may give no result: the page that says so tells of it.
            await unlike_record(request, work, drawn | await work.rounds.some(made.rounds))
        on = await decision_matter.past_matter(work, made.rounds)
        apart = await decision_matter.beside(work, on)
        every = await decision_matter.votes_on(work, on)
        if on.session.recorded:
            drawn |= {round_.id: round_ for _session, round_ in every}
            for one in (on, *apart):
                drawn |= {round_.id: (round_, result) for round_, result in zip(one.rounds, one.results, strict=True)}
            drawn[declared_of(on.commission.id)] = (on.commission, on.session.title)
            await unlike_record(request, work, drawn)
    labels = _labels(on.later)
    return await page(
        request,
        "decide/decision.html",
        made=made,
        today=today(site_of(request).clock.now()),
        on=on,
        beside=apart,
        every=every,
        power=entry_words.named(power_words, on.commission.power.level),
        sentence=entries.decided(made.outcome, made.response, labels),
        outcome=outcome_words(made.outcome),
        preference=entry_words.listed(labels, on.preference),
        differs=_differs(made, on),
        differing=[(differs_from(one), one.answer) for one in made.differences] if on.result else [],
        told=[(heading, made.told[name]) for name, heading in told_headings() if name in made.told],
        dissenting=() if made.differences or made.outcome not in ADOPTING else _putting_else_first(on, made.response),
    )


def _putting_else_first(on: Matter, response: str | None) -> tuple[TableRow, ...]:
    """Returns the rows that preferred something else than a response; () where there is no result, or no response."""
    if not on.result or not response:
        return ()
    return dissenting(on.result.rows, response, on.later.method, rounded=on.result.rounded)


def _differs(made: Decision, on: Matter) -> bool:
    """Tells whether a decision goes against the vote; for a vote annulled since, whether it said so then."""
    if on.result is None:
        return bool(made.why)
    return differs(made.outcome, made.response, on.preference, counted=on.counted)
