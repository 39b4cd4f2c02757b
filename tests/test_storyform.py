"""Stories from the plain form: what they become, and what is said of each field that will not do."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum import scenario
from forum.errors import FormErrors
from forum.scenario import Link, Scenario, Scene
from forum.storyform import AFTER_TEXT, from_form

IFID = "3F0C1B52-7D0A-4C1B-9E55-0A3D5B6C7E81"


def filled(
    *,
    title: str = "The late bus",
    what_happened: str = "The bus was late.",
    scenes: Sequence[tuple[str, str]] = (),
    question: str = "What could have been done?",
    responses: Sequence[str] = ("Send another bus", "Ring the driver", "Tell people the truth"),
    told_by: str = "carers",
    content_notes: str | Sequence[str] = "",
    setting: str = "",
    characters: str | Sequence[str] = (),
) -> Scenario:
    return from_form(
        title=title,
        what_happened=what_happened,
        scenes=scenes,
        question=question,
        responses=responses,
        told_by=told_by,
        content_notes=content_notes,
        ifid=IFID,
        setting=setting,
        characters=characters,
    )


def refused(**changed: Any) -> dict[str, str]:
    with pytest.raises(FormErrors) as caught:
        filled(**changed)
    assert all(error.field == field for field, error in caught.value.fields.items())
    return {field: str(error) for field, error in caught.value.fields.items()}


def test_the_smallest_form_is_a_story_with_one_vote() -> None:
    story = filled()
    assert story == Scenario(
        "The late bus",
        IFID,
        "What happened",
        (
            Scene("What happened", "The bus was late.", (Link("Go on", "What should happen now?"),)),
            Scene(
                "What should happen now?",
                "What could have been done?",
                (
                    Link("Send another bus", "After the vote"),
                    Link("Ring the driver", "After the vote"),
                    Link("Tell people the truth", "After the vote"),
                ),
                stop=True,
                decision=True,
            ),
            Scene("After the vote", AFTER_TEXT),
        ),
        told_by="carers",
    )
    assert scenario.parse(scenario.write(story)) == story


def test_scenes_follow_in_their_order_named_or_numbered() -> None:
    story = filled(scenes=[("", "One."), ("  ", " \r\n"), ("The call", "Two."), ("", "Three.")])
    assert [scene.name for scene in scenario.outline(story)] == [
        "What happened",
        "Scene 2",
        "The call",
        "Scene 4",
        "What should happen now?",
        "After the vote",
    ]


def test_a_writer_may_use_the_names_that_the_form_would_use() -> None:
    story = filled(scenes=[("What happened", "x"), ("Scene 4", "y"), ("", "z"), ("After the vote", "w")])
    assert [scene.name for scene in story.scenes] == [
        "What happened (2)",
        "What happened",
        "Scene 4",
        "Scene 4 (2)",
        "After the vote",
        "What should happen now?",
        "After the vote (2)",
    ]
    assert scenario.outline(story) == story.scenes


def test_what_a_browser_and_a_clipboard_bring_along_is_tidied() -> None:
    story = filled(
        title=" The late\u200e bus\ufeff ",
        what_happened="\r\nLate.\r\n\r\n\r\n\u202aAgain.\x0bAnd again. \r\n",
        responses=["a\u202e", "", "b ", "  ", "c"],
        content_notes="the dark;\r\n being lost ;",
        characters=["Ana, 9", "a driver; a dog"],
        setting=" a stop ",
        told_by="",
    )
    assert story.title == "The late\u200e bus"
    assert story.scenes[0].text == "Late.\n\nAgain.\nAnd again."
    assert [link.text for link in story.decisions[0].links] == ["a", "b", "c"]
    assert story.content_notes == ("the dark", "being lost")
    assert story.characters == ("Ana, 9", "a driver", "a dog")
    assert (story.setting, story.told_by) == ("a stop", "")


def test_an_empty_form_names_every_required_field() -> None:
    empty = "Fill this in. It cannot be left empty."
    assert refused(title=" ", what_happened="\r\n", question="", responses=["", " "]) == {
        "title": empty,
        "happened": empty,
        "question": empty,
        "responses": "Give 3 to 5 things that somebody could do.",
    }


TOO_LONG = "This is too long. Use at most {} characters."


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"title": "x" * 121}, "title", TOO_LONG.format(120)),
        ({"title": "a\nb"}, "title", "Write this on one line."),
        ({"what_happened": "x" * 4001}, "happened", TOO_LONG.format(4000)),
        (
            {"what_happened": "see [[this"},
            "happened",
            'Two square brackets, "[[", cannot be used here. Use one.',
        ),
        ({"question": "x" * 401}, "question", TOO_LONG.format(400)),
        ({"scenes": [("", "x" * 4001)]}, "scenes", TOO_LONG.format(4000)),
        ({"scenes": [("x" * 101, "x")]}, "scenes", TOO_LONG.format(100)),
        ({"scenes": [("", "x")] * 13}, "scenes", "There are too many scenes. Use at most 12."),
        (
            {"scenes": [("The call", " ")]},
            "scenes",
            'The scene "The call" has no words. Write what happens in it.',
        ),
        (
            {"scenes": [("A", "x"), ("A", "y")]},
            "scenes",
            'Two scenes are called "A". Give each its own name.',
        ),
        ({"scenes": [("A->B", "x")]}, "scenes", 'A scene cannot be called "A->B". Choose plain words.'),
        (
            {"scenes": [("StoryData", "x")]},
            "scenes",
            'A scene cannot be called "StoryData". Choose plain words.',
        ),
        ({"responses": ["a", "b"]}, "responses", "Give 3 to 5 things that somebody could do."),
        ({"responses": list("abcdef")}, "responses", "Give 3 to 5 things that somebody could do."),
        ({"responses": ["a", "b", "x" * 201]}, "responses", TOO_LONG.format(200)),
        ({"responses": ["a", "b", "c\nd"]}, "responses", "Write this on one line."),
        ({"responses": ["a", "b", "A"]}, "responses", '"A" is there twice. Make each one different.'),
        ({"responses": ["a", "b", "c]]"]}, "responses", 'Use plain words here, without brackets: "c]]".'),
        (
            {"responses": ["a", "b", "None of these"]},
            "responses",
            '"None of these" is offered with every vote. Leave it out here.',
        ),
        ({"told_by": "x" * 201}, "group", TOO_LONG.format(200)),
        ({"content_notes": "a;" * 21}, "notes", "This is too many. Use at most 20."),
        ({"content_notes": ["x" * 201]}, "notes", TOO_LONG.format(200)),
        ({"setting": "a\nb"}, "setting", "Write this on one line."),
        ({"characters": "x" * 201}, "characters", TOO_LONG.format(200)),
    ],
)
def test_a_field_that_will_not_do_is_named_with_what_to_do(changed: dict[str, Any], field: str, message: str) -> None:
    assert refused(**changed) == {field: message}


def test_the_most_that_a_form_can_hold_makes_a_story() -> None:
    story = filled(
        title="t" * 120,
        what_happened="h" * 4000,
        scenes=[(f"{n:0100}", "😀" * 4000) for n in range(12)],
        question="q" * 400,
        responses=[f"{n:0200}" for n in range(5)],
        content_notes=["n" * 200] * 20,
    )
    assert scenario.parse(scenario.write(story).encode()) == story


# A busy machine may take its time over an example.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ANY = st.text(max_size=20) | st.text(alphabet="[]->|;:\\ \r\na", max_size=12)


@PATIENT
@given(
    title=ANY,
    happened=ANY,
    scenes=st.lists(st.tuples(ANY, ANY), max_size=4),
    question=ANY,
    responses=st.lists(ANY, max_size=6),
    told_by=ANY,
    notes=ANY,
)
def test_whatever_is_typed_becomes_a_story_or_words_about_a_field(
    *,
    title: str,
    happened: str,
    scenes: list[tuple[str, str]],
    question: str,
    responses: list[str],
    told_by: str,
    notes: str,
) -> None:
    try:
        story = filled(
            title=title,
            what_happened=happened,
            scenes=scenes,
            question=question,
            responses=responses,
            told_by=told_by,
            content_notes=notes,
        )
    except FormErrors as error:
        fields = set(error.fields)
    else:
        assert scenario.parse(scenario.write(story)) == story
        return
    assert fields
    assert fields <= {"title", "happened", "scenes", "question", "responses", "group", "notes"}


@PATIENT
@given(
    st.lists(st.tuples(ANY, ANY.filter(str.strip)), max_size=4), st.lists(ANY.filter(str.strip), min_size=3, max_size=5)
)
def test_scenes_and_responses_alone_become_a_story_or_words_about_them(
    scenes: list[tuple[str, str]], responses: list[str]
) -> None:
    try:
        story = filled(scenes=scenes, responses=responses)
    except FormErrors as error:
        fields = set(error.fields)
    else:
        assert scenario.parse(scenario.write(story)) == story
        return
    assert fields <= {"scenes", "responses"}
