"""The facilitator's last act, kept and undone: the same on both databases."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from support.decided_session import FIRST, there
from support.factories import CLOCK, SetClock, a_session, new_id
from support.second_run_session import BEN, Playing, a_replay

from forum.errors import IllegalMove
from forum.ports import Store
from forum.services.sessions.care import Caring
from forum.services.sessions.facilitation import Facilitation
from forum.services.sessions.policy_vote import Policy
from forum.services.sessions.second_run import SecondRun
from forum.services.sessions.undo import Remembering, Undoing
from forum.services.voting import reasons
from forum.sessions.session import BREAK, LastAct, LiveSession
from forum.sessions.stop import WAITING as PENDING
from forum.sessions.stop import Stop
from forum.voting.reason import READ_FIRST, SHOWN, WAITING

NEXT_SCENE = "Twenty honest minutes"


@pytest.fixture
async def playing(store: Store) -> Playing:
    return await a_replay(store, reasons=READ_FIRST)


def on(playing: Playing, act: str = "act") -> Store:
    return Remembering(playing.store, CLOCK, playing.session, act)


async def last(playing: Playing) -> LastAct | None:
    async with playing.store.read() as work:
        return await work.last_acts.get_last_act(playing.session)


async def undo(playing: Playing, clock: Any = CLOCK) -> LiveSession:
    act = await last(playing)
    assert act is not None, "there is nothing to undo"
    return (await Undoing(playing.store, clock).undo(playing.session, act.id)).session


async def facts(playing: Playing) -> dict[str, Any]:
    """All that an undo can put back."""
    async with playing.store.read() as work:
        live = await work.sessions.get_session(playing.session)
        return {
            "live": replace(live, version=0),
            "stops": await work.stops.list_stops(live.id),
            "rounds": await work.rounds.list_rounds(live.id),
            "proposals": await work.proposals.list_proposals(live.id),
            "amendments": [a.state for a in await work.proposals.amendments(live.id)],
            "reasons": {r.id: r.state for r in await work.reasons.list_reasons(playing.first)},
            "asked": await work.care.list_asked(live.id),
        }


async def _taken(playing: Playing) -> str:
    return await playing.tried()


async def _stop(playing: Playing) -> str:
    return await playing.a_stop()


async def _draft(playing: Playing) -> str:
    return there((await playing.acts.ask(playing.session, "Who?", ["A", "B", "C"], none=True)).round).id


async def _proposal(playing: Playing) -> str:
    await playing.policy.propose(playing.session, "A quiet room")
    async with playing.store.read() as work:
        return (await work.proposals.list_proposals(playing.session))[-1].id


async def _amendment(playing: Playing) -> str:
    await playing.policy.amend(playing.session, await _proposal(playing), "A quiet room", "Two quiet rooms")
    async with playing.store.read() as work:
        return (await work.proposals.amendments(playing.session))[-1].id


async def _break(playing: Playing) -> str:
    return str(await Caring(playing.store, CLOCK).ask_break(playing.session))


async def _nothing(playing: Playing) -> str:
    return playing.story


# What stands before, and the act that is undone.
ACTS: dict[str, tuple[Callable[[Playing], Awaitable[str]], Callable[[Playing, Store, str], Awaitable[object]]]] = {
    "another scene, in the middle of the second run": (
        _stop,
        lambda p, s, _: SecondRun(s, CLOCK).scene(p.session, p.story, NEXT_SCENE),
    ),
    "hiding a stop": (_stop, lambda p, s, id_: SecondRun(s, CLOCK).move(p.session, id_, "hide")),
    "putting a stop off": (_stop, lambda p, s, id_: SecondRun(s, CLOCK).move(p.session, id_, "defer")),
    "taking a stop": (_stop, lambda p, s, id_: SecondRun(s, CLOCK).take(p.session, id_)),
    "going on after a stop": (_taken, lambda p, s, id_: SecondRun(s, CLOCK).move(p.session, id_, "finish")),
    "what was tried, in other words": (_taken, lambda p, s, id_: SecondRun(s, CLOCK).tried(p.session, id_, "Else")),
    "a verdict": (_taken, lambda p, s, id_: SecondRun(s, CLOCK).judge(p.session, id_, "no")),
    "an answer for the next vote": (_taken, lambda p, s, id_: SecondRun(s, CLOCK).offer(p.session, id_, "Kneel")),
    "leaving out a response": (_draft, lambda p, s, id_: Facilitation(s, CLOCK).leave_out(p.session, id_, "r2")),
    "other words for a question": (
        _draft,
        lambda p, s, id_: Caring(s, CLOCK).reword(p.session, id_, "easy", "Who comes?", {}),
    ),
    "a note": (_nothing, lambda p, s, _: Facilitation(s, CLOCK).note(p.session, "Break")),
    "pausing": (_nothing, lambda p, s, _: Facilitation(s, CLOCK).pause(p.session, paused=True)),
    "badges off": (_nothing, lambda p, s, _: Caring(s, CLOCK).badges(p.session, off=True)),
    "ending the session": (_stop, lambda p, s, _: Facilitation(s, CLOCK).end(p.session)),
    "a proposal off the list": (_proposal, lambda p, s, id_: Policy(s, CLOCK).list_(p.session, id_, on=False)),
    "taking an amendment": (_amendment, lambda p, s, id_: Policy(s, CLOCK).settle(p.session, id_, "taken")),
    "having seen that somebody needs a break": (_break, lambda p, s, _: Caring(s, CLOCK).see_breaks(p.session)),
}


@pytest.mark.parametrize("act", ACTS)
async def test_everything_is_as_it_was_before(playing: Playing, act: str) -> None:
    prepare, do = ACTS[act]
    about = await prepare(playing)
    before = await facts(playing)
    await do(playing, on(playing), about)
    assert await facts(playing) != before
    version = (await playing.live()).version
    assert (await undo(playing)).version == version + 1
    assert await facts(playing) == before
    assert await last(playing) is None


async def test_what_is_new_is_put_aside(playing: Playing) -> None:
    await SecondRun(on(playing), CLOCK).shout(playing.session)
    await undo(playing)
    assert [stop.state for stop in await playing.stops()] == ["hidden"]
    await Policy(on(playing), CLOCK).propose(playing.session, "A quiet room")
    await undo(playing)
    assert [p.state for p in (await facts(playing))["proposals"]] == ["off"]


async def test_a_hidden_reason_is_shown_again(playing: Playing) -> None:
    round_ = there((await playing.acts.ask(playing.session, "Who?", ["A", "B"], none=True)).round)
    await playing.acts.open(playing.session, round_.id)
    await playing.vote(round_.id, ["r1"] * len(FIRST), p0="Because")
    await playing.acts.close(playing.session, round_.id)
    await playing.acts.reveal(playing.session, round_.id)

    async def state() -> tuple[str, str]:
        async with playing.store.read() as work:
            [reason] = await work.reasons.list_reasons(round_.id)
            return reason.id, reason.state

    id_, _ = await state()
    await reasons.hear(on(playing), CLOCK, playing.session, id_, SHOWN, WAITING)
    await undo(playing)
    assert await state() == (id_, WAITING)


async def test_only_the_last_act_is_undone_and_only_once(playing: Playing) -> None:
    await Facilitation(on(playing), CLOCK).note(playing.session, "Break")
    first = there(await last(playing))
    await Facilitation(on(playing), CLOCK).pause(playing.session, paused=True)
    with pytest.raises(IllegalMove, match="Something else was done"):
        await Undoing(playing.store, CLOCK).undo(playing.session, first.id)
    second = there(await last(playing))
    await undo(playing)
    with pytest.raises(IllegalMove, match="Something else was done"):
        await Undoing(playing.store, CLOCK).undo(playing.session, second.id)
    assert (await playing.live()).cue.words == "Break"


async def test_an_act_that_changed_nothing_leaves_the_one_before_to_be_undone(playing: Playing) -> None:
    await Facilitation(on(playing, "note"), CLOCK).note(playing.session, "Break")
    await Facilitation(on(playing, "pause"), CLOCK).pause(playing.session, paused=False)
    assert there(await last(playing)).act == "note"


async def test_what_a_vote_has_come_to_is_final(playing: Playing) -> None:
    acts = Facilitation(on(playing), CLOCK)
    round_ = there((await acts.ask(playing.session, "Who?", ["A", "B"], none=True)).round)
    steps: dict[str, Callable[[], Awaitable[object]]] = {
        "open": lambda: acts.open(playing.session, round_.id),
        "warn": lambda: acts.warn(playing.session, round_.id),
        "close": lambda: acts.close(playing.session, round_.id),
        "reveal": lambda: acts.reveal(playing.session, round_.id),
        "annul": lambda: acts.annul(playing.session, round_.id, "It was put wrongly."),
    }
    for name, step in steps.items():
        await acts.pause(playing.session, paused=True)
        await acts.pause(playing.session, paused=False)
        assert await last(playing) is not None, name
        await step()
        assert await last(playing) is None, name


async def test_an_act_that_was_refused_leaves_the_one_before_to_be_undone(playing: Playing) -> None:
    await Facilitation(on(playing, "note"), CLOCK).note(playing.session, "Break")
    with pytest.raises(IllegalMove):
        await SecondRun(on(playing, "shout"), CLOCK).shout(playing.session)
    assert there(await last(playing)).act == "note"


async def test_what_was_changed_since_is_not_gone_over(playing: Playing) -> None:
    stop = await playing.a_stop()
    await SecondRun(on(playing), CLOCK).move(playing.session, stop, "hide")
    await playing.acts.move(playing.session, stop, "put back")
    with pytest.raises(IllegalMove, match="changed since"):
        await undo(playing)
    assert (await playing.stops())[0].state == "waiting"


async def test_what_people_wrote_meanwhile_stays(playing: Playing) -> None:
    stop = await playing.a_stop(0, "One thing")
    await SecondRun(on(playing), CLOCK).move(playing.session, stop, "defer")
    assert await playing.press(0, BEN, "Another thing") == ""
    await undo(playing)
    [found] = await playing.stops()
    assert (found.state, found.how) == ("waiting", "Another thing")


async def test_no_open_vote_is_taken_off_the_screens(playing: Playing) -> None:
    await Facilitation(on(playing), CLOCK).note(playing.session, "Break")
    note = await playing.live()
    draft = await _draft(playing)
    async with playing.store.begin() as work:
        await work.sessions.save_session(note)
        await work.rounds.save_round(replace(await work.rounds.get_round(draft), state="open"))
    with pytest.raises(IllegalMove, match="A vote is open"):
        await undo(playing)


async def test_a_scene_of_a_story_that_was_taken_back_does_not_come_back(playing: Playing) -> None:
    await Facilitation(on(playing), CLOCK).note(playing.session, "Break")
    async with playing.store.begin() as work:
        story = await work.stories.get_story(playing.story)
        await work.stories.allow(replace(story, may_perform=False))
    with pytest.raises(IllegalMove, match="no longer allows"):
        await undo(playing)


async def test_putting_badges_on_after_a_result_is_final(playing: Playing) -> None:
    caring = Caring(on(playing), CLOCK)
    await caring.badges(playing.session, off=True)
    round_ = there((await playing.acts.ask(playing.session, "Who?", ["A", "B"], none=True)).round)
    await playing.result(round_, ["r1"] * len(FIRST))
    await caring.badges(playing.session, off=False)
    assert await last(playing) is None


async def test_a_session_that_ended_with_badges_off_opens_again_with_badges_on(playing: Playing) -> None:
    await Caring(playing.store, CLOCK).badges(playing.session, off=True)
    round_ = there((await playing.acts.ask(playing.session, "Who?", ["A", "B"], none=True)).round)
    await playing.result(round_, ["r1"] * len(FIRST))
    await Facilitation(on(playing), CLOCK).end(playing.session)
    live = await undo(playing)
    assert (live.ended, live.badges_off, live.held, live.cue.kind) == (False, False, (), "result")


class TestAnEndedSession:
    async def test_is_opened_again_within_the_hour_and_no_later(self, playing: Playing) -> None:
        clock = SetClock()
        ending = Remembering(playing.store, clock, playing.session, "end")
        await Facilitation(ending, clock).end(playing.session)
        clock.move(minutes=61)
        with pytest.raises(IllegalMove, match="more than an hour"):
            await undo(playing, clock)
        clock.move(minutes=-2)
        assert not (await undo(playing, clock)).ended

    async def test_not_where_another_session_has_its_code(self, playing: Playing) -> None:
        await Facilitation(on(playing), CLOCK).end(playing.session)
        live = await playing.live()
        async with playing.store.begin() as work:
            commission = await work.commissions.get_commission(live.commission)
            await work.sessions.add_session(a_session(commission, code=live.code))
        with pytest.raises(IllegalMove, match="this join code"):
            await undo(playing)
        assert (await playing.live()).ended


async def test_requests_that_came_meanwhile_still_wait_after_the_undo(playing: Playing) -> None:
    caring = Caring(playing.store, CLOCK)
    await caring.ask_break(playing.session)
    await Caring(on(playing), CLOCK).see_breaks(playing.session)
    await caring.ask_break(playing.session)
    await undo(playing)
    async with playing.store.read() as work:
        assert (await work.care.list_asked(playing.session))[BREAK, ""].waiting == 2


async def test_each_session_has_its_own_last_act(store: Store) -> None:
    one, other = await a_replay(store), await a_replay(store)
    await Facilitation(on(one), CLOCK).note(one.session, "Break")
    assert await last(other) is None
    assert there(await last(one)).session == one.session


async def test_a_stop_pressed_while_an_act_is_carried_out_stays_when_that_is_undone(playing: Playing) -> None:
    # On PostgreSQL somebody else's commit can be seen in the middle of a unit of work. Here it is in the same one.
    cue = (await playing.live()).cue
    stop = Stop(new_id(), playing.session, cue.showing, cue.since, playing.story, cue.scene or "", CLOCK.now())
    async with on(playing).begin() as work:
        await work.sessions.save_session(replace(await work.sessions.get_session(playing.session), paused=True))
        assert await work.stops.press(replace(stop, participant=playing.people[0])) is not None
    assert not (await undo(playing)).paused
    assert [s.state for s in await playing.stops()] == [PENDING]
