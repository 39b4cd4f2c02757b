"""The time, as whoever acts is told it."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> str:
        """Now, UTC, ISO 8601 with milliseconds and a Z."""
        ...

    def later(self, **span: float) -> str:
        """Now plus a timedelta's keyword arguments, as `later(hours=12)`, written the same way."""
        ...
