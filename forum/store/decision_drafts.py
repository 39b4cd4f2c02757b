"""Drafts of decisions."""

from __future__ import annotations

import sqlalchemy as sa

from forum.store.base import Area, having, made, plain
from forum.store.tables import decision_draft as drafts
from forum.voting.decision_draft import DecisionDraft

_NONE = "There is no such draft. Perhaps it was published, or deleted."


class SqlDecisionDrafts(Area):
    """The database's drafts of decisions. The contract is ports.voting.DecisionDrafts."""

    async def add_draft(self, draft: DecisionDraft) -> bool:
        """Adds a draft. Returns False, with nothing added, where there is one with its id."""
        return await self._link.add(drafts, plain(draft))

    async def save_draft(self, draft: DecisionDraft) -> None:
        """Replaces a draft. Raises NotFound."""
        await self._link.change(sa.update(drafts).where(drafts.c.id == draft.id).values(plain(draft)), _NONE)

    async def get_draft(self, draft: str, *, lock: bool = False) -> DecisionDraft:
        """Returns a draft; with `lock` no other unit locks it until this one ends. Raises NotFound."""
        wanted = having(drafts.c.id).with_for_update() if lock else having(drafts.c.id)
        return made(await self._link.one(wanted, _NONE, {"id": draft}), DecisionDraft)

    async def list_drafts(self, commission: str | None = None) -> list[DecisionDraft]:
        """Returns the drafts of a commission, or all, in the order in which they were begun."""
        wanted = sa.select(drafts).order_by(drafts.c.seq)
        if commission is not None:
            wanted = wanted.where(drafts.c.commission == commission)
        return [made(row, DecisionDraft) for row in await self._link.rows(wanted)]

    async def old_drafts(self, before: str, most: int) -> list[DecisionDraft]:
        """Returns at most so many drafts that nobody changed since `before`, the oldest first."""
        wanted = sa.select(drafts).where(drafts.c.saved_at < before).order_by(drafts.c.saved_at, drafts.c.seq)
        return [made(row, DecisionDraft) for row in await self._link.rows(wanted.limit(most))]

    async def remove_draft(self, draft: str) -> None:
        """Deletes a draft; does nothing where there is none."""
        await self._link.run(sa.delete(drafts).where(drafts.c.id == draft))
