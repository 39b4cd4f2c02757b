"""Screens that stay connected though their ticket is dead: another server that said so was not heard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from forum.live.connection import Connection
from forum.sessions.ticket import Ticket


def whose_ticket_died(
    tickets: Sequence[Ticket], screens_of: Callable[[str], Iterable[Connection]], at: str, now: float
) -> list[str]:
    """Returns the participants with screens here whose ticket was taken back or replaced; `at` is the clock's time and
    `now` the event loop's.

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
