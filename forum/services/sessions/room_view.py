"""The views of a room as it is now, read from the store: never from memory."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace

from forum.ports import Store, Work
from forum.ports.phones import Own
from forum.services.record_agreement import disagreements
from forum.services.record_cache import declared_of
from forum.services.sessions.last_time import last_time
from forum.services.stories.parsed_stories import story_of
from forum.services.voting.reasons import said_of
from forum.services.voting.results import asynchronous_rounds, shown_all
from forum.sessions.participant_view import Mine, YourReason, Yours, YourStop
from forum.sessions.proposal import Agenda, PledgeState, Promised
from forum.sessions.session import CareRequest, LiveSession
from forum.sessions.stop import Run, credits
from forum.sessions.view import ConsoleView, RoomView, Story, listed
from forum.stories.submission import StoryStatus
from forum.voting.commission import Commission
from forum.voting.round import Round, RoundKind, RoundState
from forum.voting.suppression import Result, in_the_room, nothing_by_group


async def room_view_of(work: Work, session: LiveSession) -> RoomView:
    """Reads what every screen of a room may show. Numbers of connected phones are not in it: only the process knows
    them."""
    commission = await work.commissions.of_session(session)
    rounds = {r.id: r for r in await work.rounds.list_rounds(session.id)}
    round_ = rounds.get(session.cue.round or "")
    view = RoomView(
        session=session,
        commission=commission,
        stories=await _stories(work, session),
        round=round_,
        rounds=tuple(r for r in rounds.values() if r.state != RoundState.ANNULLED or r is round_),
        first=rounds.get((round_.second_of if round_ else "") or ""),
        run=await run_of(work, session, commission),
        agenda=await _agenda(work, session, round_),
        programme=(await work.programmes.latest(session.id)).plan,
        last_time=await last_time(work, session),
    )
    return await _with_votes(work, _with_scene(view), rounds)


async def unlike_record(store: Store, view: RoomView) -> tuple[tuple[str, int], ...]:
    """Returns what the screens of a recorded session show that does not agree with the record, as `RoomView.unlike` has
    it. What no entry tells of is for the check of the whole database: here nothing contradicts it."""
    async with store.read() as work:
        found = await disagreements(work, store, await _on_screen(work, view))
    return tuple(dict.fromkeys((one.table, one.entry) for one in found if one.entry is not None))


async def _on_screen(work: Work, view: RoomView) -> dict[str, object]:
    """Reads anew what the screens of a recorded session show that the record tells of, by its ids (for
    `record_agreement.disagreements`): the session, and the rounds on screen once they were opened."""
    session = await work.sessions.get_session(view.session.id)
    rounds = await work.rounds.some({one.id for one in (view.round, view.first) if one is not None})
    shown: dict[str, object] = {session.id: (session.title, session.scenarios, session.held)}
    shown |= {one.id: (one, view.results.get(one.id)) for one in rounds.values() if one.opened_at}
    for made, _vote in view.last_time.decisions:
        again = await work.decisions.get_decision(made.id)
        shown |= {again.id: again} | {one.id: one for one in again.commitments}
    return shown | {declared_of(session.commission): await work.commissions.of_session(session)}


async def console_view_of(work: Work, session: LiveSession, *, full: bool = False) -> ConsoleView:
    """Reads what consoles show: all that the room does, and what is for them alone. `full` is true where phones were
    not let in for want of places."""
    room = await room_view_of(work, session)
    round_ = room.round.id if room.round is not None else ""
    threshold = room.commission.threshold
    asked = await work.care.list_asked(session.id)
    joined = await work.sessions.joined(session.id)
    return ConsoleView(
        **vars(room),
        joined=in_the_room(joined, threshold),
        papers=await _papers(work, round_),
        breaks=asked[CareRequest.BREAK, ""].waiting if (CareRequest.BREAK, "") in asked else 0,
        slower=asked[CareRequest.TIME, round_].number if round_ and (CareRequest.TIME, round_) in asked else 0,
        observers=await work.sessions.observers(session.id),
        also=in_the_room(await work.care.belonging(session.id), threshold),
        asynchronous=await asynchronous_rounds(work, room.commission, results=True),
        last_act=await work.last_acts.get_last_act(session.id),
        full=full,
        nothing_by_group=nothing_by_group(session.partition, joined, room.commission),
    )


async def _stories(work: Work, session: LiveSession) -> tuple[Story, ...]:
    """Reads the stories of a session that may be shown: one that was taken back, or that a moderator holds, is gone;
    one that may not be played any more stays only while it is on."""
    stories = [await work.stories.get_story(id_) for id_ in session.scenarios]
    there = [s for s in stories if not s.withdrawn_at and s.status != StoryStatus.HELD]
    showable = [s for s in there if s.may_perform or s.id == session.cue.scenario]
    return tuple([Story(s.id, await story_of(work.remembered, s.twee, asyncio.to_thread)) for s in showable])


def _with_scene(view: RoomView) -> RoomView:
    """Adds the story and the scene that the cue points at."""
    cue = view.session.cue
    story = next((s for s in view.stories if s.id == cue.scenario), None)
    return replace(view, story=story, scene=story.scenario.scene(cue.scene) if story and cue.scene else None)


async def run_of(work: Work, session: LiveSession, commission: Commission) -> Run:
    """Reads the stops of a session, with the groups that may be named beside them."""
    stops = tuple(await work.stops.list_stops(session.id))
    moments = dict.fromkeys(stop.since for stop in stops) if not session.badges_off else {}
    named = {since: credits(await work.sessions.joined(session.id, since), commission) for since in moments}
    return Run(stops, named, session.cue.showing)


async def _with_votes(work: Work, view: RoomView, rounds: dict[str, Round]) -> RoomView:
    """Adds how many voted in the round on screen, the reasons given in it, and the results of the rounds that screens
    show: this one, the first vote before it, the magic check of the stop that is on. `rounds` has those by id."""
    taken = view.run.taken
    magic = rounds.get((taken.magic if taken is not None else "") or "")
    results = await _results(work, view, [r for r in (view.round, view.first, magic) if r is not None])
    if view.round is None:
        return replace(view, results=results)
    reasons = await said_of(work, view.session, view.round, view.commission)
    return replace(
        view,
        results=results,
        voted=(await work.rounds.voted([view.round.id])).get(view.round.id, 0),
        reasons=reasons,
        reasons_due=await work.reasons.next_due(view.round.id) if reasons else "",
    )


async def _results(work: Work, view: RoomView, rounds: list[Round]) -> dict[str, Result]:
    """Reads the results of those rounds that are revealed, by round id; nothing by group while badges are off."""
    revealed = {round_.id: (view.session, round_) for round_ in rounds if round_.state == RoundState.REVEALED}
    results = await shown_all(work, list(revealed.values()), view.commission, in_the_room=True)
    if view.session.badges_off:
        return {id_: result.without_groups() for id_, result in results.items()}
    return results


async def _papers(work: Work, round_id: str) -> str:
    """Reads whether papers were "entered" or "confirmed" in a round; "" for none, or for no round."""
    count = await work.papers.get_paper_count(round_id) if round_id else None
    return ("confirmed" if count.confirmed_at else "entered") if count else ""


async def _agenda(work: Work, session: LiveSession, round_: Round | None) -> Agenda:
    """Reads the proposals, and what was promised on the vote on screen: commitments first, then what waits to be
    one."""
    promised: list[Promised] = []
    if round_ is not None and round_.kind == RoundKind.POLICY_VOTE and round_.state == RoundState.REVEALED:
        for made in reversed(await work.decisions.list_decisions(session.commission)):
            if round_.id in made.rounds:
                promised += [Promised(c.role, c.what, c.by, confirmed=True) for c in made.commitments]
        waiting = [p for p in await work.proposals.pledges_on([round_.id]) if p.state == PledgeState.WAITING and p.what]
        promised += [Promised(p.role, p.what, p.by, confirmed=False, pledge=p.id) for p in waiting]
    return Agenda(
        tuple(await work.proposals.list_proposals(session.id)),
        tuple(await work.proposals.amendments(session.id)),
        tuple(promised),
    )


async def participant_views_of(work: Work, participants: Collection[str], view: RoomView) -> dict[str, Mine]:
    """Reads what is each participant's own in a session: the votes that count, with their words where they can still be
    changed or are on screen; what they sent in the scene or on the question that is on."""
    on = view.round.id if view.round is not None else ""
    changing = {r.id for r in view.rounds if r.state == RoundState.OPEN} | {on}
    showing = view.session.cue.showing
    shown = on if view.round is not None and view.round.state == RoundState.REVEALED else ""
    on_page = [r.id for r in listed(view.supported).items] if shown else []
    found = await work.phones.own(participants, [r.id for r in view.rounds], showing, shown, on_page)

    def mine(own: Own) -> Mine:
        ballots = [
            Yours(b.round, b.choice, b.reason, b.condition) if b.round in changing else Yours(b.round, b.choice)
            for b in own.ballots
        ]
        return Mine(
            ballots,
            YourStop(showing, *own.stop) if own.stop is not None else None,
            YourReason(shown, *own.reason) if own.reason is not None else None,
            sorted(own.too),
            own.group or "",
        )

    return {participant: mine(own) for participant, own in found.items()}
