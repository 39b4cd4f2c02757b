"""A scenario as a .twee file: read, written, and checked for everything that a file can hold.

`parse` reads and `write` writes Twee 3, one story a file (docs/stories.md shows one). A scenario that passes `validate`
can be written and reads back the same. Whatever `parse` returns can be written.
"""

from __future__ import annotations

import json

from forum.errors import Problem, StoryProblems, filled
from forum.stories import story_file, twee
from forum.stories.scenario import (
    ABOUT,
    CHARACTERS,
    CONTENT_NOTES,
    DECISION,
    DETAILS,
    FORUM,
    SETTING,
    STOP,
    TOLD_BY,
    Link,
    Scenario,
    Scene,
)
from forum.stories.scenario_rules import NOWHERE, Lines, problems_of, unseen_problems

# The story format in which Twine opens a story. Forum's stories use nothing of it: any format would do.
TWINE = {"format": "Harlowe", "format-version": "3.3.9"}


TAG_COLOURS = {DECISION: "orange", FORUM: "blue", STOP: "red"}


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
    unsure = {index for index, scene_text in enumerate(file.scenes) if not scene_text.sure}
    problems += problems_of(story, lines, title=bool(file.title), identity=bool(file.ifid), unsure=unsure)
    _refuse(problems + unseen_problems(story, lines) if new else problems)
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
    _refuse(problems_of(scenario, lines) + unseen_problems(scenario, lines))
    _refuse(_size_problems(scenario, lines.get(("title",), 0)))


def _size_problems(story: Scenario, line: int) -> list[Problem]:
    if len(_render(story).encode()) <= twee.MAX_BYTES:
        return []
    return [Problem(line, filled("The story is too long. A file can have %(most)s KiB.", most=twee.MAX_BYTES // 1024))]


def write(scenario: Scenario) -> str:
    """Returns the story as a .twee file in canonical form; `parse` reads the same scenario back.

    Raises StoryProblems where a file cannot hold it.
    """
    _refuse(problems_of(scenario, NOWHERE))
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
