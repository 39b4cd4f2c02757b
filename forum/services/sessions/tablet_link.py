"""The link that makes a device a shared tablet of a session."""

from __future__ import annotations

from dataclasses import replace

from forum.ports import Store
from forum.services.keys import new_key
from forum.services.sessions import guard
from forum.sessions.session import LiveSession


async def share(store: Store, session_id: str, *, on: bool) -> LiveSession:
    """Makes a new link, or none; every tablet with the old one is out.

    Raises NotFound for a session that is not in a room, IllegalMove for a new link after the session's end.
    """
    async with store.begin() as work:
        # A link can be taken away also after the end.
        session = await (
            guard.going_on(work, session_id, planned=True) if on else guard.of_kind(work, session_id, lock=True)
        )
        session = replace(session, tablet=new_key() if on else "", version=session.version + 1)
        await work.sessions.save_session(session)
    return session
