"""Helpers on the day: the organiser's page of their links, and the one screen that each link opens."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from forum.errors import BadInput, ForumError, IllegalMove, NotFound
from forum.services.keys import new_key
from forum.services.sessions import guard, helper_links
from forum.services.sessions.desk import Desk
from forum.services.sessions.room_view import console_view_of
from forum.services.voting.paper_counts import countable
from forum.sessions.helper_link import Helper, HelperLink
from forum.voting.round import RoundState
from forum.web.accounts.code_check import LINKS_BY_HAND, by_hand
from forum.web.auth import somebody
from forum.web.errors import status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.guess_limits import guessed
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import say
from forum.web.live import care, second_run
from forum.web.organise.paper_counts import Count, counting
from forum.web.responses import done, page, wants_json
from forum.web.server.prefix import prefix_of
from forum.web.site import base_url, site_of
from forum.web.templates import qr

# The acts of the console that a helper's screen has too. Papers are counted on a page of their own.
ACTS = {Helper.SCRIBE: ("tried", "propose", "amend"), Helper.CARE: ("breaks-seen",), Helper.COUNTER: ()}
_NO_LINK = "There is no screen at this link. Check that you have the whole of it, or ask an organiser for a new one."
# Seconds after which the care host's screen, on which nothing is typed, looks anew.
LOOKS_ANEW = 10


def helper_words() -> list[tuple[str, str, str]]:
    """Returns what helpers there are: each as it is stored, its name, and what it is for."""
    return [
        (Helper.SCRIBE, _("Scribe"), _("Writes down what was tried on stage, proposals and amendments.")),
        (Helper.COUNTER, _("Paper counter"), _("Enters the papers of a vote, or confirms what another one entered.")),
        (Helper.CARE, _("Care host"), _("Sees that somebody asked for a break, never who.")),
    ]


async def links(request: Request) -> Response:
    """Lists the helpers' links of a session; posted, makes one and shows it this once, or switches one off."""
    site, session = site_of(request), request.path_params["session"]
    if request.method != "POST":
        return await _links_page(request, Form({}))
    by_hand(request, LINKS_BY_HAND)
    form = await form_of(request)
    if form.text("act") == "revoke":
        await helper_links.revoke(site.store, site.clock, session, form.text("id"))
        return done(request, f"/organise/sessions/{session}/helpers")
    new = form.text("new")
    asked = (form.text("helper"), form.text("label"), form.text("hours"))
    try:
        by = (await somebody(request)).id
        link = await helper_links.make(site.store, site.clock, session, new, *asked, by=by)
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        errors = spoken(error) if isinstance(error, BadInput) else {"label": say(error.message, error.values)}
        return await _links_page(request, form, status=status_of(error), errors=errors)
    # Only the answer has it: the database keeps a digest.
    if wants_json(request):
        return JSONResponse({"id": link.id, "helper": f"{prefix_of(site.settings)}/helper/{new}"})
    return await _links_page(request, Form({}), made=link, url=f"{base_url(request)}/helper/{new}")


async def _links_page(
    request: Request,
    form: Form,
    *,
    made: HelperLink | None = None,
    url: str = "",
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response:
    site = site_of(request)
    async with site.store.read() as work:
        session = await guard.of_kind(work, request.path_params["session"])
        commission = await work.commissions.of_session(session)
        there = await work.helper_links.helper_links(session.id)
    now = site.clock.now()
    return await page(
        request,
        "organise/helpers.html",
        status,
        session=session,
        commission=commission,
        working=[] if session.ended else [one for one in there if one.works(now)],
        made=made,
        url=url,
        qr_code=qr(url) if url else "",
        helpers=helper_words(),
        names={helper: name for helper, name, _about in helper_words()},
        hours=[(str(n), str(n)) for n in helper_links.HOURS],
        new=new_key(),
        form=form,
        errors=errors or {},
        most=helper_links,
    )


async def screen(request: Request) -> Response:
    """Shows a helper's one screen; posted, carries out one of its acts. A link that no longer works says what to do,
    and what was typed stays on the page."""
    form = await form_of(request) if request.method == "POST" else None
    try:
        link = await _opened(request)
    except IllegalMove as error:
        if wants_json(request):
            raise
        left = [words for name in ("tried", "text", "after") if form and (words := form.text(name))]
        over = {"error": say(error.message, error.values), "left": left}
        return await page(request, "live/helper_over.html", 410, **over)
    if link.helper == Helper.COUNTER and "round" in request.query_params:
        here = f"/helper/{request.path_params['key']}"
        on = Count(link.id, link.session, request.query_params["round"], "", here, _("All votes"))
        return await counting(request, _at(on, here), form)
    if form is None:
        return await _screen(request, link)
    return await _act(request, link, form)


def _at(on: Count, here: str) -> Count:
    return Count(on.by, on.session, on.round, f"{here}?round={on.round}", on.back, on.back_words)


async def _opened(request: Request) -> HelperLink:
    """Returns the link in the address. Raises NotFound, TooMany for wrong keys, IllegalMove where it has stopped."""
    site = site_of(request)
    try:
        async with site.store.read() as work:
            return await helper_links.opened(work, site.clock, request.path_params["key"])
    except NotFound as error:
        await guessed(request, "link", site.settings.wrong_links_per_address)
        raise NotFound(_NO_LINK) from error


async def _act(request: Request, link: HelperLink, form: Form) -> Response:
    site, name = site_of(request), form.text("act")
    if name not in ACTS[link.helper]:
        raise NotFound("There is no such act on this screen.")
    desk = Desk(site.store, site.clock, act=name)
    try:
        if name in care.ACTS:
            await care.run(desk, link.session, name, form)
        else:
            await second_run.run(request, desk, link.session, name, form)
    except (BadInput, IllegalMove) as error:
        if wants_json(request):
            raise
        return await _screen(request, link, error, form)
    await site.rooms.changed(link.session)
    return done(request, f"/helper/{request.path_params['key']}?done={name}")


async def _screen(
    request: Request, link: HelperLink, error: ForumError | None = None, form: Form | None = None
) -> Response:
    site, typed = site_of(request), form or Form({})
    async with site.store.read() as work:
        session = await work.sessions.get_session(link.session)
        view = await console_view_of(work, session)
    context: dict[str, Any] = {}
    if link.helper == Helper.COUNTER:
        open_ = [one for one in view.rounds if one.state == RoundState.OPEN]
        context["rounds"] = [(one, bool(countable(one))) for one in open_]
    return await page(
        request,
        "live/helper.html",
        status_of(error) if error else 200,
        link=link,
        session=session,
        commission=view.commission,
        view=view,
        name={helper: words for helper, words, _about in helper_words()}[link.helper],
        form=typed,
        about=typed.text("act") + typed.text("proposal"),
        error=" ".join(spoken(error).values())
        if isinstance(error, BadInput)
        else say(error.message, error.values)
        if error
        else "",
        done=request.query_params.get("done", ""),
        here=f"/helper/{request.path_params['key']}",
        anew=LOOKS_ANEW if link.helper == Helper.CARE else 0,
        **context,
    )
