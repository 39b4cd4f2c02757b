"""The field's terms in plain words, as pages say them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from forum.errors import message
from forum.sessions.session import LiveSession
from forum.sessions.stop import Bar
from forum.stories import paths
from forum.stories.moderation import ModerationAction
from forum.stories.scenario import Scenario
from forum.voting.commission import Commission
from forum.voting.suppression import POOL
from forum.web.charts import stop_wave, story_map
from forum.web.charts.results import Words
from forum.web.i18n.gettext import gettext as _
from forum.web.i18n.gettext import ngettext, say

# Tables of which some row may not agree with the record, in words.
UNLIKE_WORDS = {
    "session": message("the session"),
    "commission": message("what was declared beforehand"),
    "commission_version": message("what was declared beforehand"),
    "stage_move": message("the stage that the work is in"),
    "stage_note": message("the answers to the questions of a stage"),
    "closing": message("the closing note"),
    "round": message("the vote"),
    "ballot": message("the result of the vote"),
    "decision": message("the decision"),
    "answer_move": message("the day until which a vote is answered"),
    "decision_correction": message("what was corrected in a decision"),
    "minority_statement": message("what a group holds against a decision"),
    "prediction": message("what those who decide expected"),
    "commitment": message("who does what by when"),
    "commitment_update": message("what became of a promise"),
    "update_file": message("the file beside what became of a promise"),
    "help_pledge": message("what somebody can help with"),
    "story": message("the story"),
    "moderation": message("what a moderator did"),
    "disclosure": message("the words"),
    "entry": message("the record itself"),
}


def marked(words: str, commission: Commission) -> str:
    """Returns words of a commission, with a mark where it is a demonstration: for what has no banner and no tag."""
    return f"{words} ({_('Demonstration')})" if commission.demonstration else words


def session_state(session: LiveSession) -> str:
    """Returns the state of a session: a rehearsal, planned, called off, ended, or going on."""
    if session.rehearsal:
        return _("Rehearsal")
    if session.planned:
        return _("Planned")
    if session.called_off_at:
        return _("Called off")
    return _("Ended") if session.ended else _("Going on")


def stage_words(stage: str) -> str:
    """Returns a stage of the commissioning cycle in plain words."""
    return {
        "assess needs": _("Finding out what people need"),
        "plan": _("Planning what to do"),
        "secure": _("Choosing and paying for it"),
        "monitor": _("Watching how it goes"),
    }.get(stage, stage)


def stage_question(question: str) -> str:
    """Returns a question of a stage in plain words."""
    return {
        "lacks": _("What do people need, and what is missing?"),
        "has": _("What does the community have already: people, places, skills, help?"),
        "options": _("Which options are there, and what speaks for and against each?"),
        "specified": _("What went into the specification or the contract, because of which decision?"),
        "judges": _("Who judges whether it succeeds?"),
        "measures": _("By what do they judge it?"),
    }.get(question, question)


def power_words(level: str) -> str:
    """Returns the meaning of a level of decision power for somebody who votes."""
    return {
        "informing": _("You are told what is planned, and people see what you think of it. The vote binds nobody."),
        "consultation": _(
            "Those who decide ask what you think and must read it. They may decide otherwise, and say why."
        ),
        "engagement": _("You and those who decide talk about it more than once. The vote steers what they decide."),
        "co-design": _("You shape the plans together with those who decide. The vote says which plan goes on."),
        "co-production": _("You and the services decide together, as equals. The vote is part of the decision."),
    }.get(level, level)


def answer_by_words(days: int | None) -> str:
    """Returns within how many days those who decide answer a vote, in words; None is for a time that nobody set."""
    if days is None:
        return _("No time was set.")
    within = ngettext("Within %(number)s day after the vote", "Within %(number)s days after the vote", days)
    return within % {"number": days}


def second_reader_words(second_reader: str) -> str:
    """Returns in plain words whether another person reads a decision before it is published."""
    return {
        "none": _("Nobody else has to read a decision before it is published."),
        "required": _("Another person reads each decision before it is published."),
    }.get(second_reader, second_reader)


def row_label(label: str) -> str:
    """Returns the label of a row of a result: that of its group, or "other groups"."""
    return _("other groups") if label == POOL else label


def outcome_words(outcome: str) -> str:
    """Returns the outcome of a decision in plain words."""
    return {
        "adopted": _("Adopted"),
        "adopted with changes": _("Adopted with changes"),
        "not adopted": _("Not adopted"),
        "deferred": _("Put off until later"),
        "acknowledged": _("This went wrong, and we say so"),
    }.get(outcome, outcome)


def promise_words(state: str) -> str:
    """Returns how a promise stands in plain words."""
    return {
        "no news yet": _("No news yet"),
        "on track": _("On track"),
        "partly": _("Partly done"),
        "done": _("Done"),
        "not done": _("Not done"),
        "handed on": _("Handed on"),
    }.get(state, state)


class Paths(msgspec.Struct, frozen=True):
    """Paths of a story as pages show them; `findings` are (sentence, whether it must be corrected)."""

    svg: str
    places: tuple[paths.Place, ...]
    findings: tuple[tuple[str, bool], ...]


def paths_of(scenario: Scenario) -> Paths:
    """Returns the paths of a story: picture, list, and the obstacles that a reader could meet."""
    words = story_map.Words(
        start=_("Start"),
        decision=_("Decision point"),
        stop=_("Stop point"),
        ending=_("Ending"),
        unreached=_("No way leads here"),
        back=_("back to %(number)s"),
        nowhere=_("leads nowhere"),
        summary=_("The list below says the same."),
    )
    return Paths(
        story_map.picture(scenario, _("The paths of this story"), words=words),
        paths.places(scenario),
        tuple((say(finding.message, dict(finding.values)), finding.serious) for finding in paths.findings(scenario)),
    )


def chart_words() -> Words:
    """Returns the words in the charts; the charts fill their %-places."""
    return Words(
        not_followed=_("Others"),
        ran_out=_("Ran out"),
        count=_("%(label)s: %(number)s"),
        move=_("%(before)s to %(after)s: %(number)s"),
    )


def act_words(action: str) -> str:
    """Returns a moderator's act as the public log says it; the name of an act that is not known."""
    words: dict[str, str] = {
        ModerationAction.ACCEPTED: _("A moderator accepted a story. Everybody can read it."),
        ModerationAction.RETURNED: _("A moderator returned a story to its writer."),
        ModerationAction.HELD: _("A moderator held a story back."),
        ModerationAction.RELEASED: _("A moderator put a held story back with those that wait to be read."),
        ModerationAction.TAKEN_DOWN: _("A moderator took a public story down. It is held back now."),
        ModerationAction.KEPT: _("Readers reported a story. A moderator read it again, and it stays public."),
        ModerationAction.ACCEPTED_VERSION: _("A moderator accepted a new version of a public story."),
        ModerationAction.RETURNED_VERSION: _("A moderator returned a new version of a public story to its writer."),
        ModerationAction.SHOWED_EVIDENCE: _("A moderator looked at evidence for a story, and it is shown beside it."),
        ModerationAction.DECLINED_EVIDENCE: _("A moderator looked at evidence for a story and did not show it."),
        ModerationAction.UPHELD: _(
            "A writer appealed. Another moderator read the story and left it as it was decided."
        ),
        ModerationAction.OVERTURNED: _(
            "A writer appealed. Another moderator read the story and undid what was decided."
        ),
        ModerationAction.ERASED: _("A moderator erased a story for its writer, who had asked for it by letter."),
    }
    return words.get(action, action)


def kind_words(kind: str) -> str:
    """Returns the purpose of a round, as the console says it."""
    return {
        "first vote": _("first vote"),
        "vote after replay": _("vote after the replay"),
        "magic check": _("magic check"),
        "character vote": _("whom to replace"),
        "policy vote": _("vote on a proposal"),
        "check back": _("did we get you right?"),
    }.get(kind, kind)


def wave_picture(bars: Sequence[Bar]) -> str:
    """Draws the stops along a scene, as SVG."""
    return stop_wave.picture(
        bars, stop_wave.Words(_("Stops since the scene was put up"), _("From %(start)s to %(end)s: %(number)s"))
    )


minutes = stop_wave.clock
