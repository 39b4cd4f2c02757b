"""docs/scaling.md says what holds: the figures of the code, and those of a simulation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bench.scaling import COSTS, NEWS, House, late

from forum.live import shared_rooms, tally_ticker, teller
from forum.live.elsewhere import HOLDS
from forum.live.news import News, encode
from forum.live.room import MOST_SOCKETS
from forum.live.seal import Seal

PAGE = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text("utf-8")


def test_the_page_has_the_figures_that_hold() -> None:
    for said in (
        f"gathered for {teller.SOON} s, so {1 / teller.SOON:.0f} a second at most",
        f"else every {shared_rooms.RENEWED:.0f} s",
        f"every {shared_rooms.LOOK_VOTING:.0f} s while a vote is open and every {shared_rooms.LOOK:.0f} s",
        f"where that is {shared_rooms.WHOLE} s old",
        f"holds for {HOLDS:.0f} s",
        f"Sockets of one participant ({MOST_SOCKETS})",
        f"about {NEWS[0]} bytes, and {NEWS[1]} for each vote in it",
    ):
        assert said in PAGE, said
    rows = re.findall(r"^\| ([\d,]+) \| (\d+) \| ([\d.]+) MB/s \| ([\d.]+) MB/s \|$", PAGE, re.MULTILINE)
    assert len(rows) == 4
    for phones, processes, busy, quiet in rows:
        named = 8 * int(phones.replace(",", "")) * int(processes) / 1e6
        assert float(busy) == pytest.approx(named, rel=0.3)
        assert float(quiet) == pytest.approx(named / shared_rooms.RENEWED, rel=0.3)
    sealed = len(Seal(b"k").put("t", encode(News("x" * 16))))
    some = len(Seal(b"k").put("t", encode(News("x" * 16, own=[1 << 62] * 10))))
    assert sealed == pytest.approx(NEWS[0], abs=8)
    assert (some - sealed) / 10 == pytest.approx(NEWS[1], abs=0.5)


def test_a_simulation_comes_to_the_arithmetic_of_the_page() -> None:
    phones, processes, seconds = 2000, 4, 4.0
    house = House(phones, processes, COSTS, coming=True)
    saw = house.run(seconds)
    votes = phones * COSTS["votes"]
    assert saw.frames / seconds == pytest.approx(phones / tally_ticker.PHONES_TICK + votes, rel=0.1)
    assert saw.looks / seconds == pytest.approx(processes / shared_rooms.LOOK_VOTING, rel=0.4)
    assert saw.said / seconds == pytest.approx(processes / shared_rooms.BEAT, rel=0.3)
    assert 0 < saw.messages / seconds <= processes / teller.SOON
    assert 0 < saw.commits / seconds <= votes
    named = 8 * phones * processes + 9 * votes * processes + NEWS[0] * processes * saw.messages / seconds
    assert saw.copied / seconds == pytest.approx(named, rel=0.3)
    # A process that cannot keep up is seen as such.
    assert max(house.shares().values()) < 0.2
    slow = House(phones, processes, {**COSTS, "frame": 5e-3}, coming=True)
    waits = slow.run(seconds).waits
    assert slow.shares()["a process"] > 0.8
    assert late(waits) > 5 * late(saw.waits)
