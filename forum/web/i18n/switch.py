"""The switch between languages that stands on every page."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from starlette.requests import Request

from forum.web.cookies import LANGUAGE, cookie_of
from forum.web.i18n.gettext import language
from forum.web.i18n.languages import Language
from forum.web.server.prefix import prefix_of
from forum.web.site import site_of

_LONG = 300  # characters of a value in the query
_ELSEWHERE = re.compile(r"[a-zA-Z]+:|[/\\]{2}")


class Choice(msgspec.Struct, frozen=True):
    """One language on the switch: `url` is this page in that language, `now` marks the one that it is in."""

    language: Language
    url: str
    now: bool


def choices(request: Request) -> tuple[Choice, ...]:
    """Returns the languages to choose from. Beside a form that came back with errors, each leads to the page that the
    form stands on."""
    address = request.url
    if request.method not in {"GET", "HEAD"}:
        before = urlsplit(request.headers.get("referer", ""))
        there = before.path.removeprefix(prefix_of(site_of(request).settings)) or "/"
        address = address.replace(path=there if before.netloc == address.netloc else "/", query="")
    # The query goes along; not a value that is very long, or would lead to another site.
    asked = [(k, v) for k, v in parse_qsl(address.query) if k != "lang" and len(v) < _LONG and not _ELSEWHERE.match(v)]
    return tuple(
        Choice(one, f"{address.path}?{urlencode([*asked, ('lang', one.code)])}", one is language())
        for one in site_of(request).languages.all
    )


def lost_choice(request: Request) -> bool:
    """Returns True for a browser that has just chosen a language and does not keep the cookie that says which."""
    before = urlsplit(request.headers.get("referer", ""))
    chosen = dict(parse_qsl(before.query)).get("lang", "")
    given = bool(chosen) and site_of(request).languages.find(chosen) is not None
    here = before.netloc == request.url.netloc and "/projector/" not in before.path
    return given and here and not cookie_of(request, LANGUAGE)
