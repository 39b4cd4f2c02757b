"""A scenario's shape: its outline, and the limits that docs/stories.md states."""

import re
from dataclasses import replace
from pathlib import Path

from support.example_stories import GOOD, STORY

from forum.stories import scenario, scenario_twee, twee


def test_the_outline_goes_from_the_start_with_all_ways_out_of_a_decision_together() -> None:
    text = GOOD.replace("Ana gets home.", "Ana gets home. [[Later->Dark]] [[Again->Stop]]")
    assert [scene.name for scene in scenario.outline(scenario_twee.parse(text))] == ["Stop", "Who?", "Home", "Dark"]
    backwards = replace(STORY, scenes=STORY.scenes[::-1])
    assert scenario.outline(backwards) == STORY.scenes
    assert STORY.decisions == (STORY.scenes[1],)


def test_the_story_in_the_docs_is_a_good_one_and_the_limits_there_are_the_real_ones() -> None:
    page = (Path(__file__).parents[2] / "docs" / "stories.md").read_text(encoding="utf-8")
    shown = page.partition("```twee\n")[2].partition("```")[0]
    assert len(scenario_twee.parse(shown).decisions) == 1
    stated = [int(number.replace(",", "")) for number in re.findall(r"\| ([\d,]+) characters", page)]
    assert stated == [
        scenario.MAX_TITLE,
        scenario.MAX_NAME,
        scenario.MAX_TEXT,
        scenario.MAX_QUESTION,
        scenario.MAX_RESPONSE,
        scenario.MAX_DETAIL,
    ]
    assert f"{scenario.MIN_RESPONSES} to {scenario.MAX_RESPONSES} responses" in page
    assert f"{scenario.MAX_DETAILS} items" in page
    assert f"{twee.MAX_BYTES // 1024} KiB" in page
    assert all(f"| `{key}` |" in page for key in scenario.DETAILS)
