"""The clock of a running server."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from forum.sessions.local_time import written


@lru_cache(maxsize=4)
def _until_second(since_1970: int) -> str:
    """Writes a time but for its fraction. Thousands of ballots come in one second."""
    return datetime.fromtimestamp(since_1970, UTC).isoformat()[:19]


class SystemClock:
    """Implements ports.Clock by the machine's clock."""

    def now(self) -> str:
        """Returns the time now: UTC, ISO 8601 with milliseconds."""
        seconds, thousandths = divmod(time.time_ns() // 1_000_000, 1000)
        return f"{_until_second(seconds)}.{thousandths:03d}Z"

    def later(self, **span: float) -> str:
        """Returns now plus a timedelta of these keyword arguments, as `later(hours=12)`."""
        return written(datetime.now(UTC) + timedelta(**span))
