"""Cookies, with names that hold the port and the path of this Forum.

A browser keeps cookies by host, whatever the port, so that two Forums on one host would overwrite each other's. On
ports 80 and 443 a name stays as it is; on others it ends in the port, as forum_device_8000, and then in the path that
Forum lives below, where it has one. A cookie without them, from an older version or a program, is read where there is
none with them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from forum.web.server.prefix import prefix_of
from forum.web.site import site_of

SIGNED_IN = "forum_session"
DEVICE = "forum_device"
LANGUAGE = "forum_language"
READING = "forum_reading"
SINCE = "forum_since"
ENTERED = "forum_entered"
PENDING = "forum_pending"
SIGN_ON = "forum_sign_on"
OURS = "forum_"
YEAR = 365 * 24 * 3600
_READ = "forum.cookies"  # where a request's scope keeps them
_UNNAMED = {None, 80, 443}
# Texts that a session may know a browser by. What a tablet's voter is known by has spaces in it (web/live/tablet.py)
# and is made of a ticket's code: no browser may say that it is that voter.
_BROWSER = re.compile(r"[A-Za-z0-9_-]*")


def cookie_of(request: HTTPConnection, name: str) -> str:
    """Returns the value of one of the cookies above, "" where there is none, or a browser's that Forum never gave."""
    full = _full(request, name)
    sent = _sent(request)
    value = sent.get(full) or sent.get(name, "")
    return value if name != DEVICE or _BROWSER.fullmatch(value) else ""


def set_cookie(request: HTTPConnection, response: Response, name: str, value: str, seconds: int) -> None:
    """Sets a cookie that scripts cannot read and other sites do not send; Secure where the page came by TLS."""
    secure = request.url.scheme in {"https", "wss"}
    full = _full(request, name)
    path = prefix_of(site_of(request).settings) or "/"
    response.set_cookie(full, value, max_age=seconds, path=path, httponly=True, samesite="lax", secure=secure)


def forget_cookie(request: HTTPConnection, response: Response, name: str) -> None:
    """Deletes a cookie in the browser, under either name."""
    for each in _sent(request).keys() & {name, _full(request, name)}:
        for path in {"/", prefix_of(site_of(request).settings) or "/"}:
            response.delete_cookie(each, path=path, httponly=True, samesite="lax")


def _sent(request: HTTPConnection) -> dict[str, str]:
    """Returns the cookies that a request carries, read once; of a repeated one the last.

    Parsed here in linear time: `request.cookies` undoes the quoting of every cookie with http.cookies, which before
    Python 3.11.10 and 3.12.6 takes 40 seconds for 128 KB (CVE-2024-7592). Our values hold nothing that is quoted.
    """
    read: dict[str, str] | None = request.scope.get(_READ)
    if read is None:
        read = request.scope[_READ] = {}
        for header in request.headers.getlist("cookie"):
            for pair in header.split(";"):
                name, is_pair, value = pair.partition("=")
                if is_pair and (name := name.strip()).startswith(OURS):
                    read[name] = value.strip().strip('"')
    return read


def _full(request: HTTPConnection, name: str) -> str:
    return name + _place(request.headers.get("host", ""), site_of(request).settings.public_url)


@lru_cache(maxsize=256)
def _place(host: str, public_url: str) -> str:
    """Returns what the names of cookies end in: the port that the browser asked at, and the path of the public address.

    A proxy may leave the port out of Host; then the public address has it.
    """
    public = urlsplit(public_url)
    try:
        asked = urlsplit(f"//{host}")
        port = public.port if asked.hostname == public.hostname else asked.port
    except ValueError:
        port = None
    return ("" if port in _UNNAMED else f"_{port}") + re.sub(r"[^A-Za-z0-9]", "_", public.path)
