"""The record: entries that are only ever added, and the words that they name by a digest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Disclosure:
    """Personal words, stored beside the entry that names their digest (RFC 9901).

    `digest` is base64url(SHA-256(ascii(encoded))), `encoded` is base64url(JSON [salt, name, value]); both without
    padding. `encoded` is None once withdrawn. `entry` is the index of the entry that first named it.
    """

    digest: str
    entry: int
    commission: str
    encoded: str | None
    withdrawn_at: str = ""


@dataclass(frozen=True)
class StoredEntry:
    """One line of the record: its 0-based index, its canonical bytes, and its RFC 9162 leaf hash (32 bytes)."""

    index: int
    body: bytes
    leaf_hash: bytes


class Record(Protocol):
    """The append-only log. The database itself refuses UPDATE and DELETE on its entries."""

    async def size(self) -> int:
        """How many entries there are. Within begin() nobody else appends from here on until this unit ends."""

    async def append(self, expected_size: int, commission: str, body: bytes, leaf_hash: bytes) -> int:
        """Appends at index `expected_size` and returns it. Raises IllegalMove where the record has grown meanwhile."""

    async def add_disclosures(self, disclosures: Sequence[Disclosure]) -> None: ...
    async def entry(self, index: int) -> StoredEntry: ...
    async def entries_at(self, indexes: Collection[int]) -> list[StoredEntry]:
        """Those of them that there are, in index order."""
        ...

    async def entries(self, start: int = 0, stop: int | None = None) -> list[StoredEntry]:
        """In index order, from `start` up to but not including `stop`."""

    async def leaf_hashes(self, start: int = 0, stop: int | None = None) -> list[bytes]: ...
    async def disclosures(
        self, digests: Sequence[str] | None = None, commission: str | None = None
    ) -> list[Disclosure]:
        """Those with these digests, or those of a commission, or all of them; in (entry, digest) order."""

    async def withdraw(self, digests: Sequence[str], at: str) -> list[str]:
        """Deletes the words behind these digests for good. Returns those whose words were there until now, in order;
        the entry that says so is to be appended in the same unit (recording.erase)."""


class Facts(Protocol):
    """Small facts about this database: `made_by` ("forum" or "rehearsal"), which links are dead, and the like."""

    async def get_fact(self, name: str) -> str | None: ...
    async def set_fact(self, name: str, value: str) -> None: ...
