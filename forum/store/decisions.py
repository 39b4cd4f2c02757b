"""Decisions with their commitments."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from forum.store.base import Area, Row, having, made, plain
from forum.store.tables import commitment as commitments
from forum.store.tables import decision as decisions
from forum.voting.decision import Commitment, Decision

_ALL = sa.select(decisions).order_by(decisions.c.seq.desc())
_OF = having(decisions.c.commission).order_by(decisions.c.seq.desc())


class SqlDecisions(Area):
    """The database's decisions. The contract is ports.voting.Decisions."""

    async def add_decision(self, decision: Decision) -> None:
        """Adds a decision with its commitments, in their order."""
        values = plain(decision)
        promised = values.pop("commitments")
        await self._link.run(sa.insert(decisions).values(values))
        for one in promised:
            await self._link.run(sa.insert(commitments).values({**one, "decision": decision.id}))

    async def commit(self, commitment: Commitment) -> None:
        """Adds a commitment to an existing decision."""
        await self._link.run(sa.insert(commitments).values(plain(commitment)))

    async def get_decision(self, decision: str) -> Decision:
        """Returns a decision with its commitments. Raises NotFound."""
        row = await self._link.one(sa.select(decisions).where(decisions.c.id == decision), "There is no such decision.")
        return (await self._with_commitments([row]))[0]

    async def list_decisions(self, commission: str | None = None) -> list[Decision]:
        """Returns the decisions of a commission, or all, newest first."""
        whole = commission is None
        return await self._with_commitments(
            await self._link.rows(_ALL if whole else _OF, None if whole else {"commission": commission})
        )

    async def _with_commitments(self, rows: Sequence[Row]) -> list[Decision]:
        if not rows:
            return []
        by_decision: dict[str, list[Commitment]] = {row["id"]: [] for row in rows}
        for row in await self._link.rows(
            sa.select(commitments)
            .where(self._link.among(commitments.c.decision, list(by_decision)))
            .order_by(commitments.c.seq)
        ):
            by_decision[row["decision"]].append(made(row, Commitment))
        return [made(row, Decision, commitments=by_decision[row["id"]]) for row in rows]
