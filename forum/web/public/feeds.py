"""Atom feeds (RFC 4287) of the events of a public story, and of a commission.

A feed needs no address of the reader's (e-mail does: `web/stories/mail.py`). Ids never change, and an event has the
same id in every feed.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from starlette.requests import Request
from starlette.responses import Response

from forum.services.stories import timeline
from forum.services.stories.timeline import Event
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import language
from forum.web.site import base_url, site_of
from forum.web.words.timeline import told

MOST = 50
MEDIA = "application/atom+xml"
_LONG_AGO = "1970-01-01T00:00:00Z"
_ATOM = "http://www.w3.org/2005/Atom"
# Characters that XML 1.0 cannot hold, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


async def story(request: Request) -> Response:
    """Sends the feed of a public story. Raises NotFound for any other."""
    async with site_of(request).store.read() as work:
        submission = await work.stories.get_story(request.path_params["story"])
        commission = await work.commissions.get_commission(submission.commission)
        events = await timeline.public_life(work, submission, commission, MOST)
    return _answer(
        request,
        id_=submission.id,
        title=_("What became of the story “%(title)s”") % {"title": submission.title},
        author=commission.title,
        page=f"/stories/{submission.id}",
        since=submission.published_at or submission.submitted_at,
        events=events,
    )


async def commission(request: Request) -> Response:
    """Sends the feed of a commission: its public stories, votes, decisions and promises."""
    async with site_of(request).store.read() as work:
        about = await work.commissions.get_commission(request.path_params["commission"])
        events = await timeline.commission_life(work, about, MOST)
    return _answer(
        request,
        id_=about.id,
        title=about.title,
        author=about.title,
        page=f"/commissions/{about.id}",
        since=about.created_at,
        events=events,
    )


def _answer(
    request: Request, *, id_: str, title: str, author: str, page: str, since: str, events: Sequence[Event]
) -> Response:
    base = base_url(request)
    feed = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": language().code})
    _put(feed, "id", uuid.UUID(hex=id_).urn)
    _put(feed, "title", title)
    _put(feed, "updated", events[-1].at if events else since or _LONG_AGO)
    _put(ET.SubElement(feed, "author"), "name", author)
    ET.SubElement(feed, "link", {"rel": "self", "type": MEDIA, "href": f"{base}{page}/feed.atom"})
    ET.SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": base + page})
    for event in reversed(events):
        line = told(event)
        entry = ET.SubElement(feed, "entry")
        _put(entry, "id", event.id.urn)
        _put(entry, "title", line.title)
        _put(entry, "updated", event.at)
        _put(entry, "published", event.at)
        ET.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": base + (line.link or page)})
        _put(entry, "summary", line.plain or line.title)
    body = ET.tostring(feed, "utf-8", xml_declaration=True)
    # Programs ask again and again: one that has this very feed gets 304 in a few bytes.
    mark = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"Cache-Control": "no-cache", "ETag": mark}
    if mark in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=MEDIA, headers=headers)


def _put(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
