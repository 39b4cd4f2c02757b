"""Small-number rules: what leaves the room of a result, where the commission chose them before any vote.

Every number of votes below the commission's threshold is hidden, nought too, since "nobody" tells of each who was
there. All others are rounded to a multiple of STEP, and so is the number of ballots. Where a hidden number would follow
all the same, others are hidden beside it, the smallest first. The reader is supposed to know how many voted in each
row, and, where the ballots are opened, how many gave each answer. The room's own screens are exact.

All that is given here follows from the result that the room may see. So nobody's vote follows from it that does not
follow from that one, which suppression.py decides. tests/voting/test_small_numbers.py attacks both.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from forum.voting.methods import METHODS
from forum.voting.quorum import Quorum, Turnout
from forum.voting.result import Result, TableRow
from forum.voting.suppression import NO_COUNT, consensus_of, equal_voice, preference, too_few
from forum.voting.view_shift import ViewShift

STEP = 5  # people, to a multiple of which a number is rounded

# Why something is not given: English sentences, which are the gettext message ids.
NOTHING_OUTSIDE = (
    "No result of this vote is given outside the room: its numbers are small, and could show how somebody voted."
)
NO_GROUPS_OUTSIDE = (
    "Nothing is given by group outside the room for this vote: the numbers are small, and could show how somebody"
    " voted."
)

# A number in a table: that of its row, or WHOLE for the whole room, and its mark.
Cell: TypeAlias = tuple[int, str]
WHOLE = -1
_NOT = "not "  # begins the mark of ballots that lack one, where a ballot may bear any number of marks
_ROOM = " room"  # where all marks end


def rounded(n: int, threshold: int) -> int:
    """Rounds a number of at least the threshold to the nearest multiple of STEP that is not below it."""
    return STEP * max((n + STEP // 2) // STEP, -(-threshold // STEP))


def could_be(n: int, threshold: int) -> range:
    """Lists the numbers that are rounded to `n`."""
    return range(threshold if n == rounded(threshold, threshold) else n - STEP // 2, n + STEP // 2 + 1)


def people_outside(n: int, threshold: int) -> int | None:
    """Gives a number of people as it may leave the room: rounded, or None for fewer than the threshold."""
    return rounded(n, threshold) if n >= threshold else None


def sealed(counts: Mapping[str, int], choices: Iterable[str], threshold: int) -> bool:
    """Says whether a vote's ballots stay closed: fewer than the threshold gave one answer, or made one choice.

    `counts` is the tally of the `choices`.
    """
    return any(n < threshold for n in (*counts.values(), *Counter(choices).values()))


def outside(
    exact: Result,
    choices: Sequence[str],
    responses: Sequence[str],
    threshold: int,
    method: str = "single",
    *,
    first: Result | None = None,
) -> Result:
    """Gives what may leave the room of the result `exact`, which was counted from the ballots `choices`.

    `responses` are the ids of its responses, `method` one of methods.METHODS. `first` is what left the room of the vote
    before the replay: without it nothing is said of who moved.
    """
    if not exact.n or too_few(exact.n, threshold):
        return _nothing(exact, 0, NO_COUNT)
    if not exact.counts:
        return _nothing(exact, rounded(exact.n, threshold), exact.withheld or NO_COUNT)
    way, closed = METHODS[method], sealed(exact.counts, choices, threshold)
    # The rows of a method whose rows are told by means would need their numbers exact.
    by_share = way.shares(exact.counts, exact.n).keys() <= exact.counts.keys()
    rows = exact.rows if by_share else ()
    hidden = hidden_cells(replace(exact, rows=rows), way.one_of(responses), threshold, closed=closed)
    marks = tuple(mark for mark in exact.counts if (WHOLE, mark) in hidden)
    if len(marks) == len(exact.counts):
        return _nothing(exact, rounded(exact.n, threshold), NOTHING_OUTSIDE)
    table = tuple(
        TableRow(row.label, rounded(row.n, threshold), _counts(row.counts, marks_of, threshold), marks_of)
        for at, row in enumerate(rows)
        for marks_of in [tuple(mark for mark in row.counts if (at, mark) in hidden)]
    )
    if all(len(row.hidden) == len(row.counts) for row in table):
        table = ()
    counts = _counts(exact.counts, marks, threshold)
    full = bool(table) and not any(row.hidden for row in table)
    return Result(
        counts=counts,
        n=rounded(exact.n, threshold),
        rows=table,
        withheld=NO_GROUPS_OUTSIDE if exact.rows and not table else exact.withheld,
        equal_voice=equal_voice(table, method) if full else None,
        shift=_shift(exact.shift, first, marks, threshold) if exact.shift and first and first.counts else None,
        consensus=consensus_of(table) if full and way.CONSENSUS else None,
        quorum=exact.quorum if table else _of_everybody(exact),
        hidden=marks,
        # Of two numbers that are level once rounded, it would tell too much which is higher.
        preferred=way.preferred(counts, None) if way.BY_NUMBERS else preference(exact, method),
        sealed=closed,
    )


def _nothing(exact: Result, n: int, why: str) -> Result:
    return Result({}, n, (), why, None, quorum=_of_everybody(exact), preferred=(), sealed=True)


def _of_everybody(exact: Result) -> Turnout | None:
    """Gives a quorum as it is said where nothing is given by group."""
    said = exact.quorum
    return said and Quorum(said.ballots, said.each_group).held_against(exact.n, {})


def _counts(counts: Mapping[str, int], hidden: Sequence[str], threshold: int) -> dict[str, int]:
    return {mark: 0 if mark in hidden else rounded(n, threshold) for mark, n in counts.items()}


def _shift(shift: ViewShift, first: Result, hidden: Sequence[str], threshold: int) -> ViewShift:
    """Rounds the moves between answers whose numbers are given; those of whom nothing is said are counted nowhere."""
    cells = {
        (before, after): rounded(n, threshold)
        for (before, after), n in shift.cells.items()
        if n >= threshold and before not in first.hidden and after not in hidden
    }
    return replace(shift, cells=cells, joined={}, left={}, rows=())


# ---------------------------------------------------------------- what is hidden


def hidden_cells(exact: Result, one_of: Sequence[Sequence[str]], threshold: int, *, closed: bool) -> set[Cell]:
    """Lists the numbers of a table that are hidden: those below the threshold, and those from which one would follow.

    `one_of` are the sets of marks of which every ballot bears exactly one; there is none where it bears any number of
    marks. `closed`: the ballots are not opened. Where they are, everybody can count the whole room, so that is not
    hidden, and no number in it is below the threshold.
    """
    hidden: set[Cell] = set()
    for marks in one_of or [(mark, _NOT + mark) for mark in exact.counts]:
        table = _Table(exact, marks, threshold, closed=closed)
        while (fixed := table.fixed()) and (beside := table.beside(fixed)):
            table.hidden.add(beside)
        hidden |= table.hidden
    return hidden


class _Table:
    """Numbers of a result, exact, for marks of which each ballot bears one: what is hidden, and what follows from the
    rest.

    `numbers` has that of each cell. The reader knows how many ballots each row has, and all that is published.
    """

    def __init__(self, exact: Result, marks: Sequence[str], threshold: int, *, closed: bool) -> None:
        """Hides what is below the threshold. Ballots without a mark (`_NOT`) are never published, and so hidden."""
        parts = [(WHOLE, exact.counts, exact.n), *((at, row.counts, row.n) for at, row in enumerate(exact.rows))]
        self._ballots = {at: n for at, _, n in parts}
        self._threshold, self._closed = threshold, closed
        self.numbers = {
            (at, mark): n - counts[mark.removeprefix(_NOT)] if mark.startswith(_NOT) else counts[mark]
            for at, counts, n in parts
            for mark in marks
        }
        small = {cell for cell, n in self.numbers.items() if n < threshold or cell[1].startswith(_NOT)}
        self.hidden: set[Cell] = small if closed else {cell for cell in small if cell[0] != WHOLE}

    def fixed(self) -> Cell | None:
        """Finds a hidden number that can be no other; None where each of them can.

        The numbers are a flow from rows through marks into the whole room, each between two bounds. One of them can be
        another where it is on a circle on which each can be one more or one less.
        """
        arcs = dict(self._arcs())
        ways = defaultdict(set)
        for (start, end), (n, least, most) in arcs.items():
            if n < most:
                ways[start].add(end)
            if n > least:
                ways[end].add(start)
        for cell in sorted(self.hidden):
            start, end = self._arc(cell)
            if not any(
                there in ways[here] and _leads(ways, there, here) for here, there in ((start, end), (end, start))
            ):
                return cell
        return None

    def beside(self, fixed: Cell) -> Cell | None:
        """Chooses what to hide beside a hidden number that follows: of the same row, of the same mark, or else any; the
        smallest. A group's number never hides one of the whole room: without any left, its table is not given."""
        shown = [cell for cell in self.numbers if cell not in self.hidden and (cell[0] == WHOLE) == (fixed[0] == WHOLE)]

        def nearness(cell: Cell) -> tuple[bool, bool, int]:
            return cell[0] != fixed[0], cell[1] != fixed[1], self.numbers[cell]

        return min(shown, key=nearness, default=None)

    def _arc(self, cell: Cell) -> tuple[object, object]:
        at, mark = cell
        return (mark, _ROOM) if at == WHOLE and len(self._ballots) > 1 else (at, mark)

    def _arcs(self) -> Iterator[tuple[tuple[object, object], tuple[int, int, int]]]:
        """Yields for each number between which ends it flows, itself, and the least and most it can be for a reader."""
        for cell, n in self.numbers.items():
            at, mark = cell
            if cell in self.hidden:
                # As if the reader knew which are small themselves: so they learn nothing from what is hidden.
                bounds = (0, self._threshold - 1) if n < self._threshold else (self._threshold, self._ballots[at])
            elif at == WHOLE and not self._closed:
                bounds = n, n
            else:
                could = could_be(rounded(n, self._threshold), self._threshold)
                bounds = could[0], min(could[-1], self._ballots[at])
            yield self._arc(cell), (n, *bounds)
            if len(self._ballots) == 1:  # no groups: nothing but its own row holds a mark's number
                yield (mark, _ROOM), (n, 0, self._ballots[at] + 1)


def _leads(ways: Mapping[object, Collection[object]], start: object, end: object) -> bool:
    """Says whether one comes from `start` to `end` in more than the one step between them."""
    seen, waiting = {start}, [one for one in ways[start] if one != end]
    while waiting:
        here = waiting.pop()
        if here == end:
            return True
        if here not in seen:
            seen.add(here)
            waiting.extend(ways[here])
    return False
