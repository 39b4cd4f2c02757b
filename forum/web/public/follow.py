"""The page on which anybody begins to follow a commission, a decision or a promise: by its feed, or by e-mail.

It asks for nothing but an address, keeps nothing of the browser beside it, and answers alike for every address.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from forum.errors import BadInput, ForumError, IllegalMove, NotFound, StoreUnavailable, TooMany
from forum.ports.followers import Followed, Subject
from forum.services.mail import following
from forum.services.mail.addresses import checked
from forum.services.mail.following import Thing
from forum.web.errors import retry_after, status_of
from forum.web.forms import Form, form_of, spoken
from forum.web.guess_limits import Share
from forum.web.i18n.gettext import say
from forum.web.rate_limits import AN_HOUR
from forum.web.responses import page
from forum.web.site import site_of
from forum.web.stories.mail import asked_often
from forum.web.stories.private_link import MAILS_A_DAY
from forum.web.words.followed import page_of


async def follow(request: Request) -> Response:
    """Shows how to follow a thing; posted, keeps an address that wants to be told of it."""
    site, thing = site_of(request), await _thing(request)
    if request.method != "POST":
        return await _page(request, thing, Form({}))
    if site.settings.mail is None:
        raise NotFound("There is no page at this address. Check the link, or start from the front page.")
    form = await form_of(request)
    try:
        address = checked(form.text("address"))
        Share("mail", site.settings.mails_per_address, AN_HOUR).take(request)
        send = not asked_often(request, address)
        await following.follow(site.store, site.clock, thing.subject, address, send=send)
    except (BadInput, IllegalMove, StoreUnavailable, TooMany) as error:
        return await _page(request, thing, form, error)
    site.mailing.wake()
    return RedirectResponse(f"{request.url.path}?done=asked", 303)


async def _thing(request: Request) -> Thing:
    kind = request.path_params["kind"]
    if kind not in list(Followed):
        raise NotFound("There is no page at this address. Check the link, or start from the front page.")
    async with site_of(request).store.read() as work:
        return await following.thing_of(work, Subject(Followed(kind), request.path_params["about"]))


async def _page(request: Request, thing: Thing, form: Form, error: ForumError | None = None) -> Response:
    errors = {}
    if error:
        errors = spoken(error) if isinstance(error, BadInput) else {"address": say(error.message, error.values)}
    site, back = site_of(request), page_of(thing.subject)
    answer = await page(
        request,
        "public/follow.html",
        status_of(error) if error else 200,
        thing=thing,
        back=back,
        feed=f"{back}/feed.atom",
        by_mail=site.settings.mail is not None,
        a_day=MAILS_A_DAY,
        an_hour=site.settings.mails_per_address,
        to_confirm=following.DAYS_TO_CONFIRM,
        asked=not error and request.query_params.get("done", "") == "asked",
        typed=form.text("address"),
        errors=errors,
    )
    return retry_after(answer, error)
