"""The page of a private link on which somebody says whether they have noticed what was promised."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import IllegalMove, NotFound
from forum.services import noticed
from forum.services.noticed import Asking
from forum.voting.noticed import Noticed
from forum.web.forms import form_of
from forum.web.guess_limits import guessed
from forum.web.i18n.gettext import say
from forum.web.public.promises import about
from forum.web.record_banner import promises_shown, unlike_record
from forum.web.responses import done, page
from forum.web.site import site_of
from forum.web.words.noticed import noticed_words


async def have_you(request: Request) -> Response:
    """Shows a promise with the question whether it was noticed; posted, keeps the answer. Wrong links are counted."""
    site, key, commitment = site_of(request), request.path_params["key"], request.path_params["commitment"]
    try:
        async with site.store.read() as work:
            asked = await noticed.asked_by(work, site.clock, site.noticed_secret, commitment, key)
    except NotFound:
        await guessed(request, "link", site.settings.wrong_links_per_address)
        raise
    if request.method != "POST":
        return await _page(request, asked)
    said = (await form_of(request)).text("said")
    if said not in list(Noticed):
        return await _page(request, asked, 422, {"said": say("Choose one of the answers.")})
    try:
        await noticed.answer(site.store, site.clock, site.noticed_secret, commitment, key, Noticed(said))
    except IllegalMove as error:
        return await _page(request, asked, 409, {"said": say(error.message)})
    return done(request, f"/noticed/{commitment}/{key}?done=said")


async def _page(request: Request, asked: Asking, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    async with site_of(request).store.read() as work:
        await unlike_record(request, work, promises_shown([asked.promise.decision]))
        context = await about(request, work, asked.promise)
    return await page(
        request,
        "promises/noticed.html",
        status,
        **context,
        asked=asked,
        answers=[(str(one), noticed_words(one)) for one in Noticed],
        done=request.query_params.get("done", "") == "said" and not errors,
        over=say(noticed.OVER),
        errors=errors or {},
    )
