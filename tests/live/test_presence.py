"""Which phones are here, and how they are connected."""

from __future__ import annotations

import time

import pytest

from forum.live import elsewhere
from forum.live.elsewhere import Elsewhere, Everywhere, Phones
from forum.live.messages import Health
from forum.live.news import Names
from forum.live.presence import LOST, POLLING, Presence, Who


def test_two_tabs_are_one_phone_until_the_last_is_gone() -> None:
    here = Presence()
    here.came("a")
    here.came("a")
    here.went("a", 1, lost=True)
    assert here.health(1) == Health(connected=1, polling=0, lost=0)
    here.went("a", 2, lost=True)
    assert here.health(2) == Health(connected=0, polling=0, lost=1)
    assert here.present(2) == 0


def test_a_lost_phone_is_lost_for_a_minute_or_until_it_is_back() -> None:
    here = Presence()
    for participant in ("a", "b", "c"):
        here.came(participant)
        here.went(participant, 10, lost=True)
    here.came("a")
    here.polled("b", 11)
    assert here.health(12) == Health(connected=1, polling=1, lost=1)
    assert here.due(12) == 11 + POLLING
    assert here.health(10 + LOST).lost == 1, "the one that asked by polling has not asked again"
    assert here.health(11 + POLLING + LOST).lost == 0


def test_who_closes_the_page_is_not_lost() -> None:
    here = Presence()
    here.came("a")
    here.went("a", 1, lost=False)
    assert here.health(1) == Health(connected=0, polling=0, lost=0)
    assert here.due(1) is None


def test_who_polls_is_here_and_who_stops_asking_is_lost() -> None:
    here = Presence()
    here.polled("a", 0)
    assert (here.present(POLLING - 1), here.health(POLLING - 1)) == (1, Health(connected=0, polling=1, lost=0))
    assert (here.present(POLLING), here.health(POLLING)) == (0, Health(connected=0, polling=0, lost=1))
    assert here.due(POLLING) == POLLING + LOST


def test_who_only_observes_is_connected_and_not_among_those_who_vote_here() -> None:
    here = Presence()
    here.observes("a")
    here.came("a")
    here.came("b")
    here.observes("c")
    here.polled("c", 0)
    assert here.present(1) == 1
    assert here.health(1) == Health(connected=2, polling=1, lost=0)


def test_a_phone_with_a_socket_does_not_count_as_polling() -> None:
    here = Presence()
    here.polled("a", 0)
    here.came("a")
    here.polled("a", 1)
    assert here.health(2) == Health(connected=1, polling=0, lost=0)


def test_whoever_was_replaced_is_not_lost() -> None:
    here = Presence()
    for participant, lost in (("a", True), ("b", False)):
        here.came(participant)
        if lost:
            here.went(participant, 0, lost=True)
        here.polled("c", 0)
        here.forget(participant)
    here.forget("c")
    assert here.health(1) == Health(connected=0, polling=0, lost=0)


def _cost(number: int) -> float:
    """Returns what it takes to ask a few times who is here after so many came and half of them were lost: the least of
    several, as others share the processor."""
    here, least = Presence(), float("inf")
    for one in range(number):
        here.came(str(one))
    for one in range(0, number, 2):
        here.went(str(one), 10, lost=True)
    for _ in range(15):
        began = time.perf_counter()
        for _ in range(10):
            assert here.present(11) == number // 2
            assert here.health(11).lost == number // 2
        least = min(least, time.perf_counter() - began)
    return least


def test_who_is_here_is_not_dearer_to_say_of_thousands_that_went_at_once() -> None:
    assert _cost(20_000) < 20 * _cost(200)


def test_a_hall_that_comes_has_everybodys_names_gone_through_a_few_times_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone_through: list[Who] = []
    name = elsewhere.named

    def named(who: Who, names: Names) -> Phones:
        gone_through.append(who)
        return name(who, names)

    monkeypatch.setattr(elsewhere, "named", named)
    here = Presence()
    everywhere = Everywhere(here, Elsewhere(Names(b"k")))
    assert everywhere.present(10) == 0
    for number in range(1000):
        here.came(str(number))
        everywhere.present(10 + number / 2500)
    assert len(gone_through) == 2
    # The rest is due, and there then.
    due = everywhere.due(10.4) or 0.0
    assert due == pytest.approx(10.4)
    assert (everywhere.present(due), everywhere.due(due)) == (1000, None)
