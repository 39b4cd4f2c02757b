"""The key of this record, and what it signs: the checkpoint and each export. Ed25519 (RFC 8032)."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from forum.adapters import machine
from forum.errors import StartupProblem
from forum.record import verify
from forum.record.verify import parse_note

KEY_FILE = "signing_key.pem"


@dataclass(frozen=True)
class Signer:
    """Signs for one record. `name` stands in every checkpoint, as its origin and as the name of the key."""

    key: Ed25519PrivateKey
    name: str

    @classmethod
    def of(cls, key: Ed25519PrivateKey, name: str = "") -> Signer:
        """A signer; without a name it is called after its public key, "forum-" and eight hex digits."""
        return cls(key, name or "forum-" + hashlib.sha256(_raw(key)).hexdigest()[:8])

    @classmethod
    def load(cls, data: Path, name: str = "") -> Signer:
        """The signer of a data folder. Its key is made at the first call, readable by its owner only.

        Raises StartupProblem where the key cannot be read, is damaged, or cannot be made.
        """
        path = data / KEY_FILE
        try:
            if not path.exists():
                _make_key(path)
            pem = path.read_bytes()
        except OSError as error:
            problem = "Cannot use the signing key %(path)s: %(why)s. Check who owns the folder."
            raise StartupProblem(problem, path=path, why=error.strerror or error) from error
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise _damaged(path) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise _damaged(path)
        return cls.of(key, name)

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


def _make_key(path: Path) -> None:
    """Makes the key file whole or not at all; where two processes try at once, both end with the same key."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces a key that another process has put there meanwhile. A
        # crash before it leaves a draft that nothing reads; a crash after it leaves the key in place.
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return
        machine.sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _damaged(path: Path) -> StartupProblem:
    words = "The signing key %(path)s is damaged. Put back a copy of it: the record needs the key it began with."
    return StartupProblem(words, path=path)


def signed_note(text: bytes, name: str, key_id: bytes, signature: bytes) -> bytes:
    """The text with one signature line under it."""
    note = text + f"\n— {name} {base64.b64encode(key_id + signature).decode()}\n".encode()
    parse_note(note)
    return note
