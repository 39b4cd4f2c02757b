"""Joins a session: one participant for each browser, as long as there are places."""

from __future__ import annotations

from collections.abc import Set

from starlette.requests import Request

from forum.errors import TooMany
from forum.services.keys import digest
from forum.sessions.session import Participant
from forum.web.accounts.devices import who_of
from forum.web.site import site_of

_SOON = 60  # seconds after which a phone may ask again for a place
FULL = (
    "All places in this session are taken. Tell the organiser: they can let more people in with one press. "
    "Then send this again."
)


async def come_in(request: Request, participant: Participant, device: str, also: Set[str] = frozenset()) -> None:
    """Joins a browser that has not joined yet, with the groups that its owner belongs to besides.

    Raises TooMany where all places of the session are taken.
    """
    site, session = site_of(request), participant.session
    proved = bool(who_of(request).device)
    if not await site.rooms.place(session, proved=proved):
        raise TooMany(FULL, _SOON)
    here = ""
    try:
        async with site.store.begin() as work:
            here = (await work.sessions.join(participant, digest(device))).id
            if here == participant.id:
                await work.care.belong(participant.id, also)
    finally:
        # Saving failed, or the same browser came twice at the same moment.
        if here != participant.id:
            site.rooms.places.give_back(session, proved=proved)
    site.rooms.joined(session)
