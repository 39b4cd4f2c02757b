"""Scenarios: stories with scenes, stop points, decision points and responses, and every rule about them.

`parse` reads and `write` writes Twee 3, one story a file (docs/stories.md shows one). `validate` checks the rules: a
scenario that passes can be written and reads back the same. Whatever `parse` returns can be written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from forum.errors import Problem, StoryProblems, filled
from forum.stories import story_file, twee
from forum.stories.visible_text import alike, seen

MAX_TITLE = 120
MAX_NAME = 100
MAX_TEXT = 4000
MAX_QUESTION = 400
MAX_RESPONSE = 200
MAX_DETAIL = 200
MAX_DETAILS = 20
MIN_RESPONSES, MAX_RESPONSES = 3, 5

DECISION, STOP, FORUM = TAGS = ("decision", "stop", "forum")
ABOUT = "About this story"
RESERVED = (story_file.TITLE, story_file.DATA, ABOUT)
# The keys of the metadata in the order they are written; the last two are lists, split at ";".
TOLD_BY, SETTING, CHARACTERS, CONTENT_NOTES = DETAILS = ("told by", "setting", "characters", "content notes")
# The story format in which Twine opens a story. Forum's stories use nothing of it: any format would do.
TWINE = {"format": "Harlowe", "format-version": "3.3.9"}
TAG_COLOURS = {DECISION: "orange", FORUM: "blue", STOP: "red"}

_IFID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")

# The line of each part of a story, by keys as ("title",), ("data",), ("scene", 0), ("link", 0, 2), ("setting",).
# A part without a line counts as on line 0: the story did not come from a file.
Lines: TypeAlias = Mapping[tuple[str | int, ...], int]
NOWHERE: Lines = MappingProxyType({})


@dataclass(frozen=True)
class Link:
    """A way on from a scene: the words shown, and the name of the scene it leads to.

    In a decision scene a link is a response: one thing somebody could do, and what people vote on.
    """

    text: str
    to: str


@dataclass(frozen=True)
class Scene:
    """A played passage. `text` is plain text without links, paragraphs separated by an empty line.

    `stop` marks a stop point: a place where the action may be stopped. `decision` marks a decision point: its text is
    the question, its links are the 3 to 5 responses.
    """

    name: str
    text: str
    links: tuple[Link, ...] = ()
    stop: bool = False
    decision: bool = False


@dataclass(frozen=True)
class Scenario:
    """A whole story. `ifid` is its Twine identity (upper-case UUID); `start` names the first scene.

    `told_by` is the label of the group that tells it; `setting` is where and when; `characters` are as written.
    """

    title: str
    ifid: str
    start: str
    scenes: tuple[Scene, ...]
    told_by: str = ""
    setting: str = ""
    characters: tuple[str, ...] = ()
    content_notes: tuple[str, ...] = ()

    def scene(self, name: str) -> Scene | None:
        """Returns the scene of this name, or None."""
        return next((s for s in self.scenes if s.name == name), None)

    @property
    def decisions(self) -> tuple[Scene, ...]:
        """The decision points, in story order."""
        return tuple(s for s in outline(self) if s.decision)


def outline(scenario: Scenario) -> tuple[Scene, ...]:
    """Returns the scenes reachable from the start, each once: nearest first, links in their order (breadth first).

    So all ways out of a decision stand together, before the scenes that follow them: the facilitator's running order.
    """
    by_name = {scene.name: scene for scene in reversed(scenario.scenes)}
    order: dict[str, Scene] = {}
    ahead = [scenario.start]
    for name in ahead:  # grows while we walk
        if name in by_name and name not in order:
            order[name] = by_name[name]
            ahead += [link.to for link in by_name[name].links]
    return tuple(order.values())


def parse(source: bytes | str, *, new: bool = False) -> Scenario:
    """Returns the story in a .twee file. Raises StoryProblems with every problem found, each with its 1-based line.

    `new` stories must pass all of `validate`. Stored ones may be older than the rules about visible words, which are
    then not applied.
    """
    file, problems = story_file.read_story(source, FORUM)
    lines: dict[tuple[str | int, ...], int] = {}
    scenes: list[Scene] = []
    for index, scene_text in enumerate(file.scenes):
        lines["scene", index] = scene_text.line
        lines.update({("link", index, number): line for number, (_, _, line) in enumerate(scene_text.links)})
        for tag in dict.fromkeys(scene_text.tags):
            if tag not in (DECISION, STOP):
                message = filled(
                    'The tag "%(tag)s" is not known. A scene can be tagged "decision" or "stop".', tag=twee.shorten(tag)
                )
                problems.append(Problem(scene_text.line, message))
        links = tuple(Link(words, to) for words, to, _ in scene_text.links)
        scenes.append(
            Scene(scene_text.name, scene_text.text, links, STOP in scene_text.tags, DECISION in scene_text.tags)
        )
    details: dict[str, str] = {}
    if file.about:
        details, faults = read_details(file.about, lines)
        problems += faults
    for key, said in (("title", file.title), ("data", file.ifid)):
        lines[key,] = said.line if said else 1
    story = Scenario(
        file.title.text if file.title else "",
        file.ifid.text if file.ifid else "",
        file.start.text if file.start else "",
        tuple(scenes),
        told_by=details.get(TOLD_BY, ""),
        setting=details.get(SETTING, ""),
        characters=items(details.get(CHARACTERS, "")),
        content_notes=items(details.get(CONTENT_NOTES, "")),
    )
    problems += _title_problems(story, lines) if file.title else []
    problems += _identity_problems(story, lines) if file.ifid else []
    unsure = {index for index, scene_text in enumerate(file.scenes) if not scene_text.sure}
    problems += _detail_problems(story, lines) + _scene_problems(story, lines, unsure)
    _refuse(problems + _unseen_problems(story, lines) if new else problems)
    _refuse(_size_problems(story, 1))
    return story


def read_details(
    passage: twee.Passage, lines: dict[tuple[str | int, ...], int]
) -> tuple[dict[str, str], list[Problem]]:
    """Returns the facts about a story by key, and the problems in them. Adds the line of each fact to `lines`."""
    details: dict[str, str] = {}
    problems: list[Problem] = []
    known = ", ".join(f'"{key}"' for key in DETAILS)
    for number, line in enumerate(passage.body, start=passage.line + 1):
        if not line.strip():
            continue
        said, colon, value = line.partition(":")
        key = " ".join(said.split()).casefold()
        if not colon:
            problems.append(Problem(number, 'Write "key: value" here, one on each line.'))
        elif key not in DETAILS:
            problems.append(
                Problem(
                    number,
                    filled('"%(said)s" is not known. Use %(known)s.', said=twee.shorten(said.strip()), known=known),
                )
            )
        elif key in details:
            problems.append(
                Problem(number, filled('"%(key)s" was given before, on line %(lines)s.', key=key, lines=lines[key,]))
            )
        else:
            details[key] = value.strip()
            lines[key,] = number
    return details, problems


def items(value: str) -> tuple[str, ...]:
    """Returns the items of a list among the facts, separated by ";"."""
    return tuple(item.strip() for item in value.split(";") if item.strip())


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise StoryProblems(problems)


def validate(scenario: Scenario, lines: Lines = NOWHERE) -> None:
    """Raises StoryProblems for a scenario that no file can hold, or that breaks a rule of docs/stories.md.

    `lines` gives the line of its parts; a problem in any other part is on line 0.
    """
    _refuse(_problems(scenario, lines) + _unseen_problems(scenario, lines))
    _refuse(_size_problems(scenario, lines.get(("title",), 0)))


def _problems(story: Scenario, lines: Lines) -> list[Problem]:
    problems = _title_problems(story, lines) + _identity_problems(story, lines)
    return problems + _detail_problems(story, lines) + _scene_problems(story, lines, set())


def _unseen_problems(story: Scenario, lines: Lines) -> list[Problem]:
    """Returns the problems of texts without any visible character, and of responses that look the same."""
    parts: list[tuple[tuple[str | int, ...], str]] = [(("title",), story.title)]
    parts += [((TOLD_BY,), story.told_by), ((SETTING,), story.setting)]
    parts += [((CHARACTERS,), one) for one in story.characters]
    parts += [((CONTENT_NOTES,), one) for one in story.content_notes]
    twice: list[Problem] = []
    for index, scene in enumerate(story.scenes):
        parts += [(("scene", index), scene.name), (("scene", index), scene.text)]
        said: dict[str, str] = {}
        for number, link in enumerate(scene.links):
            at = ("link", index, number)
            parts.append((at, link.text))
            other = said.setdefault(alike(link.text), link.text)
            if scene.decision and other.casefold() != link.text.casefold():
                words = twee.shorten(link.text)
                twice.append(Problem(lines.get(at, 0), filled('The response "%(text)s" is there twice.', text=words)))
    unseen = [lines.get(at, 0) for at, text in parts if text.strip() and not seen(text)]
    sentence = "There are characters here, but none that anybody can see. Write words."
    return [*twice, *(Problem(at, sentence) for at in unseen)]


def _title_problems(story: Scenario, lines: Lines) -> list[Problem]:
    at = lines.get(("title",), 0)
    return [Problem(at, filled("The title %(fault)s.", fault=fault)) for fault in _faults(story.title, MAX_TITLE)]


def _identity_problems(story: Scenario, lines: Lines) -> list[Problem]:
    at = lines.get(("data",), 0)
    problems = []
    if not _IFID.fullmatch(story.ifid):
        problems.append(Problem(at, 'The "ifid" must be a UUID in capital letters. Twine makes one for each story.'))
    if all(scene.name != story.start for scene in story.scenes):
        problems.append(
            Problem(
                at,
                filled('The story starts at "%(start)s", but no scene has this name.', start=twee.shorten(story.start)),
            )
        )
    return problems


def _detail_problems(story: Scenario, lines: Lines) -> list[Problem]:
    problems = []
    for key, value in ((TOLD_BY, story.told_by), (SETTING, story.setting)):
        if value:
            problems += [
                Problem(lines.get((key,), 0), filled('"%(key)s" %(fault)s.', key=key, fault=f))
                for f in _faults(value, MAX_DETAIL)
            ]
    for key, values in ((CHARACTERS, story.characters), (CONTENT_NOTES, story.content_notes)):
        at = lines.get((key,), 0)
        if len(values) > MAX_DETAILS:
            problems.append(Problem(at, filled('"%(key)s" lists more than %(most)s.', key=key, most=MAX_DETAILS)))
        for value in values:
            faults = [
                *_faults(value, MAX_DETAIL),
                *([filled('holds ";", which ends an item')] if ";" in value else []),
            ]
            problems += [
                Problem(
                    at, filled('"%(value)s" in "%(key)s" %(fault)s.', value=twee.shorten(value), key=key, fault=fault)
                )
                for fault in faults
            ]
    return problems


def _scene_problems(story: Scenario, lines: Lines, unsure: set[int]) -> list[Problem]:
    """Returns the problems of scenes and links. `unsure` are the scenes in which not every link could be read."""
    problems: list[Problem] = []
    first: dict[str, int] = {}
    names = {scene.name for scene in story.scenes}
    reached = {scene.name for scene in outline(story)}
    for index, scene in enumerate(story.scenes):
        at, called = lines.get(("scene", index), 0), filled('The scene "%(name)s"', name=twee.shorten(scene.name))
        problems += [
            Problem(at, filled("%(called)s %(fault)s.", called=called, fault=fault))
            for fault in _own_faults(scene, index in unsure)
        ]
        if scene.name in first:
            other = lines.get(("scene", first[scene.name]))
            where = filled(" The other is on line %(other)s.", other=other) if other else ""
            problems.append(
                Problem(
                    at,
                    filled('Two passages are called "%(name)s".%(where)s', name=twee.shorten(scene.name), where=where),
                )
            )
        elif story.start in names and scene.name not in reached:
            problems.append(
                Problem(at, filled("%(called)s cannot be reached: no link from the start leads to it.", called=called))
            )
        first.setdefault(scene.name, index)
        said: set[str] = set()
        for number, link in enumerate(scene.links):
            on = lines.get(("link", index, number), 0)
            problems += [Problem(on, message) for message in _link_faults(link, names)]
            if scene.decision and link.text.casefold() in said:
                problems.append(
                    Problem(on, filled('The response "%(text)s" is there twice.', text=twee.shorten(link.text)))
                )
            if scene.decision and is_none_of_these(link.text):
                problems.append(Problem(on, '"None of these" is offered with every vote: leave it out here.'))
            said.add(link.text.casefold())
    return problems


def is_none_of_these(words: str) -> bool:
    """Returns whether a response says "none of these", which every vote offers anyway."""
    return words.casefold().strip(" .") == "none of these"


def _own_faults(scene: Scene, unsure: bool) -> Iterator[str]:
    for fault in _faults(scene.name, MAX_NAME):
        yield filled("has a name that %(fault)s", fault=fault)
    if unlinkable := twee.link_fault(scene.name, target=True):
        yield filled("has a name that no link can hold: %(why)s", why=unlinkable)
    if scene.name in RESERVED:
        yield filled("has a name that is kept for something else")
    if not scene.text:
        yield filled("has no words")
    most, what = (MAX_QUESTION, filled("question")) if scene.decision else (MAX_TEXT, filled("text"))
    if len(scene.text) > most:
        yield filled(
            "is too long: its %(what)s has %(length)s characters, and %(most)s is the most",
            what=what,
            length=len(scene.text),
            most=most,
        )
    if code := twee.hidden(scene.text):
        yield filled("holds a hidden character (%(code)s)", code=code)
    if twee.tidy(scene.text) != scene.text:
        yield filled("has spaces or empty lines too many")
    if "[[" in scene.text:
        yield filled('holds "[[" in its text, which would begin a link')
    if scene.decision and not unsure and not MIN_RESPONSES <= len(scene.links) <= MAX_RESPONSES:
        yield filled(
            "is a decision with %(length)s responses; it needs %(least)s to %(most)s",
            length=len(scene.links),
            least=MIN_RESPONSES,
            most=MAX_RESPONSES,
        )


def _link_faults(link: Link, names: set[str]) -> Iterator[str]:
    for fault in _faults(link.text, MAX_RESPONSE):
        yield filled('The link "%(text)s" %(fault)s.', text=twee.shorten(link.text), fault=fault)
    if unlinkable := twee.link_fault(link.text):
        yield filled(
            'The words "%(text)s" cannot stand in a link: %(why)s.', text=twee.shorten(link.text), why=unlinkable
        )
    if link.to not in names:
        words, to = twee.shorten(link.text), twee.shorten(link.to)
        yield filled('The link "%(words)s" leads to "%(to)s", but no scene has this name.', words=words, to=to)


def _faults(text: str, most: int) -> Iterator[str]:
    """Yields the reasons why `text` is not one good line of at most `most` characters."""
    if not text.strip():
        yield filled("is empty")
    elif text != text.strip():
        yield filled("has spaces at its ends")
    if len(text) > most:
        yield filled("is longer than %(most)s characters", most=most)
    if "\n" in text or "\t" in text:
        yield filled("is not one plain line")
    elif code := twee.hidden(text):
        yield filled("holds a hidden character (%(code)s)", code=code)


def _size_problems(story: Scenario, line: int) -> list[Problem]:
    if len(_render(story).encode()) <= twee.MAX_BYTES:
        return []
    return [Problem(line, filled("The story is too long. A file can have %(most)s KiB.", most=twee.MAX_BYTES // 1024))]


def write(scenario: Scenario) -> str:
    """Returns the story as a .twee file in canonical form; `parse` reads the same scenario back.

    Raises StoryProblems where a file cannot hold it.
    """
    _refuse(_problems(scenario, NOWHERE))
    _refuse(_size_problems(scenario, 0))
    return _render(scenario)


def _render(story: Scenario) -> str:
    data = {"ifid": story.ifid, **TWINE, "start": story.start, "tag-colors": TAG_COLOURS, "zoom": 1}
    values = (story.told_by, story.setting, "; ".join(story.characters), "; ".join(story.content_notes))
    about = [f"{key}: {value}" for key, value in zip(DETAILS, values, strict=True) if value]
    parts = [
        twee.write_passage(story_file.TITLE, (), [story.title]),
        twee.write_passage(story_file.DATA, (), json.dumps(data, ensure_ascii=False, indent=2).split("\n")),
        twee.write_passage(ABOUT, (FORUM,), about),
    ]
    for scene in story.scenes:
        tags = [tag for tag, there in ((DECISION, scene.decision), (STOP, scene.stop)) if there]
        links = [twee.write_link(link.text, link.to) for link in scene.links]
        parts.append(twee.write_passage(scene.name, tags, [*scene.text.split("\n"), *([""] if links else []), *links]))
    return "\n".join(parts)
