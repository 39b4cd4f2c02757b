"""A clock that lies in the past, so that an example's acts have days of their own, months apart."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from forum.sessions.local_time import written

# Each look moves it on by so much, so that no two acts have one time.
STEP: Final = timedelta(milliseconds=400)


class PastClock:
    """Implements ports.Clock by moments that it is set to, each later than the last."""

    def __init__(self, today: str) -> None:
        """Takes the moment that counts as now, in the format of `now`; days before it are counted from its date."""
        self._today = datetime.fromisoformat(today[:10] + "T00:00:00+00:00")
        self._at = self._today - timedelta(days=3650)

    def set(self, days_ago: int, time: str) -> None:
        """Sets it to a time of day (UTC) so many days ago. Raises ValueError where that is not later than it is now."""
        hours, minutes = time.split(":")
        to = self._today - timedelta(days=days_ago) + timedelta(hours=int(hours), minutes=int(minutes))
        if to <= self._at or days_ago < 1:
            raise ValueError(f"{days_ago} days ago at {time} does not come after {written(self._at)}")
        self._at = to

    def now(self) -> str:
        """Returns its time, and moves it on by STEP."""
        self._at += STEP
        return written(self._at)

    def later(self, **span: float) -> str:
        """Returns its time plus a `timedelta` of these keyword arguments."""
        return written(self._at + timedelta(**span))

    def day(self, days_ago: int) -> str:
        """Returns the date so many days ago (ISO)."""
        return written(self._today - timedelta(days=days_ago))[:10]
