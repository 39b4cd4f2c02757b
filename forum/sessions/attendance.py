"""Groups that were invited and of which nobody came, or far fewer than were invited.

A small group's number is told to nobody: where it is only known that there are some, but fewer than the threshold
(groups.in_the_room), what is said holds for each number that this can be.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from forum.voting.commission import Commission, Group

# Far fewer: one in so many of those invited.
ONE_IN = 3


class Few(msgspec.Struct, frozen=True):
    """A group of which few came: `number` is None for some, but fewer than the threshold."""

    group: Group
    number: int | None


class Missing(msgspec.Struct, frozen=True):
    """The groups of which nobody came, and those of which far fewer came than were invited."""

    nobody: tuple[Group, ...] = ()
    few: tuple[Few, ...] = ()


def missing(commission: Commission, joined: Mapping[str | None, int | None]) -> Missing:
    """Finds the groups that are missing, by how many joined from each. A group to which nobody was invited is not
    missed."""
    nobody, few = [], []
    for group in commission.groups:
        number = joined.get(group.id, 0)
        if group.invited == 0:
            continue
        if number == 0:
            nobody.append(group)
        elif group.invited and _at_most(number, commission.threshold) * ONE_IN <= group.invited:
            few.append(Few(group, number))
    return Missing(tuple(nobody), tuple(few))


def _at_most(number: int | None, threshold: int) -> int:
    return threshold - 1 if number is None else number
