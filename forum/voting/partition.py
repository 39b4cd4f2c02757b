"""A partition: the rows in which a session's groups are shown, the small ones together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forum.voting.view_shift import GroupId


@dataclass(frozen=True)
class Row:
    """One published row: its label, and the ids of the groups whose ballots it holds.

    None stands for "prefer not to say". A pool has at least two groups, any other row has one.
    """

    label: str
    groups: tuple[GroupId, ...]

    @property
    def pooled(self) -> bool:
        """Says whether this is the row of the small groups together."""
        return len(self.groups) > 1


@dataclass(frozen=True)
class Partition:
    """A session's groups as they are shown, fixed when its first round closes.

    `rows` is empty where nothing may be given by group; `withheld` then says why (an English sentence, a
    gettext message id), and is None otherwise.
    """

    rows: tuple[Row, ...]
    withheld: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Gives {"rows": [{"label", "groups": [id or null]}], "withheld"}."""
        return {
            "rows": [{"label": row.label, "groups": list(row.groups)} for row in self.rows],
            "withheld": self.withheld,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Partition:
        """Reads the partition that `to_json` wrote."""
        rows = tuple(Row(row["label"], tuple(row["groups"])) for row in data["rows"])
        return cls(rows, data["withheld"])
