"""The public page of how deciding bodies answer: for each, over all commissions, how many votes it answered in time."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.services import response_rates
from forum.web.i18n.dates import today
from forum.web.public.checkpoints import page_number
from forum.web.responses import page
from forum.web.site import site_of

A_PAGE = 50  # deciding bodies


async def bodies(request: Request) -> Response:
    """Shows for each deciding body how many votes were answered in time, and what waits for its answer."""
    site = site_of(request)
    async with site.store.read() as work:
        every = await response_rates.of_bodies(work, site.store, today(site.clock.now()))
        pages = max(-(-len(every) // A_PAGE), 1)
        number = min(page_number(request.query_params.get("page", "")), pages)
        shown = every[(number - 1) * A_PAGE : number * A_PAGE]
        titles = await work.commissions.titles({id_ for one in shown for id_, _count in one.commissions})
    return await page(
        request, "public/answers_due.html", bodies=shown, titles=titles, number=number, pages=pages, total=len(every)
    )
