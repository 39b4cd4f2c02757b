"""The second run on a real store: stops, interventions, the magic check, and the vote with new answers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from support.factories import CLOCK, new_id
from support.kept_databases import kept
from support.second_run_session import BEN, SCENE, TWEE, Playing, a_replay
from support.voted_session import FIRST, PEOPLE, required

from forum.adapters.signing_key import load_signer
from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Store
from forum.record.audit import verify
from forum.record.verify.verdict import FAIL
from forum.services import exports
from forum.services.checkpoints import Checkpoints
from forum.services.decision_matter import matter
from forum.services.sessions import cues, facilitation, second_run
from forum.services.sessions.desk import Desk
from forum.services.sessions.room_view import run_of
from forum.services.voting import results
from forum.sessions.session import Participant
from forum.store.sessions import SqlSessions


@pytest.fixture
async def playing(sqlite_store: Store) -> Playing:
    return await kept(sqlite_store, a_replay, declared=True)


async def states(playing: Playing) -> list[str]:
    return [stop.state for stop in await playing.stops()]


class TestPressing:
    async def test_a_second_press_in_the_same_scene_changes_the_first(self, playing: Playing) -> None:
        assert await playing.press(0) == ""
        assert await playing.press(0, BEN, "Say it himself") == ""
        [stop] = await playing.stops()
        assert (stop.character, stop.how, stop.group, stop.scene) == (BEN, "Say it himself", "g1", SCENE)

    async def test_in_another_playing_of_the_scene_it_is_another_stop(self, playing: Playing) -> None:
        await playing.press(0)
        live = await playing.live()
        await cues.show_scene(playing.acts, live.id, playing.story, "Twenty honest minutes")
        await cues.show_scene(playing.acts, live.id, playing.story, SCENE, replay=True)
        await playing.press(0)
        assert len({stop.showing for stop in await playing.stops()}) == 2

    async def test_the_same_scene_put_up_twice_by_two_facilitators_is_one_playing(self, playing: Playing) -> None:
        before = await playing.live()
        again = await cues.show_scene(playing.acts, before.id, playing.story, SCENE, replay=True)
        assert again.session == before

    async def test_a_stop_for_a_scene_that_has_gone_on_is_refused(self, playing: Playing) -> None:
        gone = (await playing.live()).cue.showing
        await cues.show_scene(playing.acts, playing.session, playing.story, "Twenty honest minutes")
        assert await playing.press(0, showing=gone) == "scene_over"
        assert await playing.press(0, showing="") == "scene_over"
        assert await playing.stops() == []

    async def test_the_first_playing_of_a_scene_takes_no_stops(self, playing: Playing) -> None:
        await cues.show_scene(playing.acts, playing.session, playing.story, SCENE)
        assert (await playing.live()).cue.showing == ""

    async def test_what_is_on_the_screens_cannot_be_changed_and_is_taken_again_as_it_is(self, playing: Playing) -> None:
        stop = await playing.a_stop(0, "Sit down")
        await second_run.take_stop(playing.acts, playing.session, stop)
        assert await playing.press(0, BEN, "Something else") == "stop_taken"
        assert await playing.press(0, BEN, "Sit down") == ""
        assert (await playing.stops())[0].how == "Sit down"


async def test_nobody_who_reads_the_stops_as_people_come_learns_more_of_who_pressed(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were groups named by who is here now, the stops of two small groups would be told apart as they grow."""
    playing = await a_replay(sqlite_store, ["g1"] * 6 + ["g2"] * 6 + ["g3"] * 4 + ["g4"] * 4)
    for who in (0, 6, 12, 16):
        await playing.a_stop(who)

    async def seen() -> list[tuple[str, str]]:
        live = await playing.live()
        async with sqlite_store.read() as work:
            run = await run_of(work, live, await work.commissions.get_commission(live.commission))
        return [(stop.id, run.credit(stop)) for stop in run.stops]

    before = await seen()
    assert [name for _, name in before] == ["People who use services", "Carers", "", ""]
    for group in ("g3", "g4", "g3", "g4"):
        async with sqlite_store.begin() as work:
            came = Participant(new_id(), playing.session, group, "2999-01-01T00:00:00.000Z")
            await work.sessions.join(came, new_id() * 2)
        assert await seen() == before
    async with sqlite_store.begin() as work:
        for person in playing.people[:2]:
            assert await work.rights.erase_participant(person, device=True)
    assert await seen() == before
    joined = SqlSessions.joined
    monkeypatch.setattr(SqlSessions, "joined", lambda work, session, until="": joined(work, session))
    assert "" not in {name for _, name in await seen()}, "a naive credit is seen through"


class TestTheQueue:
    async def test_one_is_taken_the_others_wait_and_each_can_be_put_back(self, playing: Playing) -> None:
        first, second, third = [await playing.a_stop(n) for n in range(3)]
        acts, session = playing.acts, playing.session
        await second_run.take_stop(acts, session, first)
        await second_run.move_stop(acts, session, second, "hide")
        await second_run.move_stop(acts, session, third, "defer")
        assert await states(playing) == ["taken", "hidden", "deferred"]
        for stop in (first, second, third):
            await second_run.move_stop(acts, session, stop, "put back")
        assert await states(playing) == ["waiting"] * 3

    async def test_two_facilitators_at_once_the_second_is_told(self, playing: Playing) -> None:
        one, other = await playing.a_stop(0), await playing.a_stop(1)
        await second_run.take_stop(playing.acts, playing.session, one)
        with pytest.raises(IllegalMove, match="Another stop"):
            await second_run.take_stop(playing.acts, playing.session, other)
        with pytest.raises(IllegalMove, match="Somebody else"):
            await second_run.move_stop(playing.acts, playing.session, one, "hide")
        assert await states(playing) == ["taken", "waiting"]

    async def test_the_same_button_pressed_twice_is_pressed_once(self, playing: Playing) -> None:
        stop = await playing.a_stop()
        taken = await second_run.take_stop(playing.acts, playing.session, stop)
        assert (await second_run.take_stop(playing.acts, playing.session, stop)).session == taken.session

    async def test_a_deferred_stop_brings_its_scene_back_when_it_is_taken(self, playing: Playing) -> None:
        stop = await playing.a_stop()
        then = (await playing.live()).cue
        await second_run.move_stop(playing.acts, playing.session, stop, "defer")
        await cues.show_scene(playing.acts, playing.session, playing.story, "Twenty honest minutes")
        cue = (await second_run.take_stop(playing.acts, playing.session, stop)).session.cue
        assert (cue.scene, cue.replay, cue.showing, cue.since) == (SCENE, True, then.showing, then.since)

    async def test_whoever_went_on_without_finishing_a_stop_can_take_the_next(self, playing: Playing) -> None:
        first = await playing.a_stop(0)
        await second_run.take_stop(playing.acts, playing.session, first)
        await cues.show_scene(playing.acts, playing.session, playing.story, "Twenty honest minutes", replay=True)
        second = await playing.a_stop(1)
        await second_run.take_stop(playing.acts, playing.session, second)
        assert await states(playing) == ["done", "taken"]

    async def test_a_stop_that_was_shouted_is_taken_at_once_and_is_nobodys(self, playing: Playing) -> None:
        await second_run.call_stop(playing.acts, playing.session)
        [stop] = await playing.stops()
        assert (stop.participant, stop.group, stop.state) == (None, None, "taken")
        with pytest.raises(IllegalMove, match="Another stop"):
            await second_run.call_stop(playing.acts, playing.session)

    async def test_nobody_shouts_stop_into_a_first_playing(self, playing: Playing) -> None:
        await cues.show_scene(playing.acts, playing.session, playing.story, SCENE)
        with pytest.raises(IllegalMove, match="Play a scene again"):
            await second_run.call_stop(playing.acts, playing.session)

    async def test_a_stop_of_another_session_is_not_there(self, playing: Playing, sqlite_store: Store) -> None:
        elsewhere = await a_replay(sqlite_store)
        with pytest.raises(NotFound):
            await second_run.take_stop(playing.acts, playing.session, await elsewhere.a_stop())


class TestMagic:
    async def test_it_is_the_facilitators_judgement_and_can_be_taken_back(self, playing: Playing) -> None:
        stop = await playing.a_tried_stop()
        for verdict in ("yes", "not sure", ""):
            await second_run.judge(playing.acts, playing.session, stop, verdict)
            assert (await playing.stops())[0].verdict == verdict
        with pytest.raises(BadInput, match="yes, no or not sure"):
            await second_run.judge(playing.acts, playing.session, stop, "perhaps")

    async def test_nothing_can_be_tried_or_judged_before_a_stop_is_taken(self, playing: Playing) -> None:
        stop = await playing.a_stop()
        with pytest.raises(IllegalMove, match="Take this stop first"):
            await second_run.write_tried(playing.acts, playing.session, stop, "Ben kneels")
        with pytest.raises(IllegalMove, match="Take this stop first"):
            await second_run.judge(playing.acts, playing.session, stop, "yes")

    async def test_or_a_vote_of_the_room_which_leads_back_to_the_stop(self, playing: Playing) -> None:
        stop = await playing.a_tried_stop()
        asked = required((await second_run.ask_room(playing.acts, playing.session, stop)).round)
        assert asked.kind == "magic check"
        assert required((await second_run.ask_room(playing.acts, playing.session, stop)).round).id == asked.id
        result = await playing.run_vote(asked, ["r1"] * 12 + ["r2"] * 7)
        assert result.counts == {"r1": 12, "r2": 7, "r3": 0}
        cue = (await second_run.take_stop(playing.acts, playing.session, stop)).session.cue
        assert (cue.kind, cue.scene) == ("scene", SCENE)

    async def test_no_decision_can_rest_on_it(self, playing: Playing) -> None:
        asked = required((await second_run.ask_room(playing.acts, playing.session, await playing.a_tried_stop())).round)
        await playing.run_vote(asked, ["r1"] * 12)
        async with playing.store.read() as work:
            with pytest.raises(IllegalMove, match="Nothing is decided on this vote"):
                await matter(work, [asked.id])

    async def test_what_was_tried_must_be_written_down_and_be_short(self, playing: Playing) -> None:
        stop = await playing.a_stop()
        await second_run.take_stop(playing.acts, playing.session, stop)
        with pytest.raises(BadInput, match="Write down"):
            await second_run.write_tried(playing.acts, playing.session, stop, "  ")
        with pytest.raises(BadInput, match="500"):
            await second_run.write_tried(playing.acts, playing.session, stop, "x" * 501)
        with pytest.raises(IllegalMove, match="first"):
            await second_run.ask_room(playing.acts, playing.session, stop)


class TestTheNextVote:
    NEW = "Ben kneels down and tells her himself"

    async def test_an_intervention_is_an_answer_in_the_second_vote_and_the_first_ones_stay(
        self, playing: Playing
    ) -> None:
        stop = await playing.a_tried_stop()
        await second_run.offer_response(playing.acts, playing.session, stop, self.NEW)
        second = required((await cues.put_second_vote(playing.acts, playing.session, playing.first)).round)
        async with playing.store.read() as work:
            first = await work.rounds.get_round(playing.first)
        assert [(r.id, r.label) for r in second.responses] == [
            *[(r.id, r.label) for r in first.responses[:3]], ("r4", self.NEW), ("none", "None of these"),
        ]  # fmt: skip

    async def test_nobody_is_said_to_have_left_an_answer_that_was_not_there(self, playing: Playing) -> None:
        await second_run.offer_response(playing.acts, playing.session, await playing.a_tried_stop(), self.NEW)
        second = required((await cues.put_second_vote(playing.acts, playing.session, playing.first)).round)
        result = await playing.run_vote(second, ["r4"] * 6 + list(FIRST[6:]))
        assert result.counts["r4"] == 6
        assert result.shift is not None
        to_it = sum(people for (_before, after), people in result.shift.cells.items() if after == "r4")
        assert to_it + result.shift.joined["r4"] == 6
        assert not any(before == "r4" for before, _after in result.shift.cells)
        assert "r4" not in result.shift.left

    async def test_the_record_says_what_entered_and_an_export_of_it_passes_every_check(
        self, playing: Playing, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        await second_run.offer_response(playing.acts, playing.session, await playing.a_tried_stop(), self.NEW)
        second = required((await cues.put_second_vote(playing.acts, playing.session, playing.first)).round)
        await playing.run_vote(second, ["r4"] * 6 + list(FIRST[6:]))
        asked = required(
            (await second_run.ask_room(playing.acts, playing.session, (await playing.stops())[0].id)).round
        )
        await playing.run_vote(asked, ["r1"] * 19)
        async with playing.store.read() as work:
            entries = [json.loads(e.body) for e in await work.record.entries()]
        opened = [e for e in entries if e["type"] == "round opened"]
        assert [e["kind"] for e in opened] == ["first vote", "vote after replay", "magic check"]
        assert [r["id"] for r in opened[1]["responses"]] == ["r1", "r2", "r3", "r4", "none"]
        data = await exports.export(Checkpoints(playing.store, load_signer(tmp_path_factory.mktemp("key"))), None)
        assert [(c.name, c.detail) for c in verify(data) if c.verdict == FAIL] == []

    async def test_a_draft_on_screen_follows_until_the_vote_is_open(self, playing: Playing) -> None:
        stop = await playing.a_tried_stop()
        second = required((await cues.put_second_vote(playing.acts, playing.session, playing.first)).round)
        assert len(second.responses) == 4

        async def offered() -> list[str]:
            async with playing.store.read() as work:
                return [r.label for r in (await work.rounds.get_round(second.id)).responses]

        await second_run.offer_response(playing.acts, playing.session, stop, self.NEW)
        assert self.NEW in await offered()
        await second_run.take_response_out(playing.acts, playing.session, stop)
        assert self.NEW not in await offered()
        await second_run.offer_response(playing.acts, playing.session, stop, self.NEW)
        await facilitation.open_round(playing.acts, playing.session, second.id)
        with pytest.raises(IllegalMove, match="cannot be taken out"):
            await second_run.take_response_out(playing.acts, playing.session, stop)
        assert self.NEW in await offered()

    async def test_an_annulled_second_vote_is_held_again_with_the_same_answers(self, playing: Playing) -> None:
        await second_run.offer_response(playing.acts, playing.session, await playing.a_tried_stop(), self.NEW)
        second = required((await cues.put_second_vote(playing.acts, playing.session, playing.first)).round)
        await facilitation.open_round(playing.acts, playing.session, second.id)
        await facilitation.annul_round(playing.acts, playing.session, second.id, "The hall was evacuated.")
        again = required((await cues.put_second_vote(playing.acts, playing.session, playing.first)).round)
        assert again.id != second.id
        assert again.responses == second.responses

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ("", "Write the answer"),
            ("x" * 201, "200"),
            ("none of these", "offered already"),
            ("  ", "Write the answer"),
        ],
    )
    async def test_words_that_are_no_answer_are_told(self, playing: Playing, words: str, said: str) -> None:
        stop = await playing.a_tried_stop()
        with pytest.raises(BadInput, match=said):
            await second_run.offer_response(playing.acts, playing.session, stop, words)

    async def test_the_same_answer_twice_is_told(self, playing: Playing) -> None:
        first = await playing.a_tried_stop(0)
        async with playing.store.read() as work:
            there_already = (await work.rounds.get_round(playing.first)).responses[0].label
        with pytest.raises(BadInput, match="such an answer"):
            await second_run.offer_response(playing.acts, playing.session, first, there_already.upper())
        await second_run.offer_response(playing.acts, playing.session, first, self.NEW)
        await second_run.move_stop(playing.acts, playing.session, first, "finish")
        second = await playing.a_tried_stop(1, "Ben does something else")
        with pytest.raises(BadInput, match="such an answer"):
            await second_run.offer_response(playing.acts, playing.session, second, self.NEW)

    async def test_there_is_an_end_to_new_answers(self, playing: Playing) -> None:
        for number in range(3):
            stop = await playing.a_tried_stop(number, f"Way {number}")
            await second_run.offer_response(playing.acts, playing.session, stop, f"Way {number}")
            await second_run.move_stop(playing.acts, playing.session, stop, "finish")
        one_more = await playing.a_tried_stop(4, "Way 4")
        with pytest.raises(IllegalMove, match="Take one out"):
            await second_run.offer_response(playing.acts, playing.session, one_more, "Way 4")

    async def test_the_first_result_is_not_touched_by_what_came_later(self, playing: Playing) -> None:
        async with playing.store.read() as work:
            before = await results.result_of(work, await work.rounds.get_round(playing.first), 5)
        await second_run.offer_response(playing.acts, playing.session, await playing.a_tried_stop(), self.NEW)
        await cues.put_second_vote(playing.acts, playing.session, playing.first)
        async with playing.store.read() as work:
            assert await results.result_of(work, await work.rounds.get_round(playing.first), 5) == before


class TestCharacters:
    async def test_the_room_votes_on_whom_to_replace(self, playing: Playing) -> None:
        asked = required((await second_run.put_character_vote(playing.acts, playing.session, playing.story)).round)
        assert asked.kind == "character vote"
        assert BEN in [r.label for r in asked.responses]
        assert (
            required((await second_run.put_character_vote(playing.acts, playing.session, playing.story)).round).id
            == asked.id
        )
        result = await playing.run_vote(asked, ["r2"] * len(PEOPLE))
        assert result.counts["r2"] == len(PEOPLE)
        with pytest.raises(IllegalMove, match="first vote"):
            await cues.put_second_vote(Desk(playing.store, CLOCK), playing.session, asked.id)

    async def test_a_story_without_characters_says_so(self, sqlite_store: Store) -> None:
        lines = [line for line in TWEE.splitlines(keepends=True) if not line.startswith("characters:")]
        playing = await a_replay(sqlite_store, twee="".join(lines))
        with pytest.raises(IllegalMove, match="2 to 10 characters"):
            await second_run.put_character_vote(playing.acts, playing.session, playing.story)


async def test_a_story_that_may_no_longer_be_played_stops_the_second_run(playing: Playing) -> None:
    stop = await playing.a_stop()
    async with playing.store.begin() as work:
        await work.stories.allow(replace(await work.stories.get_story(playing.story), may_perform=False))
    with pytest.raises(IllegalMove, match="no longer allows"):
        await second_run.take_stop(playing.acts, playing.session, stop)
