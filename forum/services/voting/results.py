"""Results of closed rounds, tallied from the committed ballots and never taken from a screen or a counter."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from functools import partial
from typing import Any

from forum.errors import CastRefused, IllegalMove
from forum.ports import Work
from forum.services.record_entries import latest_about
from forum.services.voting import close_rounds
from forum.sessions.session import Entrance, LiveSession
from forum.sessions.view import AsynchronousRound
from forum.voting.commission import Commission, Group
from forum.voting.methods import METHODS
from forum.voting.round import Round, RoundState
from forum.voting.small_numbers import outside
from forum.voting.suppression import GroupId, Partition, Result, no_count, published
from forum.voting.view_shift import ViewShift, view_shift


async def result_of(work: Work, round_: Round, threshold: int, *, whole: bool = False) -> Result:
    """Returns the published result of a closed round: head count, rows by group, equal voice and view shift.

    Rows by group are there only where they may be shown. While badges are off, a round revealed then gives nothing by
    group, unless `whole` asks for it to write it down. `threshold` is the commission's smallest group. The view shift
    is there for a vote after a replay whose first vote stands (revealed, not annulled) and whose method lets ballots
    be followed, where enough voted both times. Raises IllegalMove for a round that is not closed, or whose session has
    no partition yet; or whose ballots could not have been cast in it.
    """
    session = await work.sessions.get_session(round_.session)
    try:
        result = await _whole(work, session, round_, threshold)
    except (ValueError, KeyError, CastRefused) as error:
        # Ballots that nobody could have cast: their rows, or the round's, were changed.
        raise _not_those_counted() from error
    return result if whole or round_.id not in session.held else result.without_groups()


async def result_outside(work: Work, round_: Round, commission: Commission, *, whole: bool = False) -> Result:
    """Returns what `result_of` does, as it may leave the room: by small-number rules, where its commission chose them.

    Use it for all but the screens of the room itself.
    """
    return await as_it_leaves(
        work, round_, commission, await result_of(work, round_, commission.threshold, whole=whole)
    )


async def as_it_leaves(work: Work, round_: Round, commission: Commission, exact: Result) -> Result:
    """Returns what may leave the room of a result that `result_of` gave."""
    if not commission.small_numbers:
        return exact
    first = None
    if exact.shift is not None:
        first = await result_outside(work, await work.rounds.get_round(exact.shift.first), commission)
    choices = [choice for _group, choice in await work.rounds.given(round_.id)]
    return outside(exact, choices, [r.id for r in round_.responses], commission.threshold, round_.method, first=first)


async def hold_to_root(work: Work, session: LiveSession, round_: Round) -> None:
    """Raises IllegalMove, with what to do, where a recorded round's ballots are not those that were counted when it
    closed: before its result is shown or written down, and its ballots opened."""
    if not session.recorded:
        return
    said = await latest_about(work, "round closed", round_.id)
    made = await close_rounds.counted(work, session, round_, await work.rounds.ballots(round_.id))
    if said is None or any(made.get(name) != said.get(name) for name in ("count", "ballots_root", "paper")):
        raise _not_those_counted()


def _not_those_counted() -> IllegalMove:
    return IllegalMove(
        "The ballots of this vote are not those that were counted when it closed, so its result is not shown. "
        "Annul it and ask again, or put the database back from a backup: `forum record check` says more."
    )


async def tally_of(work: Work, round_: Round, *, however_few: bool = False) -> dict[str, Any]:
    """Returns what the ballots of a closed round add up to, as the `result` of its entry has it: `n`, `counts`, and
    `by_group`, `figures` and what small-number rules add where they are given. Raises ValueError for a ballot that its
    method does not allow.

    `however_few`: with counts even below the threshold, as records of before have them.
    """
    session = await work.sessions.get_session(round_.session)
    if session.partition is None:
        return {}
    commission = await work.commissions.of_session(session)
    given = await work.rounds.given(round_.id)
    result = _published(session.partition, round_, given, commission.threshold, however_few=however_few)
    if commission.small_numbers:
        responses, choices = [r.id for r in round_.responses], [choice for _group, choice in given]
        result = outside(result, choices, responses, commission.threshold, round_.method)
    told = result.to_json()
    return {name: told[name] for name in _TALLIED if told.get(name) is not None}


_TALLIED = ("n", "counts", "hidden", "by_group", "figures", "preferred", "sealed")


# Number of revealed rounds whose results are kept in memory, under everything that they follow from.
MOST_KEPT = 500


async def shown(work: Work, round_: Round, commission: Commission) -> Result:
    """Returns the result of a revealed round for a page outside the room: tallied once, then kept while nothing
    changes in it.

    Use `result_of` for what is written down or decided on. Raises IllegalMove for a round that is not revealed.
    """
    if round_.state != RoundState.REVEALED:
        raise IllegalMove("Close the vote before you show its result.")
    session = await work.sessions.get_session(round_.session)
    return (await shown_all(work, [(session, round_)], commission))[round_.id]


async def shown_all(
    work: Work, rounds: Sequence[tuple[LiveSession, Round]], commission: Commission, *, in_the_room: bool = False
) -> dict[str, Result]:
    """Returns the results of several revealed rounds of one version of a commission, by round id, as `shown` does
    for one; reads all that they follow from together. `in_the_room`: for the room's own screens, which are exact."""
    if not rounds:
        return {}
    known = {round_.id: round_ for _session, round_ in rounds}
    if firsts := {round_.second_of for _session, round_ in rounds if round_.second_of} - known.keys():
        known |= await work.rounds.some(firsts)
    voted = await work.rounds.voted(list(known))
    exact = in_the_room or not commission.small_numbers
    results = {}
    for session, round_ in rounds:
        first = known[round_.second_of] if round_.second_of else None
        ballots = tuple(voted[one.id] for one in (round_, first) if one)
        terms = commission.threshold, commission.groups if round_.quorum_each else (), exact
        follows_from = (round_, first, ballots, session.partition, round_.id in session.held, *terms)
        made = partial(result_of, work, round_, commission.threshold)
        if not exact:
            made = partial(result_outside, work, round_, commission)
        results[round_.id] = await work.remembered.of(Result, MOST_KEPT, follows_from, made)
    return results


async def _whole(work: Work, session: LiveSession, round_: Round, threshold: int) -> Result:
    if session.partition is None or round_.state not in (RoundState.CLOSED, RoundState.REVEALED):
        raise IllegalMove("Close the vote before you show its result.")
    given = await work.rounds.given(round_.id)
    invited = (await work.commissions.of_session(session)).groups if round_.quorum_each else ()
    result = _published(session.partition, round_, given, threshold, invited)
    if round_.second_of is None or not METHODS[round_.method].FOLLOWED:
        return result
    first = await work.rounds.get_round(round_.second_of)
    if first.state != RoundState.REVEALED:
        return result
    before, after = await _by_participant(work, first), await _by_participant(work, round_)
    if any(
        no_count(session.partition.of_round(one.id), len(votes), threshold)
        for one, votes in ((first, before), (round_, after))
    ):
        return result  # it would add up to the counts that are not given
    columns = [column.id for column in round_.columns]
    # In a thread: for a large hall the event loop would stand still meanwhile.
    return result.with_shift(await asyncio.to_thread(_shift, first.id, round_.id, before, after, columns, threshold))


def _shift(
    first: str, second: str, before: dict[str, str], after: dict[str, str], columns: list[str], threshold: int
) -> ViewShift:
    # The lots must fall the same each time, and nobody sees what they hang on: the ids of those who voted. So a
    # generator that is seeded with them serves, though none for keys (S311).
    lots = random.Random("\n".join(sorted((first, *before, second, *after))))  # noqa: S311
    return view_shift(first, before, after, columns, threshold, lots.random)


async def asynchronous_rounds(
    work: Work,
    commission: Commission,
    story: str | None = None,
    *,
    results: bool = False,
    check_backs: bool = False,
    rehearsals: bool = False,
) -> tuple[AsynchronousRound, ...]:
    """Returns the asynchronous rounds of a commission, or of one of its stories, newest first; with `results`,
    those that are revealed carry theirs. With `check_backs` those among them in which those who voted are asked
    whether they were understood, with `rehearsals` also the rehearsals of a commission that is none itself."""
    sessions = [
        live
        for live in await work.sessions.list_sessions(commission.id)
        if live.asynchronous and (story is None or story in live.scenarios)
        if check_backs or live.entrance != Entrance.VOTERS
        if rehearsals or commission.rehearsal or not live.rehearsal
    ]
    if not sessions:
        return ()
    of = await work.rounds.of_all([live.id for live in sessions])
    rounds = [(live, round_) for live in sessions for round_ in of[live.id]]
    voted = await work.rounds.voted([round_.id for _live, round_ in rounds])
    revealed = [(live, round_) for live, round_ in rounds if results and round_.state == RoundState.REVEALED]
    shown: dict[str, Result] = {}
    for terms in {live.terms for live, _round in revealed}:
        alike = [(live, round_) for live, round_ in revealed if live.terms == terms]
        shown |= await shown_all(work, alike, await work.commissions.of_session(alike[0][0]))
    return tuple(AsynchronousRound(live, one, voted[one.id], shown.get(one.id)) for live, one in rounds)


def _published(
    partition: Partition,
    round_: Round,
    given: list[tuple[GroupId, str]],
    threshold: int,
    invited: Sequence[Group] = (),
    *,
    however_few: bool = False,
) -> Result:
    responses = [r.id for r in round_.responses]
    terms: dict[str, Any] = {
        "method": round_.method,
        "quorum": round_.declared,
        "invited": invited,
        "however_few": however_few,
    }
    return published(partition.of_round(round_.id), given, responses, threshold, **terms)


async def _by_participant(work: Work, round_: Round) -> dict[str, str]:
    """Returns for each participant the one mark on their ballot."""
    marks = METHODS[round_.method].marks
    return {who: marks(choice)[0] for who, choice in (await work.rounds.choices_by(round_.id)).items()}
