"""Answers that are due, in words."""

from __future__ import annotations

from forum.voting.answer_due import AnswerDue, ResponseRate
from forum.voting.decision import Decision
from forum.web.i18n.dates import day
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import ngettext


def waits(due: AnswerDue, today: str) -> str:
    """Returns how long a vote without an answer has waited on the day `today` (ISO)."""
    late = due.days_late(today)
    if late:
        return ngettext("Late by %(number)s day", "Late by %(number)s days", late) % {"number": late}
    return _("Waiting for an answer, day %(day)s of %(within)s") % {"day": due.day(today), "within": due.days}


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
