"""Days of answers: moved by an act with a reason and an entry, never without; the record alone leads to the same."""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from support import factories, voted_session
from support.changed_rows import change
from support.decided import ANSWERS
from support.entries_with_results import entries_with_results
from support.factories import SetClock, new_id
from support.record_keeper import SIGNER
from support.voted_session import COMMISSIONER, FIRST, SECOND, Voted, a_vote

from forum.errors import FormErrors, IllegalMove, NotAllowed, NotFound
from forum.ports.accounts import Person, Role
from forum.record import audit
from forum.record.verify import archive, verdict
from forum.record.verify.answers_due import answer_problems
from forum.services import answers_due, exports, record_check, response_rates
from forum.services.answers_due import DateForm
from forum.services.checkpoints import Checkpoints
from forum.services.decision_form import DecisionForm
from forum.services.decisions import decide
from forum.services.record_agreement import disagreements
from forum.services.sessions import facilitation
from forum.store import SqlStore, tables
from forum.voting.answer_due import AnswerDue, AnswerMove

CLOCK = SetClock()  # the votes are closed on 2026-03-01, and 28 days are declared
DECLARED, LATER, LATEST = "2026-03-29", "2026-04-12", "2026-04-30"
PUT_OFF: dict[str, Any] = {"outcome": "deferred", "response": None, "until": LATER}
MOVED = DateForm(seen=DECLARED, to=LATER, because="The board meets later.")


@pytest.fixture(autouse=True)
def _closed_in_march(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (factories, voted_session):
        monkeypatch.setattr(module, "CLOCK", CLOCK)


async def due(store: SqlStore, voted: Voted) -> AnswerDue:
    async with store.read() as work:
        return await answers_due.due_of(work, voted.rounds[-1])


async def decided(store: SqlStore, voted: Voted, at: str = CLOCK.now(), **changes: Any) -> str:
    form = DecisionForm(voted.rounds, outcome="adopted", response="r2", rationale="It is near.", why="So")
    form = replace(form, answers=ANSWERS)
    return (await decide(store, SetClock(at), COMMISSIONER, replace(form, **changes))).id


async def move(store: SqlStore, voted: Voted, form: DateForm, at: str = CLOCK.now()) -> AnswerMove:
    return await answers_due.move(store, SetClock(at), COMMISSIONER, voted.rounds[-1], form)


async def rows(store: SqlStore) -> list[dict[str, str]]:
    """Returns answers_due.csv of an export of everything, which passes its check."""
    packed = await exports.export(Checkpoints(store, SIGNER))
    assert [one for one in audit.verify(packed) if one.verdict == verdict.FAIL] == []
    text = archive.unpack(packed)[0]["answers_due.csv"].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def told_of(store: SqlStore, voted: Voted) -> set[tuple[str, str]]:
    """Returns the tables and columns that do not agree with the record, by the check of the whole; the page that shows
    the vote tells of none of them that this does not tell of."""
    told: list[record_check.Finding] = []
    async for progress in record_check.check(Checkpoints(store, SIGNER)):
        told = progress.findings
    async with store.read() as work:
        shown = await disagreements(work, store, dict.fromkeys(voted.rounds))
    assert {(one.table, one.column) for one in shown} <= {(one.table, one.column) for one in told}
    return {(one.table, one.column) for one in told}


async def test_a_day_is_moved_with_a_reason_and_the_record_leads_to_the_same(store: SqlStore) -> None:
    voted = await a_vote(store, FIRST, SECOND, declared=True)
    form = replace(MOVED, id=new_id())
    made = await move(store, voted, form)
    assert await move(store, voted, form) == made  # the same form sent twice
    assert (await due(store, voted)).due_on == LATER
    await decided(store, voted, **PUT_OFF | {"until": LATEST})
    waiting = await due(store, voted)
    assert (waiting.declared_on, waiting.due_on, [one.to for one in waiting.postponed]) == (
        *(DECLARED, LATEST),
        [LATER, LATEST],
    )
    said = await entries_with_results(store)
    assert [(one["type"], one.get("from"), one.get("to"), one.get("until")) for one in said[-2:]] == [
        ("answer date moved", DECLARED, LATER, None),
        ("decision", None, None, LATEST),
    ]
    [row] = await rows(store)
    assert (row["declared"], row["moved_to"], row["due"]) == (DECLARED, f"{LATER} | {LATEST}", LATEST)
    assert (row["state"], row["days_late"], row["answered_on"], row["first"]) == ("waiting", "0", "", voted.rounds[0])
    answer = await decided(store, voted, "2026-05-03T08:00:00.000Z")
    [row] = await rows(store)
    assert (row["state"], row["days_late"], row["answered_on"], row["decision"]) == (
        *("answered", "3", "2026-05-03"),
        answer,
    )
    with pytest.raises(IllegalMove):
        await move(store, voted, replace(MOVED, seen=LATEST))
    assert await told_of(store, voted) == set()


async def test_a_date_is_given_later_than_today_with_its_reason_and_by_who_may(sqlite_store: SqlStore) -> None:
    voted = await a_vote(sqlite_store, FIRST, declared=True)
    for to, because, wrong in (
        ("", "", {"to", "because"}),
        ("soon", "So", {"to"}),
        ("2027-02-30", "So", {"to"}),
        (CLOCK.now()[:10], "So", {"to"}),
        ("2026-02-28", "So", {"to"}),
        ("2028-03-01", "So", {"to"}),
        (DECLARED, "So", {"to"}),
        (LATER, "x" * 4001, {"because"}),
        (LATER, "\u200b ", {"because"}),
    ):
        with pytest.raises(FormErrors) as caught:
            await move(sqlite_store, voted, DateForm(seen=DECLARED, to=to, because=because))
        assert set(caught.value.fields) == wrong, to
        if wrong == {"to"} and to != DECLARED:
            with pytest.raises(FormErrors) as caught:
                await decided(sqlite_store, voted, **PUT_OFF | {"until": to})
            assert set(caught.value.fields) == {"until"}, to
    with pytest.raises(FormErrors) as caught:
        await decided(sqlite_store, voted, **PUT_OFF | {"rationale": " ", "until": ""})
    assert set(caught.value.fields) == {"until", "rationale"}
    moderator = Person(new_id(), "m", "M", (Role.MODERATOR, Role.ORGANISER, Role.ADMINISTRATOR))
    with pytest.raises(NotAllowed):
        await answers_due.move(sqlite_store, CLOCK, moderator, voted.rounds[-1], MOVED)
    with pytest.raises(NotFound):
        await answers_due.move(sqlite_store, CLOCK, COMMISSIONER, new_id(), MOVED)
    # Two at once, with what both saw: one of them is told.
    both = await asyncio.gather(
        *(move(sqlite_store, voted, replace(MOVED, to=to)) for to in (LATER, LATEST)), return_exceptions=True
    )
    assert [type(one) for one in both if isinstance(one, Exception)] == [IllegalMove]
    await facilitation.annul_round(voted.desk, voted.live.id, voted.rounds[-1], "It was put badly.")
    with pytest.raises(NotFound):
        await move(sqlite_store, voted, replace(MOVED, seen=LATER))
    rehearsed = await a_vote(sqlite_store, FIRST, rehearsal=True, recorded=False)
    with pytest.raises(NotFound):
        await move(sqlite_store, rehearsed, MOVED)
    assert await rows(sqlite_store) == []


# What is put into the row of the move, and the column that is told of it.
CHANGED: tuple[tuple[dict[str, object], tuple[str, str]], ...] = (
    ({"went_to": LATEST}, ("answer_move", "to")),
    ({"came_from": LATER}, ("answer_move", "from")),
    ({"because": "No reason"}, ("answer_move", "because")),
    ({"at": "2026-02-01T00:00:00.000Z"}, ("answer_move", "at")),
    ({"entry": None}, ("answer_move", "entry")),
    ({"entry": 0}, ("answer_move", "entry")),
)


async def test_a_move_or_a_new_date_that_was_changed_in_the_database_is_told(sqlite_store: SqlStore) -> None:
    voted = await a_vote(sqlite_store, FIRST, declared=True)
    await move(sqlite_store, voted, MOVED)
    decision = await decided(sqlite_store, voted, **PUT_OFF | {"until": LATEST})
    where = tables.answer_move.c.round == voted.rounds[-1]
    for values, told in CHANGED:
        async with sqlite_store.writer.begin() as connection:
            wanted = sa.select(*(tables.answer_move.c[name] for name in values)).where(where)
            before = (await connection.execute(wanted)).one()
        await change(sqlite_store, where, tables.answer_move, **values)
        assert told in await told_of(sqlite_store, voted), values
        await change(sqlite_store, where, tables.answer_move, **before._asdict())
    made = tables.decision.c.id == decision
    for name, value, right in (("until", LATER, LATEST), ("votes", [], list(voted.rounds))):
        await change(sqlite_store, made, tables.decision, **{name: value})
        assert ("decision", name) in await told_of(sqlite_store, voted)
        await change(sqlite_store, made, tables.decision, **{name: right})
    assert await told_of(sqlite_store, voted) == set()


async def test_an_answer_date_in_an_export_that_no_entry_moved_fails_with_its_place(sqlite_store: SqlStore) -> None:
    voted = await a_vote(sqlite_store, FIRST, declared=True)
    await move(sqlite_store, voted, MOVED)
    await decided(sqlite_store, voted, **PUT_OFF | {"until": LATEST})
    files, _ = archive.unpack(await exports.export(Checkpoints(sqlite_store, SIGNER)))
    table = files["answers_due.csv"]
    for before, after, place in (
        (f"{LATER} | {LATEST},", f"{LATER},", "column moved_to"),
        (f",{LATEST},waiting", ",2027-01-31,waiting", "column due"),
        (f",{DECLARED},", f",{LATER},", "column declared"),
        (",waiting,", ",late,", "column state"),
        (",28,", ",58,", "column answer_by_days"),
    ):
        assert table.count(before.encode()) == 1, before
        tampered = files | {"answers_due.csv": table.replace(before.encode(), after.encode())}
        [found] = [one for one in audit.verify(archive.pack(tampered)) if one.name == "tables"]
        assert (found.verdict, f"answers_due.csv, row 2, {place}" in found.detail) == (verdict.FAIL, True), place
    said = await entries_with_results(sqlite_store)
    place = f"entry {len(said) - 2} ('answer date moved')"
    wrongs: tuple[tuple[dict[str, str], str], ...] = (
        ({"from": LATER}, f"{place}: field from is not the day until which the vote is to be answered, {DECLARED}"),
        ({"to": DECLARED}, f"{place}: field to is the same day as field from"),
        ({"round": new_id()}, f"{place}: field round names a vote that is due no answer"),
    )
    for changes, told in wrongs:
        assert told in list(answer_problems([*said[:-2], said[-2] | changes, said[-1]]))
    wrong = "field until stands with the outcome `deferred`, and with no other"
    for name, value in (("until", None), ("outcome", "adopted")):
        assert any(wrong in one for one in answer_problems([*said[:-1], said[-1] | {name: value}]))
    answered = [*said[:-2], {**said[-1], "outcome": "adopted", "until": None}, said[-2]]
    assert any("names a vote that was answered before" in one for one in answer_problems(answered))


async def test_the_rate_of_a_body_is_counted_over_all_commissions_from_the_record(sqlite_store: SqlStore) -> None:
    async def rates(today: str) -> list[tuple[str, int, int, int, int]]:
        async with sqlite_store.read() as work:
            found = await response_rates.of_bodies(work, sqlite_store, today)
        return [(one.name, one.due, one.in_time, one.late, one.waiting) for one in found]

    assert await rates(DECLARED) == []
    in_time, put_off, waits = [await a_vote(sqlite_store, FIRST, declared=True) for _ in range(3)]
    await a_vote(sqlite_store, FIRST, rehearsal=True, recorded=False)
    assert await rates(DECLARED) == [("The joint board", 0, 0, 0, 3)]
    await decided(sqlite_store, in_time)
    await decided(sqlite_store, put_off, f"{LATER}T08:00:00.000Z", **PUT_OFF | {"until": LATEST})
    assert await rates("2026-03-20") == [("The joint board", 2, 1, 0, 2)], "late before it was put off"
    assert await rates("2026-04-13") == [("The joint board", 3, 1, 1, 1)]
    assert await rates("2026-05-01") == [("The joint board", 3, 1, 2, 0)]
    async with sqlite_store.read() as work:
        [body] = await response_rates.of_bodies(work, sqlite_store, LATEST)
    assert dict(body.commissions) == {one.live.commission: 1 for one in (put_off, waits)}
