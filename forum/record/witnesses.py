"""Witnesses outside, who cosign checkpoints (C2SP tlog-witness, tlog-cosignature): their keys, what they are sent, and
their answers read strictly.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from forum.record.verify.checkpoint import parse_note
from forum.record.verify.encoding import from_base64
from forum.record.verify.merkle_tree import checked_hashes, checked_size
from forum.record.verify.verdict import RecordError

# The kind of key that signs with a time beside the checkpoint, as it stands in a verifier key.
ALGORITHM = 4
MOST_WITNESSES = 20
_HEAD = 8  # bytes of the time in front of a signature
_SIGNATURE = 64
_MOST_AHEAD = 3600  # seconds that a witness's clock may be ahead of this one's
_VERIFIER_KEY = re.compile(r"([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")


class Witness(msgspec.Struct, frozen=True):
    """A witness: its key's `name`, the key (32 bytes, Ed25519) with the id by which notes name it, and its `url`."""

    name: str
    key: bytes
    key_id: bytes
    url: str

    @property
    def id(self) -> str:
        """The name and id of its key, by which its cosignatures are kept."""
        return f"{self.name}+{self.key_id.hex()}"


class Cosigned(msgspec.Struct, frozen=True):
    """A cosignature that was verified: when the witness signed (UTC, as `2026-11-22T13:44:21.000Z`), and its line of
    the note, without a line break."""

    at: str
    line: str


def witnesses_of(text: str) -> tuple[Witness, ...]:
    """Reads a list of witnesses: for each its verifier key (C2SP signed-note) and its address, with spaces or commas
    between them. Raises RecordError for anything else, and for one that is there twice.
    """
    parts = [part.strip(",") for part in text.split()]
    if len(parts) % 2 or len(parts) > 2 * MOST_WITNESSES:
        raise RecordError(f"give a verifier key and an address for each, and {MOST_WITNESSES} at most")
    found = tuple(_witness(key, url) for key, url in zip(parts[::2], parts[1::2], strict=True))
    if len({one.id for one in found}) < len(found):
        raise RecordError("one of them is there twice")
    return found


def _witness(key: str, url: str) -> Witness:
    matched = _VERIFIER_KEY.fullmatch(key)
    raw = from_base64(matched[3]) if matched else b""
    if matched is None or len(raw) != 33 or raw[0] != ALGORITHM:
        raise RecordError(f"{key!a} is no verifier key of a witness: name+id+key, for Ed25519 cosignatures")
    name = matched[1]
    if cosigner_id(name, raw[1:]).hex() != matched[2]:
        raise RecordError(f"the id in {key!a} is not that of its name and key")
    try:
        at = urlsplit(url)
        sound = at.scheme in {"http", "https"} and at.hostname and at.port != 0 and at.username is None
    except ValueError:
        sound = False
    if not sound or not url.isascii() or not url.isprintable() or "?" in url or "#" in url:
        raise RecordError(f"the address of {name} must be as https://witness.example.org, without user, ? or #")
    return Witness(name, raw[1:], bytes.fromhex(matched[2]), url.rstrip("/"))


def cosigner_id(name: str, key: bytes) -> bytes:
    """Returns the four bytes by which a note names the Ed25519 key (32 bytes) of a witness."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([ALGORITHM]) + key).digest()[:4]


def cosigned_message(seconds: int, text: bytes) -> bytes:
    """Returns what a witness signs for a checkpoint's text at a time, in seconds since 1970."""
    return f"cosignature/v1\ntime {seconds}\n".encode() + text


def request_of(old: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """Returns the body of `add-checkpoint`: the size that the witness knows, the proof from there, and the note. Raises
    RecordError for a proof that is longer than a witness takes (63)."""
    if len(proof) > 63:
        raise RecordError("no proof between two records is that long")
    lines = "".join(base64.b64encode(node).decode() + "\n" for node in checked_hashes(proof))
    return f"old {checked_size(old, 'size')}\n{lines}\n".encode() + note


def size_of(answer: bytes) -> int:
    """Returns the size in a witness's answer 409. Raises RecordError for an answer without one."""
    if not re.fullmatch(rb"(0|[1-9][0-9]{0,14})\n", answer):
        raise RecordError("its answer names no size")
    return int(answer)


def cosignature_of(witness: Witness, note: bytes, answer: bytes, now: str) -> Cosigned:
    """Returns the witness's cosignature of a note's checkpoint that is in its answer; `now` is the time.

    Raises RecordError where there is none of its key, one that does not hold, or one from the future.
    """
    text = parse_note(note).text
    for name, key_id, signature in parse_note(text + b"\n" + answer).signatures:
        if (name, key_id) == (witness.name, witness.key_id):
            at = _verified(witness.key, text, signature)
            if at > datetime.fromisoformat(now).timestamp() + _MOST_AHEAD:
                raise RecordError("its signature is from the future: one of the two clocks is wrong")
            line = f"\N{EM DASH} {name} {base64.b64encode(key_id + signature).decode()}"
            return Cosigned(_time(at), line)
    raise RecordError("its answer has no signature of its key")


def _verified(key: bytes, text: bytes, signature: bytes) -> int:
    """Returns when a text was cosigned with this key, in seconds since 1970. Raises RecordError where it was not."""
    seconds = int.from_bytes(signature[:_HEAD], "big")
    if len(signature) != _HEAD + _SIGNATURE:
        raise RecordError("its signature is not as long as a cosignature")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature[_HEAD:], cosigned_message(seconds, text))
    except (InvalidSignature, ValueError) as error:
        raise RecordError("its signature is not by its key over this checkpoint") from error
    return seconds


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
