"""Who is sent away where a ticket died and no other server was heard to say so."""

from __future__ import annotations

from collections.abc import Sequence

from support.factories import new_id

from forum.live.connection import Connection
from forum.live.dead_tickets import outdated
from forum.sessions.ticket import Ticket

# The event loop's seconds at the clock's NOON; screens have come before.
NOW = 1000.0
NOON = "2026-03-01T12:00:00.000Z"


def at(seconds: int) -> str:
    return f"2026-03-01T11:59:{60 - seconds}.000Z"


def a_ticket(number: int, *, used: str = "", revoked: str = "") -> Ticket:
    return Ticket(new_id(), "s", number, None, new_id(), at(50), used, "p", revoked)


def sent_away(tickets: Sequence[Ticket], *seconds: int) -> list[str]:
    """Returns who is, with screens that came so many seconds ago."""
    screens = {"p": [Connection("phone", "p", since=NOW - ago) for ago in seconds]}
    return outdated(tickets, lambda who: screens.get(who, []), NOON, NOW)


def test_whoever_came_with_a_dead_ticket_goes_and_with_a_new_one_stays() -> None:
    lost, unused, renewed = a_ticket(1, used=at(50), revoked=at(30)), a_ticket(2), a_ticket(2, used=at(20))
    assert sent_away([lost], 40) == ["p"]
    assert sent_away([lost, unused], 40) == ["p"]
    assert sent_away([lost, unused], 10) == ["p"], "nobody has used the new one: this can be the lost phone alone"
    assert sent_away([lost, renewed], 40) == ["p"], "used before anybody looked"
    assert sent_away([lost, renewed], 15, 40) == ["p"]
    assert sent_away([lost, renewed], 15) == []
    assert sent_away([lost, renewed]) == []
    assert sent_away([renewed, a_ticket(3)], 40) == []
    again = a_ticket(2, used=at(20), revoked=at(12))
    assert sent_away([lost, again, a_ticket(3, used=at(11))], 15) == ["p"]
