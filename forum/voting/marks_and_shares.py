"""Counting that methods share: marks on ballots, shares, and who stands highest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction


class StanceMark(StrEnum):
    """Marks of the method "consent", in the order they are shown."""

    AGREE = "agree"
    AGREE_IF = "agree_if"
    STAND_ASIDE = "stand_aside"
    CANNOT_LIVE_WITH = "cannot_live_with"


class OpinionMark(StrEnum):
    """Marks of the method "opinion", in the order they are shown."""

    AGREE = "agree"
    DISAGREE = "disagree"
    PASS = "pass"  # noqa: S105 (a mark, not a password)


def counted(columns: Sequence[str], ballots: Iterable[tuple[Iterable[str], int]]) -> dict[str, int]:
    """Counts the ballots that bear each mark, in the order of `columns`. Raises KeyError for any other mark.

    `ballots` are the marks of ballots that are alike, and how many there are of them.
    """
    counts = dict.fromkeys(columns, 0)
    for marks, times in ballots:
        for mark in marks:
            counts[mark] += times
    return counts


def each_share(counts: Mapping[str, int], n: int) -> dict[str, Fraction]:
    """Works out the part of `n` ballots that bears each mark; {} where there are no ballots."""
    return {mark: Fraction(count, n) for mark, count in counts.items()} if n else {}


def highest(counts: Mapping[str, int] | Mapping[str, Fraction]) -> tuple[str, ...]:
    """Lists every key that shares the top, in order; () where all are nothing."""
    top = max(counts.values(), default=0)
    return tuple(key for key, n in counts.items() if n == top) if top else ()


def basis_points(share: Fraction) -> int:
    """Gives a share in ten thousandths, halves rounded up."""
    return int(share * 10_000 + Fraction(1, 2))


def decimals(points: int) -> str:
    """Writes basis points of a number with two decimals, halves rounded up: 16667 is "1.67"."""
    hundredths = (points + 50) // 100
    return f"{hundredths // 100}.{hundredths % 100:02d}"
