"""The dress rehearsal of a session: its form, its progress while made-up people play it, and its report."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forum.errors import BadInput, IllegalMove, NotFound
from forum.live.messages import REFUSALS
from forum.ports import Work
from forum.services.sessions import guard
from forum.sessions.programme import Item, Programme
from forum.sessions.rehearsal import (
    FEWEST_PEOPLE,
    MOST_PEOPLE,
    PEOPLE_AT_FIRST,
    Pace,
    Rehearsal,
    RehearsalForm,
    RehearsalState,
)
from forum.sessions.session import LiveSession
from forum.web.forms import Form, errors_of, form_of, renewed
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.responses import done, page, wants_json
from forum.web.site import base_url, site_of
from forum.web.templates import qr
from forum.web.words.methods import method_words

_MOST_BEFORE = 10  # earlier rehearsals that are listed
_AT_FIRST = Form(
    {"people": [str(PEOPLE_AT_FIRST)], "bad": ["slow", "dropping"], "pace": [Pace.WATCH], "who": ["itself"]}
)


async def rehearsal(request: Request) -> Response:
    """Shows the form of a session's rehearsal; of a copy that is rehearsed its progress, then its report. Posted, sends
    made-up people in, or stops them."""
    site, session = site_of(request), request.path_params["session"]
    if request.method == "POST":
        return await _act(request, session)
    async with site.store.read() as work:
        live = await guard.of_kind(work, session)
        found = await work.rehearsals.rehearsal_in(session)
    if found is None:
        return await _start_page(request, live, _AT_FIRST)
    if await site.rehearsals.progress(session) is not None:
        return await _play_page(request, live, found)
    return await _report_page(request, live, found)


async def _act(request: Request, session: str) -> Response:
    site, form = site_of(request), await form_of(request)
    act = form.text("act")
    if act == "stop":
        async with site.store.read() as work:
            await guard.of_kind(work, session)
            if await work.rehearsals.rehearsal_in(session) is None:
                raise NotFound("There is no rehearsal here.")
        await site.rehearsals.stop(session)
        return done(request, f"/organise/sessions/{session}/rehearsal", id=session)
    if act != "start":
        raise NotFound("There is no such act of a rehearsal.")
    bad = form.texts("bad")
    asked = RehearsalForm(
        id=form.text("id"),
        people=form.text("people"),
        slow="slow" in bad,
        dropping="dropping" in bad,
        by_hand=form.text("who") == "you",
        pace=form.text("pace") or Pace.WATCH,
    )
    try:
        made = await site.rehearsals.start(session, asked)
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        async with site.store.read() as work:
            live = await guard.of_kind(work, session)
        status = 409 if isinstance(error, IllegalMove) else 422
        return await _start_page(request, live, renewed(form, error), errors_of(error, "start"), status)
    return done(request, f"/organise/sessions/{made.session}/rehearsal", id=made.session)


async def _start_page(
    request: Request, live: LiveSession, form: Form, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    site = site_of(request)
    async with site.store.read() as work:
        commission = await work.commissions.of_session(live)
        before = await work.rehearsals.rehearsals_of(live.id, _MOST_BEFORE)
        plan = (await work.programmes.latest(live.id)).plan
        running = await site.rehearsals.running()
        other = await work.sessions.get_session(running.session) if running is not None else None
    return await page(
        request,
        "organise/rehearsals/start.html",
        status,
        session=live,
        commission=commission,
        plan=plan,
        before=before,
        other=other,
        form=form,
        id=form.text("id") or secrets.token_hex(16),
        fewest=FEWEST_PEOPLE,
        most=MOST_PEOPLE,
        paces=Pace,
        errors=errors or {},
    )


async def _play_page(request: Request, live: LiveSession, found: Rehearsal) -> Response:
    progress = await site_of(request).rehearsals.progress(live.id)
    if wants_json(request):
        return JSONResponse(asdict(found) | {"progress": asdict(progress) if progress is not None else None})
    async with site_of(request).store.read() as work:
        commission = await work.commissions.of_session(live)
        plan = (await work.programmes.latest(live.id)).plan
    step = progress.step if progress is not None else 0
    join_url = f"{base_url(request)}/s/{live.code}"
    return await page(
        request,
        "organise/rehearsals/play.html",
        session=live,
        commission=commission,
        rehearsal=found,
        progress=progress,
        cue=plan.items[step - 1] if 0 < step <= len(plan.items) else None,
        join_url=join_url,
        qr_code=qr(join_url),
    )


async def _report_page(request: Request, live: LiveSession, found: Rehearsal) -> Response:
    if wants_json(request):
        return JSONResponse(asdict(found) | {"progress": None})
    report = found.report or {}
    async with site_of(request).store.read() as work:
        commission = await work.commissions.of_session(live)
        of = await work.sessions.get_session(found.of)
        plan = (await work.programmes.latest(live.id)).plan
        rounds = await _rounds(work, report)
    left_out = [(item, _(one["why"])) for one in report.get("left_out", ()) if (item := _item(plan, one["item"]))]
    return await page(
        request,
        "organise/rehearsals/report.html",
        session=live,
        commission=commission,
        of=of,
        rehearsal=found,
        states=RehearsalState,
        why=say(found.why, report.get("values", {})) if found.why else "",
        report=report,
        figures=report.get("figures"),
        rounds=rounds,
        left_out=left_out,
        refusals=[
            (_(REFUSALS[code]) if code in REFUSALS else code, number)
            for code, number in sorted((report.get("figures") or {}).get("refusals", {}).items())
        ],
    )


async def _rounds(work: Work, report: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the rounds of a report with their questions as they stand now, and their ways of voting."""
    rows = report.get("rounds", ())
    known = await work.rounds.some({row["round"] for row in rows})
    return [
        {"question": known[row["round"]].question, "method": method_words(known[row["round"]].method), **row}
        for row in rows
        if row["round"] in known
    ]


def _item(plan: Programme, id_: str) -> Item | None:
    return next((item for item in plan.items if item.id == id_), None)
