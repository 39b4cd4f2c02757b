"""Finds the votes that a decision is made on: those it rests on, with their results, and all others on its question."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from forum.errors import IllegalMove
from forum.ports import Work
from forum.record.verify.decision_votes import same_question
from forum.services.voting.conditions import released
from forum.services.voting.results import result_outside
from forum.sessions.session import LiveSession
from forum.voting import suppression
from forum.voting.commission import Commission
from forum.voting.condition import Condition
from forum.voting.round import DECIDED_ON, Round, RoundState, added
from forum.voting.suppression import Result


@dataclass(frozen=True)
class Matter:
    """The rounds that a decision rests on (first vote first), with the result of each.

    `results` follows `rounds`; an annulled round, whose votes do not count, has None. `conditions` are those
    that everybody can read with these rounds, what most people asked for first.
    """

    commission: Commission
    session: LiveSession
    rounds: tuple[Round, ...]
    results: tuple[Result | None, ...]
    conditions: tuple[Condition, ...] = ()

    @property
    def later(self) -> Round:
        """Returns the round that tells the room's preference: the vote after the replay where there is one."""
        return self.rounds[-1]

    @property
    def new(self) -> tuple[str, ...]:
        """Returns the ids of the responses that were offered in the vote after the replay and not in the first vote."""
        return added(self.rounds[0], self.later) if len(self.rounds) > 1 else ()

    @property
    def result(self) -> Result | None:
        """Returns the result of the later round; None where that round was annulled."""
        return self.results[-1]

    @property
    def preference(self) -> tuple[str, ...]:
        """Returns the responses that share the top of the head count; () where nobody voted or the vote is annulled."""
        return suppression.preference(self.result, self.later.method) if self.result else ()

    @property
    def counted(self) -> bool:
        """Tells whether the result gives a count: it does not where that could tell how somebody voted."""
        return self.result is None or not self.result.withholds_count


async def matter(work: Work, rounds: Sequence[str], *, lock: bool = False) -> Matter:
    """Returns the rounds to decide on, with their results tallied from the committed ballots.

    Raises NotFound for an unknown round, IllegalMove where a round is not revealed or is annulled, where its kind of
    vote is not decided on, or where two rounds are not a first vote and the vote after its replay.
    """
    told = await past_matter(work, rounds, lock=lock)
    if any(r.kind not in DECIDED_ON for r in told.rounds):
        raise IllegalMove("Nothing is decided on this vote: it led on through the day.")
    if any(r.state == RoundState.ANNULLED for r in told.rounds):
        raise IllegalMove("This vote was annulled, so nothing can be decided on it.")
    return replace(told, conditions=await released(work, told.session, told.rounds, told.commission))


async def draft_matter(work: Work, rounds: Sequence[str]) -> Matter:
    """Returns the rounds of a draft with what it has to answer; of rounds that were annulled since there is nothing.

    Raises as `past_matter` does.
    """
    told = await past_matter(work, rounds)
    if any(r.state == RoundState.ANNULLED for r in told.rounds):
        return told
    return replace(told, conditions=await released(work, told.session, told.rounds, told.commission))


async def past_matter(work: Work, rounds: Sequence[str], *, lock: bool = False) -> Matter:
    """Returns the rounds of a decision made earlier, some of which may have been annulled since.

    Raises NotFound and IllegalMove as `matter` does, but takes annulled rounds and every kind of vote.
    """
    if not 1 <= len(rounds) <= 2:
        raise IllegalMove("Decide on one vote, or on a first vote and the vote after its replay.")
    by_id = {id_: await work.rounds.get_round(id_, lock=lock) for id_ in sorted(set(rounds))}
    found = tuple(by_id[id_] for id_ in rounds)
    if any(r.state not in (RoundState.REVEALED, RoundState.ANNULLED) for r in found):
        raise IllegalMove("The result of this vote has not been shown yet. Decide on it after that.")
    if not all(r.revealed_at for r in found):
        # Annulled before its result was shown: neither the result nor the words given with the votes are shown now.
        raise IllegalMove("This vote was annulled, so nothing can be decided on it.")
    if len(found) == 2 and (found[1].second_of != found[0].id or found[1].session != found[0].session):
        raise IllegalMove("Decide on one vote, or on a first vote and the vote after its replay.")
    session = await work.sessions.get_session(found[0].session)
    if any(r.id in session.held for r in found):
        raise IllegalMove(
            "Badges are off in this session: nothing is shown by group. Decide on this vote once they are on again."
        )
    commission = await work.commissions.of_session(session)
    results = [await result_outside(work, r, commission) if r.state == RoundState.REVEALED else None for r in found]
    return Matter(commission, session, found, tuple(results))


async def beside(work: Work, on: Matter) -> tuple[Matter, ...]:
    """Returns the votes of others on the same question of the same story: asynchronous ones beside a vote in a
    room, and the other way round.

    They are shown for comparison and never counted in. A later version of the story that asks in other words, or
    offers other responses, is a different question.
    """
    found = []
    for session in await work.sessions.list_sessions(on.commission.id):
        if session.kind == on.session.kind or session.rehearsal != on.session.rehearsal or on.later.scene is None:
            continue
        for round_ in await work.rounds.list_rounds(session.id):
            if _asked(round_) == _asked(on.later) and round_.state == RoundState.REVEALED:
                commission = await work.commissions.of_session(session)
                result = await result_outside(work, round_, commission)
                found.append(Matter(commission, session, (round_,), (result,)))
    return tuple(found)


def _asked(round_: Round) -> tuple[object, ...]:
    return round_.scenario, round_.scene, round_.question, round_.responses


async def votes_on(work: Work, on: Matter) -> tuple[tuple[LiveSession, Round], ...]:
    """Returns every vote on the question of these rounds that stands, in the order in which they were closed: those
    that ask in the same words, in whichever session of the commission, and each one's vote after the replay."""
    found: list[tuple[LiveSession, Round]] = []
    for session in await work.sessions.list_sessions(on.commission.id):
        if session.recorded == on.session.recorded and session.rehearsal == on.session.rehearsal:
            found += [
                (session, r)
                for r in await work.rounds.list_rounds(session.id)
                if r.kind in DECIDED_ON and r.state == RoundState.REVEALED and r.id not in session.held
            ]
    votes = [{"round": r.id, "second_of": r.second_of, "question": r.question} for _, r in found]
    same = same_question(votes, [r.id for r in on.rounds], lambda one: one["question"] == on.later.question)
    chosen = [(session, r) for session, r in found if r.id in same]
    return tuple(sorted(chosen, key=lambda one: (one[1].closed_at or "", one[1].opened_at or "", one[1].id)))


async def in_the_record(work: Work, votes: Iterable[tuple[LiveSession, Round]]) -> list[str]:
    """Returns the ids of these votes in the order in which the record says that they were closed."""
    ids = [r.id for _, r in votes]
    entries = [json.loads(stored.body) for stored in await work.record.naming(ids)]
    return [entry["round"] for entry in entries if entry["type"] == "round closed" and entry["round"] in ids]
