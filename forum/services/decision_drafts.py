"""Acts on the draft of a decision: saving it, giving it to a second reader, sending it back, publishing it.

Each is one unit of work, and says which version of the draft its page had seen, so that nobody writes over, hands on or
publishes what they have not read. A draft keeps all that was typed, with mistakes in it: they are told when it is
checked. Once it is published it is deleted, and with it who wrote on it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from forum.errors import IllegalMove, NotAllowed, NotFound, message
from forum.ports import Store, Work
from forum.ports.accounts import Person
from forum.ports.clock import Clock
from forum.services import decisions, permissions
from forum.services.decision_form import ID, MOST_WORDS, DecisionForm
from forum.services.decision_matter import Matter, matter
from forum.services.form_errors import Findings
from forum.voting import decision_draft
from forum.voting.check_back import check_none_going_on
from forum.voting.decision import Decision, DecisionState
from forum.voting.decision_draft import DecisionDraft

MOST_DRAFTS = 100

MEANWHILE = message(
    "Somebody else changed this draft meanwhile. Nothing is lost: what you typed is still here, and what they saved "
    "stands above it."
)
_CHANGED = message("This draft was changed meanwhile. Read it again as it is now.")
_NOT_WITH_READER = message("This draft is not with its second reader. You may read it once its writer gives it to one.")
_PUBLISHED = message("This was published meanwhile. What you typed is still here: you may add it as a correction.")


def form_of(draft: DecisionDraft) -> DecisionForm:
    """Returns what was typed into a draft."""
    return msgspec.convert({**draft.form, "id": draft.id, "rounds": list(draft.rounds)}, DecisionForm)


def _values(form: DecisionForm) -> dict[str, Any]:
    """Returns what was typed as the database gives it back: lists, no tuples."""
    values: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(form))
    return {name: value for name, value in values.items() if name not in ("id", "rounds")}


async def save(store: Store, clock: Clock, person: Person, form: DecisionForm, version: int = 0) -> DecisionDraft:
    """Keeps what was typed as the draft with the form's id, mistakes too, and returns it; the same saved twice is saved
    once. `version` is the one that the form's page had seen, 0 for a new draft.

    Raises NotAllowed where `person` is no commissioner, NotFound and IllegalMove as `matter` does for a new draft, and
    IllegalMove where somebody else saved another version or published it meanwhile, or there are MOST_DRAFTS.
    """
    if not ID.fullmatch(form.id):
        raise IllegalMove("Open the form again from the list of votes. What you typed is still here, to be copied.")
    async with store.begin() as work:
        now = await _draft(work, form.id)
        if now is None:
            await _not_published(work, form.id)
            commission = (await matter(work, form.rounds)).commission.id
            decisions.check_may_decide(person, commission)
            if len(await work.decision_drafts.list_drafts(commission)) >= MOST_DRAFTS:
                raise IllegalMove("This commission has %(most)s drafts. Publish or delete one first.", most=MOST_DRAFTS)
            new = DecisionDraft(form.id, commission, form.rounds, _values(form), (person.id,), saved_at=clock.now())
            if await work.decision_drafts.add_draft(new):
                return new
            now = await work.decision_drafts.get_draft(form.id, lock=True)  # added by another unit just now
        decisions.check_may_decide(person, now.commission)
        if now.rounds != form.rounds:
            raise IllegalMove("This form was used for another decision. Start again from the list of votes.")
        if form_of(now) == form:
            return now
        if now.version != version:
            raise IllegalMove(MEANWHILE)
        saved = decision_draft.written(now, person.id, _values(form), clock.now())
        await work.decision_drafts.save_draft(saved)
        return saved


async def made_before(store: Store, person: Person, id_: str) -> DecisionDraft | Decision | None:
    """Returns what a program's request with this id made before, which follows from its words: the draft as it is now,
    or the decision that it was published as; None where it made nothing, or it was deleted. Raises NotAllowed."""
    async with store.read() as work:
        try:
            made: DecisionDraft | Decision | None = await work.decision_drafts.get_draft(id_)
        except NotFound:
            made = await _decision(work, id_)
    if made is not None:
        decisions.check_may_decide(person, made.commission)
    return made


async def hand_over(store: Store, clock: Clock, person: Person, draft: str, version: int) -> DecisionDraft:
    """Gives a draft without mistakes to its second reader, and returns it.

    Raises NotAllowed, NotFound, FormErrors with the mistakes in it, and IllegalMove where it was changed meanwhile or a
    reader has it already.
    """
    async with store.begin() as work:
        now = await seen(work, person, draft, version)
        given = decision_draft.handed_over(now, clock.now())
        await check(work, clock, now)
        await work.decision_drafts.save_draft(given)
        return given


async def send_back(
    store: Store, clock: Clock, person: Person, draft: str, version: int, because: str
) -> DecisionDraft:
    """Sends a draft back to whoever wrote it, with the reason, and returns it.

    Raises FormErrors for a reason that is missing or too long, NotAllowed for somebody who wrote on it, NotFound, and
    IllegalMove where it was changed meanwhile or is not with a reader.
    """
    found = Findings()
    why = found.need("because", because, "Say what should be different.", MOST_WORDS)
    async with store.begin() as work:
        now = await seen(work, person, draft, version, reading=True)
        back = decision_draft.sent_back(now, person.id, why, clock.now())
        found.stop()
        await work.decision_drafts.save_draft(back)
        return back


async def publish(store: Store, clock: Clock, person: Person, draft: str, version: int) -> Decision:
    """Publishes a draft and returns the decision, which has the draft's id; one that was published is returned as it
    is.

    Raises FormErrors with the mistakes in it, NotAllowed where a second reader is declared and the person wrote on it,
    NotFound, and IllegalMove where it was changed meanwhile, no reader has it, its vote does not stand any more, or
    those who voted are being asked whether they were understood.
    """
    async with store.begin() as work:
        if await _draft(work, draft) is None and (made := await _decision(work, draft)):
            if made.commission not in permissions.reach(person, "read drafts"):
                raise NotAllowed(_NOT_WITH_READER)
            return made
        now = await seen(work, person, draft, version, reading=True)
        on = await matter(work, now.rounds, lock=True)
        check_none_going_on(await work.rounds.check_backs([on.later.id]))
        read = decision_draft.published_by(now, person.id, on.commission.second_reader)
        made = await decisions.publish(work, clock, on, form_of(now), read)
        await work.decision_drafts.remove_draft(now.id)
        return made


async def discard(store: Store, person: Person, draft: str, version: int) -> None:
    """Deletes a draft. Raises NotAllowed, NotFound, and IllegalMove where it was changed meanwhile, or those who voted
    are being asked about it."""
    async with store.begin() as work:
        now = await seen(work, person, draft, version)
        check_none_going_on(await work.rounds.check_backs([now.rounds[-1]]))
        await work.decision_drafts.remove_draft(now.id)


def check_may_read(person: Person, draft: DecisionDraft) -> None:
    """Checks that somebody may read a draft: whoever may decide in its commission; and a second reader of it who did
    not write on it, while it is with its reader. Raises NotAllowed."""
    if draft.commission in permissions.reach(person, "decide"):
        return
    reads = draft.state == DecisionState.WITH_READER and person.id not in draft.writers
    if not reads or draft.commission not in permissions.reach(person, "read drafts"):
        raise NotAllowed(_NOT_WITH_READER)


async def check(work: Work, clock: Clock, draft: DecisionDraft) -> tuple[Matter, Decision]:
    """Returns what a draft decides on, and the decision as it would be published now. Raises as `publish` does."""
    on = await matter(work, draft.rounds)
    return on, (await decisions.described(work, clock, on, form_of(draft)))[0]


async def commission_of(work: Work, draft: str) -> str:
    """Returns the commission of a draft, also of one that was published. Raises NotFound."""
    made = await _decision(work, draft)
    return made.commission if made else (await work.decision_drafts.get_draft(draft)).commission


async def _draft(work: Work, draft: str) -> DecisionDraft | None:
    """Returns a draft, which is held until this unit ends, or None."""
    try:
        return await work.decision_drafts.get_draft(draft, lock=True)
    except NotFound:
        return None


async def _decision(work: Work, decision: str) -> Decision | None:
    try:
        return await work.decisions.get_decision(decision)
    except NotFound:
        return None


async def _not_published(work: Work, draft: str) -> None:
    if await _decision(work, draft) is not None:
        raise IllegalMove(_PUBLISHED)


async def seen(work: Work, person: Person, draft: str, version: int, *, reading: bool = False) -> DecisionDraft:
    """Returns a draft for an act of somebody on it; with `reading` for one that its second reader may do too. Raises
    NotFound, NotAllowed for somebody who may not, and IllegalMove where its page had not seen this version, or it was
    published."""
    now = await _draft(work, draft)
    if now is None:
        await _not_published(work, draft)
        raise NotFound("There is no such draft. Perhaps somebody deleted it.")
    if reading:
        check_may_read(person, now)
    else:
        decisions.check_may_decide(person, now.commission)
    if now.version != version:
        raise IllegalMove(_CHANGED)
    return now
