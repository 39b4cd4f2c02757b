"""The clock that services and live rooms use."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """A source of the current time."""

    def now(self) -> str:
        """Returns the current time in UTC, ISO 8601 with milliseconds and a Z."""

    def later(self, **span: float) -> str:
        """Returns now plus a `timedelta` made of these keyword arguments, as `later(hours=12)`, in the format
        of `now`.
        """
