"""Contracts of wishes without a name, further groups, observers and held results, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
import sqlalchemy as sa
from conftest import Database
from support.factories import CLOCK, a_cast, a_room, new_id

from forum.errors import IllegalMove
from forum.ports import Store, Work
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.services.sessions.group_correction import put_right
from forum.sessions.session import Asked, CareRequest, Participant
from forum.store import SqlStore, open_store
from forum.store.engine import transaction
from forum.store.sessions import SqlSessions
from forum.voting.round import Version


async def waiting(store: SqlStore) -> bool:
    """Tells whether somebody waits for a lock on this PostgreSQL."""
    async with transaction(store.reader, reading=True) as link:
        asked: sa.Select[tuple[int]] = (
            sa.select(sa.literal_column("pid")).select_from(sa.text("pg_locks")).where(sa.text("NOT granted"))
        )
        return bool(await link.rows(asked))


async def group_of(work: Work, who: str) -> str | None:
    """Returns a participant's group."""
    return (await work.phones.own([who], [], "", "", []))[who].group


async def test_what_is_asked_for_is_counted_and_seen_all_at_once(store: Store) -> None:
    live, _ = await a_room(store, [])
    other, _ = await a_room(store, [])

    async def ask() -> None:
        async with store.begin() as work:
            await work.care.ask(live.id, CareRequest.BREAK)

    await asyncio.gather(*(ask() for _ in range(5)))
    async with store.begin() as work:
        assert await work.care.ask(live.id, CareRequest.TIME, "round 1") == 1
        assert await work.care.ask(live.id, CareRequest.BREAK) == 6
        await work.care.see(live.id, CareRequest.BREAK)
        assert await work.care.ask(live.id, CareRequest.BREAK) == 7
        await work.care.see(other.id, CareRequest.BREAK)
    async with store.read() as work:
        asked = await work.care.list_asked(live.id)
        assert asked == {(CareRequest.BREAK, ""): Asked(7, 6), (CareRequest.TIME, "round 1"): Asked(1, 0)}
        assert asked[CareRequest.BREAK, ""].waiting == 1
        assert await work.care.list_asked(other.id) == {}


async def test_further_groups_are_counted_by_session_and_replaced_when_told_again(store: Store) -> None:
    live, people = await a_room(store, ["g1", "g1", "g2"])
    elsewhere, [stranger] = await a_room(store, ["g1"])
    async with store.begin() as work:
        await work.care.belong(people[0], ["g2", "g3", "g3"])
        await work.care.belong(people[1], {"g3"})
        await work.care.belong(stranger, ["g2"])
        await work.care.belong(people[0], ["g3"])
    async with store.read() as work:
        assert await work.care.belonging(live.id) == {"g3": 2}
        assert await work.care.belonging(elsewhere.id) == {"g2": 1}


async def test_observers_are_counted_apart_and_their_ballots_are_refused(store: Store) -> None:
    live, people = await a_room(store, ["g1", "g1"])
    watching = Participant(new_id(), live.id, "g1", CLOCK.now(), observer=True)
    device = new_id() * 2
    async with store.begin() as work:
        await work.sessions.join(watching, device)
    acts = Desk(store, CLOCK)
    round_ = (await cues.ask_question(acts, live.id, "Who?", ["A", "B"], none=False)).round
    assert round_ is not None
    await facilitation.open_round(acts, live.id, round_.id)
    cast = a_cast(round_.id, watching.id)
    async with store.begin() as work:
        outcomes = await work.rounds.cast([a_cast(round_.id, people[0]), cast])
        assert [o.refusal for o in outcomes] == ["", "observing"]
        assert [o.refusal for o in await work.rounds.cast([cast])] == ["observing"]
    async with store.read() as work:
        assert await work.sessions.joined(live.id) == {"g1": 2}
        assert await work.sessions.observers(live.id) == 1
        assert await work.sessions.participant(live.id, device) == watching
        assert await work.rounds.voted([round_.id]) == {round_.id: 1}


async def test_a_group_is_put_right_until_a_ballot_of_it_counts(store: Store) -> None:
    live, [own, other] = await a_room(store, ["g1", "g1"])
    person, device = Participant(new_id(), live.id, "g1", CLOCK.now(), passing=True), new_id() * 2
    acts = Desk(store, CLOCK)
    round_ = (await cues.ask_question(acts, live.id, "Who?", ["A", "B"], none=False)).round
    assert round_ is not None
    await facilitation.open_round(acts, live.id, round_.id)
    async with store.begin() as work:
        await work.sessions.join(person, device)
        assert await work.sessions.regroup(person.id, None)
        await work.care.belong(own, {"g2", "g3"})
        assert await work.sessions.regroup(own, "g2")
        assert await work.sessions.participant(live.id, device) == replace(person, group=None)
        assert await work.sessions.joined(live.id) == {"g1": 1, "g2": 1}
        assert await work.care.belonging(live.id) == {"g3": 1}
        assert [await group_of(work, who) for who in (own, other, person.id, "x")] == ["g2", "g1", None, None]
        await work.rounds.cast([a_cast(round_.id, person.id), a_cast(round_.id, own)])
        assert not await work.sessions.regroup(person.id, "g2")
        assert not await work.sessions.regroup(own, "g1")
        assert not await work.sessions.regroup("nobody", "g1")
        assert await work.sessions.participant(live.id, device) == replace(person, group=None)
        assert [ballot.group for ballot in await work.rounds.ballots_by(own, [round_.id])] == ["g2"]


async def test_a_first_vote_and_a_group_put_right_at_the_same_moment_are_of_one_group(store: Store) -> None:
    live, people = await a_room(store, ["g1"] * 6)
    acts = Desk(store, CLOCK)
    round_ = (await cues.ask_question(acts, live.id, "Who?", ["A", "B"], none=False)).round
    assert round_ is not None
    await facilitation.open_round(acts, live.id, round_.id)

    async def vote(who: str) -> None:
        async with store.begin() as work:
            await work.rounds.cast([a_cast(round_.id, who)])

    async def right(who: str) -> bool:
        try:
            await put_right(store, CLOCK, live.id, who, "g2")
        except IllegalMove:
            return False
        return True

    moved = await asyncio.gather(*(act(who) for who in people for act in (right, vote)))
    async with store.read() as work:
        for who, was_moved in zip(people, moved[::2], strict=True):
            [ballot] = await work.rounds.ballots_by(who, [round_.id])
            assert ballot.group == await group_of(work, who) == ("g2" if was_moved else "g1")


async def test_while_a_group_is_put_right_a_first_vote_waits(postgres_database: Database) -> None:
    store = await open_store(postgres_database.url)
    live, [who] = await a_room(store, ["g1"])
    acts = Desk(store, CLOCK)
    round_ = (await cues.ask_question(acts, live.id, "Who?", ["A", "B"], none=False)).round
    assert round_ is not None
    await facilitation.open_round(acts, live.id, round_.id)
    regrouped, go_on = asyncio.Event(), asyncio.Event()
    regroup = SqlSessions.regroup

    async def slowly(self: SqlSessions, participant: str, group: str | None) -> bool:
        moved = await regroup(self, participant, group)
        regrouped.set()
        await go_on.wait()
        return moved

    async def vote() -> None:
        async with store.begin() as work:
            await work.rounds.cast([a_cast(round_.id, who)])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqlSessions, "regroup", slowly)
        righting = asyncio.create_task(put_right(store, CLOCK, live.id, who, "g2"))
        await regrouped.wait()
        voting = asyncio.create_task(vote())
        async with asyncio.timeout(30):
            while not await waiting(store):
                assert not voting.done()
        go_on.set()
        await righting
        await voting
    async with store.read() as work:
        [ballot] = await work.rounds.ballots_by(who, [round_.id])
        assert ballot.group == await group_of(work, who) == "g2"
    await store.close()


async def test_badges_held_results_and_versions_are_kept(store: Store) -> None:
    live, _ = await a_room(store, [])
    round_ = (await cues.ask_question(Desk(store, CLOCK), live.id, "Who?", ["A", "B"], none=False)).round
    assert round_ is not None
    worded = replace(round_, versions=(Version("easy", "Who comes?", {"r1": "Ann"}), Version("cy", "", {"r2": "Bob"})))
    off = replace(live, badges_off=True, held=("r",))
    async with store.begin() as work:
        await work.rounds.save_round(worded)
        await work.sessions.save_session(off)
    async with store.read() as work:
        assert await work.rounds.get_round(round_.id) == worded
        assert await work.sessions.get_session(live.id) == off
