"""Forms of commissions and sessions that come again: each is held against what it made, as that was at first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forum.errors import message
from forum.ports import Work
from forum.services.sent_before import changed, unchanged
from forum.sessions.session import LiveSession
from forum.stories.visible_text import line, upright
from forum.voting.commission import TERMS, Commission

if TYPE_CHECKING:
    from forum.services.sessions.commissions_and_sessions import SessionForm

_CHANGE_COMMISSION = message("Change the commission on its own page.")
_CHANGE_SESSION = message("Look at the session on its own page: while it is planned, it can be changed there.")


async def commission(work: Work, made: Commission, typed: Commission) -> Commission:
    """Returns the commission that a form made. Raises SentBefore where it says something else by now."""
    first = (await work.commissions.versions(made.id))[0].about
    if [(one.label, one.invited) for one in first.groups] != [(one.label, one.invited) for one in typed.groups]:
        raise changed(_CHANGE_COMMISSION)
    # Those who help may be others by now, without a new version.
    terms = {name: getattr(typed, name) for name in (*TERMS, "rehearsal") if name != "groups"}
    unchanged(first, _CHANGE_COMMISSION, support=typed.support, **terms)
    return made


async def session(work: Work, made: LiveSession, form: SessionForm) -> LiveSession:
    """Returns the session that a form made. Raises SentBefore where it says something else by now."""
    plan = (await work.programmes.latest(made.id)).plan
    if (plan.day, plan.place) != (form.day, upright(form.place)):
        raise changed(_CHANGE_SESSION)
    asked = {name: getattr(form, name) for name in ("entrance", "reasons", "no_receipts")}
    if not form.planned:  # of a planned one stories that were taken back are left out when it is opened
        asked["scenarios"] = tuple(dict.fromkeys(form.scenarios))
    return unchanged(made, _CHANGE_SESSION, title=upright(line(form.title)), **asked)
