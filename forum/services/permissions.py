"""Permissions by role, in one table. tests/web/security/who_may.txt lists them again by address, written by hand; a
test compares both."""

from __future__ import annotations

from collections.abc import Iterable

ADMINISTRATOR = "administrator"
ORGANISER = "organiser"
MODERATOR = "moderator"
COMMISSIONER = "commissioner"
ROLES = (ADMINISTRATOR, ORGANISER, MODERATOR, COMMISSIONER)

# A route's permission -> the roles that have it. "public" is open to everybody, signed in or not: contributors come by
# their private link, participants by joining, the projector by its own link.
PERMISSIONS: dict[str, frozenset[str]] = {
    "public": frozenset(),
    "signed in": frozenset(ROLES),
    "run sessions": frozenset({ORGANISER}),
    "moderate stories": frozenset({MODERATOR}),
    "decide": frozenset({COMMISSIONER}),
    "manage people": frozenset({ADMINISTRATOR}),
}


def may(roles: Iterable[str], permission: str) -> bool:
    """Tells whether somebody with these roles has a permission. An administrator manages people, and cannot vote,
    moderate, run sessions or decide unless given that role too.

    Raises KeyError for a permission that is not in the table.
    """
    needed = PERMISSIONS[permission]
    return permission == "public" or any(role in needed for role in roles)
