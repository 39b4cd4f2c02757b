"""Times as clocks show them where the installation is: what is stored is UTC, what is read and typed is local.

The zone is one of the IANA database (FORUM_TIMEZONE), so that summer time begins and ends on the right day.
"""

from __future__ import annotations

from datetime import UTC as datetime_utc
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Forum's field is in the United Kingdom, and most servers are set to UTC, which nobody's clock shows in summer.
LONDON = "Europe/London"
UTC = ZoneInfo("UTC")


def zone(name: str) -> ZoneInfo:
    """Returns the zone of this name. Raises ValueError where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(name) from error


def local(at: str, where: ZoneInfo) -> datetime:
    """Converts a stored time (UTC) to what clocks show there."""
    return datetime.fromisoformat(at).astimezone(where)


def short(moment: datetime) -> str:
    """Returns the name of the time that a local moment is in: "GMT", "BST", "CET"; where nobody has a word,
    "UTC+04"."""
    name = moment.tzname() or ""
    return f"UTC{name}" if name[:1] in ("+", "-") else name


def stored(typed: datetime, where: ZoneInfo) -> str:
    """Converts a moment typed as clocks there show it (without a zone) to how it is stored.

    An hour that comes twice, when summer time ends, is the second one: nobody is shut out earlier than they read.
    Raises ValueError for a moment that clocks skip when summer time begins, and for one outside the calendar.
    """
    try:
        moment = typed.replace(tzinfo=where, fold=1).astimezone(UTC)
        skipped = moment.astimezone(where).replace(tzinfo=None) != typed
    except OverflowError as error:
        raise ValueError(typed) from error
    if skipped:
        raise ValueError(typed)
    return written(moment)


def twice(at: str, where: ZoneInfo) -> bool:
    """Tells whether clocks there show a stored time twice, because summer time ends."""
    moment = local(at, where)
    return moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()


def written(moment: datetime) -> str:
    """Writes a moment as it is stored and shown to machines: UTC, ISO 8601, milliseconds, Z."""
    if moment.tzinfo is not datetime_utc:
        moment = moment.astimezone(datetime_utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
