"""Story texts in marked pieces: personal details to look at, and terms of the field that lead to their meaning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from forum.adapters.long_texts import apart
from forum.adapters.work_process import Aside
from forum.ports.long_work import long
from forum.stories import glossary, personal_details
from forum.stories.glossary import Term
from forum.stories.personal_details import CALLED, WHAT_TO_DO, Mark
from forum.stories.reading_age import Reading, measure
from forum.stories.scenario import MAX_TEXT, Scenario
from forum.web.i18n.gettext import gettext as _

# Details marked in one story. Somebody could write thousands; the page says where marking ends.
MOST_MARKS = 300
# Names of the texts that are not scenes.
_TITLE, _SETTING, _NOTE = range(3)

Name = TypeVar("Name", bound=str | int)
Marked = tuple[Name, str, tuple[Mark, ...]]


class Piece(msgspec.Struct, frozen=True):
    """A piece of a text: plain, or marked with `mark` (the kind of detail, in words), or a `term`."""

    text: str
    mark: str = ""
    term: Term | None = None


@dataclass(frozen=True)
class Part:
    """A part of a story in which something is marked: its name, its text in pieces, and each mark with what to do.

    `more` counts the places that are not marked, from the last of `marks` to the end of the story; 0 for none.
    """

    name: str
    pieces: tuple[Piece, ...]
    marks: tuple[tuple[str, str, str], ...]
    more: int = 0


class Annotated(msgspec.Struct, frozen=True):
    """A story with its marks. `parts` are those in which something is marked; `readings` are by the scene's name;
    `marks` are by the paragraph, or the words of a link."""

    terms: tuple[Term, ...]
    parts: tuple[Part, ...] = ()
    readings: dict[str, Reading] | None = None
    marks: Mapping[str, Sequence[Mark]] = msgspec.field(default_factory=dict)

    def pieces(self, text: str) -> tuple[Piece, ...]:
        """Returns a paragraph in pieces."""
        return pieces(text, self.marks.get(text, ()), terms=True)

    def in_link(self, text: str) -> tuple[Piece, ...]:
        """Returns the words of a link in pieces, without terms, as a link cannot hold another link."""
        return pieces(text, self.marks.get(text, ()))


def pieces(text: str, marks: Sequence[Mark], *, terms: bool = False) -> tuple[Piece, ...]:
    """Cuts a text at its marks and, with `terms`, at the first place of each term of the field."""
    notes = [(mark.start, mark.end, Piece(mark.text, mark=_(CALLED[mark.kind]))) for mark in marks]
    if terms:
        seen: set[str] = set()
        for place in glossary.find(text):
            if place.term.id in seen:
                continue
            if all(place.end <= start or place.start >= end for start, end, _piece in notes):
                seen.add(place.term.id)
                notes.append((place.start, place.end, Piece(text[place.start : place.end], term=place.term)))
    cut: list[Piece] = []
    at = 0
    for start, end, piece in sorted(notes, key=lambda note: note[0]):
        cut += [Piece(text[at:start])] if start > at else []
        cut.append(piece)
        at = end
    return (*cut, Piece(text[at:])) if at < len(text) else tuple(cut)


def for_readers(scenario: Scenario) -> Annotated:
    """Returns a public story with its terms, to be explained."""
    return Annotated(_terms(scenario))


def for_moderators(scenario: Scenario) -> Annotated:
    """Returns a story for moderators: details marked, at most MOST_MARKS of them, and the reading age of each scene."""
    return _worded(look_through(scenario))


async def looked_through(where: Aside, scenario: Scenario) -> Annotated:
    """Returns a story of any length as `for_moderators` does; a long one is searched in a process
    (`long_texts.apart`)."""
    length = sum(len(scene.text) + sum(len(link.text) for link in scene.links) for scene in scenario.scenes)
    return await long(_worded, await apart(where, length, look_through, scenario))


class Found(msgspec.Struct, frozen=True):
    """Marks and terms found in a story, not worded in any language yet.

    `texts` and `more` are as `_marked` returns them; a text's name is its scene's, or _TITLE, _SETTING or _NOTE.
    """

    terms: tuple[Term, ...]
    texts: tuple[Marked[str | int], ...]
    more: int
    readings: dict[str, Reading]
    marks: Mapping[str, Sequence[Mark]]


def look_through(scenario: Scenario) -> Found:
    """Finds the details, terms and reading ages of a story; takes half a second for the longest one."""
    texts: list[tuple[str | int, str]] = [(_TITLE, scenario.title), (_SETTING, scenario.setting)]
    for scene in scenario.scenes:
        texts += [
            (scene.name, said) for said in _in_stretches([scene.name, scene.text, *(x.text for x in scene.links)])
        ]
    texts += [(_NOTE, note) for note in scenario.content_notes]
    readings = {scene.name: measure(scene.text) for scene in scenario.scenes}
    return Found(_terms(scenario), *_marked(texts, scenario.characters), readings, _in_paragraphs(scenario))


def _worded(found: Found) -> Annotated:
    names = {_TITLE: _("Title"), _SETTING: _("Where and when"), _NOTE: _("Before you read")}
    texts = [(name if isinstance(name, str) else names[name], text, marks) for name, text, marks in found.texts]
    return Annotated(found.terms, _parts(texts, found.more), found.readings, found.marks)


def _in_stretches(texts: Sequence[str]) -> Iterator[str]:
    """Yields the texts, each on a line, in stretches not much longer than a scene, as one search cannot be
    interrupted."""
    stretch: list[str] = []
    for text in texts:
        stretch.append(text)
        if sum(map(len, stretch)) > MAX_TEXT:
            yield "\n".join(stretch)
            stretch = []
    if stretch:
        yield "\n".join(stretch)


def _in_paragraphs(scenario: Scenario) -> dict[str, Sequence[Mark]]:
    """Returns the marks of each paragraph and link, at most MOST_MARKS together."""
    by_paragraph: dict[str, Sequence[Mark]] = {}
    left = MOST_MARKS
    for text in (
        said for scene in scenario.scenes for said in (*scene.text.split("\n\n"), *(x.text for x in scene.links))
    ):
        if text not in by_paragraph and left and (marks := personal_details.find(text, scenario.characters)[:left]):
            by_paragraph[text] = marks
            left -= len(marks)
    return by_paragraph


def parts(texts: Iterable[tuple[str, str]], characters: Iterable[str]) -> tuple[Part, ...]:
    """Returns the parts of these (name, text) in which something is marked, at most MOST_MARKS; the last has `more`."""
    marks, more = _marked(texts, characters)
    return _parts(marks, more)


def _marked(texts: Iterable[tuple[Name, str]], characters: Iterable[str]) -> tuple[tuple[Marked[Name], ...], int]:
    """Returns those of these (name, text) in which something is marked, with their marks, at most MOST_MARKS
    together; and the number of further marks."""
    known = tuple(characters)
    marked: list[Marked[Name]] = []
    left, there = MOST_MARKS, 0
    for name, text in texts:
        marks = personal_details.find(text, known)
        there += len(marks)
        if marks and left:
            marked.append((name, text, marks[:left]))
            left -= len(marks[:left])
    return tuple(marked), there - MOST_MARKS + left


def _parts(marked: Iterable[Marked[str]], more: int) -> tuple[Part, ...]:
    made: list[Part] = []
    for name, text, marks in marked:
        advice = dict.fromkeys((m.text, _(CALLED[m.kind]), _(WHAT_TO_DO[m.kind])) for m in marks)
        made.append(Part(name, pieces(text, marks), tuple(advice)))
    if more:
        made[-1] = replace(made[-1], more=more)
    return tuple(made)


def _terms(scenario: Scenario) -> tuple[Term, ...]:
    """Returns the terms of the field in a story, each once, in alphabetical order."""
    terms = {place.term.id: place.term for scene in scenario.scenes for place in glossary.find(scene.text)}
    return tuple(sorted(terms.values(), key=lambda term: term.name.casefold()))
