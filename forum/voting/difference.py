"""Differences between a decision and what people preferred: each is shown to who decides, and must be answered.

Of a row of which numbers are hidden, or rounded (small_numbers.py), it is said only where it is so for all numbers that
these can be: else a group would be said to have put something else first that nobody can know of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forum.voting.decision import UNANSWERING, Difference, DifferenceFrom, differs
from forum.voting.methods import METHODS
from forum.voting.result import Result, TableRow
from forum.voting.small_numbers import STEP


def differences(outcome: str, response: str | None, result: Result | None, method: str) -> Iterator[Difference]:
    """Yields what a decision about `response` differs from, beside the head count: equal voice, each row that may be
    shown, and a quorum that was missed. Of a vote that gives no count, or is annulled, nothing can be said.

    Putting the decision off, or saying that something went wrong, differs from nothing.
    """
    if result is None or not result.counted or outcome in UNANSWERING:
        return
    way = METHODS[method]
    if result.equal_voice and differs(outcome, response, way.preferred_equally(result.equal_voice)):
        yield Difference(DifferenceFrom.EQUAL_VOICE)
    for row in result.rows:
        if all(differs(outcome, response, first) for first in _could_prefer(row, method, rounded=result.rounded)):
            yield Difference(DifferenceFrom.GROUP, row.label)
    if result.quorum is not None and result.quorum.reached is False:
        yield Difference(DifferenceFrom.QUORUM)


def dissenting(
    rows: Sequence[TableRow], response: str, method: str = "single", *, rounded: bool = False
) -> tuple[TableRow, ...]:
    """Lists the published rows whose own preference lacks `response`; `rounded` is their result's. In a run-off theirs
    are first places."""
    return tuple(
        row for row in rows if all(response not in first for first in _could_prefer(row, method, rounded=rounded))
    )


def _could_prefer(row: TableRow, method: str, *, rounded: bool) -> Iterator[Sequence[str]]:
    """Yields what a row can have preferred: by its numbers where they are exact, else by each extreme of those that
    they can be, in which one hidden number is as great as it can be, or one of those that are level is the greatest.
    """
    way = METHODS[method]
    if not rounded:
        yield way.preferred(row.counts, None)
        return
    least = {mark: max(0, n - STEP + 1) for mark, n in row.counts.items()}
    shown = sum(least.values()) if way.one_of(tuple(row.counts)) else 0
    most = row.n + STEP // 2 - shown
    yield way.preferred(least, None)
    for mark, n in least.items():
        yield way.preferred(least | {mark: most if mark in row.hidden else n + 1}, None)
