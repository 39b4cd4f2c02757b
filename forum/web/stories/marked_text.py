"""Notes in a text: personal details marked, and words of the trade that lead to what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from forum.adapters.long_texts import apart
from forum.adapters.work_process import Aside
from forum.ports.long_work import long
from forum.stories import glossary, personal_details
from forum.stories.glossary import Term
from forum.stories.personal_details import CALLED, WHAT_TO_DO, Mark
from forum.stories.reading_age import Reading, measure
from forum.stories.scenario import MAX_TEXT, Scenario
from forum.web.i18n.gettext import gettext as _

# So many details are marked in one story. Somebody could write thousands; whoever reads is told where marking ends.
MOST_MARKS = 300
# What a text is that is no scene.
_TITLE, _SETTING, _NOTE = range(3)

Name = TypeVar("Name", bound=str | int)
Marked = tuple[Name, str, tuple[Mark, ...]]


@dataclass(frozen=True)
class Piece:
    """A piece of a text as it stands: plain, or marked as `mark` (what it looks like, in words), or a `term`."""

    text: str
    mark: str = ""
    term: Term | None = None


@dataclass(frozen=True)
class Part:
    """A part of a story in which something is marked: its name, its text in pieces, and each mark with what to do.

    `more` are the places that are not marked, from the last of `marks` to the end of the story; 0 for none.
    """

    name: str
    pieces: tuple[Piece, ...]
    marks: tuple[tuple[str, str, str], ...]
    more: int = 0


@dataclass(frozen=True)
class Annotated:
    """A story with its notes. `parts` are those in which something is marked; `readings` are by the scene's name;
    `marks` are by the paragraph, or the words of a link.
    """

    terms: tuple[Term, ...]
    parts: tuple[Part, ...] = ()
    readings: dict[str, Reading] | None = None
    marks: Mapping[str, Sequence[Mark]] = field(default_factory=dict)

    def pieces(self, text: str) -> tuple[Piece, ...]:
        """A paragraph in pieces."""
        return pieces(text, self.marks.get(text, ()), terms=True)

    def in_link(self, text: str) -> tuple[Piece, ...]:
        """The same for words that are a link themselves: no term leads anywhere from there."""
        return pieces(text, self.marks.get(text, ()))


def pieces(text: str, marks: Sequence[Mark], *, terms: bool = False) -> tuple[Piece, ...]:
    """A text cut at its marks and, each at its first place, at the words of the trade."""
    notes = [(mark.start, mark.end, Piece(mark.text, mark=_(CALLED[mark.kind]))) for mark in marks]
    if terms:
        seen: set[str] = set()
        for found in glossary.find(text):
            if found.term.id in seen:
                continue
            if all(found.end <= start or found.start >= end for start, end, _piece in notes):
                seen.add(found.term.id)
                notes.append((found.start, found.end, Piece(text[found.start : found.end], term=found.term)))
    cut: list[Piece] = []
    at = 0
    for start, end, piece in sorted(notes, key=lambda note: note[0]):
        cut += [Piece(text[at:start])] if start > at else []
        cut.append(piece)
        at = end
    return (*cut, Piece(text[at:])) if at < len(text) else tuple(cut)


def for_readers(told: Scenario) -> Annotated:
    """A public story: words of the trade are explained."""
    return Annotated(_terms(told))


def for_moderators(told: Scenario) -> Annotated:
    """A story that is to be read before it is public: details are marked, MOST_MARKS at most, and each scene's reading
    age is told.
    """
    return _worded(look_through(told))


async def looked_through(where: Aside, told: Scenario) -> Annotated:
    """The same for a story of any length: a long one is looked through in a process (`longtexts.apart`)."""
    length = sum(len(scene.text) + sum(len(link.text) for link in scene.links) for scene in told.scenes)
    return await long(_worded, await apart(where, length, look_through, told))


@dataclass(frozen=True)
class Found:
    """What stands in a story, in nobody's language: `texts` and `more` as `_marked` gives them; a text's name is its
    scene's, or _TITLE, _SETTING or _NOTE.
    """

    terms: tuple[Term, ...]
    texts: tuple[Marked[str | int], ...]
    more: int
    readings: dict[str, Reading]
    marks: Mapping[str, Sequence[Mark]]


def look_through(told: Scenario) -> Found:
    """Looks for all of it; takes half a second for the longest story."""
    texts: list[tuple[str | int, str]] = [(_TITLE, told.title), (_SETTING, told.setting)]
    for scene in told.scenes:
        texts += [
            (scene.name, said) for said in _in_stretches([scene.name, scene.text, *(x.text for x in scene.links)])
        ]
    texts += [(_NOTE, note) for note in told.content_notes]
    readings = {scene.name: measure(scene.text) for scene in told.scenes}
    return Found(_terms(told), *_marked(texts, told.characters), readings, _in_paragraphs(told))


def _worded(found: Found) -> Annotated:
    names = {_TITLE: _("Title"), _SETTING: _("Where and when"), _NOTE: _("Before you read")}
    texts = [(name if isinstance(name, str) else names[name], text, marks) for name, text, marks in found.texts]
    return Annotated(found.terms, _parts(texts, found.more), found.readings, found.marks)


def _in_stretches(texts: Sequence[str]) -> Iterator[str]:
    """The texts, each on a line, in stretches not much longer than a scene: a search stops for nobody."""
    stretch: list[str] = []
    for text in texts:
        stretch.append(text)
        if sum(map(len, stretch)) > MAX_TEXT:
            yield "\n".join(stretch)
            stretch = []
    if stretch:
        yield "\n".join(stretch)


def _in_paragraphs(told: Scenario) -> dict[str, Sequence[Mark]]:
    """The marks of each paragraph and link, until there are MOST_MARKS."""
    found: dict[str, Sequence[Mark]] = {}
    left = MOST_MARKS
    for text in (said for scene in told.scenes for said in (*scene.text.split("\n\n"), *(x.text for x in scene.links))):
        if text not in found and left and (marks := personal_details.find(text, told.characters)[:left]):
            found[text] = marks
            left -= len(marks)
    return found


def parts(texts: Iterable[tuple[str, str]], characters: Iterable[str]) -> tuple[Part, ...]:
    """Of these (name, text) those in which something is marked, MOST_MARKS together; the last says what is left."""
    found, more = _marked(texts, characters)
    return _parts(found, more)


def _marked(texts: Iterable[tuple[Name, str]], characters: Iterable[str]) -> tuple[tuple[Marked[Name], ...], int]:
    """Of these (name, text) those in which something is marked, with their marks, MOST_MARKS together; and how many
    marks there are besides.
    """
    known = tuple(characters)
    found: list[Marked[Name]] = []
    left, there = MOST_MARKS, 0
    for name, text in texts:
        marks = personal_details.find(text, known)
        there += len(marks)
        if marks and left:
            found.append((name, text, marks[:left]))
            left -= len(marks[:left])
    return tuple(found), there - MOST_MARKS + left


def _parts(found: Iterable[Marked[str]], more: int) -> tuple[Part, ...]:
    made: list[Part] = []
    for name, text, marks in found:
        told = dict.fromkeys((m.text, _(CALLED[m.kind]), _(WHAT_TO_DO[m.kind])) for m in marks)
        made.append(Part(name, pieces(text, marks), tuple(told)))
    if more:
        made[-1] = replace(made[-1], more=more)
    return tuple(made)


def _terms(told: Scenario) -> tuple[Term, ...]:
    """The words of the trade in a story, each once, by alphabet."""
    found = {one.term.id: one.term for scene in told.scenes for one in glossary.find(scene.text)}
    return tuple(sorted(found.values(), key=lambda term: term.name.casefold()))
