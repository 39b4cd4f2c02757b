"""Acts that move a commission: each one unit of work with its entry, refused at the wrong moment with nothing lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
import sqlalchemy as sa
from support.changed_rows import change
from support.entries_with_results import entries_with_results
from support.factories import CLOCK, a_commission, new_id
from support.record_keeper import SIGNER
from support.recorded_day import a_day

from forum.errors import FormErrors, IllegalMove, NotFound
from forum.ports import Store
from forum.record import audit
from forum.record.verify.verdict import FAIL
from forum.services import exports, record_check, stages
from forum.services.checkpoints import Checkpoints
from forum.services.record_agreement import disagreements
from forum.services.record_cache import declared_of
from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.stages import ClosingForm, MoveForm, NoteForm
from forum.store import SqlStore, tables
from forum.voting.commission import Commission
from forum.voting.stage import Standing

LEARNT = MoveForm(seen="0", to="secure", learnt="Two nurses are enough.", better="More carers.", took_part="Carers")
CLOSED = ClosingForm(seen="0", closing="It is done.", groups=(("Carers", "We stay."), ("Police", "")))


async def stands(store: Store, commission: Commission) -> Standing:
    async with store.read() as work:
        of = await work.commissions.get_commission(commission.id)
        now = (await stages.course_of(work, of)).standing
        assert bool(of.closed_at) == now.closed
    return now


async def stored(store: Store, *, rehearsal: bool = False) -> Commission:
    commission = a_commission(rehearsal=rehearsal)
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    return commission


async def test_a_move_is_kept_with_what_was_learnt_and_is_in_the_record(store: Store) -> None:
    commission = await stored(store)
    form = replace(LEARNT, id=new_id())
    made = await stages.move(store, CLOCK, commission.id, form)
    assert await stages.move(store, CLOCK, commission.id, form) == made  # the same form sent twice
    back = await stages.move(store, CLOCK, commission.id, MoveForm("", "1", "assess needs", "We knew too little"))
    answer = NoteForm(new_id(), "assess needs", "has", "A café that is open at night")
    noted = await stages.note(store, CLOCK, commission.id, answer)
    assert await stages.note(store, CLOCK, commission.id, answer) == noted
    said = await entries_with_results(store)
    assert [(one["type"], one.get("from"), one.get("to")) for one in said] == [
        ("stage moved", "plan", "secure"),
        ("stage moved", "secure", "assess needs"),
        ("stage note", None, None),
    ]
    assert said[0]["learnt"].keys() == {"sd"}
    assert (said[1]["better"], said[1]["took_part"], said[2]["decision"]) == (None, None, None)
    async with store.read() as work:
        assert await work.stages.moves(commission.id) == [made, back]
        assert await work.stages.notes(commission.id) == [noted]
        assert [one.entry for one in (made, back, noted)] == [0, 1, 2]
        assert (await work.stages.moves(new_id()), await work.stages.closings(new_id())) == ([], [])
    assert await stands(store, commission) == Standing("assess needs", acts=2)


async def test_an_end_is_kept_and_reopening_says_why(store: Store) -> None:
    commission = await stored(store)
    form = replace(CLOSED, id=new_id())
    with pytest.raises(FormErrors) as told:  # words for a group that has another name by now are not dropped
        await stages.close(store, CLOCK, commission.id, replace(form, groups=(*form.groups, ("Kings", "x"))))
    assert told.value.fields.keys() == {"group_3"}
    closing = await stages.close(store, CLOCK, commission.id, form)
    assert await stages.close(store, CLOCK, commission.id, form) == closing
    assert [(one.group, one.words) for one in closing.groups] == [("Carers", "We stay.")]
    refused = "This commission is closed"
    for act in (
        stages.move(store, CLOCK, commission.id, replace(LEARNT, seen="1")),
        stages.note(store, CLOCK, commission.id, NoteForm("", "plan", "options", "Two")),
        stages.close(store, CLOCK, commission.id, replace(CLOSED, seen="1")),
        create_session(store, CLOCK, SessionForm(commission.id, title="A day")),
    ):
        with pytest.raises(IllegalMove, match=refused):
            await act
    with pytest.raises(FormErrors):
        await stages.reopen(store, CLOCK, commission.id, "1", " ")
    opened = await stages.reopen(store, CLOCK, commission.id, "1", "The money is back.")
    for seen in ("1", "2"):
        with pytest.raises(IllegalMove, match="meanwhile" if seen == "1" else "not closed"):
            await stages.reopen(store, CLOCK, commission.id, seen, "Again")
    async with store.read() as work:
        assert await work.stages.closings(commission.id) == [opened]
    assert [one["type"] for one in await entries_with_results(store)] == ["commission closed", "commission reopened"]
    assert await stands(store, commission) == Standing("plan", acts=2)
    await create_session(store, CLOCK, SessionForm(commission.id, title="A day"))
    async with store.begin() as work:
        with pytest.raises(NotFound):
            await work.stages.save_closing(replace(opened, id=new_id()))
        with pytest.raises(NotFound):
            await work.commissions.save_commission(a_commission())


async def test_two_who_move_it_at_once_move_it_once_and_the_other_is_told(store: Store) -> None:
    commission = await stored(store)
    both = [replace(LEARNT, to=to) for to in ("secure", "assess needs")]
    done = await asyncio.gather(
        *(stages.move(store, CLOCK, commission.id, form) for form in both), return_exceptions=True
    )
    [refused] = [one for one in done if isinstance(one, BaseException)]
    assert isinstance(refused, IllegalMove)
    assert "meanwhile" in str(refused)
    assert (await stands(store, commission)).acts == 1


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"learnt": " "}, {"learnt"}),
        ({"to": "plan"}, {"to"}),
        ({"to": "monitor", "learnt": "x" * 4001}, {"to", "learnt"}),
        ({"to": "", "better": "x" * 4001, "took_part": "x" * 4001}, {"to", "better", "took_part"}),
    ],
)
async def test_what_is_wrong_with_a_move_is_told_at_its_field(
    sqlite_store: SqlStore, changes: dict[str, str], fields: set[str]
) -> None:
    commission = await stored(sqlite_store)
    with pytest.raises(FormErrors) as caught:
        await stages.move(sqlite_store, CLOCK, commission.id, replace(LEARNT, **changes))
    assert set(caught.value.fields) == fields
    assert await entries_with_results(sqlite_store) == []


async def test_what_is_wrong_with_an_answer_or_a_closing_note_is_told_at_its_field(sqlite_store: SqlStore) -> None:
    commission = await stored(sqlite_store)
    day = await a_day(sqlite_store)
    long = "x" * 4001
    for note, fields in (
        (NoteForm("", "plan", "has", "Words"), {"question"}),
        (NoteForm("", "dream", "has", " ", day.decision), {"question", "words", "decision"}),
        (NoteForm("", "plan", "options", long, new_id()), {"words", "decision"}),
    ):
        with pytest.raises(FormErrors) as caught:
            await stages.note(sqlite_store, CLOCK, commission.id, note)
        assert set(caught.value.fields) == fields
    with pytest.raises(FormErrors) as caught:
        await stages.close(
            sqlite_store, CLOCK, commission.id, replace(CLOSED, closing="", groups=(("Carers", "a"), ("Police", long)))
        )
    assert set(caught.value.fields) == {"closing", "group_2"}
    with pytest.raises(NotFound):
        await stages.move(sqlite_store, CLOCK, new_id(), LEARNT)


async def test_a_rehearsal_moves_and_nothing_of_it_is_recorded(sqlite_store: SqlStore) -> None:
    commission = await stored(sqlite_store, rehearsal=True)
    assert (await stages.move(sqlite_store, CLOCK, commission.id, LEARNT)).entry is None
    await stages.note(sqlite_store, CLOCK, commission.id, NoteForm("", "secure", "specified", "Part 3"))
    await stages.close(sqlite_store, CLOCK, commission.id, replace(CLOSED, seen="1"))
    await stages.reopen(sqlite_store, CLOCK, commission.id, "2", "Again")
    assert await entries_with_results(sqlite_store) == []
    assert await stands(sqlite_store, commission) == Standing("secure", acts=3)
    await told_of(sqlite_store, commission.id)


async def told_of(store: SqlStore, commission: str) -> set[tuple[str, str]]:
    """Returns the tables and columns that do not agree with the record, by the check of the whole and by the page."""
    told: list[record_check.Finding] = []
    async for progress in record_check.check(Checkpoints(store, SIGNER)):
        told = progress.findings
    async with store.read() as work:
        shown = await disagreements(work, store, {declared_of(commission): None})
    assert {(one.table, one.column) for one in shown} <= {(one.table, one.column) for one in told}
    return {(one.table, one.column) for one in told}


async def test_a_moved_commission_agrees_with_the_record_and_its_export_passes(sqlite_store: SqlStore) -> None:
    """Sessions opened before and after a move each declared the stage of their time."""
    day = await a_day(sqlite_store)
    commission = day.voted.live.commission
    await stages.move(sqlite_store, CLOCK, commission, LEARNT)
    await stages.note(sqlite_store, CLOCK, commission, NoteForm("", "secure", "specified", "Part 3", day.decision))
    await create_session(sqlite_store, CLOCK, SessionForm(commission, title="A second day"))
    await stages.close(sqlite_store, CLOCK, commission, replace(CLOSED, seen="1"))
    assert await told_of(sqlite_store, commission) == set()
    packed = await exports.export(Checkpoints(sqlite_store, SIGNER))
    assert [check for check in audit.verify(packed) if check.verdict == FAIL] == []
    await stages.reopen(sqlite_store, CLOCK, commission, "2", "The money is back.")
    assert await told_of(sqlite_store, commission) == set()


MOVE, NOTE, CLOSING, COMMISSION = tables.stage_move, tables.stage_note, tables.closing, tables.commission
# What is put into the rows of one commission's stages, and the table and column that are told of it.
CHANGED: tuple[tuple[sa.Table, dict[str, object], tuple[str, str]], ...] = (
    (MOVE, {"learnt": "Nothing"}, ("stage_move", "learnt")),
    (MOVE, {"better": ""}, ("stage_move", "better")),
    (MOVE, {"took_part": "Kings"}, ("stage_move", "took_part")),
    (MOVE, {"went_to": "monitor"}, ("stage_move", "to")),
    (MOVE, {"at": "2026-01-01T00:00:00.000Z"}, ("stage_move", "at")),
    (MOVE, {"entry": None}, ("stage_move", "entry")),
    (NOTE, {"words": "Part 4"}, ("stage_note", "words")),
    (NOTE, {"question": "judges"}, ("stage_note", "question")),
    (NOTE, {"decision": None}, ("stage_note", "decision")),
    (NOTE, {"entry": 0}, ("stage_note", "entry")),
    (CLOSING, {"words": "Nothing was done."}, ("closing", "words")),
    (CLOSING, {"groups": []}, ("closing", "groups")),
    (CLOSING, {"entry": None}, ("closing", "entry")),
    (CLOSING, {"because": "No reason"}, ("closing", "because")),
    (CLOSING, {"reopened_at": ""}, ("closing", "at")),
    (CLOSING, {"reopening": None}, ("closing", "reopening")),
    (COMMISSION, {"stage": "monitor"}, ("commission", "stage")),
    (COMMISSION, {"closed_at": "2026-01-01T00:00:00.000Z"}, ("commission", "closed_at")),
)


async def test_a_row_of_a_stage_that_was_changed_is_told_by_its_column(sqlite_store: SqlStore) -> None:
    day = await a_day(sqlite_store)
    commission = day.voted.live.commission
    await stages.move(sqlite_store, CLOCK, commission, LEARNT)
    await stages.note(sqlite_store, CLOCK, commission, NoteForm("", "secure", "specified", "Part 3", day.decision))
    await stages.close(sqlite_store, CLOCK, commission, replace(CLOSED, seen="1"))
    await stages.reopen(sqlite_store, CLOCK, commission, "2", "The money is back.")
    for table, values, told in CHANGED:
        where = (table.c.id if table is COMMISSION else table.c.commission) == commission
        async with sqlite_store.writer.begin() as connection:
            before = (await connection.execute(sa.select(*(table.c[name] for name in values)).where(where))).one()
        await change(sqlite_store, where, table, **values)
        assert told in await told_of(sqlite_store, commission), (table.name, values)
        await change(sqlite_store, where, table, **before._asdict())
    assert await told_of(sqlite_store, commission) == set()
