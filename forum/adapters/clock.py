"""The clock of a running server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from forum.sessions.local_time import written


class SystemClock:
    """Implements ports.Clock by the machine's clock."""

    def now(self) -> str:
        """Returns the time now: UTC, ISO 8601 with milliseconds."""
        return written(datetime.now(UTC))

    def later(self, **span: float) -> str:
        """Returns now plus a timedelta of these keyword arguments, as `later(hours=12)`."""
        return written(datetime.now(UTC) + timedelta(**span))
