"""Group-informed consensus: how far every group agrees with a statement, as Polis works it out.

The product over the published rows of (agrees + 1) / (ballots + 2). One group that is against it pulls it down,
however many others are for it; a row with few ballots pulls it towards a half. So it is for comparing statements with
the same rows, not for reading alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import prod


def group_informed(rows: Iterable[tuple[int, int]]) -> Fraction:
    """Works out the consensus of rows of (agrees, ballots), exact."""
    return prod((Fraction(agrees + 1, ballots + 2) for agrees, ballots in rows), start=Fraction(1))
