"""From the bytes of any file to verdicts: exports, receipts and checkpoints are told apart, and nothing else passes."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from support.receipts import some_receipt
from support.record_keeper import SIGNER, a_keeper

from forum.errors import NotAnExport
from forum.record import audit, export_zip
from forum.record.judgement import Kind, judge
from forum.record.verify.archive import unpack
from forum.record.verify.receipt import verify_receipt
from forum.record.verify.verdict import FAIL


@pytest.fixture(scope="module")
def export() -> bytes:
    return export_zip.pack(a_keeper().log(), SIGNER)


def test_an_export_is_judged_as_forum_verify_does(export: bytes) -> None:
    found = judge(export)
    assert (found.kind, list(found.checks)) == (Kind.EXPORT, audit.verify(export))
    assert found.note == unpack(export)[0]["checkpoint"]
    hurt = judge(export.replace(b"Too late", b"Too soon").replace(b"adopted", b"adapted"))
    assert FAIL in {one.verdict for one in hurt.checks}


def test_a_receipt_is_judged_as_forum_verify_receipt_does() -> None:
    receipt = some_receipt(a_keeper())
    for file in (receipt, b"\xef\xbb\xbf" + receipt, b"\n" + receipt):
        found = judge(file)
        assert (found.kind, list(found.checks)) == (Kind.RECEIPT, verify_receipt(receipt))
        assert found.note == json.loads(receipt)["checkpoint"].encode()


def test_a_checkpoint_is_taken_whole_and_has_no_checks_of_its_own() -> None:
    note = SIGNER.checkpoint(3, bytes(32))
    found = judge(note)
    assert (found.kind, found.checks, found.note) == (Kind.CHECKPOINT, (), note)


def a_zip(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, words in files.items():
            archive.writestr(name, words)
    return out.getvalue()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "no export"),
        (b"hello", "no export"),
        (bytes(range(256)), "no export"),
        (SIGNER.checkpoint(3, bytes(32)).partition(b"\n\n")[0], "no export"),
        (SIGNER.checkpoint(3, bytes(32)).replace(b"\n3\n", b"\n03\n"), "no export"),
        (a_zip(notes="hello"), "no export that can be checked here: "),
        (a_zip(), "no export that can be checked here: "),
        (b"{", "none that can be checked here: "),
        (b"{}", "none that can be checked here: "),
        (b'{"a":' * 100_000, "none that can be checked here: "),
        (b'{"forum_receipt": 1}' + b" " * (1 << 20), "none that can be checked here: "),
        (b'{"forum_receipt": 99}', "none that can be checked here: it is written in format 99"),
        (
            a_zip(**{"record.jsonl": "", "datapackage.json": '{"forum_export": 99}'}),
            "no export that can be checked here: it is written in format 99",
        ),
    ],
)
def test_anything_else_is_refused_with_why(file: bytes, said: str) -> None:
    with pytest.raises(NotAnExport) as told:
        judge(file)
    assert said in told.value.message % told.value.values


@pytest.mark.parametrize("parts", ['"checkpoint": 5', '"checkpoint": "\\ud800"', '"checkpoint": []', '"key": ""'])
def test_a_receipt_without_a_checkpoint_that_can_be_read_fails_and_has_none(parts: str) -> None:
    found = judge(f'{{"forum_receipt": 1, {parts}}}'.encode())
    assert found.note == b""
    assert FAIL in {one.verdict for one in found.checks}
