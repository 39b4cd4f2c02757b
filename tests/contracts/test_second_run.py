"""Stops, reasons and proposals: every sentence of their contracts in __init__.py, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from support.factories import CLOCK, a_room, new_id
from support.kept_databases import kept
from support.second_run_session import Playing, a_replay
from support.voted_session import PEOPLE

from forum.errors import NotFound
from forum.ports import Store
from forum.services.sessions import cues
from forum.sessions.proposal import Amendment, AmendmentState, Pledge, PledgeState, Proposal, ProposalState
from forum.sessions.session import Participant
from forum.sessions.stop import Stop, StopState, Verdict
from forum.voting.reason import Reason, ReasonState


@pytest.fixture
async def playing(store: Store) -> Playing:
    return await kept(store, a_replay)


async def a_stop(playing: Playing, who: int = 0, how: str = "", showing: str = "") -> Stop:
    """Makes a stop as a phone sends it: its group is not known yet."""
    cue = (await playing.live()).cue
    at, person = CLOCK.now(), playing.people[who]
    on = showing or cue.showing
    return Stop(new_id(), playing.session, on, cue.since, playing.story, "A scene", at, person, how=how)


def a_reason(playing: Playing, who: int = 0, words: str = "Why not", due_at: str = "") -> Reason:
    person = playing.people[who]
    return Reason(new_id(), playing.first, person, "g1", "r1", words, "", CLOCK.now(), due_at=due_at)


class TestStops:
    async def test_a_stop_gets_its_pressers_group_and_comes_back_as_it_is(self, playing: Playing, store: Store) -> None:
        stop = await a_stop(playing, 6, "Sit down")
        async with store.begin() as work:
            kept = await work.stops.press(stop)
        assert kept == replace(stop, group=PEOPLE[6])
        async with store.read() as work:
            assert await work.stops.get_stop(stop.id) == kept
            own = await work.phones.own(playing.people[5:7], [], stop.showing, "", [])
            assert [own[who].stop for who in playing.people[5:7]] == [None, (kept.character, kept.how)]
            assert await work.stops.list_stops(playing.session) == [kept]

    async def test_pressing_again_changes_the_words_and_nothing_else(self, playing: Playing, store: Store) -> None:
        first, again = await a_stop(playing, how="One"), await a_stop(playing, how="Two")
        async with store.begin() as work:
            kept = await work.stops.press(first)
            assert kept is not None
            assert await work.stops.press(again) == replace(kept, how="Two")
        async with store.read() as work:
            assert [(s.id, s.how, s.at) for s in await work.stops.list_stops(playing.session)] == [
                (first.id, "Two", first.at)
            ]

    async def test_one_that_is_on_the_screens_keeps_its_words(self, playing: Playing, store: Store) -> None:
        for state in (StopState.TAKEN, StopState.DONE):
            stop = await a_stop(playing, how="One", showing=state)
            async with store.begin() as work:
                kept = await work.stops.press(stop)
                assert kept is not None
                await work.stops.save_stop(replace(kept, state=state))
                assert await work.stops.press(replace(stop, id=new_id(), how="Two")) == replace(kept, state=state)

    async def test_who_is_not_in_the_session_has_no_stop(self, playing: Playing, store: Store) -> None:
        _, [stranger, *_] = await a_room(store, ["g1"])
        stop = await a_stop(playing)
        async with store.begin() as work:
            assert await work.stops.press(replace(stop, participant=stranger)) is None
            assert await work.stops.press(replace(stop, participant=new_id())) is None
            assert await work.stops.list_stops(playing.session) == []

    async def test_who_only_observes_stops_nothing(self, playing: Playing, store: Store) -> None:
        watcher = Participant(new_id(), playing.session, "g1", CLOCK.now(), observer=True)
        async with store.begin() as work:
            await work.sessions.join(watcher, new_id() * 2)
            assert await work.stops.press(replace(await a_stop(playing), participant=watcher.id)) is None

    async def test_saving_leaves_what_its_presser_wrote_meanwhile(self, playing: Playing, store: Store) -> None:
        stop = await a_stop(playing, how="One")
        async with store.begin() as work:
            seen = await work.stops.press(stop)
            assert seen is not None
            await work.stops.press(replace(stop, id=new_id(), how="Two"))
            await work.stops.save_stop(
                replace(seen, state=StopState.HIDDEN, tried="It", verdict=Verdict.NO, response="That")
            )
            now = await work.stops.get_stop(stop.id)
        assert (now.how, now.state, now.tried, now.verdict, now.response) == ("Two", "hidden", "It", "no", "That")

    async def test_two_who_press_at_once_are_two_and_one_who_presses_twice_at_once_is_one(
        self, playing: Playing, store: Store
    ) -> None:
        stops = [await a_stop(playing, who) for who in (0, 0, 1)]

        async def press(stop: Stop) -> None:
            async with store.begin() as work:
                await work.stops.press(stop)

        await asyncio.gather(*map(press, stops))
        async with store.read() as work:
            kept = await work.stops.list_stops(playing.session)
        assert sorted(s.participant or "" for s in kept) == sorted(playing.people[:2])

    async def test_several_that_were_shouted_stand_in_one_showing(self, playing: Playing, store: Store) -> None:
        async with store.begin() as work:
            for _ in range(2):
                await work.stops.add_stop(replace(await a_stop(playing), participant=None))
        async with store.read() as work:
            assert [s.participant for s in await work.stops.list_stops(playing.session)] == [None, None]

    async def test_forgetting_a_story_leaves_that_somebody_stopped(self, playing: Playing, store: Store) -> None:
        stop = replace(await a_stop(playing, how="Sit down"), character="Ben")
        async with store.begin() as work:
            kept = await work.stops.press(stop)
            assert kept is not None
            await work.stops.save_stop(replace(kept, tried="It", response="That"))
            await work.stops.erase_story(playing.story)
            now = await work.stops.get_stop(stop.id)
        assert (now.scene, now.character, now.how, now.tried, now.response) == ("",) * 5
        assert (now.participant, now.at) == (stop.participant, stop.at)

    async def test_one_that_is_not_there_is_not_found(self, store: Store) -> None:
        async with store.begin() as work:
            with pytest.raises(NotFound):
                await work.stops.get_stop(new_id())


class TestReasons:
    async def test_they_come_back_in_the_order_of_their_ids(self, playing: Playing, store: Store) -> None:
        reasons = [a_reason(playing, who, f"Words {who}") for who in range(4)]
        async with store.begin() as work:
            await work.reasons.add_reasons(reasons)
        async with store.read() as work:
            assert await work.reasons.list_reasons(playing.first) == sorted(reasons, key=lambda r: r.id)
            assert await work.reasons.reason_by(playing.people[2], playing.first) == reasons[2]
            assert await work.reasons.reason_by(playing.people[9], playing.first) is None

    async def test_adding_leaves_one_that_is_there_and_putting_replaces_it(
        self, playing: Playing, store: Store
    ) -> None:
        first, second, third = [a_reason(playing, words=words) for words in ("One", "Two", "Three")]
        async with store.begin() as work:
            await work.reasons.add_reasons([first])
            await work.reasons.add_reasons([second])
            assert await work.reasons.list_reasons(playing.first) == [first]
            await work.reasons.too(first.id, playing.people[1], on=True)
            await work.reasons.put_reason(third)
            assert await work.reasons.list_reasons(playing.first) == [third]
            assert await work.reasons.counts(playing.first) == {}

    async def test_only_what_waits_and_is_due_is_shown(self, playing: Playing, store: Store) -> None:
        due, later = CLOCK.later(seconds=10), CLOCK.later(seconds=90)
        reasons = [a_reason(playing, who, due_at=at) for who, at in enumerate((due, later, ""))]
        async with store.begin() as work:
            await work.reasons.add_reasons(reasons)
            assert await work.reasons.next_due(playing.first) == due
            assert await work.reasons.show_due_reasons(playing.session, CLOCK.later(seconds=20)) == 1
            assert await work.reasons.show_due_reasons(playing.session, CLOCK.later(seconds=20)) == 0
            assert await work.reasons.next_due(playing.first) == later
            assert [(await work.reasons.get_reason(r.id)).state for r in reasons] == [
                ReasonState.SHOWN,
                ReasonState.WAITING,
                ReasonState.WAITING,
            ]
            await work.reasons.move_reason(reasons[1].id, ReasonState.HIDDEN)
            assert await work.reasons.next_due(playing.first) == ""
            assert await work.reasons.show_due_reasons(new_id(), CLOCK.later(days=1)) == 0

    async def test_me_too_twice_is_once(self, playing: Playing, store: Store) -> None:
        reason = a_reason(playing)
        async with store.begin() as work:
            await work.reasons.add_reasons([reason])
            for who in (1, 1, 2):
                await work.reasons.too(reason.id, playing.people[who], on=True)
            assert await work.reasons.counts(playing.first) == {reason.id: 2}
            assert await work.reasons.said(playing.people[1], playing.first) == {reason.id}
            await work.reasons.too(reason.id, playing.people[1], on=False)
            assert await work.reasons.said(playing.people[1], playing.first) == set()
            assert await work.reasons.counts(playing.first) == {reason.id: 1}

    async def test_removing_takes_the_words_of_the_ballot_too_and_no_others(
        self, playing: Playing, store: Store
    ) -> None:
        asked = (await cues.ask_question(playing.acts, playing.session, "And?", ["A", "B"], none=True)).round
        assert asked is not None
        await playing.run_vote(asked, ["r1"] * 3, p0="Mine", p1="Another's")
        async with store.begin() as work:
            await work.reasons.remove_reason(asked.id, playing.people[0])
            ballots = {b.participant: b.reason for b in await work.rounds.ballots(asked.id)}
            assert [r.words for r in await work.reasons.list_reasons(asked.id)] == ["Another's"]
        assert ballots[playing.people[0]] == ""
        assert ballots[playing.people[1]] == "Another's"

    async def test_forgetting_a_story_deletes_the_reasons_of_its_rounds(self, playing: Playing, store: Store) -> None:
        reason = a_reason(playing)
        async with store.begin() as work:
            await work.reasons.add_reasons([reason])
            await work.reasons.too(reason.id, playing.people[1], on=True)
            await work.reasons.erase_story(playing.story)
            assert await work.reasons.list_reasons(playing.first) == []
            with pytest.raises(NotFound):
                await work.reasons.get_reason(reason.id)
            with pytest.raises(NotFound):
                await work.reasons.move_reason(reason.id, ReasonState.SHOWN)


class TestProposals:
    async def test_proposals_and_their_amendments_come_back_in_order(self, playing: Playing, store: Store) -> None:
        one, other = [Proposal(new_id(), playing.session, words, CLOCK.now()) for words in ("One", "Other")]
        first = Amendment(new_id(), one.id, "One", "One more", CLOCK.now())
        async with store.begin() as work:
            assert await work.proposals.add_proposal(one)
            assert await work.proposals.add_proposal(other)
            assert not await work.proposals.add_proposal(one)
            assert await work.proposals.amend(first)
            await work.proposals.save_proposal(replace(other, state=ProposalState.OFF, words="Changed"))
        async with store.read() as work:
            assert await work.proposals.list_proposals(playing.session) == [
                one,
                replace(other, state=ProposalState.OFF, words="Changed"),
            ]
            assert await work.proposals.amendments(playing.session) == [first]
            with pytest.raises(NotFound):
                await work.proposals.get_proposal(new_id())

    async def test_the_database_holds_one_amendment_in_flight(self, playing: Playing, store: Store) -> None:
        proposal = Proposal(new_id(), playing.session, "One", CLOCK.now())
        flights = [Amendment(new_id(), proposal.id, "One", f"{n}", CLOCK.now()) for n in range(3)]
        async with store.begin() as work:
            await work.proposals.add_proposal(proposal)
            assert await work.proposals.amend(flights[0])
            assert not await work.proposals.amend(flights[1])
            await work.proposals.close_amendment(replace(flights[0], state=AmendmentState.DROPPED))
            assert await work.proposals.amend(flights[2])

    async def test_pledges_are_found_by_their_round(self, playing: Playing, store: Store) -> None:
        pledge = Pledge(new_id(), playing.session, playing.first, "The trust", "Pays", "2027-01-31", CLOCK.now())
        async with store.begin() as work:
            assert await work.proposals.pledge(pledge)
            assert not await work.proposals.pledge(pledge)
            await work.proposals.save_pledge(replace(pledge, state=PledgeState.WITHDRAWN))
            assert await work.proposals.pledges_on([playing.first, new_id()]) == [
                replace(pledge, state=PledgeState.WITHDRAWN)
            ]
            assert await work.proposals.pledges_on([new_id()]) == []
            assert await work.proposals.pledges(playing.session) == [replace(pledge, state=PledgeState.WITHDRAWN)]

    async def test_forgetting_a_story_takes_the_words_that_grew_from_it(self, playing: Playing, store: Store) -> None:
        at, story = CLOCK.now(), playing.story
        grown = Proposal(new_id(), playing.session, "Grown", at, scenario=story, round=playing.first)
        typed = Proposal(new_id(), playing.session, "Typed", at)
        async with store.begin() as work:
            for proposal in (grown, typed):
                await work.proposals.add_proposal(proposal)
                await work.proposals.amend(Amendment(new_id(), proposal.id, proposal.words, "After", at))
            await work.proposals.pledge(Pledge(new_id(), playing.session, playing.first, "R", "What", "2027-01-31", at))
            await work.proposals.erase_story(story)
            assert [p.words for p in await work.proposals.list_proposals(playing.session)] == ["", "Typed"]
            texts = [(a.before, a.after) for a in await work.proposals.amendments(playing.session)]
            assert texts == [("", ""), ("Typed", "After")]
            assert [p.what for p in await work.proposals.pledges(playing.session)] == [""]
