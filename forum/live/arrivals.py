"""Joining: a hall of people comes within a minute, so participants are stored together, as ballots are.

Somebody is told that they have joined once that is on disk. Where the store does not take the batch, everybody in it
is told so, and joins by sending the form again.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

import msgspec

from forum.errors import StoreUnavailable
from forum.live.group_commit import Committed, GroupCommit
from forum.ports import Store, Work
from forum.sessions.session import Participant

MOST_WAITING = 20_000
_BATCH = 500


class Arrival(msgspec.Struct, frozen=True):
    """A participant with the device (a SHA-256) that they come with, and the further groups that they belong to."""

    participant: Participant
    device: str
    also: Set[str]


class Arrivals:
    """Takes those who join from everywhere in this process."""

    def __init__(self, store: Store) -> None:
        self._joining = GroupCommit(store, _commit, lambda _: None, most_waiting=MOST_WAITING, batch=_BATCH)

    async def join(self, arrival: Arrival) -> Participant:
        """Stores a participant, and returns it, or the one that this device has in this session already. Raises
        StoreUnavailable."""
        here = await self._joining.put_and_wait(arrival)
        if here is None:
            raise StoreUnavailable("The database is busy. Try again in a moment.")
        return here

    async def drain(self) -> None:
        """Returns when everybody who came so far has been answered. For closing down."""
        await self._joining.drain()


async def _commit(work: Work, arrivals: Sequence[Arrival]) -> Committed[Participant | None]:
    here = await work.phones.join([(one.participant, one.device) for one in arrivals])
    for one, participant in zip(arrivals, here, strict=True):
        if one.also and participant.id == one.participant.id:
            await work.care.belong(participant.id, one.also)
    return here, lambda: None
