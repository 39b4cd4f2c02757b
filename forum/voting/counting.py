"""What every way of voting counts with: marks on ballots, shares, and who stands highest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from forum.errors import CastRefused

# What is counted where it is not a response: the stances and opinions, in the order they are shown.
AGREE, AGREE_IF, STAND_ASIDE, CANNOT_LIVE_WITH = STANCES = ("agree", "agree_if", "stand_aside", "cannot_live_with")
AGREE, DISAGREE, PASS = OPINIONS = ("agree", "disagree", "pass")
REFUSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unknown_response": "That is not one of the answers to this question.",
        "nothing_chosen": "Choose an answer first.",
        "none_alone": "“None of these” cannot stand beside another answer. Choose one or the other.",
        "none_last": "“None of these” can only come last. Nothing can stand after it.",
        "same_place": "Two answers have the same number. Give each a number of its own.",
        "incomplete": "Give every line a number from 1 to 5.",
        "miswritten": "This vote cannot be read. Open the page again and vote once more.",
        "condition_needed": "Say what has to change: write it under “I would accept this if …”, then send your vote.",
        "reason_needed": "Say why you cannot live with it. Write it in the box, then send your vote.",
    }
)
"""Why a choice is not taken, by the code of its CastRefused."""

_FIXED = (*STANCES, DISAGREE, PASS)


def refused(code: str) -> CastRefused:
    """The error for a choice that is not taken."""
    return CastRefused(code, REFUSED[code])


def counted(columns: Sequence[str], ballots: Iterable[Iterable[str]]) -> dict[str, int]:
    """How many ballots bear each mark, in the order of `columns`, zeros included. Raises KeyError for another mark."""
    counts = dict.fromkeys(columns, 0)
    for marks in ballots:
        for mark in marks:
            counts[mark] += 1
    return counts


def each_share(counts: Mapping[str, int], n: int) -> dict[str, Fraction]:
    """What part of `n` ballots bears each mark; nothing where there are no ballots."""
    return {mark: Fraction(count, n) for mark, count in counts.items()} if n else {}


def highest(counts: Mapping[str, int] | Mapping[str, Fraction]) -> tuple[str, ...]:
    """Every key that shares the top, in order; () where all are nothing."""
    top = max(counts.values(), default=0)
    return tuple(key for key, n in counts.items() if n == top) if top else ()


def basis_points(share: Fraction) -> int:
    """Ten thousandths, halves rounded up."""
    return int(share * 10_000 + Fraction(1, 2))


def in_order(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts in the order they are shown: r1, r2, ... r10, stances and opinions, and "none" last."""

    def place(mark: str) -> tuple[int, int, str]:
        if mark in _FIXED:
            return 1, _FIXED.index(mark), ""
        return (0 if mark.startswith("r") else 2), len(mark), mark

    return {mark: counts[mark] for mark in sorted(counts, key=place)}
