"""Who is sent away where a ticket died and no other server was heard to say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from live.test_rooms import an_open_round, enter, the_rooms, until
from support.factories import CLOCK, a_room, new_id

from forum.live.connection import Connection
from forum.live.dead_tickets import outdated, send_away
from forum.live.messages import CastMessage, encode
from forum.ports import Store
from forum.services.sessions import tickets
from forum.sessions.session import Entrance
from forum.sessions.ticket import Ticket

# The event loop's seconds at the clock's NOON; screens have come before.
NOW = 1000.0
NOON = "2026-03-01T12:00:00.000Z"


def at(seconds: int) -> str:
    return f"2026-03-01T11:59:{60 - seconds}.000Z"


def a_ticket(number: int, *, used: str = "", revoked: str = "") -> Ticket:
    return Ticket(new_id(), "s", number, None, new_id(), at(50), used, "p", revoked)


def sent_away(tickets: Sequence[Ticket], *seconds: int) -> list[int]:
    """Returns which screens are, of those of one participant that came so many seconds ago."""
    screens = {"p": [Connection("phone", "p", since=NOW - ago) for ago in seconds]}
    dead = outdated(tickets, lambda who: screens.get(who, []), NOON, NOW)
    assert all(dead.values()), "nobody without a screen to close"
    return [round(NOW - one.since) for one in dead.get("p", [])]


def test_whoever_came_with_a_dead_ticket_goes_and_with_a_new_one_stays() -> None:
    lost, unused, renewed = a_ticket(1, used=at(50), revoked=at(30)), a_ticket(2), a_ticket(2, used=at(20))
    assert sent_away([lost], 40) == [40]
    assert sent_away([lost, unused], 40) == [40]
    assert sent_away([lost, unused], 10) == [10], "nobody has used the new one: this can be the lost phone alone"
    assert sent_away([lost, renewed], 40) == [40], "used before anybody looked"
    assert sent_away([lost, renewed], 15, 40) == [40], "the new device stays"
    assert sent_away([lost, renewed], 15) == []
    assert sent_away([lost, renewed]) == []
    assert sent_away([renewed, a_ticket(3)], 40) == []
    again = a_ticket(2, used=at(20), revoked=at(12))
    assert sent_away([lost, again, a_ticket(3, used=at(11))], 15) == [15]


async def test_the_lost_phone_goes_alone_and_the_one_with_the_new_ticket_stays(sqlite_store: Store) -> None:
    live, _ = await a_room(sqlite_store, ["g1"])
    live = replace(live, entrance=Entrance.TICKETS)
    async with sqlite_store.begin() as work:
        await work.sessions.save_session(live)
    [first] = await tickets.issue(sqlite_store, CLOCK, live.id, None, 1)
    who = (await tickets.admit(sqlite_store, CLOCK, live, first.code, "d" * 64)).id
    rooms = the_rooms(sqlite_store)
    room = await rooms.room(live.id)
    round_id = await an_open_round(sqlite_store, live.id, rooms)
    lost = await enter(room, who)
    lost.since -= 60
    fresh = await tickets.renew(sqlite_store, CLOCK, live.id, first.ticket.number)
    assert (await tickets.admit(sqlite_store, CLOCK, live, fresh.code, "e" * 64)).id == who
    new = await enter(room, who)
    expelled: list[str] = []
    await send_away(sqlite_store, room, CLOCK.later(seconds=30), expelled.append)
    assert (expelled, lost.outbox.closing, new.outbox.closing) == ([], True, False)
    assert (await until(lost, "bye"))["why"] == "replaced"
    for phone, choice in ((lost, "r1"), (new, "r2")):
        room.receive(phone, encode(CastMessage(new_id(), round_id, choice)))
    await rooms.intake.drain()
    async with sqlite_store.read() as work:
        assert [one.choice for one in await work.rounds.ballots_by(who, [round_id])] == ["r2"]
    room.leave(lost)
    assert (room.present, room.devices(who), room.screens_of(who)) == (1, 1, [new])
    new.since -= 60
    await send_away(sqlite_store, room, CLOCK.later(seconds=30), expelled.append)
    assert expelled == [who], "nobody of them stays"
    await rooms.close()
