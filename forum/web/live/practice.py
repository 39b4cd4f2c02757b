"""The lobby: until the first cue, phones may practise on a question. What they answer is looked at and forgotten."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from forum.web.forms import form_of
from forum.web.live.phone import session_of
from forum.web.responses import done


async def practice(request: Request) -> Response:
    """Takes a practice vote, keeps nothing of it, and shows what a counted vote looks like."""
    live = await session_of(request, request.path_params["code"])
    answered = "yes" if (await form_of(request)).text("practice") else "empty"
    return done(request, f"/s/{live.code}?practised={answered}", practised=answered)
