"""Closes rounds. After that a ballot is in or out for good; every way of closing a round comes through here.

Each function is part of the caller's unit of work. Rows are locked in one order everywhere, so that no deadlock
comes: story, session, round, commission, the record last; of several sessions or rounds the one with the smaller id
first.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

from forum.ports import Work
from forum.record.ballot_leaves import root_of
from forum.services.record_entries import append, latest_about
from forum.sessions.session import LiveSession
from forum.voting import round as rounds
from forum.voting.ballot import Ballot
from forum.voting.commission import Commission
from forum.voting.one_question import Vote, asked_before, given_beside
from forum.voting.round import Round, RoundRevealed, RoundState
from forum.voting.suppression import GroupId, Partition, label_of, no_count, opened_by, origin_of, settled


async def close(work: Work, live: LiveSession, before: Round, at: str) -> tuple[LiveSession, Round, int]:
    """Closes an open round of a session, both of them locked by the caller.

    Returns the session and the round after it, and the number of ballots; the record gets that number and the ballots
    root. Does not save the session, whose partition may be new. Raises IllegalMove for a round that is not open.
    """
    round_, entries = rounds.apply(before, rounds.Close(at))
    await work.rounds.save_round(round_)
    ballots = await work.rounds.ballots(round_.id)
    # Locked, so that of two votes that close at one moment the second is judged beside the first.
    commission = await work.commissions.of_session(live, lock=True)
    # Whoever answers by themselves, over days, joins to answer: there is no room of which half could be away.
    joined = 0 if live.asynchronous else sum((await work.sessions.joined(live.id)).values())
    counts = Counter(ballot.group for ballot in ballots)
    partition = settled(live.partition, round_.id, counts, joined, commission)
    partition = await _beside_others(
        work, live, Vote(round_, partition, _cast(ballots), commission.threshold, _groups(commission))
    )
    live = replace(live, partition=partition)
    if live.recorded and entries:
        facts = await _counted(partition, round_, ballots, commission)
        await append(work, commission, entries[0], round_.closed_at, {"session": live.id, "round": round_.id, **facts})
    return live, round_, len(ballots)


async def _beside_others(work: Work, live: LiveSession, vote: Vote) -> Partition:
    """Returns the partition of the vote's session, in which the vote gives nothing by group, or no count, where that
    could not be given beside an earlier one on its question in another session of its commission. Each is judged by the
    threshold that it was declared under.
    """
    sessions = {
        one.id: one
        for one in await work.sessions.list_sessions(live.commission)
        if one.id != live.id and (one.rehearsal, one.recorded) == (live.rehearsal, live.recorded)
    }
    rounds_of = await work.rounds.of_all(list(sessions))
    # Read with the commission locked: none is added meanwhile.
    terms = {made.number: made.about for made in await work.commissions.versions(live.commission)}
    before = []
    for one in asked_before(vote.round, (one for listed in rounds_of.values() for one in listed)):
        session = sessions[one.session]
        if session.partition is None:
            continue
        partition, ballots = session.partition.of_round(one.id), await work.rounds.given(one.id)
        declared = terms[session.terms]
        if no_count(partition, len(ballots), declared.threshold) is None or await counts_stand(work, one.id):
            before.append(Vote(one, partition, ballots, declared.threshold, _groups(declared)))
    # In a thread: of votes with many answers, rows and earlier ones it takes 100 ms.
    return await asyncio.to_thread(given_beside, vote, before)


def _groups(commission: Commission) -> frozenset[str]:
    return frozenset(group.id for group in commission.groups)


async def counts_stand(work: Work, round_id: str) -> bool:
    """Tells whether a round's counts stand in the record itself, as in those of before: nobody can withdraw them."""
    entry = await latest_about(work, RoundRevealed, round_id)
    return entry is not None and "sd" not in entry["result"]


def _cast(ballots: list[Ballot]) -> list[tuple[GroupId, str]]:
    return [(ballot.group, ballot.choice) for ballot in ballots]


async def counted(work: Work, live: LiveSession, round_: Round, ballots: list[Ballot]) -> dict[str, object]:
    """Returns what "round closed" says of a round's ballots, from these, which are there now.

    It is `count`, `ballots_root` and, where there are papers, `paper`; but with small-number rules the root alone. It
    is nothing for a session without a partition.
    """
    if live.partition is None:
        return {}
    commission = await work.commissions.of_session(live)
    return await _counted(live.partition, round_, ballots, commission)


async def _counted(
    partition: Partition, round_: Round, ballots: list[Ballot], commission: Commission
) -> dict[str, object]:
    partition = opened_by(partition.of_round(round_.id), commission)
    terms = commission.threshold, round_.method, round_.leaf_edition
    label = label_of(partition, Counter(ballot.group for ballot in ballots), *terms)
    origin = origin_of(partition, [(ballot.group, ballot.paper) for ballot in ballots], *terms)
    facts: dict[str, object] = {}
    # In a thread: for a large hall the event loop would stand still meanwhile.
    facts["ballots_root"] = await asyncio.to_thread(root_of, ballots, label, origin)
    if commission.small_numbers:
        return facts
    papers = sum(ballot.paper for ballot in ballots)
    return facts | {"count": len(ballots)} | ({"paper": papers} if papers else {})


async def close_now(work: Work, session: str, round_id: str, at: str, *, due: str | None = None) -> Round | None:
    """Closes an asynchronous round, saves its session, and returns the round.

    Returns None and does nothing where the round is not open, or closes later than `due`.
    """
    live = await work.sessions.get_session(session, lock=True)
    before = await work.rounds.get_round(round_id, lock=True)
    if before.state != RoundState.OPEN or (due is not None and before.closes_at > due):
        return None
    live, round_, _ = await close(work, live, before, at)
    await work.sessions.save_session(replace(live, version=live.version + 1))
    return round_


async def stop(work: Work, story: str, at: str) -> None:
    """Closes every asynchronous round on a story that nobody may read or play any more.

    To be called in the unit of work that changes the story, after the story was saved and before an entry is
    appended.
    """
    waiting = await work.rounds.timed(scenario=story)
    for session in sorted({found.session for found in waiting}):
        await work.sessions.get_session(session, lock=True)
    for round_id in sorted(found.id for found in waiting):
        await work.rounds.get_round(round_id, lock=True)
    for found in waiting:
        await close_now(work, found.session, found.id, at)
