"""Entries on their way into the record: only those that fit their type get there, and only through one place."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.factories import a_commission, a_session, new_id

import forum
from forum.ports import Store
from forum.ports.record import StoredEntry
from forum.record.verify.verdict import RecordError
from forum.services.record_entries import Words, append, erase
from forum.services.sessions import facilitation
from forum.services.sessions.commissions_and_sessions import opened
from forum.store import record as records
from forum.store.base import Row
from forum.voting.round import Response, Round

AT = "2026-11-22T14:00:00.000Z"


@pytest.mark.parametrize(
    ("type_", "at", "more", "said"),
    [
        ("decision taken", AT, {}, "field type is none that there is"),
        ("moderation action", "yesterday", {}, "field at is not a time"),
        ("moderation action", AT, {"by": "Ann"}, "field by is no field of it"),
        ("moderation action", AT, {"action": "praised"}, "field action is not"),
        ("moderation action", AT, {"because": "The street was named"}, "field because is not the digest of words"),
        ("moderation action", AT, {"because": Words("why", "x"), "scenario": Words("scenario", "x")}, "field scenario"),
    ],
)
async def test_an_entry_that_does_not_fit_its_type_is_refused(
    sqlite_store: Store, type_: str, at: str, more: dict[str, Any], said: str
) -> None:
    commission = a_commission()
    facts = {"scenario": new_id(), "action": "kept", "because": None}
    async with sqlite_store.begin() as work:
        await work.commissions.add_commission(commission)
        await append(work, commission, "moderation action", AT, facts)
    with pytest.raises(RecordError, match=re.escape(said)):
        async with sqlite_store.begin() as work:
            await append(work, commission, type_, at, facts | more)
    async with sqlite_store.read() as work:
        assert await work.record.size() == 1
        assert await work.record.disclosures() == []


async def test_an_entry_that_contradicts_those_before_is_refused(sqlite_store: Store) -> None:
    commission, session, round_ = a_commission(), new_id(), new_id()
    about = {"session": session, "round": round_}
    closed = {**about, "count": 0, "ballots_root": "0" * 64}
    async with sqlite_store.begin() as work:
        await work.commissions.add_commission(commission)
        live = a_session(commission, id=session)
        await append(work, commission, "session opened", AT, opened(live, commission))
        asked = Round(round_, session, "Who?", (Response("r1", "A nurse"),))
        await append(work, commission, "round opened", AT, facilitation.opened(asked, commission))
        await append(work, commission, "round closed", AT, closed)
    for type_, facts, said in (
        ("session opened", opened(live, commission), "field session is there before, in entry"),
        ("round opened", facilitation.opened(asked, commission), "field round is there before, in entry"),
        ("round closed", closed, "field round names a round that has a 'round closed' before, entry 2"),
        ("round extended", about | {"closes_at": AT}, "field round names a round that has a 'round closed' before"),
        ("round annulled", about | {"session": new_id(), "because": Words("because", "x")}, "of another session"),
    ):
        with pytest.raises(RecordError, match=re.escape(said)):
            async with sqlite_store.begin() as work:
                await append(work, commission, type_, AT, facts)
    async with sqlite_store.read() as work:
        assert await work.record.size() == 3


async def test_words_that_nobody_can_withdraw_are_not_erased(sqlite_store: Store) -> None:
    commission = a_commission()
    facts = {"session": new_id(), "round": new_id(), "because": Words("because", "It was put badly")}
    async with sqlite_store.begin() as work:
        await work.commissions.add_commission(commission)
        await append(work, commission, "round annulled", AT, facts)
        [kept] = await work.record.disclosures()
    with pytest.raises(RecordError, match="words that nobody can withdraw: entry 0"):
        async with sqlite_store.begin() as work:
            await erase(work, commission, AT, [kept.digest])
    async with sqlite_store.read() as work:
        assert await work.record.disclosures() == [kept]


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-11-22T13:59:59.000Z", "2026-11-22T13:59:59.000Z"),
        ("2026-11-22T13:00:00.000Z", "2026-11-22T13:00:00.000Z"),
        ("2026-11-22T12:59:59.999Z", AT),
        ("2025-01-01T00:00:00.000Z", AT),
    ],
)
async def test_a_clock_put_back_dates_no_entry_long_before_what_it_follows(store: Store, at: str, told: str) -> None:
    commission, round_ = a_commission(), Round(new_id(), new_id(), "Who?", (Response("r1", "A nurse"),))
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
        await append(work, commission, "round opened", AT, facilitation.opened(round_, commission))
        closed = {"session": round_.session, "round": round_.id, "count": 0, "ballots_root": "0" * 64}
        await append(work, commission, "round closed", at, closed)
        *_, last = await work.record.entries()
    assert json.loads(last.body)["at"] == told


def test_one_place_appends_to_the_record() -> None:
    house = Path(forum.__file__).parent
    appending = [
        path.relative_to(house).as_posix()
        for path in sorted(house.rglob("*.py"))
        if re.search(r"\.record\.append\(", path.read_text("utf-8"))
    ]
    assert appending == ["services/record_entries.py"]


async def test_words_are_taken_back_without_reading_the_record_through(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts the entries that come out of the database while the writer waits for nobody else."""
    commission, story = a_commission(), new_id()
    read: list[int] = []
    stored = records._stored

    def counted(row: Row) -> StoredEntry:
        read.append(int(row["position"]))
        return stored(row)

    async with sqlite_store.begin() as work:
        await work.commissions.add_commission(commission)
        for number in range(60):
            about = story if number == 30 else new_id()
            facts = {"scenario": about, "action": "kept", "because": Words("because", f"Number {number}")}
            await append(work, commission, "moderation action", AT, facts)
        [mine] = [one.digest for one in await work.record.disclosures() if one.entry == 30]
    monkeypatch.setattr(records, "_stored", counted)
    async with sqlite_store.begin() as work:
        assert await erase(work, commission, AT, [mine]) == 60
    assert set(read) == {30}
