"""The stories that come with the software: whole, short enough to be read aloud, and in the canonical form."""

import re
from pathlib import Path

import pytest

from forum.stories import scenario_twee

SHIPPED = sorted((Path(__file__).parents[2] / "scenarios").glob("*.twee"))


def test_there_are_six_stories_or_more_each_with_its_own_identity() -> None:
    told = [scenario_twee.parse(path.read_bytes()) for path in SHIPPED]
    assert len(told) >= 6
    assert len({story.ifid for story in told}) == len({story.title for story in told}) == len(told)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_story_is_a_whole_test_of_a_pathway(path: Path) -> None:
    story = scenario_twee.parse(path.read_bytes())
    assert story.told_by
    assert story.setting
    assert story.content_notes
    assert len(story.characters) >= 3
    assert 6 <= len(story.scenes) <= 10
    assert sum(scene.stop for scene in story.scenes) >= 2
    assert len(story.decisions) >= 2
    for decision in story.decisions:
        assert 3 <= len(decision.links) <= 5
        assert len({link.to for link in decision.links}) == len(decision.links)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_story_can_be_read_aloud_from_the_back_row(path: Path) -> None:
    for scene in scenario_twee.parse(path.read_bytes()).scenes:
        words = len(scene.text.split())
        assert words <= 40 if scene.decision else 60 <= words <= 140
        sentences = len(re.findall(r"[.!?]+(?=[\"\s]|$)", scene.text))
        assert words / sentences <= 12


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_story_is_in_the_canonical_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert scenario_twee.write(scenario_twee.parse(text)) == text
