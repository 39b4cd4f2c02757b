"""Commissions drafted, published and changed: what a vote was declared under stays, for that vote."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from support.app import a_sent_story
from support.changed_rows import change as change_row
from support.entries_with_results import entries_with_results
from support.factories import CLOCK, a_cast, new_id
from support.record_keeper import SIGNER

from forum.errors import FormErrors, IllegalMove, NotFound
from forum.ports import Store
from forum.record import audit
from forum.record.verify.archive import unpack
from forum.record.verify.export import Export
from forum.record.verify.further_tables import commissions_rows
from forum.record.verify.public_log import Log
from forum.record.verify.verdict import FAIL
from forum.services import commissions, exports, record_check, stages
from forum.services.checkpoints import Checkpoints
from forum.services.sessions import cues, facilitation
from forum.services.sessions.commissions_and_sessions import CommissionForm, SessionForm, create_session
from forum.services.sessions.desk import Desk
from forum.services.sessions.room_view import room_view_of
from forum.services.stories.submissions import submit
from forum.sessions.session import LiveSession, Participant
from forum.store import SqlStore, tables
from forum.voting.commission import Commission
from forum.voting.suppression import Result

WHOLE = CommissionForm(
    title="Night care",
    question="Who should come?",
    stage="plan",
    level="co-design",
    decides="The joint board",
    can_change="Who comes",
    cannot_change="The budget",
    threshold="5",
    groups=(("Carers", "10"), ("Nurses", "")),
)
CHANGED = replace(
    WHOLE, threshold="3", answer_by_days="28", groups=(("Family carers", "12"), ("Nurses", ""), ("Police", "4"))
)


async def published(store: Store, **changes: Any) -> Commission:
    return await commissions.publish(store, CLOCK, replace(WHOLE, id=new_id(), **changes), "0")


async def changed(store: Store, of: Commission, form: CommissionForm = CHANGED, seen: str = "1") -> Commission:
    form = replace(form, group_ids=tuple(group.id for group in of.groups)) if form.groups == CHANGED.groups else form
    return await commissions.change(store, CLOCK, of.id, form, seen, "More people came than we thought.")


async def findings(store: Store) -> set[tuple[str, str]]:
    told: list[record_check.Finding] = []
    async for progress in record_check.check(Checkpoints(store, SIGNER)):
        told = progress.findings
    return {(one.table, one.column) for one in told}


async def voted(store: Store, commission: Commission, title: str, people: int) -> tuple[LiveSession, Result | None]:
    """Opens a session in which so many people of the commission's first group vote, and shows the result."""
    live = await create_session(store, CLOCK, SessionForm(commission.id, title=title))
    return live, await asked(store, live, commission.groups[0].id, people)


async def asked(store: Store, live: LiveSession, group: str, people: int) -> Result | None:
    desk = Desk(store, CLOCK)
    round_ = (await cues.ask_question(desk, live.id, f"{live.title}: who?", ("A", "B"), none=True)).round
    assert round_ is not None
    await facilitation.open_round(desk, live.id, round_.id)
    members = [Participant(new_id(), live.id, group, CLOCK.now()) for _ in range(people)]
    async with store.begin() as work:
        for one in members:
            await work.sessions.join(one, new_id())
        await work.rounds.cast([a_cast(round_.id, one.id) for one in members])
    await facilitation.close_round(desk, live.id, round_.id)
    return (await facilitation.reveal_round(desk, live.id, round_.id)).result


async def test_a_draft_is_for_organisers_alone_until_it_is_published(store: Store) -> None:
    bare = CommissionForm(id=new_id(), title="Night care", groups=(("Carers", ""),), threshold="")
    draft = await commissions.keep_draft(store, CLOCK, bare)
    async with store.read() as work:
        assert await work.commissions.list_commissions() == []
        assert await work.commissions.list_commissions(drafts=True) == [draft]
        assert await work.commissions.versions(draft.id) == []
        with pytest.raises(NotFound):
            await work.commissions.get_commission(draft.id)
    for act in (
        create_session(store, CLOCK, SessionForm(draft.id, title="A day")),
        submit(store, CLOCK, draft.id, a_sent_story()),
        changed(store, draft),
        stages.note(store, CLOCK, draft.id, stages.NoteForm("", "plan", "options", "Two")),
        exports.export(Checkpoints(store, SIGNER), draft.id),
    ):
        with pytest.raises(NotFound):
            await act
    with pytest.raises(FormErrors) as caught:
        await commissions.publish(store, CLOCK, bare, "1")
    assert set(caught.value.fields) == {
        "question",
        "stage",
        "level",
        "decides",
        "can_change",
        "cannot_change",
        "group_1",
    }
    with pytest.raises(FormErrors):
        await commissions.keep_draft(store, CLOCK, replace(bare, title=" ", threshold="x"), "1")
    again = await commissions.keep_draft(store, CLOCK, replace(WHOLE, id=draft.id, threshold="8"), "1")
    assert again.groups[0].id == draft.groups[0].id
    for late in (commissions.keep_draft, commissions.publish):
        with pytest.raises(IllegalMove, match="changed meanwhile"):
            await late(store, CLOCK, replace(WHOLE, id=draft.id), "1")
    assert await entries_with_results(store) == []
    made = await commissions.publish(store, CLOCK, replace(WHOLE, id=draft.id, second_reader=True), "2")
    for late in (commissions.keep_draft, commissions.publish):
        with pytest.raises(IllegalMove, match="published meanwhile"):
            await late(store, CLOCK, replace(WHOLE, id=draft.id), "3")
    assert (made.version, made.draft, made.threshold, made.created_at) == (1, False, 5, draft.created_at)
    [entry] = await entries_with_results(store)
    assert (entry["type"], entry["commission"], entry["about"]["second_reader"]) == (
        *("commission published", made.id),
        "required",
    )
    async with store.read() as work:
        assert await work.commissions.get_commission(made.id) == made
        assert [(one.number, one.about, one.entry) for one in await work.commissions.versions(made.id)] == [
            (1, made, 0)
        ]


async def test_a_change_is_a_version_with_its_reason_and_a_session_keeps_the_one_it_was_made_under(
    store: Store,
) -> None:
    before = await published(store)
    live, few = await voted(store, before, "A first day", 4)
    after = await changed(store, before)
    assert (after.version, after.threshold, after.stage) == (2, 3, "plan")
    # The group that got another name is the same group; the one that is new has an id of its own.
    assert [group.id for group in after.groups[:2]] == [group.id for group in before.groups]
    assert after.groups[2].id not in {group.id for group in before.groups}
    async with store.read() as work:
        assert await work.commissions.of_session(live) == before
        assert (await room_view_of(work, await work.sessions.get_session(live.id))).commission == before
        assert await work.commissions.get_commission(before.id) == after
        told = await work.commissions.versions(before.id)
    assert [(one.number, one.about, one.because) for one in told] == [
        (1, before, ""),
        (2, after, "More people came than we thought."),
    ]
    # Four votes are too few under the first version, and enough under the second, each for good.
    assert few is not None
    assert not few.counted
    again = await asked(store, live, before.groups[0].id, 4)
    assert again is not None
    assert not again.counted
    second, enough = await voted(store, after, "A second day", 4)
    assert (second.terms, live.terms) == (2, 1)
    assert enough is not None
    assert enough.counted
    said = await entries_with_results(store)
    assert [(one["type"], one.get("version")) for one in said if one["type"].startswith("commission")] == [
        ("commission published", None),
        ("commission changed", 2),
    ]
    opened = [one for one in said if one["type"] == "round opened"]
    assert [(one["threshold"], one["groups"][0]) for one in opened] == [
        *[(5, "Carers")] * 2,
        (3, "Family carers"),
    ]
    assert await findings(store) == set()
    packed = await exports.export(Checkpoints(store, SIGNER))
    assert [check for check in audit.verify(packed) if check.verdict == FAIL] == []
    rows = list(commissions_rows(Log.read(Export(unpack(packed)[0]).lines, None)))
    assert [(row["version"], row["threshold"], row["groups"], row["because"]) for row in rows] == [
        (1, 5, "Carers (10) | Nurses", ""),
        (2, 3, "Family carers (12) | Nurses | Police (4)", "More people came than we thought."),
    ]
    assert [row["answer_by_days"] for row in rows] == [None, 28]
    powers = [one["about"]["power"] for one in said if "about" in one]
    assert [power.get("answer_by_days", "not declared") for power in powers] == [*["not declared"] * 2, 28, 28]
    assert {(row["decides"], row["second_reader"], row["small_numbers"]) for row in rows} == {
        ("The joint board", "none", False)
    }
    assert {row["commission_title"] for row in rows} == {"Night care"}


async def test_two_who_change_it_at_once_change_it_once_and_the_other_is_told(store: Store) -> None:
    before = await published(store)
    forms = [replace(CHANGED, title=title) for title in ("One", "Other")]
    done = await asyncio.gather(*(changed(store, before, form) for form in forms), return_exceptions=True)
    [refused] = [one for one in done if isinstance(one, BaseException)]
    assert isinstance(refused, IllegalMove)
    assert "changed meanwhile" in str(refused)
    [kept] = [one for one in done if isinstance(one, Commission)]
    async with store.read() as work:
        assert await work.commissions.get_commission(before.id) == kept
        assert len(await work.commissions.versions(before.id)) == 2


async def test_what_is_wrong_with_a_change_is_told_and_support_lines_alone_are_no_version(
    sqlite_store: SqlStore,
) -> None:
    before = await published(sqlite_store)
    for form, because, fields in (
        (CHANGED, " ", {"because"}),
        (replace(CHANGED, title="", threshold="2"), "x" * 1001, {"title", "threshold", "because"}),
        (replace(CHANGED, groups=()), "Why", {"group_1"}),
    ):
        with pytest.raises(FormErrors) as caught:
            await commissions.change(sqlite_store, CLOCK, before.id, form, "1", because)
        assert set(caught.value.fields) == fields
    helped = replace(WHOLE, support=(("Samaritans", "116 123"),), stage="")
    same = await commissions.change(sqlite_store, CLOCK, before.id, helped, "1", "")
    assert (same.version, [line.name for line in same.support]) == (1, ["Samaritans"])
    await submit(sqlite_store, CLOCK, before.id, a_sent_story(group=before.groups[0].id))
    with pytest.raises(FormErrors) as caught:
        await changed(sqlite_store, before, replace(CHANGED, groups=(("Nurses", ""), ("Police", ""))))
    assert "Carers" in str(caught.value.fields["group_1"])
    assert len(await entries_with_results(sqlite_store)) == 1
    await stages.close(sqlite_store, CLOCK, before.id, stages.ClosingForm(seen="0", closing="Done"))
    with pytest.raises(IllegalMove, match="closed"):
        await changed(sqlite_store, before)
    with pytest.raises(NotFound):
        await commissions.change(sqlite_store, CLOCK, new_id(), CHANGED, "1", "Why")


async def test_a_rehearsal_has_versions_and_nothing_of_them_is_recorded(sqlite_store: SqlStore) -> None:
    before = await published(sqlite_store, rehearsal=True)
    after = await changed(sqlite_store, before)
    assert (after.rehearsal, after.version) == (True, 2)
    assert await entries_with_results(sqlite_store) == []
    assert await findings(sqlite_store) == set()


VERSION, COMMISSION, SESSION = tables.commission_version, tables.commission, tables.session


async def test_a_version_that_was_changed_is_told_by_its_column(sqlite_store: SqlStore) -> None:
    before = await published(sqlite_store)
    live = await create_session(sqlite_store, CLOCK, SessionForm(before.id, title="A day"))
    await changed(sqlite_store, before)
    await stages.move(sqlite_store, CLOCK, before.id, stages.MoveForm(seen="0", to="secure", learnt="Much"))
    assert await findings(sqlite_store) == set()
    first = (VERSION.c.commission == before.id) & (VERSION.c.number == 1)
    second = (VERSION.c.commission == before.id) & (VERSION.c.number == 2)
    async with sqlite_store.writer.begin() as connection:
        stored = await connection.execute(sa.select(VERSION.c.number, VERSION.c.terms))
        rows = {row.number: row.terms for row in stored}
    power = ("commission_version", "power.answer_by_days")
    for table, where, values, told in (
        (VERSION, first, {"terms": rows[1] | {"threshold": 4}}, ("commission_version", "threshold")),
        (VERSION, first, {"terms": rows[1] | {"question": "Why?"}}, ("commission_version", "question")),
        (VERSION, second, {"terms": rows[2] | {"threshold": 4}}, ("commission_version", "threshold")),
        (VERSION, second, {"terms": rows[2] | {"power": rows[2]["power"] | {"answer_by_days": 29}}}, power),
        (VERSION, first, {"terms": rows[1] | {"power": rows[1]["power"] | {"answer_by_days": 29}}}, power),
        (VERSION, second, {"because": "No reason"}, ("commission_version", "because")),
        (VERSION, second, {"at": "2026-01-01T00:00:00.000Z"}, ("commission_version", "at")),
        (VERSION, second, {"entry": None}, ("commission_version", "entry")),
        (COMMISSION, COMMISSION.c.id == before.id, {"threshold": 4}, ("commission", "threshold")),
        (COMMISSION, COMMISSION.c.id == before.id, {"second_reader": "required"}, ("commission", "second_reader")),
        (COMMISSION, COMMISSION.c.id == before.id, {"version": 7, "question": "Why?"}, ("commission", "version")),
        (COMMISSION, COMMISSION.c.id == before.id, {"version": 1, "draft": False}, ("commission", "version")),
        (COMMISSION, COMMISSION.c.id == before.id, {"draft": True}, ("commission", "draft")),
        (COMMISSION, COMMISSION.c.id == before.id, {"rehearsal": True}, ("commission", "rehearsal")),
        (SESSION, SESSION.c.id == live.id, {"terms": 2}, ("commission_version", "threshold")),
        (SESSION, SESSION.c.id == live.id, {"stage": "secure"}, ("commission_version", "stage")),
    ):
        async with sqlite_store.writer.begin() as connection:
            known = (await connection.execute(sa.select(*(table.c[name] for name in values)).where(where))).one()
        await change_row(sqlite_store, where, table, **values)
        assert told in await findings(sqlite_store), (table.name, values)
        await change_row(sqlite_store, where, table, **known._asdict())
    assert await findings(sqlite_store) == set()
