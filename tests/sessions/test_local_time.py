"""Local time: what is stored is UTC, what is read and typed is what clocks show, also when they change."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.sessions.local_time import UTC, local, short, stored, twice, written, zone

LONDON = zone("Europe/London")


@pytest.mark.parametrize(
    ("where", "at", "shown"),
    [
        ("Europe/London", "2026-11-22T13:44:21.123Z", "2026-11-22 13:44 GMT"),
        ("Europe/London", "2026-07-01T13:44:21.123Z", "2026-07-01 14:44 BST"),
        ("Europe/London", "2026-06-30T23:30:00.000Z", "2026-07-01 00:30 BST"),
        ("Europe/London", "2027-03-28T00:59:59.999Z", "2027-03-28 00:59 GMT"),
        ("Europe/London", "2027-03-28T01:00:00.000Z", "2027-03-28 02:00 BST"),
        ("Europe/London", "2026-10-25T00:30:00.000Z", "2026-10-25 01:30 BST"),
        ("Europe/London", "2026-10-25T01:30:00.000Z", "2026-10-25 01:30 GMT"),
        ("Asia/Kolkata", "2026-11-22T20:00:00.000Z", "2026-11-23 01:30 IST"),
        ("America/Sao_Paulo", "2026-11-22T01:00:00.000Z", "2026-11-21 22:00 UTC-03"),
        ("UTC", "2026-07-01T13:44:21.123Z", "2026-07-01 13:44 UTC"),
    ],
)
def test_a_stored_time_is_told_as_clocks_show_it(where: str, at: str, shown: str) -> None:
    moment = local(at, zone(where))
    assert f"{moment:%Y-%m-%d %H:%M} {short(moment)}" == shown


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("2026-11-22 18:00", "2026-11-22T18:00:00.000Z"),
        ("2026-07-01 19:00", "2026-07-01T18:00:00.000Z"),
        ("2026-07-01 00:30", "2026-06-30T23:30:00.000Z"),
        ("2027-03-28 00:59", "2027-03-28T00:59:00.000Z"),
        ("2027-03-28 02:00", "2027-03-28T01:00:00.000Z"),
        ("2026-10-25 00:59", "2026-10-24T23:59:00.000Z"),
        ("2026-10-25 01:30", "2026-10-25T01:30:00.000Z"),  # comes twice: the second one
        ("2026-10-25 02:00", "2026-10-25T02:00:00.000Z"),
    ],
)
def test_a_typed_time_is_stored_in_utc_and_told_as_it_was_typed(typed: str, at: str) -> None:
    moment = datetime.fromisoformat(typed)
    assert stored(moment, LONDON) == at
    assert local(at, LONDON).replace(tzinfo=None) == moment
    assert stored(moment, UTC) == f"{typed.replace(' ', 'T')}:00.000Z"


@pytest.mark.parametrize("typed", ["2027-03-28 01:00", "2027-03-28 01:30", "2027-03-28 01:59"])
def test_a_time_that_clocks_skip_is_none(typed: str) -> None:
    with pytest.raises(ValueError, match="2027"):
        stored(datetime.fromisoformat(typed), LONDON)


def test_a_time_outside_the_calendar_is_none() -> None:
    with pytest.raises(ValueError, match="0001"):
        stored(datetime.fromisoformat("0001-01-01"), zone("Asia/Tokyo"))


@pytest.mark.parametrize("name", ["", "London", "Europe/Londres", "/etc/passwd", "../UTC", "Europe", "x\0y", "é" * 999])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (its words are zoneinfo's, others in each version)
        zone(name)


# Clocks that change by an hour and by half of one, on either half of the globe, at midnight, never, and for Ramadan.
ZONES = [
    zone(name)
    for name in (
        "Europe/London",
        "Europe/Dublin",
        "America/New_York",
        "America/Santiago",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Asia/Kolkata",
        "Pacific/Kiritimati",
        "UTC",
    )
]


def changes(where: ZoneInfo) -> list[datetime]:
    """Lists the hours of 2026 to 2028, in UTC, in which clocks there change."""
    hours = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(3 * 365 * 24))
    every = [(hour, hour.astimezone(where).utcoffset()) for hour in hours]
    return [before for (before, one), (_, other) in pairwise(every) if one != other]


CHANGES = [(where, hour) for where in ZONES for hour in changes(where)]
AROUND = st.integers(-180, 180).map(lambda minutes: timedelta(minutes=minutes))


@given(st.sampled_from(CHANGES), AROUND)
def test_around_a_change_each_moment_is_told_apart_and_read_back(
    change: tuple[ZoneInfo, datetime], by: timedelta
) -> None:
    where, hour = change
    at = written(hour + by)
    there = local(at, where)
    told = there.replace(tzinfo=None)
    # A moment comes back from what clocks show, but for the first of a time that comes twice, which is told apart.
    if twice(at, where) and not there.fold:
        second = local(stored(told, where), where)
        assert second.replace(tzinfo=None) == told
        assert (second.fold, short(second)) != (0, short(there))
        assert stored(told, where) > at
    else:
        assert stored(told, where) == at


@given(st.sampled_from(CHANGES), AROUND)
def test_around_a_change_what_is_typed_is_kept_or_refused(change: tuple[ZoneInfo, datetime], by: timedelta) -> None:
    where, hour = change
    typed = (hour.astimezone(where) + by).replace(tzinfo=None, fold=0)
    shown = {local(written(hour + timedelta(minutes=n)), where).replace(tzinfo=None) for n in range(-480, 481)}
    kept = None
    with suppress(ValueError):
        kept = local(stored(typed, where), where).replace(tzinfo=None)
    assert kept == (typed if typed in shown else None)


def test_both_changes_are_in_the_sample() -> None:
    for name, each in (("Europe/London", 6), ("Australia/Lord_Howe", 6), ("Asia/Kolkata", 0)):
        assert len([hour for where, hour in CHANGES if where.key == name]) == each
