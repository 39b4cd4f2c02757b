"""Results and ledgers within the pages of other sites, and the organisers' page that says which sites may show them.

What is embedded needs no script, sets no cookie and knows nobody by one; its links open in the whole window.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput
from forum.ports.promises import Sought
from forum.services import embeds, ledger, outcomes
from forum.services.outcomes import OutcomeKind
from forum.services.record_cache import kept
from forum.voting.commission import Commission
from forum.web.api.sessions import question_of
from forum.web.auth import somebody
from forum.web.forms import Form, errors_of, form_of
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import language
from forum.web.record_banner import ledger_shown, unlike_record
from forum.web.responses import done, page, wants_json
from forum.web.site import base_url, site_of
from forum.web.words.headlines import question_asked

MOST_PROMISES, MOST_RESULTS = 10, 10


async def result(request: Request) -> Response:
    """Shows the result of a vote for another site's page, where its commission lets that site."""
    async with site_of(request).store.read() as work:
        live, asked, address = await question_of(request, work)
        about = await work.commissions.get_commission(live.commission)
        sites_ = await embeds.of(work, about.id)
    there = address or f"/sessions/{live.id}#question-{asked.number}"
    return await _embedded(request, sites_, about, "embed/result.html", asked=asked, there=base_url(request) + there)


async def ledger_of(request: Request) -> Response:
    """Shows a commission's ledger of promises for another site's page, where the commission lets that site."""
    day = today(site_of(request).clock.now())
    async with site_of(request).store.read() as work:
        about = await work.commissions.get_commission(request.path_params["commission"])
        sites_ = await embeds.of(work, about.id)
        found = await ledger.found(work, Sought(about.id), day, most=MOST_PROMISES)
        await unlike_record(request, work, ledger_shown(found))
    there = f"{base_url(request)}/promises?commission={about.id}"
    return await _embedded(request, sites_, about, "embed/ledger.html", promises=found, today=day, there=there)


async def _embedded(
    request: Request, sites_: Sequence[str], about: Commission, template: str, **context: Any
) -> Response:
    if not sites_:
        return await page(request, "embed/refused.html", 404, commission=about)
    answer = await page(request, template, commission=about, base=base_url(request), **context)
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {' '.join(sites_)}"
    )
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


async def sites(request: Request) -> Response:
    """Shows which sites may show a commission's results, and what to copy into their pages; posted, saves the sites."""
    if request.method != "POST":
        return await _sites(request)
    form, of = await form_of(request), request.path_params["commission"]
    try:
        site, person = site_of(request), await somebody(request)
        saved = await embeds.save(site.store, site.clock, person, of, form.text("addresses"))
    except BadInput as error:
        if wants_json(request):
            raise
        return await _sites(request, form, error)
    return done(request, f"/organise/commissions/{of}/embeds?done=saved", addresses=list(saved))


async def _sites(request: Request, form: Form | None = None, error: BadInput | None = None) -> Response:
    store = site_of(request).store
    async with store.read() as work:
        about = await work.commissions.get_commission(request.path_params["commission"])
        saved = await embeds.of(work, about.id)
        size = await work.record.size()
        contents = await kept(store).contents_of(work, size)
        wanted = outcomes.Sought(OutcomeKind.RESULT, about.id)
        _count, found = contents.outcomes.find(wanted, size, 0, MOST_RESULTS)
        rounds = await work.rounds.some({one.round for one in found if not one.annulled})
    start = f"{base_url(request)}/embed"
    shown = [rounds[one.round] for one in found if one.round in rounds]
    return await page(
        request,
        "organise/embeds.html",
        422 if error else 200,
        commission=about,
        saved=saved,
        typed=form.text("addresses") if form else "\n".join(saved),
        errors=errors_of(error),
        said=_("The sites are saved.") if request.query_params.get("done") else "",
        most=embeds.MOST_TYPED,
        ledger=_snippet(f"{start}/commissions/{about.id}/ledger", _("Promises: %(what)s") % {"what": about.title}),
        results=[(asked := question_asked(one.question), _snippet(f"{start}/rounds/{one.id}", asked)) for one in shown],
    )


def _snippet(address: str, title: str) -> str:
    """Returns what another site's page needs to show an address, with a title for those who do not see it."""
    spoken = f"{address}?lang={language().code}"
    return f'<iframe src="{escape(spoken)}" title="{escape(title)}" width="100%" height="520" loading="lazy"></iframe>'
