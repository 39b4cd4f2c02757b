"""Moves open to the facilitator: the one next right move first, in every state that a session can be in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.factories import a_commission, a_session, new_id

from forum.sessions.next_moves import Move, moves
from forum.sessions.programme import Item, ItemKind, Programme, Section
from forum.sessions.session import Cue, CueKind
from forum.sessions.stop import Run, Stop, StopState
from forum.sessions.view import RoomView, Story
from forum.stories import scenario_twee
from forum.voting.round import Response, Round, RoundKind, RoundState
from forum.voting.suppression import Result

FOLDER = Path(__file__).parents[2] / "scenarios"


def a_story(name: str) -> Story:
    return Story(new_id(), scenario_twee.parse((FOLDER / f"{name}.twee").read_text("utf-8")))


STORY, OTHER = a_story("at-home-at-night"), a_story("a-busy-emergency-department")
ASKED = next(scene for scene in STORY.scenario.scenes if scene.decision)
BEFORE = next(scene for scene in STORY.scenario.scenes if any(link.to == ASKED.name for link in scene.links))
COMMISSION = a_commission()
SESSION = a_session(COMMISSION, scenarios=(STORY.id, OTHER.id))
LABELS = tuple(Response(f"r{n}", link.text) for n, link in enumerate(ASKED.links, 1))
ROUND = Round("round", SESSION.id, ASKED.text, LABELS, STORY.id, ASKED.name)


def view(cue: Cue, round_: Round | None = None, **more: Any) -> RoomView:
    live = replace(SESSION, cue=cue, **{n: more.pop(n) for n in ("paused", "ended") if n in more})
    story = next((s for s in (STORY, OTHER) if s.id == cue.scenario), None)
    scene = story.scenario.scene(cue.scene) if story is not None and cue.scene else None
    rounds = more.pop("rounds", (round_,) if round_ else ())
    return RoomView(live, COMMISSION, (STORY, OTHER), story, scene, round_, rounds, **more)


def asking(state: RoundState, round_: Round = ROUND, **more: Any) -> RoomView:
    kind = CueKind.RESULT if state == RoundState.REVEALED else CueKind.QUESTION
    return view(Cue(kind, round_.scenario, round_.scene, round_.id), replace(round_, state=state), **more)


def names(found: tuple[Move, ...]) -> list[tuple[str, str]]:
    return [(move.called, move.name) for move in found]


@pytest.mark.parametrize(
    ("state", "first"),
    [
        (RoundState.DRAFT, "open"),
        (RoundState.OPEN, "close"),
        (RoundState.CLOSED, "reveal"),
        (RoundState.ANNULLED, "again"),
        (RoundState.REVEALED, "replay"),
    ],
)
def test_a_vote_goes_its_way(state: RoundState, first: str) -> None:
    assert moves(asking(state))[0].called == first


def test_an_open_vote_leads_nowhere_but_to_its_end() -> None:
    assert [move.act for move in moves(asking(RoundState.OPEN))] == ["close", "warn"]
    assert [move.act for move in moves(asking(RoundState.OPEN, replace(ROUND, closing_soon=True)))] == ["close"]


def test_paused_it_only_goes_on_and_ended_it_does_not() -> None:
    assert moves(view(Cue(), paused=True)) == (Move("resume"),)
    assert moves(view(Cue(CueKind.ENDED), ended=True)) == ()


def test_at_the_start_the_first_scene_of_the_first_story() -> None:
    assert names(moves(view(Cue()))) == [("scene", STORY.scenario.start)]


def test_after_the_first_vote_the_replay_then_the_second_vote_then_on() -> None:
    found = names(moves(asking(RoundState.REVEALED)))
    assert found[:2] == [("replay", BEFORE.name), ("second", "")]
    assert [what for what, _ in found[2:]] == ["scene"] * len(ASKED.links)


def test_what_the_room_chose_comes_before_what_it_did_not() -> None:
    counts = dict(zip((r.id for r in LABELS), (1, 9, 2), strict=False))
    second = replace(ROUND, second_of="first", kind=RoundKind.AFTER_REPLAY)
    found = names(moves(asking(RoundState.REVEALED, second, results={"round": Result(counts, 12, (), None, None)})))
    assert found[0] == ("chosen", ASKED.links[1].to)
    assert all(what == "scene" for what, _ in found[1:])


def test_after_the_replay_the_second_vote_on_the_question_that_it_leads_to() -> None:
    shown = replace(ROUND, state=RoundState.REVEALED)
    found = moves(view(Cue(CueKind.SCENE, STORY.id, BEFORE.name, replay=True), rounds=(shown,)))
    assert (found[0].act, dict(found[0].fields), found[0].name) == ("second", {"round": "round"}, ASKED.name)


def test_at_the_end_of_a_story_the_next_one_and_after_the_last_nothing() -> None:
    def ending(story: Story) -> RoomView:
        last = next(scene for scene in story.scenario.scenes if not scene.links)
        return view(Cue(CueKind.SCENE, story.id, last.name))

    assert names(moves(ending(STORY))) == [("scene", OTHER.scenario.start)]
    assert moves(ending(OTHER)) == ()


class TestTheProgramme:
    def plan(self, *items: Item) -> Programme:
        return Programme(sections=(Section("s", "Morning", items=items),))

    def test_its_next_cue_comes_first(self) -> None:
        tea = Item("i1", ItemKind.NOTE, words="Tea")
        found = moves(view(Cue(), programme=self.plan(tea)))
        assert (found[0].act, dict(found[0].fields)) == ("item", {"item": "i1", "after": ""})
        assert names(found)[1:] == [("scene", STORY.scenario.start)]

    def test_the_same_thing_is_not_offered_twice(self) -> None:
        replayed = Item("i2", ItemKind.SCENE, STORY.id, BEFORE.name, replay=True)
        asked = Item("i1", ItemKind.QUESTION, STORY.id, ASKED.name)
        again = Item("i3", ItemKind.AGAIN, STORY.id, ASKED.name)
        found = names(moves(asking(RoundState.REVEALED, programme=self.plan(asked, replayed, again))))
        assert [what for what, _ in found].count("item") == 1
        assert ("replay", BEFORE.name) not in found

    def test_a_vote_that_has_begun_comes_before_it(self) -> None:
        assert (
            moves(asking(RoundState.OPEN, programme=self.plan(Item("i1", ItemKind.NOTE, words="Tea"))))[0].act
            == "close"
        )


class TestTheSecondRun:
    CUE = Cue(CueKind.SCENE, STORY.id, BEFORE.name, replay=True, showing="now")

    def stop(self, state: StopState, id_: str = "stop", **more: Any) -> Stop:
        began, came = "2027-03-12T10:00:00.000Z", "2027-03-12T10:01:00.000Z"
        return Stop(id_, SESSION.id, "now", began, STORY.id, BEFORE.name, came, state=state, **more)

    def run(self, *stops: Stop) -> Run:
        return Run(stops, {}, "now")

    def test_a_stop_that_waits_is_taken_the_one_with_words_first(self) -> None:
        stops = (self.stop(StopState.WAITING, "silent"), self.stop(StopState.WAITING, "said", how="Sit down"))
        found = moves(view(self.CUE, run=self.run(*stops)))
        assert (found[0].act, dict(found[0].fields)) == ("take-stop", {"stop": "said"})

    def test_after_a_stop_that_was_taken_the_scene_goes_on(self) -> None:
        found = moves(view(self.CUE, run=self.run(self.stop(StopState.TAKEN), self.stop(StopState.WAITING, "next"))))
        assert (found[0].act, dict(found[0].fields)) == ("finish-stop", {"stop": "stop"})

    def test_after_a_magic_check_back_to_its_stop(self) -> None:
        check = replace(ROUND, kind=RoundKind.MAGIC_CHECK, scene=None)
        found = moves(asking(RoundState.REVEALED, check, run=self.run(self.stop(StopState.TAKEN, magic="round"))))
        assert [move.called for move in found] == ["back"]


def test_after_a_policy_vote_the_list_of_proposals() -> None:
    assert [
        m.act
        for m in moves(
            asking(RoundState.REVEALED, replace(ROUND, kind=RoundKind.POLICY_VOTE, scenario=None, scene=None))
        )
    ] == ["proposals"]


def test_every_move_says_what_it_is_about() -> None:
    for found in moves(asking(RoundState.REVEALED)) + moves(view(Cue())):
        assert found.act
        assert found.act == "second" or found.fields
