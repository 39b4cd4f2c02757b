"""Organisers' acts over the API on who else is told: sites that show results, and messages to webhooks."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request

from forum.ports.webhooks import HookMessage
from forum.services import embeds, webhooks
from forum.web.api.commissions import of
from forum.web.api.cursors import cursor, place_in
from forum.web.api.done import HookMessageTold, LettingSites
from forum.web.api.shapes import Listing, NoQuery, Paged
from forum.web.auth import somebody
from forum.web.forms import Form
from forum.web.site import base_url, site_of


async def sites(request: Request, _asked: NoQuery) -> LettingSites:
    """Returns the sites that may show a commission's results. Raises NotFound."""
    async with site_of(request).store.read() as work:
        about = await of(request, work)
        return _letting(request, about.id, await embeds.of(work, about.id))


async def let_sites(request: Request, form: Form) -> LettingSites:
    """Says which sites may show a commission's results."""
    site, commission = site_of(request), request.path_params["commission"]
    typed = "\n".join(" ".join(one.split()) for one in form.texts("addresses"))
    saved = await embeds.save(site.store, site.clock, await somebody(request), commission, typed)
    return _letting(request, commission, saved)


def _letting(request: Request, commission: str, addresses: Sequence[str]) -> LettingSites:
    page = f"{base_url(request)}/organise/commissions/{commission}/embeds"
    return LettingSites(commission=commission, addresses=tuple(addresses), page=page)


async def messages(request: Request, asked: Paged) -> Listing[HookMessageTold]:
    """Lists what was sent to a webhook, newest first. Raises NotFound."""
    start, named = place_in(asked.cursor), request.path_params
    async with site_of(request).store.read() as work:
        found = await webhooks.of(work, named["commission"], named["webhook"])
        sent = await work.webhooks.messages(found.id, start, asked.limit + 1)
    following = cursor(start + asked.limit) if len(sent) > asked.limit else None
    return Listing(items=tuple(_message(one) for one in sent[: asked.limit]), next=following)


async def send_again(request: Request, _form: Form) -> HookMessageTold:
    """Sends a message to a webhook once more, under its id."""
    site, named = site_of(request), request.path_params
    again = await webhooks.send_again(site.store, site.clock, named["commission"], named["webhook"], named["message"])
    site.deliveries.wake()
    return _message(again)


def _message(one: HookMessage) -> HookMessageTold:
    return HookMessageTold(
        id=one.id,
        event=str(one.event),
        at=one.at,
        facts=one.facts,
        state=str(one.state),
        tries=one.tries,
        tried_at=one.tried_at or None,
        heard=one.heard,
    )
