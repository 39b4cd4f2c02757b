"""Groups that are not here: those with nobody, those of which far fewer came, and no small number told on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.factories import a_commission

from forum.sessions.attendance import Missing, missing
from forum.voting.commission import Commission
from forum.voting.suppression import in_the_room


def invited(*numbers: int | None, threshold: int = 5) -> Commission:
    """Returns a commission whose groups g1, g2 and so on were invited like this."""
    commission = a_commission([f"Group {n}" for n in range(1, len(numbers) + 1)], threshold=threshold)
    groups = [replace(group, invited=number) for group, number in zip(commission.groups, numbers, strict=True)]
    return replace(commission, groups=tuple(groups))


def told(found: Missing) -> tuple[list[str], dict[str, int | None]]:
    return [group.id for group in found.nobody], {few.group.id: few.number for few in found.few}


def test_groups_with_nobody_come_first_also_where_nobody_counted_who_was_invited() -> None:
    assert told(missing(invited(10, None, 8), {"g3": 7})) == (["g1", "g2"], {})


def test_a_group_to_which_nobody_was_invited_is_not_missed() -> None:
    assert told(missing(invited(0, 10), {"g2": 9})) == ([], {})


@pytest.mark.parametrize(("here", "few"), [(10, True), (11, False), (30, False)])
def test_far_fewer_is_a_third_of_those_invited_or_less(here: int, few: bool) -> None:
    assert told(missing(invited(30), {"g1": here})) == ([], {"g1": here} if few else {})


def test_without_a_number_of_those_invited_nobody_says_few() -> None:
    assert told(missing(invited(None), {"g1": None})) == ([], {})


def test_a_small_group_is_far_fewer_only_where_it_is_whatever_its_number() -> None:
    assert told(missing(invited(12), {"g1": None})) == ([], {"g1": None})
    assert told(missing(invited(11), {"g1": None})) == ([], {})


@given(st.integers(1, 4), st.integers(1, 4), st.one_of(st.none(), st.integers(0, 60)))
def test_what_is_said_of_a_small_group_does_not_hang_on_its_number(one: int, other: int, asked: int | None) -> None:
    commission = invited(asked)
    assert missing(commission, in_the_room({"g1": one}, 5)) == missing(commission, in_the_room({"g1": other}, 5))
