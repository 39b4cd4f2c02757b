"""Drafts of decisions: kept with mistakes, read by somebody else where that was declared, published once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from support.decided import ANSWERS
from support.factories import CLOCK, new_id
from support.record_keeper import SIGNER
from support.voted_session import COMMISSIONER, Voted, a_vote

from forum.errors import FormErrors, IllegalMove, NotAllowed, NotFound
from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.services import decision_drafts, decisions, record_check
from forum.services.checkpoints import Checkpoints
from forum.services.decision_form import DecisionForm, Promise
from forum.services.sessions import facilitation, policy_vote
from forum.store import SqlStore
from forum.voting.commission import SecondReader
from forum.voting.decision import DecisionState, SecondReading
from forum.voting.decision_draft import DecisionDraft

READER = Person(new_id(), "r", "R", (Role.COMMISSIONER,))
ORGANISER = Person(new_id(), "o", "O", (Role.ORGANISER,))


async def a_read_vote(store: Store, declared: SecondReader = SecondReader.REQUIRED) -> Voted:
    return await a_vote(store, declared=True, second_reader=declared)


def whole(voted: Voted, **changes: Any) -> DecisionForm:
    return DecisionForm(
        voted.rounds, new_id(), "adopted", "r1", "A nurse comes first.", "The board asked.", answers=ANSWERS, **changes
    )


async def save(store: Store, form: DecisionForm, version: int = 0, person: Person = COMMISSIONER) -> DecisionDraft:
    return await decision_drafts.save(store, CLOCK, person, form, version)


async def handed(store: Store, form: DecisionForm) -> DecisionDraft:
    draft = await save(store, form)
    return await decision_drafts.hand_over(store, CLOCK, COMMISSIONER, draft.id, draft.version)


async def decided(store: Store) -> list[dict[str, Any]]:
    async with store.read() as work:
        entries = [json.loads(one.body) for one in await work.record.entries()]
    return [one for one in entries if one["type"] == "decision"]


async def test_a_decision_is_drafted_with_mistakes_sent_back_read_and_published_once(sqlite_store: SqlStore) -> None:
    voted = await a_read_vote(sqlite_store)
    form = whole(voted, told={"cost": "Much"}, promises=(Promise("The board", "", "soon"), Promise(), Promise("X")))
    draft = await save(sqlite_store, replace(form, rationale=""))
    assert draft.writers == (COMMISSIONER.id,)
    assert decision_drafts.form_of(draft) == replace(form, rationale="")
    assert await save(sqlite_store, replace(form, rationale="")) == draft  # sent twice
    with pytest.raises(FormErrors) as caught:
        await decision_drafts.hand_over(sqlite_store, CLOCK, COMMISSIONER, draft.id, draft.version)
    assert {"rationale", "what_1", "by_1", "what_3", "by_3"} == set(caught.value.fields)

    form = replace(form, promises=(Promise("The board", "Two nurses", "2027-03-31"),))
    draft = await save(sqlite_store, form, draft.version)
    with pytest.raises(IllegalMove, match="No second reader has this draft"):
        await decision_drafts.publish(sqlite_store, CLOCK, READER, draft.id, draft.version)
    draft = await decision_drafts.hand_over(sqlite_store, CLOCK, COMMISSIONER, draft.id, draft.version)
    with pytest.raises(IllegalMove, match="waits for its second reader already"):
        await decision_drafts.hand_over(sqlite_store, CLOCK, READER, draft.id, draft.version)
    for act in (
        decision_drafts.publish(sqlite_store, CLOCK, COMMISSIONER, draft.id, draft.version),
        decision_drafts.send_back(sqlite_store, CLOCK, COMMISSIONER, draft.id, draft.version, "Mine"),
    ):
        with pytest.raises(NotAllowed, match="cannot be its second reader"):
            await act
    with pytest.raises(FormErrors):
        await decision_drafts.send_back(sqlite_store, CLOCK, READER, draft.id, draft.version, " \n")
    draft = await decision_drafts.send_back(sqlite_store, CLOCK, READER, draft.id, draft.version, "Say who pays.")
    assert (draft.state, draft.because) == (DecisionState.SENT_BACK, "Say who pays.")
    assert await decided(sqlite_store) == []

    draft = await save(sqlite_store, replace(form, told={"cost": "The board pays."}), draft.version)
    draft = await decision_drafts.hand_over(sqlite_store, CLOCK, COMMISSIONER, draft.id, draft.version)
    seen = draft.version
    made = await decision_drafts.publish(sqlite_store, CLOCK, READER, draft.id, seen)
    assert made.id == form.id
    assert made.second_reader == SecondReading.READ
    assert [one.what for one in made.commitments] == ["Two nurses"]
    assert await decision_drafts.publish(sqlite_store, CLOCK, READER, draft.id, seen) == made
    assert [entry["second_reader"] for entry in await decided(sqlite_store)] == ["read"]
    for late in (
        save(sqlite_store, replace(form, rationale="Late words"), seen),
        decision_drafts.hand_over(sqlite_store, CLOCK, COMMISSIONER, draft.id, seen),
        decision_drafts.send_back(sqlite_store, CLOCK, READER, draft.id, seen, "Late"),
        decision_drafts.discard(sqlite_store, COMMISSIONER, draft.id, seen),
    ):
        with pytest.raises(IllegalMove, match="published meanwhile"):
            await late
    async with sqlite_store.read() as work:
        assert await work.decision_drafts.list_drafts() == []
    async for progress in record_check.check(Checkpoints(sqlite_store, SIGNER)):
        assert progress.findings == []


async def test_nothing_gets_round_the_second_reader(sqlite_store: Store) -> None:
    voted = await a_read_vote(sqlite_store)
    with pytest.raises(IllegalMove, match="A second person reads decisions"):
        await decisions.decide(sqlite_store, CLOCK, COMMISSIONER, whole(voted))
    # Whoever writes on it, however little, is no reader of it, and takes it back from whoever had it.
    draft = await handed(sqlite_store, form := whole(voted))
    taken = await save(sqlite_store, replace(form, rationale="A nurse comes first!"), draft.version, READER)
    assert (taken.state, taken.writers) == (DecisionState.WRITING, (COMMISSIONER.id, READER.id))
    draft = await decision_drafts.hand_over(sqlite_store, CLOCK, READER, draft.id, taken.version)
    for person in (COMMISSIONER, READER):
        with pytest.raises(NotAllowed, match="cannot be its second reader"):
            await decision_drafts.publish(sqlite_store, CLOCK, person, draft.id, draft.version)
    for act in (
        decision_drafts.save(sqlite_store, CLOCK, ORGANISER, form, draft.version),
        decision_drafts.publish(sqlite_store, CLOCK, ORGANISER, draft.id, draft.version),
        decision_drafts.hand_over(sqlite_store, CLOCK, ORGANISER, draft.id, draft.version),
        decision_drafts.send_back(sqlite_store, CLOCK, ORGANISER, draft.id, draft.version, "No"),
        decision_drafts.discard(sqlite_store, ORGANISER, draft.id, draft.version),
    ):
        with pytest.raises(NotAllowed):
            await act
    assert await decided(sqlite_store) == []


async def test_a_promise_on_the_console_waits_for_a_decision_that_is_read(sqlite_store: Store) -> None:
    voted = await a_read_vote(sqlite_store)
    live = voted.live.id
    await policy_vote.propose(voted.desk, live, "A host at the door")
    async with sqlite_store.read() as work:
        (proposal,) = await work.proposals.list_proposals(live)
    shown = await policy_vote.put_policy_vote(voted.desk, live, proposal.id)
    assert shown.round is not None
    for act in (facilitation.open_round, facilitation.close_round, facilitation.reveal_round):
        await act(voted.desk, live, shown.round.id)
    said = Promise("The board", "A host on every night", "2027-03-31")
    await policy_vote.promise(voted.desk, live, COMMISSIONER, shown.round.id, said, "It is right.", "So.")
    async with sqlite_store.read() as work:
        assert [one.what for one in await work.proposals.pledges(live)] == ["A host on every night"]
    assert await decided(sqlite_store) == []


async def test_of_two_who_save_at_once_one_is_told_and_nothing_is_lost(sqlite_store: Store) -> None:
    voted = await a_read_vote(sqlite_store, SecondReader.NONE)
    form = whole(voted)
    one, other = replace(form, rationale="One"), replace(form, rationale="Other")
    for version in (0, 1):
        both = await asyncio.gather(
            save(sqlite_store, one, version), save(sqlite_store, other, version, READER), return_exceptions=True
        )
        (refused,) = [answer for answer in both if isinstance(answer, BaseException)]
        assert isinstance(refused, IllegalMove)
        assert "Nothing is lost" in str(refused)
        (kept,) = [answer for answer in both if isinstance(answer, DecisionDraft)]
        assert kept.version == version + 1
        one, other = replace(one, rationale="One again"), replace(other, rationale="Other again")
    # Whoever saw an older version neither publishes, hands on nor deletes what they did not read.
    acts: list[Callable[[int], Awaitable[object]]] = [
        lambda seen: decision_drafts.publish(sqlite_store, CLOCK, COMMISSIONER, form.id, seen),
        lambda seen: decision_drafts.hand_over(sqlite_store, CLOCK, COMMISSIONER, form.id, seen),
        lambda seen: decision_drafts.discard(sqlite_store, COMMISSIONER, form.id, seen),
    ]
    for act in acts:
        with pytest.raises(IllegalMove, match="Read it again as it is now"):
            await act(1)
    with pytest.raises(IllegalMove, match="kept as a draft"):
        await decisions.decide(sqlite_store, CLOCK, COMMISSIONER, one)
    made = await decision_drafts.publish(sqlite_store, CLOCK, COMMISSIONER, form.id, 2)
    assert made.second_reader == SecondReading.NONE
    assert [entry["second_reader"] for entry in await decided(sqlite_store)] == ["none"]


async def test_a_draft_of_a_vote_annulled_since_is_kept_and_not_published(sqlite_store: Store) -> None:
    voted = await a_read_vote(sqlite_store)
    draft = await handed(sqlite_store, form := whole(voted))
    await facilitation.annul_round(voted.desk, voted.live.id, voted.rounds[0], "It was put wrongly.")
    with pytest.raises(IllegalMove, match="annulled"):
        await decision_drafts.publish(sqlite_store, CLOCK, READER, draft.id, draft.version)
    changed = await save(sqlite_store, replace(form, rationale="Another reason"), draft.version)
    await decision_drafts.discard(sqlite_store, COMMISSIONER, draft.id, changed.version)
    with pytest.raises(NotFound):
        await decision_drafts.discard(sqlite_store, COMMISSIONER, draft.id, changed.version)
    with pytest.raises(IllegalMove, match="annulled"):
        await save(sqlite_store, form)


async def test_a_commission_has_so_many_drafts_and_not_one_more(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    voted = await a_read_vote(sqlite_store)
    monkeypatch.setattr(decision_drafts, "MOST_DRAFTS", 2)
    for _ in range(2):
        await save(sqlite_store, whole(voted))
    with pytest.raises(IllegalMove, match="has 2 drafts"):
        await save(sqlite_store, whole(voted))
    with pytest.raises(IllegalMove, match="Open the form again"):
        await save(sqlite_store, replace(whole(voted), id="x"))
