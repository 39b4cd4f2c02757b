"""The programme as a value: changes, times, where the room is in it, and what a late comer has missed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.errors import NotFound
from forum.sessions import programme
from forum.sessions.programme import Item, ItemKind, Programme, Section, SoFar, clock_time, following, present, so_far
from forum.sessions.session import Cue, CueKind
from forum.stories.scenario import Link, Scenario, Scene
from forum.voting.round import Response, Round, RoundKind, RoundState

SCENE, VOTE = Item("a", ItemKind.SCENE, "s1", "The hall"), Item("b", ItemKind.QUESTION, "s1", "Who comes?")
REPLAY, AGAIN = Item("c", ItemKind.SCENE, "s1", "The hall", replay=True), Item("d", ItemKind.AGAIN, "s1", "Who comes?")
BREAK, OWN = (
    Item("e", ItemKind.NOTE, words="Break"),
    Item("f", ItemKind.ASK, words="Was it fair?", responses=("Yes", "No")),
)
PLAN = Programme(
    sections=(
        Section("1", "Police", "11:00", items=(SCENE, VOTE, REPLAY, AGAIN)),
        Section("2", "Rest", "12:00", "12:30", (BREAK,)),
        Section("3", "Nurses", "12:30", items=(OWN,)),
    )
)


def ids(plan: Programme) -> list[str]:
    return ["".join(item.id for item in section.items) for section in plan.sections]


def a_round(id_: str, kind: RoundKind = RoundKind.FIRST_VOTE, **changes: Any) -> Round:
    second = "r" if kind == RoundKind.AFTER_REPLAY else None
    told: dict[str, Any] = {"scenario": "s1", "scene": "Who comes?", "state": RoundState.OPEN} | changes
    return Round(id_, "live", "Who comes?", (Response("r1", "A nurse"),), kind=kind, second_of=second, **told)


@pytest.mark.parametrize(
    ("typed", "time"),
    [("11:00", "11:00"), (" 9.30 ", "09:30"), ("", ""), ("23:59", "23:59"), ("24:00", None), ("11", None), ("x", None)],
)
def test_times_are_read_as_people_type_them(typed: str, time: str | None) -> None:
    assert clock_time(typed) == time


@pytest.mark.parametrize(
    ("id_", "down", "after"),
    [
        ("b", False, ["bacd", "e", "f"]),
        ("a", False, ["abcd", "e", "f"]),
        ("d", True, ["abc", "de", "f"]),
        ("e", False, ["abcde", "", "f"]),
        ("e", True, ["abcd", "", "ef"]),
        ("f", True, ["abcd", "e", "f"]),
    ],
)
def test_a_cue_moves_one_place_and_on_into_the_next_section(id_: str, down: bool, after: list[str]) -> None:
    assert ids(programme.move_item(PLAN, id_, down=down)) == after


def test_a_cue_is_put_in_front_of_another_or_at_the_end_of_a_section() -> None:
    assert ids(programme.put_item(PLAN, "f", "1", "b")) == ["afbcd", "e", ""]
    assert ids(programme.put_item(PLAN, "a", "1")) == ["bcda", "e", "f"]
    assert ids(programme.put_item(PLAN, "a", "1", "a")) == ["abcd", "e", "f"]
    for section, before in (("9", ""), ("1", "9")):
        with pytest.raises(NotFound):
            programme.put_item(PLAN, "a", section, before)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=40))
def test_no_number_of_moves_loses_or_doubles_a_cue(moves: list[tuple[str, bool]]) -> None:
    plan = PLAN
    for id_, down in moves:
        plan = programme.move_item(plan, id_, down=down)
    assert sorted(item.id for item in plan.items) == list("abcdef")
    assert [section.title for section in plan.sections] == ["Police", "Rest", "Nurses"]


def test_moving_down_and_up_again_changes_nothing() -> None:
    for id_ in "abcde":
        assert programme.move_item(programme.move_item(PLAN, id_, down=True), id_, down=False) == PLAN


def test_sections_are_added_renamed_moved_and_removed() -> None:
    plan = programme.with_section(PLAN, Section("1", "Police and ambulance", "10:00"))
    assert plan.section("1").items == PLAN.section("1").items
    assert [s.id for s in programme.move_section(PLAN, "3", -1).sections] == ["1", "3", "2"]
    assert programme.move_section(PLAN, "1", -1) == programme.move_section(PLAN, "3", 1) == PLAN
    assert ids(programme.without_section(PLAN, "1")) == ["e", "f"]
    with pytest.raises(NotFound):
        programme.without_section(PLAN, "9")
    assert ids(programme.without_story(PLAN, "s1")) == ["", "e", "f"]


def test_where_the_room_is_follows_what_is_on_screen() -> None:
    first, second = a_round("r"), a_round("q", RoundKind.AFTER_REPLAY)
    assert present(PLAN, Cue(), []) is None
    assert following(PLAN, None) == SCENE
    for cue, item in (
        (Cue(CueKind.SCENE, "s1", "The hall"), SCENE),
        (Cue(CueKind.QUESTION, "s1", "Who comes?", "r"), VOTE),
        (Cue(CueKind.RESULT, "s1", "Who comes?", "r"), VOTE),
        (Cue(CueKind.SCENE, "s1", "The hall", replay=True), REPLAY),
        (Cue(CueKind.QUESTION, "s1", "Who comes?", "q"), AGAIN),
        (Cue(CueKind.NOTE, words="Break"), BREAK),
    ):
        assert present(PLAN, cue, [first, second]) == item
    assert following(PLAN, AGAIN) == BREAK
    assert following(PLAN, OWN) is None


def test_a_cue_that_is_not_in_the_programme_leaves_the_room_where_it_was() -> None:
    assert present(PLAN, Cue(CueKind.SCENE, "s1", "Elsewhere", item="c"), []) == REPLAY
    assert present(PLAN, Cue(CueKind.SCENE, "s1", "Elsewhere", item="gone"), []) is None


def test_of_two_cues_alike_the_one_further_down_is_meant() -> None:
    twice = programme.with_items(PLAN, "3", [Item("g", ItemKind.SCENE, "s1", "The hall")])
    on = Cue(CueKind.SCENE, "s1", "The hall", item="e")
    found = present(twice, on, [])
    assert found is not None
    assert found.id == "g"


def test_a_story_comes_in_with_the_way_to_its_votes_and_each_vote_again() -> None:
    told = Scenario(
        "A knock",
        "",
        "Knock",
        (
            Scene("Knock", "…", (Link("On", "Hall"),)),
            Scene("Hall", "…", (Link("On", "Who?"),)),
            Scene("Who?", "…", (Link("A", "End A"), Link("B", "End B"), Link("C", "End B")), decision=True),
            Scene("End A", "…"),
            Scene("End B", "…"),
        ),
    )
    assert [(i.kind, i.scene, i.replay) for i in programme.cues_of("s", told)] == [
        ("scene", "Knock", False),
        ("scene", "Hall", False),
        ("question", "Who?", False),
        ("scene", "Hall", True),
        ("again", "Who?", False),
    ]


def test_whoever_comes_late_is_told_what_they_missed_and_not_what_is_on() -> None:
    shown = a_round("r", state=RoundState.REVEALED, revealed_at="2026-11-22T10:00:00.000Z")
    assert so_far(Cue(), []) is None
    assert so_far(Cue(CueKind.SCENE, "s1", "The hall", seen=("s1",)), []) is None
    assert so_far(Cue(CueKind.RESULT, "s1", "Who comes?", "r", seen=("s1",)), [shown]) is None
    assert so_far(Cue(CueKind.SCENE, "s2", "Door", seen=("s1", "s2")), [shown, a_round("q")]) == SoFar(
        ("s1",), 1, "Who comes?"
    )
