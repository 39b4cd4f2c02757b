"""Conversion of a draft into a story, and back.

`sketch` makes a story of an unfinished draft, for its picture, its findings and a trial play. `compose` makes the story
that is sent, or says which fields lack what. `draft_of` opens a story for writing; `compose` turns its draft back into
the same story.

A response without a target leads to one last scene, in which the room talks about the vote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from forum.errors import BadInput, FormErrors, StoryProblems
from forum.stories import scenario, scenario_twee, twee
from forum.stories.draft import NO, PERMISSIONS, YES, Card, Draft, Way
from forum.stories.scenario import Link, Scenario, Scene
from forum.stories.visible_text import trimmed

HAPPENED, QUESTION, AFTER = "What happened", "What should happen now?", "After the vote"
AFTER_TEXT = """The room has voted. Talk about it.

What would be different now? For whom? What would it take to do this every time?"""
NAMELESS = "Scene %(number)s"
_NOWHERE = "Choose where this way leads to."
_GONE = "The scene that this led to is not there any more. Choose another."
# Line breaks other than a newline: vertical tab, form feed, next line, line separator, paragraph separator.
_BREAKS = re.compile("[\v\f\x85\u2028\u2029]")


class Sketch(msgspec.Struct, frozen=True):
    """A story as far as it is written. `names` maps the id of each card to its scene's name."""

    story: Scenario
    names: Mapping[str, str]

    def card_of(self, name: str) -> str:
        """Returns the id of the card that became the scene of this name; "" for the scene after the vote."""
        return next((card for card, own in self.names.items() if own == name), "")


def sketch(draft: Draft, ifid: str = "", told_by: str = "") -> Sketch:
    """Returns the story as far as it is written; it need not pass `scenario_twee.validate`."""
    taken: set[str] = set()
    names: dict[str, str] = {}
    for number, card in enumerate(draft.cards, 1):
        plain = " ".join(clean(card.name).split())
        own = QUESTION if card.decision else HAPPENED if number == 1 else NAMELESS
        names[card.id] = _free(plain or own % {"number": number}, taken)
    after = _free(AFTER, taken)
    scenes = [_scene(card, names, after) for card in draft.cards]
    if any(link.to == after for scene in scenes for link in scene.links):
        scenes.append(Scene(after, AFTER_TEXT))
    first = draft.first
    story = Scenario(
        " ".join(clean(draft.title).split()),
        ifid,
        names[first.id] if first else "",
        tuple(scenes),
        told_by=told_by,
        setting=" ".join(clean(draft.setting).split()),
        characters=items(draft.characters),
        content_notes=items(draft.notes),
    )
    return Sketch(story, names)


def clean(text: str) -> str:
    """Returns tidy text without the hidden characters that copying from a chat brings along; "" where nothing is
    visible.
    """
    return trimmed(twee.tidy(twee.without_hidden(_BREAKS.sub("\n", text))))


def items(text: str) -> tuple[str, ...]:
    """Returns the items of a list as typed, separated by new lines or ";"."""
    return tuple(item for part in clean(text).replace(";", "\n").split("\n") if (item := trimmed(part)))


def _free(name: str, taken: set[str]) -> str:
    """Returns `name`, or `name (2)` and so on where it is taken, and adds the result to `taken`."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    taken.add(free)
    return free


def _scene(card: Card, names: Mapping[str, str], after: str) -> Scene:
    links = [_link(way, names, after if card.decision else "") for way in card.ways]
    kept = tuple(link for link in links if link.text or (link.to and not card.decision))
    return Scene(names[card.id], clean(card.text), kept, bool(card.stop), bool(card.decision))


def _link(way: Way, names: Mapping[str, str], otherwise: str) -> Link:
    return Link(" ".join(clean(way.text).split()), names.get(way.to, "") if way.to else otherwise)


def compose(draft: Draft, ifid: str, told_by: str = "") -> Scenario:
    """Returns the story that is sent.

    Raises FormErrors with one sentence for each field that is missing or wrong, by its path in the draft.
    """
    errors: dict[str, BadInput] = {}
    if not draft.group:
        _note(errors, "group", BadInput('Choose your group, or "I prefer not to say".'))
    for permission in PERMISSIONS:
        if getattr(draft, permission) not in (YES, NO):
            _note(errors, permission, BadInput("Say yes or no."))
    if not draft.cards:
        _note(errors, "cards", BadInput("Tell what happened: a story needs at least one scene."))
    for card in draft.cards:
        for way in card.ways:
            if way.to and draft.card(way.to) is None:
                _note(errors, f"{card.id}/{way.id}.to", BadInput(_GONE))
            elif not way.to and clean(way.text) and not card.decision:
                _note(errors, f"{card.id}/{way.id}.to", BadInput(_NOWHERE))
    made = sketch(draft, ifid, told_by).story
    paths, lines = _places(draft, made)
    if draft.cards:
        try:
            scenario_twee.validate(made, lines)
        except StoryProblems as problems:
            for problem in problems.problems:
                path = paths.get(problem.line, "cards")
                _note(errors, path, BadInput(problem.message))
    if errors:
        raise FormErrors(errors)
    return made


def _note(errors: dict[str, BadInput], path: str, error: BadInput) -> None:
    """Records an error for a field; the first one of a field is kept."""
    error.field = path
    errors.setdefault(path, error)


def _places(draft: Draft, made: Scenario) -> tuple[dict[int, str], dict[tuple[str | int, ...], int]]:
    """Returns the path of the field of each part of a story by its number, and the numbers as lines of the parts.

    `scenario_twee.validate` takes these as the lines of a file, so that its problems lead back to the fields.
    """
    paths: dict[int, str] = {}
    lines: dict[tuple[str | int, ...], int] = {}

    def stands(part: tuple[str | int, ...], path: str) -> None:
        lines[part] = len(lines) + 1
        paths[lines[part]] = path

    stands(("title",), "title")
    for key, name in ((scenario.SETTING, "setting"), (scenario.CHARACTERS, "characters")):
        stands((key,), name)
    stands((scenario.CONTENT_NOTES,), "notes")
    for index, card in enumerate(draft.cards):
        stands(("scene", index), f"{card.id}.text")
        there = [way for way in card.ways if clean(way.text) or (way.to and not card.decision)]
        for number, way in enumerate(there):
            stands(("link", index, number), f"{card.id}/{way.id}.text")
    return paths, lines


def draft_of(story: Scenario, *, group: str = "", may: tuple[bool, bool, bool] | None = None) -> Draft:
    """Returns a story opened for writing; `group` and `may` (perform, publish, quote) are its writer's earlier
    answers.
    """
    ids = {scene.name: f"c{number}" for number, scene in enumerate(story.scenes, 1)}
    cards = tuple(
        Card(
            ids[scene.name],
            scene.name,
            scene.text,
            YES if scene.stop else "",
            YES if scene.decision else "",
            tuple(Way(f"w{number}", link.text, ids.get(link.to, "")) for number, link in enumerate(scene.links, 1)),
        )
        for scene in story.scenes
    )
    perform, publish, quote = (YES if allowed else NO for allowed in may) if may else ("", "", "")
    return Draft(
        title=story.title,
        setting=story.setting,
        characters="\n".join(story.characters),
        notes="\n".join(story.content_notes),
        group=group,
        may_perform=perform,
        may_publish=publish,
        may_quote=quote,
        start="" if cards and story.start == story.scenes[0].name else ids.get(story.start, ""),
        cards=cards,
    )
