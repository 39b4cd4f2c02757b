"""The ledger as the databases work it out: it agrees with the rules of voting/commitment.py, one promise at a time."""

from __future__ import annotations

import random

import pytest
from support.factories import a_commission, new_id

from forum.ports import Store
from forum.ports.promises import Sought
from forum.services import ledger
from forum.services.commitments import Promise
from forum.voting.commission import Commission
from forum.voting.commitment import (
    FINISHED,
    OVERDUE,
    QUIET,
    TO_COME,
    TOLD,
    Commitment,
    CommitmentState,
    Update,
    by_urgency,
    is_overdue,
    is_quiet,
)
from forum.voting.decision import Correction, Decision, DecisionOutcome

TODAY = "2026-06-01"
ROLES = ("Head of nights", "HEAD OF NIGHTS", "Élan [east]", "The trust", "50% *a?")
DAYS = ("2026-03-02", "2026-03-03", "2026-03-04", "2026-05-31", "2026-06-01", "2026-06-02")
WORDS = ("Two nurses", "ÉTÉ at the [door]", "A number *to* ring?", "100% {of} them", "a.b|c\\d^e$")


def made(draw: random.Random, of: Commission, entry: int | None) -> tuple[Decision, list[Update]]:
    """Makes a decision with a few promises, and what was said of these."""
    decision = new_id()
    promises = tuple(
        Commitment(
            new_id(), decision, draw.choice(ROLES), draw.choice(WORDS), draw.choice(DAYS), at=f"{draw.choice(DAYS)}T"
        )
        for _ in range(3)
    )
    told = []
    for one in promises:
        for _ in range(draw.choice((0, 0, 1, 2))):
            state = draw.choice(TOLD)
            to = draw.choice(ROLES) if state == CommitmentState.HANDED_ON else ""
            told.append(Update(new_id(), one.id, state, f"{draw.choice(DAYS)}T", draw.choice(WORDS), "", to))
    made = Decision(
        decision, of.id, (new_id(),), DecisionOutcome.DEFERRED, None, "So", entry=entry, commitments=promises
    )
    return made, told


@pytest.mark.parametrize("seed", range(3))
async def test_the_ledger_is_chosen_counted_and_ordered_as_the_rules_say(store: Store, seed: int) -> None:
    draw = random.Random(seed)
    of = [a_commission(title=f"Care {n}") for n in range(2)] + [a_commission(rehearsal=True), a_commission(draft=True)]
    decisions = []
    async with store.begin() as work:
        for one in of:
            await work.commissions.add_commission(one)
        for n in range(16):
            decision, told = made(draw, of[n % 4], None if n > 13 else n)
            await work.decisions.add_decision(decision)
            for update in told:
                await work.decisions.add_update(update)
            decisions.append(decision.id)
        for old, new in ((0, 4), (1, 9)):
            await work.decisions.correct(
                Correction(new_id(), decisions[old], "So", replaced_by=decisions[new], at="2026-05-01T")
            )
            await work.decisions.correct(Correction(new_id(), decisions[old], "So", words="Else", at="2026-05-02T"))
    async with store.read() as work:
        every = [
            Promise(one, decision, commission)
            for decision in await work.decisions.list_decisions()
            if decision.entry is not None
            for commission in of
            if commission.id == decision.commission and not commission.draft
            for one in decision.commitments
        ]
        open_ = [one for one in every if not one.commission.rehearsal]

        def in_order(promises: list[Promise]) -> list[str]:
            return [one.id for one in by_urgency([one.commitment for one in promises], TODAY)]

        def states(one: Commitment) -> set[str]:
            found = {str(one.state)} | ({OVERDUE} if is_overdue(one, TODAY) else set())
            found |= {QUIET} if is_quiet(one, TODAY) else set()
            return found | (set() if one.state in FINISHED else {TO_COME})

        assert {state for one in open_ for state in states(one.commitment)} >= {OVERDUE, QUIET, TO_COME, "done"}
        for listed, commission in ((open_, ""), *(([one for one in every if one.commission == c], c.id) for c in of)):
            for state in ("", OVERDUE, QUIET, TO_COME, *CommitmentState):
                wanted = in_order([one for one in listed if not state or state in states(one.commitment)])
                sought = Sought(commission, standing=state)
                counted = await work.promises.count_promises(sought, TODAY)
                assert (counted.every, counted.listed, counted.found) == (len(open_), len(listed), len(wanted))
                assert counted.late == sum(is_overdue(one.commitment, TODAY) for one in listed)
                assert counted.done == sum(one.commitment.state == CommitmentState.DONE for one in listed)
                assert counted.not_done == sum(one.commitment.state == CommitmentState.NOT_DONE for one in listed)
                found = await ledger.found(work, sought, TODAY, most=99)
                assert [one.commitment.id for one in found] == wanted
                assert [one.commitment.id for one in await ledger.found(work, sought, TODAY, 2, 3)] == wanted[2:5]
        for typed in (*ROLES, "élan [EAST]", "head", "%"):
            wanted = in_order([one for one in open_ if one.commitment.owner.casefold() == typed.casefold()])
            found = await ledger.found(work, Sought(owner=typed), TODAY, most=99)
            assert [one.commitment.id for one in found] == wanted, typed
        for typed in (
            *WORDS,
            "été",
            "NUMBER",
            "*",
            "?",
            "[",
            "]",
            "%",
            "_",
            ".",
            "^",
            "$",
            "\\d",
            "care",
            "nights two",
            "x-x",
        ):
            words = tuple(typed.split())
            wanted = in_order([one for one in open_ if all(word.casefold() in text_of(one) for word in words)])
            found = await ledger.found(work, Sought(words=words), TODAY, most=99)
            assert [one.commitment.id for one in found] == wanted, typed
        newest = [one.commitment.news_at for one in await ledger.newest(work, "", 10)]
        assert newest == sorted((one.commitment.news_at for one in open_), reverse=True)[:10]
        assert await work.promises.promising(9) == [(one.id, one.title) for one in reversed(of[:2])]
        assert set(await work.promises.owners(99)) == {one.commitment.owner for one in open_}
        assert len(await work.promises.owners(2)) == 2


def text_of(promise: Promise) -> str:
    one = promise.commitment
    texts = [promise.commission.title, one.what, one.role, one.answers, one.noticed]
    return "\n".join([*texts, *(t for up in one.updates for t in (up.said, up.because, up.handed_to))]).casefold()
