from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.voting.suppression import (
    NOBODY_FOLLOWED,
    NOT_FOLLOWED,
    WHOLE_ROOM_ONLY,
    GroupId,
    Partition,
    Result,
    Row,
    ShiftRow,
    ViewShift,
    published,
    view_shift,
)

RESPONSES = ["r1", "r2", "r3"]
ROWS = Partition((Row("Nurses", ("n",)), Row("Carers", ("c",)), Row("other groups", ("p", "a", None))))

Votes = dict[str, tuple[GroupId, str]]


def votes(*people: tuple[GroupId, str, int]) -> tuple[Votes, Votes]:
    """Makes votes: votes(("n", "12", 3), ("c", "-1", 1)) is three nurses who moved from r1 to r2, and one carer who
    joined and chose r1."""
    first: Votes = {}
    second: Votes = {}
    for group, move, n in people:
        before, after = move[0], move[1]
        for _ in range(n):
            person = f"p{len(first.keys() | second.keys())}"
            if before != "-":
                first[person] = (group, f"r{before}")
            if after != "-":
                second[person] = (group, f"r{after}")
    return first, second


def shift(*people: tuple[GroupId, str, int], partition: Partition = ROWS, threshold: int = 5) -> ViewShift:
    first, second = votes(*people)
    ok = all(published(partition, list(v.values()), RESPONSES, threshold).rows for v in (first, second))
    return view_shift("1st", partition, first, second, RESPONSES, threshold, by_group_ok=ok)


EVERYBODY_TWICE = (("n", "12", 4), ("n", "11", 6), ("c", "21", 5), ("p", "33", 3), ("a", "31", 2), (None, "33", 1))


def test_by_group_where_nobody_joined_or_left() -> None:
    assert shift(*EVERYBODY_TWICE) == ViewShift(
        "1st",
        cells={("r1", "r1"): 6, ("r1", "r2"): 4, ("r2", "r1"): 5, ("r3", "r1"): 2, ("r3", "r3"): 4},
        joined={},
        left={},
        rows=(
            ShiftRow("Nurses", {("r1", "r1"): 6, ("r1", "r2"): 4}, {}, {}),
            ShiftRow("Carers", {("r2", "r1"): 5}, {}, {}),
            ShiftRow("other groups", {("r3", "r1"): 2, ("r3", "r3"): 4}, {}, {}),
        ),
    )


def test_by_group_where_enough_joined_and_left() -> None:
    found = shift(*EVERYBODY_TWICE, ("n", "1-", 5), ("c", "-2", 3), ("c", "-3", 2))
    assert found.withheld is None
    assert found.rows[0].left == found.left == {"r1": 5}
    assert found.rows[1].joined == found.joined == {"r2": 3, "r3": 2}


@pytest.mark.parametrize("few", [("n", "1-", 4), ("c", "-1", 1)])
def test_for_the_whole_room_only_where_few_of_a_large_group_joined_or_left(few: tuple[str, str, int]) -> None:
    found = shift(*EVERYBODY_TWICE, few)
    assert (found.rows, found.withheld) == ((), WHOLE_ROOM_ONLY)
    assert sum(found.cells.values()) == 21
    assert sum(found.joined.values()) + sum(found.left.values()) == few[2]


def test_for_the_whole_room_only_where_a_round_gave_nothing_by_group() -> None:
    nothing = Partition((), "too small")
    found = shift(*EVERYBODY_TWICE, partition=nothing)
    assert (found.rows, found.withheld) == ((), WHOLE_ROOM_ONLY)
    assert found.cells == shift(*EVERYBODY_TWICE).cells
    first, second = votes(*EVERYBODY_TWICE)
    assert not view_shift("1st", ROWS, first, second, RESPONSES, 5, by_group_ok=False).rows


def test_a_small_room_in_which_the_same_people_vote_twice_sees_who_moved() -> None:
    found = shift(("n", "12", 1), ("c", "11", 1), (None, "31", 1), partition=Partition((), "too small"))
    assert found.cells == {("r1", "r1"): 1, ("r1", "r2"): 1, ("r3", "r1"): 1}
    assert (found.stayed, found.moved, found.all_followed) == (1, 2, True)


def test_when_the_police_go_home_those_who_left_are_not_the_police() -> None:
    room = (("n", "12", 4), ("n", "11", 6), ("c", "21", 5), ("a", "31", 4), (None, "33", 3))
    found = shift(*room, ("p", "2-", 2), ("p", "3-", 1))
    assert found.withheld == NOT_FOLLOWED
    assert not found.all_followed
    assert found.cells == {("r1", "r1"): 6, ("r1", "r2"): 4, ("r2", "r1"): 5}
    assert found.left == {"r2": 2, "r3": 4 + 3 + 1}
    assert found.joined == {"r1": 4, "r3": 3}


def test_nobody_is_followed_where_the_pool_itself_has_become_too_small() -> None:
    room = (("n", "12", 4), ("n", "11", 6), ("c", "21", 5), ("a", "31", 4))
    found = shift(*room, ("p", "2-", 2))
    assert found.withheld == NOBODY_FOLLOWED
    assert (found.cells, found.left, found.joined) == ({}, {"r1": 10, "r2": 7, "r3": 4}, {"r1": 15, "r2": 4})


def test_a_group_that_has_become_small_is_not_followed() -> None:
    found = shift(("n", "12", 9), ("c", "1-", 3), ("c", "22", 4), ("p", "33", 3), ("a", "33", 3))
    assert found.withheld == NOT_FOLLOWED
    assert found.cells == {("r1", "r2"): 9}


def test_a_group_new_in_the_second_round_and_no_pool() -> None:
    two = Partition((Row("Nurses", ("n",)), Row("Carers", ("c",))))
    few = shift(("n", "12", 9), ("c", "11", 9), ("p", "-1", 3), partition=two)
    assert few.withheld == NOBODY_FOLLOWED
    many = shift(("n", "12", 9), ("c", "11", 9), ("p", "-1", 5), partition=two)
    assert (many.rows, many.withheld, many.joined) == ((), WHOLE_ROOM_ONLY, {"r1": 5})


def test_two_rounds_with_nobody_in_common() -> None:
    found = shift(("n", "1-", 3), ("c", "-2", 2))
    assert (found.cells, found.left, found.joined) == ({}, {"r1": 3}, {"r2": 2})
    # Nobody of those who left or joined voted twice, and nothing says so.
    assert (found.withheld, found.all_followed) == (WHOLE_ROOM_ONLY, True)


def test_no_votes_at_all() -> None:
    assert shift() == ViewShift("1st", {}, {}, {}, (), WHOLE_ROOM_ONLY)


def test_a_ballot_for_no_response_is_an_error() -> None:
    with pytest.raises(ValueError, match="none of"):
        view_shift("1st", ROWS, {"p": ("n", "r9")}, {}, RESPONSES, 5, by_group_ok=True)


def test_the_json_of_a_view_shift() -> None:
    found = shift(*EVERYBODY_TWICE, ("n", "1-", 5))
    data = found.to_json()
    assert list(data) == ["first", "cells", "joined", "left", "by_group", "withheld"]
    assert data["cells"][0] == {"from": "r1", "to": "r1", "n": 6}
    assert data["left"] == {"r1": 5}
    assert data["by_group"][0] == {
        "label": "Nurses",
        "cells": [{"from": "r1", "to": "r1", "n": 6}, {"from": "r1", "to": "r2", "n": 4}],
        "joined": {},
        "left": {"r1": 5},
    }
    whole = shift(("n", "12", 9)).to_json()
    assert (whole["by_group"], whole["withheld"]) == (None, WHOLE_ROOM_ONLY)


people = st.lists(
    st.tuples(
        st.sampled_from(["n", "c", "p", "a", "new", None]),
        st.sampled_from([a + b for a in "-123" for b in "-123" if a + b != "--"]),
        st.integers(1, 7),
    ),
    max_size=14,
)


@given(people, st.integers(2, 6))
def test_margins_are_the_head_counts_and_rows_add_up(cast: list[tuple[GroupId, str, int]], threshold: int) -> None:
    found = shift(*cast, threshold=threshold)
    first, second = votes(*cast)
    before, after = Counter(found.left), Counter(found.joined)
    for (start, end), n in found.cells.items():
        before[start] += n
        after[end] += n
    assert before == Counter(choice for _, choice in first.values())
    assert after == Counter(choice for _, choice in second.values())
    assert bool(found.rows) == (found.withheld is None)
    for row in found.rows:
        for part in (row.cells, row.joined, row.left):
            assert sum(part.values()) == 0 or sum(part.values()) >= threshold
    if found.rows:
        assert sum((Counter(row.cells) for row in found.rows), Counter()) == Counter(found.cells)
    everything = [*found.cells.values(), *found.joined.values(), *found.left.values()]
    assert all(n > 0 for n in everything)
    assert list(found.cells) == sorted(found.cells)

    result = Result({}, 0, (), "x", None).with_shift(found)
    assert Result.from_json(json.loads(json.dumps(result.to_json(), sort_keys=True))) == result
