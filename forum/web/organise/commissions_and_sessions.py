"""Organisers' pages: commissions, live sessions with their links, and tokens for machines.

People and machines use the same addresses; a machine asks for JSON.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from itertools import zip_longest

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forum.errors import BadInput, IllegalMove, TooMany
from forum.ports.accounts import Token
from forum.services import accounts, api_tokens, demonstration, retention
from forum.services import commissions as services
from forum.services.sessions import commissions_and_sessions
from forum.services.sessions.commissions_and_sessions import CommissionForm
from forum.services.voting import results
from forum.voting.commission import DEFAULT_THRESHOLD, POWERS, STAGES, Commission, SecondReader
from forum.web.accounts.code_check import TOKENS_BY_HAND, by_hand, confirm_act
from forum.web.auth import need_somewhere, somebody
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, errors_of, form_of
from forum.web.i18n.gettext import gettext as _
from forum.web.responses import done, page, wants_json
from forum.web.site import base_url, site_of
from forum.web.words.terms import power_words, session_state, stage_words

GROUPS_AT_FIRST = 2
SUPPORT_AT_FIRST = 1
STAGE_AT_FIRST = "plan"
MOST_ROWS = 40


async def overview(request: Request) -> Response:
    """Shows an organiser's commissions, sessions with their code and links, and tokens."""
    return await _overview(request)


async def _overview(
    request: Request,
    *,
    status: int = 200,
    made: tuple[Token, str] | None = None,
    label: str = "",
    errors: dict[str, str] | None = None,
) -> Response:
    person, within = await somebody(request), await need_somewhere(request, "run sessions")
    async with site_of(request).store.read() as work:
        commissions = [one for one in await work.commissions.list_commissions(drafts=True) if one.id in within]
        sessions = [s for s in await work.sessions.list_sessions() if not s.asynchronous and s.commission in within]
        asynchronous = [
            round_
            for c in commissions
            for round_ in await results.asynchronous_rounds(work, c, check_backs=True, rehearsals=True)
        ]
        plans = await work.programmes.latest_of([s.id for s in sessions if not s.opened_at])
        tokens = await work.people.tokens(person.id)
        second = await work.second_steps.get_second_step(person.id) is not None
        votes = await retention.open_votes(work, site_of(request).clock.now())
    return await page(
        request,
        "organise/overview.html",
        status,
        commissions=commissions,
        makes_commissions=within.every,
        open=[one for one in commissions if not one.draft],
        sessions=[(s, session_state(s)) for s in sessions if not s.rehearsal],
        rehearsals=[(s, session_state(s)) for s in sessions if s.rehearsal],
        days={session: latest.plan.day for session, latest in plans.items()},
        asynchronous=sorted(asynchronous, key=lambda round_: round_.session.opened_at, reverse=True),
        titles={c.id: c.title for c in commissions},
        tokens=[(t, api_tokens.ends_on(t)) for t in tokens if not t.revoked_at and not t.role],
        second=second,
        made=made,
        label=label,
        base=base_url(request),
        errors=errors or {},
        most=commissions_and_sessions,
        proxies=site_of(request).proxies.noted(),
        forgotten=[vote for vote in votes if not vote.waited_for and vote.session.commission in within],
    )


async def new_commission(request: Request) -> Response:
    """Shows the empty form for a commission."""
    return await _commission_page(request, Form({"stage": [STAGE_AT_FIRST]}))


async def add_commission(request: Request) -> Response:
    """Makes a commission. The button for more rows shows the form again with everything typed."""
    form = await form_of(request)
    if form.text("add"):
        return await _commission_page(request, form)
    site = site_of(request)
    try:
        if form.text("draft"):
            kept = await services.keep_draft(site.store, site.clock, typed(form))
            return done(request, f"/organise/commissions/{kept.id}/edit", id=kept.id)
        made = await commissions_and_sessions.create_commission(site.store, site.clock, typed(form))
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        return await _commission_page(request, form, errors_of(error, "id"), again=isinstance(error, IllegalMove))
    lent = await demonstration.lend(site.store, site.clock, made) if form.flag("stories") else []
    groups = [{"id": g.id, "label": g.label} for g in made.groups]
    stories = [{"id": story.id, "title": story.title} for story in lent]
    to = f"/organise/commissions/{made.id}?done=made"
    return done(request, to, id=made.id, groups=groups, stories=stories)


async def edit_commission(request: Request) -> Response:
    """Shows a draft or a published commission to be changed; posted, keeps, publishes or changes it."""
    site, commission = site_of(request), request.path_params["commission"]
    async with site.store.read() as work:
        of = await work.commissions.get_commission(commission, draft=True)
    if request.method != "POST":
        return await _commission_page(request, _as_typed(of), of=of)
    form = await form_of(request)
    if form.text("add"):
        return await _commission_page(request, form, of=of)
    asked, seen = replace(typed(form), id=of.id), form.text("seen")
    try:
        if form.text("draft"):
            made = await services.keep_draft(site.store, site.clock, asked, seen)
        elif form.text("publish"):
            made = await services.publish(site.store, site.clock, asked, seen)
        else:
            made = await services.change(site.store, site.clock, of.id, asked, seen, form.text("because"))
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        async with site.store.read() as work:
            of = await work.commissions.get_commission(commission, draft=True)
        return await _commission_page(
            request, form, errors_of(error, "seen"), of=of, again=isinstance(error, IllegalMove)
        )
    own = f"/organise/commissions/{made.id}"
    said = "made" if form.text("publish") else "changed"
    return done(request, f"{own}/edit" if made.draft else f"{own}?done={said}", id=made.id, version=made.version)


def _as_typed(of: Commission) -> Form:
    """Returns a commission as its form would have been typed."""
    return Form(
        {
            "title": [of.title],
            "question": [of.question],
            "stage": [of.stage],
            "level": [of.power.level],
            "decides": [of.power.decides],
            "can_change": [of.power.can_change],
            "cannot_change": [of.power.cannot_change],
            "answer_by_days": ["" if of.power.answer_by_days is None else str(of.power.answer_by_days)],
            "threshold": [str(of.threshold)],
            "group": [group.label for group in of.groups],
            "group_id": [group.id for group in of.groups],
            "invited": ["" if group.invited is None else str(group.invited) for group in of.groups],
            "support_name": [line.name for line in of.support],
            "support_contact": [line.contact for line in of.support],
            "small_numbers": ["1"] if of.small_numbers else [],
            "second_reader": ["1"] if of.second_reader == SecondReader.REQUIRED else [],
            "rehearsal": ["1"] if of.rehearsal else [],
            "seen": [str(of.version)],
        }
    )


def typed(form: Form) -> CommissionForm:
    """Returns the commission in a submitted form."""
    return CommissionForm(
        id=form.text("id"),
        title=form.text("title"),
        question=form.text("question"),
        stage=form.text("stage"),
        level=form.text("level"),
        decides=form.text("decides"),
        can_change=form.text("can_change"),
        cannot_change=form.text("cannot_change"),
        answer_by_days=form.text("answer_by_days"),
        threshold=form.text("threshold"),
        small_numbers=form.flag("small_numbers"),
        groups=_pairs(form, "group", "invited"),
        group_ids=tuple(form.texts("group_id")),
        support=_pairs(form, "support_name", "support_contact"),
        second_reader=form.flag("second_reader"),
        rehearsal=form.flag("rehearsal"),
    )


def _pairs(form: Form, left: str, right: str) -> tuple[tuple[str, str], ...]:
    """Returns the rows that two repeated fields make."""
    return tuple(zip_longest(form.texts(left), form.texts(right), fillvalue=""))


async def _commission_page(
    request: Request,
    form: Form,
    errors: dict[str, str] | None = None,
    *,
    of: Commission | None = None,
    again: bool = False,
) -> Response:
    """Draws the form of a commission, a new one or the one it is of; `again`: what was changed meanwhile may be gone
    over by sending it once more.
    """
    groups = list(_pairs(form, "group", "invited"))
    support = list(_pairs(form, "support_name", "support_contact"))
    add = form.text("add")
    rows = min(MOST_ROWS, max(GROUPS_AT_FIRST, len(groups) + (add == "group")))
    lines = min(MOST_ROWS, max(SUPPORT_AT_FIRST, len(support) + (add == "support")))
    return await page(
        request,
        "organise/commission.html",
        409 if again else 422 if errors else 200,
        form=form,
        of=of,
        seen=(str(of.version) if again or not form.text("seen") else form.text("seen")) if of else "",
        id=form.text("id") or secrets.token_hex(16),
        groups=groups + [("", "")] * (rows - len(groups)),
        group_ids=form.texts("group_id") + [""] * rows,
        support=support + [("", "")] * (lines - len(support)),
        stages=[(stage, stage_words(stage), _(stage)) for stage in STAGES],
        levels=[(level, _(level).capitalize(), power_words(level)) for level in POWERS],
        threshold=form.text("threshold", str(DEFAULT_THRESHOLD)),
        errors=errors or {},
        most=commissions_and_sessions,
    )


async def add_token(request: Request) -> Response:
    """Makes a token and shows it, this once."""
    by_hand(request, TOKENS_BY_HAND)
    site = site_of(request)
    person = await somebody(request)
    form = await form_of(request)
    try:
        accounts.check_label(form.text("label"))
        await confirm_act(request, person, form)
        token, secret = await accounts.make_token(site.store, site.clock, person, form.text("label"))
    except (BadInput, IllegalMove, TooMany) as error:
        if wants_json(request):
            raise
        told = errors_of(error, "code")
        answer = await _overview(request, status=status_of(error), label=form.text("label"), errors=told)
        return retry_after(answer, error)
    if wants_json(request):
        return JSONResponse({"id": token.id, "token": secret})
    # Shown in the answer itself, not after a redirect, so that it is in no address and no log.
    return await _overview(request, made=(token, secret))


async def revoke_token(request: Request) -> Response:
    """Revokes a token."""
    by_hand(request, TOKENS_BY_HAND)
    site = site_of(request)
    token = request.path_params["token"]
    await accounts.revoke_token(site.store, site.clock, await somebody(request), token)
    return done(request, "/organise#tokens", id=token)
