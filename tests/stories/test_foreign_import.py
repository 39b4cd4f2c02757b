"""A .twee file from elsewhere: what can be played is kept, and the rest is told by its line."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from support.example_stories import GOOD, STORY

from forum.errors import StoryProblems
from forum.stories import foreign_import, macros, scenario_twee, twee, twine

DATA = Path(__file__).parents[1] / "data" / "twee"


def test_a_good_story_comes_in_as_it_is_without_a_note() -> None:
    assert foreign_import.read_twee(GOOD) == foreign_import.Imported((STORY,))
    assert foreign_import.read_twee(GOOD.encode()) == foreign_import.Imported((STORY,))


def test_an_ordinary_twine_story_comes_in_with_notes() -> None:
    imported = foreign_import.read_twee((DATA / "from-an-ordinary-twine-story.twee").read_bytes())
    (story,) = imported.scenarios
    assert [(scene.name, scene.text) for scene in story.scenes] == [
        ("Untitled Passage", "You wake up. Look round or go back to bed."),
        ("Hall", "It is dark."),
    ]
    assert [(note.line, note.message) for note in imported.notes if note.line > 1] == [
        (14, 'The link "go back to bed" was left out: no passage is called "go back to bed".'),
        (16, 'The tag "dark" was left out: Forum knows "decision" and "stop".'),
        (17, '"<<set $seen to true>>" was left out: it is an instruction to the story format, not words.'),
        (20, 'The passage "StoryScript" was left out: it is tagged "script", and a story holds no code.'),
        (23, 'The passage "StoryStylesheet" was left out: it is tagged "stylesheet", and a story holds no code.'),
    ]


def test_a_slip_in_a_tag_is_understood() -> None:
    imported = foreign_import.read_twee(GOOD.replace("[stop]", "[Stop]"))
    assert imported.scenarios == (STORY,)
    assert [note.message for note in imported.notes] == ['The tag "Stop" was read as "stop".']


def test_what_no_room_could_play_is_a_problem_with_the_notes_beside_it() -> None:
    with pytest.raises(StoryProblems) as caught:
        foreign_import.read_twee(GOOD.replace("[[Nobody->Dark]]", "[[Nobody->Drak]]"))
    assert [(p.line, p.message) for p in caught.value.problems] == [
        (14, 'The scene "Who?" is a decision with 2 responses; it needs 3 to 5.')
    ]
    assert [(p.line, p.message) for p in caught.value.notes] == [
        (18, 'The link "Nobody" was left out: no passage is called "Drak".'),
        (23, 'The passage "Dark" was left out: no way from the start leads to it.'),
    ]


PASTED = GOOD.replace("[forum]", "[about]").replace("Ana waits.", "Ana waits.BREAKThe \u201cbus\u201d.")


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c"], ids=lambda sign: f"U+{ord(sign):04X}")
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_what_ends_a_line_elsewhere_ends_one_here(sign: str, ends: str) -> None:
    source = PASTED.replace("BREAK", sign).replace("\n", ends)
    for data in (source, source.encode(), ("\ufeff" + source).encode()):
        imported = foreign_import.read_twee(data)
        texts = [scene.text for scene in imported.scenarios[0].scenes]
        assert any("Ana waits.\nThe \u201cbus\u201d." in text for text in texts), texts
        assert not any("\ufffd" in text for text in texts)
        (note,) = [note for note in imported.notes if "line break of another kind" in note.message]
        assert source.replace(ends, "\n").split("\n")[note.line - 1].startswith("Ana waits.")
    strict = scenario_twee.parse(GOOD.replace("Ana waits.", f"Ana waits.{sign}On."))
    assert any("Ana waits.\nOn." in scene.text for scene in strict.scenes)


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_a_file_saved_in_other_letters_is_read_and_it_is_said(encoding: str) -> None:
    imported = foreign_import.read_twee(PASTED.replace("BREAK", " ").encode(encoding))
    assert any("Ana waits. The \u201cbus\u201d." in scene.text for scene in imported.scenarios[0].scenes)
    assert any("look whether accents" in note.message for note in imported.notes)


def test_signs_of_windows_are_read_as_what_they_stand_for() -> None:
    imported = foreign_import.read_twee(
        PASTED.replace("BREAK", " ").replace("\u201c", "\x93").replace("\u201d", "\x94")
    )
    assert any("Ana waits. The \u201cbus\u201d." in scene.text for scene in imported.scenarios[0].scenes)


@pytest.mark.parametrize("name", ["", "story", "story.txt", "story.html", "STORY.TWEE", "story.twee.htm", "a.pdf"])
def test_a_file_is_what_is_in_it_whatever_it_is_called(name: str) -> None:
    assert twine.read_file(name, GOOD.encode()).scenarios == (STORY,)


def test_a_picture_is_no_story_in_other_letters() -> None:
    with pytest.raises(StoryProblems, match="not UTF-8"):
        foreign_import.read_twee(b"\x89PNG\r\n\x1a\n\0\0\xff")
    with pytest.raises(StoryProblems, match="not UTF-8"):
        foreign_import.read_twee("no passages, h\xe9".encode("cp1252"))


def test_a_hidden_sign_leaves_no_other_sign_behind() -> None:
    imported = foreign_import.read_twee(PASTED.replace("BREAK", "\u202e "))
    assert not any("\ufffd" in scene.text or "\u202e" in scene.text for scene in imported.scenarios[0].scenes)
    assert any("U+202E" in note.message for note in imported.notes)


def test_a_file_may_be_bigger_than_the_story_in_it() -> None:
    code = ":: Js [script]\n" + "x();\n" * 80_000
    imported = foreign_import.read_twee(GOOD + "\n" + code)
    assert imported.scenarios == (STORY,)
    with pytest.raises(StoryProblems, match="1 MiB"):
        foreign_import.read_twee(GOOD + code * 3)


def test_a_story_too_long_to_be_kept_is_refused() -> None:
    scenes = "".join(f"\n:: S{n}\n{'x' * 3990}\n[[S{n + 1}]]\n" for n in range(70)) + "\n:: S70\nEnd.\n"
    with pytest.raises(StoryProblems, match="The story is too long"):
        foreign_import.read_twee(GOOD.replace("Ana waits.", "Ana waits. [[S0]]") + scenes)


def test_whatever_is_imported_can_be_written() -> None:
    for path in sorted(DATA.glob("*.twee")):
        try:
            imported = foreign_import.read_twee(path.read_bytes())
        except StoryProblems:
            continue
        assert scenario_twee.parse(scenario_twee.write(imported.scenarios[0])) == imported.scenarios[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n:: a\nx" * (twee.MOST_PASSAGES + 1), r"1,00\d passages in this file. Forum reads 1,000"),
        ("[[a]]\n" * (twee.MOST_LINKS + 1), r"1,00\d links in this file. Forum reads 1,000"),
        ("\u2028" * (twee.MOST_LINES + 1), r"200,0\d\d lines in this file. Forum reads 200,000"),
        ("$a" * 500_000, r"500,0\d\d signs in this file.* Forum looks at 40,000"),
        ("'" * 500_000, r"500,0\d\d signs in this file"),
        ("a\n" * 50_000, r"50,0\d\d signs in this file.*new lines"),
    ],
)
def test_a_file_with_more_in_it_than_is_read_is_refused_at_once_and_says_how_much(text: str, said: str) -> None:
    began = time.thread_time()
    with pytest.raises(StoryProblems) as refused:
        foreign_import.read_twee(GOOD + "\n:: more\n" + text)
    assert time.thread_time() - began < 2  # some of these took half a minute
    assert re.search(said, refused.value.problems[0].message)


def test_a_file_with_as_much_as_is_read_is_read() -> None:
    more = ":: more\n" + "$a " * (foreign_import.MOST_SIGNS // 2)
    began = time.thread_time()
    imported = foreign_import.read_twee(GOOD + "\n" + more)
    assert time.thread_time() - began < 2
    assert imported.scenarios == (STORY,)
    assert len(imported.notes) == 1


def test_data_that_is_too_long_is_not_read() -> None:
    long = GOOD.replace('"start"', f'"x": "{"y" * 70_000}", "start"', 1)
    assert "StoryData is not JSON that can be read." in [n.message for n in foreign_import.read_twee(long).notes]


@pytest.mark.parametrize("body", ["", "\n", "\n\n", " "])
@pytest.mark.parametrize("name", ["The end", "StoryInit", "StoryCaption"])
def test_a_last_passage_without_a_line_is_no_reason_to_fail(name: str, body: str) -> None:
    imported = foreign_import.read_twee(f"{GOOD}\n\n:: {name}{body}")
    assert imported.scenarios == (STORY,)
    assert imported.notes
    with pytest.raises(StoryProblems):
        foreign_import.read_twee(f":: {name}{body}")


@pytest.mark.parametrize("story_format", ["", "Harlowe", "SugarCube", "Chapbook", "Snowman"])
def test_no_lines_have_no_words(story_format: str) -> None:
    assert macros.plain([], story_format) == ([], [])
