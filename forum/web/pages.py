"""Who is asking, and the page they get."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from forum.errors import NotAllowed, SignInNeeded
from forum.ports.accounts import Person
from forum.ports.long_work import long
from forum.services import permissions
from forum.services.keys import digest
from forum.web.cookies import LANGUAGE, SIGNED_IN, cookie_of
from forum.web.i18n.gettext import language
from forum.web.i18n.languages import Language
from forum.web.server.prefix import below, prefix_of
from forum.web.site import site_of
from forum.web.templating import ready

_LONG = 300
_TURN = 0.005  # seconds
# Pages with a whole story on them, or with what differs between two: they are drawn in a thread.
_LONG_PAGES = frozenset(
    {
        "stories/building/answer.html",
        "stories/building/version.html",
        "stories/building/story.html",
        "moderate/story.html",
        "stories/check.html",
        "stories/file.html",
        "stories/mine.html",
        "stories/play.html",
        "stories/writing/workspace.html",
    }
)
_ELSEWHERE = re.compile(r"[a-zA-Z]+:|[/\\]{2}")


async def person_of(request: HTTPConnection) -> Person | None:
    """Who is signed in: by cookie, or by an organiser's token in `Authorization: Bearer ...`."""
    if not hasattr(request.state, "person"):
        request.state.person = await _find_person(request)
    person: Person | None = request.state.person
    return person


async def _find_person(request: HTTPConnection) -> Person | None:
    site = site_of(request)
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret:
        async with site.store.read() as work:
            return await work.people.token_holder(digest(secret.strip()))
    cookie = cookie_of(request, SIGNED_IN)
    if not cookie:
        return None
    async with site.store.read() as work:
        return await work.people.signed_in(digest(cookie), site.clock.now())


async def need(request: HTTPConnection, permission: str) -> Person | None:
    """The person, where they may do this. Raises SignInNeeded for nobody, NotAllowed for somebody else."""
    person = await person_of(request)
    if permissions.may(person.roles if person else (), permission):
        return person
    if person is None:
        raise SignInNeeded("Sign in to see this page.")
    raise NotAllowed("This page is not for your role. Ask an administrator if you need it.")


async def still_may(request: HTTPConnection, permission: str) -> bool:
    """Whether whoever asked may do this now: read again, for connections that outlive a sign-out or a role."""
    person = await _find_person(request)
    return permissions.may(person.roles if person else (), permission)


async def somebody(request: HTTPConnection) -> Person:
    """The person signed in. Raises SignInNeeded where there is none."""
    person = await person_of(request)
    if person is None:
        raise SignInNeeded("Sign in to see this page.")
    return person


@dataclass(frozen=True)
class Tongue:
    """A language on the switch, and where this page stands in it."""

    language: Language
    url: str
    now: bool


def tongues(request: Request) -> tuple[Tongue, ...]:
    """The switch between languages. After a form that came back it leads to the page that the form stands on."""
    address = request.url
    if request.method not in {"GET", "HEAD"}:
        before = urlsplit(request.headers.get("referer", ""))
        there = before.path.removeprefix(prefix_of(site_of(request).settings)) or "/"
        address = address.replace(path=there if before.netloc == address.netloc else "/", query="")
    # What was asked for goes along; not what is very long, or would lead to another site.
    asked = [(k, v) for k, v in parse_qsl(address.query) if k != "lang" and len(v) < _LONG and not _ELSEWHERE.match(v)]
    return tuple(
        Tongue(one, f"{address.path}?{urlencode([*asked, ('lang', one.code)])}", one is language())
        for one in site_of(request).languages.all
    )


def forgetful(request: Request) -> bool:
    """Whether this browser came from a page where it was given its language in a cookie, and does not have that."""
    before = urlsplit(request.headers.get("referer", ""))
    chosen = dict(parse_qsl(before.query)).get("lang", "")
    given = bool(chosen) and site_of(request).languages.find(chosen) is not None
    here = before.netloc == request.url.netloc and "/projector/" not in before.path
    return given and here and not cookie_of(request, LANGUAGE)


async def page(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A whole page from a template, with what every page has."""
    site = site_of(request)
    person = await person_of(request)
    held = person.roles if person else ()
    what = {
        "person": person,
        "may": lambda permission: permissions.may(held, permission),
        "path": request.url.path,
        "language": language(),
        "tongues": tongues(request),
        "forgetful": forgetful(request),
        **context,
    }
    found = await ready(site.templates, template)
    if template in _LONG_PAGES:
        return HTMLResponse(await long(found.render, what), status)
    drawn = await _in_turns(found.generate(what))
    return HTMLResponse(below(prefix_of(site.settings), drawn), status)


async def _in_turns(pieces: Iterator[str]) -> str:
    """A page whose pieces are drawn one after another; whenever that has taken _TURN seconds others have their turn."""
    drawn = []
    began = time.perf_counter()
    for piece in pieces:
        drawn.append(piece)
        if time.perf_counter() - began > _TURN:
            await asyncio.sleep(0)
            began = time.perf_counter()
    return "".join(drawn)


def wants_json(request: HTTPConnection) -> bool:
    """Whether a machine is asking: JSON named in Accept, HTML not."""
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def done(request: Request, to: str, **facts: Any) -> Response:
    """After a form that worked: on to a page (303), or the facts as JSON for a machine."""
    return JSONResponse(facts) if wants_json(request) else RedirectResponse(to, 303)
