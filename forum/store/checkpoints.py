"""The checkpoints that were signed, with the cosignatures of witnesses."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from forum.ports.record import Cosignature, PastCheckpoint
from forum.store.base import Area, Row, made, plain
from forum.store.tables import checkpoint, cosignature

_NEWEST_FIRST = (checkpoint.c.size.desc(), checkpoint.c.root)


class SqlPastCheckpoints(Area):
    """The database's checkpoints. The contract is ports.record.PastCheckpoints."""

    async def keep(self, one: PastCheckpoint) -> None:
        """Adds a checkpoint; one of this size and root that is there stays as it is."""
        row = plain(one)
        del row["cosignatures"]
        await self._link.add(checkpoint, row)

    async def cosign(self, size: int, root: str, one: Cosignature) -> None:
        """Adds a witness's signature of the checkpoint of this size and root, in place of an earlier one of its."""
        await self._link.put(cosignature, {"size": size, "root": root, **plain(one)})

    async def of_size(self, size: int) -> list[PastCheckpoint]:
        """Returns the checkpoints of this size, in the order of their roots."""
        wanted = sa.select(checkpoint).where(checkpoint.c.size == size).order_by(checkpoint.c.root)
        return await self._whole(await self._link.rows(wanted))

    async def count(self) -> int:
        """Returns the number of all."""
        rows = await self._link.rows(sa.select(sa.func.count().label("n")).select_from(checkpoint))
        return int(rows[0]["n"])

    async def newest(self, skip: int, most: int) -> list[PastCheckpoint]:
        """Returns `most` checkpoints, the largest sizes first, after the first `skip`."""
        wanted = sa.select(checkpoint).order_by(*_NEWEST_FIRST).offset(skip).limit(most)
        return await self._whole(await self._link.rows(wanted))

    async def last_cosigned(self, witness: str = "") -> PastCheckpoint | None:
        """Returns the largest checkpoint that this witness, or without one anybody, has cosigned; None for none."""
        same = (cosignature.c.size == checkpoint.c.size) & (cosignature.c.root == checkpoint.c.root)
        by = sa.exists().where(same, cosignature.c.witness == witness) if witness else sa.exists().where(same)
        wanted = sa.select(checkpoint).where(by).order_by(*_NEWEST_FIRST).limit(1)
        return next(iter(await self._whole(await self._link.rows(wanted))), None)

    async def _whole(self, rows: Sequence[Row]) -> list[PastCheckpoint]:
        """Returns checkpoints with their cosignatures, which are read together."""
        wanted = sa.select(cosignature).where(self._link.among(cosignature.c.size, {row["size"] for row in rows}))
        given: dict[tuple[int, str], list[Cosignature]] = {}
        for row in await self._link.rows(wanted):
            given.setdefault((row["size"], row["root"]), []).append(made(row, Cosignature))
        return [
            made(row, PastCheckpoint, cosignatures=tuple(sorted(given.get((row["size"], row["root"]), ()), key=_name)))
            for row in rows
        ]


def _name(one: Cosignature) -> str:
    return one.witness
