"""Suggestions for a story that is built together: their checks, and the edits that take them in.

A suggestion is checked against the draft when it is made, and again when it is taken in, as the draft may have no
room for it any more. It is credited by group, and by name only if its writer wishes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec

from forum.errors import BadInput, FormErrors
from forum.ports import Work
from forum.services.form_errors import Findings
from forum.services.stories import evidence
from forum.stories import compose, scenario, scenario_rules, twee
from forum.stories.draft import MOST, MOST_OF_CARD, MOST_OF_WAY, NO, YES, Card, Draft, Way, mark, parts, read
from forum.stories.edits import AddCard, AddWay, Edit, SetField
from forum.stories.submission import Submission, VersionKind
from forum.stories.suggestion import SUGGESTIONS, Suggestion, SuggestionKind, SuggestionOutcome
from forum.stories.visible_text import alike, trimmed
from forum.voting.commission import Commission

MAX_NAME = 60
_MARK = len(mark(""))
# Fields that can be corrected from a build link; the others are answers of the writer, or marks on a card.
CORRECTABLE = frozenset({"title", "setting", "characters", "notes", "name", "text"})

_GONE = "This part of the story is not there any more. Open the story again, and choose another place."
_ENOUGH = "This question has %(most)s responses, and that is the most. Suggest other words for one of them."
_ANSWERS = "Write %(fewest)s to %(most)s responses, one on each line."
_HAS_QUESTION = "This story has a question already. Suggest another response, or other words."
_BRACKETS = 'Two square brackets, "[[", cannot be used here. Use one.'
_NO_QUESTION = "This scene is not a decision point any more. Open the story again, and choose another place."


@dataclass(frozen=True)
class Offer:
    """A suggestion as typed; the fields are those of suggestion.Suggestion.

    `group` is "" where nobody has answered, and draft.NO for "I prefer not to say".
    """

    kind: str
    words: str = ""
    place: str = ""
    seen: str = ""
    title: str = ""
    url: str = ""
    group: str = ""
    name: str = ""


class Credits(msgspec.Struct, frozen=True):
    """People who helped with a story: labels of groups, and names of those who wish it. `others` says that somebody
    wants to be named by neither."""

    groups: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    others: bool = False


def checked(draft: Draft, commission: Commission, offer: Offer) -> Offer:
    """Returns an offer as it is kept: tidy, with a group of this commission or draft.NO.

    Raises FormErrors (fields words, place, title, url, group, name).
    """
    found = Findings()
    if offer.group != NO and commission.group_label(offer.group) is None:
        found.wrong("group", 'Choose your group, or "I prefer not to say".')
    name = _line(offer.name)
    found.fits("name", name, MAX_NAME)
    try:
        offer = said(draft, offer)
    except FormErrors as wrong:
        found.errors = {**wrong.fields, **found.errors}
    found.stop()
    return replace(offer, name=name)


def said(draft: Draft, offer: Offer) -> Offer:
    """Returns the tidy words of an offer. Raises FormErrors for an impossible one, or where the draft has no room
    for it."""
    found = Findings()
    tidy = replace(offer, words="", title="", url="", seen="")
    if offer.kind == SuggestionKind.EVIDENCE:
        tidy = _evidence(found, tidy, offer)
    elif offer.kind == SuggestionKind.SCENE:
        tidy = replace(tidy, words=compose.clean(offer.words), title=_line(offer.title))
        _needs(found, tidy.words, "Write what happens in this scene.", scenario.MAX_TEXT)
        found.fits("title", tidy.title, scenario.MAX_NAME)
        if offer.place and holder(draft, offer.place) is None:
            found.wrong("place", _GONE)
    elif offer.kind == SuggestionKind.QUESTION:
        tidy = _question(found, tidy, offer, draft)
    elif offer.kind == SuggestionKind.RESPONSE:
        tidy = replace(tidy, words=_line(offer.words))
        _needs(found, tidy.words, "Write what somebody could do.", scenario.MAX_RESPONSE)
        if wrong := no_room(draft, offer.place, tidy.words):
            found.errors.setdefault(wrong.field, wrong)
    else:
        tidy = _correction(found, tidy, offer, draft)
    found.stop()
    return tidy


def _evidence(found: Findings, tidy: Offer, offer: Offer) -> Offer:
    url = title = ""
    try:
        url = evidence.link(offer.url)
    except BadInput as wrong:
        found.errors["url"] = wrong
    try:
        title = evidence.titled(compose.clean(offer.title)) or (evidence.host_of(url) if url else "")
    except BadInput as wrong:
        found.errors["title"] = wrong
    return replace(tidy, place="", title=title, url=url)


def _question(found: Findings, tidy: Offer, offer: Offer, draft: Draft) -> Offer:
    question, answers = _line(offer.title), responses(offer.words)
    if not question:
        found.wrong("title", "Write the question.")
    found.fits("title", question, scenario.MAX_QUESTION)
    if not scenario.MIN_RESPONSES <= len(answers) <= scenario.MAX_RESPONSES:
        found.wrong("words", _ANSWERS, fewest=scenario.MIN_RESPONSES, most=scenario.MAX_RESPONSES)
    for answer in answers:
        found.fits("words", answer, scenario.MAX_RESPONSE)
        if scenario_rules.is_none_of_these(answer):
            found.wrong("words", '"None of these" is offered with every vote. Leave it out here.')
    if len({alike(answer) for answer in answers}) < len(answers):
        found.wrong("words", "Two of the responses are the same. Write each one once.")
    for name, text in (("title", question), *(("words", answer) for answer in answers)):
        if twee.link_fault(text):
            found.wrong(name, _BRACKETS)
    if has_question(draft):
        found.wrong("place", _HAS_QUESTION)
    return replace(tidy, title=question, words="\n".join(answers), place="")


def responses(words: str) -> list[str]:
    """Returns the responses of a proposed question, one from each line."""
    return [answer for text in compose.clean(words).split("\n") if (answer := _line(text))]


def has_question(draft: Draft) -> bool:
    """Tells whether a scene of the draft is a decision point."""
    return any(card.decision for card in draft.cards)


def no_question_fits(draft: Draft) -> BadInput | None:
    """Returns the reason why no question can be added to a draft; None where one can."""
    return BadInput(_HAS_QUESTION, field="place") if has_question(draft) else None


def _correction(found: Findings, tidy: Offer, offer: Offer, draft: Draft) -> Offer:
    there = current(draft, offer.place) if offer.kind in SUGGESTIONS else None
    if there is None:
        found.wrong("place", _GONE)
        return tidy
    words = compose.clean(offer.words) if is_long(offer.place) else _line(offer.words)
    _needs(found, words, "Write the words that should stand here.", longest(offer.place))
    if words == there:
        found.wrong("words", "These are the words that stand there now. Change something.")
    return replace(tidy, words=words, seen=offer.seen[:_MARK] or mark(there))


def same(sent: Suggestion, offer: Offer) -> bool:
    """Tells whether an offer is a suggestion that is there already, sent again: nothing in it was changed since."""
    try:
        kept = _as_kept(offer)
    except BadInput:
        return False
    group = None if kept.group in {"", NO} else kept.group
    return (sent.kind, sent.words, sent.title, sent.url, sent.place, sent.group, sent.name) == (
        *(kept.kind, kept.words, kept.title, kept.url, kept.place, group, kept.name),
    )


def _as_kept(offer: Offer) -> Offer:
    """Returns an offer as `checked` keeps it, without its checks, as the draft may have moved on. Raises BadInput for
    what is never kept."""
    words, title, url, place = _line(offer.words), "", "", offer.place
    if offer.kind == SuggestionKind.EVIDENCE:
        url = evidence.link(offer.url)
        words, place, title = "", "", evidence.titled(compose.clean(offer.title)) or evidence.host_of(url)
    elif offer.kind == SuggestionKind.SCENE:
        words, title = compose.clean(offer.words), _line(offer.title)
    elif offer.kind == SuggestionKind.QUESTION:
        words, title, place = "\n".join(responses(offer.words)), _line(offer.title), ""
    elif offer.kind == SuggestionKind.CORRECTION and is_long(offer.place):
        words = compose.clean(offer.words)
    return replace(offer, words=words, title=title, url=url, place=place, name=_line(offer.name))


def holder(draft: Draft, place: str) -> Card | Way | None:
    """Returns the card, or the way of a card, with this id ("c1", "c1/w2"); None where the draft has none."""
    card_id, _, way_id = place.partition("/")
    card = draft.card(card_id)
    return card.way(way_id) if card and way_id else card


def no_room(draft: Draft, place: str, words: str = "") -> BadInput | None:
    """Returns the reason why this response cannot be added at a place; None where it can."""
    card = draft.card(place)
    if card is None:
        return BadInput(_GONE, field="place")
    if not card.decision:
        return BadInput(_NO_QUESTION, field="place")
    there = [way.text for way in card.ways if trimmed(way.text)]
    if len(there) >= scenario.MAX_RESPONSES:
        return BadInput(_ENOUGH, field="place", most=scenario.MAX_RESPONSES)
    if alike(words) in {alike(text) for text in there}:
        return BadInput("This response is there already.", field="words")
    if scenario_rules.is_none_of_these(words):
        return BadInput('"None of these" is offered with every vote. Leave it out here.', field="words")
    return None


def current(draft: Draft, place: str) -> str | None:
    """Returns the text of a field that can be corrected; None where there is no such field."""
    try:
        return read(draft, place) if parts(place)[2] in CORRECTABLE else None
    except BadInput:
        return None


def longest(place: str) -> int:
    """Returns the longest allowed text of a field, in characters. Raises BadInput for a name that no field has."""
    card, way, name = parts(place)
    return (MOST if not card else MOST_OF_WAY if way else MOST_OF_CARD)[name]


def is_long(place: str) -> bool:
    """Tells whether a field has several lines: a scene's text, and the lists of the story. Raises BadInput as
    `longest`."""
    _card, way, name = parts(place)
    return name in {"characters", "notes"} or (name == "text" and not way)


def edits(draft: Draft, suggestion: str, offer: Offer) -> Iterator[Edit]:
    """Yields the edits that take an offer into the draft. New parts get an id made of the suggestion's."""
    new = f"s{suggestion[:15]}"
    if offer.kind == SuggestionKind.CORRECTION:
        yield SetField(offer.place, (offer.seen,), offer.words)
    elif offer.kind == SuggestionKind.RESPONSE:
        yield AddWay(offer.place, new, offer.words)
    elif offer.kind == SuggestionKind.QUESTION:
        yield AddCard(new, draft.cards[-1].id if draft.cards else "", text=offer.title, decision=YES)
        for number, answer in enumerate(responses(offer.words), 1):
            yield AddWay(new, f"{new}r{number}", answer)
    elif offer.kind == SuggestionKind.SCENE:
        card_id = offer.place.partition("/")[0]
        last = draft.cards[-1].id if draft.cards else ""
        yield AddCard(new, card_id or last, offer.title, offer.words)
        card, way = draft.card(card_id), holder(draft, offer.place)
        if card and isinstance(way, Way) and (card.decision or len(card.ways) > 1):
            # After a scene with one way AddCard leads on by itself; here one of several ways leads to the new scene.
            yield SetField(f"{card_id}/{way.id}.to", (mark(way.to),), new)
            if way.to:
                yield AddWay(new, new, "Go on", way.to)


def _line(text: str) -> str:
    return " ".join(compose.clean(text).split())


def _needs(found: Findings, words: str, otherwise: str, most: int) -> None:
    if not words:
        found.wrong("words", otherwise)
    elif "[[" in words:
        found.wrong("words", _BRACKETS)
    found.fits("words", words, most)


# ---------------------------------------------------------------- credits


async def credits(work: Work, story: Submission, *, waiting: bool = False) -> Credits:
    """Returns who helped with the public text, or (`waiting`) with the one that a moderator reads; never how many.

    Those are the people whose suggestions were taken in before that text was sent.
    """
    taken = [
        suggestion
        for suggestion in await work.drafts.suggestions(story.id)
        if suggestion.outcome in {SuggestionOutcome.TAKEN, SuggestionOutcome.TAKEN_CHANGED} and not suggestion.staff
    ]
    if not taken:
        return Credits()
    until = story.revised_at or story.submitted_at
    if not waiting:
        until = await _public_text_sent(work, story) or until
    commission = await work.commissions.get_commission(story.commission)
    helped = [suggestion for suggestion in taken if suggestion.answered_at <= until]
    groups = {suggestion.group for suggestion in helped}
    return Credits(
        tuple(group.label for group in commission.groups if group.id in groups),
        tuple(sorted({suggestion.name for suggestion in helped if suggestion.name}, key=str.casefold)),
        any(commission.group_label(suggestion.group) is None and not suggestion.name for suggestion in helped),
    )


async def _public_text_sent(work: Work, story: Submission) -> str:
    """Returns the time when the public text was sent; "" where no version tells it."""
    history = await work.drafts.history(story.id)
    public = max((version.number for version in history if version.kind == VersionKind.PUBLISHED), default=0)
    return max(
        (version.at for version in history if version.kind == VersionKind.SENT and version.number < public), default=""
    )
