"""The append-only record, and the disclosures beside it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from forum.errors import IllegalMove
from forum.ports.record import Disclosure, StoredEntry
from forum.store.base import Area, Row, having, made, plain
from forum.store.tables import disclosure, entry

# Any number will do, as long as nothing else in this database takes an advisory lock with it.
_RECORD_LOCK = 0x466F72756D
_LAST = sa.select(sa.func.max(entry.c.position).label("last"))
_HASHES = (
    sa.select(entry.c.leaf_hash)
    .where(entry.c.position >= sa.bindparam("start"), entry.c.position < sa.bindparam("stop"))
    .order_by(entry.c.position)
)


class SqlRecord(Area):
    """ports.Record."""

    async def size(self) -> int:
        """How many entries there are. In a unit of work that writes, nobody else appends before that one ends."""
        if self._link.postgresql and not self._link.reading:
            # Two processes that are about to append stand in line here, rather than one of them failing at
            # the end.
            await self._link.rows(sa.select(sa.func.pg_advisory_xact_lock(_RECORD_LOCK)))
        rows = await self._link.rows(_LAST)
        last = rows[0]["last"]
        return 0 if last is None else int(last) + 1

    async def append(self, expected_size: int, commission: str, body: bytes, leaf_hash: bytes) -> int:
        """Appends at index `expected_size` and returns it. Raises IllegalMove where the record has grown meanwhile."""
        row = {"position": expected_size, "commission": commission, "body": body, "leaf_hash": leaf_hash}
        if expected_size != await self.size() or not await self._link.add(entry, row):
            raise IllegalMove("The record has grown in the meantime. Try again.")
        return expected_size

    async def add_disclosures(self, disclosures: Sequence[Disclosure]) -> None:
        """Keeps them. One that is known already stays as it is: with its first entry, and withdrawn if it was."""
        for one in disclosures:
            await self._link.add(disclosure, plain(one))

    async def entry(self, index: int) -> StoredEntry:
        """Raises NotFound."""
        return _entry(await self._link.one(having(entry.c.position), "There is no such entry.", {"position": index}))

    async def entries_at(self, indexes: Collection[int]) -> list[StoredEntry]:
        """Those of them that there are, in index order."""
        wanted = sa.select(entry).where(self._link.among(entry.c.position, indexes)).order_by(entry.c.position)
        return [_entry(row) for row in await self._link.rows(wanted)]

    async def entries(self, start: int = 0, stop: int | None = None) -> list[StoredEntry]:
        """In index order, from `start` up to but not including `stop`."""
        wanted = sa.select(entry).where(entry.c.position >= start).order_by(entry.c.position)
        if stop is not None:
            wanted = wanted.where(entry.c.position < stop)
        return [_entry(row) for row in await self._link.rows(wanted)]

    async def leaf_hashes(self, start: int = 0, stop: int | None = None) -> list[bytes]:
        """The leaf hashes in index order, from `start` up to but not including `stop`."""
        values = {"start": start, "stop": await self.size() if stop is None else stop}
        rows = await self._link.rows(_HASHES, values)
        return [bytes(row["leaf_hash"]) for row in rows]

    async def disclosures(
        self, digests: Sequence[str] | None = None, commission: str | None = None
    ) -> list[Disclosure]:
        """Those with these digests, or those of a commission, or all of them; in (entry, digest) order."""
        wanted = sa.select(disclosure)
        if digests is not None:
            wanted = wanted.where(self._link.among(disclosure.c.digest, digests))
        if commission is not None:
            wanted = wanted.where(disclosure.c.commission == commission)
        found = [made(row, Disclosure) for row in await self._link.rows(wanted)]
        # Sorted here: a PostgreSQL database may have been made with an order of letters other than that of
        # their codes.
        return sorted(found, key=lambda one: (one.entry, one.digest))

    async def withdraw(self, digests: Sequence[str], at: str) -> list[str]:
        """Deletes the words behind these digests for good; returns those whose words were there until now."""
        there = sorted(one.digest for one in await self.disclosures(digests) if one.encoded is not None)
        wanted = sa.update(disclosure).where(self._link.among(disclosure.c.digest, there))
        await self._link.run(wanted.values(encoded=None, withdrawn_at=at))
        return there


def _entry(row: Row) -> StoredEntry:
    return StoredEntry(row["position"], bytes(row["body"]), bytes(row["leaf_hash"]))
