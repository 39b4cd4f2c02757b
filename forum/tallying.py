"""Results, tallied again from committed ballots: never taken from a screen or a counter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forum import record
from forum.ballot import Ballot
from forum.commission import Commission, Group
from forum.errors import IllegalMove
from forum.groups import Partition, Result, origin_of, published, view_shift
from forum.methods import METHODS
from forum.ports import Work
from forum.round import ANNULLED, REVEALED, Round
from forum.screen import AsynchronousRound
from forum.session import LiveSession


async def result_of(work: Work, round_: Round, threshold: int, *, whole: bool = False) -> Result:
    """The published result of a closed round: head count, by group where that may be shown, equal voice, view shift.

    Of a round that was shown while badges are off it gives nothing by group until that is lifted, but to whoever asks
    for the `whole` of it to write it down. `threshold` is the commission's. The view shift is there for a vote after a
    replay whose first vote stands (revealed, not annulled), where its method lets ballots be followed. Raises
    IllegalMove for a round whose session has no partition yet: none has closed.
    """
    session = await work.sessions.get(round_.session)
    result = await _whole(work, session, round_, threshold)
    return result if whole or round_.id not in session.held else result.without_groups()


# Results of revealed rounds that are kept by all that they follow from: nothing in them changes.
MOST_KEPT = 500


async def shown(work: Work, round_: Round, threshold: int) -> Result:
    """The same as `result_of` for a screen or a page: tallied once, and then kept while the round stays as it is.

    What is written down or decided on is tallied again. Raises IllegalMove for a round that is not revealed.
    """
    if round_.state != REVEALED:
        raise IllegalMove("Close the vote before you show its result.")
    session = await work.sessions.get(round_.session)
    first = await work.rounds.get(round_.second_of) if round_.second_of else None
    asked = [round_.id, first.id] if first else [round_.id]
    voted = await work.rounds.voted(asked)
    invited = (await work.commissions.get(session.commission)).groups if round_.quorum_each else ()
    held, ballots = round_.id in session.held, tuple(voted[one] for one in asked)
    follows_from = (round_, first, ballots, session.partition, held, threshold, invited)
    return await work.remembered.of(Result, MOST_KEPT, follows_from, lambda: result_of(work, round_, threshold))


async def _whole(work: Work, session: LiveSession, round_: Round, threshold: int) -> Result:
    if session.partition is None or round_.state not in {"closed", "revealed"}:
        raise IllegalMove("Close the vote before you show its result.")
    ballots = await work.rounds.ballots(round_.id)
    invited = (await work.commissions.get(session.commission)).groups if round_.quorum_each else ()
    result = _published(session.partition, round_, ballots, threshold, invited)
    if round_.second_of is None or not METHODS[round_.method].FOLLOWED:
        return result
    first = await work.rounds.get(round_.second_of)
    if first.state != REVEALED or first.state == ANNULLED:
        return result
    before = await work.rounds.ballots(first.id)
    earlier = _published(session.partition, first, before, threshold)
    shift = view_shift(
        first.id,
        session.partition,
        _by_participant(first, before),
        _by_participant(round_, ballots),
        [column.id for column in round_.columns],
        threshold,
        by_group_ok=bool(result.rows and earlier.rows),
        marked=[
            *_marked(session.partition, first, before, threshold),
            *_marked(session.partition, round_, ballots, threshold),
        ],
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
            asked = results and round_.state == REVEALED
            result = await shown(work, round_, commission.threshold) if asked else None
            found.append(AsynchronousRound(live, round_, voted[round_.id], result))
    return tuple(found)


def _published(
    partition: Partition, round_: Round, ballots: list[Ballot], threshold: int, invited: Sequence[Group] = ()
) -> Result:
    responses = [r.id for r in round_.responses]
    cast = [(b.group, b.choice) for b in ballots]
    terms: dict[str, Any] = {"method": round_.method, "quorum": round_.declared, "invited": invited}
    return published(partition, cast, responses, threshold, **terms)


def _marked(partition: Partition, round_: Round, ballots: list[Ballot], threshold: int) -> list[str]:
    """The participants whose ballots are opened as papers."""
    origin = origin_of(partition, [(b.group, b.paper) for b in ballots], threshold, round_.method)
    return [b.participant for b in ballots if origin(b.paper) == record.PAPER]


def _by_participant(round_: Round, ballots: list[Ballot]) -> dict[str, tuple[str | None, str]]:
    """Every participant's group and the one mark on their ballot."""
    marks = METHODS[round_.method].marks
    return {b.participant: (b.group, marks(b.choice)[0]) for b in ballots}
