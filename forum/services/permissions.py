"""Permissions by role, in one table. tests/web/security/who_may.txt lists them again by address, written by hand; a
test compares both."""

from __future__ import annotations

from collections.abc import Iterable

from forum.ports.accounts import Role

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
    "manage people": frozenset({Role.ADMINISTRATOR}),
}


def may(roles: Iterable[str], permission: str) -> bool:
    """Tells whether somebody with these roles has a permission. An administrator manages people, and cannot vote,
    moderate, run sessions or decide unless given that role too.

    Raises KeyError for a permission that is not in the table.
    """
    needed = PERMISSIONS[permission]
    return permission == "public" or any(role in needed for role in roles)
