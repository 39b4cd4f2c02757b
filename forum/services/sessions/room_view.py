"""The view of a room as it is now, read from the store: never from memory."""

from __future__ import annotations

import asyncio

from forum.ports import Work
from forum.services.stories.parsed_stories import story_of
from forum.services.voting import reasons as reasoning
from forum.services.voting import results as tallying
from forum.sessions.participant_view import Mine, YourReason, Yours, YourStop
from forum.sessions.proposal import WAITING, Agenda, Promised
from forum.sessions.session import BREAK, TIME, LiveSession
from forum.sessions.stop import Run, credits
from forum.sessions.view import Story, View, listed
from forum.voting import suppression
from forum.voting.round import Round, RoundKind, RoundState


async def view_of(work: Work, live: LiveSession) -> View:
    """Reads the view of a room. Numbers of connected phones are not in it: only the process knows them."""
    commission = await work.commissions.get_commission(live.commission)
    programme = [await work.stories.get_story(id_) for id_ in live.scenarios]
    # One that was taken back is gone; one that may not be played any more stays only while it is on.
    shown_now = [s for s in programme if not s.withdrawn_at and (s.may_perform or s.id == live.cue.scenario)]
    stories = tuple([Story(s.id, await story_of(work.remembered, s.twee, asyncio.to_thread)) for s in shown_now])
    rounds = tuple(await work.rounds.list_rounds(live.id))
    by_id = {r.id: r for r in rounds}
    cue = live.cue
    story = next((s for s in stories if s.id == cue.scenario), None)
    round_ = by_id.get(cue.round or "")
    voted = await work.rounds.voted([round_.id]) if round_ else {}
    joined = await work.sessions.joined(live.id)
    run = Run(
        tuple(await work.stops.list_stops(live.id)), {} if live.badges_off else credits(joined, commission), cue.showing
    )
    magic = run.taken.magic if run.taken is not None else None
    wanted = (round_, by_id.get((round_.second_of if round_ else "") or ""), by_id.get(magic or ""))
    shown = [r for r in wanted if r is not None]
    results = {
        r.id: await tallying.shown(work, r, commission.threshold) for r in shown if r.state == RoundState.REVEALED
    }
    if live.badges_off:
        results = {id_: result.without_groups() for id_, result in results.items()}
    asked = await work.care.list_asked(live.id)
    # () before the reveal: how reasons fall to the answers says how the room votes.
    reasons = await reasoning.said_of(work, live, round_, commission) if round_ else ()
    counted = await work.papers.get_paper_count(round_.id) if round_ else None
    return View(
        session=live,
        commission=commission,
        stories=stories,
        story=story,
        scene=story.scenario.scene(cue.scene) if story and cue.scene else None,
        round=round_,
        rounds=tuple(r for r in rounds if r.state != RoundState.ANNULLED or r is round_),
        results=results,
        first=by_id.get(round_.second_of) if round_ and round_.second_of else None,
        voted=voted.get(round_.id, 0) if round_ else 0,
        programme=(await work.programmes.latest(live.id)).plan,
        papers=("confirmed" if counted.confirmed_at else "entered") if counted else "",
        joined=suppression.in_the_room(joined, commission.threshold),
        breaks=asked[BREAK, ""].waiting if (BREAK, "") in asked else 0,
        slower=asked[TIME, round_.id].number if round_ and (TIME, round_.id) in asked else 0,
        observers=await work.sessions.observers(live.id),
        also=suppression.in_the_room(await work.care.belonging(live.id), commission.threshold),
        reasons=reasons,
        asynchronous=await tallying.asynchronous_rounds(work, commission, results=True),
        reasons_due=await work.reasons.next_due(round_.id) if reasons and round_ else "",
        run=run,
        agenda=await _agenda(work, live, round_),
        last_act=await work.last_acts.get_last_act(live.id),
    )


async def _agenda(work: Work, live: LiveSession, round_: Round | None) -> Agenda:
    """Reads the proposals, and what was promised on the vote on screen: commitments first, then what waits to be
    one."""
    promised: list[Promised] = []
    if round_ is not None and round_.kind == RoundKind.POLICY_VOTE and round_.state == RoundState.REVEALED:
        for made in reversed(await work.decisions.list_decisions(live.commission)):
            if round_.id in made.rounds:
                promised += [Promised(c.role, c.what, c.by, confirmed=True) for c in made.commitments]
        waiting = [p for p in await work.proposals.pledges_on([round_.id]) if p.state == WAITING and p.what]
        promised += [Promised(p.role, p.what, p.by, confirmed=False, pledge=p.id) for p in waiting]
    return Agenda(
        tuple(await work.proposals.list_proposals(live.id)),
        tuple(await work.proposals.amendments(live.id)),
        tuple(promised),
    )


async def own_of(work: Work, participant: str, view: View) -> Mine:
    """Reads what is a participant's own in a session ("" is nobody): the votes that count, with their words where they
    can still be changed or are on screen; what they sent in the scene or on the question that is on."""
    if not participant:
        return Mine()
    on = view.round.id if view.round is not None else ""
    changing = {r.id for r in view.rounds if r.state == RoundState.OPEN} | {on}
    ballots = await work.rounds.ballots_by(participant, [r.id for r in view.rounds])
    yours = [
        Yours(b.round, b.choice, b.reason, b.condition) if b.round in changing else Yours(b.round, b.choice)
        for b in ballots
    ]
    showing = view.session.cue.showing
    stop = await work.stops.stop_by(participant, showing) if showing else None
    shown = on if view.round is not None and view.round.state == RoundState.REVEALED else ""
    reason = await work.reasons.reason_by(participant, shown) if shown else None
    return Mine(
        yours,
        YourStop(showing, stop.character, stop.how) if stop is not None else None,
        YourReason(shown, reason.words, reason.condition) if reason is not None else None,
        sorted(await work.reasons.said(participant, shown) & {r.id for r in listed(view.supported).items})
        if shown
        else [],
        await work.sessions.group_of(participant) or "",
    )
