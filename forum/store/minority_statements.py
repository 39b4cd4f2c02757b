"""Minority statements, and the links of the groups that may write them."""

from __future__ import annotations

import sqlalchemy as sa

from forum.ports.minority_statements import GroupLink
from forum.store.base import Area, Row, having, made, plain
from forum.store.tables import group_link as links
from forum.store.tables import minority_statement as statements
from forum.voting.minority_statement import MinorityStatement, StatementState


class SqlMinorityStatements(Area):
    """The database's minority statements. The contract is ports.minority_statements.MinorityStatements."""

    async def add_group_link(self, link: GroupLink) -> None:
        """Adds a link."""
        await self._link.run(sa.insert(links).values(_row(link)))

    async def group_link(self, key: str, *, lock: bool = False) -> GroupLink:
        """Returns the link with this digest. Raises NotFound."""
        wanted = having(links.c.key)
        return _link(
            await self._link.one(
                wanted.with_for_update() if lock else wanted, "There is nothing at this address.", {"key": key}
            )
        )

    async def working_group_links(self, decision: str) -> dict[str, GroupLink]:
        """Returns the links for a decision that work, by group."""
        rows = await self._link.rows(
            having(links.c.decision, links.c.revoked_at), {"decision": decision, "revoked_at": ""}
        )
        return {row["group_label"]: _link(row) for row in rows}

    async def revoke_group_links(self, decision: str, group: str, at: str) -> int:
        """Makes the working links of a group for a decision stop; returns how many there were."""
        working = (links.c.decision == decision, links.c.group_label == group, links.c.revoked_at == "")
        return await self._link.run(sa.update(links).where(*working).values(revoked_at=at))

    async def save_statement(self, statement: MinorityStatement) -> None:
        """Stores a statement, in the place of the one with its id where there is one."""
        row = _row(statement)
        if not await self._link.run(sa.update(statements).where(statements.c.id == statement.id).values(row)):
            await self._link.run(sa.insert(statements).values(row))

    async def get_statement(self, statement: str, *, lock: bool = False) -> MinorityStatement:
        """Returns a statement. Raises NotFound."""
        wanted = having(statements.c.id)
        return _statement(
            await self._link.one(
                wanted.with_for_update() if lock else wanted, "There is no such statement.", {"id": statement}
            )
        )

    async def statements_on(self, decision: str) -> list[MinorityStatement]:
        """Returns the statements on a decision, in the order in which they were sent."""
        wanted = having(statements.c.decision).order_by(statements.c.seq)
        return [_statement(row) for row in await self._link.rows(wanted, {"decision": decision})]

    async def waiting_statements(self) -> list[MinorityStatement]:
        """Returns the statements that wait for a moderator, the first sent first."""
        wanted = having(statements.c.state).order_by(statements.c.sent_at)
        return [_statement(row) for row in await self._link.rows(wanted, {"state": StatementState.WAITING.value})]


def _row(thing: GroupLink | MinorityStatement) -> dict[str, object]:
    row = plain(thing)
    return {name: value for name, value in row.items() if name != "group"} | {"group_label": thing.group}


def _link(row: Row) -> GroupLink:
    return made(row, GroupLink, group=row["group_label"])


def _statement(row: Row) -> MinorityStatement:
    return made(row, MinorityStatement, group=row["group_label"])
