"""Accounts bound to identities at a provider of single sign-on."""

from __future__ import annotations

import sqlalchemy as sa

from forum.ports.sign_on import Binding
from forum.store.base import Area, made, plain
from forum.store.tables import binding as bindings


class SqlBindings(Area):
    """The database's bindings. The contract is ports.sign_on.Bindings."""

    async def bound_to(self, issuer: str, sub: str) -> str:
        """Returns the account (by id) that is bound to an identity, "" for none."""
        wanted = sa.select(bindings.c.person).where(bindings.c.issuer == issuer, bindings.c.sub == sub)
        rows = await self._link.rows(wanted)
        return str(rows[0]["person"]) if rows else ""

    async def all_bindings(self) -> dict[str, Binding]:
        """Returns every binding, by its account."""
        return {row["person"]: made(row, Binding) for row in await self._link.rows(sa.select(bindings))}

    async def bind(self, binding: Binding) -> bool:
        """Binds an account. Returns False where it, or the identity, is bound already."""
        return await self._link.add(bindings, plain(binding))

    async def unbind(self, person: str) -> bool:
        """Undoes the binding of an account. Returns False where there is none."""
        return await self._link.run(sa.delete(bindings).where(bindings.c.person == person)) == 1
