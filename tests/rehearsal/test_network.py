from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.errors import BadInput
from forum.rehearsal.network import AFTER, BEFORE, LATE, planned, share
from forum.rehearsal.script import Act, Vote

ACTS = tuple(Act("Who?", ("A", "B"), tuple(Vote(n, "r1") for n in range(100))) for _ in range(3))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("20%", 0.2), ("0.2", 0.2), (" 7.5 % ", 0.075), ("0", 0.0), ("0%", 0.0), ("1", 1.0), ("100%", 1.0), ("1%", 0.01)],
)
def test_a_share_is_a_percentage_or_a_fraction(text: str, expected: float) -> None:
    assert share(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "%", "20", "1.5", "101%", "-1%", "a fifth", "20%%", "1e-1", "nan", "٢٠%", "0,2"])
def test_what_is_no_share_is_refused_with_its_own_words(text: str) -> None:
    with pytest.raises(BadInput, match="no share of the phones") as refused:
        share(text)
    assert refused.value.values == {"text": text}


@given(drop=st.floats(0, 1), slow=st.floats(0, 1), seed=st.integers(0, 1000))
def test_so_many_are_cut_off_and_slow_as_was_asked_for(drop: float, slow: float, seed: int) -> None:
    network = planned(ACTS, 120, drop=drop, slow=slow, seed=seed)
    assert network == planned(ACTS, 120, drop=drop, slow=slow, seed=seed)
    assert len(network.slow) == round(120 * slow)
    for number in range(len(ACTS)):
        assert len(network.of(number)) == round(100 * drop)
        assert set(network.of(number)) <= set(range(100))


def test_phones_are_cut_off_before_sending_after_it_and_some_until_it_is_too_late() -> None:
    network = planned(ACTS, 100, drop=0.2, slow=0, seed=1)
    assert Counter(network.of(0).values()) == {BEFORE: 9, AFTER: 9, LATE: 2}
    assert len(network.late(0)) == 2
    assert network.of(0) != network.of(1)
    assert network.of(7) == {}
