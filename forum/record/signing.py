"""The key of this record, and what it signs: the checkpoint and each export. Ed25519 (RFC 8032)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from forum.record import verify
from forum.record.verify import parse_note


@dataclass(frozen=True)
class Signer:
    """Signs for one record. `name` stands in every checkpoint, as its origin and as the name of the key."""

    key: Ed25519PrivateKey
    name: str

    @classmethod
    def of(cls, key: Ed25519PrivateKey, name: str = "") -> Signer:
        """A signer; without a name it is called after its public key, "forum-" and eight hex digits."""
        return cls(key, name or "forum-" + hashlib.sha256(_raw(key)).hexdigest()[:8])

    @property
    def public_key_pem(self) -> bytes:
        """The public key, as it lies in every export."""
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def secret(self, purpose: str) -> bytes:
        """32 bytes for one purpose, which follow from the key and say nothing of it."""
        return hashlib.sha256(f"forum {purpose} ".encode() + self.key.private_bytes_raw()).digest()

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature."""
        return self.key.sign(message)

    def checkpoint(self, size: int, root: bytes) -> bytes:
        """The signed note for a record of `size` entries with this root (C2SP tlog-checkpoint)."""
        text = verify.checkpoint_text(self.name, size, root)
        return signed_note(text, self.name, verify.key_id(self.name, _raw(self.key)), self.sign(text))


def check_with(public_key_pem: bytes) -> Callable[[bytes, bytes], bool]:
    """What tells whether this key signed (message, signature). Raises RecordError where it is no key."""
    key = Ed25519PublicKey.from_public_bytes(verify.public_key_raw(public_key_pem))

    def signed(message: bytes, signature: bytes) -> bool:
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return signed


def _raw(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def signed_note(text: bytes, name: str, key_id: bytes, signature: bytes) -> bytes:
    """The text with one signature line under it."""
    note = text + f"\n— {name} {base64.b64encode(key_id + signature).decode()}\n".encode()
    parse_note(note)
    return note
