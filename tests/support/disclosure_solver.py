"""Somebody who reads all that is published of votes, and solves for how single people voted.

The attacker knows who is in which group, who came to which vote, when, and on what; not how anybody voted. People of
whom all of that is the same are a `Kind`, and cannot be told apart. Everything published is a sum over kinds
(`Fact`), so what is possible is a set of whole numbers (how many of each kind voted how) under linear constraints,
which HiGHS solves (Huangfu and Hall, 2018). A kind's vote is worked out where all solutions agree on one mark for each
of its people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import highspy

# One mark for each vote; "" where somebody did not come to it. Last, the lot that was drawn for them.
Votes: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """People who cannot be told apart: their group, and for each vote "" (they did not come) or what a neighbour saw of
    it ("phone", "phone before the 2nd count", "paper"). `lots` are those that can be drawn for each of them; nobody
    sees which was."""

    group: str | None
    seen: tuple[str, ...]
    lots: tuple[str, ...] = ("",)

    def came(self, vote: int) -> bool:
        """Says whether they came to this vote."""
        return bool(self.seen[vote])


@dataclass(frozen=True)
class Fact:
    """A published number: of the people for whom `counts` is true there are `least` to `most`."""

    counts: Callable[[Kind, Votes], bool]
    least: int
    most: int


def exactly(n: int, counts: Callable[[Kind, Votes], bool]) -> Fact:
    """Gives the fact that there are `n` such people."""
    return Fact(counts, n, n)


def ways(kind: Kind, marks: Sequence[str], alike: Iterable[tuple[int, int]] = ()) -> Iterator[Votes]:
    """Lists every way in which somebody of a kind can have voted; the same mark in the votes that are `alike`."""
    for votes in product(*(marks if came else ("",) for came in kind.seen), kind.lots):
        if all(votes[a] == votes[b] for a, b in alike if kind.came(a) and kind.came(b)):
            yield votes


def worked_out(
    people: Mapping[Kind, Sequence[Votes]],
    marks: Sequence[str],
    facts: Sequence[Fact],
    alike: Sequence[tuple[int, int]] = (),
) -> list[tuple[Kind, int, str]]:
    """Lists the kinds whose people's votes all follow from the facts, with the vote and the mark.

    `people` is what happened, for which the facts must hold; `alike` are pairs of votes in which the attacker supposes
    that everybody who came to both voted the same.
    """
    solver = _Solver(people, marks, facts, alike)
    # What happened is one solution, so only those can be worked out who were of one mind.
    open_ = {
        (kind, vote): cast[0][vote]
        for kind, cast in people.items()
        for vote in range(len(kind.seen))
        if kind.came(vote) and len({votes[vote] for votes in cast}) == 1
    }
    while open_:
        other = solver.others(open_)
        if not other:
            break
        for which in other:
            del open_[which]
    return [(kind, vote, mark) for (kind, vote), mark in open_.items()]


class _Solver:
    def __init__(
        self,
        people: Mapping[Kind, Sequence[Votes]],
        marks: Sequence[str],
        facts: Sequence[Fact],
        alike: Sequence[tuple[int, int]],
    ) -> None:
        self._ways = [(kind, votes) for kind in people for votes in ways(kind, marks, alike)]
        # Its stubs give every method of this class types but the one that makes it.
        self._highs = highspy.Highs()  # type: ignore[no-untyped-call]
        self._highs.setOptionValue("output_flag", False)
        self._highs.setOptionValue("threads", 1)
        for kind, _votes in self._ways:
            self._highs.addVar(0, len(people[kind]))
        for column in range(len(self._ways)):
            self._highs.changeColIntegrality(column, highspy.HighsVarType.kInteger)
        rows: dict[frozenset[int], tuple[int, int]] = {}
        for kind, cast in people.items():
            rows[frozenset(i for i, (of, _) in enumerate(self._ways) if of == kind)] = (len(cast), len(cast))
        happened = Counter((kind, votes) for kind, cast in people.items() for votes in cast)
        for fact in facts:
            columns = frozenset(i for i, way in enumerate(self._ways) if fact.counts(*way))
            true = sum(happened[self._ways[i]] for i in columns)
            assert fact.least <= true <= fact.most, "what is published must be true"
            least, most = rows.get(columns, (fact.least, fact.most))
            rows[columns] = max(least, fact.least), min(most, fact.most)
        for columns, (least, most) in rows.items():
            if columns:
                index = sorted(columns)
                self._highs.addRow(least, most, len(index), index, [1.0] * len(index))

    def others(self, open_: Mapping[tuple[Kind, int], str]) -> set[tuple[Kind, int]]:
        """Finds one way in which as many as can be of these kinds voted otherwise in these votes; returns which did."""
        costs: Counter[int] = Counter()
        of: dict[tuple[Kind, int], list[int]] = {}
        for (kind, vote), mark in open_.items():
            columns = [i for i, (k, votes) in enumerate(self._ways) if k == kind and votes[vote] != mark]
            of[kind, vote] = columns
            costs.update(columns)
        for column in range(len(self._ways)):
            self._highs.changeColCost(column, float(costs[column]))
        self._highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
        self._highs.run()
        assert self._highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        found = self._highs.getSolution().col_value
        return {which for which, columns in of.items() if any(found[i] > 0.5 for i in columns)}


def kinds_of(people: Iterable[tuple[Kind, Votes]]) -> dict[Kind, list[Votes]]:
    """Puts people of a kind together."""
    of: dict[Kind, list[Votes]] = {}
    for kind, votes in people:
        of.setdefault(kind, []).append(votes)
    return of
