"""One phone in two sessions is two phones, for whoever has the database; and after a session it is none."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from support.factories import SetClock, a_commission, a_session, new_id

from forum.errors import IllegalMove
from forum.services.sessions import facilitation
from forum.services.sessions.desk import Desk, undo_act
from forum.services.sessions.forget_devices import KEPT, forget_due
from forum.sessions.session import LastAct, LiveSession, Participant, SessionKind
from forum.store import SqlStore
from forum.store.tables import participant as participants
from forum.voting.round import Response, Round

DEVICE = "5e" * 32
EARLIER, JUST_NOW = "2026-03-01T20:00:00.000Z", "2026-03-01T21:30:00.000Z"


async def kept(store: SqlStore) -> dict[str, str]:
    """Reads the stored device of each participant, by participant."""
    async with store.reader.connect() as link:
        rows = (await link.execute(sa.select(participants.c.id, participants.c.device))).all()
    return {row.id: row.device for row in rows}


async def a_room(store: SqlStore, code: str, kind: SessionKind = SessionKind.ROOM) -> LiveSession:
    commission = a_commission()
    live = replace(a_session(commission, code=code), kind=kind)
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.sessions.add_session(live)
    return live


async def join(store: SqlStore, live: LiveSession, device: str = DEVICE) -> Participant:
    async with store.begin() as work:
        return await work.sessions.join(Participant(new_id(), live.id, "g1", "2026-03-01T22:00:00.000Z"), device)


async def test_a_phone_is_another_one_in_every_session_and_the_same_in_each(store: SqlStore) -> None:
    rooms = [await a_room(store, code) for code in ("111111", "222222", "333333")]
    people = [await join(store, live) for live in rooms]
    assert [await join(store, live) for live in rooms] == people
    known = await kept(store)
    assert len(set(known.values())) == 3
    assert DEVICE not in known.values()
    assert all(len(device) == 64 for device in known.values())


async def test_a_ticket_that_moves_is_known_on_its_new_phone_alone(store: SqlStore) -> None:
    live, other = await a_room(store, "111111"), await a_room(store, "222222")
    person = await join(store, live)
    async with store.begin() as work:
        await work.tickets.move_ticket(person.id, "d0" * 32)
        assert await work.sessions.participant(live.id, DEVICE) is None
        assert await work.sessions.participant(live.id, "d0" * 32) == person
    there = await join(store, other, "d0" * 32)
    known = await kept(store)
    assert known[person.id] != known[there.id]


async def test_when_its_end_cannot_be_undone_any_more_a_session_knows_no_phone(
    store: SqlStore,
) -> None:
    clock = SetClock()
    live, going_on = await a_room(store, "111111"), await a_room(store, "222222")
    people = [await join(store, one) for one in (live, going_on)]
    others = [await join(store, live, f"{n:064}") for n in range(3)]
    await facilitation.end(Desk(store, clock, act="end"), live.id)
    async with store.read() as work:
        last = await work.last_acts.get_last_act(live.id)
    assert last is not None
    clock.move(seconds=KEPT.total_seconds())
    before = await kept(store)
    await forget_due(store, clock)
    assert await kept(store) == before
    clock.move(seconds=1)
    await forget_due(store, clock)
    now = await kept(store)
    assert now[people[1].id] == before[people[1].id]
    assert {now[one.id] for one in (people[0], *others)} == {f"gone {one.id}" for one in (people[0], *others)}
    async with store.read() as work:
        assert await work.sessions.participant(live.id, DEVICE) is None
        assert await work.sessions.joined(live.id) == {"g1": 4}
        assert await work.sessions.over(clock.now()) == []
    with pytest.raises(IllegalMove):
        await undo_act(Desk(store, clock), live.id, last.id)


async def test_a_session_whose_end_was_undone_knows_its_phones(store: SqlStore) -> None:
    clock = SetClock()
    live = await a_room(store, "111111")
    person = await join(store, live)
    await facilitation.end(Desk(store, clock, act="end"), live.id)
    async with store.read() as work:
        last = await work.last_acts.get_last_act(live.id)
    assert isinstance(last, LastAct)
    await undo_act(Desk(store, clock), live.id, last.id)
    clock.move(days=2)
    await forget_due(store, clock)
    assert await join(store, live) == person


@pytest.mark.parametrize(
    ("closed", "revealed", "annulled", "forgotten"),
    [
        ("", "", "", False),
        (EARLIER, "", "", False),
        (EARLIER, EARLIER, "", True),
        (EARLIER, JUST_NOW, "", False),
        ("", "", EARLIER, True),
    ],
)
async def test_an_asynchronous_session_is_over_when_its_result_is_shown_or_annulled(
    store: SqlStore, closed: str, revealed: str, annulled: str, forgotten: bool
) -> None:
    live = await a_room(store, "abcdefgh", kind=SessionKind.ASYNCHRONOUS)
    person = await join(store, live)
    round_ = Round(new_id(), live.id, "Who?", (Response("r1", "A"), Response("r2", "B")))
    async with store.begin() as work:
        await work.rounds.add_round(replace(round_, closed_at=closed, revealed_at=revealed, annulled_at=annulled))
    await forget_due(store, SetClock())
    assert (await join(store, live) != person) is forgotten
