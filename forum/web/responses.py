"""The answers of endpoints: a page from a template; after a form that worked, a redirect, or JSON for a program."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from forum.ports.accounts import Person
from forum.ports.long_work import long
from forum.services import permissions, your_work
from forum.web.auth import person_of
from forum.web.i18n import switch
from forum.web.i18n.dates import today
from forum.web.i18n.gettext import language
from forum.web.organisation.face import face_of
from forum.web.server.prefix import below, prefix_of
from forum.web.site import site_of
from forum.web.templates import ready

_TURN = 0.005  # seconds
# Pages with a whole story on them, or with what differs between two: they are drawn in a thread.
_LONG_PAGES = frozenset(
    {
        "stories/suggestions/answer.html",
        "stories/versions/version.html",
        "stories/suggestions/story.html",
        "moderate/story.html",
        "stories/check.html",
        "stories/file.html",
        "stories/my_story.html",
        "stories/play.html",
        "stories/workspace/workspace.html",
    }
)


# Live screens, which have no navigation, and the page of an error, which may be the database's.
_WITHOUT_NUMBER = ("live/", "error.html")


class RoomPages:
    """Pages of one moment of a room, drawn once for all who are to be shown the same: the MOST_KEPT asked for last.

    `pages` belongs to the room's view, and goes with it. `shared` is the part of their context that follows from that
    view and from `base` and `tongue` (screens.screen_context). Where not `keeping`, what is drawn is for one alone: so
    must be what has anything of somebody's own on it, as a page that comes at once was drawn for one who has the same.
    """

    MOST_KEPT = 64

    def __init__(
        self, pages: dict[str, bytes], shared: Mapping[str, Any], base: str, tongue: str, *, keeping: bool = True
    ) -> None:
        self.shared = shared
        self._pages = pages
        self._for = (base, tongue)
        self.keeping = keeping

    def key(self, template: str, own: Mapping[str, Any], today: str) -> str:
        """Returns all that a page is drawn from beside the view, written out: pages with one key are one page."""
        said = dict(own) | {"may": None, "language": own["language"].code}
        said["language_choices"] = [(choice.url, choice.now) for choice in own["language_choices"]]
        return repr((template, self._for, today, said))

    def get(self, key: str) -> bytes | None:
        """Returns a page, None where it is not kept."""
        drawn = self._pages.pop(key, None)
        if drawn is not None:
            self._pages[key] = drawn
        return drawn

    def put(self, key: str, drawn: bytes) -> None:
        """Keeps a page, in the place of the one that was asked for longest ago."""
        self._pages[key] = drawn
        if len(self._pages) > self.MOST_KEPT:
            del self._pages[next(iter(self._pages))]


async def page(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Draws a page from a template, with `context` and what all pages need: person, permissions, languages, and how
    many things wait for whoever is signed in."""
    return await _page(request, template, status, context, None)


async def page_of_room(
    request: Request, room: RoomPages, template: str, status: int = 200, **context: Any
) -> HTMLResponse:
    """Draws a page as `page` does; whoever is not signed in is given the one that was drawn for somebody else from the
    very same."""
    return await _page(request, template, status, context, room)


async def _page(
    request: Request, template: str, status: int, context: Mapping[str, Any], room: RoomPages | None
) -> HTMLResponse:
    site = site_of(request)
    person = await person_of(request)
    everything = {
        "person": person,
        "may": lambda permission, commission="": _may(person, permission, commission),
        "path": request.url.path,
        "face": face_of(request),
        "language": language(),
        "language_choices": switch.choices(request),
        "lost_language": switch.lost_choice(request),
        "unlike_record": getattr(request.state, "unlike_record", ()),
        "waits_for_you": 0,
        **context,
    }
    if person is not None and "waits_for_you" not in context and not template.startswith(_WITHOUT_NUMBER):
        async with site.store.read() as work:
            found = await your_work.counts(work, person, today(site.clock.now()), organising=False)
        everything["waits_for_you"] = your_work.waiting(found)
    key = ""
    if room is not None and room.keeping and person is None:
        key = room.key(template, everything, today(site.clock.now()))
        if (before := room.get(key)) is not None:
            return HTMLResponse(before, status)
    if room is not None:
        everything = {**room.shared, **everything}
    drawn_by = await ready(site.templates, template)
    if template in _LONG_PAGES:
        return HTMLResponse(await long(drawn_by.render, everything), status)
    drawn = below(prefix_of(site.settings), await _in_turns(drawn_by.generate(everything))).encode()
    if room is not None and key:
        room.put(key, drawn)
    return HTMLResponse(drawn, status)


def _may(person: Person | None, permission: str, commission: str) -> bool:
    """Tells whether a person has a permission in a commission (by id), or in any where none is named."""
    there = permissions.reach(person, permission)
    return commission in there if commission else bool(there)


async def _in_turns(pieces: Iterator[str]) -> str:
    """Joins the pieces of a page as they are drawn; lets other tasks run whenever that has taken _TURN seconds."""
    drawn = []
    began = time.perf_counter()
    for piece in pieces:
        drawn.append(piece)
        if time.perf_counter() - began > _TURN:
            await asyncio.sleep(0)
            began = time.perf_counter()
    return "".join(drawn)


def wants_json(request: HTTPConnection) -> bool:
    """Returns True for a program: its Accept names JSON, and not HTML."""
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def done(request: Request, to: str, **facts: Any) -> Response:
    """Answers a form that worked: sends a browser on to the page `to` (303), and a program the facts as JSON."""
    return JSONResponse(facts) if wants_json(request) else RedirectResponse(to, 303)
