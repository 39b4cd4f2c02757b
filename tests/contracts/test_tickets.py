"""Contract of ports.Tickets, on each database."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from support.factories import CLOCK, a_room, new_id

from forum.errors import IllegalMove, NotFound
from forum.ports import Store
from forum.sessions.session import Entrance, LiveSession, Participant
from forum.sessions.ticket import Ticket


def a_ticket(live: LiveSession, number: int = 1, group: str | None = "g1", **more: str) -> Ticket:
    return Ticket(new_id(), live.id, number, group, more.get("code", new_id() * 2), CLOCK.now())


async def test_tickets_are_kept_by_number_and_found_by_code(store: Store) -> None:
    live, _ = await a_room(store, [])
    other, _ = await a_room(store, [])
    made = [a_ticket(live, 2, None), a_ticket(live, 1)]
    async with store.begin() as work:
        await work.tickets.add_tickets(made)
    async with store.read() as work:
        assert await work.tickets.list_tickets(live.id) == made[::-1]
        assert await work.tickets.ticket_by_code(live.id, made[0].code) == made[0]
        assert await work.tickets.ticket_by_code(other.id, made[0].code) is None
        assert await work.tickets.ticket_by_code(live.id, new_id() * 2) is None


async def test_no_number_and_no_code_is_given_twice(store: Store) -> None:
    live, _ = await a_room(store, [])
    first = a_ticket(live)
    async with store.begin() as work:
        await work.tickets.add_tickets([first])
    for again in (a_ticket(live, 1), a_ticket(live, 2, code=first.code)):
        with pytest.raises(IllegalMove):
            async with store.begin() as work:
                await work.tickets.add_tickets([again])


async def test_a_ticket_is_used_once_whoever_asks_at_the_same_time(store: Store) -> None:
    live, people = await a_room(store, ["g1"] * 6)
    ticket = a_ticket(live)
    async with store.begin() as work:
        await work.tickets.add_tickets([ticket])

    async def use(person: str) -> bool:
        async with store.begin() as work:
            return await work.tickets.use(ticket.id, person, CLOCK.now())

    used = await asyncio.gather(*(use(person) for person in people))
    assert sorted(used) == [False] * 5 + [True]
    async with store.read() as work:
        found = await work.tickets.ticket_by_code(live.id, ticket.code)
    assert found is not None
    assert found.participant == people[used.index(True)]
    assert found.used_at


async def test_a_ticket_that_was_revoked_is_not_used_and_not_revoked_again(store: Store) -> None:
    live, people = await a_room(store, ["g1"])
    ticket = a_ticket(live)
    async with store.begin() as work:
        await work.tickets.add_tickets([ticket])
        assert await work.tickets.revoke(ticket.id, CLOCK.now())
        assert not await work.tickets.revoke(ticket.id, CLOCK.now())
        assert not await work.tickets.use(ticket.id, people[0], CLOCK.now())


async def test_a_participant_moves_to_another_device_and_is_gone_from_the_first(store: Store) -> None:
    live, _ = await a_room(store, [])
    one, two = new_id() * 2, new_id() * 2
    person = Participant(new_id(), live.id, "g1", CLOCK.now())
    async with store.begin() as work:
        await work.sessions.join(person, one)
        await work.tickets.move_ticket(person.id, two)
    async with store.read() as work:
        assert await work.sessions.participant(live.id, one) is None
        assert await work.sessions.participant(live.id, two) == person
    with pytest.raises(NotFound):
        async with store.begin() as work:
            await work.tickets.move_ticket(new_id(), one)


async def test_those_who_come_for_one_ballot_are_not_counted_among_those_who_are_here(store: Store) -> None:
    live, _ = await a_room(store, ["g1", "g2"])
    async with store.begin() as work:
        person = Participant(new_id(), live.id, "g1", CLOCK.now(), passing=True)
        assert await work.sessions.join(person, new_id() * 2) == person
    async with store.read() as work:
        assert await work.sessions.joined(live.id) == {"g1": 1, "g2": 1}


async def test_a_session_is_found_by_its_link_for_tablets_and_none_by_an_empty_one(store: Store) -> None:
    live, _ = await a_room(store, [])
    async with store.begin() as work:
        await work.sessions.save_session(replace(live, tablet="a-key", entrance=Entrance.TICKETS))
    async with store.read() as work:
        found = await work.sessions.by_tablet("a-key")
        assert (found.id, found.entrance) == (live.id, "tickets")
        for key in ("", "another"):
            with pytest.raises(NotFound):
                await work.sessions.by_tablet(key)
