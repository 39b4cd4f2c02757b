"""Pledges of help: the form on a phone, the private link by which one is taken back, and the page of moderators."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, ForumError, IllegalMove, NotFound, TooMany
from forum.services import help_pledges
from forum.services.help_pledges import HelpForm
from forum.services.keys import is_key, new_key
from forum.sessions.session import LiveSession
from forum.voting import help_pledge
from forum.voting.help_pledge import HelpPledge, HelpState
from forum.web.auth import need_somewhere
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, errors_of, form_of, renewed
from forum.web.guess_limits import Share, guessed
from forum.web.live.join_code import session_of
from forum.web.rate_limits import AN_HOUR
from forum.web.record_banner import unlike_record
from forum.web.responses import done, page, wants_json
from forum.web.site import base_url, site_of

# Of one browser in an hour, and of all new ones of a network: counted in memory alone, and forgotten.
_MINE, _EVERYBODYS = 5, 60
_NO_LINK = "There is no pledge at this link. Check that you have the whole of it."


async def make(request: Request) -> Response:
    """Shows the form "I can help with ..."; posted, keeps the pledge and leads to its private link."""
    site, session = site_of(request), await session_of(request, request.path_params["code"])
    async with site.store.read() as work:
        await help_pledges.must_be_open(work, session)
    if request.method != "POST":
        return await _form_page(request, session, Form({}))
    form = await form_of(request)
    typed = HelpForm(form.text("new"), form.text("words"), form.text("name"))
    try:
        help_pledges.checked(typed)
        Share("pledges", _EVERYBODYS, AN_HOUR, own=_MINE).take(request)
        await help_pledges.make(site.store, site.clock, session, typed)
    except (BadInput, IllegalMove, TooMany) as error:
        if wants_json(request):
            raise
        return await _form_page(request, session, renewed(form, error, "new"), error)
    return done(request, f"/my-pledge/{typed.new}")


async def _form_page(request: Request, session: LiveSession, form: Form, error: ForumError | None = None) -> Response:
    new = form.text("new")
    return retry_after(
        await page(
            request,
            "promises/pledge.html",
            status_of(error) if error else 200,
            session=session,
            form=form,
            errors=errors_of(error, "words"),
            new=new if is_key(new) and not isinstance(error, BadInput) else new_key(),
            most=help_pledge,
        ),
        error,
    )


async def mine(request: Request) -> Response:
    """Shows a pledge to whoever has its private link, and how it stands; posted, takes it back."""
    site, key = site_of(request), request.path_params["key"]
    try:
        async with site.store.read() as work:
            offered = await help_pledges.by_link(work, key)
            await unlike_record(request, work, pledges_shown([offered.pledge]))
    except NotFound as error:
        await guessed(request, "link", site.settings.wrong_links_per_address)
        raise NotFound(_NO_LINK) from error
    if request.method == "POST":
        await help_pledges.take_back(site.store, site.clock, key)
        return done(request, f"/my-pledge/{key}")
    return await page(
        request,
        "promises/my_pledge.html",
        pledge=offered.pledge,
        commission=offered.commission,
        link=f"{base_url(request)}/my-pledge/{key}",
        key=key,
    )


async def moderate(request: Request) -> Response:
    """Shows the pledges that wait to be read; posted, publishes or declines one."""
    site, within = site_of(request), await need_somewhere(request, "moderate stories")
    error: ForumError | None = None
    if request.method == "POST":
        form = await form_of(request)
        act = form.text("act")
        if act not in ("publish", "decline"):
            form.wrong("act", "Choose what to do.")
        try:
            form.stop()
            await help_pledges.read(site.store, site.clock, within, form.text("pledge"), publish=act == "publish")
            return done(request, "/moderate/pledges")
        except (BadInput, IllegalMove) as refused:
            if wants_json(request):
                raise
            error = refused
    async with site.store.read() as work:
        waiting = await help_pledges.waiting(work, within)
    status = status_of(error) if error else 200
    return await page(request, "moderate/pledges.html", status, waiting=waiting, errors=errors_of(error, "act"))


def pledges_shown(pledges: list[HelpPledge]) -> dict[str, object]:
    """Returns what a page shows of pledges that are in the record, by their ids."""
    return {one.id: one for one in pledges if one.state == HelpState.SHOWN}
