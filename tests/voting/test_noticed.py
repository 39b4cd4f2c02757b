"""Noticing a promise: when people are asked, and that no number given tells one person's answer."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

from support.factories import new_id

from forum.voting.commitment import Commitment, CommitmentState, Update
from forum.voting.noticed import ASKING_DAYS, Asked, Noticed, asking_of, given_counts, open_asking, unnoticed

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


def test_whatever_is_given_each_who_answered_may_have_answered_otherwise() -> None:
    """By what is given each of the three answers is possible of each follower, also to a storyteller who knows their
    own; and to two who know each other's no answer is certain."""
    ways = [one for one in product(range(18), repeat=3) if sum(one) <= 17]
    for tellers in ((0, 0, 0), (1, 0, 0), (0, 1, 1), (0, 0, 2)):
        known = {Asked.STORYTELLERS: dict(zip(Noticed, tellers, strict=True))}
        by_given = defaultdict(list)
        for way in ways:
            given = given_counts(known | {Asked.FOLLOWERS: dict(zip(Noticed, way, strict=True))}, THRESHOLD)
            by_given[given].append(way)
        assert len(by_given) > 10
        for given, alike in by_given.items():
            # What has more answers than are tried out here may look alike too.
            if any(0 < sum(way) <= 12 for way in alike):
                said = {answer for way in alike for answer in range(3) if way[answer]}
                assert len(said) == 3 if sum(tellers) < 2 else len(said) > 1, given
                assert sum(tellers) > 1 or len({sum(way) for way in alike}) > 1, given
            for row in given:
                numbers = [row.n, *(one for one in (row.yes, row.partly, row.no) if one is not None)]
                assert all(one >= THRESHOLD and one % 5 == 0 for one in numbers)


def test_one_small_kind_is_never_told_apart_and_nothing_is_given_of_few() -> None:
    assert given_counts({Asked.FOLLOWERS: {Noticed.YES: 7}}, THRESHOLD) == ()
    [whole] = given_counts({Asked.FOLLOWERS: {Noticed.YES: 7}, Asked.STORYTELLERS: {Noticed.NO: 4}}, THRESHOLD)
    assert (whole.who, whole.n, whole.yes, whole.partly, whole.no) == ("everybody", 10, 5, None, None)
    both = given_counts({Asked.FOLLOWERS: {Noticed.YES: 12}, Asked.STORYTELLERS: {Noticed.NO: 8}}, THRESHOLD)
    assert [(one.who, one.n, one.no) for one in both] == [("followers", 10, None), ("storytellers", 10, 10)]
    assert not unnoticed([{"yes": 5, "partly": None}, {"yes": None, "partly": None}])
    assert unnoticed([{"yes": None, "partly": None}])
    assert not unnoticed([])
