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


async def whose_ticket_died(store: Store, room: Room, at: str) -> list[str]:
    """Returns the participants with screens in a room whose ticket was taken back or replaced; `at` is the time."""
    if room.view.session.entrance != Entrance.TICKETS:
        return []
    async with store.read() as work:
        tickets = await work.tickets.list_tickets(room.view.session.id)
    return outdated(tickets, room.screens_of, at, asyncio.get_running_loop().time())


def outdated(
    tickets: Sequence[Ticket], screens_of: Callable[[str], Iterable[Connection]], at: str, now: float
) -> list[str]:
    """Returns the participants with screens here whose ticket died. `at` is the clock's time, `now` the event loop's.

    Where the ticket in its place has been used, only those with a screen that came before the first one died: later
    ones are on the device that has the new ticket.
    """
    used = {one.participant for one in tickets if one.used_at and not one.revoked_at}
    died: dict[str, str] = {}
    for one in tickets:
        if one.participant is not None and one.revoked_at:
            died[one.participant] = max(died.get(one.participant, ""), one.revoked_at)

    def stays(participant: str, since: float) -> bool:
        dead_for = datetime.fromisoformat(at) - datetime.fromisoformat(died[participant])
        return participant in used and now - since < dead_for.total_seconds()

    return [who for who in died if any(not stays(who, screen.since) for screen in screens_of(who))]
