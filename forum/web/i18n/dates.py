"""Writes days and times in the reader's language, in the time zone of the installation."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_timezone_location
from markupsafe import Markup

from forum.sessions import local_time
from forum.sessions.local_time import LONDON, local, short
from forum.web.i18n.gettext import gettext, language

# Set once, when the application is built.
_zone = [ZoneInfo(LONDON)]


def keep_time(zone: ZoneInfo) -> None:
    """Sets the time zone in which this process shows times."""
    _zone[0] = zone


def day(at: str) -> str:
    """Returns a stored time (UTC), or a day, as "22 November 2026" in the reader's language; "" for ""."""
    return _date_words(_moment(at).date(), language().locale) if at else ""


def today(at: str) -> str:
    """Returns the day that a stored time (UTC) falls on where the installation is, as 2026-11-22."""
    return _moment(at).date().isoformat()


def month(name: str) -> str:
    """Returns a month, as 2026-11, as "November 2026" in the reader's language."""
    return format_skeleton("yMMMM", date.fromisoformat(f"{name}-01"), locale=language().locale)


def moment(at: str) -> str:
    """Returns a stored time (UTC) as "22 November 2026, 13:44 GMT" in the reader's language; "" for ""."""
    if not at:
        return ""
    return _moment_words(_moment(at))


def _moment_words(when: datetime) -> str:
    locale = language().locale
    values = {
        "day": _date_words(when.date(), locale),
        "time": _time_words(when.time().replace(second=0, microsecond=0), locale),
        "zone": short(when),
    }
    return gettext("%(day)s, %(time)s %(zone)s") % values


# Cached: a page of the record shows fifty times, most of them of the same few days.
@lru_cache(maxsize=1024)
def _date_words(when: date, locale: Locale) -> str:
    return format_date(when, "long", locale)


@lru_cache(maxsize=4096)
def _time_words(when: time, locale: Locale) -> str:
    return format_time(when, "short", locale=locale)


def twice(at: str) -> bool:
    """Tells whether clocks show a stored time twice, when summer time ends, so that a page says which is meant."""
    return local_time.twice(at, _zone[0])


def zone_on(planned_day: str, clock: str) -> str:
    """Returns the short name of the time at "09:30" on a planned day: "GMT", "BST"."""
    return short(_planned(planned_day, clock))


def planned_time(planned_day: str, clock: str) -> Markup | str:
    """Returns a planned time, as "09:30" on an ISO day, as a <time> element; only the words where no day is known."""
    if not planned_day:
        return clock
    return _time_tag(_planned(planned_day, clock).isoformat(timespec="minutes"), clock)


def _planned(planned_day: str, clock: str) -> datetime:
    return datetime.fromisoformat(f"{planned_day}T{clock}").replace(tzinfo=_zone[0])


def clocks() -> str:
    """Returns the name of the time zone: "United Kingdom Time"; its key, as "UTC", for one without a place."""
    place = get_timezone_location(_zone[0], locale=language().locale)
    return place if "/" in _zone[0].key and "Etc/" not in _zone[0].key else _zone[0].key


def _day(at: str) -> Markup:
    """Returns a day as a <time> element: words for people, 2026-11-22 for programs."""
    return _time_tag(_moment(at).date().isoformat(), day(at)) if at else Markup("")


def _minute(at: str) -> Markup:
    """Returns a time as a <time> element, to the minute: milliseconds could tell in which order people acted."""
    if not at:
        return Markup("")
    when = _moment(at)
    return _time_tag(when.isoformat(timespec="minutes"), _moment_words(when))


_TIME = Markup('<time datetime="%s">%s</time>')


def _time_tag(when: str, words: str) -> Markup:
    return _TIME % (when, words)


def _moment(at: str) -> datetime:
    """Returns a stored time in the installation's zone; a day stays as it is."""
    return local(at, _zone[0]) if "T" in at else datetime.fromisoformat(at)
