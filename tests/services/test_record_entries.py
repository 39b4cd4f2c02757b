"""Entries on their way into the record: only those that fit their type get there, and only through one place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.factories import a_commission, new_id

import forum
from forum.ports import Store
from forum.record.verify.verdict import RecordError
from forum.services.record_entries import Words, append

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


def test_one_place_appends_to_the_record() -> None:
    house = Path(forum.__file__).parent
    appending = [
        path.relative_to(house).as_posix()
        for path in sorted(house.rglob("*.py"))
        if re.search(r"\.record\.append\(", path.read_text("utf-8"))
    ]
    assert appending == ["services/record_entries.py"]
