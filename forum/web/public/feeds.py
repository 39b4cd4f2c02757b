"""Atom feeds (RFC 4287) of the events of a public story, of a session, of decisions, and of promises.

A feed needs no address of the reader's (e-mail does: `web/stories/mail.py`). Ids never change, and an event has the
same id in every feed. What does not agree with the record is an entry of its own, as it is a banner on pages.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from xml.etree import ElementTree as ET

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from forum.ports import Work
from forum.services import commitments
from forum.services.ledger import newest
from forum.services.record_cache import declared_of
from forum.services.sessions import guard
from forum.services.stages import course_of
from forum.services.stories import timeline
from forum.services.stories.timeline import Event, EventKind
from forum.voting.commission import Commission
from forum.web.i18n.dates import day
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import language
from forum.web.record_banner import Unlike, events_shown, ledger_shown, stories_shown, unlike_record
from forum.web.site import base_url, site_of
from forum.web.words.terms import marked
from forum.web.words.timeline import told as told_in_words

MOST = 50
MEDIA = "application/atom+xml"
_LONG_AGO = "1970-01-01T00:00:00Z"
_ATOM = "http://www.w3.org/2005/Atom"
# Characters that XML 1.0 cannot hold, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Told(msgspec.Struct, frozen=True):
    """An entry of a feed: an event with its id, its time, its title and a text in words, and the page that it leads
    to."""

    id: uuid.UUID
    at: str
    title: str
    summary: str
    link: str


async def story(request: Request) -> Response:
    """Sends the feed of a public story. Raises NotFound for any other."""
    async with site_of(request).store.read() as work:
        submission = await work.stories.get_story(request.path_params["story"])
        commission = await work.commissions.get_commission(submission.commission)
        events = await timeline.public_life(work, submission, commission, MOST)
        unlike = await _unlike(request, work, commission, events)
    return answer(
        request,
        id_=submission.id,
        title=marked(_("What became of the story “%(title)s”") % {"title": submission.title}, commission),
        author=commission.title,
        page=f"/stories/{submission.id}",
        since=submission.published_at or submission.submitted_at,
        told=told_of(events, f"/stories/{submission.id}"),
        unlike=unlike,
    )


async def session(request: Request) -> Response:
    """Sends the feed of a live session: its results, what was decided and promised on them, and that it was called off.
    Raises NotFound for an asynchronous one."""
    async with site_of(request).store.read() as work:
        live = await guard.of_kind(work, request.path_params["session"])
        commission = await work.commissions.of_session(live)
        events = (await timeline.session_life(work, commission, live))[-MOST:]
        off = {live.id: (live.title, live.called_off_at, live.called_off_because)} if live.called_off_at else {}
        unlike = await _unlike(request, work, commission, events, off if live.recorded else {})
    page = f"/sessions/{live.id}"
    told = told_of(events, page)
    if live.called_off_at:
        id_, title = timeline.event_id(live.id, "called off"), _("This session was called off")
        told = [Told(id_, live.called_off_at, title, live.called_off_because, page)]
    return answer(
        request,
        id_=live.id,
        title=marked(_("What became of the session “%(title)s”") % {"title": live.title}, commission),
        author=commission.title,
        page=page,
        since=live.opened_at,
        told=told,
        unlike=unlike,
    )


async def promises(request: Request) -> Response:
    """Sends the feed of every promise in the record and what became of it, or of those of one commission."""
    of = request.query_params.get("commission", "")
    async with site_of(request).store.read() as work:
        about = await work.commissions.get_commission(of) if of else None
        title = marked(about.title, about) if about else ""
        listed = await newest(work, of, MOST)
        every = [event for one in listed for event in timeline.of_commitment(one.decision, one.commitment)]
        events = sorted(every, key=lambda event: event.at)[-MOST:]
        told_in = {event.commitment.id for event in events if event.commitment}
        shown = ledger_shown(one for one in listed if one.commitment.id in told_in)
        unlike = await unlike_record(request, work, shown)
    page = f"/promises?commission={of}" if of else "/promises"
    made_up = {} if of else {one.commitment.id: one.commission for one in listed if one.commission.demonstration}
    return answer(
        request,
        id_=uuid.uuid5(uuid.NAMESPACE_URL, base_url(request) + page).hex,
        title=_("Promises: %(commission)s") % {"commission": title} if of else _("Promises, and what became of them"),
        author=about.title if about else "Forum",
        page=page,
        since="",
        told=told_of(events, page, made_up),
        unlike=unlike,
        address="/promises/feed.atom" + (f"?commission={of}" if of else ""),
    )


async def promise(request: Request) -> Response:
    """Sends the feed of one promise."""
    async with site_of(request).store.read() as work:
        one = await commitments.promise_of(work, request.path_params["commitment"])
        events = timeline.of_commitment(one.decision, one.commitment)[-MOST:]
        unlike = await unlike_record(request, work, events_shown(events))
    return answer(
        request,
        id_=one.commitment.id,
        title=marked(_("What became of the promise of: %(role)s") % {"role": one.commitment.role}, one.commission),
        author=one.commission.title,
        page=f"/promises/{one.commitment.id}",
        since=one.commitment.at,
        told=told_of(events, f"/promises/{one.commitment.id}"),
        unlike=unlike,
    )


async def decision(request: Request) -> Response:
    """Sends the feed of one decision: its promises, and what became of them."""
    async with site_of(request).store.read() as work:
        one = await work.decisions.get_decision(request.path_params["decision"])
        about = await work.commissions.get_commission(one.commission)
        # Its line names the response that was chosen, which the round has.
        rounds = await work.rounds.some({one.rounds[-1]})
        events = [replace(event, round=rounds[one.rounds[-1]]) for event in timeline.of_decision(one)][-MOST:]
        unlike = await unlike_record(request, work, events_shown(events))
    return answer(
        request,
        id_=one.id,
        title=marked(_("What became of the decision of %(day)s") % {"day": day(one.decided_at)}, about),
        author=about.title,
        page=f"/decisions/{one.id}",
        since=one.decided_at,
        told=told_of(events, f"/decisions/{one.id}"),
        unlike=unlike,
    )


async def _unlike(
    request: Request,
    work: Work,
    commission: Commission,
    events: Sequence[Event],
    more: Mapping[str, object] = MappingProxyType({}),
) -> list[Unlike]:
    """Returns what of the feed of a story or a session does not agree with the record; `more` is shown besides."""
    titles = sorted({(one.session.id, one.session.title) for one in events if one.session})
    course, versions = await course_of(work, commission), await work.commissions.versions(commission.id)
    rows = {**events_shown(events), **more} | {declared_of(commission.id): (commission, course, versions, titles)}
    if not commission.rehearsal:
        rows |= stories_shown([one.story for one in events if one.story and one.kind == EventKind.PUBLISHED])
    return await unlike_record(request, work, rows)


def told_of(events: Sequence[Event], page: str, made_up: Mapping[str, Commission] = MappingProxyType({})) -> list[Told]:
    """Returns events as entries of a feed, in their order; one without a page of its own leads to `page`. `made_up` are
    commitments, by id, of which each event is to say that it is a demonstration."""
    found = []
    for event in events:
        line = told_in_words(event)
        of = made_up.get(event.commitment.id) if event.commitment else None
        title = marked(line.title, of) if of else line.title
        found.append(Told(event.id, event.at, title, line.plain, line.link or page))
    return found


def answer(
    request: Request,
    *,
    id_: str,
    title: str,
    author: str,
    page: str,
    since: str,
    told: Sequence[Told],
    unlike: Sequence[Unlike],
    address: str = "",
) -> Response:
    """Answers with the feed of a page, oldest of `told` first, which is at `address`, or where that is "" below the
    page's own."""
    base = base_url(request)
    feed = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": language().code})
    _put(feed, "id", uuid.UUID(hex=id_).urn)
    _put(feed, "title", title)
    updated = told[-1].at if told else since or _LONG_AGO
    _put(feed, "updated", updated)
    _put(ET.SubElement(feed, "author"), "name", author)
    ET.SubElement(feed, "link", {"rel": "self", "type": MEDIA, "href": base + (address or f"{page}/feed.atom")})
    ET.SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": base + page})
    for one in unlike:
        entry = ET.SubElement(feed, "entry")
        _put(entry, "id", uuid.uuid5(uuid.UUID(hex=id_), f"unlike {one.what} {one.entry}").urn)
        _put(entry, "title", _("This feed does not agree with the record: %(what)s") % {"what": one.what})
        _put(entry, "updated", updated)
        there = page if one.entry is None else f"/record/{one.entry}"
        ET.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": base + there})
        said = _("No entry tells of it.") if one.entry is None else _("Entry %(number)s says something else.")
        _put(entry, "summary", said % {"number": one.entry})
    for event in reversed(told):
        entry = ET.SubElement(feed, "entry")
        _put(entry, "id", event.id.urn)
        _put(entry, "title", event.title)
        _put(entry, "updated", event.at)
        _put(entry, "published", event.at)
        ET.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": base + event.link})
        _put(entry, "summary", event.summary or event.title)
    body = ET.tostring(feed, "utf-8", xml_declaration=True)
    # Programs ask again and again: one that has this very feed gets 304 in a few bytes.
    mark = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"Cache-Control": "no-cache", "ETag": mark}
    if mark in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=MEDIA, headers=headers)


def _put(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
