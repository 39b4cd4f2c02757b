"""Contract of what many phones do and ask at once, on both databases: each answer is what it would be alone."""

from __future__ import annotations

import asyncio

from support.factories import CLOCK, a_cast, a_room, new_id

from forum.ports import Store
from forum.services.keys import digest
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.sessions.session import Participant
from forum.sessions.stop import Stop


def a_stop(session: str, participant: str, showing: str, how: str) -> Stop:
    return Stop(
        id=new_id(), session=session, showing=showing, since=CLOCK.now(), scenario="s1", scene="Start",
        at=CLOCK.now(), participant=participant, character="Sam", how=how,
    )  # fmt: skip


async def test_many_join_as_each_would_alone(store: Store) -> None:
    live, _ = await a_room(store, [])
    groups = ["g1", None, "g2", "g1"]
    people = [Participant(new_id(), live.id, group, CLOCK.now(), observer=n == 3) for n, group in enumerate(groups)]
    devices = [digest(new_id()) for _ in people]
    async with store.begin() as work:
        assert await work.phones.join(list(zip(people, devices, strict=True))) == people
    again = [Participant(new_id(), live.id, "g9", CLOCK.now()) for _ in people]
    new = Participant(new_id(), live.id, "g1", CLOCK.now(), passing=True)
    async with store.begin() as work:
        joined = [*zip(again, devices, strict=True), (new, digest("new"))]
        assert await work.phones.join(joined) == [*people, new]
        # One device twice in one batch is one participant.
        one, two = (Participant(new_id(), live.id, "g1", CLOCK.now()) for _ in "ab")
        first, second = await work.phones.join([(one, digest("both")), (two, digest("both"))])
        assert first == second
        assert first in (one, two)
    async with store.read() as work:
        assert [await work.sessions.participant(live.id, device) for device in devices] == people
        assert await work.sessions.places(live.id) == len(people) + 1


async def test_two_processes_that_let_the_same_phones_in_have_them_once(store: Store) -> None:
    live, _ = await a_room(store, [])
    devices = [digest(new_id()) for _ in range(30)]

    async def let_in(order: list[str]) -> set[str]:
        people = [(Participant(new_id(), live.id, "g1", CLOCK.now()), device) for device in order]
        async with store.begin() as work:
            return {one.id for one in await work.phones.join(people)}

    one, two = await asyncio.gather(let_in(devices), let_in(devices[::-1]))
    assert one == two


async def test_many_are_told_their_session_and_who_they_are(store: Store) -> None:
    live, _ = await a_room(store, [])
    other, _ = await a_room(store, [])
    device = new_id()
    here, there = (Participant(new_id(), one.id, "g1", CLOCK.now()) for one in (live, other))
    async with store.begin() as work:
        await work.phones.join([(here, device), (there, device)])
    asked = [(live.code, device), (live.code, ""), (other.code, device), ("no code", device), (live.code, "stranger")]
    async with store.read() as work:
        known = await work.phones.known(asked)
    assert known == [(live, here), (live, None), (other, there), (None, None), (live, None)]


async def test_many_are_told_what_is_their_own_and_nobody_elses(store: Store) -> None:
    desk = Desk(store, CLOCK)
    live, people = await a_room(store, ["g1", "g2", None])
    rounds = []
    for question in ("First?", "Second?"):
        asked = (await cues.ask_question(desk, live.id, question, ["Yes", "No"], none=False)).round
        assert asked is not None
        await facilitation.open_round(desk, live.id, asked.id)
        rounds.append(asked.id)
        async with store.begin() as work:
            await work.rounds.cast([a_cast(asked.id, people[0], "r1", f"because {question}")])
            if question == "First?":
                await work.rounds.cast([a_cast(asked.id, people[1], "r2")])
        await facilitation.close_round(desk, live.id, asked.id)
    async with store.begin() as work:
        await work.stops.press(a_stop(live.id, people[1], "showing", "how"))
    async with store.read() as work:
        own = await work.phones.own([*people, "nobody"], rounds, "showing", rounds[0], [])
        alone = {one: (await work.phones.own([one], rounds, "showing", rounds[0], []))[one] for one in people}
        assert await work.phones.own([], rounds, "", "", []) == {}
        nothing = (await work.phones.own([people[0]], [], "", "", []))[people[0]]
    assert {one: own[one] for one in people} == alone
    assert {(b.round, b.choice, b.reason) for b in own[people[0]].ballots} == {
        (rounds[0], "r1", "because First?"),
        (rounds[1], "r1", "because Second?"),
    }
    assert [(b.round, b.choice, b.reason) for b in own[people[1]].ballots] == [(rounds[0], "r2", "")]
    assert [own[one].group for one in (*people, "nobody")] == ["g1", "g2", None, None]
    assert [own[one].stop for one in people] == [None, ("Sam", "how"), None]
    assert (nothing.ballots, nothing.stop, nothing.reason, nothing.too) == ([], None, None, set())
