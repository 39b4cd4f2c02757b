from __future__ import annotations

import json
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.voting.result import Result
from forum.voting.view_shift import BY_LOT, LEAST_APART, NOBODY_FOLLOWED, ShiftRow, ViewShift, view_shift

RESPONSES = ["r1", "r2", "r3"]


def votes(moves: dict[str, int]) -> tuple[dict[str, str], dict[str, str]]:
    """Makes votes by participant: {"12": 3, "-1": 1} is three who moved from r1 to r2, and one who came late and chose
    r1."""
    first: dict[str, str] = {}
    second: dict[str, str] = {}
    for (before, after), n in ((tuple(move), n) for move, n in moves.items()):
        for _ in range(n):
            person = f"person {len(first.keys() | second.keys())}"
            if before != "-":
                first[person] = f"r{before}"
            if after != "-":
                second[person] = f"r{after}"
    return first, second


def shift(moves: dict[str, int], threshold: int = 5, room: int = 0) -> ViewShift:
    return view_shift("1st", *votes(moves), RESPONSES, threshold, random.Random(room).random)


ROOM = {"11": 60, "12": 40, "22": 30, "33": 20, "31": 2, "2-": 1, "-3": 2}


def test_large_moves_are_given_but_for_some_people_drawn_by_lot() -> None:
    found = shift(ROOM)
    assert list(found.cells) == [("r1", "r1"), ("r1", "r2"), ("r2", "r2"), ("r3", "r3")]
    assert [0 < ROOM[f"{a[1]}{b[1]}"] - n < ROOM[f"{a[1]}{b[1]}"] / 2 for (a, b), n in found.cells.items()] == [
        True
    ] * 4
    assert (found.withheld, found.rows) == (BY_LOT, ())


def test_the_same_lots_are_drawn_each_time_and_others_elsewhere() -> None:
    assert shift(ROOM) == shift(ROOM)
    assert len({tuple(shift(ROOM, room=room).cells.values()) for room in range(10)}) > 1


def test_two_who_moved_are_told_of_by_nothing() -> None:
    alike = {"11": 60, "12": 40, "22": 30, "33": 22, "2-": 1, "-3": 2}
    assert list(shift(ROOM).cells) == list(shift(alike).cells)


@pytest.mark.parametrize("moves", [{"12": 5}, {"12": 4, "11": 4}, {"1-": 9, "-2": 9}, {}])
def test_nothing_is_given_where_nobody_or_hardly_anybody_else_voted_so(moves: dict[str, int]) -> None:
    found = shift(moves)
    assert (found.cells, found.withheld) == ({}, NOBODY_FOLLOWED)
    first, second = votes(moves)
    assert (found.left, found.joined) == (Counter(first.values()), Counter(second.values()))


def test_stayed_and_moved_count_those_who_are_followed() -> None:
    found = ViewShift("1st", {("r1", "r1"): 6, ("r1", "r2"): 5, ("r2", "r1"): 7}, {}, {})
    assert (found.stayed, found.moved) == (6, 12)


def test_a_ballot_for_no_response_is_an_error() -> None:
    with pytest.raises(ValueError, match="none of"):
        view_shift("1st", {"p": "r9"}, {}, RESPONSES, 5, lambda: 0.5)


def test_the_json_of_a_view_shift_of_today_and_of_one_from_before() -> None:
    data = shift(ROOM).to_json()
    assert list(data) == ["first", "cells", "joined", "left", "by_group", "withheld"]
    assert (data["by_group"], data["withheld"]) == (None, BY_LOT)
    cells = {("r1", "r2"): 9}
    before = ViewShift("1st", cells, {}, {"r1": 5}, (ShiftRow("Nurses", cells, {}, {"r1": 5}),), None)
    for one in (shift(ROOM), before):
        assert ViewShift.from_json(json.loads(json.dumps(one.to_json(), sort_keys=True))) == one


moved = st.dictionaries(st.sampled_from([a + b for a in "-123" for b in "-123" if a + b != "--"]), st.integers(1, 40))


@given(moved, st.integers(3, 8), st.integers(0, 10**9))
def test_whatever_is_given_is_true_and_hides_enough(moves: dict[str, int], threshold: int, room: int) -> None:
    found = shift(moves, threshold, room)
    first, second = votes(moves)
    both = Counter((first[person], second[person]) for person in first.keys() & second.keys())
    for cell, n in found.cells.items():
        assert threshold <= n <= both[cell]
    for side, cast, others in ((0, first, found.left), (1, second, found.joined)):
        given_of, all_of = Counter(others), Counter(cast.values())
        for cell, n in found.cells.items():
            given_of[cell[side]] += n
        assert given_of == all_of
        assert all(others.get(mark, 0) >= min(n, LEAST_APART) for mark, n in all_of.items())
    assert list(found.cells) == sorted(found.cells)
    result = Result({}, 0, (), "x", None).with_shift(found)
    assert Result.from_json(json.loads(json.dumps(result.to_json(), sort_keys=True))) == result
