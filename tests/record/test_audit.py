"""Audit of whole exports: a true one passes every check, and nothing in it can be changed unseen."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.forged_exports import (
    details,
    entry_of_type,
    failed,
    failed_after,
    signed_again,
    verdicts,
)
from support.record_keeper import CRISIS, QUIET, SIGNER, Keeper, a_keeper

from forum.cli.verify import verify as command
from forum.errors import BadInput, NotAnExport
from forum.record import audit, export_zip
from forum.record.signing_key import Signer
from forum.record.verify.archive import FILES, TABLES, describe, pack, unpack
from forum.record.verify.checks import verify_files
from forum.record.verify.disclosures import digests_in, disclosure
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS, NoExport


@pytest.mark.parametrize("commission", [None, CRISIS.id, QUIET.id], ids=["all", "one", "other"])
def test_every_check_of_a_true_export_passes(commission: str | None) -> None:
    checks = audit.verify(export_zip.pack(a_keeper().log(commission), SIGNER))
    assert {check.verdict for check in checks} == {PASS}, [c for c in checks if c.verdict != PASS]
    assert [check.name for check in checks] == [
        "archive",
        "files",
        "file digests",
        "entries",
        "root",
        "key",
        "checkpoint signature",
        "package signature",
        "disclosures",
        "order of rounds",
        "opened ballots",
        "ballots root",
        "head counts",
        "tables",
        "re-tally",
        "results by group",
        "equal voice",
        "quorum",
        "view shift",
        "decisions",
        "verify.py",
    ]


def test_the_words_say_what_was_withdrawn_sealed_and_left_out(packed: bytes) -> None:
    said = details(packed)
    assert "4 withdrawn, 3 held by a moderator, 0 not in this export" in said["disclosures"]
    assert said["ballots root"] == (
        "8 rounds; 1 more stay sealed until revealed, 0 not in this export; 1 not opened, because too few voted"
    )
    one = details(export_zip.pack(a_keeper().log(CRISIS.id), SIGNER))
    assert "4 withdrawn, 3 held by a moderator, 16 not in this export" in one["disclosures"]
    assert one["ballots root"] == "8 rounds; 1 more stay sealed until revealed, 1 not in this export"


def without_mark(files: dict[str, bytes], *names: str) -> bytes:
    """Packs an export whose tables of these names have no byte order mark, signed like any other."""
    old = {name: body[3:] if name in names else body for name, body in files.items()}
    assert all(files[name].startswith(b"\xef\xbb\xbf") for name in names)
    old["datapackage.json"] = describe(old, None)
    old["datapackage.sig"] = SIGNER.sign(old["datapackage.json"])
    return pack(old)


def test_an_export_from_before_the_byte_order_mark_passes_as_it_did(files: dict[str, bytes]) -> None:
    checks = audit.verify(without_mark(files, *TABLES))
    assert {check.verdict for check in checks} == {PASS}, [c for c in checks if c.verdict != PASS]


def test_a_table_has_one_mark_or_none(files: dict[str, bytes]) -> None:
    twice = {**files, "rounds.csv": files["rounds.csv"][:3] + files["rounds.csv"]}
    twice["datapackage.json"] = describe(twice, None)
    twice["datapackage.sig"] = SIGNER.sign(twice["datapackage.json"])
    assert failed(pack(twice)) == {"tables"}


def places(name: str, size: int) -> Iterator[int]:
    """Yields the place of every byte of a small file, of some of a large one, always of the ends."""
    chosen = range(size) if size <= 130 else random.Random(name).sample(range(size), 24)
    yield from {0, size - 1, *chosen}


@pytest.mark.usefixtures("checks_remembered")
@pytest.mark.parametrize("name", FILES)
def test_any_byte_changed_in_any_file_fails(name: str, files: dict[str, bytes]) -> None:
    body = files[name]
    for at in places(name, len(body)):
        changed = body[:at] + bytes([body[at] ^ (0x20 if at % 3 else 1)]) + body[at + 1 :]
        assert failed(pack({**files, name: changed})), f"{name}, byte {at}"


@pytest.mark.usefixtures("checks_remembered")
@pytest.mark.parametrize("name", FILES)
def test_a_file_emptied_cut_lengthened_or_missing_fails(name: str, files: dict[str, bytes]) -> None:
    body = files[name]
    for changed in (b"", body[:-1], body[: len(body) // 2], body + b"\n", body + b"\0", body + body):
        assert failed(pack({**files, name: changed})), len(changed)
    without = {other: files[other] for other in files if other != name}
    assert "files" in failed(pack(without))


@pytest.mark.usefixtures("checks_remembered")
@pytest.mark.parametrize("name", FILES)
def test_bare_python_sees_the_change_too(name: str, files: dict[str, bytes]) -> None:
    body = files[name]
    for at in places(name, len(body)):
        changed = {**files, name: body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]}
        assert FAIL in {check.verdict for check in verify_files(changed)}, f"{name}, byte {at}"


def test_any_byte_of_the_zip_itself_changed_is_noticed(packed: bytes) -> None:
    """No byte of the container can change and the archive still pass: not read, failed, or at least said."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        central = archive.start_dir
    for at in [*range(central, len(packed)), *range(60), *random.Random(1).sample(range(central), 300)]:
        changed = packed[:at] + bytes([packed[at] ^ 1]) + packed[at + 1 :]
        try:
            _, found = unpack(changed)
        except NoExport:
            continue
        assert found.verdict != PASS, f"byte {at}"


def repacked(files: dict[str, bytes], *extra: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, body in [*files.items(), *extra]:
            archive.writestr(name, body)
    return out.getvalue()


def test_the_same_files_packed_by_another_program_do_not_fail(files: dict[str, bytes]) -> None:
    found = verdicts(repacked(files))
    assert found.pop("archive") == NOT_CHECKED
    assert set(found.values()) == {PASS}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "extra",
    [
        ("notes.txt", b"hello"),
        ("../record.jsonl", b""),
        ("/etc/passwd", b""),
        ("folder/", b""),
        ("record.jsonl", b""),
        ("verify.py", b"print('all is well')"),
        ("RECORD.JSONL", b""),
    ],
    ids=lambda extra: extra[0],
)
def test_a_file_too_many_fails(files: dict[str, bytes], extra: tuple[str, bytes]) -> None:
    assert "archive" in failed(repacked(files, extra))


def test_something_in_front_or_behind_fails(packed: bytes) -> None:
    assert "archive" in failed(b"#!/bin/sh\n" + packed)
    assert "archive" in failed(packed + b"behind")
    commented = io.BytesIO(packed)
    with zipfile.ZipFile(commented, "a") as archive:
        archive.comment = b"a word"
    assert "archive" in failed(commented.getvalue())


def test_a_small_file_that_swells_is_not_unpacked(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forum.record.verify.archive.MAX_EXPORT", 1 << 22)
    bomb = repacked({**files, "ballots.jsonl": bytes(1 << 24)})
    assert len(bomb) < 1 << 21
    _, archive = unpack(bomb)
    assert (archive.verdict, archive.detail) == (FAIL, "ballots.jsonl is too large")


def test_a_size_that_lies_does_not_help_a_bomb(files: dict[str, bytes]) -> None:
    bomb = repacked({**files, "README.txt": bytes(1_234_567)})
    true, small = (1_234_567).to_bytes(4, "little"), (10).to_bytes(4, "little")
    assert bomb.count(true) == 2
    unpacked, archive = unpack(bomb.replace(true, small))
    assert archive.verdict == FAIL
    assert len(unpacked.get("README.txt", b"")) <= 10


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"no zip at all", b"PK\x05\x06" + bytes(18), repacked({"a.txt": b"x"})]
)
def test_what_is_no_export_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(NotAnExport):
        audit.verify(data)


def test_words_gone_without_a_word_fail_and_words_taken_back_must_be_gone() -> None:
    keeper = a_keeper()
    del keeper.disclosures[entry_of_type(keeper, "decision")["rationale"]["sd"]]
    assert "disclosures" in failed(signed_again(keeper))

    # The very words that somebody took back: the digest is theirs, and their entry still names it.
    keeper = a_keeper()
    digest = next(iter(keeper.taken_back))
    keeper.disclosures[digest] = keeper.taken_back[digest]
    said = details(signed_again(keeper))
    gone = keeper.held | keeper.taken_back.keys() - {digest}
    named = dict.fromkeys(d for entry in keeper.entries for d in digests_in(entry) if d not in gone)
    line = list(named).index(digest) + 1
    assert said["disclosures"] == f"disclosures.jsonl, line {line}: words that were withdrawn"

    keeper = a_keeper()
    again, encoded = disclosure("x", "dissent", "something")
    keeper.disclosures[digest] = encoded
    assert "disclosures" in failed(signed_again(keeper))
    keeper = a_keeper()
    keeper.disclosures[again] = encoded
    keeper.commission_of[again] = CRISIS.id
    assert failed(signed_again(keeper)) == set()  # nothing names it, so it is not exported at all


def test_a_withdrawal_of_what_was_never_there_fails() -> None:
    def never(keeper: Keeper) -> None:
        entry_of_type(keeper, "erasure")["digests"].append("A" * 43)

    def beforehand(keeper: Keeper) -> None:
        keeper.entries.insert(0, keeper.entries.pop(keeper.entries.index(entry_of_type(keeper, "erasure"))))

    def elsewhere(keeper: Keeper) -> None:
        entry_of_type(keeper, "erasure")["commission"] = QUIET.id

    def no_list(keeper: Keeper) -> None:
        entry_of_type(keeper, "erasure")["digests"] = entry_of_type(keeper, "erasure")["digests"][0]

    for change in (never, beforehand, elsewhere, no_list):
        assert "disclosures" in failed_after(change), change.__name__


@pytest.mark.parametrize(
    "line",
    [
        b"1\n",
        b"[]\n",
        b"{}\n",
        b'{"at":"","commission":"","type":1}\n',
        b'{"at":"","commission":"","type":"round opened"}\n',
        b'{"at":"","commission":"","type":"decision"}\n',
        b'{"at":"","commission":"","sd":"x","type":"erasure"}\n',
        b"\n",
    ],
)
def test_an_entry_that_is_none_fails_and_stops_no_other_check(files: dict[str, bytes], line: bytes) -> None:
    odd = {**files, "record.jsonl": files["record.jsonl"] + line}
    found = verdicts(pack(odd))
    assert FAIL in found.values()
    assert found["package signature"] == PASS


@pytest.mark.usefixtures("checks_remembered")
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("body", [b"null\n", b"{}\n", b"[[[\n", b"\xff\xfe\n", b"[" * 50_000], ids=repr)
def test_whatever_stands_in_a_file_the_check_ends(files: dict[str, bytes], name: str, body: bytes) -> None:
    assert failed(pack({**files, name: body}))


def test_an_export_signed_by_somebody_else_passes_unless_the_key_is_given() -> None:
    other = Signer.of(Ed25519PrivateKey.generate(), SIGNER.name)
    theirs = export_zip.pack(a_keeper().log(), other)
    assert failed(theirs) == set()
    with_key = {check.name: check.verdict for check in audit.verify(theirs, SIGNER.public_key_pem)}
    assert {n for n, v in with_key.items() if v == FAIL} == {
        "given key",
        "checkpoint signature",
        "package signature",
    }
    ours = audit.verify(export_zip.pack(a_keeper().log(), SIGNER), SIGNER.public_key_pem.replace(b"\n", b"\r\n"))
    assert {check.verdict for check in ours} == {PASS}
    assert ours[1].name == "given key"


def test_a_key_swapped_in_fails(files: dict[str, bytes]) -> None:
    other = Signer.of(Ed25519PrivateKey.generate(), SIGNER.name)
    swapped = {**files, "public_key.pem": other.public_key_pem}
    swapped["datapackage.json"] = describe(swapped, None)
    swapped["datapackage.sig"] = other.sign(swapped["datapackage.json"])
    assert {"key", "checkpoint signature"} <= failed(pack(swapped))


@pytest.mark.parametrize("key", [b"", b"no key", SIGNER.public_key_pem[:-30]])
def test_a_given_key_that_is_none_is_refused(packed: bytes, key: bytes) -> None:
    with pytest.raises(BadInput):
        audit.verify(packed, key)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_the_command_says_each_verdict_and_ends_with_it(packed: bytes, tmp_path: Path) -> None:
    good, bad, none = (tmp_path / name for name in ("good.zip", "bad.zip", "none.zip"))
    good.write_bytes(packed)
    files = unpack(packed)[0]
    bad.write_bytes(pack({**files, "README.txt": b"All is well.\n"}))
    none.write_bytes(b"nothing")
    done = run(str(good), "--json")
    assert done.exit_code == 0
    checks = json.loads(done.stdout)["checks"]
    assert all(set(check) == {"name", "verdict", "detail"} for check in checks)
    assert {check["verdict"] for check in checks} == {PASS}
    assert run(str(good)).exit_code == 0
    done = run(str(bad))
    assert done.exit_code == 1
    assert "FAIL         file digests: 'README.txt' is not" in done.stdout
    assert json.loads(run(str(bad), "--json").stdout)["checks"]
    assert isinstance(run(str(none)).exception, NotAnExport)
    key = tmp_path / "key.pem"
    key.write_bytes(SIGNER.public_key_pem)
    assert run(str(good), "--key", str(key)).exit_code == 0
    assert isinstance(command, click.Command)
