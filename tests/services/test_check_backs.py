"""Asking those who voted whether they were understood, before a decision is published: on a real store."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from support.check_back import understood
from support.factories import CLOCK, SetClock, new_id
from support.record_keeper import SIGNER
from support.voted_session import COMMISSIONER, PEOPLE

from forum.errors import FormErrors, IllegalMove, NotAllowed
from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.record.audit import verify
from forum.record.verify.verdict import PASS
from forum.services import check_backs, decision_drafts, exports, rights
from forum.services.checkpoints import Checkpoints
from forum.services.keys import digest
from forum.services.sessions import asynchronous, facilitation
from forum.services.sessions.desk import Desk
from forum.services.sessions.forget_devices import forget_due
from forum.sessions.session import Participant
from forum.store import SqlStore
from forum.store.tables import participant as participants
from forum.store.tables import voter as voters
from forum.voting.check_back import Voter
from forum.voting.round import RoundState

ORGANISER = Person(new_id(), "o", "O", (Role.ORGANISER,))


def a_day_later() -> SetClock:
    return SetClock(CLOCK.later(days=1))


async def test_those_who_voted_are_asked_and_the_answers_are_in_the_record(sqlite_store: SqlStore) -> None:
    clock = a_day_later()
    house = await understood(sqlite_store, clock)
    clock.move(days=2)
    await forget_due(sqlite_store, house.clock)
    live, until = await house.ask(), clock.later(days=7)
    await house.answer(live, dict.fromkeys(range(6), "r1") | dict.fromkeys(range(6, 18), "r2") | {16: "r3"})
    await house.answer(live, {16: "r1"})  # changed
    with pytest.raises(IllegalMove, match="Those who voted are being asked"):
        await decision_drafts.publish(house.store, house.clock, COMMISSIONER, house.draft.id, house.draft.version)
    with pytest.raises(IllegalMove, match="Those who voted are being asked"):
        await decision_drafts.discard(house.store, COMMISSIONER, house.draft.id, house.draft.version)
    clock.move(days=7, seconds=6)
    await asynchronous.close_due(house.store, house.clock)
    opened_session, opened, closed, revealed = (await house.entries())[-4:]
    assert (opened_session["entrance"], opened_session["scenarios"]) == ("those who voted", [])
    assert (opened["kind"], opened["asks_about"], opened["closes_at"]) == (
        "check back",
        house.voted.rounds[-1],
        until,
    )
    assert (closed["type"], closed["count"], revealed["type"]) == ("round closed", 18, "round revealed")
    async with house.store.read() as work:
        shown = await check_backs.about(work, house.voted.rounds[-1])
    assert shown is not None
    assert shown.result is not None
    assert shown.result.counts == {"r1": 7, "r2": 11, "r3": 0}
    # The police and the one who did not say are together with the carers, as too few voted from either.
    assert [(row.label, row.n) for row in shown.result.rows] == [
        ("People who use services", 6),
        ("Nurses", 5),
        ("other groups", 7),
    ]
    await decision_drafts.publish(house.store, house.clock, COMMISSIONER, house.draft.id, house.draft.version)
    packed = await exports.export(Checkpoints(house.store, SIGNER))
    assert [check for check in verify(packed) if check.verdict != PASS] == []


async def test_a_mark_says_that_a_browser_voted_and_leads_to_no_ballot(store: SqlStore) -> None:
    clock = a_day_later()
    house = await understood(store, clock)
    async with house.store.begin() as work:
        await work.sessions.join(Participant(new_id(), house.voted.live.id, "g1", "x"), digest("came late"))
    clock.move(days=2)
    await forget_due(house.store, house.clock)
    async with house.store.read() as work:
        live = house.voted.live.id
        assert await work.voters.voter(live, digest("came late")) is None
        groups = [(await work.voters.voter(live, digest(device))) for device in house.devices]
        assert [one.group for one in groups if one] == [g if g != "g4" else None for g in PEOPLE]
    async with store.reader.connect() as link:
        marks = [row.mark for row in await link.execute(sa.select(voters))]
        held = [row.device for row in await link.execute(sa.select(participants.c.device))]
    assert len(marks) == len(PEOPLE) == len(set(marks) - set(held))
    assert all(device.startswith("gone") for device in held)
    async with store.begin() as work:
        assert await work.voters.count_voters(live) == len(PEOPLE)
        assert await work.voters.voted_with(digest(house.devices[0])) == [Voter(live, "g1")]
        assert await work.voters.forget_voter(digest(house.devices[0])) == 1
        assert await work.voters.count_voters(live) == len(PEOPLE) - 1


async def test_what_cannot_be_asked_is_told(sqlite_store: SqlStore) -> None:
    house = await understood(sqlite_store, ended=False)
    with pytest.raises(IllegalMove, match="still on"):
        await house.ask()
    await facilitation.end(Desk(house.store, house.clock), house.voted.live.id)
    with pytest.raises(FormErrors) as caught:
        await house.ask("", "29")
    assert set(caught.value.fields) == {"summary", "days"}
    with pytest.raises(NotAllowed):
        await house.ask(person=ORGANISER)
    live = await house.ask()
    assert await house.ask() == live  # sent twice
    with pytest.raises(IllegalMove, match="already"):
        await house.ask("Something else")
    await check_backs.close(house.store, house.clock, COMMISSIONER, house.draft.id, house.draft.version)
    with pytest.raises(IllegalMove, match="They are asked once"):
        await house.ask("Something else")
    with pytest.raises(IllegalMove, match="Nobody is being asked now"):
        await check_backs.close(house.store, house.clock, COMMISSIONER, house.draft.id, house.draft.version)


async def test_after_one_that_was_annulled_they_may_be_asked_again(sqlite_store: SqlStore) -> None:
    house = await understood(sqlite_store)
    live = await house.ask()
    async with house.store.read() as work:
        [round_] = await work.rounds.list_rounds(live.id)
    await facilitation.annul_round(asynchronous.desk(house.store, house.clock), live.id, round_.id, "Wrong words")
    again = await house.ask("Better words")
    async with house.store.read() as work:
        [now] = await work.rounds.list_rounds(again.id)
        assert now.state == RoundState.OPEN
        assert await check_backs.on_votes_of(work, house.voted.live) == [check_backs.CheckBack(again, now)]


async def test_of_a_session_of_before_nobody_is_known_to_have_voted(sqlite_store: Store) -> None:
    assert isinstance(sqlite_store, SqlStore)
    house = await understood(sqlite_store)
    async with house.store.begin() as work:
        await work.sessions.forget_devices(house.voted.live.id)
    with pytest.raises(IllegalMove, match="does not know any more"):
        await house.ask()


async def test_of_two_who_ask_at_once_one_asks(sqlite_store: SqlStore) -> None:
    house = await understood(sqlite_store)
    first, second = await asyncio.gather(house.ask("You want a nurse."), house.ask("You want a nurse."))
    assert first == second
    asked = await asyncio.gather(*(house.ask(words) for words in ("One", "Two")), return_exceptions=True)
    assert [type(one) for one in asked] == [IllegalMove, IllegalMove]


async def test_a_browser_that_has_its_data_erased_is_not_asked(sqlite_store: SqlStore) -> None:
    clock = a_day_later()
    house = await understood(sqlite_store, clock)
    clock.move(days=2)
    await forget_due(sqlite_store, clock)
    device = house.devices[0]
    held = await rights.copy_of_browser(sqlite_store, device)
    assert held.rows["voter"] == [{"session": house.voted.live.id, "group_id": "g1"}]
    await rights.erase_browser(sqlite_store, clock, device, new_id())
    assert (await rights.copy_of_browser(sqlite_store, device)).rows == {}
    live = await house.ask()
    async with sqlite_store.read() as work:
        [round_] = await work.rounds.list_rounds(live.id)
        assert await check_backs.voter_of(work, round_, device) is None
        assert await check_backs.voter_of(work, round_, house.devices[1]) is not None
