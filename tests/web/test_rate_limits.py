"""Rate limits: a sliding window, said before it is felt again."""

from __future__ import annotations

import pytest

from forum.errors import TooMany
from forum.web.rate_limits import Limits


class Hands:
    """A monotonic clock that a test moves by hand."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def test_the_limit_bites_after_so_many_and_says_when_to_come_back() -> None:
    hands = Hands()
    limits = Limits(hands)
    for _ in range(3):
        limits.take("join 192.0.2.1", 3, 600)
        hands.time += 10
    with pytest.raises(TooMany) as refused:
        limits.take("join 192.0.2.1", 3, 600)
    assert refused.value.retry_after == 571
    assert str(refused.value).endswith("Wait 10 minutes and try again.")
    hands.time += 500
    with pytest.raises(TooMany, match="Wait 71 seconds"):
        limits.take("join 192.0.2.1", 3, 600)
    hands.time -= 500
    limits.take("join 192.0.2.2", 3, 600)


def test_the_window_slides() -> None:
    hands = Hands()
    limits = Limits(hands)
    limits.take("k", 1, 600)
    hands.time += 599
    with pytest.raises(TooMany):
        limits.check("k", 1, 600)
    hands.time += 2
    limits.take("k", 1, 600)


def test_what_is_left_is_known_before_it_is_used_up() -> None:
    hands = Hands()
    limits = Limits(hands)
    for left in (3, 2, 1, 0):
        assert limits.left("k", 3, 600) == left
        if left:
            limits.take("k", 3, 600)
    hands.time += 601
    assert limits.left("k", 3, 600) == 3


def test_refused_tries_do_not_make_it_longer() -> None:
    hands = Hands()
    limits = Limits(hands)
    limits.take("k", 1, 600)
    for _ in range(100):
        with pytest.raises(TooMany):
            limits.take("k", 1, 600)
    hands.time += 601
    limits.take("k", 1, 600)


def test_what_was_counted_lately_is_known_until_it_is_long_ago() -> None:
    hands = Hands()
    limits = Limits(hands)
    assert limits.lately("reports 192.0.2.1", 600) == 0
    limits.count("reports 192.0.2.1")
    hands.time += 599
    limits.count("reports 192.0.2.1")
    assert limits.lately("reports 192.0.2.1", 600) == 2
    hands.time += 1
    assert limits.lately("reports 192.0.2.1", 600) == 1
    assert limits.lately("reports 192.0.2.2", 600) == 0


def test_keys_made_up_push_out_each_other_and_none_that_matters() -> None:
    hands = Hands()
    limits = Limits(hands, most_keys=10)
    for key in ("wrong code 192.0.2.1", "sign-in mo"):
        for _ in range(3):
            limits.count(key)
    for n in range(1000):
        limits.count(f"wrong code made up {n}")
    with pytest.raises(TooMany):
        limits.check("wrong code 192.0.2.1", 3, 600)
    assert limits.lately("sign-in mo", 600) == 3
    assert sum(limits.lately(f"wrong code made up {n}", 600) for n in range(1000)) == 8
    # Nor do those under which a second thing was counted.
    for n in range(1000):
        limits.count(f"again {n}")
        limits.count(f"again {n}")
    assert limits.lately("sign-in mo", 600) == 3
    assert sum(limits.lately(f"again {n}", 600) > 0 for n in range(1000)) == 8


def test_a_limit_that_was_made_lower_says_when_it_lets_in_again() -> None:
    hands = Hands()
    limits = Limits(hands)
    for _ in range(5):
        limits.count("k")
        hands.time += 100
    # The last two of five count: one must be over.
    assert limits.wait("k", 2, 600) == 401
    assert limits.wait("k", 5, 600) == 101
    assert limits.wait("k", 6, 600) == 0
    assert limits.wait("k", 0, 600) == 600


def test_what_is_given_back_was_never_counted() -> None:
    limits = Limits(Hands())
    limits.count("k")
    limits.give_back("k")
    limits.give_back("k")
    assert limits.lately("k", 600) == 0
    limits.take("k", 1, 600)
