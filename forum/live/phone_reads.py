"""The reads that every phone makes when it comes: who it is, and what is its own. A hall of phones comes at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from forum.live.group_read import GroupRead
from forum.ports import Store, Work
from forum.services.sessions.room_view import participant_views_of
from forum.sessions.participant_view import Mine
from forum.sessions.session import LiveSession, Participant
from forum.sessions.view import RoomView

Known: TypeAlias = tuple[LiveSession | None, Participant | None]


class PhoneReads:
    """Both read for many phones together."""

    def __init__(self, store: Store) -> None:
        self._known = GroupRead(store, _known)
        self._own = GroupRead(store, _own)

    async def known(self, code: str, device: str) -> Known:
        """Returns the session of a join code, and the participant that a device (a SHA-256; "" for none) has in it;
        None where there is none. Raises StoreUnavailable."""
        return await self._known.ask((code, device))

    async def own(self, participant: str, view: RoomView) -> Mine:
        """Returns what is a participant's own ("" is nobody) in a session that is shown so. Raises
        StoreUnavailable."""
        return await self._own.ask((participant, view)) if participant else Mine()


async def _known(
    work: Work, asked: Sequence[tuple[str, str]]
) -> Sequence[tuple[LiveSession | None, Participant | None]]:
    return await work.phones.known(asked)


async def _own(work: Work, asked: Sequence[tuple[str, RoomView]]) -> Sequence[Mine]:
    """Reads what is each participant's own in the view that they are shown; most are shown the same."""
    views = {id(view): view for _, view in asked}
    mine: dict[tuple[str, int], Mine] = {}
    for key, view in views.items():
        those = {participant for participant, shown in asked if shown is view}
        mine |= {(one, key): own for one, own in (await participant_views_of(work, those, view)).items()}
    return [mine[participant, id(view)] for participant, view in asked]
