"""Sealed predictions: sealed before the first vote, read by nobody else until the decision that opens them."""

from __future__ import annotations

import csv
import io
import json

import pytest
from support.changed_rows import change
from support.decided import ANSWERS, MODERATOR
from support.factories import CLOCK, a_room, new_id
from support.record_keeper import SIGNER
from support.voted_session import COMMISSIONER, LABELS, PEOPLE, Voted, a_vote, required

from forum.errors import FormErrors, IllegalMove, NotAllowed
from forum.ports import Store
from forum.record import audit
from forum.record.verify.archive import unpack
from forum.record.verify.disclosures import digests_in
from forum.record.verify.verdict import FAIL
from forum.services import exports, predictions, record_check
from forum.services.checkpoints import Checkpoints
from forum.services.decision_form import DecisionForm
from forum.services.decisions import decide
from forum.services.predictions import ENDED, LATE, MEANWHILE, PredictionForm
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.store import SqlStore, tables
from forum.voting.decision import Decision
from forum.voting.prediction import MOST_PREDICTED, Prediction

EXPECT, MINDS = "They will ask for the police.", "A night on which nobody came."
FORM = PredictionForm(new_id(), "", EXPECT, MINDS)


async def seal(store: Store, session: str, form: PredictionForm = FORM) -> Prediction:
    return await predictions.seal(store, CLOCK, COMMISSIONER, session, form)


async def decided(store: Store, voted: Voted, outcome: str = "adopted") -> Decision:
    form = DecisionForm(voted.rounds, "", outcome, "r1", "It can be done.", "We must.", answers=ANSWERS)
    return await decide(store, CLOCK, COMMISSIONER, form)


async def sound(store: Store) -> dict[str, bytes]:
    """Checks the database, and an export of it by both verifiers; returns the files of the export."""
    checkpoints = Checkpoints(store, SIGNER)
    async for progress in record_check.check(checkpoints):
        assert progress.findings == []
    packed = await exports.export(checkpoints)
    assert [check for check in audit.verify(packed) if check.verdict == FAIL] == []
    return unpack(packed)[0]


def rows(files: dict[str, bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files["predictions.csv"].decode("utf-8-sig"))))


async def there(store: Store, session: str) -> Prediction:
    async with store.read() as work:
        return required(await work.predictions.prediction_for(session))


async def test_it_is_sealed_with_digests_alone_and_opened_with_the_first_decision(sqlite_store: Store) -> None:
    voted = await a_vote(sqlite_store, declared=True, predicted=FORM)
    sealed = await there(sqlite_store, voted.live.id)
    files = await sound(sqlite_store)
    assert not [name for name, data in files.items() if EXPECT.encode() in data or MINDS.encode() in data]
    [row] = rows(files)
    # A cell that begins with "-" has an apostrophe in front of it.
    told = [row[name].removeprefix("'") for name in ("expect_digest", "minds_digest")]
    assert told == list(predictions.digests(sealed).values())
    assert (row["decision"], row["expect"], row["minds"], row["entry"]) == ("", "", "", str(sealed.entry))
    made = await decided(sqlite_store, voted)
    files = await sound(sqlite_store)
    [row] = rows(files)
    assert (row["decision"], row["expect"], row["minds"]) == (made.id, EXPECT, MINDS)
    entry = json.loads(files["record.jsonl"].splitlines()[-1])
    assert (entry["type"], entry["decision"]) == ("prediction opened", made.id)
    assert sorted(digests_in(entry)) == sorted(predictions.digests(sealed).values())
    await decided(sqlite_store, voted)
    await sound(sqlite_store)
    assert (await there(sqlite_store, voted.live.id)).decision == made.id, "a later decision opens nothing again"


async def test_another_takes_its_place_until_the_first_vote_and_the_former_stays_sealed(sqlite_store: Store) -> None:
    live, _ = await a_room(sqlite_store, PEOPLE, declared=True)
    first = await seal(sqlite_store, live.id)
    assert await seal(sqlite_store, live.id) == first, "the same form sent twice is one"
    with pytest.raises(IllegalMove) as meanwhile:
        await seal(sqlite_store, live.id, PredictionForm(new_id(), "", "Something else", MINDS))
    assert meanwhile.value.message == MEANWHILE
    second = await seal(sqlite_store, live.id, PredictionForm(new_id(), first.id, "An ambulance", MINDS))
    files = await sound(sqlite_store)
    assert [row["prediction"] for row in rows(files)] == [first.id, second.id]
    desk = Desk(sqlite_store, CLOCK)
    asked = required((await cues.ask_question(desk, live.id, "Who?", LABELS, none=True)).round)
    third = await seal(sqlite_store, live.id, PredictionForm(new_id(), second.id, EXPECT, MINDS))
    await facilitation.open_round(desk, live.id, asked.id)
    with pytest.raises(IllegalMove) as late:
        await seal(sqlite_store, live.id, PredictionForm(new_id(), third.id, "The room is right", MINDS))
    assert late.value.message == LATE
    await facilitation.annul_round(desk, live.id, asked.id, "It was put badly.")
    with pytest.raises(IllegalMove):
        await seal(sqlite_store, live.id, PredictionForm(new_id(), third.id, "The room is right", MINDS))
    assert (await there(sqlite_store, live.id)).id == third.id
    assert EXPECT.encode() not in (await sound(sqlite_store))["disclosures.jsonl"]


async def test_whoever_may_not_decide_seals_nothing_nor_does_anybody_without_words(sqlite_store: Store) -> None:
    live, _ = await a_room(sqlite_store, PEOPLE, declared=True)
    with pytest.raises(NotAllowed):
        await predictions.seal(sqlite_store, CLOCK, MODERATOR, live.id, FORM)
    for form in (PredictionForm(), PredictionForm("", "", " \n", "x" * (MOST_PREDICTED + 1))):
        with pytest.raises(FormErrors) as wrong:
            await seal(sqlite_store, live.id, form)
        assert wrong.value.fields.keys() == {"expect", "minds"}
    await facilitation.end(Desk(sqlite_store, CLOCK), live.id)
    with pytest.raises(IllegalMove) as ended:
        await seal(sqlite_store, live.id)
    assert ended.value.message == ENDED
    assert rows(await sound(sqlite_store)) == []


async def test_of_a_session_called_off_it_stays_sealed(sqlite_store: Store) -> None:
    live, _ = await a_room(sqlite_store, PEOPLE, declared=True, demonstration=True)
    await seal(sqlite_store, live.id)
    await facilitation.end(Desk(sqlite_store, CLOCK), live.id)
    [row] = rows(await sound(sqlite_store))
    assert (row["demonstration"], row["decision"], row["expect"]) == ("yes", "", "")


async def test_in_a_rehearsal_it_is_opened_and_not_in_the_record(sqlite_store: Store) -> None:
    voted = await a_vote(sqlite_store, predicted=FORM, recorded=False, rehearsal=True)
    made = await decided(sqlite_store, voted)
    opened = await there(sqlite_store, voted.live.id)
    assert (opened.entry, opened.opening, opened.decision) == (None, None, made.id)
    async with sqlite_store.read() as work:
        assert await work.record.size() == 0


async def test_words_that_were_changed_in_the_database_are_told_and_never_opened(sqlite_store: Store) -> None:
    voted = await a_vote(sqlite_store, declared=True, predicted=FORM)
    assert isinstance(sqlite_store, SqlStore)
    of = tables.prediction.c.session == voted.live.id
    await change(sqlite_store, of, tables.prediction, expect="The room is right.")
    found = [one async for step in record_check.check(Checkpoints(sqlite_store, SIGNER)) for one in step.findings]
    assert {(one.table, one.column) for one in found} == {("prediction", "expect")}
    with pytest.raises(IllegalMove, match="not as it was sealed"):
        await decided(sqlite_store, voted)
    await change(sqlite_store, of, tables.prediction, expect=EXPECT, decision=new_id())
    found = [one async for step in record_check.check(Checkpoints(sqlite_store, SIGNER)) for one in step.findings]
    assert {(one.table, one.column) for one in found} == {("prediction", "decision")}
