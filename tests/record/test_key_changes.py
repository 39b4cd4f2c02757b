"""A new key that the old one signed: both verifiers follow it, no forged one passes, and no crash leaves two keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.faulty_store import FaultyStore
from support.record_keeper import EARLIER, SIGNER, Keeper
from support.tampering import Tampered

from forum.adapters.signing_key import KEY_FILE, NEXT_FILE, load_signer
from forum.cli import change_key, signer_of
from forum.errors import StoreUnavailable
from forum.record import audit, export_zip
from forum.record.signing_key import Signer
from forum.record.verify.archive import unpack
from forum.record.verify.checks import verify_files
from forum.record.verify.encoding import parse_canonical
from forum.record.verify.key_entries import MOST_CHANGES, key_problems
from forum.record.verify.verdict import FAIL, PASS, Check
from forum.settings import Settings
from forum.store import SqlStore


def packed(*steps: Callable[[Keeper], object]) -> bytes:
    """Packs the export of a record that has these entries and ends under SIGNER's key."""
    keeper = Keeper()
    for step in steps:
        step(keeper)
    return export_zip.pack(keeper.log(), SIGNER)


def changed(old: Signer, new: Signer) -> Callable[[Keeper], object]:
    return lambda keeper: keeper.change_key(old, new)


def named(checks: list[Check]) -> dict[str, tuple[str, str]]:
    return {check.name: (check.verdict, check.detail) for check in checks}


def verdicts(data: bytes, key: Signer) -> dict[str, tuple[str, str]]:
    return named(audit.verify(data, key.public_key_pem))


def test_whoever_trusts_an_old_key_follows_it_to_the_new_one() -> None:
    data = packed(changed(*EARLIER), changed(EARLIER[1], SIGNER))
    for key in (*EARLIER, SIGNER):
        found = verdicts(data, key)
        assert {verdict for verdict, _ in found.values()} == {PASS}
        assert ("signed the one" in found["given key"][1]) == (key is not SIGNER)
    bare = {check.name: check.verdict for check in verify_files(unpack(data)[0])}
    assert (bare["key"], bare["checkpoint signature"]) == (PASS, PASS)


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (changed(EARLIER[1], SIGNER),),
        (changed(*EARLIER), lambda keeper: keeper.lose_key(EARLIER[1].name)),
    ],
    ids=["nothing said", "from another key", "lost on the way"],
)
def test_an_old_key_that_signed_nothing_leads_nowhere(steps: tuple[Callable[[Keeper], object], ...]) -> None:
    found = verdicts(packed(*steps), EARLIER[0])
    assert {name for name, (verdict, _) in found.items() if verdict == FAIL} == {
        *("given key", "checkpoint signature", "package signature"),
    }


STRANGER = Signer.of(SIGNER.key, "forum-stranger")
ENTRY = EARLIER[0].change_to(EARLIER[1])
FORGED: dict[str, tuple[dict[str, Any], str]] = {
    "signed by the new key": (ENTRY | {"signature": EARLIER[1].change_to(EARLIER[1])["signature"]}, "is not signed"),
    "signed for another key": (ENTRY | {"signature": EARLIER[0].change_to(SIGNER)["signature"]}, "is not signed"),
    "signed for another name": (ENTRY | {"key": Signer.of(EARLIER[1].key, "other").verifier_key}, "is not signed"),
    "from a key of one's own": (STRANGER.change_to(STRANGER), "entry 2 ('key lost'): field before is not the key"),
    "an id of another key": (ENTRY | {"before": ENTRY["before"].replace("+", "+0", 1)}, "no verifier key"),
    "no key": (ENTRY | {"key": "forum-1"}, "no verifier key"),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_change_of_the_key_fails_in_both_verifiers(name: str) -> None:
    facts, told = FORGED[name]
    tampered = Tampered()
    tampered.entry("key changed").update(facts)
    for key in (True, False):
        data = tampered.packed(key=key)
        both = (verdicts(data, SIGNER)["key"], named(verify_files(unpack(data)[0]))["key"])
        assert {verdict for verdict, _ in both} == {FAIL}
        assert all(told in detail for _, detail in both), both


def test_a_change_that_does_not_go_on_from_the_one_before_fails_and_so_does_no_end_of_them() -> None:
    keeper = Keeper()
    keeper.change_key(*EARLIER)
    keeper.change_key(EARLIER[0], SIGNER)
    last = SIGNER.verifier_key
    assert list(key_problems(keeper.entries, last)) == [
        "entry 1 ('key changed'): field before is not the key until then"
    ]
    many = keeper.entries[:1] * (MOST_CHANGES + 1)
    with pytest.raises(ValueError, match="more than 500 times"):
        list(key_problems(many, last))


@pytest.mark.parametrize(("before", "after"), [(0, 0), (1, 0), (0, 1)])
async def test_a_change_of_the_key_that_is_interrupted_leaves_the_key_that_the_database_names(
    sqlite_store: SqlStore, tmp_path: Path, before: int, after: int
) -> None:
    settings = Settings.load({}, data=tmp_path)
    old = await signer_of(sqlite_store, settings)
    try:
        await change_key(FaultyStore(sqlite_store, before=before, after=after), settings)
    except StoreUnavailable:
        assert before or after
    now = await signer_of(sqlite_store, settings)
    assert now.verifier_key == load_signer(tmp_path).verifier_key
    async with sqlite_store.read() as work:
        entries = [parse_canonical(one.body) for one in await work.record.entries()]
    assert list(key_problems(entries, now.verifier_key)) == []
    assert len(entries) == (0 if before else 1)
    assert (now.name == old.name) == bool(before)
    if not before:
        assert load_signer(tmp_path).name != old.name
        kept = tmp_path / f"{KEY_FILE}.{old.name}"
        assert (kept.exists(), kept.stat().st_mode & 0o777) == (True, 0o600)
        assert not (tmp_path / NEXT_FILE).exists()
