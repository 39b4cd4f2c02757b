"""How many messages a participant may send, and who is sent away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from forum.live import message_allowance
from forum.live.message_allowance import (
    BROKEN,
    BURST,
    CHANGES,
    CHANGES_REFILL,
    COMINGS,
    COMINGS_REFILL,
    OUT,
    PATIENCE,
    REFILL,
    UNREADABLE,
    UNREADABLE_REFILL,
    Allowance,
    Allowances,
    Changes,
)


def test_a_burst_is_taken_the_next_refused_and_after_a_moment_one_more_taken() -> None:
    mine = Allowance()
    assert [mine.take(0) for _ in range(int(BURST) + 1)] == [True] * int(BURST) + [False]
    assert not mine.take(0.5 / REFILL)
    assert mine.take(2 / REFILL)
    assert not mine.spent


def test_far_too_many_at_once_spend_it() -> None:
    mine = Allowance()
    for _ in range(int(BURST + PATIENCE)):
        mine.take(0)
    assert not mine.spent
    mine.take(0)
    assert mine.spent


@given(st.lists(st.floats(1 / (2 * REFILL), 60), min_size=1, max_size=600))
def test_nobody_is_sent_away_who_sends_twice_as_fast_as_is_taken_for_however_long(pauses: list[float]) -> None:
    mine, now = Allowance(), 0.0
    for pause in pauses + [1 / (2 * REFILL)] * 600:
        now += pause
        mine.take(now)
        assert not mine.spent


def test_who_was_sent_away_stays_out_for_a_while_and_nobody_else_does() -> None:
    all_ = Allowances()
    all_.of("a", 5).keep_out(5)
    assert all_.out("a", 6) == OUT - 1
    assert all_.out("a", 5 + OUT) == 0
    assert all_.out("b", 6) == 0


def test_what_cannot_be_read_is_taken_so_often_and_more_with_time_and_keeps_out_then() -> None:
    mine = Allowance()
    assert [mine.take_unreadable(0) for _ in range(int(UNREADABLE))] == [True] * int(UNREADABLE - 1) + [False]
    assert mine.out == OUT
    later = Allowance()
    assert later.take_unreadable(0, BROKEN)
    assert later.take_unreadable(BROKEN / UNREADABLE_REFILL, BROKEN)
    assert not later.take_unreadable(BROKEN / UNREADABLE_REFILL, BROKEN)


@given(st.lists(st.floats(1 / COMINGS_REFILL, 600), min_size=1, max_size=200))
def test_a_phone_that_comes_again_and_again_on_bad_wifi_is_let_in(pauses: list[float]) -> None:
    mine, now = Allowance(), 0.0
    for pause in [0.0] * int(COMINGS) + pauses:
        now += pause
        mine.take_coming(now)
        assert not mine.out
    for _ in range(int(COMINGS) + 1):
        mine.take_coming(now)
    assert mine.out == now + OUT


def test_all_sockets_of_a_participant_share_one() -> None:
    all_ = Allowances()
    assert all_.of("a", 0) is all_.of("a", 9)
    assert all_.of("a", 0) is not all_.of("b", 0)


def test_who_has_long_gone_is_forgotten_and_who_is_kept_out_is_not() -> None:
    all_ = Allowances()
    all_.of("out", 1000).keep_out(1000)
    all_.of("slow", 1000).take(1000)
    for number in range(message_allowance._KEPT - 2):
        all_.of(f"gone {number}", 0)
    all_.of("new", 1000)
    assert len(all_._of) == 3
    assert all_.out("out", 1000) == OUT
    assert all_.of("slow", 1000).messages < BURST


def test_a_vote_is_changed_so_often_and_no_oftener_and_others_do_not_feel_it() -> None:
    changes = Changes()
    assert [changes.take("a", 0) for _ in range(int(CHANGES) + 1)] == [True] * int(CHANGES) + [False]
    assert changes.take("b", 0)
    assert not changes.take("a", 0.9 / CHANGES_REFILL)
    assert changes.take("a", 1.1 / CHANGES_REFILL)
    assert not changes.take("a", 1.1 / CHANGES_REFILL)
    taken = sum(changes.take("a", 10 + second) for second in range(3600))
    assert taken <= 3600 * CHANGES_REFILL


def test_who_has_not_voted_for_long_is_forgotten_and_who_has_used_much_up_is_not() -> None:
    changes = Changes()
    for _ in range(int(CHANGES)):
        changes.take("eager", 10_000)
    for number in range(message_allowance._KEPT - 1):
        changes.take(f"gone {number}", 0)
    changes.take("new", 10_000)
    assert len(changes._of) < 10
    assert not changes.take("eager", 10_000)
