"""The facilitator's last act in each session, for as long as it can be undone."""

from __future__ import annotations

import sqlalchemy as sa

from forum.sessions.session import LastAct
from forum.store.base import Area, made, plain
from forum.store.tables import last_act


class SqlLastActs(Area):
    """The database's lastActs. The contract is ports.sessions.LastActs."""

    async def get_last_act(self, session: str) -> LastAct | None:
        """Returns the last act of a session, or None."""
        rows = await self._link.rows(sa.select(last_act).where(last_act.c.session == session))
        return made(rows[0], LastAct) if rows else None

    async def put_last_act(self, act: LastAct) -> None:
        """Stores an act and replaces the one before it."""
        await self._link.put(last_act, plain(act))

    async def forget_last_act(self, session: str) -> None:
        """Deletes the last act of a session: nothing can be undone any more."""
        await self._link.run(sa.delete(last_act).where(last_act.c.session == session))
