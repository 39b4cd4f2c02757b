"""Calendar entries, read back by a reader that nobody here wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from forum.sessions.calendar import Event, calendar

AT = "2026-11-22T13:44:21.123Z"
ODD = "Tea; coffee, and \\cake\\\nThen: “home” – née Ünal 🎭"


def an_event(**changes: Any) -> Event:
    told: dict[str, Any] = {
        "uid": "0a@forum",
        "title": "Police and ambulance",
        "starts": "2027-03-12T11:00:00.000Z",
        "ends": "2027-03-12T12:30:00.000Z",
        "changed_at": AT,
        "change": 3,
    }
    return Event(**(told | changes))


def read(text: str) -> Any:
    """Reads the calendar in a file with a reader that nobody here wrote."""
    return Calendar.from_ical(text)


def test_a_reader_finds_what_was_written() -> None:
    text = calendar(ODD, [an_event(title=ODD, place=ODD, words=ODD, url="http://house.test/a?b=1,2;3")])
    found = read(text)
    assert found["version"] == "2.0"
    assert found["method"] == "PUBLISH"
    (event,) = found.walk("VEVENT")
    assert [str(event[name]) for name in ("summary", "location", "description")] == [ODD] * 3
    assert str(event["url"]) == "http://house.test/a?b=1,2;3"
    assert event["dtstamp"].dt == datetime(2026, 11, 22, 13, 44, 21, tzinfo=UTC)
    assert (str(event["uid"]), int(event["sequence"])) == ("0a@forum", 3)


def test_times_are_moments_that_a_calendar_shows_in_its_own_time() -> None:
    (event,) = read(calendar("A day", [an_event()])).walk("VEVENT")
    assert event["dtstart"].dt == datetime(2027, 3, 12, 11, tzinfo=UTC)
    assert event["dtend"].dt == datetime(2027, 3, 12, 12, 30, tzinfo=UTC)


def test_every_line_is_short_enough_and_ends_as_the_standard_says() -> None:
    text = calendar("N" * 200, [an_event(title="ü" * 200, words="🎭" * 100)])
    assert text.endswith("END:VCALENDAR\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    (event,) = read(text).walk("VEVENT")
    assert (str(event["summary"]), str(event["description"])) == ("ü" * 200, "🎭" * 100)


@given(st.text(max_size=120), st.text(max_size=120))
def test_no_words_break_the_file(title: str, words: str) -> None:
    text = calendar("A day", [an_event(title="T" + title, words=words), an_event(uid="0b@forum")])
    assert text.count("\r\nBEGIN:VEVENT\r\n") == 2
    assert len(read(text).walk("VEVENT")) == 2


@pytest.mark.parametrize("odd", ["a\r\nEND:VEVENT", "a\rb", "a\x00b\x1bc"])
def test_control_characters_and_line_ends_write_no_line_of_their_own(odd: str) -> None:
    text = calendar("A day", [an_event(title=odd)])
    assert text.count("\r\nEND:VEVENT\r\n") == 1
    assert not set(text) & {"\x00", "\x1b"}
