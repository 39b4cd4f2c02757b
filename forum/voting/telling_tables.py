"""Tables that would tell somebody's answer beside earlier ones, and all those that have to be withheld with them.

A table says how often each answer was given in a row, in the order in which the answers stand. Whoever knows the rule
learns of a withheld table that it is one of those that are. So tables close to the telling ones are withheld too: as
many that, of the withheld ones, each person can be in one with every answer that is possible at all, and beside them
anybody else in at least two. What is possible at all is what the sums of the rows say, where they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, product
from typing import TypeAlias

# How often each answer was given.
Table: TypeAlias = Sequence[int]


@dataclass(frozen=True, order=True)
class Box:
    """All tables in which each answer is given at least, and at most, so often; and those from which no more than
    `reach` ballots have to change for that."""

    least: tuple[int, ...]
    most: tuple[int, ...]
    reach: int = 0

    def holds(self, table: Table) -> bool:
        """Says whether a table is in this box, or within its reach."""
        missing = sum(max(0, least - n) for least, n in zip(self.least, table, strict=True))
        over = sum(max(0, n - most) for most, n in zip(self.most, table, strict=True))
        return max(missing, over) <= self.reach

    def find(self, n: int, least: Table, most: Table) -> list[int]:
        """Finds one of these tables, of `n` ballots and between `least` and `most`; [] where there is none."""
        table = [min(max(low, own), high) for low, high, own in zip(least, most, self.least, strict=True)]
        if any(low > high for low, high in zip(least, most, strict=True)):
            return []
        missing = self.reach - sum(max(0, own - n_) for own, n_ in zip(self.least, table, strict=True))
        over = self.reach - sum(max(0, n_ - own) for own, n_ in zip(self.most, table, strict=True))
        if missing < 0 or over < 0:
            return []
        gap = n - sum(table)
        for place, own in enumerate(self.most):  # more of what stays in the box, then of what does not
            more = max(0, min(gap, min(most[place], own) - table[place]))
            table[place], gap = table[place] + more, gap - more
        for place, limit in enumerate(most):
            more = max(0, min(gap, over, limit - table[place]))
            table[place], gap, over = table[place] + more, gap - more, over - more
        for place, limit in enumerate(least):
            fewer = max(0, min(-gap, missing, table[place] - limit))
            table[place], gap, missing = table[place] - fewer, gap + fewer, missing - fewer
        return table if gap == 0 else []


@dataclass(frozen=True)
class JudgedRow:
    """A row of the later vote: its table, and the boxes of all tables of as many ballots that would tell."""

    table: tuple[int, ...]
    telling: tuple[Box, ...]

    @property
    def n(self) -> int:
        """Counts the ballots."""
        return sum(self.table)

    @property
    def told(self) -> bool:
        """Says whether its own table is in one of the boxes."""
        return any(box.holds(self.table) for box in self.telling)

    def find(self, least: Table, most: Table) -> list[int]:
        """Finds a table in one of the boxes that is between `least` and `most`; [] where there is none."""
        return next((found for box in self.telling if (found := box.find(self.n, least, most))), [])

    def within(self, whole: Table) -> JudgedRow:
        """Leaves those boxes of which some table can be part of the `whole`."""
        none = [0] * len(whole)
        return replace(self, telling=tuple(box for box in self.telling if box.find(self.n, none, whole)))

    def widened(self, reach: int, these: Collection[Box]) -> JudgedRow:
        """Lets some of the boxes reach so many ballots farther."""
        boxes = (replace(box, reach=reach) if box in these else box for box in self.telling)
        return replace(self, telling=tuple(boxes))


Rows: TypeAlias = Sequence[JudgedRow]


def telling(answers: Sequence[str], n: int, earlier: Iterable[Mapping[str, int]]) -> Iterator[Box]:
    """Yields the boxes of those tables of `n` ballots that would tell beside earlier rows of the same people's group.

    `answers` are those offered; each earlier row says how often an answer was given, without those that were not. A
    table of more than one answer tells where it has one in common with all of some rows of more than one answer, and
    only one. And where one is of one mind, and the other too but for one ballot that says the same.
    """
    rows = list(earlier) if n > 1 else []
    common: set[frozenset[str]] = set()
    for row in rows:
        if len(row) > 1:
            common |= {frozenset(row), *(known.intersection(row) for known in common)}
    for known in common:
        if not set(answers) <= known:
            for one in known.intersection(answers):
                yield Box(
                    tuple(int(answer == one) for answer in answers),
                    tuple(n - 1 if answer == one else 0 if answer in known else n for answer in answers),
                )
    for row in rows:
        for one in row.keys() & set(answers):
            if len(row) == 1:
                for rest in set(answers) - {one}:
                    yield _just({one: 1, rest: n - 1}, answers)
            elif len(row) == 2 and row[one] == 1:
                yield _just({one: n}, answers)


def _just(counts: Mapping[str, int], answers: Sequence[str]) -> Box:
    table = tuple(counts.get(answer, 0) for answer in answers)
    return Box(table, table)


def withheld_by_group(rows: Sequence[JudgedRow]) -> bool:
    """Says whether the tables of these rows are withheld, where the sum of all is given."""
    whole = [sum(column) for column in zip(*(row.table for row in rows), strict=True)]
    judged = [row.within(whole) for row in rows]
    if not any(row.telling for row in judged):
        return False
    people = [(row, answer) for row, answer in product(range(len(rows)), range(len(whole))) if whole[answer]]
    checks = [partial(_open_by_group, whole, *one, other) for one, other in product(people, range(len(rows)))]
    return any(row.told for row in _with_others(judged, checks))


def withheld_whole(room: JudgedRow, rows: Sequence[JudgedRow]) -> bool:
    """Says whether the table of a whole room is withheld, and with it all that is by group.

    It is only asked where the `rows` are withheld by group; there are none where nothing is given by group anyhow.
    """
    checks = [partial(_open_in_room, rows, answer) for answer in range(len(room.table))]
    return bool(room.telling) and any(row.told for row in _with_others([room], checks))


def _with_others(rows: Rows, checks: Iterable[Callable[[Rows], bool]]) -> Rows:
    """Adds to the telling tables of these rows others that are withheld with them, until all checks are met.

    It takes those within 1, 2, 4 and so on ballots of one box, the first for which that is enough, else of all boxes.
    More tables never undo a check.
    """
    unmet = [check for check in checks if not check(rows)]
    made, reach = rows, 1
    while unmet and reach < 2 * max(row.n for row in rows):
        widened = [
            [*rows[:number], row.widened(reach, [box]), *rows[number + 1 :]]
            for number, row in enumerate(rows)
            for box in row.telling
        ]
        for made in (*widened, [row.widened(reach, row.telling) for row in rows]):
            if all(check(made) for check in unmet):
                return made
        reach *= 2
    return made


def _open_by_group(whole: Table, one: int, a: int, other: int, rows: Rows) -> bool:
    """Says whether, of rows of which one is in its boxes, somebody in row `one` can have answered `a`, and anybody
    else, in row `other`, more than one thing, if there is more than one in the `whole`."""
    if one == other and rows[one].n == 1:
        return True
    left = [b for b, n in enumerate(whole) if n > (a == b)]
    return _as_many_as(min(2, len(left)), (_can_be(whole, ((one, a), (other, b)), rows) for b in left))


def _can_be(whole: Table, people: Iterable[tuple[int, int]], rows: Rows) -> bool:
    """Says whether people, each of a row and with an answer, can be in rows of which one is in its boxes."""
    for number, row in enumerate(rows):
        least, most = [0] * len(whole), list(whole)
        for place, answer in people:
            if place == number:
                least[answer] += 1
            else:
                most[answer] -= 1
        if row.find(least, most):
            return True
    return False


def _open_in_room(by_group: Rows, a: int, rooms: Rows) -> bool:
    """Says whether, of a room that is in its boxes, and withheld by group too, somebody can have answered `a`, and
    anybody else more than one thing."""
    [room] = rooms
    answers = range(len(room.table))

    def can_be(b: int) -> bool:
        table = room.find([(place == a) + (place == b) for place in answers], [room.n for _ in answers])
        return bool(table) and (not by_group or any(row.within(table).telling for row in by_group))

    return _as_many_as(min(2, len(answers)), map(can_be, answers))


def _as_many_as(wanted: int, found: Iterable[bool]) -> bool:
    """Says whether so many are true, and looks no further than that."""
    return sum(1 for _ in islice(filter(None, found), wanted)) == wanted
