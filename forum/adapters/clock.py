"""The clock of a running server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from forum.sessions.local_time import written


class SystemClock:
    """Implements ports.Clock by the machine's clock."""

    def now(self) -> str:
        """Now."""
        return written(datetime.now(UTC))

    def later(self, **span: float) -> str:
        """Now plus a timedelta's keyword arguments, as `later(hours=12)`."""
        return written(datetime.now(UTC) + timedelta(**span))
