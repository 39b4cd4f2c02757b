from __future__ import annotations

from dataclasses import replace

import pytest
from support.factories import a_commission, a_session

from forum.live.live_count import LiveCount, counting
from forum.sessions.session import Entrance
from forum.sessions.view import RoomView
from forum.voting.round import Response, Round, RoundState
from forum.voting.suppression import live_step

ROUND = Round(
    "1", "s", "Who?", (Response("r1", "A"), Response("r2", "B")), method="approval", state=RoundState.OPEN, live=True
)


def test_nothing_is_shown_before_the_threshold() -> None:
    count = LiveCount(ROUND, 5, 0)
    assert not count.due(4)
    assert not count.take({"r1": 3, "r1 r2": 1})
    assert count.shown is None
    assert count.due(5)
    assert count.take({"r1": 3, "r1 r2": 1, "r2": 1})
    assert count.shown == {"r1": 4, "r2": 2}


def test_one_more_ballot_never_moves_the_numbers() -> None:
    count = LiveCount(ROUND, 5, 0)
    shown = []
    for n in range(1, 21):
        if count.due(n):
            count.take({"r1": n})
        shown.append(None if count.shown is None else count.shown["r1"])
    assert shown == [None] * 4 + [5] * 5 + [10] * 5 + [15] * 5 + [20]


def test_a_change_of_mind_alone_shows_nothing_new() -> None:
    count = LiveCount(ROUND, 5, 0)
    count.take({"r1": 5})
    assert not count.take({"r1": 4, "r2": 1})
    assert count.shown == {"r1": 5, "r2": 0}


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


def test_where_anybody_can_join_it_takes_ten_times_as_many() -> None:
    """A step is ten times the threshold there, since somebody who casts all but one of its votes knows the last."""
    assert live_step(5, tickets=True) == 5
    assert live_step(5, tickets=False) == 50
    for entrance, step in ((Entrance.TICKETS, 5), (Entrance.OPEN_CODE, 50), (Entrance.OPEN_LINK, 50)):
        commission = a_commission()
        view = RoomView(replace(a_session(commission), entrance=entrance), commission, ())
        assert view.live_step == step
    count = LiveCount(ROUND, 50, 0)
    assert not count.take({"r1": 48, "r2": 1})
    assert count.take({"r1": 49, "r2": 1})
    assert not count.take({"r1": 98, "r2": 1})
    assert count.take({"r1": 99, "r2": 1})
