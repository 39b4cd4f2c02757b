"""Suggestions in words: kind, place, credit, and outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from forum.errors import BadInput
from forum.services.stories import evidence, suggestions
from forum.stories import compose
from forum.stories.draft import Draft, Way
from forum.stories.suggestion import Suggestion, SuggestionKind, SuggestionOutcome
from forum.voting.commission import Commission
from forum.web.i18n.gettext import gettext as _
from forum.web.stories.workspace_parts import place_words

NOBODY = "Somebody who prefers not to say their group"


class View(msgspec.Struct, frozen=True):
    """A suggestion in words: `what` (its kind), `where` it goes, `who` gets the credit; `outcome` and its `tag`'s
    kind.

    `host` is a link's host, "" for anything but evidence. `mine` says that it was sent from this browser.
    """

    suggestion: Suggestion
    what: str
    where: str
    who: str
    outcome: str
    tag: str
    host: str = ""
    mine: bool = False


def views(suggestions: Iterable[Suggestion], draft: Draft, commission: Commission, browser: str = "") -> list[View]:
    """Returns suggestions in words, in the order given. `browser` is the reader's `draft_edits.browser`."""
    names = compose.sketch(draft).names
    return [
        View(
            suggestion,
            what(suggestion.kind),
            where(draft, suggestion.kind, suggestion.place, names),
            who(suggestion, commission),
            *outcome(suggestion),
            evidence.host_of(suggestion.url) if suggestion.url else "",
            bool(browser) and suggestion.by == browser,
        )
        for suggestion in suggestions
    ]


def what(kind: str) -> str:
    """Returns the kind of a suggestion in words."""
    words: dict[str, str] = {
        SuggestionKind.RESPONSE: _("A response"),
        SuggestionKind.QUESTION: _("The question and the answers"),
        SuggestionKind.SCENE: _("A scene"),
        SuggestionKind.CORRECTION: _("Other words"),
        SuggestionKind.EVIDENCE: _("Evidence"),
    }
    return words.get(kind, kind)


def where(draft: Draft, kind: str, place: str, names: Mapping[str, str]) -> str:
    """Returns the place of a suggestion in words; "" where it has none in the text, or the place was deleted.

    `names` are the scenes' names (`compose.sketch`).
    """
    if kind == SuggestionKind.CORRECTION:
        try:
            there = suggestions.current(draft, place)
        except BadInput:
            return ""
        return place_words(draft, place, names) if there is not None else ""
    card, held = place.partition("/")[0], suggestions.holder(draft, place)
    if kind == SuggestionKind.RESPONSE and card in names:
        return _("For the question in “%(scene)s”") % {"scene": names[card]}
    if kind == SuggestionKind.SCENE and isinstance(held, Way):
        return _("After the response “%(words)s”") % {"words": held.text}
    if kind == SuggestionKind.SCENE and held is not None:
        return _("After “%(scene)s”") % {"scene": names[card]}
    return ""


def who(suggestion: Suggestion, commission: Commission) -> str:
    """Returns the credit of a suggestion: a group, and a name only where its writer wishes that."""
    if suggestion.staff:
        return _("The organisers")
    group = commission.group_label(suggestion.group)
    if suggestion.name and group:
        return _("%(name)s (%(group)s)") % {"name": suggestion.name, "group": group}
    return suggestion.name or group or _(NOBODY)


def outcome(suggestion: Suggestion) -> tuple[str, str]:
    """Returns the outcome of a suggestion in words, and the kind of its tag."""
    words: dict[str, tuple[str, str]] = {
        SuggestionOutcome.TAKEN: (_("Taken in"), "good"),
        SuggestionOutcome.TAKEN_CHANGED: (_("Taken in, with changes"), "good"),
        SuggestionOutcome.DECLINED: (_("Declined"), "warning"),
    }
    return words.get(suggestion.outcome, (_("Waiting for an answer"), ""))


def thanks(helped: suggestions.Credits) -> str:
    """Returns the helpers as the end of a sentence: "with suggestions from Nurses and Police, and Kim"; "" for none."""
    groups, names = _listed(helped.groups), _listed(helped.names)
    if groups and names:
        return _("with suggestions from %(groups)s, and %(names)s") % {"groups": groups, "names": names}
    if groups or names:
        return _("with suggestions from %(who)s") % {"who": groups or names}
    return _("with suggestions from somebody who prefers not to say their group") if helped.others else ""


def _listed(words: Sequence[str]) -> str:
    """Joins several words for a sentence: "Carers, Nurses and Police"."""
    if len(words) < 2:
        return "".join(words)
    return _("%(several)s and %(last)s") % {"several": ", ".join(words[:-1]), "last": words[-1]}
