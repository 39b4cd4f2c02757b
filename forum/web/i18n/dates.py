"""Writes days and times in the reader's language, by the clocks of the installation."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_location
from markupsafe import Markup

from forum.sessions.local_time import LONDON, local, short
from forum.web.i18n.gettext import gettext, language

# Set once, when the application is built.
_zone = [ZoneInfo(LONDON)]


def keep_time(zone: ZoneInfo) -> None:
    """From here on, in this process, times are told as clocks show them in this zone."""
    _zone[0] = zone


def day(at: str) -> str:
    """A stored time (UTC), or a day, as "22 November 2026", in the reader's language, as calendars show it there."""
    return _date_words(_moment(at).date(), language().locale) if at else ""


def moment(at: str) -> str:
    """A stored time (UTC) as "22 November 2026, 13:44 GMT", in the reader's language, as clocks show it there."""
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


# A page of the record has fifty times, most of them of the same few days.
@lru_cache(maxsize=1024)
def _date_words(when: date, locale: Locale) -> str:
    return format_date(when, "long", locale)


@lru_cache(maxsize=4096)
def _time_words(when: time, locale: Locale) -> str:
    return format_time(when, "short", locale=locale)


def clocks() -> str:
    """Whose clocks those are: "United Kingdom Time"; "UTC" for a zone of no place."""
    place = get_timezone_location(_zone[0], locale=language().locale)
    return place if "/" in _zone[0].key and "Etc/" not in _zone[0].key else _zone[0].key


def _day(at: str) -> Markup:
    """The same for pages: words for people, the day as 2026-11-22 for programs."""
    return _time_tag(_moment(at).date().isoformat(), day(at)) if at else Markup("")


def _minute(at: str) -> Markup:
    """The same for pages, with the minute: milliseconds could tell in which order people acted."""
    if not at:
        return Markup("")
    when = _moment(at)
    return _time_tag(when.isoformat(timespec="minutes"), _moment_words(when))


_TIME = Markup('<time datetime="%s">%s</time>')


def _time_tag(when: str, words: str) -> Markup:
    return _TIME % (when, words)


def _moment(at: str) -> datetime:
    """A stored time in the zone; a day, which is the same everywhere, as it is."""
    return local(at, _zone[0]) if "T" in at else datetime.fromisoformat(at)
