"""Organisers' pages of a commission's webhooks: setting one up, what was sent to it, sending again, removing it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.errors import BadInput, ForumError, IllegalMove, NotFound
from forum.ports.webhooks import HookEvent, HookMessage, MessageState, Webhook
from forum.services import webhooks
from forum.web.auth import somebody
from forum.web.errors import status_of
from forum.web.forms import Form, errors_of, form_of
from forum.web.i18n.gettext import gettext as _
from forum.web.public.checkpoints import page_number
from forum.web.responses import done, page, wants_json
from forum.web.site import site_of

A_PAGE = 20


async def overview(request: Request) -> Response:
    """Shows the webhooks of a commission; posted, adds one and shows its secret, this once."""
    if request.method != "POST":
        return await _overview(request, Form({}))
    site, person, form = site_of(request), await somebody(request), await form_of(request)
    of, private = request.path_params["commission"], site.settings.webhook_private
    url, events = form.text("url"), form.texts("event")
    try:
        made = await webhooks.add(site.store, site.clock, person, of, url, events, private=private)
    except BadInput as error:
        if wants_json(request):
            raise
        return await _overview(request, form, error)
    secret = webhooks.secret_of(site.deliveries.key, made.id)
    if wants_json(request):
        return done(request, "", id=made.id, secret=secret)
    # Shown in the answer itself, not after a redirect, so that it is in no address and no log.
    return await _overview(request, Form({}), made=made, secret=secret)


async def _overview(
    request: Request, form: Form, error: BadInput | None = None, made: Webhook | None = None, secret: str = ""
) -> Response:
    async with site_of(request).store.read() as work:
        about = await work.commissions.get_commission(request.path_params["commission"])
        listed = await work.webhooks.list_webhooks(about.id)
    return await page(
        request,
        "organise/webhooks/overview.html",
        422 if error else 200,
        commission=about,
        webhooks=listed,
        made=made,
        secret=secret,
        errors=errors_of(error),
        url=form.text("url"),
        events=event_words(),
        chosen=form.texts("event"),
        said=_("The webhook is removed, with its log.") if request.query_params.get("done") else "",
        most=webhooks.MOST_URL,
    )


async def one(request: Request) -> Response:
    """Shows a webhook with what was sent to it; posted, does one act: "again", "on" or "remove"."""
    if request.method != "POST":
        return await _one(request)
    site, form = site_of(request), await form_of(request)
    of, webhook = request.path_params["commission"], request.path_params["webhook"]
    here = f"/organise/commissions/{of}/webhooks"
    try:
        match form.text("act"):
            case "again":
                await webhooks.send_again(site.store, site.clock, of, webhook, form.text("message"))
                site.deliveries.wake()
            case "on":
                await webhooks.go_on(site.store, site.clock, await somebody(request), of, webhook)
                site.deliveries.wake()
            case "remove":
                await webhooks.remove(site.store, site.clock, await somebody(request), of, webhook)
                return done(request, f"{here}?done=removed", id=webhook)
            case _:
                raise NotFound("There is no such act on a webhook.")
    except IllegalMove as error:
        if wants_json(request):
            raise
        return await _one(request, error)
    return done(request, f"{here}/{webhook}?done={form.text('act')}", id=webhook)


async def _one(request: Request, error: ForumError | None = None) -> Response:
    async with site_of(request).store.read() as work:
        about = await work.commissions.get_commission(request.path_params["commission"])
        found = await webhooks.of(work, about.id, request.path_params["webhook"])
        count = await work.webhooks.count_messages(found.id)
        pages = max(1, -(-count // A_PAGE))
        number = min(page_number(request.query_params.get("page", "")), pages)
        sent = await work.webhooks.messages(found.id, (number - 1) * A_PAGE, A_PAGE)
    said = {
        "again": _("It is sent again within seconds. Open this page again to see what came of it."),
        "on": _("This webhook is told again, of everything that waited too."),
    }
    words = event_words()
    return await page(
        request,
        "organise/webhooks/webhook.html",
        status_of(error) if error else 200,
        commission=about,
        webhook=found,
        events=[words[one] for one in found.events],
        messages=[(one, words[one.event], outcome_of(one)) for one in sent],
        errors=errors_of(error),
        said="" if error else said.get(request.query_params.get("done", ""), ""),
        number=number,
        pages=pages,
        address=f"/organise/commissions/{about.id}/webhooks/{found.id}?page=",
    )


def event_words() -> dict[HookEvent, str]:
    """Returns what each event is, in words."""
    return {
        HookEvent.SESSION_OPENED: _("A live session was opened"),
        HookEvent.RESULT_SHOWN: _("A result was shown"),
        HookEvent.DECISION_MADE: _("A decision was published"),
        HookEvent.PROMISE_MOVED: _("There is news of a promise"),
    }


def outcome_of(message: HookMessage) -> str:
    """Returns what came of a message, in words."""
    if message.state is MessageState.SENT:
        return _("It was taken.")
    if message.state is MessageState.GIVEN_UP:
        return _("It was not taken in three days, and is not tried any more.")
    return _("It waits for its next attempt.") if message.tries else _("It is about to be sent.")
