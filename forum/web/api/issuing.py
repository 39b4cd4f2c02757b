"""Organisers' acts over the API with tickets: a code for each person of a group, told when it is issued, and again to
the same request with its Idempotency-Key alone."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from starlette.requests import Request

from forum.services.sessions import guard, tickets
from forum.services.sessions.tickets import Issued, Repeatable
from forum.sessions.ticket import Ticket
from forum.web.api.cursors import after
from forum.web.api.done import Done
from forum.web.api.room_told import IssuedTicket, KnownTicket, TicketsIssued
from forum.web.api.shapes import Listing, Paged
from forum.web.forms import Form
from forum.web.site import base_url, site_of


async def listed(request: Request, asked: Paged) -> Listing[KnownTicket]:
    """Lists the tickets of a session by their numbers, without their codes. Raises NotFound."""
    async with site_of(request).store.read() as work:
        live = await guard.of_kind(work, request.path_params["session"])
        every = await work.tickets.list_tickets(live.id)
    page, following = after(every, lambda one: str(one.number), asked.cursor, asked.limit)
    return Listing(items=tuple(_known(one) for one in page), next=following)


async def issue(request: Request, form: Form) -> TicketsIssued:
    """Issues tickets for a group, and tells their codes; again where the same request comes again."""
    site, session = site_of(request), request.path_params["session"]
    group, count = form.text("group") or None, int(form.text("count"))
    once = None
    if id_ := form.text("id"):
        # From the part of the digest that is kept nowhere: neither the database nor the key of the server gives codes.
        once = Repeatable(id_, hmac.digest(site.ticket_secret, request.state.seed.encode(), hashlib.sha256))
    return _told(request, await tickets.issue(site.store, site.clock, session, group, count, once))


async def replace(request: Request, form: Form) -> TicketsIssued:
    """Puts a new ticket in the place of a lost one, and sends whoever is in with that one out."""
    site, session = site_of(request), request.path_params["session"]
    fresh = await tickets.renew(site.store, site.clock, session, int(form.text("number")))
    site.rooms.expel(session, fresh.ticket.participant)
    return _told(request, [fresh])


async def revoke(request: Request, form: Form) -> Done:
    """Makes a ticket useless, and sends whoever is in with it out."""
    site, session = site_of(request), request.path_params["session"]
    dead = await tickets.revoke(site.store, site.clock, session, int(form.text("number")))
    site.rooms.expel(session, dead.participant)
    return Done(id=str(dead.number), state="dead", page=_page(request))


def _told(request: Request, issued: Sequence[Issued]) -> TicketsIssued:
    every = (
        IssuedTicket(number=one.ticket.number, group=one.ticket.group, code=tickets.printed(one.code)) for one in issued
    )
    return TicketsIssued(session=request.path_params["session"], tickets=tuple(every), page=_page(request))


def _known(one: Ticket) -> KnownTicket:
    return KnownTicket(number=one.number, group=one.group, dead=bool(one.revoked_at), replaces=one.replaces)


def _page(request: Request) -> str:
    return f"{base_url(request)}/organise/sessions/{request.path_params['session']}/tickets"
