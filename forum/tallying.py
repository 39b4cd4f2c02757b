"""Results, tallied again from committed ballots: never taken from a screen or a counter."""

from __future__ import annotations

from forum.ballot import Ballot
from forum.commission import Commission
from forum.errors import IllegalMove
from forum.groups import Result, published, view_shift
from forum.ports import Work
from forum.round import ANNULLED, REVEALED, Round
from forum.screen import AsynchronousRound


async def result_of(work: Work, round_: Round, threshold: int) -> Result:
    """The published result of a closed round: head count, by group where that may be shown, equal voice, view shift.

    `threshold` is the commission's. The view shift is there for a vote after a replay whose first vote stands
    (revealed, not annulled). Raises IllegalMove for a round whose session has no partition yet: none has closed.
    """
    session = await work.sessions.get(round_.session)
    if session.partition is None or round_.state not in {"closed", "revealed"}:
        raise IllegalMove("Close the vote before you show its result.")
    ballots = await work.rounds.ballots(round_.id)
    responses = [r.id for r in round_.responses]
    result = published(session.partition, [(b.group, b.choice) for b in ballots], responses, threshold)
    if round_.second_of is None:
        return result
    first = await work.rounds.get(round_.second_of)
    if first.state != REVEALED or first.state == ANNULLED:
        return result
    before = await work.rounds.ballots(first.id)
    earlier = published(session.partition, [(b.group, b.choice) for b in before], responses, threshold)
    shift = view_shift(
        first.id,
        session.partition,
        _by_participant(before),
        _by_participant(ballots),
        responses,
        threshold,
        by_group_ok=bool(result.rows and earlier.rows),
    )
    return result.with_shift(shift)


async def asynchronous_rounds(
    work: Work, commission: Commission, story: str | None = None, *, results: bool = False
) -> tuple[AsynchronousRound, ...]:
    """The asynchronous rounds of a commission, or of one of its stories, newest first. `results`: with those that may
    be shown.
    """
    found = []
    for live in await work.sessions.of(commission.id):
        if not live.asynchronous or (story is not None and story not in live.scenarios):
            continue
        for round_ in await work.rounds.of(live.id):
            voted = await work.rounds.voted([round_.id])
            shown = results and round_.state == REVEALED
            result = await result_of(work, round_, commission.threshold) if shown else None
            found.append(AsynchronousRound(live, round_, voted[round_.id], result))
    return tuple(found)


def _by_participant(ballots: list[Ballot]) -> dict[str, tuple[str | None, str]]:
    return {b.participant: (b.group, b.choice) for b in ballots}
