"""The paths of a story as a numbered list, and the problems a reader could meet on them.

Both take a story finished or not: links may lead nowhere, and scenes may be unreachable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

import msgspec

from forum.stories import scenario
from forum.stories.scenario import Scenario, Scene

MOST_SCENES, MOST_WAYS = 60, 150  # a picture with more would be unreadable


class Way(msgspec.Struct, frozen=True):
    """A way on: its words, the name of the scene it leads to, and that scene's number (0 where it does not exist)."""

    words: str
    to: str
    number: int


class Place(msgspec.Struct, frozen=True):
    """A scene with its number in the list and in the picture of paths; the start has number 1."""

    number: int
    scene: Scene
    ways: tuple[Way, ...]
    start: bool
    reached: bool

    @property
    def ending(self) -> bool:
        """True where no way leads on from here."""
        return not any(way.number for way in self.ways)


class FindingKind(StrEnum):
    """Kinds of a finding."""

    NO_START = "no start"
    NO_DECISION = "no decision"
    DEAD_END = "dead end"
    CIRCLE = "circle"
    UNREACHABLE = "unreachable"
    MISSING_RESPONSES = "missing responses"
    TOO_MANY_RESPONSES = "too many responses"
    LEADS_NOWHERE = "leads nowhere"


class Finding(msgspec.Struct, frozen=True):
    """A problem a reader could meet: a sentence (%-template and gettext message id) with the values that fill it.

    `scene` is the scene's name. A story can be played if none of its findings is `serious`.
    """

    kind: FindingKind
    scene: str
    message: str
    values: Mapping[str, object]
    serious: bool


def places(story: Scenario) -> tuple[Place, ...]:
    """Returns every scene with its ways on: first those reachable from the start, nearest first, then the others."""
    reached = scenario.outline(story)
    there = {id(scene) for scene in reached}
    every = [*reached, *(scene for scene in story.scenes if id(scene) not in there)]
    numbers: dict[str, int] = {}
    for number, scene in enumerate(every, start=1):
        numbers.setdefault(scene.name, number)
    return tuple(
        Place(
            number,
            scene,
            tuple(Way(link.text, link.to, numbers.get(link.to, 0)) for link in scene.links),
            start=number == 1 and bool(reached),
            reached=number <= len(reached),
        )
        for number, scene in enumerate(every, start=1)
    )


# ---------------------------------------------------------------- findings


def findings(story: Scenario) -> tuple[Finding, ...]:
    """Returns dead ends, circles, unreachable scenes and missing responses, in the order of `places`."""
    problems = list(_story_findings(story))
    every = places(story)
    homeward = _that_can_end(every)
    for place in every:
        problems += _place_findings(place, place.number in homeward)
    return tuple(problems)


def _story_findings(story: Scenario) -> Iterator[Finding]:
    if not any(scene.name == story.start for scene in story.scenes):
        sentence = 'The story starts at "%(scene)s", but there is no such scene.'
        yield Finding(FindingKind.NO_START, story.start, sentence, {"scene": story.start}, True)
    elif not story.decisions:
        sentence = "Nobody can vote on this story: no scene that can be reached is a decision point."
        yield Finding(FindingKind.NO_DECISION, "", sentence, {}, False)


def _place_findings(place: Place, can_end: bool) -> Iterator[Finding]:
    scene, name = place.scene, place.scene.name
    least, most, there = scenario.MIN_RESPONSES, scenario.MAX_RESPONSES, len(place.ways)
    if not place.reached:
        sentence = 'No way leads to "%(scene)s". Nobody would ever see it.'
        yield Finding(FindingKind.UNREACHABLE, name, sentence, {"scene": name}, True)
    if place.ending and not scene.decision:
        sentence = 'From "%(scene)s" there is no way on: the story ends there.'
        yield Finding(FindingKind.DEAD_END, name, sentence, {"scene": name}, False)
    elif place.reached and not can_end and not place.ending:
        sentence = 'From "%(scene)s" people go round in a circle: no way from there leads to an ending.'
        yield Finding(FindingKind.CIRCLE, name, sentence, {"scene": name}, False)
    if scene.decision and there < least:
        sentence = 'The vote at "%(scene)s" has %(there)s responses. It needs %(least)s to %(most)s.'
        if not there:
            sentence = 'From "%(scene)s" there is no way on: the vote has no responses. It needs %(least)s to %(most)s.'
        values = {"scene": name, "there": there, "least": least, "most": most}
        yield Finding(FindingKind.MISSING_RESPONSES, name, sentence, values, True)
    elif scene.decision and there > most:
        sentence = 'The vote at "%(scene)s" has %(there)s responses. It can have %(most)s.'
        yield Finding(
            FindingKind.TOO_MANY_RESPONSES, name, sentence, {"scene": name, "there": there, "most": most}, True
        )
    for way in place.ways:
        if not way.number:
            sentence = '"%(words)s", at "%(scene)s", leads to "%(to)s", but there is no such scene.'
            values = {"words": way.words, "scene": name, "to": way.to}
            yield Finding(FindingKind.LEADS_NOWHERE, name, sentence, values, True)


def _that_can_end(every: Sequence[Place]) -> set[int]:
    """Returns the numbers of all places from which some way leads to an ending."""
    before: dict[int, list[int]] = {place.number: [] for place in every}
    for place in every:
        for way in place.ways:
            if way.number:
                before[way.number].append(place.number)
    ahead = [place.number for place in every if place.ending]
    can = set(ahead)
    while ahead:
        for number in before[ahead.pop()]:
            if number not in can:
                can.add(number)
                ahead.append(number)
    return can
