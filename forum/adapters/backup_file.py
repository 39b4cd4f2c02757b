"""The file of a backup: a zip with a copy of the database, the keys, what is remembered outside the database, and a
manifest that says what they are and holds the SHA-256 of each.

It is written under another name beside its place and then linked there: a half-written backup never bears the name, and
none is written over. Whoever can read it has the signing key and all that people wrote: only its owner can.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import msgspec

from forum.adapters import machine
from forum.errors import StartupProblem

FORMAT = 1
DATABASE = "forum.db"
NOTICE = (
    "This file holds the signing key, and the words and votes of people. Whoever can read it can read them, and sign "
    "in this Forum's name. Keep it where only you can read it, and encrypt it before it leaves this machine."
)
_MANIFEST = "manifest.json"
_LARGEST_MANIFEST = 1024 * 1024
_PIECE = 1024 * 1024
# What may be in one: nothing else is ever unpacked, and nothing has a folder in its name.
_NAMES = re.compile(
    r"forum\.db|signing_key\.pem(\.[A-Za-z0-9._+-]{1,100})?|record_known\.json|last_checkpoint|cosigned_checkpoint"
)
_NO_BACKUP = "%(file)s is no backup of Forum, or not all of it is there (%(why)s)."


@dataclass(frozen=True)
class Member:
    """One file of a backup: its size, and its SHA-256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """Says of a backup which program made it and when, from which database (`schema` is its revision), how long its
    record is and its root, when its newest entry was made, its key's name, and which settings were in force."""

    format: int
    notice: str
    program: str
    schema: str
    engine: str
    made_at: str
    entries: int
    root: str
    newest: str
    key: str
    settings: Mapping[str, str]
    files: Mapping[str, Member]


def check_free(file: Path) -> None:
    """Raises StartupProblem where a backup cannot be written to this name."""
    if file.exists():
        raise StartupProblem("%(file)s is there already. A backup is never written over: give another name.", file=file)
    if not file.parent.is_dir():
        raise StartupProblem("There is no folder %(folder)s. Make it first.", folder=file.parent)
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise StartupProblem("The folder %(folder)s is not yours to write to.", folder=file.parent)


def members_of(folder: Path) -> dict[str, Member]:
    """Returns the files of a folder that belong into a backup."""
    found = {}
    for path in sorted(folder.iterdir()):
        if _NAMES.fullmatch(path.name):
            with path.open("rb") as file:
                found[path.name] = Member(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
    return found


def pack(file: Path, folder: Path, manifest: Manifest) -> None:
    """Writes the files that a manifest names into a backup, reads it once more from its beginning, and gives it its
    name. Raises StartupProblem where that is taken, or there is no room."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w+b") as out:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
                told = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
                packed.writestr(_private(_MANIFEST), told)
                for name in manifest.files:
                    with (folder / name).open("rb") as source, packed.open(_private(name), "w", force_zip64=True) as to:
                        for piece in iter(lambda: source.read(_PIECE), b""):  # called in this turn only
                            to.write(piece)
            out.flush()
            os.fsync(out.fileno())
        try:
            with Backup(draft) as written:
                written.check()
        except StartupProblem as error:
            words = "What was written to %(folder)s cannot be read back, so there is no %(file)s. Is that disk sound?"
            raise StartupProblem(words, folder=file.parent, file=file) from error
        _name(draft, file)
        machine.sync_folder(file.parent)
    except OSError as error:
        why = error.strerror or error
        raise StartupProblem("%(file)s cannot be written whole: %(why)s.", file=file, why=why) from error
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def named(aside: Path, name: Callable[[str], str]) -> Iterator[None]:
    """Names what people know in the problems that a block raises, in the place of a folder that is there for a moment:
    `name` gives the words for each of its files, and for the folder ("")."""

    def told(text: object) -> str:
        return re.sub(rf"{re.escape(str(aside))}(?:/([\w.+-]+))?", lambda found: name(found[1] or ""), str(text))

    try:
        yield
    except StartupProblem as error:
        raise StartupProblem(
            error.message, **{of: told(value) for of, value in error.values.items()}
        ) from error.__cause__
    except OSError as error:
        if not str(error.filename or aside).startswith(str(aside)):
            raise
        raise StartupProblem("%(place)s: %(why)s.", place=name(""), why=error.strerror or error) from error


def _name(draft: Path, file: Path) -> None:
    try:
        # A link, unlike a rename, never replaces a file that came meanwhile.
        file.hardlink_to(draft)
    except FileExistsError:
        check_free(file)
        raise
    except OSError:
        check_free(file)  # a disk without links: exFAT, some network drives
        draft.rename(file)


def _private(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


class Backup:
    """A backup, opened to be read: `with Backup(file) as backup`. Raises StartupProblem where it is none, or not whole,
    or was made by a newer Forum."""

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            self._zip = zipfile.ZipFile(file)  # closed by __exit__
        except FileNotFoundError as error:
            raise StartupProblem("There is no file %(file)s.", file=file) from error
        except (zipfile.BadZipFile, IsADirectoryError) as error:
            raise self._broken("it is no zip") from error
        try:
            self.manifest = self._read_manifest()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Backup:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def check(self) -> None:
        """Reads everything, and holds it against the manifest. Raises StartupProblem."""
        for name in self.manifest.files:
            for _ in self._pieces(name):
                pass

    def unpack(self, folder: Path) -> None:
        """Writes every file into a folder, each checked against the manifest and on disk when it returns. Raises
        StartupProblem; what was written is then to be thrown away."""
        for name in self.manifest.files:
            handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as out:
                for piece in self._pieces(name):
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())

    @property
    def size(self) -> int:
        """How many bytes its files have, unpacked."""
        return sum(one.size for one in self.manifest.files.values())

    def _read_manifest(self) -> Manifest:
        try:
            with self._zip.open(_MANIFEST) as file:
                told = file.read(_LARGEST_MANIFEST)
            found: dict[str, Any] = msgspec.json.decode(told, type=dict[str, Any])
        except (KeyError, ValueError, zipfile.BadZipFile, zlib.error, msgspec.DecodeError) as error:
            raise self._broken("it has no manifest") from error
        if isinstance(found.get("format"), int) and found["format"] > FORMAT:
            words = "%(file)s was made by a newer Forum (%(version)s). Install that version to restore it."
            raise StartupProblem(words, file=self.file, version=found.get("program"))
        try:
            manifest = msgspec.convert(found, Manifest)
        except msgspec.ValidationError as error:
            raise self._broken("its manifest is damaged") from error
        names = [name for name in self._zip.namelist() if name != _MANIFEST]
        if sorted(names) != sorted(manifest.files) or DATABASE not in names or not all(map(_NAMES.fullmatch, names)):
            raise self._broken("it does not have the files that its manifest names")
        return manifest

    def _pieces(self, name: str) -> Iterator[bytes]:
        """Yields the bytes of one file. Raises StartupProblem where they are not those of the manifest."""
        wanted, size, digest = self.manifest.files[name], 0, hashlib.sha256()
        try:
            with self._zip.open(name) as file:
                for piece in _read(file):
                    size += len(piece)
                    digest.update(piece)
                    if size > wanted.size:
                        break
                    yield piece
        # zipfile knows no exception of its own for a way of packing that it has not (NotImplementedError), nor for a
        # member that asks for a password (RuntimeError).
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise self._broken(f"{name} is damaged") from error
        if (size, digest.hexdigest()) != (wanted.size, wanted.sha256):
            raise self._broken(f"{name} is damaged")

    def _broken(self, why: str) -> StartupProblem:
        return StartupProblem(_NO_BACKUP, file=self.file, why=why)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: file.read(_PIECE), b"")
