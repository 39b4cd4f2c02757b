"""From a draft to a story and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from forum.errors import FormErrors
from forum.stories import compose, scenario, scenario_twee
from forum.stories.draft import Draft, mark
from forum.stories.edits import AddCard, AddWay, Edit, SetField, apply

STORIES = sorted((Path(__file__).parents[2] / "scenarios").glob("*.twee"))


@pytest.mark.parametrize("file", STORIES, ids=lambda file: file.stem)
def test_a_story_that_is_opened_for_writing_is_sent_again_the_same(file: Path) -> None:
    story = scenario_twee.parse(file.read_bytes())
    draft = compose.draft_of(story, group="g1", may=(True, True, False))
    assert Draft.from_json(draft.to_json()) == draft
    assert compose.compose(draft, story.ifid, story.told_by) == story


def test_a_first_story_in_five_steps_can_be_played_and_sent() -> None:
    draft = Draft(title="A night", group="no", may_perform="yes", may_publish="yes", may_quote="no")
    told: tuple[Edit, ...] = (
        AddCard("c1", text="Somebody waits."),
        AddCard("c2", after="c1", text="What could the crew do?", decision="yes"),
        *(AddWay("c2", f"w{n}", words) for n, words in enumerate(("Stay", "Call the team", "Take her in"), 1)),
    )
    for edit in told:
        draft = apply(draft, edit)
    story = compose.compose(draft, "11111111-1111-4111-8111-111111111111")
    assert scenario_twee.parse(scenario_twee.write(story)) == story
    names = [scene.name for scene in scenario.outline(story)]
    assert names == [compose.HAPPENED, compose.QUESTION, compose.AFTER]
    draft = apply(draft, AddCard("c3", after="c1", text="The phone rings."))
    story = compose.compose(draft, story.ifid)
    assert [scene.text for scene in scenario.outline(story)][:3] == [
        "Somebody waits.",
        "The phone rings.",
        "What could the crew do?",
    ]


def test_what_is_missing_is_told_by_field() -> None:
    with pytest.raises(FormErrors) as told:
        compose.compose(Draft(), "11111111-1111-4111-8111-111111111111")
    assert {"group", "may_perform", "may_publish", "may_quote", "cards"} <= set(told.value.fields)
    draft = apply(apply(Draft(title="A"), AddCard("c1", text="Words")), AddWay("c1", "w1", "On", "c9"))
    draft = apply(draft, SetField("c1.text", (mark("Words"),), "x [[y"))
    with pytest.raises(FormErrors) as told:
        compose.compose(draft, "11111111-1111-4111-8111-111111111111")
    assert {"c1.text", "c1/w1.to"} <= set(told.value.fields)
