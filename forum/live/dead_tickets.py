"""Screens that stay connected though their ticket is dead: another server that said so was not heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from forum.live.connection import Connection
from forum.live.room import Room
from forum.ports import Store
from forum.sessions.session import Entrance
from forum.sessions.ticket import Ticket


async def send_away(store: Store, room: Room, at: str, expel: Callable[[str], None]) -> None:
    """Disconnects the screens in a room whose ticket was taken back or replaced. `at` is the clock's time; `expel` is
    called with a participant of whom none stays."""
    if room.view.session.entrance != Entrance.TICKETS:
        return
    async with store.read() as work:
        tickets = await work.tickets.list_tickets(room.view.session.id)
    for who, dead in outdated(tickets, room.screens_of, at, asyncio.get_running_loop().time()).items():
        if len(dead) == len(room.screens_of(who)):
            expel(who)
        else:
            for screen in dead:
                room.disown(screen)


def outdated(
    tickets: Sequence[Ticket], screens_of: Callable[[str], Iterable[Connection]], at: str, now: float
) -> dict[str, list[Connection]]:
    """Returns the screens here whose ticket died, by their participant. `at` is the clock's time, `now` the event
    loop's.

    Where the ticket in its place has been used, only those that came before the first one died: later ones are on the
    device that has the new ticket.
    """
    used = {one.participant for one in tickets if one.used_at and not one.revoked_at}
    died: dict[str, str] = {}
    for one in tickets:
        if one.participant is not None and one.revoked_at:
            died[one.participant] = max(died.get(one.participant, ""), one.revoked_at)

    def stays(participant: str, since: float) -> bool:
        dead_for = datetime.fromisoformat(at) - datetime.fromisoformat(died[participant])
        return participant in used and now - since < dead_for.total_seconds()

    dead = {who: [one for one in screens_of(who) if not stays(who, one.since)] for who in died}
    return {who: screens for who, screens in dead.items() if screens}
