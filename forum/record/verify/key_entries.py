"""Entries about the record's key: a new one signed by the old one, or one that follows a key that was lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from forum.record.verify.checkpoint import verifier_key
from forum.record.verify.ed25519 import signed_by
from forum.record.verify.encoding import from_base64
from forum.record.verify.entry_shapes import place_of
from forum.record.verify.verdict import RecordError

# A record with more is refused, since somebody could make an export with no end of signatures to check.
MOST_CHANGES = 500


def key_change_text(before: str, key: str) -> bytes:
    """Returns what an old key signs when a new one takes its place: both as verifier keys (C2SP signed-note)."""
    return f"key changed\n{before}\n{key}\n".encode()


def parse_verifier_key(text: str) -> tuple[str, bytes]:
    """Returns the name and the 32 bytes of an Ed25519 public key, given as a verifier key. Raises RecordError for any
    other text."""
    name, _, encoded = (*text.split("+", 2), "", "")[:3]
    raw = from_base64(encoded)[1:]
    if len(raw) != 32 or not name or verifier_key(name, raw) != text:
        raise RecordError("this is no verifier key")
    return name, raw


def key_problems(entries: Sequence[dict[str, Any]], last: str) -> Iterator[str]:
    """Yields a problem for each entry about the key that does not go on from the one before it, and where the record
    does not end with the verifier key `last`."""
    before = place = ""
    for number, entry in _about_keys(entries):
        place = place_of(number, entry)
        lost = entry["type"] == "key lost"
        if before and entry["before"] != (before.split("+", maxsplit=1)[0] if lost else before):
            yield f"{place}: field before is not the key until then"
        if not lost and not _signed_by_the_old(entry):
            yield f"{place}: the new key is not signed with the one before"
        before = entry["key"]
    if before not in ("", last):
        yield f"{place}: the record went on under another key than public_key.pem"


def key_that_follows(entries: Sequence[dict[str, Any]], raw: bytes) -> bytes:
    """Returns the public key (32 bytes) to which signatures in the record lead from the key `raw`: itself for none.

    Raises RecordError, LookupError or TypeError where an entry about the key is damaged.
    """
    for _, entry in _about_keys(entries):
        if (
            entry["type"] == "key changed"
            and parse_verifier_key(entry["before"])[1] == raw
            and _signed_by_the_old(entry)
        ):
            raw = parse_verifier_key(entry["key"])[1]
    return raw


def _about_keys(entries: Sequence[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    found = [(number, one) for number, one in enumerate(entries) if one["type"] in ("key changed", "key lost")]
    if len(found) > MOST_CHANGES:
        raise RecordError(f"the key is said to have changed more than {MOST_CHANGES} times")
    return found


def _signed_by_the_old(entry: dict[str, Any]) -> bool:
    parse_verifier_key(entry["key"])
    _, raw = parse_verifier_key(entry["before"])
    return signed_by(raw, key_change_text(entry["before"], entry["key"]), from_base64(entry["signature"]))
