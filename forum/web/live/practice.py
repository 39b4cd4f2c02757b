"""The lobby's practice question, which phones may answer until the first cue; answers are not kept."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.web.forms import form_of
from forum.web.live.join_code import session_of
from forum.web.responses import done


async def practice(request: Request) -> Response:
    """Takes a practice vote without keeping it, and shows how a counted vote looks."""
    session = await session_of(request, request.path_params["code"])
    answered = "yes" if (await form_of(request)).text("practice") else "empty"
    return done(request, f"/s/{session.code}?practised={answered}", practised=answered)
