"""The field's terms in plain words, as pages say them."""

from __future__ import annotations

from forum.charts import Words
from forum.session import LiveSession
from forum.web.words import gettext as _


def session_state(session: LiveSession) -> str:
    """Where a session stands: a rehearsal, ended, or going on."""
    if session.rehearsal:
        return _("Rehearsal")
    return _("Ended") if session.ended else _("Going on")


def stage_words(stage: str) -> str:
    """A stage of the commissioning cycle, in plain words."""
    return {
        "assess needs": _("Finding out what people need"),
        "plan": _("Planning what to do"),
        "secure": _("Choosing and paying for it"),
        "monitor": _("Watching how it goes"),
    }.get(stage, stage)


def power_words(level: str) -> str:
    """What a level of decision power means for somebody who votes."""
    return {
        "informing": _("You are told what is planned, and people see what you think of it. The vote binds nobody."),
        "consultation": _(
            "Those who decide ask what you think and must read it. They may decide otherwise, and say why."
        ),
        "engagement": _("You and those who decide talk about it more than once. The vote steers what they decide."),
        "co-design": _("You shape the plans together with those who decide. The vote says which plan goes on."),
        "co-production": _("You and the services decide together, as equals. The vote is part of the decision."),
    }.get(level, level)


def outcome_words(outcome: str) -> str:
    """What was decided, in plain words."""
    return {
        "adopted": _("Adopted"),
        "adopted with changes": _("Adopted with changes"),
        "not adopted": _("Not adopted"),
        "deferred": _("Put off until later"),
    }.get(outcome, outcome)


def chart_words() -> Words:
    """What the pictures themselves say; their %-places are filled by the charts."""
    return Words(
        joined=_("New"),
        left=_("Gone"),
        not_followed=_("Others"),
        count=_("%(label)s: %(number)s"),
        move=_("%(before)s to %(after)s: %(number)s"),
    )
