"""Malformed stories of our own, Twee and Twine: each is told, line by line, what is wrong with it or was left out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from forum.errors import Problem, StoryProblems
from forum.stories import scenario_twee, twine

DATA = Path(__file__).parents[1] / "data"
# File -> {"problems": what makes it unusable, "notes": what an import leaves out}, each as "line: sentence".
EXPECTED = json.loads((DATA / "malformed" / "expected.json").read_text("utf-8"))
GOOD = {"published.html", "archive.html"}


def told(found: Sequence[Problem]) -> list[str]:
    return [f"{problem.line}: {problem.message}" for problem in found]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_malformed_file_is_told_what_is_wrong_with_it(name: str) -> None:
    problems: list[str] = []
    notes: list[str] = []
    try:
        if name.endswith(".twee"):
            scenario_twee.parse((DATA / "malformed" / name).read_bytes())
        else:
            notes = told(twine.read((DATA / "twine" / name).read_bytes()).notes)
    except StoryProblems as refused:
        problems, notes = told(refused.problems), told(refused.notes)
    assert {"problems": problems, "notes": notes} == EXPECTED[name]
    assert problems or notes


def test_there_are_more_than_forty_and_none_is_forgotten() -> None:
    there = {path.name for kind in ("malformed", "twine") for path in (DATA / kind).iterdir()} - GOOD
    assert set(EXPECTED) == {name for name in there if name.endswith((".twee", ".html"))}
    assert len(EXPECTED) >= 40
    assert min(len([name for name in EXPECTED if name.endswith(end)]) for end in (".twee", ".html")) >= 20


@pytest.mark.parametrize("name", sorted(n for n in EXPECTED if n.endswith(".twee")))
def test_an_import_of_a_malformed_twee_file_keeps_what_it_can_or_says_why_not(name: str) -> None:
    try:
        imported = twine.read_file(name, (DATA / "malformed" / name).read_bytes())
    except StoryProblems:
        return  # with the problems of the table above
    (story,) = imported.scenarios
    assert imported.notes
    assert scenario_twee.parse(scenario_twee.write(story)) == story
