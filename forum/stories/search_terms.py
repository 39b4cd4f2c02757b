"""Full-text search of stories: tokens, queries, and the passages that match.

Both databases index and look for the tokens made here, and nothing else. So "cafe" finds "Café" on either, and no typed
text can be an operator of a database's query language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import msgspec

from forum.stories.scenario import Scenario
from forum.stories.submission import Submission
from forum.stories.visible_text import without_unseen

MAX_TYPED = 200
MAX_TERMS = 12
MAX_TOKEN = 60
# The length from which a word also finds longer words that begin with it: "ed" must not find "education".
PREFIX_FROM = 3

_CHUNK = re.compile(r'["“”]([^"“”]*)["“”]|([^\s"“”]+)')
_SPREAD = 200
# Invisible characters inside a word: soft hyphen, joiners, marks of direction, variation selectors. Not the zero width
# space, which separates words in scripts that are written without spaces.
_INSIDE_SIGNS = "\u00ad\u034f\u061c\u180b-\u180f\u200c-\u200f\u2060\ufe00-\ufe0f\ufeff"
_INSIDE = re.compile(f"[{_INSIDE_SIGNS}]")


class Term(msgspec.Struct, frozen=True):
    """A thing that a text must contain: any of `alternatives`, each a row of tokens that stand together.

    With `prefix` the last token of a row may be the beginning of a word. A single token has its singular and plural as
    alternatives.
    """

    alternatives: tuple[tuple[str, ...], ...]
    prefix: bool


class Query(msgspec.Struct, frozen=True):
    """A search: a text must match every term. `left_out` is True where more was typed than is searched for."""

    terms: tuple[Term, ...] = ()
    left_out: bool = False

    def __bool__(self) -> bool:
        return bool(self.terms)


class Piece(msgspec.Struct, frozen=True):
    """A piece of a text; `hit` is True where it matches the query."""

    text: str
    hit: bool


class Word(msgspec.Struct, frozen=True):
    """A word of a text: its place in characters, and its token."""

    start: int
    end: int
    token: str


def words(text: str) -> Iterator[Word]:
    """Yields the words of a text: letters and digits; an apostrophe inside a word belongs to it."""
    for match in _word().finditer(text.replace("_", " ")):
        token = _fold(match[0])
        if token:
            yield Word(match.start(), match.end(), token)


def tokens(text: str) -> list[str]:
    """Returns the tokens under which a text is indexed: its words without case, accents and apostrophes."""
    return [word.token for word in words(text)]


def read(typed: str) -> Query:
    """Returns the query for any typed text; never raises.

    All words must occur. Words in double quotes, or without a space between them ("A&E"), must stand together.
    """
    terms: dict[Term, None] = {}
    for match in _CHUNK.finditer(typed[:MAX_TYPED]):
        said = match[1] if match[1] is not None else match[2]
        if together := tuple(tokens(said)):
            terms[_term(together, tuple(tokens(_INSIDE.sub(" ", said))))] = None
    return Query(tuple(terms)[:MAX_TERMS], len(typed) > MAX_TYPED or len(terms) > MAX_TERMS)


def text_of(story: Scenario) -> list[str]:
    """Returns the texts of a story besides title and setting: scene by scene, its characters, and its content notes."""
    texts: list[str] = []
    for scene in story.scenes:
        texts += [scene.name, *scene.text.split("\n\n"), *(link.text for link in scene.links)]
    return [*texts, *story.characters, *story.content_notes]


def marked(text: str, query: Query) -> tuple[Piece, ...]:
    """Returns a whole text in pieces, with those that match the query marked."""
    return _pieces(text, 0, len(text), [hit for hit, _ in _hits(text, query)])


def excerpt(texts: Iterable[str], query: Query) -> tuple[Piece, ...]:
    """Returns about 200 characters round the place that matches most terms of a query; () where nothing matches."""
    best: tuple[int, str, list[tuple[tuple[int, int], int]]] = (0, "", [])
    for text in texts:
        hits = _hits(text, query)
        answered = len({term for _, term in hits})
        if answered > best[0]:
            best = (answered, text, hits)
        if answered == len(query.terms):
            break
    answered, text, hits = best
    if not answered:
        return ()
    # The first hit with the most different terms near it.
    start = max((hit for hit, _ in hits), key=lambda hit: _answered_near(hit[0], hits))[0]
    begin, end = _window(text, start)
    pieces = _pieces(text, begin, end, [hit for hit, _ in hits if begin <= hit[0] and hit[1] <= end])
    before = (Piece("… ", False),) if begin else ()
    after = (Piece(" …", False),) if end < len(text) else ()
    return (*before, *pieces, *after)


def opening(text: str) -> tuple[Piece, ...]:
    """Returns the first 200 characters or so of a text, unmarked; () for an empty text."""
    begin, end = _window(text, 0)
    return (Piece(text[begin:end], False), *((Piece(" …", False),) if end < len(text) else ())) if text else ()


@cache
def _word() -> re.Pattern[str]:
    # Combining marks are not in \w, but belong to words; re has no class for them.
    marks = "".join(chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code))[0] == "M")
    in_word = rf"[\w{marks}{_INSIDE_SIGNS}]+"
    return re.compile(rf"{in_word}(?:['’]{in_word})*")


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower().replace("'", "")[:MAX_TOKEN]
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", without_unseen(word)).casefold())
    return "".join(sign for sign in plain if sign.isalnum() or unicodedata.category(sign) == "Mc")[:MAX_TOKEN]


def _term(together: tuple[str, ...], apart: tuple[str, ...]) -> Term:
    """Returns the term for tokens that stand together.

    `apart` are the tokens when the text is split at joiners and soft hyphens, as texts were indexed by earlier
    versions.
    """
    prefix = len(together[-1]) >= PREFIX_FROM
    rows = [together] if len(together) > 1 else [(form,) for form in _forms(together[0])]
    return Term(tuple(dict.fromkeys([*rows, apart] if apart else rows)), prefix)


def _forms(word: str) -> Iterator[str]:
    """Yields a word, its singular where it looks like a plural, and its plural where a prefix search would not
    find it.
    """
    yield word
    if not word.isascii() or not word.isalpha():
        return
    if len(word) < PREFIX_FROM:
        if len(word) > 1:
            yield word + "s"
    elif word.endswith("ies") and len(word) > 4:
        yield word[:-3] + "y"
    elif word.endswith(("ches", "shes", "sses", "xes")):
        yield word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > PREFIX_FROM:
        yield word[:-1]
    elif word.endswith("y"):
        yield word[:-1] + "ies"


def _hits(text: str, query: Query) -> list[tuple[tuple[int, int], int]]:
    """Returns the matches of a query in a text, in order: (start, end), and the index of the term."""
    there = list(words(text)) if query else []
    fits: dict[str, bool] = {}
    firsts = [alternative for term in query.terms for alternative in term.alternatives]
    hits: list[tuple[tuple[int, int], int]] = []
    for at, word in enumerate(there):
        if word.token not in fits:
            fits[word.token] = any(word.token.startswith(row[0]) for row in firsts)
        if not fits[word.token]:
            continue
        for number, term in enumerate(query.terms):
            rows = [row for row in term.alternatives if _stands(there[at : at + len(row)], row, term.prefix)]
            if rows:
                hits.append(((word.start, there[at + max(map(len, rows)) - 1].end), number))
    return hits


def _stands(there: Sequence[Word], row: Sequence[str], prefix: bool) -> bool:
    if len(there) < len(row):
        return False
    last = there[-1].token
    return all(word.token == token for word, token in zip(there, row[:-1], strict=False)) and (
        last == row[-1] or (prefix and last.startswith(row[-1]))
    )


def _answered_near(start: int, hits: Sequence[tuple[tuple[int, int], int]]) -> int:
    return len({term for (at, _), term in hits if start <= at < start + _SPREAD * 2 // 3})


def _window(text: str, start: int) -> tuple[int, int]:
    """Returns the bounds of about _SPREAD characters round a place, cut between words where possible."""
    begin = max(0, min(start - _SPREAD // 3, len(text) - _SPREAD))
    end = min(len(text), begin + _SPREAD)
    if begin:
        space = re.compile(r"\s+").search(text, begin, start)
        begin = space.end() if space else begin
    if end < len(text):
        space_before = max(text.rfind(" ", start + 1, end), text.rfind("\n", start + 1, end))
        end = space_before if space_before > start else end
    return begin, end


def _pieces(text: str, begin: int, end: int, hits: Iterable[tuple[int, int]]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    at = begin
    for start, stop in sorted(hits):
        if stop <= at:
            continue
        if start > at:
            pieces.append(Piece(text[at:start], False))
        pieces.append(Piece(text[max(start, at) : stop], True))
        at = stop
    if at < end:
        pieces.append(Piece(text[at:end], False))
    return tuple(pieces)


class Wanted(msgspec.Struct, frozen=True):
    """A search in the library; empty fields are ignored, and a story must match all others.

    `words` may occur anywhere in a story, `setting` in its place and time; `stage` is one of commission.STAGES, `group`
    the label of the group that tells it; `note` is a content note that it has, `without` one that it must not have.
    """

    words: Query = msgspec.field(default_factory=Query)
    setting: Query = msgspec.field(default_factory=Query)
    stage: str = ""
    group: str = ""
    note: str = ""
    without: str = ""


class Shelf(msgspec.Struct, frozen=True):
    """A page of found stories, of `total` in all. `told_by` maps each story's id to its group's label, "" for none."""

    stories: tuple[Submission, ...]
    total: int
    told_by: dict[str, str]


class Offered(msgspec.Struct, frozen=True):
    """The values that library stories can be filtered by: groups' labels and content notes, the most common first."""

    groups: tuple[str, ...]
    notes: tuple[str, ...]
