"""The paths of a story: a picture that holds together, the same as a list, and what a reader could run into."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.example_stories import PATIENT, STORY, stories

from forum.stories import paths, scenario_twee
from forum.stories.scenario import Link, Scenario, Scene
from forum.web.charts import story_map

SHIPPED = sorted((Path(__file__).parents[2] / "scenarios").glob("*.twee"))
SVG = "{http://www.w3.org/2000/svg}"


def scene(name: str, *ways: str, decision: bool = False, stop: bool = False) -> Scene:
    return Scene(name, "Words.", tuple(Link(f"to {to}", to) for to in ways), stop=stop, decision=decision)


def story(*scenes: Scene, start: str = "a") -> Scenario:
    return Scenario("A story", "", start, scenes)


def found(told: Scenario) -> list[tuple[str, str]]:
    return [(finding.kind, finding.scene) for finding in paths.findings(told)]


def drawn(told: Scenario) -> ET.Element:
    return ET.fromstring(story_map.picture(told, "Paths"))


def boxes(svg: ET.Element) -> list[tuple[float, float, float, float]]:
    """Reads left, top, right and bottom of each scene."""
    each = [e for e in svg.iter(f"{SVG}rect") if e.get("class", "").startswith("path-scene")]
    sides = [[float(e.get(key, "")) for key in ("x", "y", "width", "height")] for e in each]
    return [(x, y, x + w, y + h) for x, y, w, h in sides]


# ---------------------------------------------------------------- the list


def test_places_are_numbered_from_the_start_nearest_first_and_the_others_after() -> None:
    told = story(scene("island", "c"), scene("b", "c"), scene("c"), scene("a", "b", "nowhere"))
    assert [(p.number, p.scene.name, p.start, p.reached, p.ending) for p in paths.places(told)] == [
        (1, "a", True, True, False),
        (2, "b", False, True, False),
        (3, "c", False, True, True),
        (4, "island", False, False, False),
    ]
    assert [(way.words, way.number) for way in paths.places(told)[0].ways] == [("to b", 2), ("to nowhere", 0)]


# ---------------------------------------------------------------- what a reader could run into


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (STORY, [("dead end", "Home"), ("dead end", "Dark")]),
        (story(scene("a")), [("no decision", ""), ("dead end", "a")]),
        (story(scene("a"), start="z"), [("no start", "z"), ("unreachable", "a"), ("dead end", "a")]),
        (story(scene("a", "b"), scene("b", "a")), [("no decision", ""), ("circle", "a"), ("circle", "b")]),
        (
            story(scene("a", "b", "c"), scene("b", "b"), scene("c")),
            [("no decision", ""), ("circle", "b"), ("dead end", "c")],
        ),
        (story(scene("a", decision=True)), [("missing responses", "a")]),
        (story(scene("a", "b", "b", decision=True), scene("b")), [("missing responses", "a"), ("dead end", "b")]),
        (story(scene("a", *"bbbbbb", decision=True), scene("b")), [("too many responses", "a"), ("dead end", "b")]),
        (story(scene("a", *"bbz", decision=True), scene("b")), [("leads nowhere", "a"), ("dead end", "b")]),
        (
            story(scene("a", *"bbb", decision=True), scene("b"), scene("c", "b")),
            [("dead end", "b"), ("unreachable", "c")],
        ),
        (story(start="a"), [("no start", "a")]),
    ],
)
def test_what_a_reader_could_run_into(told: Scenario, expected: list[tuple[str, str]]) -> None:
    assert found(told) == expected


def test_findings_are_said_in_plain_words() -> None:
    told = story(scene("a", *"bz", decision=True), scene("b"), scene("c", decision=True))
    assert [finding.message % finding.values for finding in paths.findings(told)] == [
        'The vote at "a" has 2 responses. It needs 3 to 5.',
        '"to z", at "a", leads to "z", but there is no such scene.',
        'From "b" there is no way on: the story ends there.',
        'No way leads to "c". Nobody would ever see it.',
        'From "c" there is no way on: the vote has no responses. It needs 3 to 5.',
    ]
    assert [finding.serious for finding in paths.findings(told)] == [True, True, False, True, True]


@PATIENT
@given(stories())
def test_a_story_that_keeps_the_rules_has_nothing_to_mend(told: Scenario) -> None:
    assert not [finding for finding in paths.findings(told) if finding.serious]


# ---------------------------------------------------------------- the picture


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_story_is_drawn_whole(path: Path) -> None:
    told = scenario_twee.parse(path.read_bytes())
    svg = drawn(told)
    said = " ".join("".join(text.itertext()) for text in svg.iter(f"{SVG}text"))
    for place in paths.places(told):
        assert f"{place.number}. {place.scene.name}" in said
    for decision in told.decisions:
        for link in decision.links:
            assert link.text in said
    assert said.count("Decision point") == len(told.decisions)
    assert said.count("Stop point") == sum(one.stop for one in told.scenes)
    heads = [e for e in svg.iter(f"{SVG}path") if e.get("class") == "path-line-head"]
    assert len(heads) == sum(len(one.links) for one in told.scenes)


@PATIENT
@given(
    st.lists(st.lists(st.integers(0, 12), max_size=5), min_size=1, max_size=12),
    st.sampled_from(["w", "two words", "a long row of words that has to be broken", "x" * 60, "", "[]<&>\x00\ud800"]),
)
def test_no_two_boxes_touch_and_all_lies_within(ways: list[list[int]], words: str) -> None:
    scenes = [
        Scene(
            str(n) + words, "", tuple(Link(words, str(to) + words) for to in each), decision=n % 2 == 0, stop=n % 3 == 0
        )
        for n, each in enumerate(ways)
    ]
    svg = drawn(Scenario("t", "", "0" + words, tuple(scenes)))
    _, _, width, height = map(float, svg.get("viewBox", "").split())
    each = boxes(svg)
    assert len(each) == len(scenes)
    assert all(0 <= left < right <= width and 0 <= top < bottom <= height for left, top, right, bottom in each)
    for index, (left, top, right, bottom) in enumerate(each):
        for x, y, to_x, to_y in each[index + 1 :]:
            assert right <= x or to_x <= left or bottom <= y or to_y <= top


def test_ways_lead_downwards_or_say_where_they_go_back() -> None:
    svg = drawn(story(scene("a", "b"), scene("b", "c"), scene("c", "a", "b", "c", "nowhere")))
    said = ["".join(text.itertext()) for text in svg.iter(f"{SVG}text")]
    assert [words for words in said if words.startswith(("back", "leads"))] == [
        "back to 1",
        "back to 2",
        "back to 3",
        "leads nowhere",
    ]
    assert [top for _, top, _, _ in boxes(svg)] == sorted(top for _, top, _, _ in boxes(svg))


def test_a_scene_stands_below_every_scene_that_leads_to_it() -> None:
    svg = drawn(story(scene("a", "c", "b"), scene("b", "c"), scene("c")))
    tops = {"".join(t.itertext()): float(t.get("y", "")) for t in svg.iter(f"{SVG}text")}
    assert tops["1. a"] < tops["3. b"] < tops["2. c"]


def test_there_is_no_style_and_a_size_of_its_own() -> None:
    text = story_map.picture(STORY, "Paths <of> it")
    assert "style=" not in text
    assert re.match(r'<svg [^>]*class="paths" viewBox="0 0 \d+ [\d.]+" width="[\d.]+" height="[\d.]+" role="img"', text)
    assert "Paths &lt;of&gt; it" in text


def test_the_words_are_the_readers_own() -> None:
    words = story_map.Words(start="Dechrau", decision="Pwynt penderfynu", ending="Diwedd", summary="Mae rhestr isod.")
    text = story_map.picture(STORY, "Llwybrau", words=words)
    assert all(word in text for word in ("Dechrau", "Pwynt penderfynu", "Diwedd", "Mae rhestr isod."))


def test_two_on_one_page_have_ids_of_their_own() -> None:
    ids = [re.findall(r' id="([^"]+)"', story_map.picture(STORY, "Paths", key=key)) for key in ("", "2")]
    assert not set(ids[0]) & set(ids[1])


def test_too_many_scenes_are_not_drawn_but_listed() -> None:
    many = story(*(scene(str(n), str(n + 1)) for n in range(paths.MOST_SCENES + 1)), start="0")
    assert story_map.picture(many, "Paths") == ""
    assert len(paths.places(many)) == paths.MOST_SCENES + 1
    assert story_map.picture(replace(STORY, scenes=()), "Paths") == ""


def test_ten_thousand_scenes_in_a_row_are_walked_without_a_stack() -> None:
    row = story(*(scene(str(n), str(n + 1)) for n in range(10_000)), scene("10000"), start="0")
    assert ("dead end", "10000") in found(row)
