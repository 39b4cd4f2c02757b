"""The work list of those who decide, in words."""

from __future__ import annotations

from forum.ports.work_list import SEALED, Section, WorkLine
from forum.voting.commitment import Commitment, CommitmentState, Update, days_late, days_without_news, is_quiet
from forum.voting.decision import DecisionState
from forum.voting.round import RoundState
from forum.web.i18n.dates import day
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import ngettext
from forum.web.words.answers_due import waited
from forum.web.words.decisions import draft_words
from forum.web.words.terms import outcome_words, promise_words


def section_words(section: Section) -> str:
    """Returns the heading of a section of the work list."""
    return {
        Section.WAITING: _("Waiting for an answer"),
        Section.DRAFTS: _("Drafts"),
        Section.TO_READ: _("To be read by you"),
        Section.PROMISES: _("Promises that are due"),
        Section.PUBLISHED: _("Published decisions"),
        Section.AHEAD: _("Before the first vote: what do you expect?"),
    }[section]


def line_day(section: Section, line: WorkLine) -> str:
    """Returns the day of a line, with what it is the day of; "" where it has none."""
    if not line.day:
        return ""
    if section in (Section.WAITING, Section.PROMISES):
        words = _("By %(day)s")
    elif section == Section.PUBLISHED:
        words = _("Decided on %(day)s")
    elif section == Section.AHEAD:
        words = _("Made on %(day)s")
    else:
        words = _("Saved on %(day)s")
    return words % {"day": day(line.day)}


def line_state(section: Section, line: WorkLine, today: str) -> tuple[str, str]:
    """Returns how a line stands on the day `today` (ISO) in words, and the kind of its tag."""
    if section == Section.WAITING:
        return _vote_state(line, today)
    if section == Section.PROMISES:
        return _promise_state(line, today)
    if section == Section.PUBLISHED:
        return (_("Replaced"), "quiet") if line.replaced else (outcome_words(line.state), "good")
    if section == Section.AHEAD:
        return (_("A prediction is sealed"), "good") if line.state == SEALED else (_("No prediction yet"), "quiet")
    if section == Section.TO_READ:
        return _("Not read yet"), "warning"
    return draft_words(line.state), "warning" if line.state == DecisionState.SENT_BACK else "quiet"


def _vote_state(line: WorkLine, today: str) -> tuple[str, str]:
    if line.day:
        return waited(line.since, line.day, today), "bad" if line.day < today else "warning"
    return _("No decision yet"), "warning"


def _promise_state(line: WorkLine, today: str) -> tuple[str, str]:
    state = CommitmentState(line.state)
    told = () if state == CommitmentState.NO_NEWS else (Update("", line.id, state, line.since),)
    one = Commitment(line.id, "", "", line.title, line.day, at=line.since, updates=told)
    late = days_late(one, today)
    if late:
        return ngettext("Late by %(number)s day", "Late by %(number)s days", late) % {"number": late}, "bad"
    if is_quiet(one, today):
        quiet = days_without_news(one, today)
        return ngettext("No news for %(number)s day", "No news for %(number)s days", quiet) % {
            "number": quiet
        }, "warning"
    return promise_words(state), "quiet"


def line_notes(section: Section, line: WorkLine) -> list[str]:
    """Returns what else is to be known of a line before it is opened, each in a few words."""
    notes = []
    if line.demonstration:
        notes.append(_("Demonstration"))
    if line.rehearsal:
        notes.append(_("Rehearsal"))
    if line.asynchronous:
        notes.append(_("Answers from where people are"))
    if section == Section.WAITING:
        if line.first:
            notes.append(_("Voted on twice"))
        if line.held or line.state != RoundState.REVEALED:
            notes.append(_("Its result is not shown yet"))
    if section == Section.DRAFTS:
        notes.append(_("You wrote on it") if line.mine else _("Written by others"))
    return notes


def line_address(section: Section, line: WorkLine) -> str:
    """Returns the address to which a line leads."""
    if section == Section.WAITING:
        if line.held or line.state != RoundState.REVEALED:
            return f"/decide/answers/{line.id}"
        return f"/decide/new?round={line.first}&second={line.id}" if line.first else f"/decide/new?round={line.id}"
    ways = {
        Section.PROMISES: "/decide/promises/",
        Section.PUBLISHED: "/decisions/",
        Section.AHEAD: "/decide/predictions/",
    }
    return ways.get(section, "/decide/drafts/") + line.id
