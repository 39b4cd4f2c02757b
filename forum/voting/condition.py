"""Conditions: what people said they would accept a result for, and what a decision answers to each.

Everything here is worked out from what everybody can read after a vote: the words of each condition that is shown, and
its number of "me too" as that is shown. So which conditions stand first tells nothing that was not told before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

# How many of the conditions that most people asked for a decision must answer.
TOP = 5
# How many it lists and may answer; what comes after these is told as a number.
MOST_LISTED = 50


class Condition(msgspec.Struct, frozen=True):
    """A condition that is shown with a vote: its round, its words, and how many asked for it, as far as that is shown:
    those who wrote it alike, and those who said "me too".
    """

    round: str
    words: str
    asked: int


@dataclass(frozen=True)
class AnsweredCondition:
    """A condition as a decision answers it. `words` are "" where they were taken back since; `taken_up` tells whether
    it is part of what is done, and `answer` how, or why not.
    """

    round: str
    words: str
    asked: int
    taken_up: bool
    answer: str


@dataclass(frozen=True)
class ConditionsAnswered:
    """The conditions of a decision's votes: how many there were, and those that it answers, the top ones first."""

    given: int
    answered: tuple[AnsweredCondition, ...] = ()


def by_asked(shown: Mapping[str, Sequence[tuple[str, int]]]) -> tuple[Condition, ...]:
    """Returns the conditions of some votes, what most people asked for first, then by the alphabet of their words.

    `shown` has, by round, the words of each condition that is shown and its number of "me too", 0 where that is not
    shown. Conditions that differ in case, spaces and the stop at their end are one: its words are those that were
    written most often. One that stands in two votes is that of the later of them.
    """
    found: dict[str, Condition] = {}
    for round_, given in shown.items():
        alike: dict[str, list[tuple[str, int]]] = {}
        for words, too in given:
            alike.setdefault(_alike(words), []).append((words, too))
        for key, ones in alike.items():
            written = Counter(words for words, _ in ones)
            words = min(written, key=lambda one: (-written[one], one))
            found[key] = Condition(round_, words, len(ones) + sum(too for _, too in ones))
    return tuple(sorted(found.values(), key=lambda one: (-one.asked, one.words)))


def top_of(given: int) -> int:
    """Returns how many of so many conditions must be answered."""
    return min(given, TOP)


def without(answered: ConditionsAnswered, gone: Iterable[tuple[str, str]]) -> ConditionsAnswered:
    """Returns the answered conditions without the words of those that are `gone`, each a round and its words."""
    away = set(gone)
    kept = (
        AnsweredCondition(
            one.round, "" if (one.round, one.words) in away else one.words, one.asked, one.taken_up, one.answer
        )
        for one in answered.answered
    )
    return ConditionsAnswered(answered.given, tuple(kept))


def _alike(words: str) -> str:
    return " ".join(words.casefold().split()).rstrip(" .!")
