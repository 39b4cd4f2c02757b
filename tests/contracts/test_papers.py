"""Contract of ports.Papers, on each database."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.factories import CLOCK, a_cast, a_room, new_id

from forum.errors import IllegalMove
from forum.ports import Store
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.sessions.paper_count import PaperCount
from forum.sessions.session import LiveSession, Participant
from forum.voting.ballot import Ballot


async def an_open_round(store: Store, live: LiveSession) -> str:
    acts = Desk(store, CLOCK)
    asked = (await cues.ask_question(acts, live.id, "Who?", ["A nurse", "The police"], none=False)).round
    assert asked is not None
    await facilitation.open_round(acts, live.id, asked.id)
    return asked.id


def a_count(round_id: str, **counts: dict[str, int]) -> PaperCount:
    return PaperCount(new_id(), round_id, counts, 9, "ann", CLOCK.now())


def a_paper(live: LiveSession, round_id: str, group: str | None = "g1") -> tuple[Participant, str, Ballot]:
    person = Participant(new_id(), live.id, group, CLOCK.now(), passing=True)
    ballot = Ballot(round_id, person.id, "r1", "", group, new_id(), new_id(), new_id(), paper=True)
    return person, new_id() * 2, ballot


async def test_a_count_is_kept_corrected_and_discarded_until_it_is_confirmed(store: Store) -> None:
    live, _ = await a_room(store, [])
    round_id = await an_open_round(store, live)
    async with store.begin() as work:
        assert await work.papers.get_paper_count(round_id) is None
        first, second = a_count(round_id, g1={"r1": 2}), a_count(round_id, g1={"r1": 3}, g2={"r2": 1})
        await work.papers.put_paper_count(first)
        await work.papers.put_paper_count(second)
        assert await work.papers.get_paper_count(round_id) == second
        assert second.papers == 4
        assert not await work.papers.discard(round_id, first.id)
        assert await work.papers.discard(round_id, second.id)
        assert await work.papers.get_paper_count(round_id) is None


async def test_confirming_counts_every_paper_once_and_ends_all_correction(store: Store) -> None:
    live, _ = await a_room(store, ["g1"])
    round_id = await an_open_round(store, live)
    count = a_count(round_id, g1={"r1": 2})
    async with store.begin() as work:
        await work.papers.put_paper_count(count)
    done = replace(count, confirmed_by="olu", confirmed_at=CLOCK.now())
    ballots = [a_paper(live, round_id), a_paper(live, round_id, None)]
    async with store.begin() as work:
        await work.papers.confirm(done, ballots)
    async with store.read() as work:
        assert await work.papers.get_paper_count(round_id) == done
        assert {b.ballot: b for b in await work.rounds.ballots(round_id)} == {b.ballot: b for *_, b in ballots}
        assert await work.rounds.voted([round_id]) == {round_id: 2}
        # Who is here: one phone, and no paper.
        assert await work.sessions.joined(live.id) == {"g1": 1}
    for again in (done, a_count(round_id)):
        with pytest.raises(IllegalMove):
            async with store.begin() as work:
                await work.papers.confirm(again, [a_paper(live, round_id)])
    with pytest.raises(IllegalMove):
        async with store.begin() as work:
            await work.papers.put_paper_count(a_count(round_id))
    async with store.begin() as work:
        assert not await work.papers.discard(round_id, done.id)
        assert await work.rounds.voted([round_id]) == {round_id: 2}


async def test_a_ballot_from_a_phone_is_no_paper(store: Store) -> None:
    live, people = await a_room(store, ["g1"])
    round_id = await an_open_round(store, live)
    async with store.begin() as work:
        await work.rounds.cast([a_cast(round_id, people[0])])
    async with store.read() as work:
        assert [b.paper for b in await work.rounds.ballots(round_id)] == [False]


async def test_two_thousand_papers_go_in_at_once(store: Store) -> None:
    live, _ = await a_room(store, [])
    round_id = await an_open_round(store, live)
    count = a_count(round_id, g1={"r1": 2000})
    async with store.begin() as work:
        await work.papers.put_paper_count(count)
        await work.papers.confirm(replace(count, confirmed_at="x"), [a_paper(live, round_id) for _ in range(2000)])
    async with store.read() as work:
        assert await work.rounds.voted([round_id]) == {round_id: 2000}
