"""View shift: who moved from what to what between a first vote and the vote after the replay.

This module counts. `forum.voting.suppression.view_shift` decides who may be counted how, and is what everybody calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from forum.voting.methods import in_order

# Why something is not given: English sentences, which are the gettext message ids.
WHOLE_ROOM_ONLY = "Who moved is shown for the whole room only. By group it could show how a few people voted."
NOT_FOLLOWED = (
    "People from small groups are not followed from the first vote to the second, because that could show how"
    " a few of them voted. They are counted with those who voted only once."
)
NOBODY_FOLLOWED = "Who moved is not shown, because that could show how a few people voted."

GroupId: TypeAlias = str | None
Cells: TypeAlias = dict[tuple[str, str], int]
Votes: TypeAlias = Mapping[str, tuple[GroupId, str]]


@dataclass(frozen=True)
class ShiftRow:
    """A published row's moves. Only what is above zero, as in ViewShift."""

    label: str
    cells: Cells
    joined: dict[str, int]
    left: dict[str, int]


@dataclass(frozen=True)
class ViewShift:
    """A view shift between the round `first` and the one after it.

    `cells` counts the people followed through both rounds by (first response, second response); `left` the
    ballots of the first round whose people did not vote again, `joined` those of the second whose people
    had not voted before. All in the order of the responses, only what is above zero; cells and `left` add
    up to the first head count, cells and `joined` to the second. `rows` has the same by group, or is empty,
    and then `withheld` says why. Where that is NOT_FOLLOWED or NOBODY_FOLLOWED, `left` and `joined` also
    hold people who voted twice.
    """

    first: str
    cells: Cells
    joined: dict[str, int]
    left: dict[str, int]
    rows: tuple[ShiftRow, ...] = ()
    withheld: str | None = None

    @property
    def all_followed(self) -> bool:
        """Says whether `joined` and `left` hold only people who voted once."""
        return self.withheld not in (NOT_FOLLOWED, NOBODY_FOLLOWED)

    @property
    def stayed(self) -> int:
        """Counts those who gave the same answer twice."""
        return sum(n for (before, after), n in self.cells.items() if before == after)

    @property
    def moved(self) -> int:
        """Counts those who gave another answer the second time."""
        return sum(n for (before, after), n in self.cells.items() if before != after)

    def to_json(self) -> dict[str, Any]:
        """Gives the `view_shift` of a "round revealed" entry."""
        by_group = [{"label": row.label, **_moves_json(row)} for row in self.rows] or None
        return {"first": self.first, **_moves_json(self), "by_group": by_group, "withheld": self.withheld}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ViewShift:
        """Reads the view shift that `to_json` wrote, also after RFC 8785 has sorted the keys."""
        rows = tuple(ShiftRow(row["label"], *_moves(row)) for row in data["by_group"] or ())
        return cls(data["first"], *_moves(data), rows=rows, withheld=data["withheld"])


@dataclass(frozen=True)
class Attendance:
    """Counts of some people: those who voted in both rounds, only in the second (joined), only in the first (left)."""

    both: int
    joined: int
    left: int

    @property
    def first(self) -> int:
        """Counts those who voted in the first round."""
        return self.both + self.left

    @property
    def second(self) -> int:
        """Counts those who voted in the second round."""
        return self.both + self.joined

    def none_or_enough(self, threshold: int) -> bool:
        """Says whether each of the three is nobody, or at least `threshold`."""
        return not any(0 < part < threshold for part in (self.both, self.joined, self.left))


def attendance(people: Iterable[str], first: Votes, second: Votes) -> Attendance:
    """Counts which of these participants came to which of the two rounds."""
    came = Counter((person in first, person in second) for person in people)
    return Attendance(both=came[True, True], joined=came[False, True], left=came[True, False])


def moves(
    people: Iterable[str], first: Votes, second: Votes, responses: Sequence[str], apart: Collection[str] = ()
) -> tuple[Cells, dict[str, int], dict[str, int]]:
    """Counts the cells, joined and left of these participants, in the order of `responses`.

    Whoever is `apart` is not followed: counted as if two people had voted once each. Raises ValueError for a
    ballot whose choice is none of `responses`.
    """
    place = {response: i for i, response in enumerate(responses)}
    cells: Counter[tuple[str, str]] = Counter()
    joined: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for person in people:
        before, after = (votes[person][1] if person in votes else None for votes in (first, second))
        if not {before, after} <= {*place, None}:
            raise ValueError(f"a ballot for none of {list(responses)}")
        if before is not None and after is not None and person not in apart:
            cells[before, after] += 1
            continue
        if before is not None:
            left[before] += 1
        if after is not None:
            joined[after] += 1
    return (
        {cell: cells[cell] for cell in sorted(cells, key=lambda cell: (place[cell[0]], place[cell[1]]))},
        {response: joined[response] for response in responses if joined[response]},
        {response: left[response] for response in responses if left[response]},
    )


def _moves_json(shift: ViewShift | ShiftRow) -> dict[str, Any]:
    cells = [{"from": before, "to": after, "n": n} for (before, after), n in shift.cells.items()]
    return {"cells": cells, "joined": dict(shift.joined), "left": dict(shift.left)}


def _moves(data: Mapping[str, Any]) -> tuple[Cells, dict[str, int], dict[str, int]]:
    cells = {(cell["from"], cell["to"]): cell["n"] for cell in data["cells"]}
    return cells, in_order(data["joined"]), in_order(data["left"])
