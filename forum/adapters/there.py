"""Finds out what a restore would put something in the place of: the database and key that are there, and what the
folder knows of the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from forum.adapters import known_record
from forum.adapters.last_checkpoint import COSIGNED, FILE, CheckpointFile
from forum.adapters.signing_key import key_name
from forum.errors import StartupProblem
from forum.record.verify.checkpoint import parse_checkpoint, parse_note
from forum.record.verify.encoding import parse_canonical
from forum.record.verify.verdict import RecordError
from forum.store import Contents, bodies_from, contents_of, file_of

_TAKES_BACK = ("erasure", "data erased", "retention")


@dataclass(frozen=True)
class There:
    """`database` is True where there is one, with `contents`, or None and `why` where they cannot be read; `key` is the
    name of the folder's key, `known` how many entries the folder knows that the record had."""

    database: bool
    contents: Contents | None = field(repr=False)
    why: str
    key: str
    known: int

    @property
    def told(self) -> str:
        """Says what is there, in a few words."""
        if not self.database:
            return f"the key {self.key}"
        if self.contents is None:
            return "it cannot be read"
        newest = _newest(self.contents)
        return f"a record of {len(self.contents.leaves)} entries" + (f", the newest of {newest}" if newest else "")

    def same_house(self, leaves: Sequence[bytes], key: str) -> bool:
        """Returns whether a record that begins with these `leaves`, under this key, is an older or newer state of what
        is there."""
        if self.contents is None or not self.contents.leaves or not leaves:
            return not self.key or self.key == key
        return self.contents.leaves[0] == leaves[0]


async def there_in(data: Path, url: str) -> There:
    """Finds out what is in a folder and its database. Raises StartupProblem where a server of databases is away."""
    contents, why = None, ""
    there = not url.startswith("sqlite")
    if not there:
        file = file_of(url)
        there = file.exists() and file.stat().st_size > 0
    if there:
        try:
            contents = await contents_of(url)
            there = contents is not None
        except StartupProblem as error:
            if not url.startswith("sqlite"):
                raise
            why = str(error)
    try:
        key = key_name(data)
    except StartupProblem:
        key = "that is damaged"
    return There(there, contents, why, key, _known(data))


def lost_by(there: There, leaves: Sequence[bytes]) -> str:
    """Says what would be lost of the record that is there where one with these `leaves` took its place; "" for
    nothing."""
    if there.why:
        return f"What is there cannot be read, so nobody can tell what would be lost ({there.why})"
    had = there.contents.leaves if there.contents else ()
    shared = _shared(had, leaves)
    if there.contents and shared < len(had):
        numbers = f"number {shared}" if shared == len(had) - 1 else f"numbers {shared} to {len(had) - 1}"
        count = len(had) - shared
        told = f"{count} entries of the record that is there are not in the backup"
        if count == 1:
            told = "One entry of the record that is there is not in the backup"
        return f"{told}: {numbers}, the newest of {_newest(there.contents)}"
    if there.known > len(leaves):
        return (
            f"The record had {there.known} entries when it was last known in this folder, and the backup has "
            f"{len(leaves)}: those from number {len(leaves)} on would be lost"
        )
    return ""


async def taken_back(there: There, url: str, leaves: Sequence[bytes]) -> list[int]:
    """Lists the entries that would be lost and took somebody's words back, by their numbers: the words would be there
    again. Raises StoreUnavailable."""
    had = there.contents.leaves if there.contents else ()
    shared = _shared(had, leaves)
    if shared == len(had):
        return []
    lost = await bodies_from(url, shared)
    return [number for number, body in lost if parse_canonical(body).get("type") in _TAKES_BACK]


def _shared(had: Sequence[bytes], leaves: Sequence[bytes]) -> int:
    """Returns with how many of the same entries two records begin."""
    both = min(len(had), len(leaves))
    return next((at for at in range(both) if had[at] != leaves[at]), both)


def _known(data: Path) -> int:
    """Returns the largest number of entries that a folder remembers; what is damaged there remembers nothing."""
    sizes = [0]
    try:
        head = known_record.read(data)
        sizes.append(head.size if head else 0)
    except StartupProblem:
        pass
    for name in (FILE, COSIGNED):
        try:
            note = CheckpointFile(data, name).read()
            sizes.append(parse_checkpoint(parse_note(note).text)[1] if note else 0)
        except (OSError, RecordError):
            pass
    return max(sizes)


def _newest(contents: Contents) -> str:
    return str(parse_canonical(contents.last).get("at", "")) if contents.last else ""
