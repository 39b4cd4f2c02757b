"""The day and the place of a live session, as organisers type them: they stand in its programme."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from forum.ports import Work
from forum.services.form_errors import Findings
from forum.sessions.programme import Planned, Programme, ProgrammeChange

MOST_PLACE = 200


def read_day(findings: Findings, day: str, place: str) -> tuple[str, str]:
    """Returns a day (ISO, or "" for none) and a place as typed; notes what is wrong in `findings`."""
    try:
        day = date.fromisoformat(day).isoformat() if day else ""
    except ValueError:
        findings.wrong("day", "Write the day as 2027-03-12, or leave it empty.")
    return day, findings.at_most("place", place, MOST_PLACE)


async def keep_day(work: Work, session: str, day: str, place: str, at: str, like: Programme | None = None) -> None:
    """Puts a day and a place into the programme of a session (with `like` into a copy of that one, which takes its
    place), as one change that can be undone."""
    now = await work.programmes.latest(session)
    plan = replace(like or now.plan, day=day, place=place)
    if plan != now.plan:
        await work.programmes.add_programme(Planned(session, now.number + 1, plan, ProgrammeChange.CHANGED, "", at))
