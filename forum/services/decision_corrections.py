"""Corrections of decisions: other words beside them, or another decision in their place. The original always stays.

A correction and its entry in the record are one unit of work; the same form sent twice makes one.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

import msgspec

from forum.errors import IllegalMove, NotFound, message
from forum.ports import Store, Work
from forum.ports.accounts import Person
from forum.ports.clock import Clock
from forum.services import record_entries
from forum.services.decision_form import ID, MOST_WORDS
from forum.services.decisions import check_may_decide
from forum.services.form_errors import Findings
from forum.services.record_entries import Words
from forum.services.sent_before import SEND_ONCE_MORE, unchanged
from forum.voting.decision import Correction, Decision, check_stands, mistake_in_replacing

MOST_CORRECTIONS = 100
_CORRECT_THE_NEWER = message("Add what you want to say as a correction of the newer decision.")


class CorrectionForm(msgspec.Struct, frozen=True):
    """A correction as typed: `words` are right instead, because of `because`. `id` is a random id made when the form
    was shown; where it is empty, one is made. Errors come back under the names of these fields."""

    id: str = ""
    words: str = ""
    because: str = ""


class ReplacementForm(msgspec.Struct, frozen=True):
    """A decision in the place of another as chosen: `by` is its id, `why` the reason. `id` as in CorrectionForm."""

    id: str = ""
    by: str = ""
    why: str = ""


async def correct(store: Store, clock: Clock, person: Person, decision: str, form: CorrectionForm) -> Decision:
    """Adds a correction to a decision and returns the decision.

    The same form sent twice adds one. Raises NotFound, NotAllowed for somebody who may not decide, FormErrors with all
    mistakes in the form, and IllegalMove where another decision took its place or it has MOST_CORRECTIONS.
    """
    async with store.begin() as work:
        of = await _held(work, person, decision)
        found = Findings()
        words = found.need("words", form.words, "Say what is right instead.", MOST_WORDS)
        because = found.need("because", form.because, "Say why it is corrected.", MOST_WORDS)
        if done := next((one for one in of.corrections if one.id == form.id), None):
            unchanged(done, SEND_ONCE_MORE, words=words, because=because)
            return of
        check_stands(of)
        found.stop()
        new = Correction(_id(form.id), of.id, because, words=words, at=clock.now())
        return await _add(work, of, new)


async def put_in_place(store: Store, clock: Clock, person: Person, decision: str, form: ReplacementForm) -> Decision:
    """Puts a newer decision in the place of another, and returns that other one.

    Raises as `correct` does.
    """
    async with store.begin() as work:
        of = await _held(work, person, decision)
        found = Findings()
        why = found.need("why", form.why, "Say why another decision takes its place.", MOST_WORDS)
        if of.replaced and of.replaced.replaced_by == form.by:
            unchanged(of.replaced, _CORRECT_THE_NEWER, because=why)
            return of
        check_stands(of)
        try:
            mistake = mistake_in_replacing(of, await work.decisions.get_decision(form.by))
        except NotFound:
            mistake = "Choose the decision that takes its place."
        if mistake:
            found.wrong("by", mistake)
        found.stop()
        return await _add(work, of, Correction(_id(form.id), of.id, why, replaced_by=form.by, at=clock.now()))


async def _held(work: Work, person: Person, decision: str) -> Decision:
    """Returns a decision, which is held until this unit ends. Raises NotFound and NotAllowed."""
    of = await work.decisions.get_decision(decision, lock=True)
    check_may_decide(person, of.commission)
    return of


async def _add(work: Work, of: Decision, new: Correction) -> Decision:
    if len(of.corrections) >= MOST_CORRECTIONS:
        raise IllegalMove("This decision has %(most)s corrections. Decide again instead.", most=MOST_CORRECTIONS)
    if of.entry is not None:
        about = {"correction": new.id, "decision": of.id, "because": Words("because", new.because)}
        told = {"by": new.replaced_by} if new.replaced_by else {"words": Words("correction", new.words)}
        type_ = "decision replaced" if new.replaced_by else "decision corrected"
        commission = await work.commissions.get_commission(of.commission)
        new = replace(new, entry=await record_entries.append(work, commission, type_, new.at, {**about, **told}))
    await work.decisions.correct(new)
    return await work.decisions.get_decision(of.id)


def _id(typed: str) -> str:
    return typed if ID.fullmatch(typed) else secrets.token_hex(16)
