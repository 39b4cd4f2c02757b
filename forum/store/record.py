"""The append-only record, and the disclosures beside it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from forum.errors import IllegalMove, RecordDamaged
from forum.ports.record import Disclosure, StoredEntry
from forum.record.verify.merkle_tree import leaf_hash
from forum.store.base import Area, Row, having, made, plain
from forum.store.tables import disclosure, entry

# An arbitrary number that no other advisory lock in this database uses.
_RECORD_LOCK = 0x466F72756D
# Ids that one statement looks for; SQLite takes no condition of 1,000 parts.
IDS_AT_ONCE = 200
_LAST = sa.select(sa.func.max(entry.c.position).label("last"))
_HASHES = (
    sa.select(entry.c.leaf_hash)
    .where(entry.c.position >= sa.bindparam("start"), entry.c.position < sa.bindparam("stop"))
    .order_by(entry.c.position)
)


class SqlRecord(Area):
    """The database's record. The contract is ports.record.Record."""

    async def size(self) -> int:
        """Returns the number of entries. Inside `begin()` no other unit can append until this one ends."""
        if self._link.postgresql and not self._link.reading:
            # Makes two processes that are about to append wait for each other, instead of one failing at the end.
            await self._link.rows(sa.select(sa.func.pg_advisory_xact_lock(_RECORD_LOCK)))
        rows = await self._link.rows(_LAST)
        last = rows[0]["last"]
        return 0 if last is None else int(last) + 1

    async def append(self, expected_size: int, commission: str, body: bytes, leaf_hash: bytes) -> int:
        """Appends an entry at index `expected_size` and returns it. Raises IllegalMove where the record has grown
        meanwhile.
        """
        row = {"position": expected_size, "commission": commission, "body": body, "leaf_hash": leaf_hash}
        if expected_size != await self.size() or not await self._link.add(entry, row):
            raise IllegalMove("The record has grown in the meantime. Try again.")
        return expected_size

    async def add_disclosures(self, disclosures: Sequence[Disclosure]) -> None:
        """Stores disclosures. One whose digest is known stays as it is, withdrawn or not."""
        for one in disclosures:
            await self._link.add(disclosure, plain(one))

    async def entry(self, index: int) -> StoredEntry:
        """Returns one entry. Raises NotFound."""
        return _checked(
            _stored(await self._link.one(having(entry.c.position), "There is no such entry.", {"position": index}))
        )

    async def entries_at(self, indexes: Collection[int]) -> list[StoredEntry]:
        """Returns the entries at these indexes, in index order; indexes that do not exist are left out."""
        return [_checked(stored) for stored in await self.unchecked_at(indexes)]

    async def unchecked_at(self, indexes: Collection[int]) -> list[StoredEntry]:
        """Returns the entries at these indexes as they lie in the database, as `unchecked` does."""
        wanted = sa.select(entry).where(self._link.among(entry.c.position, indexes)).order_by(entry.c.position)
        return [_stored(row) for row in await self._link.rows(wanted)]

    async def entries(self, start: int = 0, stop: int | None = None) -> list[StoredEntry]:
        """Returns the entries from `start` up to but not including `stop`, in index order."""
        return [_checked(stored) for stored in await self.unchecked(start, stop)]

    async def unchecked(self, start: int = 0, stop: int | None = None) -> list[StoredEntry]:
        """Returns entries as they lie in the database, whether they fit their hashes or not: for the check of the
        record, and for taking words back. What it returns is shown to nobody.
        """
        wanted = sa.select(entry).where(entry.c.position >= start).order_by(entry.c.position)
        if stop is not None:
            wanted = wanted.where(entry.c.position < stop)
        return [_stored(row) for row in await self._link.rows(wanted)]

    async def naming(self, ids: Collection[str]) -> list[StoredEntry]:
        """Returns the entries in whose text one of these ids stands, in index order, as they lie in the database.

        The record is read once for each IDS_AT_ONCE of them.
        """
        found: dict[int, StoredEntry] = {}
        every = [id_ if self._link.postgresql else id_.encode() for id_ in ids]
        for start in range(0, len(every), IDS_AT_ONCE):
            some = every[start : start + IDS_AT_ONCE]
            wanted = _naming(len(some), postgresql=self._link.postgresql)
            rows = await self._link.rows(wanted, {f"id{number}": id_ for number, id_ in enumerate(some)})
            found |= {row["position"]: _stored(row) for row in rows}
        return [found[position] for position in sorted(found)]

    async def leaf_hashes(self, start: int = 0, stop: int | None = None) -> list[bytes]:
        """Returns the leaf hashes (32 bytes each) from `start` up to but not including `stop`, in index order."""
        values = {"start": start, "stop": await self.size() if stop is None else stop}
        rows = await self._link.rows(_HASHES, values)
        return [bytes(row["leaf_hash"]) for row in rows]

    async def disclosures(
        self, digests: Sequence[str] | None = None, commission: str | None = None
    ) -> list[Disclosure]:
        """Returns disclosures in (entry, digest) order: all, or only those with these digests, or of this
        commission.
        """
        wanted = sa.select(disclosure)
        if digests is not None:
            wanted = wanted.where(self._link.among(disclosure.c.digest, digests))
        if commission is not None:
            wanted = wanted.where(disclosure.c.commission == commission)
        matching = [made(row, Disclosure) for row in await self._link.rows(wanted)]
        # Sorted here, because a PostgreSQL database may have a collation that does not sort by code point.
        return sorted(matching, key=lambda one: (one.entry, one.digest))

    async def disclosures_of(self, start: int, stop: int) -> list[Disclosure]:
        """Returns the disclosures that entries from `start` up to but not including `stop` named first."""
        wanted = sa.select(disclosure).where(disclosure.c.entry >= start, disclosure.c.entry < stop)
        return [made(row, Disclosure) for row in await self._link.rows(wanted)]

    async def withdraw(self, digests: Sequence[str], at: str) -> list[str]:
        """Deletes the words behind these digests for good. Returns, sorted, the digests whose words existed
        until now.
        """
        there = sorted(one.digest for one in await self.disclosures(digests) if one.encoded is not None)
        wanted = sa.update(disclosure).where(self._link.among(disclosure.c.digest, there))
        await self._link.run(wanted.values(encoded=None, withdrawn_at=at))
        return there


@cache
def _naming(number: int, *, postgresql: bool) -> sa.Select[Any]:
    """Returns a SELECT of the entries in whose text one of so many ids stands, the parameters "id0", "id1" and so on;
    made once for each number, since making it takes longer than running it."""
    ids = [sa.bindparam(f"id{place}", type_=sa.Text if postgresql else sa.LargeBinary) for place in range(number)]
    if postgresql:
        text = sa.func.convert_from(entry.c.body, "UTF8")
        return sa.select(entry).where(sa.or_(*(sa.func.strpos(text, id_) > 0 for id_ in ids)))
    return sa.select(entry).where(sa.or_(*(sa.func.instr(entry.c.body, id_) > 0 for id_ in ids)))


def _checked(stored: StoredEntry) -> StoredEntry:
    """Returns the entry where its bytes fit its hash. Raises RecordDamaged."""
    if leaf_hash(stored.body) != stored.leaf_hash:
        raise RecordDamaged.at(stored.index)
    return stored


def _stored(row: Row) -> StoredEntry:
    return StoredEntry(row["position"], bytes(row["body"]), bytes(row["leaf_hash"]))
