"""Parts that every screen of a session has: its language, the context of its template, and its news where it polls."""

from __future__ import annotations

import gzip
import re
from typing import Any

import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from forum.live.messages import Screen
from forum.live.room import Room
from forum.sessions.view import MOST_PAGES, RoomView, cue_key
from forum.web.cookies import READING, cookie_of
from forum.web.i18n.gettext import language
from forum.web.live.phone_state import NOBODYS
from forum.web.templates import qr

# An answer that polls ask for again and again is no page: it need not say all that a page may do.
NO_PAGE = {"Content-Security-Policy": "default-src 'none'"}
LONG_ENOUGH = 600  # bytes, to be worth compressing

_PAGE = re.compile(r"[1-9][0-9]{0,5}")
_READING = re.compile(r"[a-z]{2,4}(-[A-Za-z]{2,4})?")


def small(request: Request, facts: dict[str, Any]) -> Response:
    """Builds a JSON answer for a screen that polls: without the headers of a page, and compressed."""
    answer = JSONResponse(facts, headers=NO_PAGE)
    body = bytes(answer.body)
    if len(body) < LONG_ENOUGH or "gzip" not in request.headers.get("accept-encoding", ""):
        return answer
    packed = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(gzip.compress(body, 6), headers=NO_PAGE | packed, media_type="application/json")


def news_of(request: HTTPConnection, room: Room, kind: Screen, tongue: str) -> dict[str, Any]:
    """Returns the news for a screen that polls: the state, unless it shows that already (?mark=) in this history (?h=),
    and the tally."""
    asked, drawn = request.query_params, room.drawn(kind, tongue)
    shown = asked.get("mark") == drawn.mark and asked.get("h") == room.history
    state: dict[str, Any] = {"v": room.version} if shown else msgspec.json.decode(drawn.frame)
    return state | {"history": room.history, "tally": msgspec.to_builtins(room.tally)}


def page_of(request: HTTPConnection) -> int:
    """Reads which page of its lists a screen is asked for (?page=); the first where that is no number of a page."""
    asked = request.query_params.get("page", "")
    return min(int(asked), MOST_PAGES) if _PAGE.fullmatch(asked) else 1


def tongue_of(request: HTTPConnection) -> str:
    """Reads in what words this phone shows questions: its language, and what was chosen for questions ("cy+easy")."""
    chosen = request.query_params.get("read", cookie_of(request, READING))
    return f"{language().code}+{chosen}" if _READING.fullmatch(chosen) else language().code


def screen_context(base: str, view: RoomView, tongue: str = "") -> dict[str, Any]:
    """Returns the part of the context that every screen's template gets; `tongue` as tongue_of has it."""
    join_url = f"{base}/s/{view.session.code}"
    # Drawn once the session has ended, on the big screen.
    session_url = f"{base}/sessions/{view.session.id}"
    return {
        "view": view,
        "cue": str(cue_key(view)),
        "cue_now": str(cue_key(view)),
        "reading": tongue.partition("+")[2],
        "join_url": join_url,
        "qr": qr(join_url),
        "session_qr": qr(session_url) if view.session.ended else "",
        "session_path": f"/s/{view.session.code}",
        "console_path": f"/console/{view.session.id}",
        "yours": {},
        "refused": "",
        **NOBODYS,
    }
