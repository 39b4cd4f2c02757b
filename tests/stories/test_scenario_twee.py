"""Scenarios as files: everything that is read, and nothing lost in writing."""

import json
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from support.example_stories import ANY, GOOD, IFID, PATIENT, STORY, stories

from forum.errors import StoryProblems
from forum.stories import scenario, scenario_twee, twee
from forum.stories.scenario import Link, Scenario, Scene


def test_a_good_story_is_read() -> None:
    assert scenario_twee.parse(GOOD) == STORY
    assert scenario_twee.parse(GOOD.encode()) == STORY


def test_a_story_as_twine_writes_it_is_read() -> None:
    story = scenario_twee.parse((Path(__file__).parents[1] / "data" / "twee" / "good.twee").read_bytes())
    assert story.start == "At the stop"
    assert (story.told_by, story.setting) == ("carers", "")
    assert story.content_notes == ("being lost", "the dark")
    assert story.scene("At the stop") == Scene(
        "At the stop",
        "The bus is late. Ana is alone.\n\nShe can ask somebody or wait.",
        (Link("ask somebody", "Who?"),),
        stop=True,
    )
    asked = story.scene("Who?")
    assert asked is not None
    assert asked.text == "Whom should Ana ask?"
    assert asked.links == (Link("The driver", "Home"), Link("A woman with a dog", "Home"), Link("Nobody", "Dark"))
    assert story.scene("Elsewhere") is None


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    assert scenario_twee.parse(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()) == STORY


def test_lists_in_the_metadata_are_split_at_semicolons() -> None:
    text = GOOD.replace("told by: carers", "Characters: Ana, 9; a driver;\nSETTING:  a stop: in the rain \ntold by:")
    story = scenario_twee.parse(text)
    assert story.characters == ("Ana, 9", "a driver")
    assert (story.setting, story.told_by) == ("a stop: in the rain", "")


def test_without_a_start_in_its_data_a_story_starts_at_start() -> None:
    text = GOOD.replace(', "start": "Stop"', "").replace(":: Stop [stop]", ":: Start [stop]")
    assert scenario_twee.parse(text).start == "Start"


def test_a_story_is_written_in_one_form() -> None:
    assert scenario_twee.write(STORY) == (
        f""":: StoryTitle
The late bus

:: StoryData
{{
  "ifid": "{IFID}",
  "format": "Harlowe",
  "format-version": "3.3.9",
  "start": "Stop",
  "tag-colors": {{
    "decision": "orange",
    "forum": "blue",
    "stop": "red"
  }},
  "zoom": 1
}}

:: About this story [forum]
told by: carers

:: Stop [stop]
The bus is late.

[[Ask->Who?]]

:: Who? [decision]
Whom should Ana ask?

[[The driver->Home]]
[[A woman->Home]]
[[Nobody->Dark]]

:: Home
Ana gets home.

:: Dark
Ana waits.
"""
    )


@PATIENT
@given(stories())
def test_a_story_that_is_written_reads_back_the_same(story: Scenario) -> None:
    text = scenario_twee.write(story)
    assert scenario_twee.parse(text) == story
    assert scenario_twee.parse(text.encode()) == story
    assert scenario_twee.write(scenario_twee.parse(text)) == text
    assert set(scenario.outline(story)) == set(story.scenes)


LOOSE_SCENES = st.builds(
    Scene,
    name=ANY,
    text=ANY,
    links=st.lists(st.builds(Link, text=ANY, to=ANY), max_size=4).map(tuple),
    stop=st.booleans(),
    decision=st.booleans(),
)


@PATIENT
@given(stories(), LOOSE_SCENES, ANY, ANY, ANY)
def test_whatever_passes_the_rules_reads_back_the_same(
    story: Scenario, scene: Scene, title: str, told_by: str, item: str
) -> None:
    """No rule is missing: the story is bent anywhere, and either it is refused or nothing is lost."""
    bent = replace(story, title=title)
    rebent = replace(story, told_by=told_by, setting=item, characters=(item,))
    renamed = replace(story.scenes[0], name=scene.name, links=(*story.scenes[0].links, *scene.links))
    retold = replace(story.scenes[0], text=scene.text, decision=scene.decision)
    for attempt in (
        bent,
        rebent,
        replace(story, scenes=(renamed, *story.scenes[1:]), start=scene.name),
        replace(story, scenes=(retold, *story.scenes[1:])),
        replace(story, scenes=(*story.scenes, scene)),
    ):
        try:
            text = scenario_twee.write(attempt)
        except StoryProblems:
            continue
        assert scenario_twee.parse(text) == attempt


def reads_or_refuses(source: bytes | str) -> None:
    try:
        story = scenario_twee.parse(source)
    except StoryProblems as error:
        refused = error.problems
    else:
        assert scenario_twee.parse(scenario_twee.write(story)) == story
        return
    text = source.decode("utf-8", "replace") if isinstance(source, bytes) else source
    assert refused
    assert list(refused) == sorted(refused)
    assert all(1 <= problem.line <= len(text.splitlines()) + 1 for problem in refused)


MARKS = (":: ", "::", "[", "]", "[[", "]]", "->", "<-", "|", "{", "}", ":", "\\", "\n", "\r")
PARTS = ("StoryTitle", "StoryData", "[forum]", "[decision]", f'{{"ifid": "{IFID}", "start": "a"}}', "told by: ")
PIECES = st.sampled_from((*MARKS, *PARTS, "a", "\n:: a\n", "\n:: StoryData\n"))


@PATIENT
@given(st.text() | st.binary() | st.lists(PIECES, max_size=30).map("".join))
def test_no_text_makes_the_parser_fail(source: bytes | str) -> None:
    reads_or_refuses(source)


@PATIENT
@given(st.data())
def test_a_story_hurt_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    text = GOOD
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 20)))
        text = text[:start] + data.draw(PIECES | st.text(max_size=4)) + text[end:]
    reads_or_refuses(text)


def test_twine_is_told_what_it_needs() -> None:
    passages, faults = twee.read(scenario_twee.write(STORY))
    assert faults == []
    data = json.loads("\n".join(next(p for p in passages if p.name == "StoryData").body))
    assert {key: type(value) for key, value in data.items()} == {
        "ifid": str,
        "format": str,
        "format-version": str,
        "start": str,
        "tag-colors": dict,
        "zoom": int,
    }
