"""Acts on a vote and on the whole session: open, warn, close, reveal, annul; pause, end."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from forum.errors import BadInput, IllegalMove
from forum.ports import Store, Work
from forum.record.verify.disclosures import digests_in
from forum.services import minority_statements
from forum.services.record_entries import Words, append, erase, latest_about
from forum.services.sessions import guard
from forum.services.sessions.desk import Desk, Outcome, cue_of, cue_up
from forum.services.voting import close_rounds, reasons, results, withdrawn_conditions
from forum.sessions.session import Cue, CueKind, LiveSession
from forum.stories.visible_text import upright
from forum.voting import round as rounds
from forum.voting.commission import Commission
from forum.voting.result import Result
from forum.voting.round import Round, RoundState, Version

MOST_BECAUSE = 500


async def open_round(desk: Desk, session_id: str, round_id: str) -> Outcome:
    """Opens the vote that is on screen."""
    async with desk.act_on(session_id) as (work, session):
        before = await guard.round_of(work, session, round_id)
        if before.state == RoundState.OPEN:
            return Outcome(session, before)
        await guard.nothing_open(work, session)
        if before.scenario:
            await guard.playable(work, before.scenario)
        if before.state == rounds.RoundState.DRAFT and session.cue.round != before.id:
            raise IllegalMove("This question is not on screen any more. Put it there first, so that all can read it.")
        round_, entries = rounds.apply(before, rounds.Open(desk.clock.now()))
        await work.rounds.save_round(round_)
        commission = await work.commissions.of_session(session)
        if session.recorded and entries:
            await append(work, commission, entries[0], round_.opened_at, opened(round_, commission))
        return Outcome(await cue_up(work, session, cue_of(round_)), round_)


async def warn_of_close(desk: Desk, session_id: str, round_id: str) -> Outcome:
    """Tells everybody that the vote is about to close."""
    async with desk.act_on(session_id) as (work, session):
        round_, _ = rounds.apply(await guard.round_of(work, session, round_id), rounds.Warn())
        await work.rounds.save_round(round_)
        return Outcome(await cue_up(work, session, session.cue), round_)


async def close_round(desk: Desk, session_id: str, round_id: str) -> Outcome:
    """Closes the vote. A ballot is now in or out, for ever; the record gets the count and the ballots root."""
    async with desk.act_on(session_id) as (work, session):
        before = await guard.round_of(work, session, round_id)
        if before.state == rounds.RoundState.CLOSED:
            return Outcome(session, before, (await work.rounds.voted([before.id]))[before.id])
        counted = await work.papers.get_paper_count(before.id)
        if counted is not None and not counted.confirmed_at and before.state == RoundState.OPEN:
            raise IllegalMove("Papers were counted, and nobody has confirmed them yet. Confirm them first.")
        closed_in, round_, count = await close_rounds.close(work, session, before, desk.clock.now())
        return Outcome(await cue_up(work, closed_in, session.cue), round_, count)


async def reveal_round(desk: Desk, session_id: str, round_id: str) -> Outcome:
    """Shows the result to everybody, tallied again from the committed ballots."""
    async with desk.act_on(session_id) as (work, session):
        before = await guard.round_of(work, session, round_id)
        commission = await work.commissions.of_session(session)
        await guard.nothing_open(work, session)
        if before.state == RoundState.REVEALED:
            result = await results.result_of(work, before, commission.threshold)
            if session.asynchronous:  # there is no room to see it
                result = await results.as_it_leaves(work, before, commission, result)
            result = result.without_groups() if session.badges_off else result
            return Outcome(await cue_up(work, session, cue_of(before)), before, result.n, result)
        round_, result, told = await shown(work, session, before, commission, desk.clock.now())
        result = told if session.asynchronous else result
        holding = session
        if session.badges_off:
            holding, result = replace(session, held=(*session.held, round_.id)), result.without_groups()
        return Outcome(await cue_up(work, holding, cue_of(round_)), round_, result.n, result)


async def as_it_leaves(store: Store, outcome: Outcome) -> Outcome:
    """Returns what an act led to as it may leave the room: with small-number rules, no count of the ballots, and the
    result by them."""
    session, round_ = outcome.session, outcome.round
    if round_ is None:
        return outcome
    async with store.read() as work:
        commission = await work.commissions.of_session(session)
        if not commission.small_numbers:
            return outcome
        result = outcome.result
        if result is not None:
            result = await results.result_outside(work, round_, commission)
            result = result.without_groups() if session.badges_off else result
    return replace(outcome, count=None, result=result)


async def shown(
    work: Work, session: LiveSession, before: Round, commission: Commission, at: str
) -> tuple[Round, Result, Result]:
    """Reveals a closed round, both it and its session locked by the caller, and returns it with its result, and with
    that as it may leave the room, which is written down. Raises IllegalMove where its ballots were changed."""
    round_, entries = rounds.apply(before, rounds.Reveal(at))
    await results.hold_to_root(work, session, before)
    result = await results.result_of(work, before, commission.threshold)
    await work.rounds.save_round(round_)
    await reasons.gather(work, session, round_, round_.revealed_at)
    told = await results.as_it_leaves(work, round_, commission, result)
    if session.recorded and entries and not session.badges_off:
        await append(work, commission, entries[0], round_.revealed_at, revealed(round_, told))
    return round_, result, told


async def record_held(work: Work, session: LiveSession, at: str) -> LiveSession:
    """Records the results that were shown while badges were off, whole; what was annulled since is never opened."""
    commission = await work.commissions.of_session(session)
    kept = []
    held = {id_: await work.rounds.get_round(id_, lock=True) for id_ in sorted(session.held)}
    for id_ in session.held:
        round_ = held[id_]
        if round_.state != RoundState.REVEALED:
            kept.append(id_)
        elif session.recorded:
            await results.hold_to_root(work, session, round_)
            result = await results.result_outside(work, round_, commission, whole=True)
            await append(work, commission, rounds.RoundRevealed, at, revealed(round_, result))
    return replace(session, held=tuple(kept))


async def annul_round(desk: Desk, session_id: str, round_id: str, because: str) -> Outcome:
    """Annuls a round, with the reason that everybody reads and the record keeps.

    Where its result was shown, that is withdrawn: beside the table of the vote that is asked instead it would show how
    those voted who were in one of the two. So is the view shift from it, which adds up to it.
    """
    if len(upright(because)) > MOST_BECAUSE:
        raise BadInput("Use at most %(most)s characters for the reason.", field="because", most=MOST_BECAUSE)
    async with desk.act_on(session_id) as (work, session):
        before = await guard.round_of(work, session, round_id)
        round_, entries = rounds.apply(before, rounds.Annul(desk.clock.now(), because))
        await work.rounds.save_round(round_)
        gone = await withdrawn_conditions.take_out(work, session.commission, [round_.id])
        if session.recorded and entries:
            commission = await work.commissions.of_session(session)
            facts = {
                "session": session.id,
                "round": round_.id,
                "because": Words("because", round_.annulled_because),
            }
            await append(work, commission, entries[0], round_.annulled_at, facts)
            resting = await _decisions_on(work, round_)
            digests = gone + await _tables_of(work, round_) + [*digests_in([entry["weighed"] for entry in resting])]
            digests += await minority_statements.empty(work, [entry["decision"] for entry in resting])
            await erase(work, commission, round_.annulled_at, digests)
            await work.decisions.take_back_differences([entry["decision"] for entry in resting])
        return Outcome(await cue_up(work, session, session.cue), round_)


async def pause(desk: Desk, session_id: str, *, paused: bool) -> Outcome:
    """Pauses everything, or goes on. A ballot that is on its way while paused is still counted."""
    async with desk.act_on(session_id) as (work, session):
        return Outcome(await cue_up(work, replace(session, paused=paused), session.cue))


async def end(desk: Desk, session_id: str) -> Outcome:
    """Ends the session: phones say goodbye, and the join code lets nobody in any more."""
    async with desk.act_on(session_id) as (work, session):
        await guard.nothing_open(work, session)
        at = desk.clock.now()
        recorded = await record_held(work, session, at)
        over = replace(recorded, badges_off=False, ended=True, ended_at=at, paused=False)
        return Outcome(await cue_up(work, over, Cue(CueKind.ENDED)))


def opened(round_: Round, commission: Commission) -> dict[str, object]:
    """Gives the facts of a "round opened" entry: all that was declared about this vote before it."""
    return {
        "session": round_.session,
        "round": round_.id,
        "kind": round_.kind,
        "second_of": round_.second_of,
        "closes_at": round_.closes_at or None,
        "scenario": round_.scenario,
        # Its name is its writer's, like the words.
        "scene": Words("scene", round_.scene) if round_.scene else None,
        "question": Words("question", round_.question),
        "responses": [{"id": r.id, "label": Words("response", r.label)} for r in round_.responses],
        "method": round_.method,
        "groups": [g.label for g in commission.groups],
        "threshold": commission.threshold,
        **({"small_numbers": True} if commission.small_numbers else {}),
        "power": commission.power.level,
        **({"quorum": {"ballots": round_.quorum, "each_group": round_.quorum_each}} if round_.declared else {}),
        **({"live": True} if round_.live else {}),
        **({"versions": [_version(version) for version in round_.versions]} if round_.versions else {}),
        **({"asks_about": round_.asks_about} if round_.asks_about else {}),
    }


def revealed(round_: Round, result: Result) -> dict[str, object]:
    """Gives the facts of a "round revealed" entry: the result, and by itself who moved since the first vote."""
    told = result.to_json()
    shift = told.pop("view_shift")
    facts: dict[str, object] = {"session": round_.session, "round": round_.id, "result": Words("result", told)}
    return facts | ({"view_shift": Words("view_shift", shift)} if shift is not None else {})


async def _tables_of(work: Work, round_: Round) -> list[str]:
    """Returns the digests of what a round's entry shows, and of the view shifts from it to later votes."""
    after = [r.id for r in await work.rounds.list_rounds(round_.session) if r.second_of == round_.id]
    own = await latest_about(work, rounds.RoundRevealed, round_.id) or {}
    later = [await latest_about(work, rounds.RoundRevealed, id_) or {} for id_ in after]
    # In entries of before the numbers themselves stand: those stay.
    return [*digests_in([own.get("result"), own.get("view_shift"), *(entry.get("view_shift") for entry in later)])]


async def _decisions_on(work: Work, round_: Round) -> list[dict[str, Any]]:
    """Returns the entries of the decisions that say how they lie to what this round, or the vote after its replay,
    preferred."""
    after = [r.id for r in await work.rounds.list_rounds(round_.session) if r.second_of == round_.id]
    rounds_ = {round_.id, *after}
    entries = [json.loads(stored.body) for stored in await work.record.naming(sorted(rounds_))]
    return [
        entry
        for entry in entries
        if entry["type"] == "decision" and "weighed" in entry and rounds_ & set(entry["rounds"])
    ]


def _version(version: Version) -> dict[str, object]:
    labels = [{"id": id_, "label": Words("response", words)} for id_, words in version.labels.items()]
    question = Words("question", version.question) if version.question else None
    return {"kind": version.kind, "question": question, "responses": labels}
