"""The one way from the bytes of a file to verdicts, whatever it is: an export, a receipt, or a checkpoint."""

from __future__ import annotations

import io
import json
import zipfile
from enum import StrEnum
from typing import Any

import msgspec

from forum.errors import NotAnExport, message
from forum.record import audit
from forum.record.verify.archive import unpack
from forum.record.verify.checkpoint import parse_checkpoint, parse_note
from forum.record.verify.receipt import verify_receipt
from forum.record.verify.verdict import Check, LaterFormat, NoExport, RecordError


class Kind(StrEnum):
    """Kinds of files that can be checked."""

    EXPORT = "export"
    RECEIPT = "receipt"
    CHECKPOINT = "checkpoint"


class Judgement(msgspec.Struct, frozen=True):
    """Outcome for a file: what it is, its checks as `forum verify` makes them (none of a checkpoint alone), and the
    checkpoint in it as it stands there, b"" for one that cannot be read."""

    kind: Kind
    checks: tuple[Check, ...]
    note: bytes


# What a file that begins so is taken for; the sentence ends with the program's own words.
_NO_EXPORT = message("This is a zip file, and no export that can be checked here: %(why)s")
_NO_RECEIPT = message("This looks like a receipt, and is none that can be checked here: %(why)s")


def judge(data: bytes) -> Judgement:
    """Checks a file. Raises NotAnExport, with why, where it is nothing that can be checked."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        try:
            checks = audit.verify(data)
        except NotAnExport as error:
            raise NotAnExport(_NO_EXPORT, **error.values) from error
        return Judgement(Kind.EXPORT, tuple(checks), _note(unpack(data)[0].get("checkpoint", b"")))
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        try:
            checks = verify_receipt(data)
        except (LaterFormat, NoExport) as error:
            raise NotAnExport(_NO_RECEIPT, why=str(error)) from error
        return Judgement(Kind.RECEIPT, tuple(checks), _note_of_receipt(data))
    note = _note(data)
    if not note:
        raise NotAnExport(
            "This is no export (a zip file), no receipt and no checkpoint. Take the file as you got it, or the whole "
            "text of a checkpoint, with the lines that begin with a dash."
        )
    return Judgement(Kind.CHECKPOINT, (), note)


def _note(data: bytes) -> bytes:
    """Returns a signed checkpoint, b"" for anything else."""
    try:
        parse_checkpoint(parse_note(data).text)
    except RecordError:
        return b""
    return data


def _note_of_receipt(data: bytes) -> bytes:
    parts: dict[str, Any] = json.loads(data.decode("utf-8-sig"))
    said = parts.get("checkpoint")
    return _note(said.encode("utf-8", "replace")) if isinstance(said, str) else b""
