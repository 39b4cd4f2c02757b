"""Records what the deciding body decided about a vote, and who will do what by when.

The room's preference is tallied again from the committed ballots; no figure is taken from a screen. A decision, its
commitments and their entries in the record are one unit of work: all of them are kept, or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from forum.errors import IllegalMove, NotAllowed, NotFound, message
from forum.ports import Store, Work
from forum.ports.accounts import Person
from forum.ports.clock import Clock
from forum.services import permissions, predictions, record_entries
from forum.services.decision_form import ID, MOST_COMMITMENTS, DecisionForm, Promise, checked, commitment, says
from forum.services.decision_matter import Matter, in_the_record, matter, votes_on
from forum.services.form_errors import Findings
from forum.services.record_entries import Words
from forum.services.sent_before import changed, unchanged
from forum.services.voting.conditions import in_entry
from forum.sessions.proposal import PledgeState
from forum.stories.submission import StoryStatus
from forum.voting.commission import SecondReader
from forum.voting.commitment import Commitment
from forum.voting.decision import TOLD, Decision, SecondReading, check_stands, differs

_CORRECT_IT = message("Add what you changed as a correction, on the page of the decision.")
_TELL_IT = message("Say what you changed as an update of the promise.")


async def decide(store: Store, clock: Clock, person: Person, form: DecisionForm) -> Decision:
    """Records a decision and its commitments at once, and returns it; the same form sent twice makes one decision.

    Raises FormErrors with all mistakes in the form, NotAllowed where `person` is no commissioner, NotFound and
    IllegalMove as `matter` does, and IllegalMove where a second reader is declared or the form was kept as a draft.
    """
    async with store.begin() as work:
        kept = await is_draft(work, form.id)
        on = await matter(work, form.rounds, lock=True)
        check_may_decide(person, on.commission.id)
        standing = await _standing(work, form)
        if standing is not None:
            if not says(on, form, standing):
                raise changed(_CORRECT_IT)
            return standing
        if kept:
            raise IllegalMove("This is kept as a draft. Publish it from the page of the draft.")
        if on.commission.second_reader == SecondReader.REQUIRED:
            raise IllegalMove(
                "A second person reads decisions of this commission before they are published. Save this as a draft, "
                "and give it to them."
            )
        return await publish(work, clock, on, form, SecondReading.NONE)


def check_may_decide(person: Person, commission: str) -> None:
    """Checks that somebody may decide in a commission. Raises NotAllowed."""
    if commission not in permissions.reach(person, "decide"):
        raise NotAllowed("Only a commissioner can record a decision.")


async def is_draft(work: Work, id_: str) -> bool:
    """Tells whether there is a draft of a decision with this id, and keeps it from being changed meanwhile."""
    try:
        await work.decision_drafts.get_draft(id_, lock=True)
    except NotFound:
        return False
    return True


async def publish(work: Work, clock: Clock, on: Matter, form: DecisionForm, read: SecondReading) -> Decision:
    """Records a decision on what is locked for it, with its commitments, and returns it; opens what was predicted.
    `read` is how it was read.

    Raises FormErrors with all mistakes in the form, and IllegalMove as `predictions.open_with` does.
    """
    decision, ids = await described(work, clock, on, form)
    decision = replace(decision, second_reader=read)
    if on.session.recorded:
        decision = replace(decision, entry=await _record(work, on, decision, ids))
    await work.decisions.add_decision(decision)
    await predictions.open_with(work, on.commission, on.session.id, decision)
    for pledge in await work.proposals.pledges_on(form.rounds):
        if pledge.id in form.pledges and pledge.state == PledgeState.WAITING:
            await work.proposals.save_pledge(replace(pledge, state=PledgeState.CONFIRMED, decision=decision.id))
    return decision


async def described(work: Work, clock: Clock, on: Matter, form: DecisionForm) -> tuple[Decision, list[str]]:
    """Returns the decision that a form describes, made now, and the ids of every vote on its question. Raises
    FormErrors with all mistakes."""
    votes = await votes_on(work, on)
    ids = await in_the_record(work, votes) if on.session.recorded else [r.id for _, r in votes]
    decision = checked(on, form, clock.now(), ids)
    await _public_stories(work, decision.commitments, [n for n, one in enumerate(form.promises, 1) if one])
    return decision, ids


async def commit(store: Store, clock: Clock, person: Person, decision: str, promise: Promise) -> Decision:
    """Adds a commitment to a decision and returns the decision; the same commitment sent twice is added once.

    Raises as `decide` does, and IllegalMove where the decision has MOST_COMMITMENTS already.
    """
    found = Findings()
    new = replace(commitment(promise, decision, found), at=clock.now())
    found.stop()
    async with store.begin() as work:
        made = await work.decisions.get_decision(decision)
        on = await matter(work, made.rounds, lock=True)
        check_may_decide(person, on.commission.id)
        made = await work.decisions.get_decision(decision, lock=True)
        for one in made.commitments:
            if (one.role, one.what, one.by) == (new.role, new.what, new.by):
                unchanged(one, _TELL_IT, answers=new.answers, noticed=new.noticed)
                return made
        check_stands(made)
        if len(made.commitments) >= MOST_COMMITMENTS:
            raise IllegalMove("Record at most %(most)s commitments with one decision.", most=MOST_COMMITMENTS)
        await _public_stories(work, [new])
        if on.session.recorded:
            await _record_commitment(work, on, new)
        await work.decisions.commit(new)
        return await work.decisions.get_decision(decision)


async def _standing(work: Work, form: DecisionForm) -> Decision | None:
    """Returns the decision that this form made before, or None; it is not made again, as the record keeps every
    entry.

    Raises IllegalMove where the form's id belongs to a decision on other rounds.
    """
    if not ID.fullmatch(form.id):
        return None
    try:
        decision = await work.decisions.get_decision(form.id)
    except NotFound:
        return None
    if decision.rounds != form.rounds:
        raise IllegalMove("This form was used for another decision. Start again from the list of votes.")
    return decision


async def _public_stories(work: Work, commitments: Sequence[Commitment], numbers: Sequence[int] = (1,)) -> None:
    """Checks that each story that a commitment answers is here for everybody to read; `numbers` are those of the
    commitments in their form. Raises FormErrors."""
    found = Findings()
    for number, one in zip(numbers, commitments, strict=True):
        if ID.fullmatch(one.answers):
            try:
                public = (await work.stories.get_story(one.answers)).status == StoryStatus.ACCEPTED
            except NotFound:
                public = False
            if not public:
                found.wrong(f"answers_{number}", "There is no such story here for everybody to read.")
    found.stop()


async def _record(work: Work, on: Matter, decision: Decision, votes: Sequence[str]) -> int:
    """Appends the record's entries of a decision and its commitments; returns the index of the decision's entry."""
    index = await record_entries.append(
        work,
        on.commission,
        "decision",
        decision.decided_at,
        {
            "decision": decision.id,
            "rounds": list(decision.rounds),
            "votes": list(votes),
            "earlier": Words("earlier", decision.earlier) if decision.earlier else None,
            "outcome": decision.outcome,
            "response": decision.response,
            "weighed": Words(
                "weighed",
                {
                    "preference": list(on.preference),
                    "differs": differs(decision.outcome, decision.response, on.preference, counted=on.counted),
                    "differences": [
                        {"from": one.kind, "group": one.group or None, "answer": one.answer}
                        for one in decision.differences
                    ],
                },
            ),
            "second_reader": decision.second_reader,
            "decided_on": decision.decided_on,
            "until": decision.until or None,
            "told": {name: Words(name, decision.told[name]) if name in decision.told else None for name in TOLD},
            "conditions": in_entry(decision.conditions),
            "rationale": Words("rationale", decision.rationale),
            "why": Words("why", decision.why) if decision.why else None,
            "dissent": Words("dissent", decision.dissent) if decision.dissent else None,
        },
    )
    for promised in decision.commitments:
        await _record_commitment(work, on, promised)
    return index


async def _record_commitment(work: Work, on: Matter, promised: Commitment) -> None:
    facts = {
        "commitment": promised.id,
        "decision": promised.decision,
        "role": Words("role", promised.role),
        "what": Words("what", promised.what),
        "by": promised.by,
        "answers": Words("answers", promised.answers) if promised.answers else None,
        "noticed": Words("noticed", promised.noticed) if promised.noticed else None,
    }
    await record_entries.append(work, on.commission, "commitment", promised.at, facts)
