"""The audit of a whole export: the checks of verify.py, the signatures, and every table and figure computed again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from forum.errors import BadInput, NotAnExport
from forum.record.audit_decisions import check_decisions
from forum.record.audit_results import (
    Verdict,
    check_equal_voice,
    check_groups,
    check_quorum,
    check_re_tally,
    check_view_shift,
)
from forum.record.signing_key import check_with
from forum.record.verify import receipt
from forum.record.verify.archive import read_export, refuse_unknown_format, unpack
from forum.record.verify.checkpoint import public_key_raw
from forum.record.verify.checks import NEEDS_FORUM, verify_files
from forum.record.verify.export import Export
from forum.record.verify.key_entries import key_that_follows
from forum.record.verify.round_checks import without_withdrawn
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS, Check, LaterFormat, NoExport, RecordError, check
from forum.record.verify_py import verify_py


def verify(data: bytes, key: bytes | None = None) -> list[Check]:
    """Returns every check of an export, given as the bytes of its zip.

    `key` is the PEM of the public key that it must be signed with; without it the key inside the export is used. Raises
    NotAnExport where there is nothing to check, BadInput where `key` is no Ed25519 public key.
    """
    return _checks(lambda: unpack(data), key)


def verify_at(path: Path, key: bytes | None = None) -> list[Check]:
    """Checks the zip or folder at `path` as `verify` does. Also raises OSError where it cannot be read."""
    return _checks(lambda: read_export(path), key)


def verify_receipt_at(
    path: Path, export: Path | None = None, *, key: bytes | None = None, checkpoint: Path | None = None
) -> list[Check]:
    """Returns every check of the receipt at `path`, against the export (a zip or folder) or the checkpoint at these
    paths, and the PEM of the key that it must be signed with, where these are given.

    Raises NotAnExport where a file is none of its kind, BadInput where `key` is no Ed25519 public key, OSError.
    """
    pinned = None if key is None else _pem(key)
    try:
        return receipt.verify_receipt_at(path, export, key=pinned, checkpoint=checkpoint)
    except LaterFormat as error:
        raise NotAnExport("This receipt cannot be checked here: %(why)s", why=str(error)) from error
    except NoExport as error:
        raise NotAnExport("This is no receipt, or no export to hold it against: %(why)s", why=str(error)) from error


def _checks(read: Callable[[], tuple[dict[str, bytes], Check]], key: bytes | None) -> list[Check]:
    pinned = None if key is None else _pem(key)
    try:
        files, archive = read()
        refuse_unknown_format(files)
    except LaterFormat as error:
        raise NotAnExport("This export cannot be checked here: %(why)s", why=str(error)) from error
    except NoExport as error:
        raise NotAnExport("This is no Forum export: %(why)s", why=str(error)) from error

    export = Export(files)

    def signed(message: bytes, signature: bytes) -> bool:
        trusted = files["public_key.pem"] if pinned is None or _follows(export, pinned) else pinned
        return check_with(trusted)(message, signature)

    checks = [archive]
    if pinned is not None:
        checks.append(check("given key", lambda: _given_key(export, pinned)))
    checks += [outcome for outcome in verify_files(files, signed) if outcome.name not in NEEDS_FORUM]
    checks += [check(name, partial(part, export)) for name, part in _PARTS.items()]
    return checks


def _pem(key: bytes) -> bytes:
    try:
        public = serialization.load_pem_public_key(key)
    except ValueError as error:
        raise BadInput("The key given with --key cannot be read.", field="key") from error
    if not isinstance(public, Ed25519PublicKey):
        raise BadInput("The key given with --key is no Ed25519 public key.", field="key")
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _given_key(export: Export, pinned: bytes) -> Verdict:
    if export.files["public_key.pem"] == pinned:
        return PASS, "public_key.pem is the key that was given"
    if _follows(export, pinned):
        return PASS, "the key that was given signed the one that took its place, up to public_key.pem"
    return FAIL, "public_key.pem is not the key that was given"


def _follows(export: Export, pinned: bytes) -> bool:
    """Returns whether signatures in the record lead from the pinned key to the one in the export."""
    try:
        return key_that_follows(export.entries, public_key_raw(pinned)) == public_key_raw(
            export.files["public_key.pem"]
        )
    except (RecordError, LookupError, TypeError, ValueError):
        return False


def _verify_py(export: Export) -> Verdict:
    if export.files["verify.py"] == verify_py():
        return PASS, "the same program as in this Forum"
    return NOT_CHECKED, "not the program of this version of Forum; this check did not use it"


_PARTS: dict[str, Callable[[Export], Verdict]] = {
    "re-tally": partial(without_withdrawn, check=check_re_tally),
    "results by group": partial(without_withdrawn, check=check_groups),
    "equal voice": partial(without_withdrawn, check=check_equal_voice),
    "quorum": partial(without_withdrawn, check=check_quorum),
    "view shift": partial(without_withdrawn, check=check_view_shift),
    "decisions": check_decisions,
    "verify.py": _verify_py,
}
