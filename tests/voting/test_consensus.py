from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from forum.voting.consensus import group_informed

ROWS = st.lists(st.integers(0, 50).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), max_size=6)


def test_every_row_pulls_towards_a_half_and_no_row_is_certain() -> None:
    assert group_informed([(0, 0)]) == Fraction(1, 2)
    assert group_informed([(8, 8)]) == Fraction(9, 10)
    assert group_informed([(8, 8), (0, 8)]) == Fraction(9, 100)


@settings(deadline=None)
@given(ROWS)
def test_it_lies_between_nothing_and_all_and_the_order_of_the_rows_does_not_matter(rows: list[tuple[int, int]]) -> None:
    assert 0 < group_informed(rows) <= 1
    assert group_informed(reversed(rows)) == group_informed(rows)


@settings(deadline=None)
@given(ROWS, st.integers(0, 5))
def test_one_more_who_agrees_makes_it_higher(rows: list[tuple[int, int]], which: int) -> None:
    against = [i for i, (agrees, n) in enumerate(rows) if agrees < n]
    if against:
        i = against[which % len(against)]
        more = [(agrees + (j == i), n) for j, (agrees, n) in enumerate(rows)]
        assert group_informed(more) > group_informed(rows)
