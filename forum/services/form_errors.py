"""Checks on a filled-in form: all mistakes are collected first, then raised together, field by field."""

from __future__ import annotations

import re
from datetime import date, timedelta

from forum.errors import BadInput, FormErrors
from forum.stories.visible_text import line, name_fault, trimmed, upright

# The message for every kind of name, in whichever form it is typed.
NO_NAME = "Leave out signs that turn the direction of the line, and signs that only some devices can show."

# For an act on words that somebody looked at, where the form does not bring the fingerprint that its page has.
NO_READ = (
    "This form does not say what you read, so nothing was done. Open the page again, read it, and send it once more. "
    "What you wrote is still here: copy it."
)

MOST_DAYS = 366  # until a day that somebody waits for
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def is_day(text: str) -> bool:
    """Tells whether a text is an ISO date, as 2027-03-31."""
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


class Findings:
    """Mistakes found in a form so far, by field; the first one of a field is kept."""

    def __init__(self) -> None:
        self.errors: dict[str, BadInput] = {}

    def wrong(self, name: str, message: str, **values: object) -> None:
        """Notes a mistake in the field `name`."""
        self.errors.setdefault(name, BadInput(message, field=name, **values))

    def need(self, name: str, value: str, otherwise: str, most: int, **values: object) -> str:
        """Returns the value without outer space; notes a mistake where it is blank (`otherwise`, filled in with the
        values) or longer than `most` characters."""
        if not trimmed(value):
            self.wrong(name, otherwise, **values)
        return self.at_most(name, value, most)

    def name(self, name: str, value: str, otherwise: str, most: int) -> str:
        """Returns the value as one line (`visible.line`); notes a mistake where it is blank, too long, or cannot be
        a name."""
        value = line(value)
        if name_fault(value):
            self.wrong(name, NO_NAME)
        return self.need(name, value, otherwise, most)

    def at_most(self, name: str, value: str, most: int) -> str:
        """Returns the value without outer space; notes a mistake where it is longer than `most` characters."""
        value = upright(value)
        self.fits(name, value, most)
        return value

    def fits(self, name: str, value: str, most: int) -> None:
        """Notes a mistake where the value, as it is, is longer than `most` characters."""
        if len(value) > most:
            self.wrong(name, "Use at most %(most)s characters. This has %(length)s.", most=most, length=len(value))

    def later_day(self, name: str, value: str, otherwise: str, at: str) -> str:
        """Returns a day that has not come at the time `at`, without outer space; notes a mistake where it is blank
        (`otherwise`), no day, not later than that of `at`, or more than MOST_DAYS after it."""
        value, today = value.strip(), date.fromisoformat(at[:10])
        if not value:
            self.wrong(name, otherwise)
        elif not is_day(value):
            self.wrong(name, "Write the day as year, month, day. For example: 2027-03-31.")
        elif date.fromisoformat(value) <= today:
            self.wrong(name, "This day is not later than today. Give a day that has not come yet.")
        elif date.fromisoformat(value) > today + timedelta(days=MOST_DAYS):
            self.wrong(name, "This is more than a year away. Give an earlier day.")
        return value

    def stop(self) -> None:
        """Raises FormErrors where there is any mistake."""
        if self.errors:
            raise FormErrors(self.errors)
