"""The reading age of a text, and its hardest sentences.

The formula is the Flesch-Kincaid grade level: 0.39 words per sentence + 11.8 syllables per word - 15.59. Source: J. P.
Kincaid, R. P. Fishburne, R. L. Rogers, B. S. Chissom, "Derivation of new readability formulas for Navy enlisted
personnel", Research Branch Report 8-75, 1975. A grade is a year of American school, which begins at five or six: the
reading age is the grade plus five. The formula only counts, so its result is a hint, never a rule.
"""

from __future__ import annotations

import re

import msgspec

# The age that texts for everybody should have, and the age from which a sentence is listed as hard.
PLAIN_AGE = 11
HARD_AGE = 14
MOST_AGE = 25
FEWEST_WORDS = 10
MOST_HARDEST = 3

_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*|\d+(?:[.,:]\d+)*")
# A full stop ends a sentence before a space and a character that can begin one, but not after a title or an initial.
# Of a row of stops only the first two are examined, without backtracking (++), so that a long row takes no longer.
_END = re.compile(
    r"(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\b[A-Z])(?<![.!?…][.!?…])([.!?…]++[\"”’')\]]*+)(?=\s++[\"“‘'(\[]?[^\W_a-z]|\s*$)|\n\s*\n|\n(?=\s*[-•*])"
)
_VOWELS = re.compile(r"[aeiouyàáâäæèéêëìíîïòóôöøœùúûü]+")
# Pairs of vowels that are spoken as two syllables: "chaos", "idea", "fluid", "being".
_APART = re.compile(r"idea|ia(?!l\b|n\b)|eo(?!u|ple)|io(?!n|u)|ua(?!r|d)|uou|eing|aos|iu|ying|uid(?<!quid)|ier\b|iet")


class Sentence(msgspec.Struct, frozen=True):
    """A sentence as it stands, its number of words, and its own reading age in years."""

    text: str
    words: int
    age: int


class Reading(msgspec.Struct, frozen=True):
    """The measures of a text: words, sentences, reading age (None for too few words), and hardest sentences first."""

    words: int
    sentences: int
    age: int | None
    hardest: tuple[Sentence, ...] = ()


def measure(text: str) -> Reading:
    """Returns the reading age of a text, and up to MOST_HARDEST of its sentences that ask for HARD_AGE or more."""
    counted = [(sentence, _WORD.findall(sentence)) for sentence in sentences(text)]
    counted = [(sentence, words) for sentence, words in counted if words]
    words = [word for _, several in counted for word in several]
    if len(words) < FEWEST_WORDS:
        return Reading(len(words), len(counted), None)
    alone = [
        Sentence(sentence, len(several), _age(1, several))
        for sentence, several in counted
        if len(several) >= FEWEST_WORDS
    ]
    hard = sorted((s for s in alone if s.age >= HARD_AGE), key=lambda s: -s.age)
    return Reading(len(words), len(counted), _age(len(counted), words), tuple(hard[:MOST_HARDEST]))


def sentences(text: str) -> list[str]:
    """Returns the sentences of a text; an empty line ends one too."""
    parts, at = [], 0
    for end in _END.finditer(text):
        parts.append(text[at : end.end()])
        at = end.end()
    parts.append(text[at:])
    return [" ".join(part.split()) for part in parts if part.strip()]


def syllables(word: str) -> int:
    """Returns the approximate number of syllables of a word: English spelling has no rule without exceptions."""
    plain = re.sub(r"['’](?:s|t|d|m|ll|ve|re)$", "", word.lower())
    if not plain or plain[0].isdigit():
        return 1
    return sum(max(1, _spoken(part)) for part in re.split(r"[-'’]", plain))


def _spoken(part: str) -> int:
    """Returns the number of spoken groups of vowels: the last e counts in "waited" and "boxes", not in "asked" and
    "takes".
    """
    ending = re.search(r"(?<=[^aeiouy])(?:e|es|ed)$", part)
    before = part[: ending.start()] if ending else part
    silent = (
        ending is not None
        and {
            "ed": not before.endswith(("t", "d")),
            "es": not before.endswith(("s", "x", "z", "ch", "sh", "c", "g")),
            "e": not re.search(r"[^aeiouylr]l$", before) and bool(_VOWELS.search(before)),
        }[ending[0]]
    )
    return len(_VOWELS.findall(before if silent else part)) + len(_APART.findall(part))


def _age(number: int, words: list[str]) -> int:
    """Returns the reading age of `number` sentences with these words, in whole years from 5 to MOST_AGE."""
    grade = 0.39 * len(words) / number + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    return min(MOST_AGE, max(5, round(grade + 5)))
