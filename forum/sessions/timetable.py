"""The timetable of a programme: when its sections begin and end, on clocks and as moments."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from forum.sessions.local_time import stored, written
from forum.sessions.programme import Programme, Section

_HOUR, _LAST = 60, 24 * 60 - 1


def times(programme: Programme) -> tuple[tuple[Section, str, str], ...]:
    """Every section that has a time, with when it starts and ends: until the next one starts, else an hour later."""
    timed = [section for section in programme.sections if section.starts]
    timetable = []
    for section, after in [*pairwise(timed), *([(timed[-1], None)] if timed else [])]:
        ends = section.ends
        if not ends and after is not None and after.starts > section.starts:
            ends = after.starts
        timetable.append((section, section.starts, ends or _later(section.starts)))
    return tuple(timetable)


def moments(programme: Programme, zone: ZoneInfo) -> tuple[tuple[Section, str, str], ...]:
    """Returns the timetable as moments as they are stored, of a day in this zone; empty where there is no day.

    An hour that comes twice is the first one for what begins and the second for what ends. An end that clocks skip,
    which follows from a start, is as much later as the clocks go forward.
    """
    found = []
    for section, starts, ends in times(programme) if programme.day else ():
        with suppress(OverflowError):  # a day at the end of the calendar
            begins, over = _on(programme.day, starts), _on(programme.day, ends)
            fold = 0 if _is_skipped(over, zone) else 1
            over = over.replace(tzinfo=zone, fold=fold)
            found.append((section, written(begins.replace(tzinfo=zone)), written(over)))
    return tuple(found)


def skipped(programme: Programme, zone: ZoneInfo) -> str:
    """Returns the first time of the programme that clocks in this zone skip on its day; "" for none."""
    every = (time for section in programme.sections for time in (section.starts, section.ends) if time)
    return next((time for time in every if programme.day and _is_skipped(_on(programme.day, time), zone)), "")


def _is_skipped(typed: datetime, zone: ZoneInfo) -> bool:
    try:
        stored(typed, zone)
    except ValueError:
        return True
    return False


def _on(day: str, time: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{time}")


def out_of_order(programme: Programme) -> tuple[Section, ...]:
    """The sections that start before the one above them does."""
    timed = [section for section in programme.sections if section.starts]
    return tuple(after for before, after in pairwise(timed) if after.starts < before.starts)


def _later(starts: str) -> str:
    minutes = min(int(starts[:2]) * 60 + int(starts[3:]) + _HOUR, _LAST)
    return f"{minutes // 60:02}:{minutes % 60:02}"
