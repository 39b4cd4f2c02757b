"""Voting methods: a family of classes that can stand in for one another, and their table.

A new method is one new file here with a subclass of voting/method.Method, one template in templates/methods/, and one
row in TABLE. It needs golden cases in tests/voting/methods/, a part of docs/methods.md, and its counting once more in
record/verify/methods.py, which travels alone: the tests over every method name whatever is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from forum.voting.method import REFUSED_BY_ANY, Method
from forum.voting.methods.approval import Approval
from forum.voting.methods.consent import Consent
from forum.voting.methods.opinion import Opinion
from forum.voting.methods.ranked import Ranked
from forum.voting.methods.score import Score
from forum.voting.methods.single import Single

__all__ = ["METHODS", "TABLE", "Method", "hue_of_mark", "in_order", "refusals", "words_of_mark"]

TABLE: Final[dict[str, Method]] = {
    "single": Single(),
    "approval": Approval(),
    "ranked": Ranked(),
    "score": Score(),
    "consent": Consent(),
    "opinion": Opinion(),
}
METHODS: Final[Mapping[str, Method]] = MappingProxyType(TABLE)
"""Every method by the name that a round and the record give it."""


def refusals() -> dict[str, str]:
    """Gathers the words for every choice that is not taken, by the code of its CastRefused."""
    words = dict(REFUSED_BY_ANY)
    for way in METHODS.values():
        words |= way.REFUSALS
    return words


def words_of_mark(mark: str) -> str:
    """Gives the words (a message id) of a mark that is a method's own; "" for a response."""
    return next((way.MARKS[mark] for way in METHODS.values() if mark in way.MARKS), "")


def hue_of_mark(mark: str) -> int:
    """Gives the colour in charts (1 to 6) of a mark that is a method's own; 0 for grey, and for a response."""
    return next((way.HUES[mark] for way in METHODS.values() if mark in way.HUES), 0)


def in_order(counts: Mapping[str, int]) -> dict[str, int]:
    """Puts counts in the order they are shown: r1, r2, ... r10, the methods' own marks, and "none" last."""
    own = list(dict.fromkeys(mark for way in METHODS.values() for mark in way.MARKS))

    def place(mark: str) -> tuple[int, int, str]:
        if mark in own:
            return 1, own.index(mark), ""
        return (0 if mark.startswith("r") else 2), len(mark), mark

    return {mark: counts[mark] for mark in sorted(counts, key=place)}
