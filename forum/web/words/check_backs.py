"""The words of "did we get you right?": its answers, and what people answered."""

from __future__ import annotations

from dataclasses import replace

from forum.voting.check_back import is_check_back
from forum.voting.result import Result
from forum.voting.round import Round
from forum.voting.suppression import NO_COUNT
from forum.web.i18n.gettext import gettext as _
from forum.web.words.methods import rounded_note


def answer_labels() -> dict[str, str]:
    """Returns the three answers in the reader's language, by their ids."""
    return {"r1": _("Yes, you did"), "r2": _("Partly"), "r3": _("No, you did not")}


def in_words(round_: Round) -> Round:
    """Returns a check-back with its answers in the reader's language; every other round as it is."""
    if not is_check_back(round_):
        return round_
    labels = answer_labels()
    return replace(
        round_, responses=tuple(replace(one, label=labels.get(one.id, one.label)) for one in round_.responses)
    )


def said_back(result: Result) -> str:
    """Says how many gave each answer."""
    if result.withholds_count:
        return str(_(result.withheld or NO_COUNT))
    if not result.n:
        return _("Nobody answered this question.")
    shown = {mark: n for mark, n in result.counts.items() if mark not in result.hidden}
    labels = answer_labels()
    said = "; ".join(f"{labels.get(mark, mark)}: {n}" for mark, n in shown.items())
    return f"{said}. {rounded_note()}" if result.rounded else f"{said}."
