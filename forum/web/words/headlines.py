"""Headlines over results: one short sentence for every screen and page, and the question in one line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from forum.stories.compose import QUESTION
from forum.stories.scenario import Scene
from forum.voting.methods import METHODS
from forum.voting.result import Result
from forum.voting.round import NONE_OF_THESE, Round
from forum.voting.suppression import NO_COUNT, preference
from forum.web.i18n.gettext import gettext as _
from forum.web.words.methods import letters, mark_words

_TIME = re.compile(r"\b([01]?[0-9]|2[0-3])[:.][0-5][0-9]\b")


def headline(round_: Round, result: Result, *, words: bool = False) -> str:
    """Says a result in one short sentence: "B leads: 9 of 18". Answers stand in it by their letters; with `words` in
    their own words, for places without letters.

    Only what `result` discloses is said: a number that was rounded is "about" so many, one that is hidden is left out.
    """
    if result.withholds_count:
        return str(_(result.withheld or NO_COUNT))
    if not result.n:
        return _("Nobody voted.")
    top = preference(result, round_.method)
    known = {mark: n for mark, n in result.counts.items() if mark not in result.hidden}
    said = METHODS[round_.method].headline(top, known, result.figures, about=result.rounded)
    filling = {
        "responses": in_a_row(_named(round_, top, words=words)),
        "n": result.n,
        "proposal": round_.responses[0].label if round_.responses else "",
        **said.values,
    }
    return str(_(said.words) % filling)


def shift_headline(result: Result) -> str:
    """Says how many changed their view since the first vote: "At least 7 of 18 changed their view"; "" where nobody is
    followed, so that nothing can be said."""
    shift = result.shift
    if shift is None or not shift.cells or not result.n:
        return ""
    filling = {"moved": shift.moved, "stayed": shift.stayed, "n": result.n}
    if shift.moved:
        said = _("At least %(moved)s of %(n)s changed their view")
        if result.rounded:
            said = _("About %(moved)s of %(n)s changed their view")
    else:
        said = _("At least %(stayed)s of %(n)s kept their view")
        if result.rounded:
            said = _("About %(stayed)s of %(n)s kept their view")
    return said % filling


def in_a_row(names: Sequence[str]) -> str:
    """Lists names as one says them: "A, B and C"."""
    if len(names) < 2:
        return "".join(names)
    return _(" and ").join((", ".join(names[:-1]), names[-1]))


def question_asked(question: str) -> str:
    """Gives the paragraph of a question that asks: the last that ends with a question mark. A story's question may tell
    something before it. Where no paragraph asks, or there is one only, it is the whole."""
    paragraphs = [part.strip() for part in question.split("\n\n")]
    asking = [part for part in paragraphs if _asks(part)]
    return asking[-1] if len(paragraphs) > 1 and asking else question


def question_told(question: str) -> str:
    """Gives what a question tells beside the paragraph that asks; "" for nothing."""
    asked = question_asked(question)
    if asked == question:
        return ""
    return "\n\n".join(part.strip() for part in question.split("\n\n") if part.strip() != asked)


def asked_words(question: str, scene: Scene | None) -> tuple[str, str]:
    """Gives what stands over a vote as its headline, and what is told beside it ("" for nothing).

    The headline is the question as it was asked. A decision point whose name asks is named like that by its writer; the
    name that Forum's own form gives to every one asks nothing of this story.
    """
    own = scene.name if scene is not None and scene.decision else ""
    if _asks(own) and not own.startswith(QUESTION):
        return own, "" if own == question else question
    return question_asked(question), question_told(question)


def names_time(words: str) -> bool:
    """Says whether words name a time of the day, as "Break until 11:30" does: a clock then stands beside them."""
    return _TIME.search(words) is not None


def _asks(words: str) -> bool:
    return words.rstrip().endswith(("?", "？", "؟"))


def _named(round_: Round, marks: Sequence[str], *, words: bool) -> list[str]:
    by, labels = letters(round_), {response.id: response.label for response in round_.responses}
    return [
        f"“{mark_words(mark, labels)}”" if words or mark == NONE_OF_THESE else by.get(mark, mark_words(mark, labels))
        for mark in marks
    ]


# What templates call.
GLOBALS: dict[str, Callable[..., object]] = {
    "headline": headline,
    "shift_headline": shift_headline,
    "question_asked": question_asked,
    "question_told": question_told,
    "asked_words": asked_words,
    "names_time": names_time,
}
