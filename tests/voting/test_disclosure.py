"""Rooms of 15 to 40 people under attack by somebody who solves for how single people voted."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from support import published_rooms
from support.disclosure_solver import Fact, Kind, exactly, kinds_of, worked_out, worked_out_of_friends
from support.published_rooms import MARKS, PHONE, PROFILES, REMEMBERED, Person, Profile, Room, a_room, fixed, publish

from forum.live import live_count
from forum.voting import one_question, small_numbers, suppression, telling_tables, view_shift
from forum.voting.commission import Commission
from forum.voting.one_question import Vote
from forum.voting.partition import Partition, Row
from forum.voting.suppression import GroupId

ROOMS = 60
KNOWS_RULE = 10  # one room in so many is attacked by somebody who knows what is withheld; in the bench all are

ALICE, BOB = Kind("a", ("phone",)), Kind("b", ("phone",))


def test_what_is_left_when_the_others_are_taken_away_is_worked_out() -> None:
    people = kinds_of([(ALICE, ("r1", "")), (BOB, ("r2", "")), (BOB, ("r1", ""))])
    everybody = [exactly(2, lambda kind, votes: votes[0] == "r1"), exactly(1, lambda kind, votes: votes[0] == "r2")]
    bobs = exactly(1, lambda kind, votes: kind == BOB and votes[0] == "r1")
    assert worked_out(people, MARKS, everybody) == []
    assert worked_out(people, MARKS, [*everybody, bobs]) == [(ALICE, 0, "r1")]


def test_bounds_work_somebody_out_where_they_leave_one_number() -> None:
    people = kinds_of([(ALICE, ("r1", "")), (BOB, ("r1", "")), (BOB, ("r2", ""))])
    everybody = [exactly(2, lambda kind, votes: votes[0] == "r1"), exactly(1, lambda kind, votes: votes[0] == "r2")]
    assert worked_out(people, MARKS, [*everybody, Fact(lambda k, v: k == BOB and v[0] == "r2", 0, 1)]) == []
    assert worked_out(people, MARKS, [*everybody, Fact(lambda k, v: k == BOB and v[0] == "r2", 1, 2)]) == [
        (ALICE, 0, "r1")
    ]


def test_who_is_supposed_to_vote_alike_twice_is_worked_out_by_either_vote() -> None:
    twice = Kind("a", ("phone", "phone"))
    people = kinds_of([(twice, ("r1", "r1", "")), (Kind("b", ("phone", "")), ("r2", "", ""))])
    facts = [exactly(1, lambda kind, votes: votes[1] == "r1")]
    assert (twice, 0, "r1") not in worked_out(people, MARKS, facts)
    assert (twice, 0, "r1") in worked_out(people, MARKS, facts, alike=[(0, 1)])


def test_who_is_known_well_is_worked_out_by_what_two_votes_have_in_common() -> None:
    twice, there, later = Kind("a", ("phone", "phone")), Kind("a", ("phone", "")), Kind("a", ("", "phone"))
    people = kinds_of([(twice, ("r1", "r1", "")), (there, ("r2", "", "")), (later, ("", "r3", ""))])
    first = [exactly(1, lambda _, votes: votes[0] == "r1"), exactly(1, lambda _, votes: votes[0] == "r2")]
    facts = [*first, exactly(1, lambda _, votes: votes[1] == "r1"), exactly(1, lambda _, votes: votes[1] == "r3")]
    assert worked_out(people, MARKS, facts) == []
    assert set(worked_out_of_friends(people, MARKS, facts, [(0, 1)])) == {
        (twice, 0, "r1"),
        (twice, 1, "r1"),
        (there, 0, "r2"),
        (later, 1, "r3"),
    }
    assert worked_out_of_friends(people, MARKS, first, [(0, 1)]) == []


def test_a_number_that_is_not_true_is_no_fact() -> None:
    with pytest.raises(AssertionError, match="must be true"):
        worked_out(kinds_of([(ALICE, ("r1", ""))]), MARKS, [exactly(1, lambda kind, votes: votes[0] == "r2")])


def given_away(profile: Profile, rooms: int = ROOMS) -> int | None:
    """Finds the seed of a room in which somebody's vote is worked out; None where there is none."""
    made = ((seed, a_room(random.Random(seed), profile)) for seed in range(rooms))
    return next((seed for seed, room in made if fixed(room, knows_rule=seed % KNOWS_RULE == 0)), None)


@pytest.mark.parametrize("name", PROFILES)
def test_nobodys_vote_is_worked_out_in_ordinary_rooms(name: str) -> None:
    assert given_away(PROFILES[name]) is None


def test_an_annulled_table_that_stays_is_seen_through() -> None:
    assert given_away(REMEMBERED) is not None


def _every_group_a_row(counts: Counter[GroupId], of: Commission) -> Partition:
    return Partition(tuple(Row(str(group), (group,)) for group in counts))


def test_small_numbers_without_others_hidden_beside_them_are_seen_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small_numbers._Table, "fixed", lambda self: None)
    assert given_away(PROFILES["small-number rules"]) is not None


def _any_size(partition: Partition, *_rest: object) -> tuple[dict[GroupId, Row], None]:
    return {group: row for row in partition.rows for group in row.groups}, None


def test_a_row_for_every_group_is_seen_through(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody_twice = Profile(both=1.0)
    assert given_away(everybody_twice) is None
    monkeypatch.setattr(suppression, "freeze", _every_group_a_row)
    monkeypatch.setattr(suppression, "_placed", _any_size)
    assert given_away(everybody_twice) is not None


def test_the_answers_of_those_who_are_asked_back_are_seen_through_with_a_row_for_every_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def every_group(room: Room) -> Partition:
        return _every_group_a_row(Counter(p.group for p in room.people if p.votes[1]), room.commission)

    monkeypatch.setattr(published_rooms, "_asked_back", every_group)
    monkeypatch.setattr(suppression, "_placed", _any_size)
    assert given_away(PROFILES["did we get you right?"]) is not None


def test_shares_that_are_only_rounded_are_seen_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_count, "blur", lambda: 0)
    monkeypatch.setattr(published_rooms, "BLUR_REACH", 0)
    assert given_away(PROFILES["live count"]) is not None


def test_a_view_shift_that_keeps_too_few_apart_is_seen_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_shift, "DRAWN", 1.0)
    monkeypatch.setattr(view_shift, "LEAST_APART", 0)
    assert given_away(PROFILES["80 % in both votes"]) is not None


@pytest.mark.parametrize("name", ["two rooms, half of them in both", "two rooms and an asynchronous round"])
def test_sessions_that_are_judged_by_themselves_are_seen_through(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_question, "given_beside", lambda vote, *_: vote.partition)
    assert given_away(PROFILES[name]) is not None


def _with_its_count(vote: Vote, before: Sequence[Vote]) -> Partition:
    made = GIVEN_BESIDE(vote, before)
    return replace(made, beside=(*made.beside, *made.uncounted), uncounted=())


GIVEN_BESIDE = one_question.given_beside
# Rooms in which the later head count alone tells.
SMALL_ROOMS = [
    ("two rooms, half of them in both", 801),
    ("two rooms and an asynchronous round", 105),
    ("two rooms and an asynchronous round", 998),
]


@pytest.mark.parametrize(("name", "seed"), SMALL_ROOMS)
def test_a_head_count_that_tells_beside_an_earlier_row_is_seen_through(
    name: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = a_room(random.Random(seed), PROFILES[name])
    assert fixed(room, knows_rule=False) == []
    monkeypatch.setattr(one_question, "given_beside", _with_its_count)
    assert fixed(room, knows_rule=False) != []


# Rooms in which it tells that a vote was withheld, if only those are that would tell by themselves.
WITHHELD_ROOMS = [("two rooms, a round, two answers", 143)]


@pytest.mark.parametrize(("name", "seed"), WITHHELD_ROOMS)
def test_withholding_only_what_tells_is_seen_through(name: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    room = a_room(random.Random(seed), PROFILES[name])
    assert fixed(room) == []
    monkeypatch.setattr(telling_tables, "_with_others", lambda rows, _: rows)
    assert fixed(room) != []


def _two_rooms(first: str, later: str) -> Room:
    """Makes up two rooms of one group, of whom one person is in both: each letter is somebody's answer."""
    marks = {"A": "r1", "B": "r2"}
    twice = Person("a", (PHONE, PHONE), (marks[first[0]], marks[later[0]]))
    only = [Person("a", (PHONE, ""), (marks[answer], "")) for answer in first[1:]]
    again = [Person("a", ("", PHONE), ("", marks[answer])) for answer in later[1:]]
    return Room(Profile(rooms=2, marks=MARKS[:2]), 3, (twice, *only, *again))


@pytest.mark.parametrize(("first", "later"), [("ABBBBB", "AAAAA"), ("AAAAA", "ABBBB"), ("AAAAAA", "ABB")])
def test_a_vote_that_is_withheld_alone_of_all_is_seen_through(
    first: str, later: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = _two_rooms(first, later)
    assert publish(room).withheld
    assert fixed(room) == []
    monkeypatch.setattr(telling_tables, "_with_others", lambda rows, _: rows)
    assert fixed(room) != []


def _of(group: GroupId) -> Callable[[Kind], bool]:
    return lambda kind: kind.group == group


def _named_by_their_own_group(room: Room, _partition: Partition) -> Iterator[Fact]:
    for (group, mark), n in Counter((p.group, p.votes[0]) for p in room.people if p.wrote).items():
        yield Fact(published_rooms._bears(0, mark, _of(group)), n, len(room.people))


def test_a_reason_beside_its_writers_own_group_is_seen_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_rooms, "_reasons", _named_by_their_own_group)
    assert given_away(PROFILES["reasons"]) is not None
