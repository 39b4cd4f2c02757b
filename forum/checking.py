"""Checking what somebody filled in: everything wrong is found first, then told at once, part by part."""

from __future__ import annotations

from forum.errors import BadInput, FormErrors


class Findings:
    """What is wrong with a form so far. The first thing found about a part of it is the one that is told."""

    def __init__(self) -> None:
        self.errors: dict[str, BadInput] = {}

    def wrong(self, name: str, message: str, **values: object) -> None:
        """Notes what is wrong with the part of this name."""
        self.errors.setdefault(name, BadInput(message, field=name, **values))

    def need(self, name: str, value: str, otherwise: str, most: int) -> str:
        """The value without outer space; it must have something in it, and at most `most` characters."""
        if not value.strip():
            self.wrong(name, otherwise)
        return self.at_most(name, value, most)

    def at_most(self, name: str, value: str, most: int) -> str:
        """The value without outer space; it must have at most `most` characters."""
        value = value.strip()
        if len(value) > most:
            self.wrong(name, "Use at most %(most)s characters. This has %(length)s.", most=most, length=len(value))
        return value

    def stop(self) -> None:
        """Raises FormErrors where anything is wrong."""
        if self.errors:
            raise FormErrors(self.errors)
