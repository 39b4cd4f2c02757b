"""The facilitator's last act, kept and undone: the same on both databases."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from support.factories import CLOCK, SetClock, a_session, new_id
from support.kept_databases import kept
from support.second_run_session import BEN, Playing, a_replay
from support.voted_session import FIRST, required

from forum.errors import IllegalMove
from forum.ports import Store
from forum.services.sessions import care, cues, facilitation, policy_vote, second_run
from forum.services.sessions.desk import Desk, undo_act
from forum.services.voting import reasons
from forum.sessions.session import CareRequest, LastAct, LiveSession
from forum.sessions.stop import Stop, StopState
from forum.voting.reason import ReasonReading, ReasonState
from forum.voting.round import RoundState

NEXT_SCENE = "Twenty honest minutes"


@pytest.fixture
async def playing(store: Store) -> Playing:
    return await kept(store, a_replay, reasons=ReasonReading.READ_FIRST)


def on(playing: Playing, act: str = "act") -> Desk:
    return Desk(playing.store, CLOCK, act=act)


async def last(playing: Playing) -> LastAct | None:
    async with playing.store.read() as work:
        return await work.last_acts.get_last_act(playing.session)


async def undo(playing: Playing, clock: Any = CLOCK) -> LiveSession:
    act = await last(playing)
    assert act is not None, "there is nothing to undo"
    return (await undo_act(Desk(playing.store, clock), playing.session, act.id)).session


async def facts(playing: Playing) -> dict[str, Any]:
    """Reads all that an undo can put back."""
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
    return await playing.a_tried_stop()


async def _stop(playing: Playing) -> str:
    return await playing.a_stop()


async def _draft(playing: Playing) -> str:
    return required(
        (await cues.ask_question(playing.acts, playing.session, "Who?", ["A", "B", "C"], none=True)).round
    ).id


async def _proposal(playing: Playing) -> str:
    await policy_vote.propose(playing.policy, playing.session, "A quiet room")
    async with playing.store.read() as work:
        return (await work.proposals.list_proposals(playing.session))[-1].id


async def _amendment(playing: Playing) -> str:
    await policy_vote.amend(
        playing.policy, playing.session, await _proposal(playing), "A quiet room", "Two quiet rooms"
    )
    async with playing.store.read() as work:
        return (await work.proposals.amendments(playing.session))[-1].id


async def _break(playing: Playing) -> str:
    return str(await care.ask_break(Desk(playing.store, CLOCK), playing.session))


async def _nothing(playing: Playing) -> str:
    return playing.story


# What stands before, and the act that is undone.
ACTS: dict[str, tuple[Callable[[Playing], Awaitable[str]], Callable[[Playing, Desk, str], Awaitable[object]]]] = {
    "another scene, in the middle of the second run": (
        _stop,
        lambda p, s, _: cues.show_scene(s, p.session, p.story, NEXT_SCENE),
    ),
    "hiding a stop": (_stop, lambda p, s, id_: second_run.move_stop(s, p.session, id_, "hide")),
    "putting a stop off": (_stop, lambda p, s, id_: second_run.move_stop(s, p.session, id_, "defer")),
    "taking a stop": (_stop, lambda p, s, id_: second_run.take_stop(s, p.session, id_)),
    "going on after a stop": (_taken, lambda p, s, id_: second_run.move_stop(s, p.session, id_, "finish")),
    "what was tried, in other words": (
        _taken,
        lambda p, s, id_: second_run.write_tried(s, p.session, id_, "Else"),
    ),
    "a verdict": (_taken, lambda p, s, id_: second_run.judge(s, p.session, id_, "no")),
    "an answer for the next vote": (
        _taken,
        lambda p, s, id_: second_run.offer_response(s, p.session, id_, "Kneel"),
    ),
    "leaving out a response": (_draft, lambda p, s, id_: cues.leave_out(s, p.session, id_, "r2")),
    "other words for a question": (
        _draft,
        lambda p, s, id_: care.reword(s, p.session, id_, "easy", "Who comes?", {}),
    ),
    "a note": (_nothing, lambda p, s, _: cues.show_note(s, p.session, "Break")),
    "pausing": (_nothing, lambda p, s, _: facilitation.pause(s, p.session, paused=True)),
    "badges off": (_nothing, lambda p, s, _: care.set_badges(s, p.session, off=True)),
    "ending the session": (_stop, lambda p, s, _: facilitation.end(s, p.session)),
    "a proposal off the list": (
        _proposal,
        lambda p, s, id_: policy_vote.list_proposal(s, p.session, id_, on=False),
    ),
    "taking an amendment": (
        _amendment,
        lambda p, s, id_: policy_vote.settle_amendment(s, p.session, id_, "taken"),
    ),
    "having seen that somebody needs a break": (_break, lambda p, s, _: care.see_breaks(s, p.session)),
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
    await second_run.call_stop(on(playing), playing.session)
    await undo(playing)
    assert [stop.state for stop in await playing.stops()] == ["hidden"]
    await policy_vote.propose(on(playing), playing.session, "A quiet room")
    await undo(playing)
    assert [p.state for p in (await facts(playing))["proposals"]] == ["off"]


async def test_a_hidden_reason_is_shown_again(playing: Playing) -> None:
    round_ = required((await cues.ask_question(playing.acts, playing.session, "Who?", ["A", "B"], none=True)).round)
    await facilitation.open_round(playing.acts, playing.session, round_.id)
    await playing.vote(round_.id, ["r1"] * len(FIRST), p0="Because")
    await facilitation.close_round(playing.acts, playing.session, round_.id)
    await facilitation.reveal_round(playing.acts, playing.session, round_.id)

    async def state() -> tuple[str, str]:
        async with playing.store.read() as work:
            [reason] = await work.reasons.list_reasons(round_.id)
            return reason.id, reason.state

    id_, _ = await state()
    await reasons.hear(on(playing), playing.session, id_, ReasonState.SHOWN, ReasonState.WAITING)
    await undo(playing)
    assert await state() == (id_, ReasonState.WAITING)


async def test_only_the_last_act_is_undone_and_only_once(playing: Playing) -> None:
    await cues.show_note(on(playing), playing.session, "Break")
    first = required(await last(playing))
    await facilitation.pause(on(playing), playing.session, paused=True)
    with pytest.raises(IllegalMove, match="Something else was done"):
        await undo_act(Desk(playing.store, CLOCK), playing.session, first.id)
    second = required(await last(playing))
    await undo(playing)
    with pytest.raises(IllegalMove, match="Something else was done"):
        await undo_act(Desk(playing.store, CLOCK), playing.session, second.id)
    assert (await playing.live()).cue.words == "Break"


async def test_an_act_that_changed_nothing_leaves_the_one_before_to_be_undone(playing: Playing) -> None:
    await cues.show_note(on(playing, "note"), playing.session, "Break")
    await facilitation.pause(on(playing, "pause"), playing.session, paused=False)
    assert required(await last(playing)).act == "note"


async def test_what_a_vote_has_come_to_is_final(playing: Playing) -> None:
    acts = on(playing)
    round_ = required((await cues.ask_question(acts, playing.session, "Who?", ["A", "B"], none=True)).round)
    steps: dict[str, Callable[[], Awaitable[object]]] = {
        "open": lambda: facilitation.open_round(acts, playing.session, round_.id),
        "warn": lambda: facilitation.warn_of_close(acts, playing.session, round_.id),
        "close": lambda: facilitation.close_round(acts, playing.session, round_.id),
        "reveal": lambda: facilitation.reveal_round(acts, playing.session, round_.id),
        "annul": lambda: facilitation.annul_round(acts, playing.session, round_.id, "It was put wrongly."),
    }
    for name, step in steps.items():
        await facilitation.pause(acts, playing.session, paused=True)
        await facilitation.pause(acts, playing.session, paused=False)
        assert await last(playing) is not None, name
        await step()
        assert await last(playing) is None, name


async def test_an_act_that_was_refused_leaves_the_one_before_to_be_undone(playing: Playing) -> None:
    await cues.show_note(on(playing, "note"), playing.session, "Break")
    with pytest.raises(IllegalMove):
        await second_run.call_stop(on(playing, "shout"), playing.session)
    assert required(await last(playing)).act == "note"


async def test_what_was_changed_since_is_not_gone_over(playing: Playing) -> None:
    stop = await playing.a_stop()
    await second_run.move_stop(on(playing), playing.session, stop, "hide")
    await second_run.move_stop(playing.acts, playing.session, stop, "put back")
    with pytest.raises(IllegalMove, match="changed since"):
        await undo(playing)
    assert (await playing.stops())[0].state == "waiting"


async def test_what_people_wrote_meanwhile_stays(playing: Playing) -> None:
    stop = await playing.a_stop(0, "One thing")
    await second_run.move_stop(on(playing), playing.session, stop, "defer")
    assert await playing.press(0, BEN, "Another thing") == ""
    await undo(playing)
    [found] = await playing.stops()
    assert (found.state, found.how) == ("waiting", "Another thing")


async def test_no_open_vote_is_taken_off_the_screens(playing: Playing) -> None:
    await cues.show_note(on(playing), playing.session, "Break")
    note = await playing.live()
    draft = await _draft(playing)
    async with playing.store.begin() as work:
        await work.sessions.save_session(note)
        await work.rounds.save_round(replace(await work.rounds.get_round(draft), state=RoundState.OPEN))
    with pytest.raises(IllegalMove, match="A vote is open"):
        await undo(playing)


async def test_a_scene_of_a_story_that_was_taken_back_does_not_come_back(playing: Playing) -> None:
    await cues.show_note(on(playing), playing.session, "Break")
    async with playing.store.begin() as work:
        story = await work.stories.get_story(playing.story)
        await work.stories.allow(replace(story, may_perform=False))
    with pytest.raises(IllegalMove, match="no longer allows"):
        await undo(playing)


async def test_putting_badges_on_after_a_result_is_final(playing: Playing) -> None:
    caring = on(playing)
    await care.set_badges(caring, playing.session, off=True)
    round_ = required((await cues.ask_question(playing.acts, playing.session, "Who?", ["A", "B"], none=True)).round)
    await playing.run_vote(round_, ["r1"] * len(FIRST))
    await care.set_badges(caring, playing.session, off=False)
    assert await last(playing) is None


async def test_a_session_that_ended_with_badges_off_opens_again_with_badges_on(playing: Playing) -> None:
    await care.set_badges(Desk(playing.store, CLOCK), playing.session, off=True)
    round_ = required((await cues.ask_question(playing.acts, playing.session, "Who?", ["A", "B"], none=True)).round)
    await playing.run_vote(round_, ["r1"] * len(FIRST))
    await facilitation.end(on(playing), playing.session)
    live = await undo(playing)
    assert (live.ended, live.badges_off, live.held, live.cue.kind) == (False, False, (), "result")


class TestAnEndedSession:
    async def test_is_opened_again_within_the_hour_and_no_later(self, playing: Playing) -> None:
        clock = SetClock()
        ending = Desk(playing.store, clock, act="end")
        await facilitation.end(ending, playing.session)
        clock.move(minutes=61)
        with pytest.raises(IllegalMove, match="more than an hour"):
            await undo(playing, clock)
        clock.move(minutes=-2)
        assert not (await undo(playing, clock)).ended

    async def test_not_where_another_session_has_its_code(self, playing: Playing) -> None:
        await facilitation.end(on(playing), playing.session)
        live = await playing.live()
        async with playing.store.begin() as work:
            commission = await work.commissions.get_commission(live.commission)
            await work.sessions.add_session(a_session(commission, code=live.code))
        with pytest.raises(IllegalMove, match="this join code"):
            await undo(playing)
        assert (await playing.live()).ended


async def test_requests_that_came_meanwhile_still_wait_after_the_undo(playing: Playing) -> None:
    caring = Desk(playing.store, CLOCK)
    await care.ask_break(caring, playing.session)
    await care.see_breaks(on(playing), playing.session)
    await care.ask_break(caring, playing.session)
    await undo(playing)
    async with playing.store.read() as work:
        assert (await work.care.list_asked(playing.session))[CareRequest.BREAK, ""].waiting == 2


async def test_each_session_has_its_own_last_act(store: Store) -> None:
    one, other = await a_replay(store), await a_replay(store)
    await cues.show_note(on(one), one.session, "Break")
    assert await last(other) is None
    assert required(await last(one)).session == one.session


async def test_a_stop_pressed_while_an_act_is_carried_out_stays_when_that_is_undone(playing: Playing) -> None:
    # On PostgreSQL somebody else's commit can be seen in the middle of a unit of work. Here it is in the same one.
    cue = (await playing.live()).cue
    stop = Stop(new_id(), playing.session, cue.showing, cue.since, playing.story, cue.scene or "", CLOCK.now())
    async with on(playing).act_on(playing.session) as (work, live):
        await work.sessions.save_session(replace(live, paused=True))
        assert await work.stops.press(replace(stop, participant=playing.people[0])) is not None
    assert not (await undo(playing)).paused
    assert [s.state for s in await playing.stops()] == [StopState.WAITING]


# As acts were kept in the database before changes had types: an upgrade in the middle of a session reads them.
STOP_BEFORE = {
    "state": "waiting", "taken_at": "", "tried": "", "verdict": "", "magic": None, "response": "", "entered": None,
}  # fmt: skip
KEPT_BEFORE: dict[str, tuple[Any, Any]] = {
    "paused": (False, True),
    "stop STOP": (STOP_BEFORE, STOP_BEFORE | {"state": "hidden"}),
    "proposal PROPOSAL": (None, {"state": "standing", "words": "A quiet room"}),
    "round ROUND": (
        {
            "responses": [{"id": "r1", "label": "A"}, {"id": "r2", "label": "B"}, {"id": "none", "label": "None"}],
            "method": "single",
            "quorum": 0,
            "quorum_each": 0,
            "live": False,
            "versions": [{"kind": "easy", "question": "Who comes?", "labels": {"r1": "Ay"}}],
        },
        {
            "responses": [{"id": "r1", "label": "A"}, {"id": "r2", "label": "B"}],
            "method": "ranked",
            "quorum": 5,
            "quorum_each": 1,
            "live": False,
            "versions": [],
        },
    ),
}


async def test_an_act_that_was_kept_before_an_upgrade_is_undone_after_it(playing: Playing) -> None:
    stop, draft, proposal = await playing.a_stop(), await _draft(playing), await _proposal(playing)
    ids = {"STOP": stop, "PROPOSAL": proposal, "ROUND": draft}
    stored = {
        " ".join([word, *(ids[id_] for id_ in rest)]): pair
        for (word, *rest), pair in ((name.split(), pair) for name, pair in KEPT_BEFORE.items())
    }
    now = stored[f"round {draft}"][1]
    async with playing.store.begin() as work:
        await work.sessions.save_session(replace(await playing.live(), paused=True))
        await work.stops.save_stop(replace(await work.stops.get_stop(stop), state=StopState.HIDDEN))
        round_ = await work.rounds.get_round(draft)
        changed = {**now, "responses": round_.responses[:2], "versions": ()}
        await work.rounds.save_round(replace(round_, **changed))
        await work.last_acts.put_last_act(LastAct(new_id(), playing.session, "act", CLOCK.now(), stored))
    await undo(playing)
    found = await facts(playing)
    assert not found["live"].paused
    assert [s.state for s in found["stops"]] == [StopState.WAITING]
    assert [p.state for p in found["proposals"]] == ["off"]
    [round_] = [r for r in found["rounds"] if r.id == draft]
    assert [r.label for r in round_.responses] == ["A", "B", "None"]
    assert (round_.method, round_.quorum, round_.quorum_each) == ("single", 0, 0)
    assert [(v.kind, v.question, v.labels) for v in round_.versions] == [("easy", "Who comes?", {"r1": "Ay"})]


@pytest.mark.parametrize("act", ACTS)
async def test_what_is_kept_of_an_act_has_the_same_form_as_ever(playing: Playing, act: str) -> None:
    prepare, do = ACTS[act]
    await do(playing, on(playing), await prepare(playing))
    changes = required(await last(playing)).changes
    alone = {"cue", "paused", "badges_off", "ended", "breaks"}
    fields = {
        "stop": {"state", "taken_at", "tried", "verdict", "magic", "response", "entered"},
        "round": {"responses", "method", "quorum", "quorum_each", "live", "versions"},
        "proposal": {"state", "words"},
    }
    for name, (before, after) in changes.items():
        word, _, id_ = name.partition(" ")
        assert (word in alone) == (not id_)
        assert type(before) is type(after)
        if word in fields:
            assert set(before) == set(after) == fields[word]
    assert changes
