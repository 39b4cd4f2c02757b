"""A .twee file read as one story: which passage is the title, the data, the metadata or a scene. Nothing is validated
yet.

twee.py knows the notation of passages, scenario.py the rules of a story.
"""

from __future__ import annotations

import json
from collections import Counter

import msgspec

from forum.errors import Problem, filled
from forum.stories import twee

# The most characters of StoryData; Twine writes some hundred. Parsing JSON holds the interpreter.
_MOST_DATA = 64 * 1024
TITLE, DATA = "StoryTitle", "StoryData"

_DATA_TYPES: dict[str, type | tuple[type, ...]] = {
    "format": str,
    "format-version": str,
    "start": str,
    "tag-colors": dict,
    "zoom": (int, float),
}


class Said(msgspec.Struct, frozen=True):
    """A text in the file, with its 1-based line."""

    text: str
    line: int


class SceneText(msgspec.Struct, frozen=True):
    """A passage that is part of the story: its plain text, and its links as (words, scene, line).

    `sure` is False where not every link in it could be read.
    """

    name: str
    tags: tuple[str, ...]
    line: int
    text: str
    links: tuple[tuple[str, str, int], ...]
    sure: bool


class StoryFile(msgspec.Struct, frozen=True):
    """The parts of a file, not yet validated; a missing part is None.

    `ifid` and `start` are from StoryData ("" where they are missing or no text; `start` is "Start" where it is missing,
    as the specification says). `about` is the passage with the tag that the caller named.
    """

    title: Said | None
    ifid: Said | None
    start: Said | None
    about: twee.Passage | None
    scenes: tuple[SceneText, ...]


def read_story(source: bytes | str, about: str) -> tuple[StoryFile, list[Problem]]:
    """Returns the parts of a story file, and every problem of its form.

    The passage tagged `about` holds the metadata. Raises StoryProblems where `twee.decode` does.
    """
    passages, problems = twee.read(twee.decode(source))
    special: dict[str, twee.Passage] = {}
    scenes: list[SceneText] = []
    for passage in passages:
        code = [tag for tag in ("script", "stylesheet") if tag in passage.tags]
        kind = passage.name if passage.name in (TITLE, DATA) else about if about in passage.tags else ""
        called = (
            filled("%(kind)s passage", kind=kind)
            if kind in (TITLE, DATA)
            else filled('passage tagged "%(kind)s"', kind=kind)
        )
        if code:
            message = filled('A story holds no code. Take out the passage tagged "%(code)s".', code=code[0])
            problems.append(Problem(passage.line, message))
        elif kind in special:
            message = filled(
                "There is a second %(called)s. The first is on line %(line)s.", called=called, line=special[kind].line
            )
            problems.append(Problem(passage.line, message))
        elif kind:
            special[kind] = passage
            if set(passage.tags) - {about}:
                problems.append(Problem(passage.line, filled("The %(called)s can have no other tags.", called=called)))
        else:
            scene, faults = _scene_text(passage)
            scenes.append(scene)
            problems += faults
    for kind in (TITLE, DATA, about):
        if kind not in special:
            called = (
                filled("%(kind)s passage", kind=kind)
                if kind in (TITLE, DATA)
                else filled('passage tagged "%(kind)s"', kind=kind)
            )
            problems.append(Problem(1, filled("There is no %(called)s.", called=called)))
    title = ifid = start = None
    if TITLE in special:
        at, said = (
            special[TITLE].line,
            [part.strip() for line in special[TITLE].body for part in twee.lines_of(line) if part.strip()],
        )
        title = Said(" ".join(said), at)
        if len(said) > 1:
            problems.append(Problem(at, "The title must be one line."))
    if DATA in special:
        at = special[DATA].line
        data, faults = story_data(special[DATA])
        problems += faults
        if data is not None:
            ifid, start = (
                Said(value if isinstance(value, str) else "", at)
                for value in (data.get("ifid"), data.get("start", "Start"))
            )
    return StoryFile(title, ifid, start, special.get(about), tuple(scenes)), problems


def _scene_text(passage: twee.Passage) -> tuple[SceneText, list[Problem]]:
    text: list[str] = []
    links: list[tuple[str, str, int]] = []
    problems: list[Problem] = []
    lines = [
        (number, part)
        for number, line in enumerate(passage.body, start=passage.line + 1)
        for part in twee.lines_of(line)
    ]
    for number, line in lines:
        rest, in_line, faults = twee.take_links(line)
        text.append(rest)
        links += [(words, to, number) for words, to in in_line]
        problems += [Problem(number, fault) for fault in faults]
    plain = twee.tidy("\n".join(text))
    return SceneText(passage.name, passage.tags, passage.line, plain, tuple(links), not problems), problems


def story_data(passage: twee.Passage) -> tuple[dict[str, object] | None, list[Problem]]:
    """Returns the JSON object of StoryData, None where it cannot be read, and the problems in it."""
    twice: list[str] = []

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        keys = [key for key, _ in pairs]
        twice.extend(key for key, times in Counter(keys).items() if times > 1)
        return dict(pairs)

    said = "\n".join(passage.body).rstrip()
    if len(said) > _MOST_DATA:
        return None, [Problem(passage.line, "StoryData is not JSON that can be read.")]
    try:
        data = json.loads(said, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        return None, [Problem(passage.line + error.lineno, "StoryData is not JSON: it goes wrong here.")]
    except (ValueError, RecursionError):
        return None, [Problem(passage.line, "StoryData is not JSON that can be read.")]
    if not isinstance(data, dict):
        return None, [Problem(passage.line, "StoryData is not a JSON object. It has to stand in { }.")]
    messages = [filled('StoryData says "%(key)s" twice.', key=twee.shorten(key)) for key in twice]
    messages += [
        filled('The "%(key)s" in StoryData is not what Twine would write.', key=key)
        for key, kind in _DATA_TYPES.items()
        if key in data and not isinstance(data[key], kind)
    ]
    return data, [Problem(passage.line, message) for message in messages]
