"""Acts of the policy vote: proposals that grew from interventions or were typed, amended on screen, voted on, promised.

Amending is refused while an amendment of the same proposal is in flight, and once the vote has been opened; both texts
are kept either way. Who may decide commits from here into the record, as a commitment of a decision; what anybody else
writes down waits until somebody who may decide confirms it with a decision on that vote.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Work
from forum.ports.accounts import Person
from forum.services import decision_form, decisions, permissions
from forum.services.decision_form import DecisionForm, Promise
from forum.services.form_errors import Findings
from forum.services.sessions import guard
from forum.services.sessions.desk import Desk, Outcome, cue_of, show
from forum.sessions.proposal import (
    MOST_PROPOSALS,
    MOST_WORDS,
    Amendment,
    AmendmentState,
    Pledge,
    PledgeState,
    Proposal,
    ProposalState,
)
from forum.sessions.session import Cue, CueKind, LiveSession
from forum.stories.visible_text import alike, line, upright
from forum.voting.commission import SecondReader
from forum.voting.decision import DecisionOutcome
from forum.voting.round import Response, Round, RoundKind, RoundState

POLICY_QUESTION = "Do you agree with this proposal?"

_BUSY = "An amendment of this proposal is on the screen. Take it or drop it first."
_VOTED = "This proposal has been put to the vote. It cannot be changed any more."
_MEANWHILE = "Somebody else changed this a moment ago. Look at it again."


async def show_proposals(desk: Desk, session_id: str) -> Outcome:
    """Puts the list of proposals on every screen."""
    async with desk.act_on(session_id) as (work, session):
        if session.cue.kind == CueKind.PROPOSALS:
            return Outcome(session)
        await guard.nothing_open(work, session)
        return await _on_screens(work, session, Cue(CueKind.PROPOSALS))


async def propose(desk: Desk, session_id: str, words: str, stop: str = "") -> Outcome:
    """Adds a proposal: what somebody says, or what came of a stop (once for each stop)."""
    words = _checked(words, "words", "Write the proposal.")
    async with desk.act_on(session_id) as (work, session):
        standing = [p for p in await work.proposals.list_proposals(session.id) if p.state == ProposalState.STANDING]
        if stop and any(p.stop == stop for p in standing):
            return Outcome(session)
        if any(alike(p.words) == alike(words) for p in standing):
            raise BadInput("There is such a proposal already.", field="words")
        if len(standing) >= MOST_PROPOSALS:
            raise IllegalMove("There are %(most)s proposals. Take one off the list first.", most=MOST_PROPOSALS)
        from_ = await work.stops.get_stop(stop) if stop else None
        if from_ is not None and from_.session != session.id:
            raise NotFound("There is no such stop in this session.")
        story = from_.scenario if from_ is not None else None
        if story is not None:
            await guard.playable(work, story)
        at = desk.clock.now()
        await work.proposals.add_proposal(Proposal(secrets.token_hex(16), session.id, words, at, stop or None, story))
        return await _on_screens(work, session, session.cue)


async def list_proposal(desk: Desk, session_id: str, proposal_id: str, *, on: bool) -> Outcome:
    """Takes a proposal off the list, or puts it back."""
    async with desk.act_on(session_id) as (work, session):
        proposal, round_ = await _proposal(work, session, proposal_id)
        state = ProposalState.STANDING if on else ProposalState.OFF
        if proposal.state == state:
            return Outcome(session)
        if round_ is not None and round_.state != RoundState.DRAFT:
            raise IllegalMove(_VOTED)
        await work.proposals.save_proposal(replace(proposal, state=state))
        return await _on_screens(work, session, session.cue)


async def amend(desk: Desk, session_id: str, proposal_id: str, before: str, after: str) -> Outcome:
    """Puts an amendment beside a proposal whose words were `before` when it was written."""
    after = _checked(after, "after", "Write the proposal as it should be.")
    async with desk.act_on(session_id) as (work, session):
        proposal, round_ = await _proposal(work, session, proposal_id)
        flying = await _in_flight(work, proposal)
        if flying is not None and flying.after == after:
            return Outcome(session)
        if flying is not None:
            raise IllegalMove(_BUSY)
        if round_ is not None and round_.state != RoundState.DRAFT:
            raise IllegalMove(_VOTED)
        if proposal.words != before.strip():
            raise IllegalMove(_MEANWHILE)
        if after == proposal.words:
            raise BadInput("Nothing is different in it.", field="after")
        amendment = Amendment(secrets.token_hex(16), proposal.id, proposal.words, after, desk.clock.now())
        if not await work.proposals.amend(amendment):
            raise IllegalMove(_BUSY)
        return await _on_screens(work, session, session.cue)


async def settle_amendment(desk: Desk, session_id: str, amendment_id: str, state: str) -> Outcome:
    """Takes an amendment, drops it, or puts it back in flight: then the text is the one before it."""
    if state not in (AmendmentState.TAKEN, AmendmentState.DROPPED, AmendmentState.IN_FLIGHT):
        raise BadInput("Take the amendment, or drop it.", field="state")
    async with desk.act_on(session_id) as (work, session):
        known = {a.id: a for a in await work.proposals.amendments(session.id)}
        if amendment_id not in known:
            raise NotFound("There is no such amendment.")
        amendment = known[amendment_id]
        if amendment.state == state:
            return Outcome(session)
        proposal, round_ = await _proposal(work, session, amendment.proposal)
        if round_ is not None and round_.state != RoundState.DRAFT:
            raise IllegalMove(_VOTED)
        latest = [a for a in known.values() if a.proposal == proposal.id][-1]
        if amendment.state != AmendmentState.IN_FLIGHT and (
            state != AmendmentState.IN_FLIGHT or latest.id != amendment.id
        ):
            raise IllegalMove(_MEANWHILE)
        await work.proposals.close_amendment(replace(amendment, state=AmendmentState(state)))
        words = amendment.after if state == AmendmentState.TAKEN else amendment.before
        # Words that change while no screen has them were seen by nobody, but beside the earlier ones.
        seen = proposal.shown if words == proposal.words else amendment.shown
        await work.proposals.save_proposal(replace(proposal, words=words, shown=seen))
        if round_ is not None:
            await work.rounds.save_round(replace(round_, responses=(Response("r1", words),), versions=()))
        return await _on_screens(work, session, session.cue)


async def put_policy_vote(desk: Desk, session_id: str, proposal_id: str) -> Outcome:
    """Puts a proposal to the vote: a round of its own."""
    async with desk.act_on(session_id) as (work, session):
        proposal, round_ = await _proposal(work, session, proposal_id)
        if await _in_flight(work, proposal) is not None:
            raise IllegalMove(_BUSY)
        if proposal.state != ProposalState.STANDING:
            raise IllegalMove("This proposal is off the list. Put it back first.")
        await guard.nothing_open(work, session)
        if proposal.scenario is not None:
            await guard.playable(work, proposal.scenario)
        if round_ is None:
            round_ = Round(
                id=secrets.token_hex(16),
                session=session.id,
                question=POLICY_QUESTION,
                responses=(Response("r1", proposal.words),),
                scenario=proposal.scenario,
                method="opinion",
                kind=RoundKind.POLICY_VOTE,
                created_at=desk.clock.now(),
            )
            await work.rounds.add_round(round_)
            await work.proposals.save_proposal(replace(proposal, round=round_.id))
        return await show(work, session, cue_of(round_), round_)


async def promise(
    desk: Desk, session_id: str, person: Person, round_id: str, promise: Promise, rationale: str = "", why: str = ""
) -> Outcome:
    """Writes down what somebody promises on a policy vote whose result was shown; the same promise twice is one.

    Somebody who may decide commits at once: with a decision to adopt the proposal, for which `rationale` and `why`
    are (decisions.DecisionForm), or to the one that stands. Anybody else's note waits for them; so does theirs where a
    second reader is declared and nothing was decided yet. Raises FormErrors,
    NotFound, and IllegalMove as decisions.decide does.
    """
    findings = Findings()
    checked = decision_form.commitment(promise, "", findings)
    findings.stop()
    async with desk.act_on(session_id) as (work, session):
        round_ = await guard.round_of(work, session, round_id)
        if round_.kind != RoundKind.POLICY_VOTE:
            raise NotFound("There is no such vote on a proposal in this session.")
        if round_.state != RoundState.REVEALED:
            raise IllegalMove("Show the result of the vote first. Then people can commit to it.")
        standing = [d for d in await work.decisions.list_decisions(session.commission) if round_id in d.rounds]
        # A decision that somebody else has to read first is not made here: the promise waits for it.
        read_first = (await work.commissions.of_session(session)).second_reader == SecondReader.REQUIRED
        if session.commission not in permissions.reach(person, "decide") or (read_first and not standing):
            said = (checked.role, checked.what, checked.by)
            known = [p for p in await work.proposals.pledges_on([round_id]) if p.state != PledgeState.WITHDRAWN]
            if any((p.role, p.what, p.by) == said for p in known):
                return Outcome(session)
            await work.proposals.pledge(Pledge(checked.id, session.id, round_id, *said, desk.clock.now()))
            return await show(work, session, session.cue)
    decision = standing[0].id if standing else await _adopt(desk, person, round_id, promise, rationale, why)
    await decisions.commit(desk.store, desk.clock, person, decision, promise)
    async with desk.act_on(session_id) as (work, session):
        return await show(work, session, session.cue)


async def _adopt(desk: Desk, person: Person, round_id: str, promise: Promise, rationale: str, why: str) -> str:
    # Its id follows from the round, so that two who press at once make one decision.
    id_ = hashlib.sha256(f"policy vote {round_id}".encode()).hexdigest()[:32]
    form = DecisionForm(
        (round_id,), id_, DecisionOutcome.ADOPTED, "r1", rationale, why, promises=(promise,), earlier=rationale
    )
    return (await decisions.decide(desk.store, desk.clock, person, form)).id


async def list_promise(desk: Desk, session_id: str, pledge_id: str, *, on: bool) -> Outcome:
    """Takes a pledge that nobody has confirmed off the screens, or puts it back."""
    async with desk.act_on(session_id) as (work, session):
        pledge = next((p for p in await work.proposals.pledges(session.id) if p.id == pledge_id), None)
        if pledge is None:
            raise NotFound("There is no such promise.")
        state = PledgeState.WAITING if on else PledgeState.WITHDRAWN
        if pledge.state == state:
            return Outcome(session)
        if pledge.state == PledgeState.CONFIRMED:
            raise IllegalMove("This promise was confirmed: it stands in the record as a commitment.")
        await work.proposals.save_pledge(replace(pledge, state=state))
        return await show(work, session, session.cue)


# ------------------------------------------------------------------ what these acts have in common


async def _proposal(work: Work, session: LiveSession, proposal_id: str) -> tuple[Proposal, Round | None]:
    """Gives a proposal of this session, and the vote on it where that was not annulled. Raises NotFound."""
    proposal = await work.proposals.get_proposal(proposal_id)
    if proposal.session != session.id:
        raise NotFound("There is no such proposal in this session.")
    round_ = await work.rounds.get_round(proposal.round, lock=True) if proposal.round else None
    return proposal, None if round_ is None or round_.state == RoundState.ANNULLED else round_


async def _on_screens(work: Work, session: LiveSession, cue: Cue) -> Outcome:
    """Shows the session with this cue, and notes which proposals and amendments everybody sees then."""
    if cue.kind == CueKind.PROPOSALS:
        await work.proposals.note_shown(session.id)
    return await show(work, session, cue)


async def _in_flight(work: Work, proposal: Proposal) -> Amendment | None:
    amendments = [a for a in await work.proposals.amendments(proposal.session) if a.proposal == proposal.id]
    return next((a for a in amendments if a.state == AmendmentState.IN_FLIGHT), None)


def _checked(words: str, field: str, otherwise: str) -> str:
    words = upright(line(words))
    if not words:
        raise BadInput(otherwise, field=field)
    if len(words) > MOST_WORDS:
        raise BadInput("Use at most %(most)s characters.", field=field, most=MOST_WORDS)
    return words
