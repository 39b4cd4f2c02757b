"""Join codes of sessions in a room: six digits that nobody has to spell."""

from __future__ import annotations

import secrets

from forum.errors import NotFound
from forum.ports import Work


async def free_code(work: Work) -> str:
    """Returns six random digits that no session has. The first is no nought, so that nobody leaves it out."""
    while True:
        code = str(100_000 + secrets.randbelow(900_000))
        try:
            await work.sessions.session_by_code(code)
        except NotFound:
            return code
