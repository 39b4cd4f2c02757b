"""The session of a join code, and who this browser is in it."""

from __future__ import annotations

import re

from starlette.requests import HTTPConnection

from forum.errors import NotFound
from forum.services.keys import digest
from forum.sessions.session import LiveSession, Participant
from forum.web.cookies import DEVICE, cookie_of
from forum.web.guess_limits import guessed
from forum.web.site import site_of

_CODE = re.compile(r"[0-9]{6}", re.ASCII)


async def session_of(request: HTTPConnection, code: str) -> LiveSession:
    """Finds the session of a join code: a right one leads in whatever others behind the same address have tried.

    Raises NotFound, and TooMany for wrong ones.
    """
    return (await _place(request, code, ""))[0]


async def place_of(request: HTTPConnection, code: str) -> tuple[LiveSession, Participant | None]:
    """Finds the session of a join code, and who this browser is in it, if anybody. Raises as session_of does."""
    return await _place(request, code, cookie_of(request, DEVICE))


async def _place(request: HTTPConnection, code: str, device: str) -> tuple[LiveSession, Participant | None]:
    site = site_of(request)
    if not _CODE.fullmatch(code):  # it keeps nobody else waiting
        session, participant = None, None
    else:
        session, participant = await site.rooms.reads.known(code, digest(device) if device else "")
    if session is None:
        await guessed(request, "code", site.settings.wrong_codes_per_address)
        raise NotFound("There is no such session.")
    return session, participant
