"""The whole database held against the record: each row that was changed is told by its table, its key, its column."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from support.app import a_sent_story
from support.changed_rows import change, delete
from support.factories import CLOCK
from support.kept_databases import kept
from support.record_keeper import SIGNER
from support.recorded_day import Day, a_day
from support.voted_session import COMMISSIONER

from forum.errors import IllegalMove
from forum.ports import Store
from forum.record.verify.disclosures import disclosure, open_disclosure
from forum.record.verify.encoding import canonical
from forum.record.verify.merkle_tree import leaf_hash
from forum.services import commitments, record_check
from forum.services.checkpoints import Checkpoints
from forum.services.commitments import UpdateForm
from forum.services.record_check import Finding
from forum.services.sessions import cues, facilitation
from forum.services.stories.submissions import submit
from forum.services.stories.withdrawal import withdraw
from forum.services.voting import close_rounds, results
from forum.store import SqlStore, tables

Row = Callable[["Day"], sa.ColumnElement[bool]]


async def found(store: Store) -> list[Finding]:
    told: list[Finding] = []
    async for progress in record_check.check(Checkpoints(store, SIGNER)):
        told = progress.findings
    return told


async def test_what_nobody_changed_agrees_in_small_pieces(store: SqlStore) -> None:
    await kept(store, a_day)
    pieces = [(p.entries, p.rows, list(p.findings)) async for p in record_check.check(Checkpoints(store, SIGNER))]
    assert pieces[-1][2] == []
    assert pieces[-1][0] > 10
    assert len(pieces) >= 4


async def test_a_story_that_was_taken_back_agrees_and_its_words_put_back_do_not(store: SqlStore) -> None:
    day = await kept(store, a_day)
    async with store.read() as work:
        before = await work.stories.get_story(day.story)
        words = [one for one in await work.record.disclosures() if one.encoded]
    await withdraw(store, CLOCK, day.key)
    assert await found(store) == []
    await change(store, STORY.c.id == day.story, STORY, twee=before.twee, status="accepted")
    assert ("story", "status") in {(one.table, one.column) for one in await found(store)}
    async with store.read() as work:
        gone = {one.digest for one in await work.record.disclosures() if one.encoded is None}
    back = next(one for one in words if one.digest in gone)
    await change(store, tables.disclosure.c.digest == back.digest, tables.disclosure, encoded=back.encoded)
    assert any(one.row == back.digest and "withdrawn" in one.should_be for one in await found(store))


@pytest.mark.parametrize("held", [False, True])
async def test_an_empty_database_and_one_whose_badges_are_off_agree(sqlite_store: SqlStore, *, held: bool) -> None:
    if held:
        day = await kept(sqlite_store, a_day)
        async with sqlite_store.begin() as work:
            live = await work.sessions.get_session(day.voted.live.id)
            await work.sessions.save_session(type(live)(**{**vars(live), "badges_off": True}))
        await facilitation.close_round(day.voted.desk, day.voted.live.id, day.standing)
        await facilitation.reveal_round(day.voted.desk, day.voted.live.id, day.standing)
    assert await found(sqlite_store) == []


ROUND, SESSION, COMMISSION = tables.round_, tables.session, tables.commission
UPDATE, CORRECTION = tables.commitment_update, tables.decision_correction
DECISION, COMMITMENT, STORY, BALLOT = tables.decision, tables.commitment, tables.story, tables.ballot

# The table, its row, what is put there, and the table, key and column that are told.
CHANGES: list[tuple[sa.Table, Row, dict[str, Any], tuple[str, str]]] = [
    (ROUND, lambda day: ROUND.c.id == day.first, {"question": "Who should not come?"}, ("round", "question")),
    (ROUND, lambda day: ROUND.c.id == day.voted.rounds[1], {"second_of": None}, ("round", "second_of")),
    (ROUND, lambda day: ROUND.c.id == day.first, {"method": "approval"}, ("round", "method")),
    (ROUND, lambda day: ROUND.c.id == day.first, {"quorum": 3}, ("round", "quorum")),
    (ROUND, lambda day: ROUND.c.id == day.first, {"live": True}, ("round", "live")),
    (ROUND, lambda day: ROUND.c.id == day.first, {"closed_at": "2026-01-01T00:00:00.000Z"}, ("round", "closed_at")),
    (ROUND, lambda day: ROUND.c.id == day.first, {"state": "annulled"}, ("round", "state")),
    (ROUND, lambda day: ROUND.c.id == day.standing, {"state": "revealed"}, ("round", "state")),
    (ROUND, lambda day: ROUND.c.id == day.annulled, {"state": "revealed"}, ("round", "state")),
    (ROUND, lambda day: ROUND.c.id == day.annulled, {"annulled_because": "Nobody came"}, ("round", "annulled_because")),
    (SESSION, lambda day: SESSION.c.id == day.voted.live.id, {"title": "Another day"}, ("session", "title")),
    (SESSION, lambda day: SESSION.c.id == day.voted.live.id, {"entrance": "tickets"}, ("session", "entrance")),
    (SESSION, lambda day: SESSION.c.id == day.voted.live.id, {"partition": None}, ("session", "partition")),
    (SESSION, lambda day: SESSION.c.id == day.voted.live.id, {"no_receipts": True}, ("session", "no_receipts")),
    (
        COMMISSION,
        lambda day: COMMISSION.c.id == day.voted.live.commission,
        {"question": "Why?"},
        ("commission", "question"),
    ),
    (
        COMMISSION,
        lambda day: COMMISSION.c.id == day.voted.live.commission,
        {"threshold": 2},
        ("commission", "threshold"),
    ),
    (COMMISSION, lambda day: COMMISSION.c.id == day.voted.live.commission, {"title": "Else"}, ("commission", "title")),
    (DECISION, lambda day: DECISION.c.id == day.decision, {"outcome": "not adopted"}, ("decision", "outcome")),
    (DECISION, lambda day: DECISION.c.id == day.decision, {"response": "r3"}, ("decision", "response")),
    (DECISION, lambda day: DECISION.c.id == day.decision, {"rationale": "It is far."}, ("decision", "rationale")),
    (DECISION, lambda day: DECISION.c.id == day.decision, {"dissent": "Carers"}, ("decision", "dissent")),
    (
        DECISION,
        lambda day: DECISION.c.id == day.decision,
        {"decided_at": "2020-01-01T00:00:00.000Z"},
        ("decision", "decided_at"),
    ),
    (DECISION, lambda day: DECISION.c.id == day.decision, {"entry": 1}, ("decision", "entry")),
    (COMMITMENT, lambda day: COMMITMENT.c.decision == day.decision, {"by": "2029-03-31"}, ("commitment", "by")),
    (COMMITMENT, lambda day: COMMITMENT.c.decision == day.decision, {"what": "One nurse"}, ("commitment", "what")),
    (COMMITMENT, lambda day: COMMITMENT.c.decision == day.decision, {"role": "Nobody"}, ("commitment", "role")),
    (COMMITMENT, lambda day: COMMITMENT.c.decision == day.decision, {"answers": "Days"}, ("commitment", "answers")),
    (COMMITMENT, lambda day: COMMITMENT.c.decision == day.decision, {"noticed": ""}, ("commitment", "noticed")),
    (
        COMMITMENT,
        lambda day: COMMITMENT.c.decision == day.decision,
        {"at": "2020-01-01T00:00:00.000Z"},
        ("commitment", "at"),
    ),
    (DECISION, lambda day: DECISION.c.id == day.decision, {"second_reader": "read"}, ("decision", "second_reader")),
    (CORRECTION, lambda _: CORRECTION.c.words != "", {"words": "Far"}, ("decision_correction", "words")),
    (
        CORRECTION,
        lambda day: CORRECTION.c.decision == day.decision,
        {"because": ""},
        ("decision_correction", "because"),
    ),
    (CORRECTION, lambda _: CORRECTION.c.words != "", {"at": "2020"}, ("decision_correction", "at")),
    (CORRECTION, lambda _: CORRECTION.c.words != "", {"entry": 1}, ("decision_correction", "entry")),
    (CORRECTION, lambda _: CORRECTION.c.words != "", {"id": "e" * 32}, ("decision_correction", "id")),
    (
        CORRECTION,
        lambda day: CORRECTION.c.decision == day.decision,
        {"replaced_by": "e" * 32},
        ("decision_correction", "replaced_by"),
    ),
    (UPDATE, lambda _: UPDATE.c.state == "partly", {"state": "done"}, ("commitment_update", "state")),
    (UPDATE, lambda _: UPDATE.c.state == "partly", {"said": "Two are here."}, ("commitment_update", "said")),
    (UPDATE, lambda _: UPDATE.c.state == "partly", {"because": ""}, ("commitment_update", "because")),
    (UPDATE, lambda _: UPDATE.c.state == "partly", {"handed_to": "Nobody"}, ("commitment_update", "handed_to")),
    (UPDATE, lambda _: UPDATE.c.state == "partly", {"given_by": "owner"}, ("commitment_update", "given_by")),
    (UPDATE, lambda _: UPDATE.c.state == "partly", {"at": "2020-01-01"}, ("commitment_update", "at")),
    (UPDATE, lambda _: UPDATE.c.state == "partly", {"id": "e" * 32}, ("commitment_update", "id")),
    (STORY, lambda day: STORY.c.id == day.story, {"title": "Another knock"}, ("story", "title")),
    (STORY, lambda day: STORY.c.id == day.story, {"twee": ":: Start\nNobody knocks."}, ("story", "twee")),
    (STORY, lambda day: STORY.c.id == day.story, {"status": "withdrawn"}, ("story", "status")),
    (BALLOT, lambda day: BALLOT.c.participant == day.voted.people[0], {"choice": "r3"}, ("ballot", "ballots_root")),
    (BALLOT, lambda day: BALLOT.c.participant == day.voted.people[0], {"choice": "r3"}, ("ballot", "counts.r3")),
    (BALLOT, lambda day: BALLOT.c.participant == day.voted.people[0], {"choice": "r9"}, ("ballot", "choice")),
    (BALLOT, lambda day: BALLOT.c.participant == day.voted.people[0], {"group_id": "g4"}, ("ballot", "ballots_root")),
    (BALLOT, lambda day: BALLOT.c.participant == day.voted.people[0], {"salt": "0" * 32}, ("ballot", "ballots_root")),
    (BALLOT, lambda day: BALLOT.c.participant == day.voted.people[0], {"paper": True}, ("ballot", "ballots_root")),
    (
        tables.moderation,
        lambda day: tables.moderation.c.story == day.story,
        {"action": "held"},
        ("moderation", "action"),
    ),
    (tables.moderation, lambda day: tables.moderation.c.story == day.story, {"entry": 0}, ("moderation", "entry")),
    (tables.entry, lambda day: tables.entry.c.position == 2, {"body": b"{}"}, ("entry", "leaf_hash")),
    (tables.entry, lambda day: tables.entry.c.position == 2, {"leaf_hash": bytes(32)}, ("entry", "leaf_hash")),
    (
        tables.disclosure,
        lambda day: tables.disclosure.c.entry == 1,
        {"encoded": "WyJhIiwiYiIsImMiXQ"},
        ("disclosure", "encoded"),
    ),
    (tables.disclosure, lambda day: tables.disclosure.c.entry == 1, {"encoded": None}, ("disclosure", "encoded")),
    (
        tables.disclosure,
        lambda day: tables.disclosure.c.entry == 1,
        {"commission": "another"},
        ("disclosure", "commission"),
    ),
    (tables.disclosure, lambda day: tables.disclosure.c.entry == 1, {"entry": 2}, ("disclosure", "entry")),
]


@pytest.mark.parametrize(
    ("table", "row", "values", "told"), CHANGES, ids=lambda one: str(one) if isinstance(one, dict) else ""
)
async def test_a_row_that_was_changed_is_told_by_table_and_column(
    sqlite_store: SqlStore, table: sa.Table, row: Row, values: dict[str, Any], told: tuple[str, str]
) -> None:
    day = await kept(sqlite_store, a_day)
    await change(sqlite_store, row(day), table, **values)
    assert told in {(one.table, one.column) for one in await found(sqlite_store)}


@pytest.mark.parametrize(
    ("table", "row", "told"),
    [
        (UPDATE, lambda _: UPDATE.c.state == "partly", ("commitment_update", "id")),
        (BALLOT, lambda day: BALLOT.c.participant == day.voted.people[0], ("ballot", "count")),
        (tables.entry, lambda day: tables.entry.c.position == 3, ("entry", "position")),
        (tables.disclosure, lambda day: tables.disclosure.c.entry == 1, ("disclosure", "digest")),
        (tables.moderation, lambda day: tables.moderation.c.story == day.story, ("moderation", "entry")),
    ],
)
async def test_a_row_that_is_gone_is_told(store: SqlStore, table: sa.Table, row: Row, told: tuple[str, str]) -> None:
    day = await kept(store, a_day)
    await delete(store, row(day), table)
    assert told in {(one.table, one.column) for one in await found(store)}


async def test_rows_that_no_entry_tells_of_are_told(store: SqlStore) -> None:
    day = await kept(store, a_day)
    story, _ = await submit(store, CLOCK, day.voted.live.commission, a_sent_story("Slipped in"))
    await change(store, STORY.c.id == story.id, STORY, status="accepted")
    await facilitation.close_round(day.voted.desk, day.voted.live.id, day.standing)
    unasked = await cues.ask_question(day.voted.desk, day.voted.live.id, "Slipped in?", ("A", "B"), none=True)
    assert unasked.round is not None
    await change(store, ROUND.c.id == unasked.round.id, ROUND, state="open", opened_at=CLOCK.now())
    async with store.writer.begin() as connection:
        slipped = {"id": "d" * 32, "commission": day.voted.live.commission, "rounds": list(day.voted.rounds)}
        words = {"outcome": "adopted", "response": "r1", "rationale": "x", "why": "", "dissent": "", "decided_at": "x"}
        await connection.execute(sa.insert(DECISION).values(slipped | words))
    told = {(one.table, one.row) for one in await found(store)}
    assert {("story", story.id), ("round", unasked.round.id), ("decision", "d" * 32)} <= told


async def test_updates_in_another_order_are_told(sqlite_store: SqlStore) -> None:
    """The latest says how a promise stands, and who has to keep it."""
    day = await kept(sqlite_store, a_day)
    async with sqlite_store.read() as work:
        [first] = (await work.decisions.get_commitment(day.commitment)).updates
    form = UpdateForm(after=first.id, state="not done", because="No money.")
    second = await commitments.update(sqlite_store, CLOCK, COMMISSIONER, day.commitment, form)
    assert await found(sqlite_store) == []
    await change(sqlite_store, UPDATE.c.id == first.id, UPDATE, seq=UPDATE.c.seq + 100)
    told = {(one.table, one.row, one.column) for one in await found(sqlite_store)}
    assert told == {("commitment_update", first.id, "seq"), ("commitment_update", second.id, "seq")}


async def test_a_changed_ballot_is_told_with_its_round_and_what_it_should_be(store: SqlStore) -> None:
    day = await kept(store, a_day)
    await change(
        store, (BALLOT.c.round == day.first) & (BALLOT.c.participant == day.voted.people[0]), BALLOT, choice="r3"
    )
    told = {one.column: one for one in await found(store)}
    counts = told["counts.r3"]
    assert (counts.table, counts.row, counts.there, counts.should_be) == ("ballot", f"round {day.first}", "3", "2")
    assert "table ballot, row round" in str(counts)
    assert "is 3, should be 2" in str(counts)
    assert "r3" not in told["ballots_root"].place


async def rewrite(store: SqlStore, index: int, **facts: Any) -> None:
    """Writes facts into an entry, with the hash that fits, as whoever can write to the database could."""
    async with store.read() as work:
        [stored] = await work.record.unchecked(index, index + 1)
    body = canonical(json.loads(stored.body) | facts)
    await change(store, tables.entry.c.position == index, tables.entry, body=body, leaf_hash=leaf_hash(body))


@pytest.mark.parametrize("column", ["ballot", "salt", "group_salt"])
async def test_what_is_drawn_for_each_ballot_stands_on_one_alone_though_all_hashes_fit(
    sqlite_store: SqlStore, column: str
) -> None:
    day = await kept(sqlite_store, a_day)
    async with sqlite_store.read() as work:
        one, other = (await work.rounds.ballots(day.first))[:2]
    of_it = (BALLOT.c.round == day.first) & (BALLOT.c.participant == other.participant)
    await change(sqlite_store, of_it, BALLOT, **{column: getattr(one, column)})
    async with sqlite_store.read() as work:
        live, round_ = await work.sessions.get_session(day.voted.live.id), await work.rounds.get_round(day.first)
        made = await close_rounds.counted(work, live, round_, await work.rounds.ballots(day.first))
        entries = [json.loads(stored.body) for stored in await work.record.unchecked(0, await work.record.size())]
    closed = next(n for n, e in enumerate(entries) if (e["type"], e.get("round")) == ("round closed", day.first))
    assert made["ballots_root"] != entries[closed]["ballots_root"]
    await rewrite(sqlite_store, closed, **made)
    told = {(one.table, one.row, one.column, one.there) for one in await found(sqlite_store)}
    assert ("ballot", f"round {day.first}", column, "the same on several ballots") in told


async def test_words_with_the_salt_of_others_are_told_though_all_hashes_fit(sqlite_store: SqlStore) -> None:
    await kept(sqlite_store, a_day)
    async with sqlite_store.read() as work:
        entries = [json.loads(stored.body) for stored in await work.record.unchecked(0, await work.record.size())]
        index = next(n for n, entry in enumerate(entries) if entry["type"] == "commitment")
        digests = [entries[index][name]["sd"] for name in ("role", "what")]
        [salt, _, _], [_, name, words] = [
            open_disclosure(str(one.encoded)) for digest in digests for one in await work.record.disclosures([digest])
        ]
    digest, encoded = disclosure(salt, name, words)
    await change(
        sqlite_store, tables.disclosure.c.digest == digests[1], tables.disclosure, digest=digest, encoded=encoded
    )
    await rewrite(sqlite_store, index, what={"sd": digest})
    told = {(one.table, one.column, one.there) for one in await found(sqlite_store)}
    assert told == {("disclosure", "encoded", "words with the salt of others")}


async def test_a_record_that_is_not_the_one_that_was_signed_is_told(sqlite_store: SqlStore) -> None:
    await kept(sqlite_store, a_day)
    checkpoints = Checkpoints(sqlite_store, SIGNER)
    async with sqlite_store.begin() as work:
        note = SIGNER.checkpoint(3, hashlib.sha256(b"another").digest())
        await work.facts.set_fact("last_checkpoint", note.decode())
    told = [p.findings async for p in record_check.check(checkpoints)][-1]
    assert [one.table for one in told] == ["entry"]
    assert "first 3 entries" in told[0].there


async def test_a_ballot_that_was_changed_between_close_and_reveal_stops_the_reveal(store: SqlStore) -> None:
    day = await kept(store, a_day)
    desk, live = day.voted.desk, day.voted.live.id
    await facilitation.close_round(desk, live, day.standing)
    async with store.begin() as work:
        await results.hold_to_root(
            work, await work.sessions.get_session(live), await work.rounds.get_round(day.standing)
        )
    async with store.writer.begin() as connection:
        await connection.execute(
            sa.insert(BALLOT).values(
                round=day.standing, participant=day.voted.people[0], choice="r1", reason="", group_id="g1",
                ballot="b" * 32, salt="c" * 32, group_salt="d" * 32, at=CLOCK.now(),
            )
        )  # fmt: skip
    with pytest.raises(IllegalMove, match="not those that were counted when it closed"):
        await facilitation.reveal_round(desk, live, day.standing)
    async with store.read() as work:
        assert (await work.rounds.get_round(day.standing)).state == "closed"
    await delete(store, BALLOT.c.round == day.standing, BALLOT)
    await facilitation.reveal_round(desk, live, day.standing)
