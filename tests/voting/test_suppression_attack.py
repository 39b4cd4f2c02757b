"""Suppression under attack: what everything published of a session, taken together, says about small groups.

The attacker knows everything published of two rounds on one question, the group of each person, and who voted in
which of the two rounds, but not how. `worked_out` finds every group below the threshold whose votes in one of the
rounds only one way of voting explains, although its people were not simply carried by a unanimous row.

It does not know how the results were made. A published number is a sum over people, so it measures what each kind
of ballot adds to each number, and combines the groups one by one. Every way of voting is attacked, with the ballots
that are opened after the reveal; the rounds of a run-off, means and medians follow from those. Who moved from vote to
vote is attacked in test_disclosure.py.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement, product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum.voting import suppression as forum_suppression
from forum.voting.commission import Commission, DecisionPower, Group
from forum.voting.methods import METHODS
from forum.voting.suppression import GroupId, Partition, Result, Row

RESPONSES = ("r1", "r2")
# Of every way of voting: the responses, and some ballots, few enough to try all.
BALLOTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "single": (RESPONSES, RESPONSES),
    "approval": (RESPONSES, ("r1", "r2", "r1 r2")),
    "ranked": (RESPONSES, ("r1", "r1>r2", "r2")),
    "score": (("r1",), ("r1=1", "r1=2", "r1=5")),
    "consent": (("r1",), ("agree", "stand_aside", "cannot_live_with")),
    "opinion": (("r1",), ("agree", "disagree", "pass")),
}
POWER = DecisionPower("consultation", "the board", "the order", "the budget")

# A kind of voter: the group, whether they voted in the first and in the second round.
Kind = tuple[GroupId, bool, bool]
# How somebody of a kind voted: the choice in each round, "" where they did not vote.
Votes = tuple[str, str]
Numbers = Counter[tuple[str, ...]]


def commission(threshold: int) -> Commission:
    """Returns a commission with the groups a to f."""
    listed = tuple(Group(letter, f"Group {letter.upper()}") for letter in "abcdef")
    return Commission("c", "Title", "Question?", "plan", POWER, listed, threshold)


@dataclass(frozen=True)
class Room:
    """People of a room and their votes; `frozen` are the ballots by group of the session's first closed round."""

    threshold: int
    frozen: tuple[tuple[GroupId, int], ...]
    people: tuple[tuple[GroupId, Votes], ...]
    method: str = "single"

    def cast(self, i: int) -> dict[str, tuple[GroupId, str]]:
        """Returns the ballots of one of the two rounds by person."""
        return {str(p): (group, votes[i]) for p, (group, votes) in enumerate(self.people) if votes[i]}

    def kinds(self) -> Counter[Kind]:
        return Counter((group, bool(first), bool(second)) for group, (first, second) in self.people)


@dataclass(frozen=True)
class Suppression:
    """The functions under attack."""

    freeze: Callable[[Mapping[GroupId, int], Commission], Partition] = forum_suppression.freeze
    published: Callable[..., Result] = forum_suppression.published

    def publish(self, room: Room) -> tuple[Partition, Result, Result]:
        """Publishes the two rounds as the world gets to see them, but for the opened ballots."""
        partition = self.freeze(dict(room.frozen), commission(room.threshold))
        responses = BALLOTS[room.method][0]
        cast = [room.cast(i) for i in (0, 1)]
        first, second = (
            self.published(partition, list(votes.values()), responses, room.threshold, method=room.method)
            for votes in cast
        )
        return partition, first, second

    def opened(self, room: Room, partition: Partition) -> Numbers:
        """Counts the ballots of both rounds as they are opened: how many of each under each label."""
        found: Numbers = Counter()
        for i in (0, 1):
            ballots = room.cast(i).values()
            if forum_suppression.too_few(len(ballots), room.threshold):
                continue
            present = Counter(group for group, _ in ballots)
            label = forum_suppression.label_of(partition, present, room.threshold, room.method)
            found.update(("opened", str(i), label(group), choice) for group, choice in ballots)
        return found


def numbers(first: Result, second: Result) -> Numbers:
    """Collects every number published, by where it stands. (Equal voice follows from the rows: another test.)"""
    found: Numbers = Counter()
    for name, result in (("first", first), ("second", second)):
        found.update({(name, choice): n for choice, n in result.counts.items()})
        for row in result.rows:
            found.update({(name, row.label, choice): n for choice, n in row.counts.items()})
    return found


def ways(kind: Kind, method: str = "single") -> list[Votes]:
    """Lists every way in which somebody of this kind can have voted."""
    ballots = BALLOTS[method][1]
    return list(product(ballots if kind[1] else ("",), ballots if kind[2] else ("",)))


def secrets_of(method: str) -> dict[str, frozenset[str]]:
    """Lists the facts one could find out about a ballot, a mark on it or all of it, each with the ballots of which it
    is true."""
    ballots = BALLOTS[method][1]
    found = {choice: frozenset({choice}) for choice in ballots}
    for mark in METHODS[method].columns(BALLOTS[method][0]):
        found[f"mark {mark}"] = frozenset(b for b in ballots if mark in METHODS[method].marks(b))
    return {secret: of for secret, of in found.items() if 0 < len(of) < len(ballots)}


def worked_out(room: Room, suppression: Suppression) -> Iterator[str]:
    """Attacks the published numbers; yields one sentence for each small group found out in each round."""
    partition, first, second = suppression.publish(room)
    kinds = room.kinds()
    plain = _publish_kinds(room, {k: [ways(k, room.method)[0]] * n for k, n in kinds.items()}, suppression)
    target = _less(numbers(first, second) + suppression.opened(room, partition), plain)

    options = {group: _options(room, group, suppression, plain) for group in {kind[0] for kind in kinds}}
    for group, mine in options.items():
        sizes = [sum(n for kind, n in kinds.items() if kind[0] == group and kind[i + 1]) for i in (0, 1)]
        voters = [sum(n for kind, n in kinds.items() if kind[i + 1]) for i in (0, 1)]
        # Where nobody else voted, the head count of the room is that of the group.
        small = [i for i in (0, 1) if 0 < sizes[i] < room.threshold and sizes[i] < voters[i]]
        if not small:
            continue
        rest = {_key(target): target}
        for other, theirs in options.items():
            if other != group:
                distinct = {key: added for (_, key), added in theirs.items()}
                left = [_less(have, added) for have in rest.values() for added in distinct.values()]
                rest = {_key(have): have for have in left}
        possible = {split for split, key in mine if key in rest}
        assert possible, "what happened must be possible"
        for i, (secret, of) in product(small, secrets_of(room.method).items()):
            numbers_of = {sum(choice in of for choice in split[i]) for split in possible}
            if len(numbers_of) == 1 and not _carried(room, partition, (first, second), group, i, of):
                yield f"group {group} in round {i + 1}: {numbers_of.pop()} of {sizes[i]} chose {secret}"


# How each person of a group voted in the first and in the second round, sorted: who did is not asked.
Split = tuple[tuple[str, ...], tuple[str, ...]]
Options = dict[tuple[Split, frozenset[object]], Numbers]


def _options(room: Room, group: GroupId, suppression: Suppression, plain: Numbers) -> Options:
    """Lists every way a group can have voted, and what that adds to each number."""
    mine = {kind: n for kind, n in room.kinds().items() if kind[0] == group}
    adds = {kind: {way: _adds(room, kind, way, suppression, plain) for way in ways(kind, room.method)} for kind in mine}
    found: Options = {}
    for cast in product(*(combinations_with_replacement(ways(kind, room.method), n) for kind, n in mine.items())):
        added: Numbers = Counter()
        for kind, votes in zip(mine, cast, strict=True):
            for way in votes:
                _add(added, adds[kind][way])
        first, second = (tuple(sorted(vote[i] for votes in cast for vote in votes if vote[i])) for i in (0, 1))
        found[(first, second), _key(added)] = added
    return found


def _carried(
    room: Room, partition: Partition, results: tuple[Result, Result], group: GroupId, i: int, of: frozenset[str]
) -> bool:
    """Tells whether it shows only because enough people, seen together with the group, all voted alike in this: one of
    these ballots, or none of them."""
    together: dict[object, set[bool]] = {}
    sizes: Counter[object] = Counter()

    def row(of: GroupId) -> tuple[str, ...]:
        def label(k: int) -> str:
            if not results[k].rows:
                return "everyone"
            pool = next((r.label for r in partition.rows if r.pooled), "")
            return next((r.label for r in partition.rows if of in r.groups), pool)

        return label(0), label(1)

    for who, votes in room.people:
        if votes[i]:
            for cover in ((row(who), bool(votes[0]), bool(votes[1])), row(who)[i]):
                together.setdefault(cover, set()).add(votes[i] in of)
                sizes[cover] += 1
    enough = min(room.threshold, sum(1 for _, votes in room.people if votes[i]))

    def alike(cover: object) -> bool:
        return len(together[cover]) == 1 and sizes[cover] >= enough

    mine = {(row(who), bool(votes[0]), bool(votes[1])) for who, votes in room.people if who == group and votes[i]}
    return alike(row(group)[i]) or all(alike(cover) for cover in mine)


def _publish_kinds(room: Room, cast: Mapping[Kind, list[Votes]], suppression: Suppression) -> Numbers:
    people = tuple((kind[0], votes) for kind, all_votes in cast.items() for votes in all_votes)
    other = replace(room, people=people)
    partition, first, second = suppression.publish(other)
    return numbers(first, second) + suppression.opened(other, partition)


def _adds(room: Room, kind: Kind, way: Votes, suppression: Suppression, plain: Numbers) -> Numbers:
    """Gives the change in the published numbers when one person of a kind votes this way and not the first way."""
    cast = {k: [ways(k, room.method)[0]] * n for k, n in room.kinds().items()}
    cast[kind] = [way, *cast[kind][1:]]
    return _less(_publish_kinds(room, cast, suppression), plain)


def _add(to: Numbers, more: Numbers) -> None:
    for where, n in more.items():
        to[where] += n


def _less(left: Numbers, right: Numbers) -> Numbers:
    return Counter({where: left[where] - right[where] for where in left.keys() | right.keys()})


def _key(of: Counter[tuple[str, ...]] | Counter[Kind]) -> frozenset[object]:
    return frozenset((where, n) for where, n in of.items() if n)


def random_room(rng: random.Random, method: str = "single", most: int = 4) -> Room:
    """Returns a small room with small groups, in which some come late and some leave early."""
    ballots = BALLOTS[method][1]
    threshold = rng.choice((2, 3, 3, 4))
    people: list[tuple[GroupId, Votes]] = []
    lean = rng.random()
    for group in rng.sample(["a", "b", "c", "d", None], rng.randint(2, most)):
        habit = rng.choice(((True, True), (True, True), (True, False), (False, True), None))
        for _ in range(rng.randint(1, most)):
            came = habit or rng.choice(((True, True), (True, True), (True, False), (False, True)))
            vote = [(ballots[0] if rng.random() < lean else rng.choice(ballots[1:])) if here else "" for here in came]
            people.append((group, (vote[0], vote[1])))
    if rng.random() < 0.6:
        frozen = Counter(group for group, votes in people if votes[0])
    else:
        frozen = Counter({group: rng.randint(0, 5) for group in ("a", "b", "c", "d", None)})
    return Room(threshold, tuple(sorted(frozen.items(), key=str)), tuple(people), method)


HONEST = Suppression()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_no_small_groups_votes_can_be_worked_out(rng: random.Random) -> None:
    assert list(worked_out(random_room(rng), HONEST)) == []


@pytest.mark.parametrize("method", [method for method in BALLOTS if method != "single"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rng=st.randoms(use_true_random=False))
def test_nor_can_they_in_any_other_way_of_voting(method: str, rng: random.Random) -> None:
    assert list(worked_out(random_room(rng, method, most=3), HONEST)) == []


def test_every_way_of_voting_is_attacked() -> None:
    assert list(BALLOTS) == list(METHODS)


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False))
def test_what_is_given_hangs_on_who_came_and_not_on_how_they_voted(rng: random.Random) -> None:
    room = random_room(rng)
    voted = tuple((group, ("r1" if a else "", "r2" if b else "")) for group, (a, b) in room.people)

    def shape(of: Room) -> object:
        partition, *results = HONEST.publish(of)
        sizes = [[(row.label, row.n) for row in result.rows] for result in results]
        return partition, sizes, [r.withheld for r in results]

    assert shape(room) == shape(Room(room.threshold, room.frozen, voted))


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False))
def test_equal_voice_says_nothing_that_the_rows_do_not(rng: random.Random) -> None:
    for result in HONEST.publish(random_room(rng))[1:]:
        shares = [{r: row.counts[r] / row.n for r in RESPONSES} for row in result.rows]
        again = {r: 10_000 * sum(s[r] for s in shares) / len(shares) for r in RESPONSES} if shares else None
        assert (result.equal_voice is None) == (again is None)
        for response, points in (result.equal_voice or {}).items():
            assert again is not None
            assert abs(points - again[response]) <= 0.5001


# ---------------------------------------------------------------- naive ways of doing it, which the attacker must find


def _every_group_a_row(counts: Mapping[GroupId, int], of: Commission) -> Partition:
    return Partition(tuple(Row(str(group), (group,)) for group, n in counts.items() if n))


def _small_groups_left_out(counts: Mapping[GroupId, int], of: Commission) -> Partition:
    return Partition(tuple(Row(str(g), (g,)) for g, n in counts.items() if n >= of.threshold))


def _a_pool_of_any_size(counts: Mapping[GroupId, int], of: Commission) -> Partition:
    big = [Row(str(g), (g,)) for g, n in counts.items() if n >= of.threshold and g is not None]
    pool = [g for g, n in counts.items() if n and str(g) not in {row.label for row in big}]
    # Twice the same id: a pool, though of one group.
    return Partition((*big, Row("pool", (*pool, *pool))) if pool else tuple(big))


def _leaving_out_whoever_has_no_row(
    partition: Partition, ballots: Sequence[tuple[GroupId, str]], *rest: object, method: str
) -> Result:
    known = {group for row in partition.rows for group in row.groups}
    whole = forum_suppression.published(Partition((), "whole"), ballots, RESPONSES, 1)
    by_group = forum_suppression.published(
        partition, [b for b in ballots if b[0] in known], RESPONSES, int(str(rest[1]))
    )
    return Result(whole.counts, whole.n, by_group.rows, by_group.withheld, by_group.equal_voice)


def _rows_of_any_size(
    partition: Partition,
    ballots: Sequence[tuple[GroupId, str]],
    responses: Sequence[str],
    threshold: int,
    *,
    method: str,
) -> Result:
    present = {group for group, _ in ballots}
    rows = tuple(row for row in partition.rows if present & set(row.groups))
    return forum_suppression.published(
        Partition(rows, partition.withheld if rows else "nobody"), ballots, responses, 1, method=method
    )


def _found(suppression: Suppression, rooms: int = 400, method: str = "single") -> bool:
    most = 4 if method == "single" else 3
    return any(list(worked_out(random_room(random.Random(seed), method, most), suppression)) for seed in range(rooms))


@pytest.mark.parametrize(
    "naive",
    [
        Suppression(freeze=_every_group_a_row, published=_rows_of_any_size),
        Suppression(freeze=_small_groups_left_out, published=_leaving_out_whoever_has_no_row),
        Suppression(freeze=_a_pool_of_any_size, published=_rows_of_any_size),
        Suppression(published=_rows_of_any_size),
        Suppression(published=_leaving_out_whoever_has_no_row),
    ],
    ids=[
        "every group a row",
        "small groups left out",
        "a pool of any size",
        "later rows of any size",
        "new group left out",
    ],
)
def test_the_attacker_sees_through_naive_tables(naive: Suppression) -> None:
    assert _found(naive)


@pytest.mark.parametrize("method", BALLOTS)
def test_the_attacker_sees_through_naive_tables_in_every_way_of_voting(method: str) -> None:
    assert _found(Suppression(freeze=_every_group_a_row, published=_rows_of_any_size), method=method)


@pytest.mark.parametrize("method", BALLOTS)
def test_the_attacker_sees_through_ballots_opened_with_their_own_group(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forum_suppression, "label_of", lambda *_: str)
    assert _found(HONEST, method=method)
