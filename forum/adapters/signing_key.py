"""The signing key: an Ed25519 key (RFC 8032) in PEM, PKCS 8, not encrypted.

Without a setting it is a file in the data folder, made once, whole or not at all, which only its owner can read. A new
one in its place lies beside it until the record says so; then the old one stays, named after itself. Where it is given
instead, by FORUM_SIGNING_KEY or FORUM_SIGNING_KEY_FILE (a mounted secret), it is read and never written.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from forum.adapters import machine
from forum.errors import StartupProblem
from forum.record.signing_key import Signer
from forum.settings import Settings

KEY_FILE = "signing_key.pem"
NEXT_FILE = f"{KEY_FILE}.next"


def load_signer(data: Path, name: str = "") -> Signer:
    """Reads the signing key of a data folder, and makes it at the first call. Returns its signer, called `name`; for
    "" the name comes from its public key.

    Raises StartupProblem where the key cannot be read, is damaged, or cannot be made.
    """
    path = data / KEY_FILE
    try:
        if not path.exists():
            _make_key(path)
        return _read_key(path, name)
    except OSError as error:
        problem = "Cannot use the signing key %(path)s: %(why)s. Check who owns the folder."
        raise StartupProblem(problem, path=path, why=error.strerror or error) from error


class KeyPlace(msgspec.Struct, frozen=True):
    """Where the signing key of a server is: given as `pem` or in a `file`, or else in its `data` folder."""

    data: Path
    pem: str = ""
    file: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> KeyPlace:
        """Returns the place that the settings name."""
        return cls(settings.data, settings.signing_key, settings.signing_key_file)

    @property
    def given(self) -> bool:
        """Whether the key is given, so that nothing here makes or changes it."""
        return bool(self.pem or self.file)

    @property
    def told(self) -> str:
        """The place in words; never the key."""
        if self.pem:
            return "FORUM_SIGNING_KEY"
        return f"{self.file} (FORUM_SIGNING_KEY_FILE)" if self.file else str(self.data / KEY_FILE)

    def signer(self) -> Signer:
        """Reads the key, and makes the data folder's at the first call. Returns its signer.

        Raises StartupProblem where it cannot be read or is damaged, or where the folder has another one than is given.
        """
        if not self.given:
            return load_signer(self.data)
        given = _signer_in(self.content(), self.told)
        there = key_name(self.data)
        if there not in {"", given.name}:
            words = (
                "There are two signing keys: %(given)s from %(place)s, and %(there)s in %(path)s. Leave out the one "
                "that is not the record's."
            )
            raise StartupProblem(words, given=given.name, place=self.told, there=there, path=self.data / KEY_FILE)
        return given

    def name(self) -> str:
        """Returns the name of the key, "" where there is none yet. Raises StartupProblem as `signer` does."""
        return self.signer().name if self.given else key_name(self.data)

    def given_name(self) -> str:
        """Returns the name of the key that is given, "" where none is. Raises StartupProblem where it cannot be read or
        is damaged."""
        return _signer_in(self.content(), self.told).name if self.given else ""

    def content(self) -> bytes:
        """Returns the key in PEM. Raises StartupProblem where its file cannot be read."""
        if self.pem:
            return self.pem.replace("\\n", "\n").encode()
        path = self.file or self.data / KEY_FILE
        try:
            return path.read_bytes()
        except OSError as error:
            words = "Cannot read the signing key %(place)s: %(why)s. May the account of the server read it?"
            raise StartupProblem(words, place=self.told, why=error.strerror or error) from error


def next_signer(data: Path) -> Signer:
    """Makes the key that is to follow the one of a data folder, beside it, and returns its signer. Raises
    StartupProblem where it cannot be made."""
    path = data / NEXT_FILE
    try:
        # One that is there was made by an act that did not come to its end: nobody was told of it.
        path.unlink(missing_ok=True)
        _make_key(path)
        return _read_key(path)
    except OSError as error:
        problem = "Cannot make a new signing key in %(folder)s: %(why)s. Check who owns the folder."
        raise StartupProblem(problem, folder=data, why=error.strerror or error) from error


def take_next(data: Path, name: str) -> None:
    """Puts the next key in the place of the folder's, where it is the one called `name`; else nothing happens.

    The key until then stays beside it, as "signing_key.pem." and its name. Raises StartupProblem where it cannot.
    """
    path, following = data / KEY_FILE, data / NEXT_FILE
    try:
        if not following.exists() or _read_key(following).name != name:
            return
        if path.exists():
            before = data / f"{KEY_FILE}.{_read_key(path).name}"
            before.unlink(missing_ok=True)
            before.hardlink_to(path)
        following.replace(path)
        machine.sync_folder(data)
    except FileNotFoundError:
        return  # another process has just done it
    except OSError as error:
        problem = "Cannot put the new signing key in its place in %(folder)s: %(why)s. Check who owns the folder."
        raise StartupProblem(problem, folder=data, why=error.strerror or error) from error


def key_name(data: Path) -> str:
    """Returns the name of a folder's key, "" where there is none. Raises StartupProblem where it is damaged."""
    path = data / KEY_FILE
    return _read_key(path).name if path.exists() else ""


def _read_key(path: Path, name: str = "") -> Signer:
    return _signer_in(path.read_bytes(), path, name)


def _signer_in(pem: bytes, place: Path | str, name: str = "") -> Signer:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise _damaged(place) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _damaged(place)
    return Signer.of(key, name)


def _make_key(path: Path) -> None:
    """Makes the key file, whole or not at all. Of two processes that try at once, the first one's key stays."""
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


def _damaged(path: Path | str) -> StartupProblem:
    """Returns the error for a place that holds no Ed25519 key."""
    words = "The signing key %(path)s is damaged. Put back a copy of it: the record needs the key it began with."
    return StartupProblem(words, path=path)
