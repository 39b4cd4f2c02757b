"""Pledges of help."""

from __future__ import annotations

import sqlalchemy as sa

from forum.store.base import Area, having, made, plain
from forum.store.tables import help_pledge as pledges
from forum.voting.help_pledge import HelpPledge, HelpState

_NONE = "There is no such pledge."


class SqlHelpPledges(Area):
    """The database's pledges of help. The contract is ports.help_pledges.HelpPledges."""

    async def add_help_pledge(self, pledge: HelpPledge) -> bool:
        """Adds a pledge. Returns False where another has its key."""
        return await self._link.add(pledges, plain(pledge))

    async def help_pledge(self, pledge: str, *, lock: bool = False) -> HelpPledge:
        """Returns a pledge by its id, locked with `lock`. Raises NotFound."""
        wanted = having(pledges.c.id)
        return made(
            await self._link.one(wanted.with_for_update() if lock else wanted, _NONE, {"id": pledge}), HelpPledge
        )

    async def help_pledge_by_key(self, key: str) -> HelpPledge:
        """Returns the pledge whose private link has this digest. Raises NotFound."""
        return made(await self._link.one(having(pledges.c.key), _NONE, {"key": key}), HelpPledge)

    async def save_help_pledge(self, pledge: HelpPledge) -> None:
        """Saves the state, the words and the entry of a pledge. Raises NotFound."""
        values = {name: value for name, value in plain(pledge).items() if name in ("words", "name", "state", "entry")}
        await self._link.change(sa.update(pledges).where(pledges.c.id == pledge.id).values(values), _NONE)

    async def list_help_pledges(
        self, state: HelpState, commission: str | None = None, most: int | None = None
    ) -> list[HelpPledge]:
        """Returns the pledges in a state, of a commission or of all, in the order of their ids; at most so many."""
        wanted = sa.select(pledges).where(*_in(state, commission)).order_by(pledges.c.id).limit(most)
        return [made(row, HelpPledge) for row in await self._link.rows(wanted)]

    async def count_help_pledges(self, state: HelpState, commission: str | None = None) -> int:
        """Returns how many pledges are in a state, of a commission or of all."""
        [row] = await self._link.rows(sa.select(sa.func.count().label("number")).where(*_in(state, commission)))
        return int(row["number"])


def _in(state: HelpState, commission: str | None) -> tuple[sa.ColumnElement[bool], ...]:
    of = () if commission is None else (pledges.c.commission == commission,)
    return (pledges.c.state == state, *of)
