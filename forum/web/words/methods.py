"""Ways of voting in words: what each method says of itself and of a result, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from forum.services.voting.paper_counts import countable
from forum.voting.marks_and_shares import basis_points, decimals
from forum.voting.method import Sentence
from forum.voting.methods import METHODS, words_of_mark
from forum.voting.result import Result, TableRow
from forum.voting.round import NONE_OF_THESE, Round
from forum.voting.suppression import NO_COUNT, preference
from forum.web.i18n.gettext import gettext as _


def method_words(method: str) -> str:
    """Names a way of voting, as the facilitator chooses it and the record tells it."""
    return _(METHODS[method].NAME) if method in METHODS else method


def mark_words(mark: str, labels: Mapping[str, str]) -> str:
    """Names one thing that is counted: a response by its label, a method's own mark, or a statement with its number."""
    response, has_number, number = mark.partition("=")
    if has_number:
        return f"{labels.get(response, response)}: {number}"
    if mark == NONE_OF_THESE:
        return _("None of these")
    own = words_of_mark(mark)
    return _(own) if own else labels.get(mark, mark)


def listed(labels: Mapping[str, str], marks: Sequence[str]) -> str:
    """Lists several of them, each in quotation marks."""
    return _(" and ").join(f"“{mark_words(mark, labels)}”" for mark in marks)


def outcome_of_vote(result: Result, method: str, labels: Mapping[str, str], *, asynchronous: bool = False) -> str:
    """Says what people preferred, in one sentence with its numbers, and whether that was in a room."""
    if result.withholds_count:
        return str(_(result.withheld or NO_COUNT))
    if not result.n:
        return _("Nobody voted.")
    top = preference(result, method)
    if result.rounded:
        return f"{_('People preferred %(responses)s.') % {'responses': listed(labels, top)}} {rounded_note()}"
    said = METHODS[method].outcome(top, result.counts, result.figures, asynchronous=asynchronous)
    return _filled(said, result.n, labels)


def said_by_row(row: TableRow, method: str, labels: Mapping[str, str]) -> str:
    """Says shortly what one group preferred."""
    said = None if row.hidden else METHODS[method].said_by_group(row.counts, row.n)
    if said is not None:
        return _filled(said, row.n, labels)
    each = ", ".join(f"{mark_words(mark, labels)}: {n}" for mark, n in row.counts.items() if n)
    if row.hidden and not each:
        return _("not shown")
    return each or _("Nobody voted.")


def rounded_note() -> str:
    """Says what the numbers of a result are that left the room by small-number rules."""
    return _("Numbers are rounded to the nearest 5, and small ones are not shown.")


def small_numbers_words(threshold: int, *, room: bool = True) -> str:
    """Says what a commission declared that keeps to small-number rules; `room`: of a vote in a room."""
    said = _(
        "Small-number rules: on public pages, in the record and in downloads, numbers below %(number)s are not shown, "
        "and others are rounded to the nearest 5."
    ) % {"number": threshold}
    return f"{said} {_('The screens in the room may show exact numbers.')}" if room else said


def _filled(said: Sentence, n: int, labels: Mapping[str, str]) -> str:
    filling = {"responses": listed(labels, said.responses), "n": n, "proposal": labels.get("r1", "r1"), **said.values}
    return str(_(said.words) % filling)


def row_means(row: TableRow, method: str) -> dict[str, str]:
    """Writes the shares of one row (for scores, the mean of every statement) with two decimals."""
    return {mark: decimals(basis_points(share)) for mark, share in METHODS[method].shares(row.counts, row.n).items()}


def letters(round_: Round) -> dict[str, str]:
    """Gives every response its letter on the screens."""
    return {response.id: "ABCDEFGHIJ"[number] for number, response in enumerate(round_.responses)}


def joiner(method: str) -> str:
    """Gives what stands between letters where a method's choices are said by them; "" where they are said in words."""
    return _(METHODS[method].JOINER) if METHODS[method].JOINER else ""


def choice_words(round_: Round, choice: str, *, whole: bool = False) -> str:
    """Says a ballot's choice as its phone shows it: the answer in words, or the letters of several; with `whole` the
    words of several too, for pages where no letters stand."""
    between = joiner(round_.method)
    labels = {response.id: response.label for response in round_.responses}
    if not between:
        return mark_words(choice, labels)
    by = labels | {NONE_OF_THESE: _("None of these")} if whole else letters(round_)
    parts = [part.partition("=") for part in choice.replace(">", " ").split(" ")]
    return between.join(f"{by.get(response, response)} {number}".strip() for response, _sign, number in parts)


def fields_of(round_: Round, choice: str) -> Mapping[str, tuple[str, ...]]:
    """Fills a ballot form in with this choice."""
    return METHODS[round_.method].fields(choice)


def spread(counts: Mapping[str, int], response: str) -> list[tuple[str, int]]:
    """Lists how many gave a statement each number, as (number, how many)."""
    parts = [(mark.partition("="), n) for mark, n in counts.items()]
    return [(number, n) for (of, _sign, number), n in parts if of == response]


# What templates call.
GLOBALS: dict[str, Callable[..., object]] = {
    "method_words": method_words,
    "mark_words": mark_words,
    "score_words": decimals,
    "row_means": row_means,
    "outcome_of_vote": outcome_of_vote,
    "preferred": preference,
    "choice_words": choice_words,
    "countable": countable,
    "joiner": joiner,
    "fields_of": fields_of,
    "spread": spread,
    "rounded_note": rounded_note,
    "small_numbers_words": small_numbers_words,
}
