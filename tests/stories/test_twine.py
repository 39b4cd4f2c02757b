"""Twine's own files: published stories and archives come in whole, and no file of whatever kind does harm."""

from __future__ import annotations

import time
from contextlib import suppress
from html import escape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.example_stories import GOOD, PATIENT, STORY, stories

from forum.errors import StoryProblems
from forum.stories import foreign_import, scenario, scenario_twee, twine
from forum.stories.foreign_import import Imported
from forum.stories.scenario import Link, Scenario, Scene

DATA = Path(__file__).parents[1] / "data" / "twine"
IFID = "3F0C1B52-7D0A-4C1B-9E55-0A3D5B6C7E81"


def published(story: Scenario, *, story_format: str = "Harlowe", about: bool = True) -> str:
    """Writes the story as Twine publishes it, by the specification: every mark of HTML in a text is an entity."""

    def passage(pid: int, name: str, tags: str, text: str) -> str:
        attributes = f'pid="{pid}" name="{escape(name)}" tags="{tags}" position="100,100" size="100,100"'
        return f"<tw-passagedata {attributes}>{escape(text)}</tw-passagedata>"

    passages, start = [], 0
    for pid, scene in enumerate(story.scenes, start=1):
        start = pid if scene.name == story.start else start
        links = "\n".join(f"[[{link.text}->{link.to}]]" for link in scene.links)
        tags = " ".join(tag for tag, there in (("decision", scene.decision), ("stop", scene.stop)) if there)
        passages.append(passage(pid, scene.name, tags, f"{scene.text}\n\n{links}"))
    values = (story.told_by, story.setting, "; ".join(story.characters), "; ".join(story.content_notes))
    facts = "\n".join(f"{key}: {value}" for key, value in zip(scenario.DETAILS, values, strict=True) if value)
    if about:
        passages.append(passage(len(passages) + 1, "About", "forum", facts))
    head = f'name="{escape(story.title)}" startnode="{start}" ifid="{story.ifid}" format="{story_format}" zoom="1"'
    return f"<tw-storydata {head} hidden>{''.join(passages)}</tw-storydata>"


def refusal(source: bytes | str) -> list[str]:
    with pytest.raises(StoryProblems) as caught:
        twine.read(source)
    return [problem.message for problem in caught.value.problems]


def test_a_published_story_written_by_hand_to_the_specification_comes_in_whole() -> None:
    imported = twine.read((DATA / "published.html").read_bytes())
    assert imported.scenarios == (
        Scenario(
            'The night desk & the "quiet" room',
            "B1C4D6A2-3E5F-4A07-8B9C-0D1E2F3A4B5C",
            "Ten to three",
            (
                Scene(
                    "After the call",
                    'Sam\'s mother picks up at once. "I was awake," she says. "I am always awake on Fridays."\n\n'
                    "She asks what he had for supper. He laughs <quietly> for the first time.",
                ),
                Scene(
                    "Ten to three",
                    "The night desk is one lamp and one telephone. Sam stands in front of it in his socks.\n\n"
                    "Jo has four forms to finish before the handover & a kettle that has just boiled.",
                    (Link("Sam says that he cannot sleep", "What should Jo do?"),),
                    stop=True,
                ),
                Scene(
                    "What should Jo do?",
                    "Sam asks whether he may ring his mother. It is three in the morning. What should Jo do?",
                    (
                        Link("Let him ring from the desk", "After the call"),
                        Link("Sit with him until he is tired", "In the quiet room"),
                        Link("Say that the telephone opens at eight", "The forms are done"),
                    ),
                    decision=True,
                ),
                Scene(
                    "In the quiet room",
                    "They sit under the picture of a harbour. Nobody writes anything down.\n\n"
                    "At five Sam falls asleep in the chair.",
                    (Link("The forms are done", "The forms are done"),),
                ),
                Scene(
                    "The forms are done",
                    'At seven the day team comes in, cold and cheerful. "Quiet night?" they ask.',
                ),
            ),
            told_by="night staff",
            setting="A ward, a Friday night",
            characters=("Sam, 19", "Jo, who has the night desk", "Sam's mother"),
            content_notes=("being held against your will",),
        ),
    )
    assert [note.message for note in imported.notes] == ["Where the passages stand on Twine's map was left out."]


def test_an_archive_written_by_hand_to_the_specification_comes_in_whole() -> None:
    imported = twine.read((DATA / "archive.html").read_bytes())
    bench, doors = imported.scenarios
    assert [scene.name for scene in bench.scenes] == ["The bench", "First come", "Somebody asks", "Standing"]
    assert bench.decisions == (bench.scenes[0],)
    assert (bench.told_by, doors.content_notes, doors.start) == ("people who wait", ("locked doors",), "The corridor")
    assert doors.scenes == (
        Scene(
            "The corridor",
            'One door says "Staff". The other says nothing at all.',
            (Link("The one that says nothing", "The garden"),),
            stop=True,
        ),
        Scene("The garden", "There is a garden. Nobody had said so."),
    )
    assert {note.message for note in imported.notes} == {
        "Where the passages stand on Twine's map was left out.",
        'Nobody can vote on this story yet: tag a passage "decision", and give it 3 to 5 links.',
    }


@PATIENT
@given(stories())
def test_any_story_comes_back_from_twine_as_it_went(story: Scenario) -> None:
    imported = twine.read(published(story))
    assert imported.scenarios == (story,)
    assert twine.read(published(story, story_format="Something new").encode()).scenarios == (story,)


@PATIENT
@given(st.lists(stories(), min_size=1, max_size=3))
def test_any_library_comes_back_from_an_archive(library: list[Scenario]) -> None:
    archive = "".join(f"{published(story)}\n\n" for story in library)
    assert twine.read(archive).scenarios == tuple(library)


def test_an_unknown_format_gives_its_text_and_what_it_left() -> None:
    source = (DATA / "a-format-that-nobody-knows.html").read_text("utf-8")
    imported = twine.read(source)
    (story,) = imported.scenarios
    assert story.scenes[0].text == "The bus is late."
    assert [len(scene.links) for scene in story.scenes] == [1, 3, 0, 0]
    left = " ".join(note.message for note in imported.notes)
    for what in ("Lantern", "(set: $x to 1)", "<<nobr>>", "<% y %>", "noir", "map", 'tagged "forum"'):
        assert what in left, what


def test_entities_are_letters_and_numbers_of_no_letter_do_no_harm() -> None:
    text = "5 &lt; 6 &amp;amp; caf&eacute; &#x1F642; &#99999999999999999999; &#xD800; &nosuch;"
    source = published(STORY).replace("Ana waits.", text)
    (story,) = twine.read(source).scenarios
    assert story.scenes[-1].text == "5 < 6 &amp; café 🙂 � � &nosuch;"


def test_a_story_for_another_format_keeps_its_ways_on() -> None:
    imported = twine.read((DATA / "harlowe.html").read_bytes())
    (story,) = imported.scenarios
    assert story.scenes[0].text == "The bus is late. It is dark.\nThe wind blows. (Ana: hello?) $late"
    assert story.scenes[0].links == (Link("dark", "Dark"), Link("Ask", "Who?"))
    assert story.scenes[-1].links == (Link("Go home", "Home"),)
    (other,) = twine.read((DATA / "sugarcube.html").read_bytes()).scenarios
    assert other.scenes[0].text == "The bus is late. Very."
    assert other.scenes[1].links[-1] == Link("Nobody", "Dark")
    assert other.scenes[-1].links == (Link("Go home", "Home"),)


def test_of_an_archive_the_good_stories_are_kept() -> None:
    imported = twine.read((DATA / "an-archive-with-one-bad-story.html").read_bytes())
    assert [story.title for story in imported.scenarios] == ["The late bus"]


def test_the_same_file_always_gives_the_same_identity() -> None:
    source = (DATA / "no-identity.html").read_bytes()
    first, second = (twine.read(source).scenarios[0].ifid for _ in range(2))
    assert first == second != twine.read(source.replace(b"Ana waits", b"Ana leaves")).scenarios[0].ifid
    scenario_twee.validate(twine.read(source).scenarios[0])


# ---------------------------------------------------------------- which file is what


def test_a_file_is_known_by_what_is_in_it_whatever_it_is_called() -> None:
    assert twine.read_file("story.twee", published(STORY).encode()).scenarios == (STORY,)
    assert twine.read_file("story.tw", GOOD.encode()).scenarios == (STORY,)
    assert twine.read_file("story.twee", GOOD.encode()).notes == ()
    assert twine.read_file("story.HTML", GOOD.encode()).scenarios == (STORY,)
    with pytest.raises(StoryProblems, match="There is no Twine story"):
        twine.read_file("story.HTML", b"<p>Hello</p>")


# ---------------------------------------------------------------- too big


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            b" " * (twine.MAX_ARCHIVE_BYTES + 1),
            "The file is too big. An archive can have 8 MiB. Publish each story by itself.",
        ),
        (b" " * 50 * 1024 * 1024, "The file is too big. An archive can have 8 MiB. Publish each story by itself."),
        (
            published(STORY).encode() + b" " * foreign_import.MAX_BYTES,
            'The file is too big. A story can have 1 MiB. In Twine, choose "Build", then "Export As Twee".',
        ),
        ((published(STORY) * 51).encode(), "There are 51 stories in this file. Send at most 50 at once."),
        (
            (published(STORY) + published(STORY).replace("Ana waits", "z" * foreign_import.MAX_BYTES)).encode(),
            "This story is too big. A story can have 1 MiB.",
        ),
    ],
    ids=["an archive", "50 MB", "one story", "51 stories", "one in an archive"],
)
def test_what_is_too_big_is_refused_before_it_is_read(source: bytes, message: str) -> None:
    begun = time.perf_counter()
    assert refusal(source) == [message]
    assert time.perf_counter() - begun < 5


def test_an_archive_may_be_bigger_than_a_story() -> None:
    long = published(STORY).replace("</tw-storydata>", "<!--" + "z" * (600 * 1024) + "--></tw-storydata>")
    assert len(twine.read(long * 3).scenarios) == 3


# ---------------------------------------------------------------- hostile files


def reads_or_refuses(source: bytes | str) -> None:
    try:
        imported = twine.read(source)
    except StoryProblems as error:
        imported, found = Imported(()), [*error.problems, *error.notes]
    else:
        found = [*imported.notes]
    assert found or imported.scenarios
    for story in imported.scenarios:
        assert scenario_twee.parse(scenario_twee.write(story)) == story
    text = source.decode("utf-8", "replace") if isinstance(source, bytes) else source
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    assert all(1 <= problem.line <= lines for problem in found)


PIECES = st.sampled_from(
    (
        "<tw-storydata name='a' startnode=1>",
        "<tw-storydata",
        "</tw-storydata>",
        '<tw-passagedata pid="1" name="a">',
        "<tw-passagedata name=b tags='decision stop x'>",
        "<tw-passagedata name=About tags=forum>",
        "</tw-passagedata>",
        "<tw-tag name=x color=y>",
        *("<script>", "</script>", "<style>", "</style", "<!--", "-->", "<", ">", "&#", "&#x110000;", "&lt;", "&amp"),
        *(
            "[[b]]",
            "[[a->b]]",
            "[[",
            "]]",
            "(set:",
            "(if: $x)[",
            "]",
            "<<a>>",
            "<%",
            "%>",
            '"',
            "'",
            "/",
            "=",
            "\n",
            "word",
        ),
    )
)


@PATIENT
@given(st.text() | st.binary() | st.lists(PIECES, max_size=40).map("".join))
def test_no_bytes_make_the_reader_fail(source: bytes | str) -> None:
    reads_or_refuses(source)
    with suppress(StoryProblems):
        assert twine.read_file("any", source if isinstance(source, bytes) else source.encode()).scenarios


@PATIENT
@given(st.data())
def test_a_published_story_hurt_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    text = published(STORY, about=data.draw(st.booleans()))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 30)))
        text = text[:start] + data.draw(PIECES | st.text(max_size=4)) + text[end:]
    reads_or_refuses(text)


HEAD = '<tw-storydata name="x"><tw-passagedata name="a">'


@pytest.mark.parametrize(
    "piece",
    [
        *("<", "<!--", "<script", "<script>", "<tw-passagedata ", '<tw-passagedata a="', "<tw-passagedata a='"),
        *(
            "<tw-tag a a a a ",
            "<tw-tag =",
            "&#1",
            "&amp;",
            "[[",
            "[",
            "(if:",
            "<<",
            "<a ",
            "|a>[",
            "a\n",
            "[[a]]\n",
            "$a ",
        ),
    ],
)
def test_no_megabyte_takes_long(piece: str) -> None:
    """Ten times the size must take about ten times as long: what is quadratic would take a hundred."""

    def seconds(size: int) -> float:
        source = (HEAD + piece * (size // len(piece)))[:size]
        begun = time.process_time()
        reads_or_refuses(source)
        return time.process_time() - begun

    assert seconds(foreign_import.MAX_BYTES) < 40 * max(seconds(foreign_import.MAX_BYTES // 10), 0.05)


def test_very_many_notes_are_cut_short() -> None:
    text = published(STORY, about=False).replace("Ana waits.", "Ana waits. " + "(set: $a to 1)\n" * 5000)
    notes = twine.read(text).notes
    assert len(notes) < 250
    assert "notes more, from here on." in notes[-1].message


@pytest.mark.parametrize(
    "more",
    [
        "<tw-tag>" * twine.MOST_ELEMENTS,
        f"<tw-tag {'a=b ' * 1500}>" * 100,
        "\n" * (twine.MOST_LINES + 1),
        "&a" * (twine.MOST_ENTITIES + 1),
    ],
    ids=["elements", "attributes", "lines", "entities"],
)
def test_a_page_with_more_in_it_than_is_read_is_refused_at_once(more: str) -> None:
    began = time.thread_time()
    with pytest.raises(StoryProblems, match="There is more in this file than Forum reads"):
        twine.read(published(STORY) + more)
    assert time.thread_time() - began < 2
