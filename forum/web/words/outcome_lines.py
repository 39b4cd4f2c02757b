"""Outcomes of the record in a line each: a decision, a promise or a result, with the question that it goes back to.

As the entries in words they use only the entries themselves, and the words disclosed beside them.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from forum.services.outcomes import Outcome, OutcomeKind
from forum.voting.round import Response, Round, RoundKind
from forum.voting.suppression import Result
from forum.web.i18n.dates import day
from forum.web.i18n.gettext import gettext as _
from forum.web.words.check_backs import said_back
from forum.web.words.entries import decided
from forum.web.words.entry_words import Facts, References
from forum.web.words.headlines import headline, question_asked
from forum.web.words.terms import promise_words

# Letters of an answer in a sentence: what follows it, how many chose it, is to be read too.
_MOST_LETTERS = 90
_STATE_TAGS = {"on track": "good", "partly": "good", "done": "good", "not done": "bad"}


class OutcomeLine(msgspec.Struct, frozen=True):
    """An outcome as a list shows it: its kind in words, a sentence, what it goes back to, its tags as (words, kind of
    tag), and the page that it leads to."""

    kind: str
    said: str
    of: str
    tags: tuple[tuple[str, str], ...]
    link: str


def line_of(outcome: Outcome, entry: Facts, references: References, today: str) -> OutcomeLine:
    """Returns an outcome in a line, as it stands on the day `today` (ISO)."""
    if outcome.kind == OutcomeKind.DECISION:
        return _decision(outcome, entry, references)
    if outcome.kind == OutcomeKind.PROMISE:
        return _promise(outcome, entry, references, today)
    # A vote of people who answered by themselves stands on no session's page.
    alone = references.asynchronous(outcome.round)
    link = f"/record/{outcome.index}" if alone else f"/sessions/{outcome.session}"
    said = _("This vote was annulled. Its votes do not count.") if outcome.annulled else said_by(entry, references)
    tags = [(_("Annulled"), "warning")] if outcome.annulled else []
    if alone:
        tags.append((_("Answers from where people are"), "quiet"))
    return OutcomeLine(_("Result"), said, question_asked(references.asked(outcome.round)), tuple(tags), link)


def said_by(revealed: Facts, references: References) -> str:
    """Returns what people said in a round as one sentence, from its entry "round revealed"; that the result was
    withdrawn, where it was."""
    told, opening = references.result(revealed), references.openings.get(revealed["round"])
    if told is None:
        return _("The result was withdrawn, because the vote was annulled.")
    result = Result.from_json(told)
    if opening and opening["kind"] == RoundKind.CHECK_BACK:
        return said_back(result)
    labels = _short(references.responses(revealed["round"]) or {id_: id_ for id_ in result.counts})
    responses = tuple(Response(id_, label) for id_, label in labels.items())
    method = opening["method"] if opening else "single"
    return headline(Round(revealed["round"], revealed["session"], "", responses, method=method), result, words=True)


def _short(labels: Mapping[str, str]) -> dict[str, str]:
    return {
        id_: label if len(label) <= _MOST_LETTERS else f"{label[: _MOST_LETTERS - 1].rsplit(' ', 1)[0]}…"
        for id_, label in labels.items()
    }


def _decision(outcome: Outcome, entry: Facts, references: References) -> OutcomeLine:
    vote = entry["rounds"][-1]
    weighed = references.weighed(entry)
    tags = [(_("Differs from the vote"), "warning")] if weighed and weighed["differs"] else []
    if outcome.replaced:
        tags.append((_("Replaced"), "warning"))
    elif outcome.corrected:
        tags.append((_("Corrected"), "quiet"))
    said = decided(entry["outcome"], entry["response"], _short(references.responses(vote)))
    return OutcomeLine(
        _("Decision"), said, question_asked(references.question(vote)), tuple(tags), f"/decisions/{entry['decision']}"
    )


def _promise(outcome: Outcome, entry: Facts, references: References, today: str) -> OutcomeLine:
    tags = [(_("Late"), "bad")] if outcome.late(today) else []
    tags.append((promise_words(outcome.state), _STATE_TAGS.get(outcome.state, "quiet")))
    if outcome.replaced:
        tags.append((_("Its decision was replaced"), "warning"))
    of = _("%(role)s, by %(day)s") % {"role": references.words(entry["role"]), "day": day(entry["by"])}
    return OutcomeLine(
        _("Promise"), references.words(entry["what"]), of, tuple(tags), f"/promises/{entry['commitment']}"
    )
