"""The picture of the wave says in words all that it shows."""

from __future__ import annotations

import re

import pytest

from forum.sessions.stop import Bar
from forum.web.charts.stop_wave import clock, picture

BARS = (Bar(0, 30, 3), Bar(30, 60, 0), Bar(60, 90, 12))


def test_every_bar_stands_in_the_description_and_an_empty_one_is_not_drawn() -> None:
    svg = picture(BARS)
    assert "From 0:00 to 0:30: 3; From 1:00 to 1:30: 12" in svg
    assert "0:30 to 1:00" not in svg
    assert len(re.findall(r'class="series-1"', svg)) == 2


def test_it_says_from_when_to_when_and_how_many() -> None:
    svg = picture(BARS)
    assert {">0:00<", ">1:30<", ">3<", ">12<"} <= set(re.findall(r">[^<>]+<", svg))


def test_no_stops_are_no_picture() -> None:
    with pytest.raises(ValueError, match="no stops"):
        picture(())


def test_times_are_minutes_and_seconds() -> None:
    assert [clock(seconds) for seconds in (0, 9, 65, 3600)] == ["0:00", "0:09", "1:05", "60:00"]
