"""Forum below a path of its own, as https://example.org/forum. FORUM_PUBLIC_URL says which.

Everything in here speaks of its addresses as if there were no such path: "/stories". It comes off where a request
comes in, whether the proxy passed it on or took it off itself, and goes on in the few places where an address goes out:
what a template has drawn, the Location of a redirect, the path of a cookie, JSON that names an address. (Whole
addresses, as in letters and feeds, begin with the public one anyway.)
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import jinja2
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forum.settings import Settings

# The attributes that hold an address. Nobody's words can look like one: the quotes in them are written as &#34;.
_ADDRESS = re.compile(r'(\s(?:href|src|action|data-(?:path|socket|save|to|programme))=")(?=/(?!/))')


def prefix_of(settings: Settings) -> str:
    """The path that Forum lives below, as "/forum"; "" for none."""
    return urlsplit(settings.public_url).path


def below(prefix: str, drawn: str) -> str:
    """What a template has drawn, with its addresses below the prefix."""
    return _ADDRESS.sub(lambda found: found[1] + prefix, drawn) if prefix else drawn


def template_below(prefix: str) -> type[jinja2.Template]:
    """A template whose addresses, once it is drawn whole, stand below the prefix. (One that is drawn in pieces cannot
    do that, for an address may begin in another piece than its attribute: whoever puts them together calls `below`.)
    """

    class Below(jinja2.Template):
        def render(self, *args: Any, **kwargs: Any) -> str:
            return below(prefix, super().render(*args, **kwargs))

    return Below


class BelowPrefix:
    """Everything below sees paths without the prefix; redirects lead to ones with it."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app = app
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI call."""
        if not self.prefix or scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        if f"{scope['path']}/".startswith(f"{self.prefix}/"):
            scope["path"] = scope["path"].removeprefix(self.prefix) or "/"
            scope["raw_path"] = scope.get("raw_path", b"").removeprefix(self.prefix.encode()) or b"/"
        host = Headers(scope=scope).get("host", "")

        async def send_below(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "location" in headers:
                    headers["location"] = self._below(headers["location"], host)
            await send(message)

        await self.app(scope, receive, send_below)

    def _below(self, location: str, host: str) -> str:
        """Where a redirect leads, for the browser: Starlette's own ones name this host, ours begin with a path."""
        parts = urlsplit(location)
        here = parts.netloc == host if parts.netloc else location.startswith("/")
        return parts._replace(path=self.prefix + parts.path).geturl() if here else location
