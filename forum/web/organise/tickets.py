"""Pages for tickets: organisers issue, replace and revoke them; the codes are shown once, on the sheet to print."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forum.adapters import ticket_sheet
from forum.errors import BadInput, IllegalMove, LibraryMissing, NotFound
from forum.services.sessions import guard, tickets
from forum.services.sessions.tickets import Issued
from forum.sessions.session import Entrance
from forum.voting.commission import Commission
from forum.web.errors import status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import language, say
from forum.web.responses import done, page, wants_json
from forum.web.site import base_url, site_of

_MOST_DIGITS = 6


async def sheet(request: Request) -> Response:
    """Shows the page of a session's tickets; issuing and replacing answer with the sheet to print."""
    session = request.path_params["session"]
    if request.method != "POST":
        return await _page(request, session, Form({}))
    site = site_of(request)
    form = await form_of(request)
    act, number = form.text("act"), _number(form.text("number"))
    try:
        if act in {"issue", "renew"} and not wants_json(request):
            await asyncio.to_thread(ticket_sheet.check)
        if act == "issue":
            group, count = form.text("group") or None, _number(form.text("count"))
            if not wants_json(request) and form.text("boxes") != "yes":
                await _refuse_boxes(request, session, group)
            return await _answer(request, session, await tickets.issue(site.store, site.clock, session, group, count))
        if act == "renew":
            fresh = await tickets.renew(site.store, site.clock, session, number)
            site.rooms.expel(session, fresh.ticket.participant)
            return await _answer(request, session, [fresh])
        if act != "revoke":
            raise NotFound("There is no such act with tickets.")
        revoked = await tickets.revoke(site.store, site.clock, session, number)
        site.rooms.expel(session, revoked.participant)
    except LibraryMissing as error:
        return await _page(request, session, form, status=status_of(error))
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        errors = spoken(error) if isinstance(error, BadInput) else {f"ticket-{number}": say(error.message)}
        return await _page(request, session, form, errors)
    return done(request, f"/organise/sessions/{session}/tickets#ticket-{number}", number=number)


async def _refuse_boxes(request: Request, session: str, group: str | None) -> None:
    """Raises BadInput where this group's sheet would have boxes in the place of letters that no font has."""
    async with site_of(request).store.read() as work:
        live_session = await work.sessions.get_session(session)
        labels = _labels(await work.commissions.of_session(live_session))
    boxes = await asyncio.to_thread(ticket_sheet.boxes, [live_session.title, labels.get(group, "")])
    if boxes.letters:
        raise BadInput(
            "No font on this server has these letters: %(letters)s. See above what to do, or agree to boxes.",
            field="boxes",
            letters=" ".join(boxes.letters),
        )


async def _answer(request: Request, session: str, issued: Sequence[Issued]) -> Response:
    async with site_of(request).store.read() as work:
        live_session = await work.sessions.get_session(session)
        commission = await work.commissions.of_session(live_session)
    labels = _labels(commission)
    if wants_json(request):
        return JSONResponse(
            {
                "tickets": [
                    {"number": ticket.ticket.number, "group": ticket.ticket.group, "code": tickets.printed(ticket.code)}
                    for ticket in issued
                ]
            }
        )
    base = base_url(request)
    words = ticket_sheet.Words(
        title=live_session.title,
        lang=language().code,
        how=_("Point your camera at the square. Or open this address, and type %(code)s and your ticket’s code:")
        % {"code": f"{live_session.code[:3]} {live_session.code[3:]}"},
        address=f"{base.split('://')[-1]}/join",
        once=_("One person, one vote. Keep it to yourself."),
        alt=_("QR code: your way in"),
        by=site_of(request).face.now.get("name", language().code),
        mark=_("Rehearsal") if live_session.rehearsal or commission.rehearsal else "",
    )
    slips = [
        ticket_sheet.Slip(
            number=_("No. %(number)s") % {"number": ticket.ticket.number},
            group=labels[ticket.ticket.group],
            code=tickets.printed(ticket.code),
            link=f"{base}/s/{live_session.code}/ticket/{ticket.code}",
        )
        for ticket in issued
    ]
    pdf = await asyncio.to_thread(ticket_sheet.sheet, slips, words)
    headers = {"Content-Disposition": 'attachment; filename="tickets.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


async def _page(
    request: Request, session: str, form: Form, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    async with site_of(request).store.read() as work:
        live_session = await guard.of_kind(work, session)
        commission = await work.commissions.of_session(live_session)
        issued = await work.tickets.list_tickets(live_session.id)
    labels = _labels(commission)
    missing, no_sheets = ticket_sheet.Boxes(), ""
    if live_session.entrance == Entrance.TICKETS:
        try:
            missing = await asyncio.to_thread(ticket_sheet.boxes, [live_session.title, *labels.values()])
        except LibraryMissing as error:
            no_sheets = say(error.message, error.values)
    alive = Counter(ticket.group for ticket in issued if not ticket.revoked_at)
    invited: dict[str | None, int | None] = {group.id: group.invited for group in commission.groups}
    return await page(
        request,
        "organise/tickets.html",
        422 if errors else status,
        session=live_session,
        commission=commission,
        tickets=issued,
        labels=labels,
        groups=[(group or "", label) for group, label in labels.items()],
        counts=[(label, alive[group], invited.get(group)) for group, label in labels.items()],
        form=form,
        group=form.text("group", next(iter(labels)) or ""),
        errors=errors or {},
        boxes=missing,
        no_sheets=no_sheets,
        here=f"/organise/sessions/{live_session.id}/tickets",
    )


def _labels(commission: Commission) -> dict[str | None, str]:
    labels: dict[str | None, str] = {group.id: group.label for group in commission.groups}
    return labels | {None: _("Prefer not to say")}


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _MOST_DIGITS else 0
