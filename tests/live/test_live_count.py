from __future__ import annotations

from dataclasses import replace

import pytest
from support.factories import a_commission, a_session

from forum.live import live_count
from forum.live.live_count import LiveCount, blur, counting
from forum.sessions.session import Entrance
from forum.sessions.view import RoomView
from forum.voting.round import Response, Round, RoundState
from forum.voting.suppression import STEP, live_step, so_far

ROUND = Round(
    "1", "s", "Who?", (Response("r1", "A"), Response("r2", "B")), method="approval", state=RoundState.OPEN, live=True
)


@pytest.fixture(autouse=True)
def _sharp(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes the blur out: it has tests of its own."""
    monkeypatch.setattr(live_count, "blur", lambda: 0)


def test_nothing_is_shown_before_the_threshold() -> None:
    count = LiveCount(ROUND, 5, 0)
    assert not count.due(4)
    assert not count.take({"r1": 3, "r1 r2": 1})
    assert count.shown is None
    assert count.due(5)
    assert count.take({"r1": 3, "r1 r2": 1, "r2": 1})
    assert count.shown == {"r1": 80, "r2": 40}


def test_what_is_shown_is_blurred(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_count, "blur", lambda: -2)
    count = LiveCount(ROUND, 10, 0)
    assert count.take({"r1": 8, "r2": 2})
    assert count.shown == {"r1": 60, "r2": 0}


def test_one_more_ballot_never_moves_the_numbers() -> None:
    count = LiveCount(ROUND, 5, 0)
    shown = []
    for n in range(1, 21):
        if count.due(n):
            count.take({"r1": 5, "r2": n - 5} if n > 5 else {"r1": n})
        shown.append(None if count.shown is None else count.shown["r1"])
    assert shown == [None] * 4 + [100] * 5 + [50] * 5 + [35] * 5 + [25]


def test_a_change_of_mind_alone_shows_nothing_new() -> None:
    count = LiveCount(ROUND, 5, 0)
    count.take({"r1": 5})
    assert not count.take({"r1": 4, "r2": 1})
    assert count.shown == {"r1": 100, "r2": 0}


def test_a_room_that_is_opened_again_begins_with_nothing_shown() -> None:
    count = LiveCount(ROUND, 5, 7)
    assert not count.due(11)
    assert count.due(12)


@pytest.mark.parametrize(
    "round_",
    [
        None,
        replace(ROUND, live=False),
        *(
            replace(ROUND, state=s)
            for s in (RoundState.DRAFT, RoundState.CLOSED, RoundState.REVEALED, RoundState.ANNULLED)
        ),
    ],
)
def test_only_an_open_vote_that_said_so_is_counted(round_: Round | None) -> None:
    count = LiveCount(round_, 5, 0)
    assert counting(round_) == ""
    assert count.round == ""
    assert not count.due(50)
    assert not count.take({"r1": 50})
    assert count.shown is None


def test_where_anybody_can_join_it_takes_ten_times_the_threshold() -> None:
    """A step is ten times the threshold there, since somebody who casts all but one of its votes knows the last."""
    assert live_step(5, tickets=True) == 10
    assert live_step(5, tickets=False) == 50
    for entrance, step in ((Entrance.TICKETS, 10), (Entrance.OPEN_CODE, 50), (Entrance.OPEN_LINK, 50)):
        commission = a_commission()
        view = RoomView(replace(a_session(commission), entrance=entrance), commission, ())
        assert view.live_step == step
    count = LiveCount(ROUND, 50, 0)
    assert not count.take({"r1": 48, "r2": 1})
    assert count.take({"r1": 49, "r2": 1})
    assert not count.take({"r1": 98, "r2": 1})
    assert count.take({"r1": 99, "r2": 1})


# ---------------------------------------------------------------- the blur


def test_a_blur_is_most_often_small_and_now_and_then_any() -> None:
    drawn = [blur() for _ in range(4000)]
    assert abs(sum(drawn) / len(drawn)) < 0.3
    assert 0.25 < drawn.count(0) / len(drawn) < 0.42
    assert {-3, -2, -1, 0, 1, 2, 3} <= set(drawn)


@pytest.mark.parametrize("count", [0, 1, 9, 10])
def test_whatever_is_shown_can_have_come_from_every_count(count: int) -> None:
    shown = set()
    for k in range(-20, 21):
        shares = so_far({"r1": count}, 10, 10, lambda k=k: k)  # type: ignore[misc]
        assert shares is not None
        shown.add(shares["r1"])
    assert shown == set(range(0, 101, 10))


def test_shares_are_rounded_and_stay_between_nothing_and_all() -> None:
    assert so_far({"r1": 17, "r2": 60, "r3": 0}, 77, 10, lambda: -3) == {"r1": 20, "r2": 75, "r3": 0}
    assert so_far({"r1": 76}, 77, 10, lambda: 9) == {"r1": 100}
    assert so_far({"r1": 9}, 9, 10, lambda: 0) is None
    assert STEP == 5
