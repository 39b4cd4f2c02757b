"""What leaves the room by small-number rules: hidden, rounded, and nothing hidden that follows from the rest."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import pytest

from forum.voting import small_numbers, suppression
from forum.voting.difference import differences, dissenting
from forum.voting.methods import METHODS
from forum.voting.partition import Partition, Row
from forum.voting.quorum import Quorum
from forum.voting.result import Result
from forum.voting.small_numbers import could_be, outside, people_outside, rounded
from forum.voting.view_shift import ViewShift

MARKS = ("r1", "r2", "r3")
TWO = Partition((Row("Nurses", ("a",)), Row("Police", ("b",))))
NO_GROUPS = Partition((), suppression.TOO_SMALL)
Numbers = Mapping[str, Sequence[int]]  # of each group, how many gave each answer


def left(numbers: Numbers, threshold: int, marks: Sequence[str] = MARKS, partition: Partition = TWO) -> Result:
    """Returns what leaves the room of a vote with these numbers."""
    ballots = [
        (group, mark) for group, row in numbers.items() for mark, n in zip(marks, row, strict=True) for _ in range(n)
    ]
    exact = suppression.published(partition, ballots, marks, threshold)
    return outside(exact, [mark for _, mark in ballots], marks, threshold)


def test_small_numbers_are_hidden_and_the_rest_rounded() -> None:
    given = left({"a": (12, 8, 4), "b": (9, 6, 0)}, 5)
    assert (given.counts, given.hidden, given.n) == ({"r1": 20, "r2": 15, "r3": 0}, ("r3",), 40)
    assert [(row.label, row.n, row.counts, row.hidden) for row in given.rows] == [
        ("Nurses", 25, {"r1": 10, "r2": 10, "r3": 0}, ("r3",)),
        ("Police", 15, {"r1": 10, "r2": 5, "r3": 0}, ("r3",)),
    ]
    assert (given.preferred, given.sealed, given.figures) == (("r1",), True, None)
    assert given.equal_voice is None, "it would follow from what is hidden"
    assert Result.from_json(given.to_json()) == given
    assert given.to_json()["counts"] == {"r1": 20, "r2": 15}


def test_equal_voice_follows_from_rounded_numbers() -> None:
    given = left({"a": (12, 8, 7), "b": (9, 6, 5)}, 5)
    assert not any((given.hidden, given.sealed, *(row.hidden for row in given.rows)))
    assert given.equal_voice == suppression.equal_voice(given.rows)


@pytest.mark.parametrize(
    ("threshold", "n", "given"), [(5, 5, 5), (5, 7, 5), (5, 8, 10), (3, 3, 5), (8, 8, 10), (6, 6, 10)]
)
def test_no_number_is_given_below_the_threshold(threshold: int, n: int, given: int) -> None:
    assert people_outside(n, threshold) == given
    assert people_outside(threshold - 1, threshold) is None
    for one in range(threshold, 60):
        assert one in could_be(rounded(one, threshold), threshold)


def test_nothing_is_given_of_a_few_of_nobody_or_where_every_number_is_small() -> None:
    for numbers in ({"a": (2, 1, 1)}, {}):
        few = left(numbers, 5)
        assert (few.n, few.counts, few.withheld, few.preferred, few.sealed) == (0, {}, suppression.NO_COUNT, (), True)
    small = left({"a": (4, 4, 4)}, 5, partition=NO_GROUPS)
    assert (small.n, small.counts, small.withheld) == (10, {}, small_numbers.NOTHING_OUTSIDE)


def test_an_answer_that_everybody_gave_is_hidden_where_it_would_say_so() -> None:
    # 28 is rounded to 30: whoever knows that 28 voted knows how.
    assert left({"a": (28, 0, 0)}, 5, partition=NO_GROUPS).counts == {}
    assert left({"a": (27, 1, 0)}, 5, partition=NO_GROUPS).counts == {"r1": 25, "r2": 0, "r3": 0}


def test_nothing_by_group_is_given_where_no_number_of_a_group_can_be() -> None:
    given = left({"a": (4, 4, 4), "b": (4, 4, 4)}, 5)
    assert (given.counts, given.rows, given.withheld) == (
        {"r1": 10, "r2": 10, "r3": 10},
        (),
        small_numbers.NO_GROUPS_OUTSIDE,
    )


def test_of_a_group_without_a_number_it_is_not_said_that_it_wants_something_else() -> None:
    given = left({"a": (4, 2, 3), "b": (16, 2, 12)}, 5)
    assert [row.hidden for row in given.rows] == [("r1", "r2", "r3"), ("r2",)]
    assert [row.label for row in dissenting(given.rows, "r3", rounded=True)] == ["Police"]


def test_what_is_known_of_the_quorum_leaves_with_the_groups_that_are_given() -> None:
    ballots = [("a", mark) for mark in MARKS for _ in range(4)] + [("b", mark) for mark in MARKS for _ in range(4)]
    exact = suppression.published(TWO, ballots, MARKS, 5, quorum=Quorum(20, 13))
    assert exact.quorum is not None
    assert exact.quorum.short == ("Nurses", "Police")
    told = outside(exact, [mark for _, mark in ballots], MARKS, 5).quorum
    assert told is not None
    assert (told.reached, told.short) == (None, ())


def test_a_view_shift_keeps_moves_between_answers_that_are_given_and_nobody_else() -> None:
    ballots = [("a", mark) for mark, n in (("r1", 22), ("r2", 11), ("r3", 2)) for _ in range(n)]
    exact = suppression.published(NO_GROUPS, ballots, MARKS, 5)
    choices = [mark for _, mark in ballots]
    first = outside(exact, choices, MARKS, 5)
    moves = {("r1", "r1"): 13, ("r1", "r2"): 6, ("r2", "r1"): 4, ("r3", "r1"): 6}
    shift = ViewShift("f" * 32, moves, {"r1": 3}, {"r3": 2})
    told = outside(exact.with_shift(shift), choices, MARKS, 5, first=first).shift
    assert told is not None
    assert (told.cells, told.joined, told.left) == ({("r1", "r1"): 15, ("r1", "r2"): 5}, {}, {})
    nothing = left({"a": (4, 4, 4)}, 5, partition=NO_GROUPS)
    assert outside(exact.with_shift(shift), choices, MARKS, 5, first=nothing).shift is None


@pytest.mark.parametrize("method", METHODS)
def test_every_method_leaves_the_room_without_figures_and_sealed_where_a_choice_is_rare(method: str) -> None:
    way = METHODS[method]
    voter, responses = random.Random(method), (*MARKS, *(("none",) if way.NONE else ()))[: max(way.LEAST, 1) + 1]

    class Leaning:
        def one(self, options: Sequence[str]) -> str:
            return voter.choice(options)

        def also(self) -> bool:
            return voter.random() < 0.5

        def some(self, options: Sequence[str]) -> list[str]:
            return voter.sample(list(options), voter.randint(0, len(options)))

    ballots = [(voter.choice("ab"), way.made_up(responses[: way.MOST], Leaning())) for _ in range(60)]
    exact = suppression.published(TWO, ballots, responses[: way.MOST], 5, method=method)
    given = outside(exact, [choice for _, choice in ballots], responses[: way.MOST], 5, method)
    assert given.figures is None
    numbers = given if way.BY_NUMBERS else exact
    assert given.preferred == way.preferred(numbers.counts, numbers.figures)
    parts = [(given.n, given.counts, given.hidden), *((row.n, row.counts, row.hidden) for row in given.rows)]
    for n, counts, hidden in parts:
        assert all(one % 5 == 0 for one in (n, *counts.values()))
        assert {mark for mark, one in counts.items() if not one} == set(hidden)
    assert Result.from_json(given.to_json()) == given


# ---------------------------------------------------------------- what follows from the rest


def tables(rows: Sequence[int], marks: int) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Yields every table with these numbers of ballots in its rows."""

    def row(n: int, places: int) -> Iterator[tuple[int, ...]]:
        if places == 1:
            yield (n,)
            return
        for first in range(n + 1):
            for rest in row(n - first, places - 1):
                yield (first, *rest)

    yield from product(*(list(row(n, marks)) for n in rows))


def told(given: Result) -> str:
    return str(given.to_json())


def fits(given: Result, table: Sequence[Sequence[int]], marks: Sequence[str], threshold: int) -> bool:
    """Says whether a table can be the one of which this was given, as far as its numbers say."""
    whole = [sum(column) for column in zip(*table, strict=True)]
    if not given.sealed and min(whole) < threshold:
        return False
    parts = [(given.counts, given.hidden, whole)]
    parts += [(row.counts, row.hidden, list(numbers)) for row, numbers in zip(given.rows, table, strict=False)]
    return all(
        mark in hidden or n in could_be(counts[mark], threshold)
        for counts, hidden, numbers in parts
        if counts
        for mark, n in zip(marks, numbers, strict=True)
    )


def hidden_in(given: Result, table: Sequence[Sequence[int]], marks: Sequence[str]) -> dict[tuple[int, str], int]:
    """Lists the hidden numbers, with what they are in a table."""
    whole = [sum(column) for column in zip(*table, strict=True)]
    parts = [(-1, given.hidden, whole)] if given.counts else []
    parts += [(at, row.hidden, list(table[at])) for at, row in enumerate(given.rows)]
    return {
        (at, mark): n for at, hidden, numbers in parts for mark, n in zip(marks, numbers, strict=True) if mark in hidden
    }


def outcomes(rows: Sequence[int], marks: Sequence[str], threshold: int) -> dict[str, list[tuple[tuple[int, ...], ...]]]:
    """Groups every table with these rows by what leaves the room of it."""
    found = defaultdict(list)
    for table in tables(rows, len(marks)):
        partition = TWO if len(rows) > 1 else NO_GROUPS
        found[told(left(dict(zip("ab", table, strict=False)), threshold, marks, partition))].append(table)
    return found


# Numbers of ballots in each row, and of answers; of one row nothing is given by group.
SMALL_ROOMS = [((7,), 2), ((11,), 2), ((12,), 3), ((6, 7), 2), ((4, 5), 3)]


@pytest.mark.parametrize(("rows", "answers"), SMALL_ROOMS)
def test_no_hidden_number_follows_from_those_that_are_given(rows: Sequence[int], answers: int) -> None:
    marks = MARKS[:answers]
    every = list(tables(rows, answers))
    for made in outcomes(rows, marks, 3).values():
        given = left(dict(zip("ab", made[0], strict=False)), 3, marks, TWO if len(rows) > 1 else NO_GROUPS)
        possible = [hidden_in(given, table, marks) for table in every if fits(given, table, marks, 3)]
        for cell in possible[0]:
            assert len({numbers[cell] for numbers in possible}) > 1, (made[0], cell)
        # Nor does it, or anybody's vote, for somebody who works out of which numbers the rules make just these.
        worked_back = [hidden_in(given, table, marks) for table in made]
        assert all(len({numbers[cell] for numbers in worked_back}) > 1 for cell in worked_back[0]), made
        for at in range(len(rows)):
            assert len({mark for table in made for mark, n in zip(marks, table[at], strict=True) if n}) > 1, made


def said_to_differ(given: Result, response: str, outcome: str = "adopted", method: str = "single") -> set[str]:
    return {one.group for one in differences(outcome, response, given, method)} - {""}


def test_no_group_is_said_to_have_put_something_first_that_nobody_can_know_of_it() -> None:
    hidden = left({"a": (3, 3, 3), "b": (6, 8, 12)}, 5)
    assert hidden.rows[0].hidden == MARKS
    for response in MARKS:
        assert "Nurses" not in said_to_differ(hidden, response)
        assert "Nurses" not in {row.label for row in dissenting(hidden.rows, response, rounded=True)}
    # A great number can be hidden beside a small one; what is known all the same is said.
    known = left({"a": (30, 12, 0), "b": (20, 12, 30)}, 5)
    assert known.rows[0].hidden
    assert said_to_differ(known, "r2") == {"Nurses", "Police"}
    # Level once rounded: nobody can know which of them is first, so that not to adopt one differs from nothing.
    level = left({"a": (12, 11, 6), "b": (6, 20, 6)}, 5)
    assert not any(row.hidden for row in level.rows)
    assert level.rows[0].counts == {"r1": 10, "r2": 10, "r3": 5}
    assert said_to_differ(level, "r2", "not adopted") == {"Police"}
    assert said_to_differ(level, "r1", "adopted") == {"Police"}


@pytest.mark.parametrize("method", ["single", "approval", "consent"])
def test_of_random_votes_no_group_is_said_to_differ_that_does_not(method: str) -> None:
    lots = random.Random(13)
    way = METHODS[method]
    offered = way.columns(["r1"] if method == "consent" else MARKS)
    responses = ["r1"] if method == "consent" else list(MARKS)
    said = 0
    for _ in range(150):
        ballots = [(g, mark) for g in "ab" for mark in offered for _ in range(lots.choice((0, 1, 3, 6, 8, 12, 20, 30)))]
        exact = suppression.published(TWO, ballots, responses, 5, method=method)
        given = outside(exact, [mark for _, mark in ballots], responses, 5, method)
        for outcome, response in product(("adopted", "not adopted"), responses):
            named = said_to_differ(given, response, outcome, method)
            assert named <= said_to_differ(exact, response, outcome, method), (exact, given)
            said += len(named)
    assert said
