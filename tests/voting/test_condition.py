"""Conditions: which are one, which come first, and how many must be answered."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from forum.voting.condition import TOP, Condition, by_asked, top_of


def test_conditions_that_are_written_alike_are_one_and_what_most_asked_for_comes_first() -> None:
    first = [("It is free", 0), ("a nurse stays", 0), ("A nurse  stays.", 0), ("a nurse stays", 0)]
    assert by_asked({"f": first, "s": [("somebody rings", 2), ("it is FREE!", 1), ("b", 0), ("a", 0)]}) == (
        # Three wrote it, as most of them did.
        Condition("f", "a nurse stays", 3),
        Condition("s", "somebody rings", 3),
        # In both votes: it is that of the later one.
        Condition("s", "it is FREE!", 2),
        Condition("s", "a", 1),
        Condition("s", "b", 1),
    )
    assert [top_of(n) for n in (0, 1, TOP, TOP + 1, 200)] == [0, 1, TOP, TOP, TOP]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.text("abA .!\n", min_size=1), st.integers(0, 9)), max_size=12), st.randoms())
def test_the_order_in_which_conditions_were_given_changes_nothing(
    given_: list[tuple[str, int]], random: object
) -> None:
    mixed = list(given_)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    found = by_asked({"f": given_})
    assert by_asked({"f": mixed}) == found
    assert sum(one.asked for one in found) == len(given_) + sum(too for _, too in given_)
    assert [one.asked for one in found] == sorted((one.asked for one in found), reverse=True)
