"""The record: append-only entries, and the personal words that they name by digest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec


@dataclass(frozen=True)
class Disclosure:
    """Personal words, stored beside the entry that holds their digest (RFC 9901).

    `digest` is base64url(SHA-256(ascii(encoded))), `encoded` is base64url(JSON [salt, name, value]); both without
    padding. `encoded` is None once withdrawn. `entry` is the index of the entry that named the digest first.
    """

    digest: str
    entry: int
    commission: str
    encoded: str | None
    withdrawn_at: str = ""


class StoredEntry(msgspec.Struct, frozen=True):
    """An entry of the record: its 0-based index, its canonical bytes, and its RFC 9162 leaf hash (32 bytes)."""

    index: int
    body: bytes
    leaf_hash: bytes


class Record(Protocol):
    """The append-only record. The database itself refuses UPDATE and DELETE on its entries.

    Every entry that is read is held against its hash: RecordDamaged is raised for one whose bytes do not fit.
    """

    async def size(self) -> int:
        """Returns the number of entries. Inside `begin()` no other unit can append until this one ends."""

    async def append(self, expected_size: int, commission: str, body: bytes, leaf_hash: bytes) -> int:
        """Appends an entry at index `expected_size` and returns it. Raises IllegalMove where the record has grown
        meanwhile.
        """

    async def add_disclosures(self, disclosures: Sequence[Disclosure]) -> None:
        """Stores disclosures. One whose digest is known stays as it is, withdrawn or not."""

    async def entry(self, index: int) -> StoredEntry:
        """Returns one entry. Raises NotFound."""

    async def entries_at(self, indexes: Collection[int]) -> list[StoredEntry]:
        """Returns the entries at these indexes, in index order; indexes that do not exist are left out."""

    async def entries(self, start: int = 0, stop: int | None = None) -> list[StoredEntry]:
        """Returns the entries from `start` up to but not including `stop`, in index order."""

    async def unchecked(self, start: int = 0, stop: int | None = None) -> list[StoredEntry]:
        """Returns entries as they lie in the database, whether they fit their hashes or not: for the check of the
        record, and for taking words back. What it returns is shown to nobody.
        """

    async def unchecked_at(self, indexes: Collection[int]) -> list[StoredEntry]:
        """Returns the entries at these indexes, in index order, as `unchecked` does."""

    async def naming(self, ids: Collection[str]) -> list[StoredEntry]:
        """Returns the entries in whose text one of these ids stands, in index order, as they lie in the database; the
        record is read once for some hundred of them.
        """

    async def leaf_hashes(self, start: int = 0, stop: int | None = None) -> list[bytes]:
        """Returns the leaf hashes (32 bytes each) from `start` up to but not including `stop`, in index order."""

    async def disclosures(
        self, digests: Sequence[str] | None = None, commission: str | None = None
    ) -> list[Disclosure]:
        """Returns disclosures in (entry, digest) order: all, or only those with these digests, or of this
        commission.
        """

    async def disclosures_of(self, start: int, stop: int) -> list[Disclosure]:
        """Returns the disclosures that entries from `start` up to but not including `stop` named first."""

    async def withdraw(self, digests: Sequence[str], at: str) -> list[str]:
        """Deletes the words behind these digests for good. Returns, sorted, the digests whose words existed until now.

        The caller appends the entry that says so in the same unit of work (services/record_entries.erase).
        """


class Cosignature(msgspec.Struct, frozen=True):
    """A witness's signature of a checkpoint: `witness` is its key's name and id, as "w1.example+1a2b3c4d", `at` when it
    signed, `line` its line of the note."""

    witness: str
    at: str
    line: str


class PastCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint that was signed: its size, its root (hex), the signed note, when that was ("" where nobody wrote it
    down), and who cosigned it, in the order of their keys' names."""

    size: int
    root: str
    note: str
    signed_at: str
    cosignatures: tuple[Cosignature, ...] = ()


class PastCheckpoints(Protocol):
    """Every checkpoint that was signed, with the cosignatures that witnesses gave.

    Of one size there is one, unless the record was put back and the other given up.
    """

    async def keep(self, one: PastCheckpoint) -> None:
        """Adds a checkpoint; one of this size and root that is there stays as it is. Its cosignatures are not looked
        at."""

    async def cosign(self, size: int, root: str, one: Cosignature) -> None:
        """Adds a witness's signature of the checkpoint of this size and root, in place of an earlier one of its."""

    async def of_size(self, size: int) -> list[PastCheckpoint]:
        """Returns the checkpoints of this size, in the order of their roots; none where none was signed."""

    async def count(self) -> int:
        """Returns the number of all."""

    async def newest(self, skip: int, most: int) -> list[PastCheckpoint]:
        """Returns `most` checkpoints, the largest sizes first, after the first `skip`."""

    async def last_cosigned(self, witness: str = "") -> PastCheckpoint | None:
        """Returns the largest checkpoint that this witness, or without one anybody, has cosigned; None for none."""


class WitnessAnswer(msgspec.Struct, frozen=True):
    """An answer of a witness: HTTP's status, and as many bytes of its body as are read."""

    status: int
    body: bytes


class WitnessPost(Protocol):
    """The way to witnesses."""

    async def add_checkpoint(self, url: str, body: bytes) -> WitnessAnswer:
        """Posts a checkpoint to the witness at this address. Raises OSError where it gives no answer in time, or more
        than is read."""


class CheckpointMemory(Protocol):
    """The last checkpoint that was signed, kept outside the database: one signed note."""

    def read(self) -> bytes | None:
        """Returns the note, None where there is none. Raises OSError."""

    def write(self, note: bytes) -> None:
        """Replaces the note, whole or not at all; on disk when it returns. Raises OSError."""


class Facts(Protocol):
    """Small facts about this database by name, as `made_by` ("forum" or "rehearsal")."""

    async def get_fact(self, name: str, *, lock: bool = False) -> str | None:
        """Returns a fact's value, or None where it was never set."""

    async def set_fact(self, name: str, value: str) -> None:
        """Sets a fact, replacing any earlier value."""
