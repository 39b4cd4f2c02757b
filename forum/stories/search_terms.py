"""Finding stories by words: what somebody asks for, and where a text answers it.

Both databases index and are asked for the tokens made here, and nothing else. So "cafe" finds "Café" on either, and
nothing that a person types can be an operator of the database's own query language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from forum.stories.scenario import Scenario
from forum.stories.submission import Submission
from forum.stories.visible_text import without_unseen

MAX_TYPED = 200
MAX_TERMS = 12
MAX_TOKEN = 60
# From this many letters on a word also finds the words that begin with it: "ed" must not find "education".
PREFIX_FROM = 3

_CHUNK = re.compile(r'["“”]([^"“”]*)["“”]|([^\s"“”]+)')
_SPREAD = 200
# What stands inside a word unseen: soft hyphen, joiners, marks of direction, variation selectors. Not the zero width
# space, which parts the words of scripts that are written without spaces.
_INSIDE_SIGNS = "\u00ad\u034f\u061c\u180b-\u180f\u200c-\u200f\u2060\ufe00-\ufe0f\ufeff"
_INSIDE = re.compile(f"[{_INSIDE_SIGNS}]")


@dataclass(frozen=True)
class Term:
    """One thing that a text must hold: any of `alternatives`, each a row of tokens that stand together.

    `prefix`: the last token of a row may go on. One token has its singular and its plural as alternatives.
    """

    alternatives: tuple[tuple[str, ...], ...]
    prefix: bool


@dataclass(frozen=True)
class Query:
    """What somebody asks for: a text must answer every term. `left_out`: more was typed than is looked for."""

    terms: tuple[Term, ...] = ()
    left_out: bool = False

    def __bool__(self) -> bool:
        return bool(self.terms)


@dataclass(frozen=True)
class Piece:
    """A piece of a text; `hit` where it answers the query."""

    text: str
    hit: bool


@dataclass(frozen=True)
class Found:
    """One word of a text: where it stands (characters), and its token."""

    start: int
    end: int
    token: str


def words(text: str) -> Iterator[Found]:
    """The words of a text: letters and digits, with an apostrophe inside a word belonging to it."""
    for match in _word().finditer(text.replace("_", " ")):
        token = _fold(match[0])
        if token:
            yield Found(match.start(), match.end(), token)


def tokens(text: str) -> list[str]:
    """A text as it is indexed: words without case, accents and apostrophes."""
    return [word.token for word in words(text)]


def read(typed: str) -> Query:
    """What somebody typed, whatever it is; never raises.

    Words all have to be there; words in double quotes, or without a space between them ("A&E"), stand together.
    """
    terms: dict[Term, None] = {}
    for match in _CHUNK.finditer(typed[:MAX_TYPED]):
        said = match[1] if match[1] is not None else match[2]
        if together := tuple(tokens(said)):
            terms[_term(together, tuple(tokens(_INSIDE.sub(" ", said))))] = None
    return Query(tuple(terms)[:MAX_TERMS], len(typed) > MAX_TYPED or len(terms) > MAX_TERMS)


def text_of(story: Scenario) -> list[str]:
    """What a story says beside its title and setting: scene by scene, who is in it, and its content notes."""
    texts: list[str] = []
    for scene in story.scenes:
        texts += [scene.name, *scene.text.split("\n\n"), *(link.text for link in scene.links)]
    return [*texts, *story.characters, *story.content_notes]


def marked(text: str, query: Query) -> tuple[Piece, ...]:
    """A whole text in pieces, those that answer the query marked."""
    return _pieces(text, 0, len(text), [hit for hit, _ in _hits(text, query)])


def excerpt(texts: Iterable[str], query: Query) -> tuple[Piece, ...]:
    """The place that answers most of a query in its surroundings, about 200 characters; () where nothing does."""
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
    # Of all places the first one whose surroundings answer the most.
    start = max((hit for hit, _ in hits), key=lambda hit: _answered_near(hit[0], hits))[0]
    begin, end = _window(text, start)
    pieces = _pieces(text, begin, end, [hit for hit, _ in hits if begin <= hit[0] and hit[1] <= end])
    before = (Piece("… ", False),) if begin else ()
    after = (Piece(" …", False),) if end < len(text) else ()
    return (*before, *pieces, *after)


def opening(text: str) -> tuple[Piece, ...]:
    """How a text begins, about 200 characters, nothing marked."""
    begin, end = _window(text, 0)
    return (Piece(text[begin:end], False), *((Piece(" …", False),) if end < len(text) else ())) if text else ()


@cache
def _word() -> re.Pattern[str]:
    # Combining marks are no \w, yet no word ends at one; re has no name for them.
    marks = "".join(chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code))[0] == "M")
    in_word = rf"[\w{marks}{_INSIDE_SIGNS}]+"
    return re.compile(rf"{in_word}(?:['’]{in_word})*")


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower().replace("'", "")[:MAX_TOKEN]
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", without_unseen(word)).casefold())
    return "".join(sign for sign in plain if sign.isalnum() or unicodedata.category(sign) == "Mc")[:MAX_TOKEN]


def _term(together: tuple[str, ...], apart: tuple[str, ...]) -> Term:
    """What a text must hold. `apart`: the same, parted at joiners and soft hyphens; so were texts indexed before."""
    prefix = len(together[-1]) >= PREFIX_FROM
    rows = [together] if len(together) > 1 else [(form,) for form in _forms(together[0])]
    return Term(tuple(dict.fromkeys([*rows, apart] if apart else rows)), prefix)


def _forms(word: str) -> Iterator[str]:
    """A word, with its singular where it looks like a plural, and its plural where a prefix would not find it."""
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
    """Where a text answers a query, in its order: (start, end), and the index of the term."""
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


def _stands(there: Sequence[Found], row: Sequence[str], prefix: bool) -> bool:
    if len(there) < len(row):
        return False
    last = there[-1].token
    return all(word.token == token for word, token in zip(there, row[:-1], strict=False)) and (
        last == row[-1] or (prefix and last.startswith(row[-1]))
    )


def _answered_near(start: int, hits: Sequence[tuple[tuple[int, int], int]]) -> int:
    return len({term for (at, _), term in hits if start <= at < start + _SPREAD * 2 // 3})


def _window(text: str, start: int) -> tuple[int, int]:
    """About _SPREAD characters of a text around a place, cut between words where there are any."""
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


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for in the library; what is empty is not asked, what is given must all be so.

    `words` anywhere in a story, `setting` in its place and time; `stage` is one of commission.STAGES, `group` the label
    of the group that tells it; `note` a content note that it has, `without` one that it must not have.
    """

    words: Query = field(default_factory=Query)
    setting: Query = field(default_factory=Query)
    stage: str = ""
    group: str = ""
    note: str = ""
    without: str = ""


@dataclass(frozen=True)
class Shelf:
    """A page of what was found: `total` in all. `told_by` is the label of each story's group by its id, "" for none."""

    stories: tuple[Submission, ...]
    total: int
    told_by: dict[str, str]


@dataclass(frozen=True)
class Offered:
    """What the library's stories can be filtered by: groups' labels and content notes, the most common first."""

    groups: tuple[str, ...]
    notes: tuple[str, ...]
