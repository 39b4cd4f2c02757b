"""Every file that was handed over as a case: it is imported, replayed, or told line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from forum.rehearsal import polis, polis_files
from forum.stories import twine

CASES = Path(__file__).parents[3] / "shared" / "cases"
STORIES = sorted(path for path in CASES.rglob("*") if path.suffix in (".twee", ".html"))
# What a reader of each story sees: the scene it begins with, its ways, and the lines that are told.
EXPECTED = {
    "word-paste.twee": ("She\xa0said:\n\u201cStay\u201d\u200b.\xad", [("Go on", "Next")], {13}),
    "chapbook-code.html": (
        "The nurse has been on shift for  hours.",
        [("Call somebody", "Call")],
        {2, 3, 4, 6, 7, 9, 10, 11, 13, 14, 15},
    ),
    "sugarcube-links.html": (
        "The line is busy.\n\nIt is the first time.",
        [("Hang up and drive there", "Drive"), ("Hold the line", "Hold"), ("Ask the neighbour", "Neighbour")],
        {3, 4, 5, 6, 7, 8},
    ),
}


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")
@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.name)
def test_a_story_plays_as_its_reader_would_expect(path: Path) -> None:
    imported = twine.read_file(path.name, path.read_bytes())
    (story,) = imported.scenarios
    first = next(scene for scene in story.scenes if scene.name == story.start)
    text, ways, lines = EXPECTED[path.name]
    assert first.text.replace("\u200b", "").replace("\xad", "") == text.replace("\u200b", "").replace("\xad", "")
    assert [(link.text, link.to) for link in first.links] == ways
    assert {note.line for note in imported.notes if note.line > 1} == lines


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")
def test_no_case_is_forgotten() -> None:
    known = {path.name for path in STORIES} | {path.name for path in (CASES / "polis-today").iterdir()}
    assert {path.name for path in CASES.rglob("*") if path.is_file()} - known == {"mutants-that-live.jsonl"}
    assert {path.name for path in STORIES} <= EXPECTED.keys()
    assert len(polis.read(polis_files.find(CASES / "polis-today")).votes) == 8
