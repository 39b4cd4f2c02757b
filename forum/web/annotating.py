"""Notes in a text: personal details marked, and words of the trade that lead to what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from forum import details, glossary
from forum.details import CALLED, WHAT_TO_DO, Mark
from forum.glossary import Term
from forum.reading import Reading, measure
from forum.scenario import Scenario
from forum.web.words import gettext as _


@dataclass(frozen=True)
class Piece:
    """A piece of a text as it stands: plain, or marked as `mark` (what it looks like, in words), or a `term`."""

    text: str
    mark: str = ""
    term: Term | None = None


@dataclass(frozen=True)
class Part:
    """A part of a story in which something is marked: its name, its text in pieces, and each mark with what to do."""

    name: str
    pieces: tuple[Piece, ...]
    marks: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Annotated:
    """A story with its notes. `parts` are those in which something is marked; `readings` are by the scene's name."""

    characters: tuple[str, ...]
    marking: bool
    terms: tuple[Term, ...]
    parts: tuple[Part, ...] = ()
    readings: dict[str, Reading] | None = None

    def pieces(self, text: str) -> tuple[Piece, ...]:
        """A paragraph in pieces."""
        return pieces(text, details.find(text, self.characters) if self.marking else (), terms=True)

    def in_link(self, text: str) -> tuple[Piece, ...]:
        """The same for words that are a link themselves: no term leads anywhere from there."""
        return pieces(text, details.find(text, self.characters) if self.marking else ())


def pieces(text: str, marks: Sequence[Mark], *, terms: bool = False) -> tuple[Piece, ...]:
    """A text cut at its marks and, each at its first place, at the words of the trade."""
    notes = [(mark.start, mark.end, Piece(mark.text, mark=_(CALLED[mark.kind]))) for mark in marks]
    if terms:
        seen: set[str] = set()
        for found in glossary.find(text):
            free = all(found.end <= start or found.start >= end for start, end, _piece in notes)
            if free and found.term.id not in seen:
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
    return Annotated(told.characters, marking=False, terms=_terms(told))


def for_moderators(told: Scenario) -> Annotated:
    """A story that is to be read before it is public: details are marked, and each scene's reading age is told."""
    texts = [(_("Title"), told.title), (_("Where and when"), told.setting)]
    for scene in told.scenes:
        texts.append((scene.name, "\n".join([scene.name, scene.text, *(link.text for link in scene.links)])))
    texts += [(_("Before you read"), note) for note in told.content_notes]
    readings = {scene.name: measure(scene.text) for scene in told.scenes}
    return Annotated(told.characters, True, _terms(told), parts(texts, told.characters), readings)


def parts(texts: Iterable[tuple[str, str]], characters: Iterable[str]) -> tuple[Part, ...]:
    """Of these (name, text) those in which something is marked."""
    known = tuple(characters)
    found = [(name, text, details.find(text, known)) for name, text in texts]
    return tuple(
        Part(
            name,
            pieces(text, marks),
            tuple(dict.fromkeys((m.text, _(CALLED[m.kind]), _(WHAT_TO_DO[m.kind])) for m in marks)),
        )
        for name, text, marks in found
        if marks
    )


def _terms(told: Scenario) -> tuple[Term, ...]:
    """The words of the trade in a story, each once, by alphabet."""
    found = {one.term.id: one.term for scene in told.scenes for one in glossary.find(scene.text)}
    return tuple(sorted(found.values(), key=lambda term: term.name.casefold()))
