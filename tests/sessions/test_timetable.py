"""The timetable of a programme: when its sections begin and end."""

from __future__ import annotations

import pytest

from forum.sessions import timetable
from forum.sessions.local_time import zone
from forum.sessions.programme import Programme, Section

LONDON = zone("Europe/London")
PLAN = Programme(
    day="2027-03-12",
    sections=(
        Section("1", "Police", "11:00"),
        Section("2", "Rest", "12:00", "12:30"),
        Section("3", "Nurses", "12:30"),
    ),
)


def a_section(day: str, starts: str, ends: str = "") -> Programme:
    return Programme(day=day, sections=(Section("1", "Police", starts, ends),))


def test_a_section_lasts_until_the_next_one_else_an_hour() -> None:
    assert [(s.id, a, b) for s, a, b in timetable.times(PLAN)] == [
        ("1", "11:00", "12:00"),
        ("2", "12:00", "12:30"),
        ("3", "12:30", "13:30"),
    ]
    late = Programme(sections=(Section("1", "Late", "23:30"), Section("2", "Early", "09:00"), Section("3", "No time")))
    assert [(a, b) for _, a, b in timetable.times(late)] == [("23:30", "23:59"), ("09:00", "10:00")]
    assert [s.id for s in timetable.out_of_order(late)] == ["2"]
    assert timetable.out_of_order(PLAN) == ()
    assert timetable.moments(late, LONDON) == ()


@pytest.mark.parametrize(
    ("day", "starts", "ends", "moments"),
    [
        ("2027-03-12", "11:00", "", ("2027-03-12T11:00:00.000Z", "2027-03-12T12:00:00.000Z")),
        ("2027-07-12", "11:00", "12:30", ("2027-07-12T10:00:00.000Z", "2027-07-12T11:30:00.000Z")),
        # Clocks go from 00:59 to 02:00: an end that follows from a start is an hour after it all the same.
        ("2027-03-28", "00:30", "", ("2027-03-28T00:30:00.000Z", "2027-03-28T01:30:00.000Z")),
        # 01:30 comes twice: it begins at the first and ends at the second.
        ("2026-10-25", "01:15", "01:30", ("2026-10-25T00:15:00.000Z", "2026-10-25T01:30:00.000Z")),
        ("0001-01-01", "00:00", "01:00", None),
    ],
)
def test_the_timetable_of_a_day_is_moments(day: str, starts: str, ends: str, moments: tuple[str, str] | None) -> None:
    where = zone("Asia/Tokyo") if moments is None else LONDON
    told = [(begins, over) for _, begins, over in timetable.moments(a_section(day, starts, ends), where)]
    assert told == ([] if moments is None else [moments])


def test_what_clocks_skip_is_found() -> None:
    assert timetable.skipped(a_section("2027-03-28", "00:30", "01:30"), LONDON) == "01:30"
    assert timetable.skipped(a_section("2027-03-28", "01:00"), LONDON) == "01:00"
    assert timetable.skipped(a_section("2027-03-28", "00:59", "02:00"), LONDON) == ""
    assert timetable.skipped(a_section("", "01:30"), LONDON) == ""
    assert timetable.skipped(PLAN, LONDON) == ""
