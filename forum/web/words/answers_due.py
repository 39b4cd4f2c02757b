"""Answers that are due, in words."""

from __future__ import annotations

from datetime import date

from forum.voting.answer_due import AnswerDue, ResponseRate
from forum.voting.decision import Decision
from forum.web.i18n.dates import day
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import ngettext


def waits(due: AnswerDue, today: str) -> str:
    """Returns how long a vote without an answer has waited on the day `today` (ISO)."""
    if due.days_late(today):
        return waited(due.closed_on, due.due_on, today)
    return _("Waiting for an answer, day %(day)s of %(within)s") % {"day": due.day(today), "within": due.days}


def waited(closed: str, due: str, today: str) -> str:
    """Returns in few words how long a vote that closed on one day, and is to be answered by another, has waited on the
    day `today` (all ISO)."""
    closed_on, due_on, now = (date.fromisoformat(one) for one in (closed, due, today))
    late = (now - due_on).days
    if late > 0:
        return ngettext("Late by %(number)s day", "Late by %(number)s days", late) % {"number": late}
    days = {"day": max((now - closed_on).days, 0), "within": max((due_on - closed_on).days, 0)}
    return _("Waiting, day %(day)s of %(within)s") % days


def rate(share: ResponseRate) -> str:
    """Returns how many votes were answered in time; "" where none was due yet."""
    if not share.due:
        return ""
    return _("Answered in time: %(number)s of %(due)s votes whose answer was due.") % {
        "number": share.in_time,
        "due": share.due,
    }


def moves_words(due: AnswerDue) -> list[tuple[str, str, str]]:
    """Returns how the day of an answer was moved, in order: each in words, why, and the address where that stands."""
    return [
        (_("Put off until %(day)s, on %(on)s") % {"day": day(one.to), "on": day(one.on)}, "", f"/decisions/{one.by.id}")
        if isinstance(one.by, Decision)
        else (
            _("Moved to %(day)s, on %(on)s") % {"day": day(one.to), "on": day(one.on)},
            one.by.because,
            f"/record/{one.by.entry}",
        )
        for one in due.postponed
    ]
