"""Minority statements of groups on decisions, and the links with which they are written."""

from __future__ import annotations

from typing import Protocol

import msgspec

from forum.voting.minority_statement import MinorityStatement


class GroupLink(msgspec.Struct, frozen=True):
    """A link of a group for its statement on a decision. `key` is the digest of its key; `revoked_at` is "" while it
    works."""

    id: str
    decision: str
    group: str
    key: str
    made_at: str
    revoked_at: str = ""


class MinorityStatements(Protocol):
    """Minority statements and their links."""

    async def add_group_link(self, link: GroupLink) -> None:
        """Adds a link, whose key no other has."""

    async def group_link(self, key: str, *, lock: bool = False) -> GroupLink:
        """Returns the link with this digest, whether it works or not; with `lock` nobody else locks or changes it
        meanwhile. Raises NotFound."""

    async def working_group_links(self, decision: str) -> dict[str, GroupLink]:
        """Returns the links for a decision that work, by group."""

    async def revoke_group_links(self, decision: str, group: str, at: str) -> int:
        """Makes the working links of a group for a decision stop; returns how many there were."""

    async def save_statement(self, statement: MinorityStatement) -> None:
        """Stores a statement, in the place of the one with its id where there is one."""

    async def get_statement(self, statement: str, *, lock: bool = False) -> MinorityStatement:
        """Returns a statement; with `lock` nobody else locks or changes it meanwhile. Raises NotFound."""

    async def statements_on(self, decision: str) -> list[MinorityStatement]:
        """Returns the statements on a decision, in the order in which they were sent."""

    async def waiting_statements(self) -> list[MinorityStatement]:
        """Returns the statements that wait for a moderator, the first sent first."""
