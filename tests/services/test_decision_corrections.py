"""Corrections of decisions and decisions in the place of others: beside the original, which stays."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from support.decided import ANSWERS
from support.factories import CLOCK, new_id
from support.record_keeper import SIGNER
from support.voted_session import COMMISSIONER, Voted, a_vote

from forum.errors import FormErrors, IllegalMove, NotAllowed, SentBefore
from forum.ports.accounts import Person, Role
from forum.services import commitments, decision_corrections, decisions, record_check
from forum.services.checkpoints import Checkpoints
from forum.services.commitments import UpdateForm
from forum.services.decision_corrections import CorrectionForm, ReplacementForm
from forum.services.decision_form import DecisionForm, Promise
from forum.store import SqlStore
from forum.voting.commitment import is_overdue, is_quiet
from forum.voting.decision import Decision, DecisionState

ORGANISER = Person(new_id(), "o", "O", (Role.ORGANISER,))
PROMISE = Promise("Head of nights", "Two nurses", "2026-01-01")
RIGHT = CorrectionForm(new_id(), "A mile, not half a mile.", "We measured it.")


async def decided(store: SqlStore, voted: Voted) -> Decision:
    form = DecisionForm(
        voted.rounds, new_id(), "adopted", "r1", "It is near.", "So.", answers=ANSWERS, promises=(PROMISE,)
    )
    return await decisions.decide(store, CLOCK, COMMISSIONER, form)


async def correct(store: SqlStore, decision: str, form: CorrectionForm, person: Person = COMMISSIONER) -> Decision:
    return await decision_corrections.correct(store, CLOCK, person, decision, form)


async def put(store: SqlStore, decision: str, form: ReplacementForm) -> Decision:
    return await decision_corrections.put_in_place(store, CLOCK, COMMISSIONER, decision, form)


async def told(store: SqlStore) -> list[dict[str, Any]]:
    async with store.read() as work:
        entries = [json.loads(one.body) for one in await work.record.entries()]
    return [one for one in entries if one["type"] in ("decision corrected", "decision replaced")]


async def test_a_correction_stands_beside_the_decision_once_and_changes_nothing_of_it(store: SqlStore) -> None:
    before = await decided(store, await a_vote(store, declared=True))
    assert before.state == DecisionState.PUBLISHED
    both = await asyncio.gather(*(correct(store, before.id, RIGHT) for _ in range(2)))
    assert both[0] == both[1]
    after = both[0]
    assert after.state == DecisionState.CORRECTED
    assert replace(after, corrections=()) == before
    [one] = after.corrections
    assert (one.words, one.because, one.replaced_by) == (RIGHT.words, RIGHT.because, "")
    [entry] = await told(store)
    assert (entry["type"], entry["decision"], entry["correction"]) == ("decision corrected", before.id, RIGHT.id)
    with pytest.raises(FormErrors) as caught:
        await correct(store, before.id, CorrectionForm(words=" \n", because="x" * 4001))
    assert set(caught.value.fields) == {"words", "because"}
    with pytest.raises(NotAllowed):
        await correct(store, before.id, CorrectionForm(words="A", because="B"), ORGANISER)
    async for progress in record_check.check(Checkpoints(store, SIGNER)):
        assert progress.findings == []


async def test_a_newer_decision_takes_the_place_of_an_older_and_nothing_is_added_to_that(store: SqlStore) -> None:
    voted = await a_vote(store, declared=True)
    old, newer, newest = [await decided(store, voted) for _ in range(3)]
    elsewhere = await decided(store, await a_vote(store, declared=True))
    for by, why, fields in (
        ("", "So", {"by"}),
        ("0" * 32, "", {"by", "why"}),
        (newer.id, "So", {"by"}),
        (old.id, "So", {"by"}),
        (elsewhere.id, "So", {"by"}),
    ):
        with pytest.raises(FormErrors) as caught:
            await put(store, newer.id, ReplacementForm(by=by, why=why))
        assert set(caught.value.fields) == fields, by
    # Of two who put different ones in its place at once, one is told.
    done = await asyncio.gather(
        *(put(store, old.id, ReplacementForm(by=by, why="It was too dear.")) for by in (newer.id, newest.id)),
        return_exceptions=True,
    )
    [refused] = [one for one in done if isinstance(one, BaseException)]
    assert isinstance(refused, IllegalMove)
    [kept] = [one for one in done if isinstance(one, Decision)]
    assert kept.state == DecisionState.REPLACED
    assert kept.replaced is not None
    by = kept.replaced.replaced_by
    assert await put(store, old.id, ReplacementForm(by=by, why="It was too dear.")) == kept
    with pytest.raises(SentBefore, match="as a correction of the newer decision"):
        await put(store, old.id, ReplacementForm(by=by, why="Twice"))
    for act in (
        correct(store, old.id, RIGHT),
        decisions.commit(store, CLOCK, COMMISSIONER, old.id, replace(PROMISE, what="One more")),
    ):
        with pytest.raises(IllegalMove, match="was replaced by another"):
            await act
    form = UpdateForm(state="done", said="They are here.")
    with pytest.raises(FormErrors) as caught:
        await commitments.update(store, CLOCK, COMMISSIONER, old.commitments[0].id, form)
    assert set(caught.value.fields) == {"state"}
    assert "replaced by another" in str(caught.value.fields["state"])
    last = next(one for one in (newer, newest) if one.id != by)
    with pytest.raises(FormErrors) as caught:
        await put(store, by, ReplacementForm(by=old.id, why="Back"))
    assert set(caught.value.fields) == {"by"}
    async with store.read() as work:
        stands, promised = (
            await work.decisions.get_decision(by),
            await work.decisions.get_commitment(old.commitments[0].id),
        )
        assert stands.replaces == (old.id,)
        assert (await work.decisions.get_decision(last.id)).replaces == ()
        assert promised in (await work.decisions.get_decision(old.id)).commitments
    assert not is_overdue(promised, "2027-01-01")
    assert is_overdue(replace(promised, replaced_at=""), "2027-01-01")
    assert not is_quiet(promised, "2028-01-01")
    assert [entry["by"] for entry in await told(store)] == [by]
    async for progress in record_check.check(Checkpoints(store, SIGNER)):
        assert progress.findings == []


async def test_a_rehearsal_is_corrected_without_an_entry_and_has_so_many_corrections(
    sqlite_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision_corrections, "MOST_CORRECTIONS", 1)
    made = await decided(sqlite_store, await a_vote(sqlite_store, recorded=False))
    assert made.entry is None
    after = await correct(sqlite_store, made.id, RIGHT)
    assert [one.entry for one in after.corrections] == [None]
    with pytest.raises(IllegalMove, match="1 corrections"):
        await correct(sqlite_store, made.id, CorrectionForm(words="A", because="B"))
    assert await told(sqlite_store) == []
