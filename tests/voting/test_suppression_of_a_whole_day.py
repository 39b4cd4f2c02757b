"""A whole day's tables under attack: all that is published of it, taken together, by somebody who tries everything.

Of two votes on one question: results with their rows, equal voice, consensus and quorum; every ballot as it is opened,
with its label and whether it was a paper; every reason with its label; the results with badges off before that is
lifted; the groups that stops are credited to, who is in the room, and further groups that people told of. Who moved is
attacked by itself, with every lot that can be drawn.

The attacker knows who came, with which group, to which vote, and who used a paper; not how anybody voted. They try
every way in which everybody can have voted, and keep those that look the same from outside. Where all of these agree on
how a small group voted, it was worked out.

tests/voting/test_suppression_attack.py attacks larger rooms, knowing that numbers are sums.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement, product
from math import prod

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forum.record.verify.export import DEVICE, PAPER
from forum.sessions.stop import credits
from forum.voting import suppression, view_shift
from forum.voting.commission import Commission, DecisionPower, Group
from forum.voting.quorum import Quorum
from forum.voting.suppression import GroupId, Partition, Result
from forum.voting.view_shift import followed

MARKS = ("agree", "disagree")
LISTED = tuple(Group(letter, f"Group {letter.upper()}") for letter in "abcd")
POWER = DecisionPower("consultation", "the board", "the order", "the budget")
# More ways of voting than these are too many to try in a test.
MOST_WAYS = 600

# How somebody voted in each of the two votes; "" where they did not.
Votes = tuple[str, str]


@dataclass(frozen=True)
class Person:
    """Somebody in the room: their group, another one that they told of, to which votes they came, whether on paper.

    A paper is followed from no vote to the next, so whoever used one stands for one vote.
    """

    group: GroupId
    also: GroupId
    came: tuple[bool, bool]
    paper: bool


@dataclass(frozen=True)
class Day:
    """People of a day, and the threshold below which a group is small."""

    people: tuple[Person, ...]
    threshold: int

    @property
    def commission(self) -> Commission:
        return Commission("c", "Title", "Question?", "plan", POWER, LISTED, self.threshold)

    def ways(self) -> Iterator[tuple[Votes, ...]]:
        """Yields every way in which everybody can have voted."""
        here = [[MARKS if came else ("",) for came in person.came] for person in self.people]
        return product(*(list(product(first, second)) for first, second in here))

    def voters(self, i: int) -> list[int]:
        return [n for n, person in enumerate(self.people) if person.came[i]]

    def partition(self) -> Partition:
        return suppression.freeze(Counter(self.people[n].group for n in self.voters(0)), self.commission)


def published(day: Day, votes: Sequence[Votes]) -> str:
    """Returns everything that leaves the house of a day on which people voted like this."""
    partition, threshold = day.partition(), day.threshold
    shown: list[object] = []
    results: list[Result] = []
    for i in (0, 1):
        cast = [(n, day.people[n].group, votes[n][i], day.people[n].paper) for n in day.voters(i)]
        ballots = [(group, mark) for _, group, mark, _ in cast]
        result = suppression.published(
            partition, ballots, ["r1"], threshold, method="opinion", quorum=Quorum(4, 2), invited=LISTED
        )
        results.append(result)
        label = suppression.label_of(partition, Counter(group for group, _ in ballots), threshold, "opinion")
        origin = suppression.origin_of(partition, [(group, paper) for _, group, _, paper in cast], threshold, "opinion")
        opened = sorted((label(group), origin(paper), mark) for _, group, mark, paper in cast if result.counts)
        # Everybody gave a reason: it stands under its answer with the same label.
        shown += [result.without_groups().to_json(), opened, sorted((label(group), mark) for group, mark in ballots)]
    joined = Counter(person.group for person in day.people)
    told: Counter[GroupId] = Counter(person.also for person in day.people if person.also)
    shown += [result.to_json() for result in results]
    shown += [sorted(credits(joined, day.commission).values())]
    shown += [sorted(suppression.in_the_room(of, threshold).items(), key=str) for of in (joined, told)]
    return json.dumps(shown, sort_keys=True)


def worked_out(day: Day, votes: Sequence[Votes]) -> Iterator[str]:
    """Attacks the published numbers of a day; yields one sentence for each small group found out in each vote."""
    seen = published(day, votes)
    possible = [way for way in day.ways() if published(day, way) == seen]
    assert tuple(votes) in possible
    for i in (0, 1):
        voters = day.voters(i)
        for group, size in Counter(day.people[n].group for n in voters).items():
            if size >= day.threshold or size == len(voters):
                continue
            mine = [n for n in voters if day.people[n].group == group]
            agreed = {sum(way[n][i] == MARKS[0] for n in mine) for way in possible}
            if len(agreed) == 1 and not carried(day, votes, mine, i):
                yield f"group {group} in vote {i + 1}: {agreed.pop()} of {size} agreed"


def carried(day: Day, votes: Sequence[Votes], mine: Sequence[int], i: int) -> bool:
    """Tells whether it shows only because enough people who are seen together all voted alike: a row, or those of it
    who came to the same votes, papers apart where they are told apart."""
    partition, voters = day.partition(), day.voters(i)
    present = Counter(day.people[n].group for n in voters)
    label = suppression.label_of(partition, present, day.threshold, "opinion")
    papers = [(day.people[n].group, day.people[n].paper) for n in voters]
    origin = suppression.origin_of(partition, papers, day.threshold, "opinion")
    enough = min(day.threshold, len(voters))

    def alike(together: list[int]) -> bool:
        return len(together) >= enough and len({votes[n][i] for n in together}) == 1

    def seen(n: int) -> tuple[object, ...]:
        return day.people[n].came, origin(day.people[n].paper)

    def carries(n: int) -> bool:
        row = [m for m in voters if label(day.people[m].group) == label(day.people[n].group)]
        return alike(row) or alike([m for m in row if seen(m) == seen(n)])

    return all(carries(n) for n in mine)


def a_day(chance: random.Random) -> tuple[Day, list[Votes]]:
    """Makes a small day with small groups, of people who come late, go early or use a paper; and how they voted."""
    while True:
        threshold = chance.choice((2, 2, 3))
        people: list[Person] = []
        for group in chance.sample([*"abcd", None], chance.randint(2, 4)):
            for _ in range(chance.randint(1, 4)):
                paper = chance.random() < 0.3
                once = [(True, False), (False, True)]
                came = chance.choice(once if paper else [(True, True), (True, True), *once])
                people.append(Person(group, chance.choice([None, None, *"abcd"]), came, paper))
        day = Day(tuple(people), threshold)
        if len(people) >= 4 and 2 ** sum(sum(person.came) for person in people) <= MOST_WAYS:
            lean = chance.random()
            way = [tuple((MARKS[chance.random() > lean] if here else "") for here in p.came) for p in people]
            return day, [(first, second) for first, second in way]


# Days on which a column or an origin is of one mind gave somebody away once (issue 12).
@example(467)
@example(486)
@example(3475)
@example(61093)
@example(121880)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9))
def test_nothing_of_a_whole_day_tells_how_a_small_group_voted(seed: int) -> None:
    assert list(worked_out(*a_day(random.Random(seed)))) == []


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**9))
def test_what_hangs_on_who_came_says_nothing_of_how_they_voted(seed: int) -> None:
    """Quorum, credits, who is in the room, further groups, which ballots are marked as papers."""
    day, votes = a_day(random.Random(seed))
    alike = [tuple(MARKS[0] if here else "" for here in vote) for vote in votes]

    def turnouts(of: Sequence[Votes]) -> list[object]:
        shown = json.loads(published(day, of))
        results = [[result["quorum"], result["withheld"]] for result in shown[6:8]]
        return [results, shown[8:], *(Counter((label, origin) for label, origin, _ in shown[i]) for i in (1, 4))]

    assert turnouts(votes) == turnouts([(first, second) for first, second in alike])


# ---------------------------------------------------------------- what the attacker must see through


def found(days: int = 150) -> bool:
    return any(list(worked_out(*a_day(random.Random(seed)))) for seed in range(days))


def test_the_attacker_sees_through_papers_that_are_always_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression, "origin_of", lambda *_: lambda paper: PAPER if paper else DEVICE)
    assert found()


def test_the_attacker_sees_through_ballots_and_reasons_with_their_own_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression, "label_of", lambda *_: str)
    assert found()


def test_the_attacker_sees_through_rows_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    placed = suppression._placed
    monkeypatch.setattr(suppression, "_placed", lambda partition, present, _threshold: placed(partition, present, 1))
    assert found()


# ---------------------------------------------------------------- who moved, with every lot


@dataclass(frozen=True)
class Moved:
    """People of one row who came to the same votes, and how they voted in both: nobody can tell them apart."""

    row: str
    votes: tuple[Votes, ...]

    @property
    def ways(self) -> list[Votes]:
        """Lists every way in which one of them can have voted."""
        here = [MARKS if came else ("",) for came in self.votes[0]]
        return list(product(*here))  # type: ignore[arg-type]


def tables(people: Sequence[tuple[str, Votes]]) -> dict[tuple[str, int, str], int]:
    """Counts the ballots of both votes by row and mark: what results publish."""
    return Counter((row, i, votes[i]) for row, votes in people for i in (0, 1) if votes[i])


@cache
def every_shift(people: frozenset[tuple[Votes, int]], threshold: int) -> frozenset[frozenset[tuple[Votes, int]]]:
    """Lists every view shift that can be published of people who voted like this, whatever lots are drawn."""
    before, after = (Counter(dict.fromkeys(MARKS, 0)) for _ in (0, 1))
    for (first, second), n in people:
        before.update({first: n} if first else {})
        after.update({second: n} if second else {})
    both = [(votes, n) for votes, n in people if all(votes)]
    found = set()

    def go(moves: dict[Votes, int], taken: tuple[Votes, ...]) -> None:
        steps = iter(taken)

        def drawn_out(cells: dict[Votes, int]) -> Votes:
            step = next(steps, None)
            if step is None:
                raise _Branch(list(cells))
            return step

        try:
            found.add(frozenset(followed(moves, before, after, threshold, drawn_out).items()))
        except _Branch as branch:
            for cell in branch.cells:
                go(moves, (*taken, cell))

    for drawn in product(*(range(n + 1) for _, n in both)):
        go({votes: n for (votes, _), n in zip(both, drawn, strict=True) if n}, ())
    return frozenset(found)


class _Branch(Exception):
    def __init__(self, cells: list[Votes]) -> None:
        super().__init__(cells)
        self.cells = cells


def a_moved_room(chance: random.Random) -> list[Moved]:
    """Makes a room of a few kinds of people, most of them in both votes."""
    while True:
        kinds = []
        for _ in range(chance.randint(2, 3)):
            came = chance.choice([(1, 1), (1, 1), (1, 1), (1, 0), (0, 1)])
            lean = chance.random()
            votes = [
                tuple((MARKS[chance.random() > lean] if here else "") for here in came)
                for _ in range(chance.randint(1, 7 if all(came) else 3))
            ]
            kinds.append(Moved(chance.choice("xy"), tuple(sorted(votes))))  # type: ignore[arg-type]
        if prod(len(list(combinations_with_replacement(kind.ways, len(kind.votes)))) for kind in kinds) < 5000:
            return kinds


def told_by_the_shift(kinds: Sequence[Moved], threshold: int) -> list[str]:
    """Attacks every view shift that can be published of a room beside its tables. The attacker knows the rules, tries
    every way of voting with every lot, and says whose vote is one and the same in all that fit, though not by the
    tables alone."""

    def people(cast: Sequence[Sequence[Votes]]) -> list[tuple[str, Votes]]:
        return [(kind.row, vote) for kind, votes in zip(kinds, cast, strict=True) for vote in votes]

    def shifts(cast: Sequence[Sequence[Votes]]) -> frozenset[frozenset[tuple[Votes, int]]]:
        return every_shift(frozenset(Counter(vote for _, vote in people(cast)).items()), threshold)

    happened = [kind.votes for kind in kinds]
    seen = tables(people(happened))
    every = product(*(combinations_with_replacement(kind.ways, len(kind.votes)) for kind in kinds))
    fitting = [(cast, shifts(cast)) for cast in every if tables(people(cast)) == seen]
    out = []
    for shown in shifts(happened):
        for number, i in product(range(len(kinds)), (0, 1)):
            by_tables, by_both = (
                {vote[i] for cast, can_be in fitting if shown in can_be or not shift for vote in cast[number]}
                for shift in (False, True)
            )
            if len(by_both) == 1 and len(by_tables) > 1:
                out.append(f"kind {number} in vote {i + 1}: {by_both.pop()}, by {sorted(shown)}")
    return out


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9), st.integers(3, 4))
def test_no_view_shift_tells_how_anybody_voted_whatever_lots_are_drawn(seed: int, threshold: int) -> None:
    assert told_by_the_shift(a_moved_room(random.Random(seed)), threshold) == []


def test_a_view_shift_that_follows_everybody_is_seen_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_shift, "LEAST_APART", 0)
    every_shift.cache_clear()
    assert any(told_by_the_shift(a_moved_room(random.Random(seed)), 3) for seed in range(30))
    every_shift.cache_clear()
