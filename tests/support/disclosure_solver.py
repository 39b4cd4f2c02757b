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
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import TypeAlias

import highspy

# How many guesses of withheld tables are tried out at most.
GUESSES = 300

# One mark for each vote; "" where somebody did not come to it. Last, the lot that was drawn for them.
Votes: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """People who cannot be told apart: their group, and for each vote "" (they did not come) or what a neighbour saw of
    it ("phone", "phone before the 2nd count", "paper"). `lots` are those that can be drawn for each of them; nobody
    sees which was. `name` is that of somebody whom the attacker knows well, and so apart from all others."""

    group: str | None
    seen: tuple[str, ...]
    lots: tuple[str, ...] = ("",)
    name: str = ""

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


@dataclass(frozen=True)
class Withheld:
    """A vote of which a table was withheld, by a rule that is known: its ballots (how many of each group and mark) must
    be such that it would be. `guesses` are facts to try out, each a list, which alone or together need not be true:
    what is possible under any of them, and by the rule, is possible."""

    vote: int
    by_rule: Callable[[Mapping[tuple[str | None, str], int]], bool]
    guesses: Sequence[Sequence[Fact]]


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
    withheld: Sequence[Withheld] = (),
) -> list[tuple[Kind, int, str]]:
    """Lists the kinds whose people's votes all follow from the facts, with the vote and the mark.

    `people` is what happened, for which the facts must hold; `alike` are pairs of votes in which the attacker supposes
    that everybody who came to both voted the same.
    """
    return _Solver(people, marks, facts, alike, withheld).follows()


def worked_out_of_friends(
    people: Mapping[Kind, Sequence[Votes]],
    marks: Sequence[str],
    facts: Sequence[Fact],
    alike: Sequence[tuple[int, int]],
    withheld: Sequence[Withheld] = (),
) -> list[tuple[Kind, int, str]]:
    """Lists what `worked_out` does for an attacker who is sure of one person only that they voted the same in the votes
    that are `alike`, whoever that person is, and supposes nothing of all others. Each fact must be about one vote.
    """
    apart: list[tuple[Kind, Votes]] = []
    twice = [kind for kind in people if any(kind.came(a) and kind.came(b) for a, b in alike)]
    friends: list[list[tuple[Kind, int]]] = []
    for named, (kind, cast) in enumerate(people.items()):
        for number, votes in enumerate(cast):
            # Somebody of whose other votes nothing is supposed is as good as somebody else in each vote.
            each = [i for i in range(len(kind.seen)) if kind.came(i)]
            friend = number == 0 and kind in twice
            single = [replace(kind, seen=_only(i, kind.seen), name=str(named) if friend else "") for i in each]
            apart += [(one, (*_only(i, votes[:-1]), votes[-1])) for i, one in zip(each, single, strict=True)]
            if friend:
                friends.append(list(zip(single, each, strict=True)))
    solver = _Solver(kinds_of(apart), marks, facts, (), withheld)
    found = dict.fromkeys(which for friend in friends for which in solver.follows(friend))
    whole = {single: kind for friend, kind in zip(friends, twice, strict=True) for single, _ in friend}
    return [(whole.get(kind, kind), vote, mark) for kind, vote, mark in found]


def _only(vote: int, of: Sequence[str]) -> tuple[str, ...]:
    return tuple(one if i == vote else "" for i, one in enumerate(of))


class _Solver:
    def __init__(
        self,
        people: Mapping[Kind, Sequence[Votes]],
        marks: Sequence[str],
        facts: Sequence[Fact],
        alike: Sequence[tuple[int, int]],
        withheld: Sequence[Withheld],
    ) -> None:
        self._people, self._marks, self._withheld = people, marks, withheld
        # Of several votes the first guesses of each together, then those that come after them.
        places = product(*(range(len(one.guesses)) for one in withheld))
        first = sorted((place for place in places if sum(place) < GUESSES), key=sum)[:GUESSES]
        self._guesses = [[withheld[i].guesses[at] for i, at in enumerate(place)] for place in first]
        self._ways = [(kind, votes) for kind in people for votes in ways(kind, marks, alike)]
        self._of: dict[Kind, list[int]] = {kind: [] for kind in people}
        for column, (kind, _) in enumerate(self._ways):
            self._of[kind].append(column)
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
            rows[frozenset(self._of[kind])] = (len(cast), len(cast))
        happened = Counter((kind, votes) for kind, cast in people.items() for votes in cast)
        for fact in facts:
            columns = frozenset(i for i, way in enumerate(self._ways) if fact.counts(*way))
            true = sum(happened[self._ways[i]] for i in columns)
            assert fact.least <= true <= fact.most, "what is published must be true"
            least, most = rows.get(columns, (fact.least, fact.most))
            rows[columns] = max(least, fact.least), min(most, fact.most)
        for columns, (least, most) in rows.items():
            if columns:
                self._add(least, most, sorted(columns))

    def _add(self, least: int, most: int, columns: list[int]) -> None:
        self._highs.addRow(least, most, len(columns), columns, [1.0] * len(columns))

    def follows(self, same: Sequence[tuple[Kind, int]] = ()) -> list[tuple[Kind, int, str]]:
        """Lists the kinds whose people's votes all follow, where these kinds voted the `same` in these votes."""
        linked = self._highs.getNumRow()
        for (one, vote), (two, another) in pairwise(same):
            for mark in self._marks:
                index = self._voted(one, vote, mark) + self._voted(two, another, mark)
                self._highs.addRow(0, 0, len(index), index, [1.0] * (len(index) // 2) + [-1.0] * (len(index) // 2))
        # What happened is one solution, so only those can be worked out who were of one mind.
        open_ = {
            (kind, vote): cast[0][vote]
            for kind, cast in self._people.items()
            for vote in range(len(kind.seen))
            if kind.came(vote) and len({votes[vote] for votes in cast}) == 1
        }
        # What is possible under any guess is possible.
        for guess in list(self._guesses):
            if not open_:
                break
            known = self._highs.getNumRow()
            for fact in (fact for facts in guess for fact in facts):
                self._add(fact.least, fact.most, [i for i, way in enumerate(self._ways) if fact.counts(*way)])
            while open_ and (other := self.others(open_)):
                for which in other:
                    del open_[which]
                # What has helped once is tried first for the next ones.
                self._guesses.remove(guess)
                self._guesses.insert(0, guess)
            self._delete_rows_from(known)
        self._delete_rows_from(linked)
        return [(kind, vote, mark) for (kind, vote), mark in open_.items()]

    def _delete_rows_from(self, row: int) -> None:
        self._highs.deleteRows(self._highs.getNumRow() - row, [*range(row, self._highs.getNumRow())])

    def _voted(self, kind: Kind, vote: int, mark: str) -> list[int]:
        return [i for i in self._of[kind] if self._ways[i][1][vote] == mark]

    def others(self, open_: Mapping[tuple[Kind, int], str]) -> set[tuple[Kind, int]]:
        """Finds one way in which as many as can be of these kinds voted otherwise in these votes; returns which did."""
        costs: Counter[int] = Counter()
        of: dict[tuple[Kind, int], list[int]] = {}
        for (kind, vote), mark in open_.items():
            columns = [i for i in self._of[kind] if self._ways[i][1][vote] != mark]
            of[kind, vote] = columns
            costs.update(columns)
        for column in range(len(self._ways)):
            self._highs.changeColCost(column, float(costs[column]))
        self._highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
        # Without whole numbers first, which is quicker; most often they come out whole all the same.
        found = self._solved(relaxed=True)
        if any(abs(n - round(n)) > 1e-6 for n in found):
            found = self._solved(relaxed=False)
        if not found or not all(withheld.by_rule(self._cast(found, withheld.vote)) for withheld in self._withheld):
            return set()
        return {which for which, columns in of.items() if any(found[i] > 0.5 for i in columns)}

    def _cast(self, found: Sequence[float], vote: int) -> Counter[tuple[str | None, str]]:
        """Counts the ballots of a vote by group and mark in this solution."""
        cast: Counter[tuple[str | None, str]] = Counter()
        for (kind, votes), n in zip(self._ways, found, strict=True):
            if votes[vote]:
                cast[kind.group, votes[vote]] += round(n)
        return cast

    def _solved(self, *, relaxed: bool) -> Sequence[float]:
        """Finds the best solution; none where a guess of a withheld table is not possible at all."""
        self._highs.setOptionValue("solve_relaxation", relaxed)
        self._highs.run()
        if self._withheld and self._highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return ()
        assert self._highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return self._highs.getSolution().col_value


def kinds_of(people: Iterable[tuple[Kind, Votes]]) -> dict[Kind, list[Votes]]:
    """Puts people of a kind together."""
    of: dict[Kind, list[Votes]] = {}
    for kind, votes in people:
        of.setdefault(kind, []).append(votes)
    return of
