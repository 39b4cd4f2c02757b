"""Noticing a promise: when people are asked, and that no number given tells one person's answer."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

from support.factories import new_id

from forum.voting.commitment import Commitment, CommitmentState, Update
from forum.voting.noticed import (
    ASKING_DAYS,
    Asked,
    Noticed,
    NoticedCount,
    asking_of,
    given_counts,
    open_asking,
    unnoticed,
)

THRESHOLD = 5


def at(day: int) -> str:
    return f"2027-{1 + day // 28:02}-{1 + day % 28:02}T09:00:00.000Z"


def standing(*updates: tuple[str, int]) -> Commitment:
    """Makes a commitment with updates of these states on these days (of months of 28)."""
    made = tuple(Update(f"{n}", "c", CommitmentState(state), at(day)) for n, (state, day) in enumerate(updates))
    return Commitment("c", new_id(), "Trust", "Nurses", "2027-03-31", at=at(0), updates=made)


def test_people_are_asked_when_it_is_said_to_be_done_and_until_the_days_are_over_or_it_changes() -> None:
    for updates, day, wanted in (
        ((), 0, None),
        ((("on track", 0),), 1, None),
        ((("done", 0),), 0, "0"),
        ((("partly", 0),), 27, "0"),
        ((("done", 0),), 40, None),
        ((("partly", 0), ("partly", 9)), 10, "0"),  # it says the same again: the same asking
        ((("partly", 0), ("partly", 40)), 41, "1"),
        ((("partly", 0), ("done", 9)), 10, "1"),
        ((("done", 0), ("on track", 9)), 10, None),
        ((("done", 0), ("not done", 3), ("done", 9)), 10, "2"),
    ):
        found = open_asking(standing(*updates), at(day))
        assert (found and found.id) == wanted, (updates, day)
    assert asking_of(standing(("done", 0))) is not None
    assert ASKING_DAYS == 28


# Answers yes, partly and no of so many people; of more it is tried out what may look alike, not what is given.
WAYS = [one for one in product(range(18), repeat=3) if sum(one) <= 17]
SMALL = 12


def rows_of(**of: tuple[int, ...]) -> dict[str, NoticedCount]:
    """Returns what is given, by kind of people."""
    answers = {Asked(who): dict(zip(Noticed, told, strict=True)) for who, told in of.items()}
    return {one.who: one for one in given_counts(answers, THRESHOLD)}


def test_whatever_is_given_each_who_answered_may_have_answered_otherwise() -> None:
    """By what is given each of the three answers is possible of each, also to one in the same row who knows their own;
    and to two of it no answer is certain."""
    for known in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 1, 1), (0, 0, 2), (2, 0, 0)):
        by_given = defaultdict(list)
        for way in WAYS:
            if all(n >= k for n, k in zip(way, known, strict=True)):
                by_given[rows_of(followers=way).get("followers")].append(
                    tuple(n - k for n, k in zip(way, known, strict=True))
                )
        assert len(by_given) > 10
        for given, others in by_given.items():
            if any(0 < sum(way) <= SMALL - sum(known) for way in others):
                said = {answer for way in others for answer in range(3) if way[answer]}
                assert len(said) == 3 if sum(known) < 2 else len(said) > 1, given
                assert sum(known) > 1 or len({sum(way) for way in others}) > 1, given
            if given is not None:
                numbers = [given.n, *(one for one in (given.yes, given.partly, given.no) if one is not None)]
                assert all(one >= THRESHOLD and one % 5 == 0 for one in numbers)


def test_all_of_one_kind_together_learn_of_the_other_no_more_than_its_own_row() -> None:
    """All storytellers put together what they answered, and ask which answers of the followers fit what was given: of
    every small population those that fit the followers' own row alone. So with all followers."""
    few = [way for way in WAYS if sum(way) <= SMALL]
    pools = [way for n in range(1, SMALL + 1) for way in ((n, 0, 0), (0, 0, n), (n // 2, n - n // 2, 0))]
    for one, other in (("followers", "storytellers"), ("storytellers", "followers")):
        alone = {way: rows_of(**{one: way}) for way in few}
        for pool in pools:
            own = rows_of(**{other: pool})
            for way in few:
                assert rows_of(**{one: way, other: pool}) == alone[way] | own, (way, pool)


def test_one_small_kind_is_never_told_apart_and_nothing_is_given_of_few() -> None:
    assert given_counts({Asked.FOLLOWERS: {Noticed.YES: 7}}, THRESHOLD) == ()
    assert given_counts({Asked.FOLLOWERS: {Noticed.YES: 7}, Asked.STORYTELLERS: {Noticed.NO: 6}}, THRESHOLD) == ()
    [alone] = given_counts({Asked.FOLLOWERS: {Noticed.YES: 12}, Asked.STORYTELLERS: {Noticed.NO: 6}}, THRESHOLD)
    assert (alone.who, alone.n, alone.yes, alone.partly, alone.no) == ("followers", 10, 10, None, None)
    both = given_counts({Asked.FOLLOWERS: {Noticed.YES: 12}, Asked.STORYTELLERS: {Noticed.NO: 8}}, THRESHOLD)
    assert [(one.who, one.n, one.no) for one in both] == [("followers", 10, None), ("storytellers", 10, 10)]
    assert not unnoticed([{"yes": 5, "partly": None}, {"yes": None, "partly": None}])
    assert unnoticed([{"yes": None, "partly": None}])
    assert not unnoticed([])
