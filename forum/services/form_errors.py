"""Checking what somebody filled in: everything wrong is found first, then told at once, part by part."""

from __future__ import annotations

from forum.errors import BadInput, FormErrors
from forum.stories.visible_text import line, name_fault, trimmed, upright

# Of every kind of name, wherever it is typed.
NO_NAME = "Leave out signs that turn the direction of the line, and signs that only some devices can show."


class Findings:
    """What is wrong with a form so far. The first thing found about a part of it is the one that is told."""

    def __init__(self) -> None:
        self.errors: dict[str, BadInput] = {}

    def wrong(self, name: str, message: str, **values: object) -> None:
        """Notes what is wrong with the part of this name."""
        self.errors.setdefault(name, BadInput(message, field=name, **values))

    def need(self, name: str, value: str, otherwise: str, most: int) -> str:
        """The value without outer space; there must be something to see in it, and at most `most` characters."""
        if not trimmed(value):
            self.wrong(name, otherwise)
        return self.at_most(name, value, most)

    def name(self, name: str, value: str, otherwise: str, most: int) -> str:
        """The value as one line (`visible.line`); it must be there, have at most `most` characters, and be a name."""
        value = line(value)
        if name_fault(value):
            self.wrong(name, NO_NAME)
        return self.need(name, value, otherwise, most)

    def at_most(self, name: str, value: str, most: int) -> str:
        """The value without outer space; it must have at most `most` characters."""
        value = upright(value)
        if len(value) > most:
            self.wrong(name, "Use at most %(most)s characters. This has %(length)s.", most=most, length=len(value))
        return value

    def stop(self) -> None:
        """Raises FormErrors where anything is wrong."""
        if self.errors:
            raise FormErrors(self.errors)
