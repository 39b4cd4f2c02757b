"""Entries that do not fit the table of entry types: each fails, with the key and without, and the place is named."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from support.changed_rows import unlock
from support.misfits import MISFITS, misfit
from support.record_keeper import EARLIER, SIGNER
from support.tampered_cases import LINES, ORDERS, row_of
from support.tampered_cycle_cases import CYCLE_ORDERS
from support.tampering import GONE, Tampered, true_export

from forum.record import audit
from forum.record.verify.archive import pack
from forum.record.verify.disclosures import disclosure
from forum.record.verify.encoding import canonical
from forum.record.verify.entry_order import CLOCK_ROOM, entry_problems
from forum.record.verify.entry_shapes import SHAPES, misfits_of
from forum.record.verify.merkle_tree import leaf_hash
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS, Check, check
from forum.services import record_check
from forum.services.checkpoints import Checkpoints
from forum.store import SqlStore, tables

EVERY_ORDER = ORDERS | CYCLE_ORDERS
SIGNED = ("file digests", "root", "key", "checkpoint signature", "package signature")


def checks(data: bytes, *looked_at: str) -> dict[str, tuple[str, str]]:
    """Runs all checks of an export, or only those that are looked at: no check hangs on another."""

    def run(name: str, part: Callable[[], tuple[str, str]]) -> Check:
        return check(name, part) if not looked_at or name in looked_at else Check(name, NOT_CHECKED, "")

    with pytest.MonkeyPatch.context() as patch:
        for module in ("verify.checks", "audit"):
            patch.setattr(f"forum.record.{module}.check", run)
        return {one.name: (one.verdict, one.detail) for one in audit.verify(data)}


def assert_fails(tampered: Tampered, name: str, place: str) -> None:
    """Asserts that this check fails and names this place: signed again, where all signatures hold, and not."""
    forged = checks(tampered.packed(key=True), name, *SIGNED)
    changed = checks(tampered.packed(key=False), name, "file digests")
    assert forged[name][0] == changed[name][0] == FAIL, forged[name]
    assert place in forged[name][1], forged[name]
    assert place in changed[name][1], changed[name]
    assert {forged[signed][0] for signed in SIGNED} == {PASS}
    assert changed["file digests"][0] == FAIL


def test_the_small_true_export_holds_every_type_and_passes() -> None:
    assert {verdict for verdict, _ in checks(pack(true_export())).values()} == {PASS}
    assert {entry["type"] for entry in Tampered().entries} == SHAPES.keys()


@pytest.mark.parametrize(
    ("type_", "path", "value"), MISFITS, ids=lambda value: "gone" if value is GONE else repr(value)
)
def test_an_entry_that_does_not_fit_its_type_fails_at_its_field(type_: str, path: str, value: Any) -> None:
    tampered = Tampered()
    assert_fails(tampered, "entries", misfit(tampered, type_, path, value))


def test_what_older_versions_wrote_still_fits() -> None:
    tampered = Tampered()
    for type_, path, value in (
        ("session opened", "kind", GONE),
        ("round opened", "closes_at", GONE),
        ("round opened", "scene", "The kitchen"),
        ("round opened", "live", GONE),
        ("round opened", "quorum", GONE),
        ("scenario published", "told_by", None),
        ("session opened", "about.power.decides", "The joint board"),
        ("commitment", "role", "Head of night services"),
        ("commitment", "answers", GONE),
        ("commitment", "noticed", GONE),
    ):
        tampered.set(type_, path, value)
    assert [problem for entry in tampered.entries for problem in misfits_of(entry)] == []


@pytest.mark.parametrize("entry", [None, [], "decision", {}, {"type": ["decision"]}, {"type": {"sd": "A" * 43}}])
def test_what_is_no_entry_has_no_shape(entry: Any) -> None:
    assert list(misfits_of(entry)) == ["field type is none that there is"]


# ---------------------------------------------------------------- words and their digests


def test_two_answers_with_one_digest_fail() -> None:
    tampered = Tampered()
    place = tampered.set("round opened", "responses.1.label", tampered.entry("round opened")["responses"][0]["label"])
    assert_fails(tampered, "entries", f"{place}: field responses[1].label has the same digest as another field of it")


def test_a_digest_of_another_entry_fails() -> None:
    tampered = Tampered()
    place = tampered.set("commitment", "what", tampered.entry("decision")["dissent"])
    assert_fails(tampered, "entries", f"{place}: field what has the same digest as entry")


@pytest.mark.parametrize(
    ("type_", "path", "other"),
    [
        ("decision", "rationale", "why"),
        ("decision", "dissent", "rationale"),
        ("round opened", "question", "response"),
        ("round opened", "responses.0.label", "label"),
        ("round opened", "versions.0.question", "Question"),
        ("scenario published", "title", "text"),
        ("round annulled", "because", ""),
        ("commitment", "what", "role"),
        ("commitment", "role", "what"),
        ("session opened", "about.power.decides", "role"),
    ],
)
def test_words_that_are_disclosed_under_another_name_fail(type_: str, path: str, other: str) -> None:
    tampered = Tampered()
    number = 1 if "versions" in path else 0
    inside: Any = tampered.entry(type_, number)
    for step in path.split("."):
        inside = inside[int(step) if step.isdigit() else step]
    digest, encoded = disclosure("5" * 32, other, "Anything")
    line = next(line for line in tampered.disclosures if line["digest"] == inside["sd"])
    line.update(digest=digest, disclosure=encoded)
    place = tampered.set(type_, path, {"sd": digest}, number)
    assert_fails(tampered, "disclosures", place)
    assert f"is disclosed as {other!a}, not " in checks(tampered.packed(key=True))["disclosures"][1]


# ---------------------------------------------------------------- the order of things


@pytest.mark.parametrize("name", EVERY_ORDER)
def test_an_entry_that_does_not_follow_from_those_before_fails(name: str) -> None:
    tampered = Tampered()
    place = EVERY_ORDER[name](tampered)
    assert_fails(tampered, "entries", place)


def test_a_clock_that_was_put_back_by_less_than_an_hour_is_no_forgery() -> None:
    tampered = Tampered()
    closed = tampered.entry("round closed")
    opened_at = datetime.fromisoformat(tampered.entry("round opened")["at"])
    for back, fine in ((CLOCK_ROOM, True), (CLOCK_ROOM + timedelta(milliseconds=1), False)):
        closed["at"] = (opened_at - back).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        assert (not entry_problems(tampered.entries)[0]) is fine


# ---------------------------------------------------------------- salts, ballots and words


@pytest.mark.parametrize("name", LINES)
def test_lines_that_do_not_fit_fail(name: str) -> None:
    tampered = Tampered()
    at, change = LINES[name]
    assert_fails(tampered, at, change(tampered))


def test_the_true_lines_are_canonical_copies() -> None:
    """The suite changes what it says it changes: an untouched copy is the true export to the byte."""
    assert Tampered().packed(key=False) == pack(true_export()) == Tampered().packed(key=True)
    assert copy.deepcopy(Tampered().entries) == [
        json.loads(line) for line in true_export()["record.jsonl"].splitlines()
    ]


@pytest.mark.parametrize(("path", "value"), [("after.root", "0" * 64), ("after.size", 1), ("after.size", 10**9)])
def test_a_restore_that_does_not_go_on_from_the_record_before_it_fails(path: str, value: Any) -> None:
    tampered = Tampered()
    place = tampered.set("record restored", path, value)
    for key in (True, False):
        verdict, detail = checks(tampered.packed(key=key))["root"]
        assert verdict == FAIL
        assert not key or detail == f"{place}: field after is not the record before it"


def test_a_record_that_goes_on_under_another_key_than_its_last_entry_about_it_says_fails() -> None:
    tampered = Tampered()
    place = tampered.set("key lost", "key", f"{SIGNER.name}+00000000+AAAA")
    for key in (True, False):
        verdict, detail = checks(tampered.packed(key=key))["key"]
        assert (verdict, detail) == (FAIL, f"{place}: the record went on under another key than public_key.pem")


# ---------------------------------------------------------------- the same in the database


async def put(store: SqlStore, tampered: Tampered) -> None:
    """Makes these the entries of the database, with hashes that fit, as whoever can write to it could."""
    bodies = [canonical(entry) for entry in tampered.entries]
    rows = [
        {"position": n, "commission": entry.get("commission") or "", "body": body, "leaf_hash": leaf_hash(body)}
        for n, (entry, body) in enumerate(zip(tampered.entries, bodies, strict=True))
    ]
    async with store.writer.begin() as connection:
        await unlock(connection)
        await connection.execute(sa.delete(tables.entry))
        await connection.execute(sa.insert(tables.entry), rows)


async def told(store: SqlStore, tampered: Tampered) -> set[tuple[str, str, str, str]]:
    """Gives what `forum record check` finds in the entries: the table, the row, the column, and what is there."""
    await put(store, tampered)
    checking = record_check.check(Checkpoints(store, SIGNER))
    async for progress in checking:
        if progress.entries == len(tampered.entries):
            return {(found.table, found.row, found.column, found.there) for found in progress.findings}
    return set()


async def test_fields_that_do_not_fit_are_found_in_the_database_by_table_row_and_column(sqlite_store: SqlStore) -> None:
    """As many changed entries at once as there are types, since each is told by its own row."""
    alone = {row for row in await told(sqlite_store, Tampered()) if row[0] == "entry"}
    assert alone == set()
    waiting, tries = list(MISFITS), 0
    while waiting:
        tampered, taken = Tampered(), dict[str, str]()
        for case in list(waiting):
            type_, path, value = case
            if type_ not in taken:
                taken[type_] = row_of(misfit(tampered, type_, path, value))[0]
                waiting.remove(case)
        found = await told(sqlite_store, tampered)
        assert set(taken.values()) <= {row for table, row, column, _ in found if (table, column) == ("entry", "body")}
        tries += 1
    assert tries < len(MISFITS) / 3


@pytest.mark.parametrize("names", [[*EVERY_ORDER][n::4] for n in range(4)], ids=lambda names: f"{len(names)} cases")
async def test_entries_out_of_order_are_found_in_the_database_by_table_row_and_column(
    names: list[str], sqlite_store: SqlStore
) -> None:
    for name in names:
        tampered = Tampered()
        row, words = row_of(EVERY_ORDER[name](tampered))
        found = await told(sqlite_store, tampered)
        assert any(one[:3] == ("entry", row, "body") and one[3].startswith(words) for one in found), (name, found)


async def test_a_forged_key_and_a_forged_restore_are_found_in_the_database(sqlite_store: SqlStore) -> None:
    """They are looked at where all else agrees, so the record has nothing else in it."""
    for change, told_of in (
        (lambda t: None, None),
        (lambda t: t.set("key changed", "key", SIGNER.verifier_key), "is not signed with the one before"),
        (lambda t: t.set("key lost", "key", EARLIER[0].verifier_key), "another key than public_key.pem"),
        (lambda t: t.set("record restored", "after.root", "0" * 64), "0000000000"),
    ):
        tampered = Tampered()
        tampered.entries = tampered.entries[:3]
        change(tampered)
        await put(sqlite_store, tampered)
        async for progress in record_check.check(Checkpoints(sqlite_store, SIGNER)):
            found = progress.findings
        assert [f"{one.table} {one.column}" for one in found] == (["entry body"] if told_of else [])
        assert not told_of or told_of in found[0].there
