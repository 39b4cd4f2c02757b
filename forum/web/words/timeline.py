"""A story's events in plain words: each event of timeline.py as a line of a timeline or an entry of a feed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from forum.services.stories.timeline import Event, EventKind
from forum.stories.moderation import ModerationAction
from forum.voting.answer_due import AnswerDue
from forum.voting.check_back import is_check_back
from forum.voting.commitment import Commitment
from forum.web.i18n.dates import day, moment
from forum.web.i18n.gettext import gettext as _
from forum.web.words import entries, methods
from forum.web.words.check_backs import answer_labels, said_back
from forum.web.words.noticed import Counts
from forum.web.words.terms import promise_words

Part = TypeVar("Part")


@dataclass(frozen=True)
class Line:
    """One event in words: a sentence, more sentences under it, a quotation, and a link.

    `rows` are (term, text): groups with their preference, or why something was done. `promise` is one whose standing
    belongs beside it, with what was `noticed` of that; `due` is the answer that a vote waits for.
    """

    at: str
    title: str
    text: str = ""
    quote: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    link: str = ""
    link_text: str = ""
    promise: Commitment | None = None
    noticed: Counts | None = None
    due: AnswerDue | None = None

    @property
    def plain(self) -> str:
        """Returns everything but the title as plain text."""
        rows = "; ".join(f"{term}: {text}" for term, text in self.rows)
        return "\n".join(part for part in (self.text, rows, self.quote) if part)


def told(event: Event) -> Line:
    """Returns an event in words, for its writer's private page or for a public feed."""
    return _TELLERS[event.kind](event)


def _received(event: Event) -> Line:
    if event.again:
        return Line(event.at, _("You changed your story and sent it again."))
    return Line(event.at, _("We received your story."))


def _moderated(event: Event) -> Line:
    act = _there(event.act)
    words = {
        ModerationAction.ACCEPTED: _("A moderator read your story and accepted it. Everybody can read it."),
        ModerationAction.RETURNED: _("A moderator read your story and sent it back to you."),
        ModerationAction.HELD: _("A moderator read your story and holds it back for now."),
        ModerationAction.RELEASED: _("A moderator no longer holds your story. It waits to be read again."),
        ModerationAction.TAKEN_DOWN: _("A moderator took your story down. Nobody else can see it for now."),
        ModerationAction.KEPT: _("A reader reported your story. A moderator read it again, and it stays public."),
        ModerationAction.ACCEPTED_VERSION: _(
            "A moderator read your new version and accepted it. It is the public one now."
        ),
        ModerationAction.RETURNED_VERSION: _(
            "A moderator read your new version and sent it back. The public one stays."
        ),
        ModerationAction.SHOWED_EVIDENCE: _("A moderator looked at your evidence. It is shown beside your story."),
        ModerationAction.DECLINED_EVIDENCE: _("A moderator looked at your evidence and declined it."),
        ModerationAction.UPHELD: _("Another moderator answered your appeal. It stays as it was decided."),
        ModerationAction.OVERTURNED: _(
            "Another moderator answered your appeal: you were right. What was decided is undone."
        ),
        ModerationAction.ERASED: _("A moderator erased your story, because of a letter that asked for it."),
    }
    link = f"/stories/{act.story}" if act.action == ModerationAction.ACCEPTED else ""
    return Line(
        event.at,
        words.get(act.action, act.action),
        quote=act.because,
        link=link,
        link_text=_("See it as others do") if link else "",
    )


def _appealed(event: Event) -> Line:
    return Line(event.at, _("You asked another moderator to look at it (an appeal)."), quote=_there(event.appeal).words)


def _proposed(event: Event) -> Line:
    return Line(event.at, _("Somebody proposed the question and the answers for your story."))


def _published(event: Event) -> Line:
    story = _there(event.story)
    return Line(
        event.at,
        _("The story “%(title)s” was published.") % {"title": story.title},
        link=f"/stories/{story.id}",
        link_text=_("Read the story"),
    )


def _played(event: Event) -> Line:
    session = _there(event.session)
    values = {"title": _there(event.story).title, "session": session.title}
    if session.asynchronous:
        values["until"] = moment(_there(event.round).closes_at)
        said = _("“%(title)s” was opened for answers from where people are, in “%(session)s”, until %(until)s.")
        return Line(
            event.at, said % values, link=f"/answer/{session.code}", link_text=_("The page for those who answer")
        )
    return Line(event.at, _("“%(title)s” was played in the live session “%(session)s”.") % values)


def _voted(event: Event) -> Line:
    round_, result = _there(event.round), _there(event.result)
    labels = {r.id: r.label for r in round_.responses}
    if round_.closes_at:
        sentence = _("People answered by themselves, from where they are: “%(question)s”")
    elif round_.second_of:
        sentence = _("People voted again after the replay: “%(question)s”")
    else:
        sentence = _("People voted: “%(question)s”")
    said = methods.outcome_of_vote(result, round_.method, labels, asynchronous=bool(round_.closes_at))
    if is_check_back(round_):
        labels, said = answer_labels(), said_back(result)
        sentence = _("Those who voted were asked whether this is what they said: “%(question)s”")
    return Line(
        event.at,
        sentence % {"question": round_.question},
        said,
        rows=tuple((row.label, methods.said_by_row(row, round_.method, labels)) for row in result.rows),
        link=f"/record/entries?session={round_.session}",
        link_text=_("The votes in the record"),
    )


def _annulled(event: Event) -> Line:
    round_ = _there(event.round)
    sentence = _("A vote was annulled, and does not count: “%(question)s”")
    if round_.closes_at:
        sentence = _("A vote of people answering from where they are was annulled, and does not count: “%(question)s”")
    return Line(
        event.at,
        sentence % {"question": round_.question},
        quote=round_.annulled_because,
    )


def _decided(event: Event) -> Line:
    decision, round_ = _there(event.decision), _there(event.round)
    labels = {r.id: r.label for r in round_.responses}
    sentence = _("It was decided: %(decision)s")
    if event.cited:
        sentence = _("A decision on another vote names this story as evidence: %(decision)s")
    return Line(
        event.at,
        sentence % {"decision": entries.decided(decision.outcome, decision.response, labels)},
        decision.rationale,
        link=f"/decisions/{decision.id}",
        link_text=_("Read the whole decision"),
    )


def _corrected(event: Event) -> Line:
    decision, correction = _there(event.decision), _there(event.correction)
    replaced = correction.replaced_by
    return Line(
        event.at,
        _("Another decision took the place of this one.") if replaced else _("A decision was corrected."),
        correction.words,
        rows=((_("Why"), correction.because),),
        link=f"/decisions/{replaced or decision.id}",
        link_text=_("Read the newer decision") if replaced else _("Read the whole decision"),
    )


def _promised(event: Event) -> Line:
    commitment = _there(event.commitment)
    values = {"role": commitment.role, "day": day(commitment.by)}
    return Line(
        event.at,
        _("It was promised: %(role)s will do this by %(day)s.") % values,
        commitment.what + _answering(event),
        link=f"/promises/{commitment.id}",
        link_text=_("Read what became of it"),
    )


def _updated(event: Event) -> Line:
    commitment, update = _there(event.commitment), _there(event.update)
    state = promise_words(update.state) + (f": {update.handed_to}" if update.handed_to else "")
    return Line(
        event.at,
        _("How a promise stands now: %(state)s.") % {"state": state},
        _("It was promised: %(role)s will do this by %(day)s.") % {"role": commitment.role, "day": day(commitment.by)}
        + " "
        + commitment.what
        + _answering(event),
        quote="\n".join(filter(None, (update.because, update.said))),
        link=f"/promises/{commitment.id}",
        link_text=_("Read the promise"),
    )


def _answering(event: Event) -> str:
    """Says on a line of its own that a promise answers the story whose event it is; "" where it does not."""
    commitment, story = _there(event.commitment), event.story
    if story is None or not commitment.story or commitment.story != story.id:
        return ""
    return "\n" + _("This answers the story “%(title)s”.") % {"title": story.title}


def _there(part: Part | None) -> Part:
    """Returns a part that every event of this kind has. Raises ValueError where it is missing."""
    if part is None:
        raise ValueError("an event without what it is about")
    return part


_TELLERS = {
    EventKind.RECEIVED: _received,
    EventKind.MODERATED: _moderated,
    EventKind.APPEALED: _appealed,
    EventKind.PROPOSED: _proposed,
    EventKind.PUBLISHED: _published,
    EventKind.PLAYED: _played,
    EventKind.VOTED: _voted,
    EventKind.ANNULLED_VOTE: _annulled,
    EventKind.DECIDED: _decided,
    EventKind.CORRECTED: _corrected,
    EventKind.PROMISED: _promised,
    EventKind.UPDATED: _updated,
}
