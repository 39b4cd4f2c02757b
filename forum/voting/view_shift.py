"""View shift: who moved from what to what between a first vote and the vote after the replay.

What is given must fit so many ways of voting that nobody's vote follows from it, whatever else is known: both
results, the opened ballots, who was there when. So people are followed by lot. Of those whose ballots of both votes are
known to be one person's, nine in ten are drawn; some of these are drawn out again, until of every mark LEAST_APART
ballots in each vote (or all that it has) are in no published move; and a move is published where at least the threshold
of those followed made it. Nobody is told who was drawn, nor how many: so a move that is not published says nothing.

tests/voting/test_disclosure.py attacks it by solving for single votes, test_suppression_of_a_whole_day.py by trying
every vote and every lot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from forum.voting.methods import in_order

DRAWN = 0.9  # share of those in both votes who are drawn to be followed
LEAST_APART = 4  # ballots for each mark that are in no published move

# Why something is not given: English sentences, which are the gettext message ids.
BY_LOT = (
    "Moves are shown where enough people made them together, and some people, drawn by lot, are not followed: so nobody"
    " can work out how somebody voted. Everybody else stands under “Others”."
)
NOBODY_FOLLOWED = "Who moved is not shown, because that could show how a few people voted."

GroupId: TypeAlias = str | None
Cell: TypeAlias = tuple[str, str]
Cells: TypeAlias = dict[Cell, int]
Votes: TypeAlias = Mapping[str, str]


class ShiftRow(msgspec.Struct, frozen=True):
    """A published row's moves, in records that were written before people were followed by lot."""

    label: str
    cells: Cells
    joined: dict[str, int]
    left: dict[str, int]


@dataclass(frozen=True)
class ViewShift:
    """A view shift between the round `first` and the one after it.

    `cells` counts the people who are followed by (first response, second response). `left` are all other ballots of
    the first round, `joined` all others of the second. All in the order of the responses, only what is above zero;
    cells and `left` add up to the first head count, cells and `joined` to the second. `withheld` says what is not
    given, and why. `rows` has the same by group in records from before; nothing by group is given now.
    """

    first: str
    cells: Cells
    joined: dict[str, int]
    left: dict[str, int]
    rows: tuple[ShiftRow, ...] = ()
    withheld: str | None = BY_LOT

    @property
    def stayed(self) -> int:
        """Counts those followed who gave the same answer twice."""
        return sum(n for (before, after), n in self.cells.items() if before == after)

    @property
    def moved(self) -> int:
        """Counts those followed who gave another answer the second time."""
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


def view_shift(
    first_id: str,
    first: Votes,
    second: Votes,
    responses: Sequence[str],
    threshold: int,
    chance: Callable[[], float],
) -> ViewShift:
    """Works out who moved between two rounds on the same question, as far as it may be shown.

    `first` and `second` are their ballots by participant: the one mark on it. `responses` are the marks that there
    can be. `chance` draws a number from 0 up to 1; it must draw the same ones each time, and nobody may know them.
    Raises ValueError for a ballot whose mark is none of `responses`.
    """
    if not {*first.values(), *second.values()} <= {*responses}:
        raise ValueError(f"a ballot for none of {list(responses)}")
    both = sorted(person for person in first if person in second)

    def drawn_out(cells: Cells) -> Cell:
        people = [cell for cell, n in cells.items() for _ in range(n)]
        return people[int(chance() * len(people))]

    before, after = Counter(first.values()), Counter(second.values())
    moves = Counter((first[person], second[person]) for person in both if chance() < DRAWN)
    cells = followed(moves, before, after, threshold, drawn_out)
    before.subtract({mark: sum(n for cell, n in cells.items() if cell[0] == mark) for mark in responses})
    after.subtract({mark: sum(n for cell, n in cells.items() if cell[1] == mark) for mark in responses})
    return ViewShift(
        first_id,
        cells={(a, b): cells[a, b] for a in responses for b in responses if (a, b) in cells},
        joined={mark: after[mark] for mark in responses if after[mark]},
        left={mark: before[mark] for mark in responses if before[mark]},
        withheld=BY_LOT if cells else NOBODY_FOLLOWED,
    )


def followed(
    moves: Mapping[Cell, int],
    before: Mapping[str, int],
    after: Mapping[str, int],
    threshold: int,
    drawn_out: Callable[[Cells], Cell],
) -> Cells:
    """Chooses the moves that are published, and how many people each is published with.

    `moves` are the people drawn to be followed, `before` and `after` all ballots of the two votes by mark. `drawn_out`
    is given moves with people, and draws the one from which somebody is followed no further.
    """
    left = dict(moves)
    while True:
        given = {cell: n for cell, n in left.items() if n >= threshold}
        short = [
            {
                mark
                for mark, n in ballots.items()
                if n - sum(k for cell, k in given.items() if cell[side] == mark) < min(n, LEAST_APART)
            }
            for side, ballots in enumerate((before, after))
        ]
        tight = {cell: n for cell, n in given.items() if cell[0] in short[0] or cell[1] in short[1]}
        if not tight:
            return given
        left[drawn_out(tight)] -= 1


def _moves_json(shift: ViewShift | ShiftRow) -> dict[str, Any]:
    cells = [{"from": before, "to": after, "n": n} for (before, after), n in shift.cells.items()]
    return {"cells": cells, "joined": dict(shift.joined), "left": dict(shift.left)}


def _moves(data: Mapping[str, Any]) -> tuple[Cells, dict[str, int], dict[str, int]]:
    cells = {(cell["from"], cell["to"]): cell["n"] for cell in data["cells"]}
    return cells, in_order(data["joined"]), in_order(data["left"])
