"""Local time: what is stored is UTC, what is read and typed is what clocks show, also when they change."""

from __future__ import annotations

from datetime import datetime

import pytest

from forum.sessions.local_time import UTC, local, short, stored, zone

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
