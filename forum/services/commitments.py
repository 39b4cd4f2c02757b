"""What became of commitments: updates, each with its entry in the record, and the ledger of all of them.

An update and its entry are one unit of work. It names the update that its writer saw as the latest, so that nobody
overlooks another's; the same form sent twice makes one update.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from forum.errors import IllegalMove, NotAllowed, NotFound
from forum.ports import Store, Work
from forum.ports.accounts import Person
from forum.ports.clock import Clock
from forum.services import permissions, record_entries
from forum.services.decision_form import MOST_ROLE, MOST_WORDS
from forum.services.form_errors import Findings
from forum.services.mail import owner_addresses
from forum.services.record_entries import Words
from forum.sessions.proposal import Pledge, PledgeState
from forum.stories.submission import StoryStatus, Submission
from forum.stories.visible_text import trimmed
from forum.voting.commission import Commission
from forum.voting.commitment import TOLD, Commitment, CommitmentState, Giver, Update, by_urgency, mistakes
from forum.voting.decision import Decision
from forum.voting.round import RoundState

MOST_UPDATES = 200

MEANWHILE = "Somebody else said what became of this a moment ago. Look at it above, then send yours again."
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class UpdateForm:
    """An update as typed. `id` is a random id made when the form was shown; where it is empty, one is made. `after` is
    the id of the update that was the latest then, "" for none. Errors come back under the names of these fields."""

    id: str = ""
    after: str = ""
    state: str = ""
    said: str = ""
    because: str = ""
    handed_to: str = ""


@dataclass(frozen=True)
class Promise:
    """A commitment as the ledger has it, with the decision and the commission that it belongs to."""

    commitment: Commitment
    decision: Decision
    commission: Commission

    @property
    def recorded(self) -> bool:
        """Tells whether it is in the record: those of rehearsals are not."""
        return self.decision.entry is not None


async def update(store: Store, clock: Clock, person: Person, commitment: str, form: UpdateForm) -> Update:
    """Adds an update of a commitment, with its entry in the record, and returns it; the same form sent twice is one.

    Raises NotAllowed where `person` is no commissioner, FormErrors with all mistakes in the form, NotFound, and
    IllegalMove where another update came after the one that the form names, or there are MOST_UPDATES.
    """
    async with store.begin() as work:
        if await commission_of(work, commitment) not in permissions.reach(person, "decide"):
            raise NotAllowed("Only a commissioner can say here what became of a promise.")
        return await add(work, clock, commitment, form, Giver.COMMISSIONER)


async def commission_of(work: Work, commitment: str) -> str:
    """Returns the id of the commission in which a commitment was made. Raises NotFound."""
    standing = await work.decisions.get_commitment(commitment)
    return (await work.decisions.get_decision(standing.decision)).commission


async def add(work: Work, clock: Clock, commitment: str, form: UpdateForm, giver: Giver) -> Update:
    """Adds an update as `update` does, of somebody who may give one. Where it hands the commitment on, the link of
    whoever had it stops."""
    standing = await work.decisions.get_commitment(commitment, lock=True)
    # Held, so that no other decision takes its place meanwhile.
    decision = await work.decisions.get_decision(standing.decision, lock=True)
    standing = replace(standing, replaced_at=decision.replaced.at if decision.replaced else "")
    for one in standing.updates:
        if one.id == form.id:
            return one
    new = _checked(standing, form, clock.now(), giver)
    if form.after != (standing.updates[-1].id if standing.updates else ""):
        raise IllegalMove(MEANWHILE)
    if len(standing.updates) >= MOST_UPDATES:
        raise IllegalMove("There are %(most)s updates of this promise. No more can be added.", most=MOST_UPDATES)
    if decision.entry is not None:
        await _record(work, await work.commissions.get_commission(decision.commission), new)
    await work.decisions.add_update(new)
    if new.state == CommitmentState.HANDED_ON:
        await owner_addresses.end_links(work, standing.id, new.at)
    return new


def _checked(standing: Commitment, form: UpdateForm, at: str, giver: Giver) -> Update:
    found = Findings()
    if form.state not in TOLD:
        found.wrong("state", "Choose how it stands.")
    said = found.at_most("said", form.said, MOST_WORDS)
    because = found.at_most("because", form.because, MOST_WORDS)
    handed_to = found.name("handed_to", form.handed_to, "", MOST_ROLE) if trimmed(form.handed_to) else ""
    new = Update(
        id=form.id if _ID.fullmatch(form.id) else secrets.token_hex(16),
        commitment=standing.id,
        state=CommitmentState(form.state) if form.state in TOLD else CommitmentState.NO_NEWS,
        at=at,
        said=said,
        because=because,
        handed_to=handed_to,
        given_by=giver,
    )
    for name, sentence in mistakes(standing, new).items() if form.state in TOLD else ():
        found.wrong(name, sentence)
    found.stop()
    return new


async def _record(work: Work, commission: Commission, new: Update) -> None:
    facts = {
        "update": new.id,
        "commitment": new.commitment,
        "state": new.state,
        "said": Words("said", new.said) if new.said else None,
        "because": Words("because", new.because) if new.because else None,
        "handed_to": Words("handed_to", new.handed_to) if new.handed_to else None,
        "given_by": new.given_by,
    }
    await record_entries.append(work, commission, "commitment update", new.at, facts)


async def promise_of(work: Work, commitment: str) -> Promise:
    """Returns a commitment with its decision and commission. Raises NotFound."""
    found = await work.decisions.get_commitment(commitment)
    decision = await work.decisions.get_decision(found.decision)
    return Promise(found, decision, await work.commissions.get_commission(decision.commission))


async def story_of(work: Work, commitment: Commitment) -> Submission | None:
    """Returns the story that a commitment answers, while everybody may read it; else None."""
    if not commitment.story:
        return None
    try:
        story = await work.stories.get_story(commitment.story)
    except NotFound:
        return None  # it was never here: refused today, and shown nowhere
    return story if story.status == StoryStatus.ACCEPTED else None


async def ledger(work: Work, commission: str | None = None) -> list[Promise]:
    """Returns every commitment in the record but those of rehearsals, or all of one commission, in no order that
    matters. Raises NotFound for an unknown commission."""
    if commission is None:
        of = {one.id: one for one in await work.commissions.list_commissions() if not one.rehearsal}
    else:
        of = {commission: await work.commissions.get_commission(commission)}
    return promises_in(await work.decisions.list_decisions(commission), of)


async def offered(work: Work, commission: str) -> list[Pledge]:
    """Returns the pledges in the recorded sessions of a commission that nobody who may decide has confirmed, in the
    order in which they were made; none on a vote that was annulled."""
    sessions = [one.id for one in await work.sessions.list_sessions(commission) if one.recorded]
    rounds = await work.rounds.of_all(sessions)
    shown = [one.id for of in rounds.values() for one in of if one.state == RoundState.REVEALED]
    pledges = await work.proposals.pledges_on(shown) if shown else []
    # Of a story that was taken back no words are left.
    return sorted((one for one in pledges if one.state == PledgeState.WAITING and one.what), key=lambda one: one.at)


def promises_in(decisions: Iterable[Decision], commissions: Mapping[str, Commission]) -> list[Promise]:
    """Returns the commitments of those of these decisions that are in the record and of these `commissions`, by their
    ids."""
    return [
        Promise(one, decision, commissions[decision.commission])
        for decision in decisions
        if decision.entry is not None and decision.commission in commissions
        for one in decision.commitments
    ]


def in_order(promises: Iterable[Promise], today: str) -> list[Promise]:
    """Returns promises as a ledger lists them on the day `today` (ISO): overdue first (`by_urgency`)."""
    by_id = {one.commitment.id: one for one in promises}
    return [by_id[one.id] for one in by_urgency([one.commitment for one in by_id.values()], today)]
