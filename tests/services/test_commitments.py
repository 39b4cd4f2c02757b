"""What became of a promise: who may say so, what it needs, and what goes into the record."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from support.changed_rows import change
from support.decided import ANSWERS
from support.factories import CLOCK, new_id
from support.kept_databases import kept
from support.recorded_day import a_day
from support.voted_session import COMMISSIONER, a_vote

from forum.errors import FormErrors, IllegalMove, NotAllowed, NotFound
from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.ports.promises import Sought
from forum.record.verify.disclosures import open_disclosure
from forum.services import commitments, decisions, ledger
from forum.services.commitments import MEANWHILE, UpdateForm, update
from forum.services.decision_form import DecisionForm, Promise
from forum.store import SqlStore, tables
from forum.voting.commitment import Commitment


async def promised(store: Store, **changes: Any) -> Commitment:
    """Makes a vote and a decision with one promise."""
    voted = await a_vote(store, **changes)
    form = DecisionForm(
        voted.rounds,
        outcome="adopted",
        response="r1",
        rationale="It is near.",
        answers=ANSWERS,
        promises=(Promise("Head of nights", "Two nurses", "2027-03-31"),),
    )
    return (await decisions.decide(store, CLOCK, COMMISSIONER, form)).commitments[0]


async def standing(store: Store, commitment: Commitment) -> Commitment:
    async with store.read() as work:
        return await work.decisions.get_commitment(commitment.id)


async def entries(store: Store) -> list[dict[str, Any]]:
    async with store.read() as work:
        return [json.loads(e.body) for e in await work.record.entries()]


async def test_updates_are_kept_and_recorded_with_their_words_as_disclosures(store: Store) -> None:
    commitment = await promised(store)
    first = await update(store, CLOCK, COMMISSIONER, commitment.id, UpdateForm(state="on track", said=" One is here. "))
    form = UpdateForm(new_id(), first.id, "handed on", because="She is ill.", handed_to="Head  of days")
    second = await update(store, CLOCK, COMMISSIONER, commitment.id, form)
    there = await standing(store, commitment)
    assert (there.updates, there.state, there.owner) == ((first, second), "handed on", "Head of days")
    *_, one, two = await entries(store)
    async with store.read() as work:
        said = {d.digest: list(open_disclosure(d.encoded)[1:]) for d in await work.record.disclosures() if d.encoded}
    assert two | {"because": said[two["because"]["sd"]], "handed_to": said[two["handed_to"]["sd"]]} == {
        "type": "commitment update",
        "at": second.at,
        "commission": two["commission"],
        "update": form.id,
        "commitment": commitment.id,
        "state": "handed on",
        "said": None,
        "because": ["because", "She is ill."],
        "handed_to": ["handed_to", "Head of days"],
        "given_by": "commissioner",
    }
    assert said[one["said"]["sd"]] == ["said", "One is here."]
    async with store.read() as work:
        [listed] = await ledger.found(work, Sought(), "2026-12-01")
        assert (listed.commitment, listed.recorded) == (there, True)
        assert await ledger.found(work, Sought(listed.commission.id), "2026-12-01") == [listed]
        assert await ledger.found(work, Sought(new_id()), "2026-12-01") == []


async def test_the_same_form_is_one_update_and_one_that_saw_less_is_told(sqlite_store: Store) -> None:
    commitment = await promised(sqlite_store)
    form = UpdateForm(new_id(), "", "on track", said="One is here.")
    made = await update(sqlite_store, CLOCK, COMMISSIONER, commitment.id, form)
    assert await update(sqlite_store, CLOCK, COMMISSIONER, commitment.id, form) == made
    size = len(await entries(sqlite_store))
    with pytest.raises(IllegalMove) as told:
        await update(sqlite_store, CLOCK, COMMISSIONER, commitment.id, UpdateForm(state="done", said="Both."))
    assert told.value.message == MEANWHILE
    assert (len(await entries(sqlite_store)), (await standing(sqlite_store, commitment)).updates) == (size, (made,))


async def test_of_two_at_once_one_is_told(store: Store) -> None:
    commitment = await promised(store)
    forms = [UpdateForm(new_id(), "", "partly", said=words) for words in ("One is here.", "Half of it.")]
    acts = [update(store, CLOCK, COMMISSIONER, commitment.id, form) for form in forms]
    outcomes = await asyncio.gather(*acts, return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["IllegalMove", "Update"]
    assert len((await standing(store, commitment)).updates) == 1
    assert [entry["type"] for entry in await entries(store)].count("commitment update") == 1


async def test_a_form_with_mistakes_gets_each_at_its_field(sqlite_store: Store) -> None:
    commitment = await promised(sqlite_store)
    size = len(await entries(sqlite_store))
    for form, wrong in (
        (UpdateForm(), {"state": "Choose how it stands."}),
        (UpdateForm(state="no news yet", said="x"), {"state": "Choose how it stands."}),
        (UpdateForm(state="not done", said="Nothing."), {"because": "Say why it is not done."}),
        (UpdateForm(state="handed on", said="Gone."), {"handed_to": "Say which role does it from now on."}),
        (UpdateForm(state="handed on", handed_to="head of Nights"), {"handed_to": "This role has it already."}),
        (UpdateForm(state="done", said="\u200b \n"), {"said": "Say in a few words what was done."}),
        (
            UpdateForm(state="nothing", said="x" * 4001, handed_to="y" * 201),
            {
                "state": "Choose how it stands.",
                "said": "Use at most 4000 characters. This has 4001.",
                "handed_to": "Use at most 200 characters. This has 201.",
            },
        ),
    ):
        with pytest.raises(FormErrors) as caught:
            await update(sqlite_store, CLOCK, COMMISSIONER, commitment.id, form)
        assert {name: str(error) for name, error in caught.value.fields.items()} == wrong
    assert len(await entries(sqlite_store)) == size


async def test_only_a_commissioner_may_and_only_of_a_promise_that_is_there(sqlite_store: Store) -> None:
    commitment = await promised(sqlite_store)
    organiser = Person(new_id(), "o", "O", (Role.ORGANISER, Role.MODERATOR))
    form = UpdateForm(state="done", said="Both are here.")
    with pytest.raises(NotAllowed):
        await update(sqlite_store, CLOCK, organiser, commitment.id, form)
    with pytest.raises(NotFound, match="no such promise"):
        await update(sqlite_store, CLOCK, COMMISSIONER, new_id(), form)
    assert (await standing(sqlite_store, commitment)).updates == ()


async def test_what_is_promised_in_a_rehearsal_is_in_neither_ledger_nor_record(sqlite_store: Store) -> None:
    commitment = await promised(sqlite_store, recorded=False, rehearsal=True)
    await update(sqlite_store, CLOCK, COMMISSIONER, commitment.id, UpdateForm(state="done", said="Both are here."))
    assert (await standing(sqlite_store, commitment)).state == "done"
    assert "commitment update" not in [entry["type"] for entry in await entries(sqlite_store)]
    async with sqlite_store.read() as work:
        assert await ledger.found(work, Sought(), "2026-12-01") == []


async def test_so_many_updates_and_no_more(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    commitment = await promised(sqlite_store)
    monkeypatch.setattr(commitments, "MOST_UPDATES", 2)
    after = ""
    for said in ("One is here.", "Two are here."):
        form = UpdateForm(after=after, state="partly", said=said)
        after = (await update(sqlite_store, CLOCK, COMMISSIONER, commitment.id, form)).id
    with pytest.raises(IllegalMove, match="There are 2 updates"):
        await update(sqlite_store, CLOCK, COMMISSIONER, commitment.id, UpdateForm(after=after, state="done", said="x"))


@pytest.mark.parametrize("typed", ["{id}", "/stories/{id}", "https://forum.example/stories/{id}/play?x=1#y"])
async def test_the_address_of_a_story_is_kept_as_the_story_that_a_promise_answers(
    sqlite_store: Store, typed: str
) -> None:
    day = await kept(sqlite_store, a_day)
    promise = Promise("Trust", "A second nurse", "2027-05-01", typed.format(id=day.story), "She is there at night.")
    made = await decisions.commit(sqlite_store, CLOCK, COMMISSIONER, day.decision, promise)
    assert (made.commitments[-1].answers, made.commitments[-1].noticed) == (day.story, "She is there at night.")
    promise = Promise("Trust", "A third nurse", "2027-05-01", typed.format(id="0" * 32))
    with pytest.raises(FormErrors) as caught:
        await decisions.commit(sqlite_store, CLOCK, COMMISSIONER, day.decision, promise)
    assert {name: str(one) for name, one in caught.value.fields.items()} == {
        "answers_1": "There is no such story here for everybody to read."
    }


@pytest.mark.parametrize("column", ["rehearsal", "draft"])
async def test_no_list_of_everything_has_what_was_promised_in_a_rehearsal_or_a_draft(
    sqlite_store: SqlStore, column: str
) -> None:
    day = await kept(sqlite_store, a_day)
    async with sqlite_store.read() as work:
        assert [one.commitment.id for one in await ledger.found(work, Sought(), "2026-12-01")] == [day.commitment]
    of = tables.commission.c.id == day.voted.live.commission
    await change(sqlite_store, of, tables.commission, **{column: True})
    async with sqlite_store.read() as work:
        assert await ledger.found(work, Sought(), "2026-12-01") == []
