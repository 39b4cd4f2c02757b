"""A story as another tool wrote it, made into one that Forum can play, with a note on everything left out.

A story with a passage tagged "forum" was written for Forum, and its words are taken as they are; in others the story
format's notation is removed (stories/macros/).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from forum.errors import Problem, StoryProblems, filled
from forum.stories import macros, scenario, scenario_twee, twee
from forum.stories.scenario import Link, Scenario, Scene

MAX_NOTES = 200


SCRIPT, STYLESHEET = CODE = ("script", "stylesheet")


# Control characters, halves of surrogate pairs, and invisible characters that turn the reading direction or end lines.
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


# The characters of Windows-1252 at the codes of Unicode's control characters, without U+0085, which ends a line.
_WINDOWS = {
    code: bytes([code]).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in (0x81, 0x85, 0x8D, 0x8F, 0x90, 0x9D)
}


_UUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")


_OURS = uuid.UUID("5f9c5d0e-7f5b-4e0c-9a54-0d0a8f1c2b7e")


@dataclass(frozen=True)
class Part:
    """A passage of the file: `line` is that of its header, `lines` are (line of the file, text)."""

    name: str
    tags: tuple[str, ...]
    line: int
    lines: tuple[tuple[int, str], ...]


@dataclass
class RawStory:
    """A story as read from a file, before it is checked. `line` is where it begins.

    `start` is the name of a passage, "" where the file does not say; `format` is the story format's name.
    """

    line: int
    title: str = ""
    ifid: str = ""
    format: str = ""
    start: str = ""
    parts: list[Part] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def note(self, line: int, sentence: str) -> None:
        """Adds a note on something left out or changed."""
        self.notes.append(Problem(line, sentence))


def adapt(raw: RawStory) -> tuple[Scenario, tuple[Problem, ...]]:
    """Returns the story that Forum can play, and the notes. Raises StoryProblems, with the notes, where there
    is none.
    """
    title = HIDDEN.sub("", " ".join(re.split(r"[\n\r\t\v\f\x85\u2028\u2029]", raw.title.strip()))).strip()
    if title != raw.title.strip():
        raw.note(raw.line, "The title was put on one plain line.")
    about = next((part for part in raw.parts if scenario.FORUM in part.tags), None)
    parts = _passages(raw, about)
    if not parts:
        raise StoryProblems([Problem(raw.line, "There is no scene in this story.")], few(raw.notes))
    names = {part.name for part in parts}
    start = raw.start if raw.start in names else "Start" if "Start" in names else parts[0].name
    if raw.start not in names:
        raw.note(
            raw.line,
            filled('Nothing says where the story starts. It starts at "%(start)s" now.', start=twee.shorten(start)),
        )
    if about is None:
        _general_notes(raw)
    scenes, lines = _scenes(raw, parts, about is None)
    story = Scenario(title, _ifid(raw), start, tuple(scenes))
    lines["title",] = lines["data",] = raw.line
    if about:
        story = _with_details(story, raw, about, lines)
    story, lines = _reached(story, raw, lines)
    if not story.decisions:
        sentence = 'Nobody can vote on this story yet: tag a passage "decision", and give it 3 to 5 links.'
        raw.note(raw.line, sentence)
    notes = few(raw.notes)
    try:
        scenario_twee.validate(story, lines)
    except StoryProblems as error:
        raise StoryProblems(error.problems, notes) from error
    return story, notes


def few(notes: Sequence[Problem]) -> tuple[Problem, ...]:
    """Returns the notes in order, each once; of more than MAX_NOTES the first ones, and how many more there are."""
    each = sorted(set(notes))
    more = len(each) - MAX_NOTES
    if more <= 0:
        return tuple(each)
    last = each[MAX_NOTES - 1].line
    return (*each[:MAX_NOTES], Problem(last, filled("And %(more)s notes more, from here on.", more=f"{more:,}")))


def _general_notes(raw: RawStory) -> None:
    """Notes an unknown story format, and that the file has no passage about the story."""
    if raw.format.casefold().strip() not in macros.FORMATS:
        called = f' "{twee.shorten(raw.format)}"' if raw.format.strip() else ""
        raw.note(
            raw.line,
            filled("The story format%(called)s is not one that Forum knows. Only its text was taken.", called=called),
        )
    sentence = 'No passage is tagged "forum": the file does not say who tells the story and what it may stir up.'
    raw.note(raw.line, sentence)


def _ifid(raw: RawStory) -> str:
    """Returns the story's identity; where it is no UUID, one that is always the same for the same file."""
    said = raw.ifid.strip().upper()
    if _UUID.fullmatch(said):
        if said != raw.ifid:
            raw.note(raw.line, 'The "ifid" was put in capital letters.')
        return said
    raw.note(raw.line, 'The story has no "ifid" that is a UUID. It has a new one now.')
    shape = repr((raw.title, raw.ifid, raw.parts)).encode("utf-8", "replace").decode()
    return str(uuid.uuid5(_OURS, shape)).upper()


def _passages(raw: RawStory, about: Part | None) -> list[Part]:
    """Returns the passages that can be scenes, each name once."""
    kept: dict[str, Part] = {}
    for part in raw.parts:
        called = f'"{twee.shorten(part.name)}"'
        code = [tag for tag in CODE if tag in part.tags]
        name = HIDDEN.sub("", part.name).strip()
        if code:
            raw.note(
                part.line,
                filled(
                    'The passage %(called)s was left out: it is tagged "%(code)s", and a story holds no code.',
                    called=called,
                    code=code[0],
                ),
            )
        elif scenario.FORUM in part.tags:
            if part is not about:
                raw.note(
                    part.line,
                    filled(
                        'The passage %(called)s was left out: another one is tagged "forum" already.', called=called
                    ),
                )
        elif not name:
            raw.note(part.line, "A passage without a name was left out.")
        elif name in kept:
            sentence = filled(
                "The passage %(called)s was left out: the one on line %(line)s has the same name.",
                called=called,
                line=kept[name].line,
            )
            raw.note(part.line, sentence)
        else:
            kept[name] = replace(part, name=name)
    return list(kept.values())


def _tags(raw: RawStory, part: Part) -> set[str]:
    known = set()
    for tag in dict.fromkeys(part.tags):
        plain = tag.casefold()
        if plain not in {scenario.DECISION, scenario.STOP}:
            raw.note(
                part.line,
                filled('The tag "%(tag)s" was left out: Forum knows "decision" and "stop".', tag=twee.shorten(tag)),
            )
        elif plain != tag:
            raw.note(
                part.line, filled('The tag "%(tag)s" was read as "%(plain)s".', tag=twee.shorten(tag), plain=plain)
            )
        known.add(plain)
    return known


def _scenes(
    raw: RawStory, parts: Sequence[Part], foreign: bool
) -> tuple[list[Scene], dict[tuple[str | int, ...], int]]:
    names = {part.name for part in parts}
    lines: dict[tuple[str | int, ...], int] = {}
    scenes: list[Scene] = []
    for index, part in enumerate(parts):
        lines["scene", index] = part.line
        tags = _tags(raw, part)
        text: list[str] = []
        links: list[Link] = []
        for number, said in _words(raw, part, foreign):
            rest, ways, faults = twee.take_links(said)
            text.append(rest)
            for fault in faults:
                raw.note(number, fault)
            for words, to in ways:
                if to in names:
                    lines["link", index, len(links)] = number
                    links.append(Link(words, to))
                else:
                    what = filled(
                        'The link "%(words)s" was left out: no passage is called "%(to)s".',
                        words=twee.shorten(words),
                        to=twee.shorten(to),
                    )
                    raw.note(number, what)
        plain = twee.tidy("\n".join(text))
        scenes.append(Scene(part.name, plain, tuple(links), scenario.STOP in tags, scenario.DECISION in tags))
    return scenes, lines


def _words(raw: RawStory, part: Part, foreign: bool) -> list[tuple[int, str]]:
    """Returns a passage's lines with their numbers, without hidden characters and, if foreign, the format's
    notation.
    """
    clean: list[tuple[int, str]] = []
    for number, whole in part.lines:
        if len(pieces := twee.lines_of(whole)) > 1:
            raw.note(number, "A line break of another kind than a newline was read as a new line.")
        for said in pieces:
            seen = said.translate(_WINDOWS)
            if seen != said:
                raw.note(
                    number, "Characters of Windows-1252 were read as the quotation marks or accents they stand for."
                )
            if hidden := HIDDEN.search(seen):
                value = f"{ord(hidden[0]):04X}"
                raw.note(number, filled("A hidden character (U+%(value)s) was left out.", value=value))
            clean.append((number, HIDDEN.sub("", seen)))
    if not foreign:
        return clean
    words, left = macros.plain([said for _, said in clean], raw.format)
    for at, sentence in left:
        raw.note(clean[at][0], sentence)
    return [(number, said) for (number, _), said in zip(clean, words, strict=True) if said is not None]


def _with_details(story: Scenario, raw: RawStory, about: Part, lines: dict[tuple[str | int, ...], int]) -> Scenario:
    body = tuple(said for _, said in _words(raw, about, foreign=False))
    first = about.lines[0][0] if about.lines else about.line + 1
    details, faults = scenario_twee.read_details(twee.Passage(about.name, (), first - 1, body), lines)
    raw.notes += [
        replace(fault, message=filled("%(message)s It was left out.", message=fault.message)) for fault in faults
    ]
    return replace(
        story,
        told_by=details.get(scenario.TOLD_BY, ""),
        setting=details.get(scenario.SETTING, ""),
        characters=scenario_twee.items(details.get(scenario.CHARACTERS, "")),
        content_notes=scenario_twee.items(details.get(scenario.CONTENT_NOTES, "")),
    )


def _reached(
    story: Scenario, raw: RawStory, lines: dict[tuple[str | int, ...], int]
) -> tuple[Scenario, dict[tuple[str | int, ...], int]]:
    """Returns the story without the scenes that the start does not lead to, and the lines of its remaining parts."""
    reached = {scene.name for scene in scenario.outline(story)}
    kept: list[Scene] = []
    moved = {where: line for where, line in lines.items() if where[0] not in {"scene", "link"}}
    for index, scene in enumerate(story.scenes):
        if scene.name not in reached:
            sentence = filled(
                'The passage "%(name)s" was left out: no way from the start leads to it.', name=twee.shorten(scene.name)
            )
            raw.note(lines["scene", index], sentence)
            continue
        moved["scene", len(kept)] = lines["scene", index]
        for number in range(len(scene.links)):
            moved["link", len(kept), number] = lines["link", index, number]
        kept.append(scene)
    return replace(story, scenes=tuple(kept)), moved
