"""The page from which those who decide take exports and reports: of everything, of a commission, of a session."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from forum.ports.work_list import Wanted
from forum.web.auth import need, need_somewhere, somebody
from forum.web.decide.overview import A_PAGE
from forum.web.i18n.dates import today
from forum.web.public.checkpoints import page_number
from forum.web.responses import page
from forum.web.site import site_of


async def exports(request: Request) -> Response:
    """Shows what can be exported of each commission that somebody decides in, or of the sessions of one, a page at a
    time."""
    within, person = await need_somewhere(request, "decide"), await somebody(request)
    chosen = request.query_params.get("commission", "")
    commission, sessions, titles = None, [], []
    async with site_of(request).store.read() as work:
        if chosen:
            await need(request, "decide", chosen)
            commission = await work.commissions.get_commission(chosen)
            sessions = [one for one in await work.sessions.list_sessions(chosen) if one.recorded and one.opened_at]
        else:
            day = today(site_of(request).clock.now())
            wanted = Wanted(None if within.every else within.commissions, person.id, day)
            titles = await work.work_list.titles(wanted)
    pages = max(-(-len(sessions or titles) // A_PAGE), 1)
    number = min(page_number(request.query_params.get("page", "")), pages)
    here = slice((number - 1) * A_PAGE, number * A_PAGE)
    return await page(
        request,
        "decide/exports.html",
        every=within.every,
        commission=commission,
        sessions=sessions[here],
        titles=titles[here],
        number=number,
        pages=pages,
        url="/decide/exports?" + urlencode({**({"commission": chosen} if chosen else {}), "page": ""}),
    )
