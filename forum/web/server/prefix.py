"""A path prefix for all of Forum, as in https://example.org/forum; FORUM_PUBLIC_URL holds it.

Inside, all addresses are written without it: "/stories". It is removed where a request comes in, whether or not the
proxy removed it, and added in the few places where an address goes out: drawn templates, the Location of a redirect,
the path of a cookie, JSON that names an address. (Whole addresses, as in letters and feeds, begin with the public
one.)
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import jinja2
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forum.settings import Settings

# Attributes that hold an address. Nobody's words can look like one, as quotes in them are written &#34;.
_ADDRESS = re.compile(r'(\s(?:href|src|action|data-(?:path|socket|save|to|programme))=")(?=/(?!/))')


def prefix_of(settings: Settings) -> str:
    """Returns the path that Forum lives below, as "/forum"; "" for none."""
    return urlsplit(settings.public_url).path


def below(prefix: str, drawn: str) -> str:
    """Returns a drawn template with its addresses below the prefix."""
    return _ADDRESS.sub(lambda match: match[1] + prefix, drawn) if prefix else drawn


def template_below(prefix: str) -> type[jinja2.Template]:
    """Returns a class of templates whose addresses are put below the prefix once they are drawn whole.

    A template drawn in pieces cannot do that, as an address may begin in another piece than its attribute: the code
    that joins the pieces calls `below`.
    """

    class Below(jinja2.Template):
        def _get_default_module(self, ctx: Any = None) -> Any:
            # Jinja looks through all globals at every import in every page for those that were added to one template.
            # Here none are, and this was a tenth of drawing a phone's page.
            return super()._get_default_module()

        def render(self, *args: Any, **kwargs: Any) -> str:
            return below(prefix, super().render(*args, **kwargs))

    return Below


class BelowPrefix:
    """Middleware that removes the prefix from paths, and adds it to redirects."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app = app
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one ASGI connection."""
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
        """Returns a redirect's address for the browser: Starlette's own ones name this host, ours begin with a path."""
        parts = urlsplit(location)
        here = parts.netloc == host if parts.netloc else location.startswith("/")
        return parts._replace(path=self.prefix + parts.path).geturl() if here else location
