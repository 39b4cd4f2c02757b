"""The answers of endpoints: a page from a template; after a form that worked, a redirect, or JSON for a program."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
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


async def page(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Draws a page from a template, with `context` and what all pages need: person, permissions, languages, and how
    many things wait for whoever is signed in."""
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
    drawn_by = await ready(site.templates, template)
    if template in _LONG_PAGES:
        return HTMLResponse(await long(drawn_by.render, everything), status)
    drawn = await _in_turns(drawn_by.generate(everything))
    return HTMLResponse(below(prefix_of(site.settings), drawn), status)


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
