"""Personal details in a text: finding them, and advice on what to do about each kind.

`find` only marks them. The writer, then a moderator, decides whether one stays, so marking too much is better than
missing one: every well-formed NHS number, UK phone number, e-mail address and postcode is found. Dates of birth,
addresses and names are found where the surrounding words give them away; tests/stories/test_personal_details.py
measures how many of those are.

Sources: NHS Data Dictionary, "NHS Number" (ten digits, the last a modulus-11 check digit); Ofcom, National Telephone
Numbering Plan (the digits after 0 or +44); Royal Mail's form of a postcode.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum

import msgspec

from forum.errors import message
from forum.stories.personal_names import FIRST_NAMES, NO_NAMES, ORDINARY, TITLES


class DetailKind(StrEnum):
    """Kinds of a personal detail, in the order in which they are looked for."""

    EMAIL = "e-mail"
    NHS_NUMBER = "nhs number"
    PHONE = "phone"
    POSTCODE = "postcode"
    BIRTH = "date of birth"
    ADDRESS = "address"
    NAME = "name"


# A name for each kind, and advice on it: in English, as gettext's message ids.
CALLED = {
    DetailKind.EMAIL: message("an e-mail address"),
    DetailKind.NHS_NUMBER: message("an NHS number"),
    DetailKind.PHONE: message("a phone number"),
    DetailKind.POSTCODE: message("a postcode"),
    DetailKind.BIRTH: message("a date of birth"),
    DetailKind.ADDRESS: message("an address"),
    DetailKind.NAME: message("a name"),
}
WHAT_TO_DO = {
    DetailKind.EMAIL: "Take it out. Write “we wrote to each other” instead.",
    DetailKind.NHS_NUMBER: "Take it out. It belongs to one person only.",
    DetailKind.PHONE: "Take it out, unless it is a help line that everybody may call.",
    DetailKind.POSTCODE: "Take it out. Write “a village by the sea”, or leave the place open.",
    DetailKind.BIRTH: "Take it out. Write “in her sixties” instead.",
    DetailKind.ADDRESS: "Take it out. Write “a flat on the third floor” instead.",
    DetailKind.NAME: "Is this a real person, or a real place where somebody could be found? Then write “a nurse”, "
    "“my son” or “the ward”. If you made it up, leave it.",
}


class Mark(msgspec.Struct, frozen=True):
    """A detail found: `text` is the part from `start` up to, not including, `end`."""

    start: int
    end: int
    kind: DetailKind
    text: str


def find(text: str, characters: Iterable[str] = ()) -> tuple[Mark, ...]:
    """Returns everything in `text` that looks like a personal detail, from left to right, without overlaps.

    `characters` are the story's as they are listed ("Ana, 9"); their names are not marked.
    """
    known = {word for listed in characters for word in _WORD.findall(listed)}
    starts: list[int] = []  # where each mark begins, from left to right
    taken: list[Mark] = []
    for kind in DetailKind:
        spans = _names(text, known) if kind == DetailKind.NAME else _FINDERS[kind](text)
        for start, end in spans:
            at = bisect_right(starts, start)
            if (at == 0 or taken[at - 1].end <= start) and (at == len(starts) or end <= starts[at]):
                starts.insert(at, start)
                taken.insert(at, Mark(start, end, kind, text[start:end]))
    return tuple(taken)


def is_nhs_number(digits: str) -> bool:
    """Returns whether ten digits are an NHS number: the last is the check digit of the others, modulus 11."""
    if len(digits) != 10 or not digits.isascii() or not digits.isdigit() or len(set(digits)) == 1:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True))
    return (11 - total % 11) % 11 == int(digits[9])


Spans = Iterator[tuple[int, int]]

# Separators that people put between digits: spaces of all kinds, dots, dashes; in phone numbers slashes and brackets.
_GAP = r"[ \t\u00a0\u2007\u2009\u202f.\-\u2010-\u2013]"
_EMAIL = re.compile(
    r"(?<![^\s@<>(),;:\"“”\[\]\\/])[^\s@<>(),;:\"“”\[\]\\/]+@(?:[^\W_](?:[\w\-]*[^\W_])?\.)+[^\W\d_][\w\-]*[^\W_]"
)
_TEN = re.compile(rf"(?<!\d)\d(?:{_GAP}?\d){{9}}(?!\d)")
_PHONE = re.compile(
    rf"(?<![\w+])(?:\(?(?:\+|00){_GAP}?44\)?(?:{_GAP}|[/()])*(?:\(?0\)?)?|\(?0)"
    rf"(?P<rest>(?:(?:{_GAP}|[/()]){{0,3}}\d){{9,10}})(?!\d)"
)
_ABROAD = re.compile(rf"(?<![\w+])\+(?!44)[1-9](?:(?:{_GAP}|[/()]){{0,3}}\d){{7,13}}(?!\d)")
_POSTCODE = re.compile(
    r"(?<![^\W_])(?:GIR[ \u00a0]?0AA|([A-Z]{1,2}\d[A-Z\d]?)[ \u00a0]{0,2}(\d[ABD-HJLNP-UW-Z]{2}))(?![^\W_])", re.I
)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec"
_MONTH = rf"(?:{_MONTHS})[a-z]*\.?"
_DATE = re.compile(
    r"(?<![\d/])(?:"
    r"(?P<y1>(?:19|20)\d\d)[-/.]\d{1,2}[-/.]\d{1,2}"
    r"|\d{1,2}(?P<s>[-/. ])\d{1,2}(?P=s)(?P<y2>(?:19|20)?\d\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?:[ ]of)?[ ]{_MONTH},?[ ]'?(?P<y3>(?:19|20)?\d\d)"
    rf"|{_MONTH}[ ]\d{{1,2}}(?:st|nd|rd|th)?,?[ ](?P<y4>(?:19|20)\d\d)"
    r")(?![\d/])",
    re.I,
)
_BORN = re.compile(r"\b(?:born|d\.?\s?o\.?\s?b|date of birth|birth\s?da(?:y|te)|birthday|aged?)\b", re.I)
_NEAR = 40
# From this year on, a date without a word of _BORN near it is taken for the day of an event.
_RECENT = 2008
_STREET = (
    "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Close|Drive|Way|Court|Ct|Crescent|Cres|Terrace|Place|Pl|Square|Sq|Gardens|"
    "Gdns|Grove|Hill|Park|Row|Mews|Walk|Rise|View|Parade|Green|Villas|Buildings|House|Wharf|Quay|Yard|Estate|Mount|Vale|"
    "Bank|Fold|Broadway|Tower|Heights|Lodge"
)
_FLAT = r"(?:(?:Flat|Apartment|Apt|Unit)\.? \d{1,4}[A-Za-z]?,? )"
_ADDRESS = (
    re.compile(rf"\b{_FLAT}(?:\d{{1,4}}[A-Za-z]? )?(?:[A-Z][\w'’.\-]* ){{1,3}}(?:{_STREET})\b"),
    re.compile(
        rf"\b\d{{1,4}}[A-Za-z]?(?:[-/–]\d{{1,4}}[A-Za-z]?)?,? "
        rf"(?:The (?:{_STREET})|(?:[A-Z][\w'’.\-]*,? ){{1,3}}(?:{_STREET}))\b"
    ),
    # Typed without capitals; "2 minutes down the road" is not an address.
    re.compile(
        r"\b\d{1,4}[a-z]?,? (?!(?:minutes?|miles?|yards?|metres?|cars?|people|hours?|days?|of|in|on|at|to|main|busy)\b)"
        r"[a-z'’]{3,} (?:street|road|avenue|lane|crescent|terrace|grove|mews)\b"
    ),
)
_WORD = re.compile(r"(?:[OD]['’]|Ma?c)?[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_HANGS_ON = re.compile(r"['’](?:s|m|d|ll|ve|re|t)$")
_SENTENCE_STARTS = '.!?:;"“‘(\n•–—*/|…'


def _emails(text: str) -> Spans:
    for match in _EMAIL.finditer(text):
        start = match.start() + len(match[0]) - len(match[0].lstrip(".'’‘!*"))
        yield start, match.end()


def _nhs_numbers(text: str) -> Spans:
    for match in _TEN.finditer(text):
        if is_nhs_number(re.sub(r"\D", "", match[0])):
            yield match.span()


def _phones(text: str) -> Spans:
    for match in _PHONE.finditer(text):
        rest = re.sub(r"\D", "", match["rest"])
        if rest[0] in "1238579" and (len(rest) == 10 or rest[0] in "18"):
            yield match.span()
    for match in _ABROAD.finditer(text):
        yield match.span()


def _postcodes(text: str) -> Spans:
    for match in _POSTCODE.finditer(text):
        # "the M6 1st thing": a road and an ordinal.
        if match[2] and match[1].isupper() and re.fullmatch(r"\d(?:st|nd|rd|th)", match[2]):
            continue
        yield match.span()


def _births(text: str) -> Spans:
    for match in _DATE.finditer(text):
        around = text[max(0, match.start() - _NEAR) : match.start()] + "|" + text[match.end() : match.end() + _NEAR]
        year = next(group for group in (match["y1"], match["y2"], match["y3"], match["y4"]) if group)
        if _BORN.search(around) or (len(year) == 4 and int(year) < _RECENT):
            yield match.span()


def _addresses(text: str) -> Spans:
    for pattern in _ADDRESS:
        for match in pattern.finditer(text):
            yield match.span()


def _names(text: str, known: set[str]) -> Spans:
    """Yields runs of capitalised words, as "Dr Grace Okafor", that are neither characters of the story nor ordinary
    words.
    """
    words = [match for match in _WORD.finditer(text) if _capital(match[0])]
    named = {_bare(w[0]) for w in words if not _begins(text, w.start())} - NO_NAMES
    sure = FIRST_NAMES if _in_capitals(text) else FIRST_NAMES | named
    for run in _runs(text, words):
        if any(_bare(word[0]) in known for word in run):
            continue
        while run and _bare(run[-1][0]) in ORDINARY:
            run.pop()
        at = next((n for n, word in enumerate(run) if _bare(word[0]) not in NO_NAMES), len(run))
        titled = at > 0 and run[at - 1][0] in TITLES
        # The first word of a sentence has a capital whether or not it is a name.
        if at == 0 and run and _begins(text, run[0].start()) and _bare(run[0][0]) not in sure:
            at = 1
        rest = run[at:]
        if not any(len(word[0]) > 1 for word in rest):
            continue
        if titled or sure is not FIRST_NAMES or any(_bare(word[0]) in sure for word in rest):
            yield run[at - 1 if titled else at].start(), rest[-1].start() + len(_bare(rest[-1][0]))


def _runs(text: str, words: list[re.Match[str]]) -> Iterator[list[re.Match[str]]]:
    """Yields words that stand side by side as one run; within a run a full stop follows only an initial or a title."""
    run: list[re.Match[str]] = []
    for word in words:
        between = text[run[-1].end() : word.start()] if run else ""
        if run and (between == " " or (between == ". " and (len(run[-1][0]) == 1 or run[-1][0] in TITLES))):
            run.append(word)
            continue
        if run:
            yield run
        run = [word]
    if run:
        yield run


def _capital(word: str) -> bool:
    return word in TITLES or (word[0].isupper() and word != "I" and (len(word) == 1 or not word.isupper()))


def _bare(word: str) -> str:
    """Returns a word without an English ending after an apostrophe: "the nurse's", "I'm"."""
    return _HANGS_ON.sub("", word) if "'" in word or "’" in word else word


def _begins(text: str, at: int) -> bool:
    """Returns whether a word at this place begins a sentence, and so has a capital in any case."""
    while at > 0 and text[at - 1] in " \t":
        at -= 1
    last = text[at - 1 : at]
    return last in _SENTENCE_STARTS or (last in "'-" and text[max(0, at - 2) : at - 1] in ("", " ", "\n"))


def _in_capitals(text: str) -> bool:
    """Returns whether most words have a capital, as in a title, so that capitals do not show names."""
    long = [word for word in _WORD.findall(text) if len(word) > 3]
    return len(long) > 1 and sum(word[0].isupper() for word in long) > len(long) * 0.6


_FINDERS: dict[str, Callable[[str], Spans]] = {
    DetailKind.EMAIL: _emails,
    DetailKind.NHS_NUMBER: _nhs_numbers,
    DetailKind.PHONE: _phones,
    DetailKind.POSTCODE: _postcodes,
    DetailKind.BIRTH: _births,
    DetailKind.ADDRESS: _addresses,
}
