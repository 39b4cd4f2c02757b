"""Notes in a text: personal details marked, and words of the trade that lead to what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from forum import details, glossary
from forum.details import CALLED, WHAT_TO_DO, Mark
from forum.glossary import Term
from forum.reading import Reading, measure
from forum.scenario import MAX_TEXT, Scenario
from forum.web.words import gettext as _

# So many details are marked in one story. Somebody could write thousands; whoever reads is told where marking ends.
MOST_MARKS = 300


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
    age is told. Takes a second for the longest story: to be run in a thread.
    """
    texts = [(_("Title"), told.title), (_("Where and when"), told.setting)]
    for scene in told.scenes:
        texts += [
            (scene.name, said) for said in _in_stretches([scene.name, scene.text, *(x.text for x in scene.links)])
        ]
    texts += [(_("Before you read"), note) for note in told.content_notes]
    readings = {scene.name: measure(scene.text) for scene in told.scenes}
    return Annotated(_terms(told), parts(texts, told.characters), readings, _in_paragraphs(told))


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
        if text not in found and left:
            found[text] = details.find(text, told.characters)[:left]
            left -= len(found[text])
    return found


def parts(texts: Iterable[tuple[str, str]], characters: Iterable[str]) -> tuple[Part, ...]:
    """Of these (name, text) those in which something is marked, MOST_MARKS together; the last says what is left."""
    known = tuple(characters)
    found = [(name, text, marks) for name, text in texts if (marks := details.find(text, known))]
    made: list[Part] = []
    left = MOST_MARKS
    for name, text, every in found:
        if not left:
            break
        marks = every[:left]
        left -= len(marks)
        told = dict.fromkeys((m.text, _(CALLED[m.kind]), _(WHAT_TO_DO[m.kind])) for m in marks)
        made.append(Part(name, pieces(text, marks), tuple(told)))
    if more := sum(len(marks) for _name, _text, marks in found) - MOST_MARKS + left:
        made[-1] = replace(made[-1], more=more)
    return tuple(made)


def _terms(told: Scenario) -> tuple[Term, ...]:
    """The words of the trade in a story, each once, by alphabet."""
    found = {one.term.id: one.term for scene in told.scenes for one in glossary.find(scene.text)}
    return tuple(sorted(found.values(), key=lambda term: term.name.casefold()))
