"""How hard a text is to read: a reading age, and the sentences that make it so.

The formula is the Flesch-Kincaid grade level: 0.39 words per sentence + 11.8 syllables per word - 15.59. Source:
J. P. Kincaid, R. P. Fishburne, R. L. Rogers, B. S. Chissom, "Derivation of new readability formulas for Navy enlisted
personnel", Research Branch Report 8-75, 1975. A grade is a year of American school, which begins at five or six: the
reading age is the grade plus five. It counts, and understands nothing; so it is a hint, and never a rule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Written for everybody is written for about eleven; a sentence above the second is worth a second look.
PLAIN_AGE = 11
HARD_AGE = 14
MOST_AGE = 25
FEWEST_WORDS = 10
MOST_HARDEST = 3

_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*|\d+(?:[.,:]\d+)*")
# A full stop ends a sentence before a space and something that can begin one; not after a title or an initial. Of a
# row of stops it looks at the first two only, and gives nothing back (++), so that a long row takes no longer.
_END = re.compile(
    r"(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\b[A-Z])(?<![.!?…][.!?…])([.!?…]++[\"”’')\]]*+)(?=\s++[\"“‘'(\[]?[^\W_a-z]|\s*$)|\n\s*\n|\n(?=\s*[-•*])"
)
_VOWELS = re.compile(r"[aeiouyàáâäæèéêëìíîïòóôöøœùúûü]+")
# Pairs of vowels that are spoken as two: "chaos", "idea", "fluid", "being".
_APART = re.compile(r"idea|ia(?!l\b|n\b)|eo(?!u|ple)|io(?!n|u)|ua(?!r|d)|uou|eing|aos|iu|ying|uid(?<!quid)|ier\b|iet")


@dataclass(frozen=True)
class Sentence:
    """One sentence as it stands, how many words it has, and the reading age of it alone (years)."""

    text: str
    words: int
    age: int


@dataclass(frozen=True)
class Reading:
    """A text measured: words, sentences, its reading age (None for too few words), its hardest sentences first."""

    words: int
    sentences: int
    age: int | None
    hardest: tuple[Sentence, ...] = ()


def measure(text: str) -> Reading:
    """The reading age of a text, and up to MOST_HARDEST sentences of it that ask for HARD_AGE or more."""
    found = [(sentence, _WORD.findall(sentence)) for sentence in sentences(text)]
    found = [(sentence, words) for sentence, words in found if words]
    words = [word for _, several in found for word in several]
    if len(words) < FEWEST_WORDS:
        return Reading(len(words), len(found), None)
    alone = [
        Sentence(sentence, len(several), _age(1, several))
        for sentence, several in found
        if len(several) >= FEWEST_WORDS
    ]
    hard = sorted((s for s in alone if s.age >= HARD_AGE), key=lambda s: -s.age)
    return Reading(len(words), len(found), _age(len(found), words), tuple(hard[:MOST_HARDEST]))


def sentences(text: str) -> list[str]:
    """The sentences of a text, as they stand in it; an empty line ends one too."""
    found, at = [], 0
    for end in _END.finditer(text):
        found.append(text[at : end.end()])
        at = end.end()
    found.append(text[at:])
    return [" ".join(one.split()) for one in found if one.strip()]


def syllables(word: str) -> int:
    """How many syllables a word has, or nearly: English spelling gives no rule without exceptions."""
    plain = re.sub(r"['’](?:s|t|d|m|ll|ve|re)$", "", word.lower())
    if not plain or plain[0].isdigit():
        return 1
    return sum(max(1, _spoken(part)) for part in re.split(r"[-'’]", plain))


def _spoken(part: str) -> int:
    """The groups of vowels that are spoken: not the last e of "asked" and "takes", but that of "waited" and "boxes"."""
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
    """The reading age of so many sentences with these words, in whole years, from 5 to MOST_AGE."""
    grade = 0.39 * len(words) / number + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    return min(MOST_AGE, max(5, round(grade + 5)))
