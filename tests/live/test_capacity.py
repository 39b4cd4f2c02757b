"""A session's places: taken, given back, run out, made more."""

from __future__ import annotations

from forum.live.capacity import MOST_DOORS, Places


def taken(places: Places, times: int, *, proved: bool = True) -> list[bool]:
    return [places.take("s", proved=proved) for _ in range(times)]


def test_so_many_come_in_and_as_many_more_whenever_the_door_is_opened_again() -> None:
    places = Places(4)
    places.begin("s", 1)
    assert not places.full("s")
    assert taken(places, 4) == [True, True, True, False]
    assert places.full("s")
    places.open("s")
    assert not places.full("s")
    assert taken(places, 5) == [True] * 4 + [False]


def test_opening_a_door_that_lets_people_in_changes_nothing() -> None:
    places = Places(2)
    places.open("s")
    places.begin("s", 0)
    places.open("s")
    assert taken(places, 3) == [True, True, False]


def test_those_who_prove_nothing_take_half() -> None:
    places = Places(4)
    places.begin("s", 0)
    assert taken(places, 3, proved=False) == [True, True, False]
    assert not places.full("s")  # for those whose browser came by the page there is room
    assert taken(places, 3) == [True, True, False]


def test_a_place_that_was_given_back_is_free_for_its_like() -> None:
    places = Places(2)
    places.begin("s", 0)
    assert taken(places, 2, proved=False) == [True, False]
    places.give_back("s", proved=False)
    assert taken(places, 1, proved=False) == [True]


def test_who_came_is_counted_once_and_each_session_by_itself() -> None:
    places = Places(2)
    places.begin("s", 2)
    places.begin("s", 0)
    places.begin("t", 0)
    assert taken(places, 1) == [False]
    assert not places.full("t")
    assert places.take("t", proved=True)


def test_of_very_many_doors_the_one_that_nobody_joined_for_longest_is_counted_anew() -> None:
    places = Places(4)
    places.begin("first", 0)
    places.begin("s", 0)
    for number in range(MOST_DOORS - 2):
        places.begin(str(number), 0)
    assert places.take("first", proved=True)  # used just now: it stays
    places.begin("one more", 0)
    assert places.knows("first")
    assert not places.knows("s")
    places.give_back("s", proved=True)  # by somebody who was on their way in
    places.begin("s", 3)
    assert taken(places, 2) == [True, False]


def test_where_others_were_full_first_who_came_is_counted_all_the_same() -> None:
    places = Places(4)
    places.refuse("s")
    assert places.full("s")
    assert not places.knows("s")
    places.begin("s", 4)
    assert places.knows("s")
    assert taken(places, 1) == [False]
    places.open("s")
    assert taken(places, 5) == [True] * 4 + [False]
    # Of one that is opened before anybody comes here, too.
    places.refuse("t")
    places.open("t")
    assert not places.full("t")
    places.begin("t", 4)
    assert [places.take("t", proved=True) for _ in range(5)] == [True] * 4 + [False]
