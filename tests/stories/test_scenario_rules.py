"""The rules of a scenario: each broken file or story is refused, with every problem in it and its line."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.example_stories import GOOD, IFID, STORY

from forum.errors import Problem, StoryProblems
from forum.stories import scenario, scenario_twee, twee
from forum.stories.scenario import Link, Scenario, Scene

DATA = Path(__file__).parents[1] / "data" / "twee"
KEYS = '"told by", "setting", "characters", "content notes"'


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


def test_problems_come_in_the_order_of_the_file() -> None:
    error = StoryProblems([Problem(9, "b"), Problem(2, "z"), Problem(9, "a")])
    assert [(p.line, p.message) for p in error.problems] == [(2, "z"), (9, "a"), (9, "b")]
