"""Stories in and out: what the parser reads, all that it refuses, and that writing loses nothing."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum.errors import Problem, StoryProblems
from forum.stories import scenario, scenario_twee, twee
from forum.stories.scenario import Link, Scenario, Scene
from forum.stories.visible_text import alike, trimmed

DATA = Path(__file__).parents[1] / "data" / "twee"
SHIPPED = sorted((Path(__file__).parents[2] / "scenarios").glob("*.twee"))
IFID = "3F0C1B52-7D0A-4C1B-9E55-0A3D5B6C7E81"
KEYS = '"told by", "setting", "characters", "content notes"'

GOOD = f"""\
:: StoryTitle
The late bus

:: StoryData
{{"ifid": "{IFID}", "start": "Stop"}}

:: About [forum]
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
STORY = Scenario(
    "The late bus",
    IFID,
    "Stop",
    (
        Scene("Stop", "The bus is late.", (Link("Ask", "Who?"),), stop=True),
        Scene(
            "Who?",
            "Whom should Ana ask?",
            (Link("The driver", "Home"), Link("A woman", "Home"), Link("Nobody", "Dark")),
            decision=True,
        ),
        Scene("Home", "Ana gets home."),
        Scene("Dark", "Ana waits."),
    ),
    told_by="carers",
)


def problems(source: bytes | str) -> list[tuple[int, str]]:
    with pytest.raises(StoryProblems) as caught:
        scenario_twee.parse(source)
    return [(problem.line, problem.message) for problem in caught.value.problems]


def refusals(story: Scenario) -> list[str]:
    with pytest.raises(StoryProblems) as caught:
        scenario_twee.validate(story)
    with pytest.raises(StoryProblems):
        scenario_twee.write(story)
    assert {problem.line for problem in caught.value.problems} == {0}
    return [problem.message for problem in caught.value.problems]


def with_scene(index: int, **changed: object) -> Scenario:
    scenes = list(STORY.scenes)
    scenes[index] = Scene(**{**vars(scenes[index]), **changed})
    return replace(STORY, scenes=tuple(scenes))


# ---------------------------------------------------------------- reading


def test_a_good_story_is_read() -> None:
    assert scenario_twee.parse(GOOD) == STORY
    assert scenario_twee.parse(GOOD.encode()) == STORY


def test_a_story_as_twine_writes_it_is_read() -> None:
    story = scenario_twee.parse((DATA / "good.twee").read_bytes())
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


def test_the_outline_goes_from_the_start_with_all_ways_out_of_a_decision_together() -> None:
    text = GOOD.replace("Ana gets home.", "Ana gets home. [[Later->Dark]] [[Again->Stop]]")
    assert [scene.name for scene in scenario.outline(scenario_twee.parse(text))] == ["Stop", "Who?", "Home", "Dark"]
    backwards = replace(STORY, scenes=STORY.scenes[::-1])
    assert scenario.outline(backwards) == STORY.scenes
    assert STORY.decisions == (STORY.scenes[1],)


# ---------------------------------------------------------------- refusing

FILES = {
    "nothing-in-it.twee": [
        (1, "There is no StoryData passage."),
        (1, "There is no StoryTitle passage."),
        (1, 'There is no passage tagged "forum".'),
    ],
    "no-twee-at-all.twee": [
        (1, "There is no StoryData passage."),
        (1, "There is no StoryTitle passage."),
        (1, 'There is no passage tagged "forum".'),
        (1, 'There is text before the first passage. A passage starts with "::".'),
    ],
    "from-an-ordinary-twine-story.twee": [
        (1, 'There is no passage tagged "forum".'),
        (14, 'The link "go back to bed" leads to "go back to bed", but no scene has this name.'),
        (16, 'The tag "dark" is not known. A scene can be tagged "decision" or "stop".'),
        (20, 'A story holds no code. Take out the passage tagged "script".'),
        (23, 'A story holds no code. Take out the passage tagged "stylesheet".'),
    ],
    "many-things.twee": [
        (1, 'There is text before the first passage. A passage starts with "::".'),
        (2, "The title must be one line."),
        (6, 'The "ifid" must be a UUID in capital letters. Twine makes one for each story.'),
        (6, 'The story starts at "Nowhere", but no scene has this name.'),
        (11, f'"mood" is not known. Use {KEYS}.'),
        (12, '"told by" was given before, on line 10.'),
        (13, 'Write "key: value" here, one on each line.'),
        (15, 'The tag "stopp" is not known. A scene can be tagged "decision" or "stop".'),
        (17, 'The link "Ask" leads to "Whom?", but no scene has this name.'),
        (18, 'This link is not closed. Put "]]" at its end.'),
        (20, 'The scene "Dark" has no words.'),
        (22, 'Two passages are called "At the stop". The other is on line 15.'),
    ],
    "broken-story-data.twee": [(7, "StoryData is not JSON: it goes wrong here.")],
    "a-vote-with-two-answers.twee": [
        (10, 'The scene "Who?" is a decision with 6 responses; it needs 3 to 5.'),
        (14, 'The response "The Driver" is there twice.'),
        (15, '"None of these" is offered with every vote: leave it out here.'),
        (20, 'The scene "Then?" has no words.'),
        (20, 'The scene "Then?" is a decision with 2 responses; it needs 3 to 5.'),
    ],
    "an-island.twee": [
        (16, 'The scene "Island" cannot be reached: no link from the start leads to it.'),
        (19, 'The scene "Second island" cannot be reached: no link from the start leads to it.'),
    ],
    "rules-bent-out-of-shape.twee": [
        (1, "The title is empty."),
        (3, "StoryData is not a JSON object. It has to stand in { }."),
        (3, "The StoryData passage can have no other tags."),
        (6, "There is a second StoryData passage. The first is on line 3."),
        (9, 'The passage tagged "forum" can have no other tags.'),
        (12, 'There is a second passage tagged "forum". The first is on line 9.'),
        (15, 'The scene "A->B" has a name that no link can hold: it holds "->".'),
        (18, "There is a second StoryTitle passage. The first is on line 1."),
        (21, 'The scene "About this story" has a name that is kept for something else.'),
    ],
}


@pytest.mark.parametrize("name", FILES)
def test_a_broken_file_is_refused_with_every_problem_and_its_line(name: str) -> None:
    assert problems((DATA / name).read_bytes()) == FILES[name]


def test_every_broken_file_is_in_the_table() -> None:
    assert {path.name for path in DATA.glob("*.twee")} == {*FILES, "good.twee"}


IFID_FAULT = (4, 'The "ifid" must be a UUID in capital letters. Twine makes one for each story.')
CASES = {
    "no title": ((":: StoryTitle\nThe late bus\n", ""), [(1, "There is no StoryTitle passage.")]),
    "long title": (("The late bus", "x" * 121), [(1, "The title is longer than 120 characters.")]),
    "no metadata": ((" [forum]\ntold by: carers", " [stop]\nHi."), None),
    "lower-case ifid": ((IFID, IFID.lower()), [IFID_FAULT]),
    "ifid in brackets": ((IFID, f"{{{IFID}}}"), [IFID_FAULT]),
    "ifid too short": ((IFID, IFID[:-1]), [IFID_FAULT]),
    "ifid with a newline": ((IFID, IFID + "\\n"), [IFID_FAULT]),
    "ifid is a number": ((f'"{IFID}"', "12"), [IFID_FAULT]),
    "no ifid": ((f'"ifid": "{IFID}", ', ""), [IFID_FAULT]),
    "ifid twice": ((f'"ifid": "{IFID}"', f'"ifid": "x", "ifid": "{IFID}"'), [(4, 'StoryData says "ifid" twice.')]),
    "start is a number": (
        ('"start": "Stop"', '"start": 5'),
        [
            (4, 'The "start" in StoryData is not what Twine would write.'),
            (4, 'The story starts at "", but no scene has this name.'),
        ],
    ),
    "no start": (
        (', "start": "Stop"', ""),
        [(4, 'The story starts at "Start", but no scene has this name.')],
    ),
    "start in other letters": (
        ('"start": "Stop"', '"start": "stop"'),
        [(4, 'The story starts at "stop", but no scene has this name.')],
    ),
    "format is a list": (
        ('"start"', '"format": [], "start"'),
        [(4, 'The "format" in StoryData is not what Twine would write.')],
    ),
    "zoom is text": (
        ('"start"', '"zoom": "1", "start"'),
        [(4, 'The "zoom" in StoryData is not what Twine would write.')],
    ),
    "colours are a list": (
        ('"start"', '"tag-colors": [], "start"'),
        [(4, 'The "tag-colors" in StoryData is not what Twine would write.')],
    ),
    "data is empty": (
        (f'{{"ifid": "{IFID}", "start": "Stop"}}', ""),
        [(5, "StoryData is not JSON: it goes wrong here.")],
    ),
    "data is too deep": (
        (f'{{"ifid": "{IFID}", "start": "Stop"}}', "[" * 60_000),
        [(4, "StoryData is not JSON that can be read.")],
    ),
    "data has a number too long": (
        (f'{{"ifid": "{IFID}", "start": "Stop"}}', "9" * 5_000),
        [(4, "StoryData is not JSON that can be read.")],
    ),
    "metadata without a colon": (
        ("told by: carers", "told by carers"),
        [(8, 'Write "key: value" here, one on each line.')],
    ),
    "a key nobody knows": (("told by: carers", "teller: carers"), [(8, f'"teller" is not known. Use {KEYS}.')]),
    "a long detail": (
        ("told by: carers", f"setting: {'x' * 201}"),
        [(8, '"setting" is longer than 200 characters.')],
    ),
    "a long note": (
        ("told by: carers", f"told by: x\ncontent notes: a; {'x' * 201}"),
        [(9, f'"{"x" * 57}..." in "content notes" is longer than 200 characters.')],
    ),
    "too many notes": (
        ("told by: carers", "content notes: " + "; ".join("abcdefghijklmnopqrstu")),
        [(8, '"content notes" lists more than 20.')],
    ),
    "an unknown tag": (
        (":: Home", ":: Home [Decision]"),
        [(20, 'The tag "Decision" is not known. A scene can be tagged "decision" or "stop".')],
    ),
    "an unknown scene": (
        ("->Dark]]", "->dark]]"),
        [
            (18, 'The link "Nobody" leads to "dark", but no scene has this name.'),
            (23, 'The scene "Dark" cannot be reached: no link from the start leads to it.'),
        ],
    ),
    "a link to the data": (
        ("->Dark]]", "->StoryData]]"),
        [
            (18, 'The link "Nobody" leads to "StoryData", but no scene has this name.'),
            (23, 'The scene "Dark" cannot be reached: no link from the start leads to it.'),
        ],
    ),
    "a link to the web": (
        ("The bus is late.", "The bus is late, see [[https://example.org]]."),
        [(11, 'The link "https://example.org" leads to "https://example.org", but no scene has this name.')],
    ),
    "code in a link": (
        ("[[Ask->Who?]]", "[[Ask->Who?]]\n[[Set->Who?][$x to 1]]"),
        [(13, "A link can hold words and a scene, and nothing else.")],
    ),
    "an empty link": (
        ("[[Ask->Who?]]", "[[Ask->Who?]]\n[[]]"),
        [(13, "A link needs words and a scene: [[words->scene]].")],
    ),
    "a link over two lines": (
        ("[[Ask->Who?]]", "[[Ask->Who?]] [[Ask\n->Who?]]"),
        [(12, 'This link is not closed. Put "]]" at its end.')],
    ),
    "a long link": (
        ("[[Ask->", f"[[{'x' * 201}->"),
        [(12, f'The link "{"x" * 57}..." is longer than 200 characters.')],
    ),
    "an empty scene": (("Ana waits.", " \t"), [(23, 'The scene "Dark" has no words.')]),
    "a scene of links only": (("The bus is late.\n", ""), [(10, 'The scene "Stop" has no words.')]),
    "a long scene": (
        ("Ana waits.", "word " * 801),
        [(23, 'The scene "Dark" is too long: its text has 4004 characters, and 4000 is the most.')],
    ),
    "a long question": (
        ("Whom should Ana ask?", "word " * 81),
        [(14, 'The scene "Who?" is too long: its question has 404 characters, and 400 is the most.')],
    ),
    "two responses": (
        ("[[A woman->Home]]\n", ""),
        [(14, 'The scene "Who?" is a decision with 2 responses; it needs 3 to 5.')],
    ),
    "six responses": (
        ("[[Nobody->", "[[a->Home]]\n[[b->Home]]\n[[c->Home]]\n[[Nobody->"),
        [(14, 'The scene "Who?" is a decision with 6 responses; it needs 3 to 5.')],
    ),
    "the same response twice": (
        ("[[A woman->", "[[THE DRIVER->"),
        [(17, 'The response "THE DRIVER" is there twice.')],
    ),
    "none of these": (
        ("[[A woman->", "[[None of these->"),
        [(17, '"None of these" is offered with every vote: leave it out here.')],
    ),
    "a long name": (
        (":: Dark", ":: " + "x" * 101),
        [
            (18, 'The link "Nobody" leads to "Dark", but no scene has this name.'),
            (23, f'The scene "{"x" * 57}..." cannot be reached: no link from the start leads to it.'),
            (23, f'The scene "{"x" * 57}..." has a name that is longer than 100 characters.'),
        ],
    ),
    "the same name twice": ((":: Dark", ":: Home"), None),
    "code": (
        ("Ana waits.", "Ana waits.\n\n:: Js [script]\n1"),
        [(26, 'A story holds no code. Take out the passage tagged "script".')],
    ),
    "a hidden character": (
        ("is late", "is \u202elate"),
        [(11, "There is a hidden character here (U+202E). Take it out.")],
    ),
    "half a pair": (("is late", "is \udc80late"), [(11, "There is a hidden character here (U+DC80). Take it out.")]),
    "NUL": (("is late", "is \0late"), [(11, "This is not text: it holds a NUL character. Save the file as UTF-8.")]),
    "a link made by two": (
        ("The bus is late.", "[[a[->Who?]][b"),
        [(10, 'The scene "Stop" holds "[[" in its text, which would begin a link.')],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_good_story_with_one_thing_wrong_is_refused(case: str) -> None:
    (old, new), expected = CASES[case]
    assert old in GOOD
    found = problems(GOOD.replace(old, new, 1))
    if expected is not None:
        assert found == expected


def test_a_missing_metadata_passage_is_said() -> None:
    assert (1, 'There is no passage tagged "forum".') in problems(GOOD.replace("[forum]\ntold by: carers", "\nx"))


def test_the_second_of_two_passages_of_one_name_is_refused() -> None:
    found = problems(GOOD.replace(":: Dark", ":: Home"))
    assert (23, 'Two passages are called "Home". The other is on line 20.') in found


def test_an_oversize_or_wrongly_encoded_file_is_refused() -> None:
    assert problems(GOOD + "x" * twee.MAX_BYTES) == [(1, "The file is too big. A story can have 256 KiB.")]
    assert problems(GOOD.replace("late.", "lâte.").encode("latin-1")) == [
        (11, "This is not UTF-8 text. Save the file as UTF-8.")
    ]
    assert problems(GOOD.encode("utf-16"))[0][1] == "This is not UTF-8 text. Save the file as UTF-8."


def test_a_message_never_carries_what_a_terminal_would_obey() -> None:
    found = problems(GOOD.replace("->Dark]]", "->\x1b[2JDark]]"))
    assert all(not twee.hidden(message) for _, message in found)


# ---------------------------------------------------------------- writing


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


@pytest.mark.parametrize(
    ("story", "message"),
    [
        (replace(STORY, title=""), "The title is empty."),
        (replace(STORY, title=" x"), "The title has spaces at its ends."),
        (replace(STORY, title="a\nb"), "The title is not one plain line."),
        (replace(STORY, title="a\x1bb"), "The title holds a hidden character (U+001B)."),
        (replace(STORY, ifid=IFID + "\n"), IFID_FAULT[1]),
        (replace(STORY, told_by="a\nsetting: b"), '"told by" is not one plain line.'),
        (replace(STORY, characters=("a; b",)), '"a; b" in "characters" holds ";", which ends an item.'),
        (replace(STORY, content_notes=("",)), '"" in "content notes" is empty.'),
        (replace(STORY, start="Nowhere"), 'The story starts at "Nowhere", but no scene has this name.'),
        (replace(STORY, scenes=()), 'The story starts at "Stop", but no scene has this name.'),
        (replace(STORY, scenes=(*STORY.scenes, STORY.scenes[0])), 'Two passages are called "Stop".'),
        (with_scene(0, text="late\n\n\nbus"), 'The scene "Stop" has spaces or empty lines too many.'),
        (with_scene(0, text="late "), 'The scene "Stop" has spaces or empty lines too many.'),
        (with_scene(0, text="late\r\nbus"), 'The scene "Stop" holds a hidden character (U+000D).'),
        (with_scene(0, text="[[x]]"), 'The scene "Stop" holds "[[" in its text, which would begin a link.'),
        (with_scene(0, links=(Link("a]]", "Who?"),)), 'The words "a]]" cannot stand in a link: it holds "]]".'),
        (with_scene(0, links=(Link("a][b", "Who?"),)), 'The words "a][b" cannot stand in a link: it holds "][".'),
        (with_scene(0, links=(Link("", "Who?"),)), 'The link "" is empty.'),
        (with_scene(2, name="Home]"), 'The scene "Home]" has a name that no link can hold: it ends with "]".'),
        (with_scene(2, name="a\nb"), 'The scene "a\ufffdb" has a name that is not one plain line.'),
    ],
)
def test_what_no_file_can_hold_is_refused_and_never_written(story: Scenario, message: str) -> None:
    assert message in refusals(story)


def test_a_story_that_would_make_an_oversize_file_is_refused() -> None:
    names = [f"Scene {n}" for n in range(70)]
    scenes = [
        Scene(name, "x" * scenario.MAX_TEXT, (Link("on", to),))
        for name, to in zip(names, [*names[1:], names[0]], strict=True)
    ]
    assert refusals(Scenario("Long", IFID, names[0], tuple(scenes))) == [
        "The story is too long. A file can have 256 KiB."
    ]


# Everything that means something in a header, in a link, in a list or at the start of a line, and some that does not.
TOKENS = (
    "::",
    "[[",
    "]]",
    "][",
    "->",
    "<-",
    "|",
    "[",
    "]",
    "{",
    "}",
    "\\",
    ":",
    ";",
    '"',
    "*",
    "%s",
    "a",
    "B",
    "é",
    " ",
)
AWKWARD = st.lists(st.sampled_from(TOKENS), max_size=6).map("".join)
ANY = AWKWARD | st.lists(AWKWARD | st.just("\t"), max_size=3).map("\n".join) | st.text(max_size=12)
# A busy machine may take its time over an example.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def plain(text: str) -> str:
    """Makes one line of it that may stand anywhere."""
    return trimmed("".join(char for char in " ".join(text.split()) if not twee.hidden(char)))


def words(text: str) -> str:
    """Makes one line of it that may stand in a link: of two marks that would end it, one is taken out."""
    line = plain(text)
    while mark := next((mark for mark in ("[[", "]]", "][") if mark in line), None):
        line = line.replace(mark, mark[0])
    return line or "words"


def name(text: str) -> str:
    """Words that may name a scene."""
    line = words(text)
    while "->" in line:
        line = line.replace("->", ">")
    return trimmed(line.rstrip("] ")) or "name"


LINES = ANY.map(plain)
WORDS = ANY.map(words)
NAMES = ANY.map(name)
TEXTS = st.lists(LINES, min_size=1, max_size=4).map(lambda lines: twee.tidy("\n".join(map(words, lines))))
ITEMS = st.lists(LINES.map(lambda line: line.replace(";", ",") or "item"), max_size=3).map(tuple)


@st.composite
def stories(draw: st.DrawFn) -> Scenario:
    """Draws any story that keeps the rules: every scene leads to the next, some branch, some decide."""
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    scenes = []
    for index, called in enumerate(names):
        decision = draw(st.booleans())
        fewest, most = (3, 5) if decision else (1, 2)
        said = draw(st.lists(WORDS, min_size=fewest, max_size=most, unique_by=alike))
        to = draw(st.lists(st.sampled_from(names), min_size=len(said), max_size=len(said)))
        to[0] = names[(index + 1) % len(names)]
        links = tuple(Link(text, target) for text, target in zip(said, to, strict=True))
        scenes.append(Scene(called, draw(TEXTS), links, stop=draw(st.booleans()), decision=decision))
    return Scenario(
        draw(WORDS),
        str(draw(st.uuids())).upper(),
        draw(st.sampled_from(names)),
        tuple(scenes),
        told_by=draw(LINES),
        setting=draw(LINES),
        characters=draw(ITEMS),
        content_notes=draw(ITEMS),
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


# ---------------------------------------------------------------- the stories that come with the software


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


def test_problems_come_in_the_order_of_the_file() -> None:
    error = StoryProblems([Problem(9, "b"), Problem(2, "z"), Problem(9, "a")])
    assert [(p.line, p.message) for p in error.problems] == [(2, "z"), (9, "a"), (9, "b")]


# ---------------------------------------------------------------- docs/stories.md


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
