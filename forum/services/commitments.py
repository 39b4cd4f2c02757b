"""What became of commitments: updates, each with its entry in the record, and the ledger of all of them.

An update and its entry are one unit of work. It names the update that its writer saw as the latest, so that nobody
overlooks another's; the same form sent twice makes one update.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace

from forum.errors import IllegalMove, NotAllowed, NotFound
from forum.ports import Store, Work
from forum.ports.accounts import Person
from forum.ports.clock import Clock
from forum.services import permissions, record_entries, update_files
from forum.services.decision_form import MOST_ROLE, MOST_WORDS
from forum.services.form_errors import Findings
from forum.services.mail import owner_addresses
from forum.services.record_entries import Words
from forum.services.sent_before import SEND_ONCE_MORE, changed, unchanged
from forum.services.update_files import SentFile
from forum.stories.submission import StoryStatus, Submission
from forum.stories.visible_text import line, trimmed, upright
from forum.voting.commission import Commission
from forum.voting.commitment import TOLD, Commitment, CommitmentState, Giver, Update, mistakes
from forum.voting.decision import Decision

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
    """A commitment as the ledger has it, with the decision and the commission that it belongs to. Where it is one of a
    list, its decision has no other."""

    commitment: Commitment
    decision: Decision
    commission: Commission

    @property
    def recorded(self) -> bool:
        """Tells whether it is in the record: those of rehearsals are not."""
        return self.decision.entry is not None


async def update(
    store: Store,
    clock: Clock,
    person: Person,
    commitment: str,
    form: UpdateForm,
    file: SentFile | None = None,
    *,
    of_words: bool = False,
) -> Update:
    """Adds an update of a commitment, with its entry in the record, and returns it; the same form sent twice is one.
    `file` stands beside it. With `of_words` the form's id follows from its words and its file, as a program's does.

    Raises NotAllowed where `person` is no commissioner, FormErrors with all mistakes in the form, NotFound, and
    IllegalMove where another update came after the one that the form names, or there are MOST_UPDATES.
    """
    async with store.begin() as work:
        if await commission_of(work, commitment) not in permissions.reach(person, "decide"):
            raise NotAllowed("Only a commissioner can say here what became of a promise.")
        return await add(work, clock, commitment, form, Giver.COMMISSIONER, file, of_words=of_words)


async def commission_of(work: Work, commitment: str) -> str:
    """Returns the id of the commission in which a commitment was made. Raises NotFound."""
    standing = await work.decisions.get_commitment(commitment)
    return (await work.decisions.get_decision(standing.decision)).commission


async def add(
    work: Work,
    clock: Clock,
    commitment: str,
    form: UpdateForm,
    giver: Giver,
    file: SentFile | None = None,
    *,
    of_words: bool = False,
) -> Update:
    """Adds an update as `update` does, of somebody who may give one. Where it hands the commitment on, the link of
    whoever had it stops."""
    standing = await work.decisions.get_commitment(commitment, lock=True)
    # Held, so that no other decision takes its place meanwhile.
    decision = await work.decisions.get_decision(standing.decision, lock=True)
    standing = replace(standing, replaced_at=decision.replaced.at if decision.replaced else "")
    for one in standing.updates:
        if one.id == form.id:
            return one if of_words else _sent_before(one, form, file)
    new = _checked(standing, form, clock.now(), giver)
    if form.after != (standing.updates[-1].id if standing.updates else ""):
        raise IllegalMove(MEANWHILE)
    if len(standing.updates) >= MOST_UPDATES:
        raise IllegalMove("There are %(most)s updates of this promise. No more can be added.", most=MOST_UPDATES)
    if file:
        new = replace(new, file=update_files.described(standing, new.id, file))
    if decision.entry is not None:
        await _record(work, await work.commissions.get_commission(decision.commission), new)
    await work.decisions.add_update(new)
    if file and new.file:
        await work.decisions.add_update_file(new.file, file.file.content)
    if new.state == CommitmentState.HANDED_ON:
        await owner_addresses.end_links(work, standing.id, new.at)
    return new


def _sent_before(there: Update, form: UpdateForm, file: SentFile | None) -> Update:
    """Returns the update that this form made before. Raises SentBefore where it says something else by now."""
    if not update_files.is_the_same(there.file, file):
        raise changed(SEND_ONCE_MORE)
    said, because, handed_to = upright(form.said), upright(form.because), upright(line(form.handed_to))
    words = {"said": said, "because": because, "handed_to": handed_to}
    return unchanged(there, SEND_ONCE_MORE, state=form.state, **words)


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
    facts: dict[str, object] = {
        "update": new.id,
        "commitment": new.commitment,
        "state": new.state,
        "said": Words("said", new.said) if new.said else None,
        "because": Words("because", new.because) if new.because else None,
        "handed_to": Words("handed_to", new.handed_to) if new.handed_to else None,
        "given_by": new.given_by,
    }
    if new.file:
        facts["file"] = update_files.in_entry(new.file)
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
