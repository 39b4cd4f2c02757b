"""The signed head of the record (C2SP tlog-checkpoint, signed-note) and its Ed25519 public key."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from forum.record.verify.encoding import from_base64
from forum.record.verify.merkle_tree import checked_hash, checked_size
from forum.record.verify.verdict import RecordError


@dataclass(frozen=True)
class Note:
    """A signed note: the signed text with its last newline, and its signatures as (name, key id, signature)."""

    text: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]


def key_id(name: str, public_key_raw: bytes) -> bytes:
    """Returns the four bytes by which a note names an Ed25519 public key (32 bytes)."""
    if not _is_key_name(name) or len(public_key_raw) != 32:
        raise RecordError("this is no key name with an Ed25519 public key")
    return hashlib.sha256(name.encode() + b"\n\x01" + public_key_raw).digest()[:4]


def verifier_key(name: str, public_key_raw: bytes) -> str:
    """Returns a key as programs that follow records take it (C2SP signed-note): name, key id in hex, algorithm and
    key."""
    encoded = base64.b64encode(b"\x01" + public_key_raw).decode()
    return f"{name}+{key_id(name, public_key_raw).hex()}+{encoded}"


def checkpoint_text(origin: str, size: int, root: bytes) -> bytes:
    """Returns the signed text of a checkpoint: the record's name, its number of entries, and their root."""
    if not _is_key_name(origin):
        raise RecordError("this cannot be the name of a record")
    return f"{origin}\n{checked_size(size, 'size')}\n{base64.b64encode(checked_hash(root)).decode()}\n".encode()


def parse_checkpoint(text: bytes) -> tuple[str, int, bytes]:
    """Returns origin, size and root of `checkpoint_text`. Raises RecordError for any other text."""
    try:
        origin, size, encoded, end = text.decode().split("\n")
    except ValueError as error:
        raise RecordError("a checkpoint has three lines") from error
    if not re.fullmatch(r"0|[1-9][0-9]{0,15}", size, re.ASCII):
        raise RecordError("the size in the checkpoint is no number")
    parts = origin, int(size), checked_hash(from_base64(encoded))
    if end or checkpoint_text(*parts) != text:
        raise RecordError("the checkpoint is not spelt in its one right way")
    return parts


def parse_note(data: bytes) -> Note:
    """Returns the parts of a signed note without checking signatures. Raises RecordError if it is not well formed."""
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise RecordError("the note is not UTF-8") from error
    if len(data) > 1 << 20 or re.search(r"[\x00-\x09\x0b-\x1f]", whole):
        raise RecordError("the note is too long, or has control characters in it")
    text, blank, below = whole.rpartition("\n\n")
    lines = below.split("\n")
    if not blank or not text or lines.pop() != "" or not 0 < len(lines) <= 100:
        raise RecordError("a note is a text, an empty line, and lines with signatures")
    signatures = []
    for line in lines:
        dash, name, encoded = (*line.split(" "), "", "", "")[:3] if line.count(" ") == 2 else ("", "", "")
        if dash != "—" or not _is_key_name(name):
            raise RecordError("this is no signature line")
        signature = from_base64(encoded)
        if len(signature) < 5:
            raise RecordError("the signature is too short")
        signatures.append((name, signature[:4], signature[4:]))
    return Note((text + "\n").encode(), tuple(signatures))


def _is_key_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(c.isspace() or c < " " for c in name)


def public_key_raw(pem: bytes) -> bytes:
    """Returns the 32 bytes of an Ed25519 public key in PEM (RFC 8410). Raises RecordError for any other file."""
    matched = re.fullmatch(rb"-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]{60})\n-----END PUBLIC KEY-----\n", pem)
    der = from_base64(matched[1].decode()) if matched else b""
    if not der.startswith(bytes.fromhex("302a300506032b6570032100")) or len(der) != 44:
        raise RecordError("public_key.pem holds no Ed25519 public key")
    return der[12:]
