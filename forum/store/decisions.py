"""Decisions with their commitments."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from forum.ports import Commitment, Decision
from forum.store.area import Area, Row, plain
from forum.store.tables import commitment, decision


class SqlDecisions(Area):
    """ports.Decisions."""

    async def add(self, new: Decision) -> None:
        """Keeps a new decision and its commitments, in their order."""
        values = plain(new)
        commitments = values.pop("commitments")
        await self._link.run(sa.insert(decision).values(values))
        for one in commitments:
            await self._link.run(sa.insert(commitment).values({**one, "decision": new.id}))

    async def get(self, decision_id: str) -> Decision:
        """Raises NotFound."""
        row = await self._link.one(
            sa.select(decision).where(decision.c.id == decision_id), "There is no such decision."
        )
        return (await self._with_commitments([row]))[0]

    async def of(self, commission: str | None = None) -> list[Decision]:
        """Newest first."""
        wanted = sa.select(decision).order_by(decision.c.seq.desc())
        if commission is not None:
            wanted = wanted.where(decision.c.commission == commission)
        return await self._with_commitments(await self._link.rows(wanted))

    async def _with_commitments(self, rows: Sequence[Row]) -> list[Decision]:
        found: dict[str, list[Commitment]] = {row["id"]: [] for row in rows}
        for row in await self._link.rows(
            sa.select(commitment)
            .where(self._link.among(commitment.c.decision, list(found)))
            .order_by(commitment.c.seq)
        ):
            found[row["decision"]].append(msgspec.convert({**row}, Commitment))
        return [msgspec.convert({**row, "commitments": found[row["id"]]}, Decision) for row in rows]
