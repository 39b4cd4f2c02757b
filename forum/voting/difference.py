"""Differences between a decision and what people preferred: each is shown to who decides, and must be answered."""

from __future__ import annotations

from collections.abc import Iterator

from forum.voting.decision import DecisionOutcome, Difference, DifferenceFrom, differs
from forum.voting.methods import METHODS
from forum.voting.result import Result


def differences(outcome: str, response: str | None, result: Result | None, method: str) -> Iterator[Difference]:
    """Yields what a decision about `response` differs from, beside the head count: equal voice, each row that may be
    shown, and a quorum that was missed. Of a vote that gives no count, or is void, nothing can be said.

    Putting the decision off differs from nothing.
    """
    if result is None or not result.counted or outcome == DecisionOutcome.DEFERRED:
        return
    way = METHODS[method]
    if result.equal_voice and differs(outcome, response, way.preferred_equally(result.equal_voice)):
        yield Difference(DifferenceFrom.EQUAL_VOICE)
    for row in result.rows:
        if differs(outcome, response, way.preferred(row.counts, None)):
            yield Difference(DifferenceFrom.GROUP, row.label)
    if result.quorum is not None and result.quorum.reached is False:
        yield Difference(DifferenceFrom.QUORUM)
