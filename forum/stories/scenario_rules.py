"""The rules of a scenario, part by part (docs/stories.md): each problem with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from types import MappingProxyType
from typing import TypeAlias

from forum.errors import Problem, filled
from forum.stories import twee
from forum.stories.scenario import (
    CHARACTERS,
    CONTENT_NOTES,
    MAX_DETAIL,
    MAX_DETAILS,
    MAX_NAME,
    MAX_QUESTION,
    MAX_RESPONSE,
    MAX_RESPONSES,
    MAX_TEXT,
    MAX_TITLE,
    MIN_RESPONSES,
    RESERVED,
    SETTING,
    TOLD_BY,
    Link,
    Scenario,
    Scene,
    outline,
)
from forum.stories.visible_text import alike, seen

_IFID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")


# The line of each part of a story, by keys as ("title",), ("data",), ("scene", 0), ("link", 0, 2), ("setting",).
# A part without a line counts as on line 0: the story did not come from a file.
Lines: TypeAlias = Mapping[tuple[str | int, ...], int]


NOWHERE: Lines = MappingProxyType({})


def problems_of(
    story: Scenario, lines: Lines, *, title: bool = True, identity: bool = True, unsure: Set[int] = frozenset()
) -> list[Problem]:
    """Returns the problems of every part of a story, in story order.

    Without `title` or `identity` that part is not looked at, as its own problem is known already. `unsure` are the
    numbers of the scenes in which not every link could be read.
    """
    problems = _title_problems(story, lines) if title else []
    problems += _identity_problems(story, lines) if identity else []
    return problems + _detail_problems(story, lines) + _scene_problems(story, lines, unsure)


def unseen_problems(story: Scenario, lines: Lines) -> list[Problem]:
    """Returns the problems of texts without any visible character, and of responses that look the same."""
    parts: list[tuple[tuple[str | int, ...], str]] = [(("title",), story.title)]
    parts += [((TOLD_BY,), story.told_by), ((SETTING,), story.setting)]
    parts += [((CHARACTERS,), item) for item in story.characters]
    parts += [((CONTENT_NOTES,), item) for item in story.content_notes]
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


def _scene_problems(story: Scenario, lines: Lines, unsure: Set[int]) -> list[Problem]:
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
