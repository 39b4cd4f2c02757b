"""The record's signing key, with which checkpoints and exports are signed: Ed25519 (RFC 8032)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from forum.record.verify import checkpoint
from forum.record.verify.checkpoint import checkpoint_text, parse_note, public_key_raw
from forum.record.verify.key_entries import key_change_text


class Signer(msgspec.Struct, frozen=True):
    """The key that signs one record. `name` is in every checkpoint, as its origin and as the key's name."""

    key: Ed25519PrivateKey
    name: str

    @classmethod
    def of(cls, key: Ed25519PrivateKey, name: str = "") -> Signer:
        """Returns a signer; without `name` it is named after its public key, "forum-" and eight hex digits."""
        return cls(key, name or "forum-" + hashlib.sha256(_raw(key)).hexdigest()[:8])

    @property
    def public_key_pem(self) -> bytes:
        """The public key in PEM, as in every export."""
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def verifier_key(self) -> str:
        """The public key in one line, as programs that follow records take it (C2SP signed-note)."""
        return checkpoint.verifier_key(self.name, _raw(self.key))

    def secret(self, purpose: str) -> bytes:
        """Returns 32 bytes for one purpose, derived from the key by SHA-256 so that they reveal nothing of it."""
        return hashlib.sha256(f"forum {purpose} ".encode() + self.key.private_bytes_raw()).digest()

    def sign(self, message: bytes) -> bytes:
        """Returns the signature of a message (64 bytes)."""
        return self.key.sign(message)

    def change_to(self, new: Signer) -> dict[str, str]:
        """Returns the facts of an entry "key changed": this key's signature over the new one."""
        text = key_change_text(self.verifier_key, new.verifier_key)
        signature = base64.b64encode(self.sign(text)).decode()
        return {"before": self.verifier_key, "key": new.verifier_key, "signature": signature}

    def checkpoint(self, size: int, root: bytes) -> bytes:
        """Returns the signed note for a record of `size` entries with this root (C2SP tlog-checkpoint)."""
        text = checkpoint_text(self.name, size, root)
        return signed_note(text, self.name, checkpoint.key_id(self.name, _raw(self.key)), self.sign(text))


def check_with(public_key_pem: bytes) -> Callable[[bytes, bytes], bool]:
    """Returns a function that tells whether this key signed (message, signature). Raises RecordError where the PEM is
    no key.
    """
    key = Ed25519PublicKey.from_public_bytes(public_key_raw(public_key_pem))

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
    """Returns the text with one signature line under it (C2SP signed-note). Raises RecordError where that is no valid
    note.
    """
    note = text + f"\n— {name} {base64.b64encode(key_id + signature).decode()}\n".encode()
    parse_note(note)
    return note
