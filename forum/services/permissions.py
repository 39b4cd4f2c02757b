"""Permissions by role, in one table. tests/web/security/who_may.txt lists them again by address, written by hand; a
test compares both."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from forum.ports.accounts import Person, Role

ROLES = tuple(Role)

# A route's permission -> the roles that have it. "public" is open to everybody, signed in or not: contributors come by
# their private link, participants by joining, the projector by its own link.
PERMISSIONS: dict[str, frozenset[Role]] = {
    "public": frozenset(),
    "signed in": frozenset(ROLES),
    "run sessions": frozenset({Role.ORGANISER}),
    "moderate stories": frozenset({Role.MODERATOR}),
    "keep commissions": frozenset({Role.ORGANISER, Role.COMMISSIONER}),
    "decide": frozenset({Role.COMMISSIONER}),
    "read drafts": frozenset({Role.COMMISSIONER, Role.SECOND_READER}),
    "manage people": frozenset({Role.ADMINISTRATOR}),
}


def may(roles: Iterable[str], permission: str) -> bool:
    """Tells whether somebody with these roles has a permission. An administrator manages people, and cannot vote,
    moderate, run sessions or decide unless given that role too.

    Raises KeyError for a permission that is not in the table.
    """
    needed = PERMISSIONS[permission]
    return permission == "public" or any(role in needed for role in roles)


class Reach(msgspec.Struct, frozen=True):
    """Commissions in which somebody has a permission: `every` one, or those named by id. False where there is none."""

    every: bool
    commissions: frozenset[str] = frozenset()

    def __contains__(self, commission: str) -> bool:
        return self.every or commission in self.commissions

    def __bool__(self) -> bool:
        return self.every or bool(self.commissions)


def reach(person: Person | None, permission: str) -> Reach:
    """Returns in which commissions a person has a permission; None is a stranger. Raises KeyError as `may` does."""
    if person is None:
        return Reach(may((), permission))
    named = frozenset(commission for commission, roles in person.roles_in.items() if may(roles, permission))
    return Reach(may(person.roles, permission), named)
