"""The link that makes a device a shared tablet of a session."""

from __future__ import annotations

import secrets
from dataclasses import replace

from forum.errors import IllegalMove
from forum.ports import Store
from forum.session import LiveSession


async def share(store: Store, session: str, *, on: bool) -> LiveSession:
    """Makes a new link, or none; every tablet with the old one is out. Raises IllegalMove after the session's end."""
    async with store.begin() as work:
        live = await work.sessions.get(session, lock=True)
        if on and live.ended:
            raise IllegalMove("This session has ended.")
        live = replace(live, tablet=secrets.token_urlsafe(24) if on else "", version=live.version + 1)
        await work.sessions.save(live)
    return live
