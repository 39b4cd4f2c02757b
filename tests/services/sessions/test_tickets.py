"""Tickets, on a real SQLite store: one person, one device, one ballot; lost ones are replaced."""

from __future__ import annotations

import asyncio
import re

import pytest
from support.factories import CLOCK, a_cast, a_room, new_id

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Store
from forum.services.sessions import cues, facilitation, tickets
from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.sessions.desk import Desk
from forum.services.sessions.tickets import ALPHABET, UnknownTicket
from forum.sessions.session import LiveSession


async def a_day(store: Store, entrance: str = "tickets") -> LiveSession:
    room, _ = await a_room(store, [])
    return await create_session(store, CLOCK, SessionForm(room.commission, title="A day", entrance=entrance))


def a_device() -> str:
    return new_id() * 2


async def test_codes_are_long_unlike_each_other_and_easy_to_read_out(sqlite_store: Store) -> None:
    live = await a_day(sqlite_store)
    issued = await tickets.issue(sqlite_store, CLOCK, live.id, "g1", 200)
    assert len({one.code for one in issued}) == 200
    assert {c for one in issued for c in one.code} <= set(ALPHABET)
    assert not set(ALPHABET) & set("01OIL")
    assert all(re.fullmatch(r"\w{4}-\w{4}-\w{4}", tickets.printed(one.code)) for one in issued)
    assert [one.ticket.number for one in issued] == list(range(1, 201))


async def test_a_session_has_so_many_tickets_and_no_more(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(tickets, "MOST_TICKETS", 5)
    live = await a_day(sqlite_store)
    for count in (-1, 0, 4):
        with pytest.raises(BadInput, match="tickets at once"):
            await tickets.issue(sqlite_store, CLOCK, live.id, "g1", count)
    with pytest.raises(BadInput, match="Choose a group"):
        await tickets.issue(sqlite_store, CLOCK, live.id, "g99", 1)
    await tickets.issue(sqlite_store, CLOCK, live.id, "g1", 3)
    with pytest.raises(BadInput, match="at most"):
        await tickets.issue(sqlite_store, CLOCK, live.id, "g1", 3)
    issued = await tickets.issue(sqlite_store, CLOCK, live.id, "g1", 2)
    assert [one.ticket.number for one in issued] == [4, 5]
    await facilitation.end(Desk(sqlite_store, CLOCK), live.id)
    for late in (
        tickets.issue(sqlite_store, CLOCK, live.id, "g1", 1),
        tickets.renew(sqlite_store, CLOCK, live.id, 1),
        tickets.revoke(sqlite_store, CLOCK, live.id, 1),
    ):
        with pytest.raises(IllegalMove, match="has ended"):
            await late


async def test_no_code_is_kept(sqlite_store: Store) -> None:
    live = await a_day(sqlite_store)
    (one,) = await tickets.issue(sqlite_store, CLOCK, live.id, None, 1)
    async with sqlite_store.read() as work:
        kept = await work.tickets.list_tickets(live.id)
    assert one.code not in repr(kept)
    assert kept[0].code == tickets.code_digest(one.code)


@pytest.mark.parametrize("typed", ["{}", " {} ", "{lower}", "{printed}", "{spaced}", "{wide}", "\u2060{}\ufeff"])
async def test_a_code_is_taken_however_it_is_typed(sqlite_store: Store, typed: str) -> None:
    live = await a_day(sqlite_store)
    (one,) = await tickets.issue(sqlite_store, CLOCK, live.id, "g2", 1)
    printed = tickets.printed(one.code)
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in one.code.lower())
    spaced = printed.replace("-", " ")
    written = typed.format(one.code, lower=one.code.lower(), printed=printed, spaced=spaced, wide=wide)
    person = await tickets.admit(sqlite_store, CLOCK, live, written, a_device())
    assert person.group == "g2"


async def test_a_second_device_is_told_plainly_and_the_first_goes_on(sqlite_store: Store) -> None:
    live = await a_day(sqlite_store)
    (one,) = await tickets.issue(sqlite_store, CLOCK, live.id, "g1", 1)
    device = a_device()
    person = await tickets.admit(sqlite_store, CLOCK, live, one.code, device)
    assert await tickets.admit(sqlite_store, CLOCK, live, one.code, device) == person
    other = a_device()
    for _ in range(2):
        with pytest.raises(BadInput, match="in use on another device"):
            await tickets.admit(sqlite_store, CLOCK, live, one.code, other)
    # Whoever was refused has changed nothing: not who the first device is, and is nobody here.
    assert await tickets.admit(sqlite_store, CLOCK, live, one.code, device) == person
    async with sqlite_store.read() as work:
        assert await work.sessions.participant(live.id, other) is None
        assert await work.sessions.participant(live.id, device) == person
        assert await work.sessions.joined(live.id) == {"g1": 1}


async def test_of_many_devices_at_once_one_gets_in(sqlite_store: Store) -> None:
    live = await a_day(sqlite_store)
    (one,) = await tickets.issue(sqlite_store, CLOCK, live.id, "g1", 1)
    tries = [tickets.admit(sqlite_store, CLOCK, live, one.code, a_device()) for _ in range(8)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, BadInput) for one in found) == 7
    async with sqlite_store.read() as work:
        assert await work.sessions.joined(live.id) == {"g1": 1}


async def test_a_lost_ticket_is_replaced_and_its_one_ballot_stays_one(sqlite_store: Store) -> None:
    live = await a_day(sqlite_store)
    (lost,) = await tickets.issue(sqlite_store, CLOCK, live.id, "g1", 1)
    old, new = a_device(), a_device()
    person = await tickets.admit(sqlite_store, CLOCK, live, lost.code, old)
    acts = Desk(sqlite_store, CLOCK)
    asked = (await cues.ask_question(acts, live.id, "Who?", ["A nurse", "The police"], none=False)).round
    assert asked is not None
    await facilitation.open_round(acts, live.id, asked.id)
    async with sqlite_store.begin() as work:
        await work.rounds.cast([a_cast(asked.id, person.id, "r1")])
    fresh = await tickets.renew(sqlite_store, CLOCK, live.id, 1)
    assert (fresh.ticket.number, fresh.ticket.replaces, fresh.ticket.group) == (2, 1, "g1")
    async with sqlite_store.read() as work:
        assert await work.sessions.participant(live.id, old) is None
    with pytest.raises(BadInput, match="no longer lets anybody in"):
        await tickets.admit(sqlite_store, CLOCK, live, lost.code, old)
    again = await tickets.admit(sqlite_store, CLOCK, live, fresh.code, new)
    assert again.id == person.id
    async with sqlite_store.begin() as work:
        await work.rounds.cast([a_cast(asked.id, again.id, "r2")])
    closed = await facilitation.close_round(acts, live.id, asked.id)
    assert closed.count == 1
    with pytest.raises(BadInput, match="in use on another device"):
        await tickets.admit(sqlite_store, CLOCK, live, fresh.code, a_device())


async def test_whoever_comes_with_a_ticket_may_tell_of_other_groups_or_only_listen(sqlite_store: Store) -> None:
    live = await a_day(sqlite_store)
    first, second = await tickets.issue(sqlite_store, CLOCK, live.id, "g1", 2)
    answers = tickets.JoinAnswers(frozenset({"g1", "g2"}), observe=True)
    person = await tickets.admit(sqlite_store, CLOCK, live, first.code, "a" * 64, answers)
    assert (person.group, person.observer) == ("g1", True)
    await tickets.admit(sqlite_store, CLOCK, live, second.code, "b" * 64, tickets.JoinAnswers(frozenset({"g3"})))
    # A ticket's own group is no other one, and nothing is told a second time.
    await tickets.admit(sqlite_store, CLOCK, live, first.code, "a" * 64, tickets.JoinAnswers(frozenset({"g4"})))
    # Whoever lost a ticket goes on as they were.
    fresh = await tickets.renew(sqlite_store, CLOCK, live.id, first.ticket.number)
    await tickets.admit(sqlite_store, CLOCK, live, fresh.code, "c" * 64, tickets.JoinAnswers(frozenset({"g4"})))
    async with sqlite_store.read() as work:
        assert await work.care.belonging(live.id) == {"g2": 1, "g3": 1}
        assert await work.sessions.observers(live.id) == 1
        here = await work.sessions.participant(live.id, "c" * 64)
    assert here is not None
    assert (here.id, here.observer) == (person.id, True)


async def test_a_revoked_ticket_lets_nobody_in_and_puts_its_holder_out(sqlite_store: Store) -> None:
    live = await a_day(sqlite_store)
    used, fresh = await tickets.issue(sqlite_store, CLOCK, live.id, "g1", 2)
    device = a_device()
    await tickets.admit(sqlite_store, CLOCK, live, used.code, device)
    for number in (1, 2):
        await tickets.revoke(sqlite_store, CLOCK, live.id, number)
        with pytest.raises(IllegalMove):
            await tickets.revoke(sqlite_store, CLOCK, live.id, number)
        with pytest.raises(IllegalMove):
            await tickets.renew(sqlite_store, CLOCK, live.id, number)
    for code in (used.code, fresh.code):
        with pytest.raises(BadInput, match="no longer lets anybody in"):
            await tickets.admit(sqlite_store, CLOCK, live, code, device)
    async with sqlite_store.read() as work:
        assert await work.sessions.participant(live.id, device) is None


async def test_a_guess_another_sessions_ticket_and_a_second_ticket_get_nobody_in(sqlite_store: Store) -> None:
    live, other = await a_day(sqlite_store), await a_day(sqlite_store)
    one, two = await tickets.issue(sqlite_store, CLOCK, live.id, "g1", 2)
    for code in ("AAAAAAAAAAAA", "", one.code[:-1]):
        with pytest.raises(UnknownTicket):
            await tickets.admit(sqlite_store, CLOCK, live, code, a_device())
    with pytest.raises(UnknownTicket):
        await tickets.admit(sqlite_store, CLOCK, other, one.code, a_device())
    device = a_device()
    await tickets.admit(sqlite_store, CLOCK, live, one.code, device)
    with pytest.raises(BadInput, match="another ticket"):
        await tickets.admit(sqlite_store, CLOCK, live, two.code, device)


async def test_tickets_are_only_for_sessions_that_have_them(sqlite_store: Store) -> None:
    open_, live = await a_day(sqlite_store, "open code"), await a_day(sqlite_store)
    with pytest.raises(IllegalMove):
        await tickets.issue(sqlite_store, CLOCK, open_.id, "g1", 1)
    for group, count in (("g1", 0), ("g1", 501), ("nobody's", 1)):
        with pytest.raises(BadInput):
            await tickets.issue(sqlite_store, CLOCK, live.id, group, count)
    with pytest.raises(NotFound):
        await tickets.renew(sqlite_store, CLOCK, live.id, 1)
    await facilitation.end(Desk(sqlite_store, CLOCK), live.id)
    with pytest.raises(IllegalMove):
        await tickets.issue(sqlite_store, CLOCK, live.id, "g1", 1)
    with pytest.raises(BadInput):
        await a_day(sqlite_store, "by the back door")
