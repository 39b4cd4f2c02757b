"""A quorum: how many must vote for the result to count for much, declared before the vote and shown when missed.

A missed quorum changes no number. The result is shown as it is, and says that too few took part.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec


class Quorum(msgspec.Struct, frozen=True):
    """A declared quorum: so many ballots in all, and so many in every group that is shown. 0 asks for nothing."""

    ballots: int = 0
    each_group: int = 0

    def __bool__(self) -> bool:
        return bool(self.ballots or self.each_group)

    def held_against(self, n: int, rows: Mapping[str, int], empty: Sequence[str] | None = ()) -> Turnout | None:
        """Compares the quorum with `n` ballots in all and with those of every published row; None without a quorum.

        Groups are those of the published rows, the small ones together being one, and the `empty` ones (as
        empty_groups gives them). Where nothing is given by group, nothing is said of them either.
        """
        if not self:
            return None
        short = tuple(label for label, ballots in rows.items() if ballots < self.each_group)
        if self.each_group and rows:
            short += tuple(empty or ())
        if n < self.ballots or short:
            reached: bool | None = False
        else:
            reached = None if self.each_group and (not rows or empty is None) else True
        return Turnout(self.ballots, self.each_group, reached, short)


NO_QUORUM = Quorum()


def empty_groups(invited: Mapping[str, int], alone: Collection[str], *, pool: bool) -> tuple[str, ...] | None:
    """Lists the invited groups, by label, from which nobody voted; None where that cannot be said.

    `invited` has the ballots of each by its label; `alone` are the labels of those with a row of their own, `pool` says
    whether there is a row of the small groups together. Naming the empty ones leaves the others for that row: were it
    only one, that row would be the row of a small group.
    """
    empty = tuple(label for label, ballots in invited.items() if not ballots)
    pooled = [label for label, ballots in invited.items() if ballots and label not in alone]
    return None if empty and pool and len(pooled) < 2 else empty


class Turnout(msgspec.Struct, frozen=True):
    """A quorum held against the ballots. `reached` is None where it cannot be said without telling of a small group.

    `short` are the labels of the rows with too few ballots, and of the groups from which nobody voted.
    """

    ballots: int
    each_group: int
    reached: bool | None
    short: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Gives {"ballots", "each_group", "reached", "short"}."""
        return {
            "ballots": self.ballots,
            "each_group": self.each_group,
            "reached": self.reached,
            "short": list(self.short),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Turnout:
        """Reads what `to_json` wrote."""
        return cls(data["ballots"], data["each_group"], data["reached"], tuple(data["short"]))
