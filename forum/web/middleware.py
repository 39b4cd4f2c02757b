"""Middleware of every request and answer: Forum's own mark, security headers, the reader's language, the Origin
check."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.body_limit import RequestBodyLimitMiddleware, RequestBodyLimitResponder
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forum.live.messages import VERSION
from forum.web.auth import API
from forum.web.cookies import LANGUAGE, YEAR, cookie_of, set_cookie
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import speak
from forum.web.i18n.languages import Language, Languages
from forum.web.responses import wants_json

# By this header a page tells an answer of Forum from that of a proxy or a venue's network (static/ask.js).
MARK = "Forum"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(r"[A-Za-z0-9.\-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
# For each scheme of a request or websocket, the scheme of the page that it comes from.
_PAGES_SCHEME = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


def protection(scope: Scope) -> dict[str, str]:
    """Returns the headers of every HTTP answer: our mark, a strict Content-Security-Policy without inline code, and
    others."""
    host = Headers(scope=scope).get("host", "")
    # 'self' does not cover ws: in Safari before 15.4, so the socket's address is named.
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    # The console frames a small picture of the projector; nothing else may be framed.
    framing = "'self'" if scope["path"].startswith("/projector/") else "'none'"
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; manifest-src 'self'; "
            "img-src 'self' data:; font-src 'self'; "
            f"connect-src 'self'{sockets}; frame-src 'self'; form-action 'self'; base-uri 'none'; "
            f"frame-ancestors {framing}"
        ),
        "X-Content-Type-Options": "nosniff",
        # no-referrer would make forms send "Origin: null"
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cache-Control": "no-store",
        MARK: str(VERSION),
    }


class SecurityHeaders:
    """Adds the headers of `protection` to every HTTP answer, unless the answer sets them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one ASGI connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in protection(scope).items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def spoken_to(connection: HTTPConnection, languages: Languages) -> Language:
    """Returns the language for a connection: by ?lang=, else by this browser's cookie, else by Accept-Language."""
    return languages.choose(
        connection.query_params.get("lang", ""),
        "" if connection.scope["path"].startswith(API) else cookie_of(connection, LANGUAGE),
        connection.headers.get("accept-language", ""),
    )


class ReadersLanguage:
    """Sets the reader's language for everything below. One chosen by ?lang= is kept in a cookie for a year.

    A projector's is not kept: somebody who opens one in Welsh for the room reads their own pages as before.
    """

    def __init__(self, app: ASGIApp, languages: Languages) -> None:
        self.app = app
        self.languages = languages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one ASGI connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        language = spoken_to(connection, self.languages)
        speak(language)
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        asked = connection.query_params.get("lang", "")
        keep = asked == language.code and not scope["path"].startswith(("/projector/", "/embed/", API))
        keep = keep and cookie_of(connection, LANGUAGE) != asked

        async def send_with_language(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Language"] = language.code
                if keep:
                    kept = Response()
                    set_cookie(connection, kept, LANGUAGE, asked, YEAR)
                    headers.append("Set-Cookie", kept.headers["set-cookie"])
            await send(message)

        await self.app(scope, receive, send_with_language)


class BodyLimit(RequestBodyLimitMiddleware):
    """Bounds the bytes of a request's body; Starlette's, but with the page of `errors.py` as its answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one ASGI connection."""
        app = self.app if scope["type"] != "http" else _BodyLimit(self.app, self.max_body_size)
        await app(scope, receive, send)


class _BodyLimit(RequestBodyLimitResponder):
    async def send_with_limit(self, message: Message) -> None:
        """Sends our own answer in the place of Starlette's plain "Content Too Large"."""
        self.response_started = self.response_started or message["type"] == "http.response.start"
        await self.send(message)


class OriginCheck:
    """Refuses unsafe requests and websocket handshakes that another site's page may have caused.

    An Origin must name the scheme, host and port that were asked. Without an Origin a request must carry no cookie:
    programs with a token pass, a browser that hides its origin does not. Sockets are checked in the same way, as
    browsers let any page open one. Paths that match `keyed` take a POST without a cookie from anywhere: the key in
    such a path is the whole permission.
    """

    def __init__(self, app: ASGIApp, public_url: str = "", keyed: re.Pattern[str] | None = None) -> None:
        self.app = app
        self.public = _place(public_url) if public_url else None
        self.keyed = keyed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one ASGI connection."""
        unsafe = scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in _SAFE_METHODS)
        if not unsafe or self._allowed(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4403})
        else:
            words = _(
                "This request came from another site's page, or did not say where it came from. "
                "Open the form here and send it again."
            )
            # The same request passes once a misconfigured proxy is corrected.
            error = {"code": "other_site", "words": words, "again": True}
            machine = wants_json(HTTPConnection(scope))
            answer = JSONResponse({"error": error}, 403) if machine else PlainTextResponse(words, 403)
            await answer(scope, receive, send)

    def _allowed(self, scope: Scope) -> bool:
        # The API knows nobody by a cookie: only a token, which no other site's page can send, lets it change anything.
        if scope["type"] == "http" and scope["path"].startswith(API):
            return True
        headers = Headers(scope=scope)
        origins = headers.getlist("origin")
        if "cookie" not in headers and (not origins or self._keyed(scope)):
            return True
        if len(origins) != 1:
            return False
        origin = _place(origins[0])
        return origin is not None and origin in {self._own(scope, headers.get("host", "")), self.public}

    def _own(self, scope: Scope, host: str) -> tuple[str, str, int] | None:
        """Returns the origin that was asked, by the request's scheme; under the public name, the public address's
        origin.

        A proxy in front may not tell by which scheme it was asked.
        """
        own = _place(f"{_PAGES_SCHEME[scope['scheme']]}://{host}")
        if self.public and own and own[1] == self.public[1] and (own[2] == self.public[2] or ":" not in host):
            return self.public
        return own

    def _keyed(self, scope: Scope) -> bool:
        return scope["type"] == "http" and self.keyed is not None and bool(self.keyed.fullmatch(scope["path"]))


@lru_cache(maxsize=256)
def _place(url: str) -> tuple[str, str, int] | None:
    """Returns scheme, host and port of a URL, default ports filled in; None where it is no origin ("null" among
    them)."""
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.hostname or port is None:
        return None
    return parts.scheme, parts.hostname.lower(), port
