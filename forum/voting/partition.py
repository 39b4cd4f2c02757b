"""A partition: the rows in which a session's groups are shown, the small ones together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forum.voting.view_shift import GroupId

# Why a round gives nothing by group: an English sentence, which is the gettext message id.
TOO_EARLY = (
    "Nothing is shown by group for this vote: too few people of the room took part in it, or too few from most groups."
)
BESIDE_ANOTHER = (
    "Nothing is shown by group for this vote: the same question was asked in another session, and both results together"
    " could show how somebody voted."
)
NO_COUNT_BESIDE = (
    "No result is shown of this vote: the same question was asked in another session, and both results together could"
    " show how somebody voted."
)


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
    """A session's groups as they are shown, fixed when a round closes in which they can be judged.

    `rows` is empty where nothing may be given by group; `withheld` then says why (an English sentence, a
    gettext message id), and is None otherwise. `closed_before` are the ids of the rounds that closed before it was
    fixed, `beside` those whose table could not be given beside another session's on the same question, `uncounted`
    those whose count could not.
    """

    rows: tuple[Row, ...]
    withheld: str | None = None
    closed_before: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()

    @property
    def fixed(self) -> bool:
        """Says whether later rounds leave it as it is."""
        return bool(self.rows) or not self.closed_before

    def of_round(self, round_id: str) -> Partition:
        """Gives the partition of one round: nothing by group, where that closed before this was fixed, or could not be
        given beside another; no count either, where that could not."""
        if round_id in self.uncounted:
            return Partition((), NO_COUNT_BESIDE)
        if round_id in self.beside:
            return Partition((), BESIDE_ANOTHER)
        return Partition((), TOO_EARLY) if round_id in self.closed_before else self

    def to_json(self) -> dict[str, Any]:
        """Gives {"rows": [{"label", "groups": [id or null]}], "withheld", "closed_before": [round id],
        "beside": [round id], "uncounted": [round id]}."""
        return {
            "rows": [{"label": row.label, "groups": list(row.groups)} for row in self.rows],
            "withheld": self.withheld,
            "closed_before": list(self.closed_before),
            "beside": list(self.beside),
            "uncounted": list(self.uncounted),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Partition:
        """Reads the partition that `to_json` wrote."""
        rows = tuple(Row(row["label"], tuple(row["groups"])) for row in data["rows"])
        closed_before, beside, uncounted = (
            tuple(data.get(name, ())) for name in ("closed_before", "beside", "uncounted")
        )
        return cls(rows, data["withheld"], closed_before, beside, uncounted)
