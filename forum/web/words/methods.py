"""Ways of voting in words: their names, what is counted, what a ballot says, and what came of a vote."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from forum.voting.counting import basis_points, highest
from forum.voting.methods import METHODS
from forum.voting.methods.score import SCORES
from forum.voting.result import Result, TableRow
from forum.voting.round import Round
from forum.voting.suppression import preference
from forum.web.i18n.gettext import gettext as _


def method_words(method: str) -> str:
    """A way of voting, as the facilitator chooses it and the record tells it."""
    return {
        "single": _("One answer each"),
        "approval": _("Every answer that somebody could accept"),
        "ranked": _("Answers put in order, with a run-off"),
        "score": _("A number from 1 to 5 for each statement"),
        "consent": _("Consent to one proposal"),
        "opinion": _("Agree, disagree or pass on one statement"),
    }.get(method, method)


def mark_words(mark: str, labels: Mapping[str, str]) -> str:
    """One thing that is counted: a response in words, a stance, or a statement with its number."""
    fixed = {
        "none": _("None of these"),
        "agree": _("Agree"),
        "agree_if": _("Agree, if …"),
        "stand_aside": _("Stand aside"),
        "cannot_live_with": _("Cannot live with it"),
        "disagree": _("Disagree"),
        "pass": _("Pass"),
    }
    response, is_score, number = mark.partition("=")
    if is_score:
        return f"{labels.get(response, response)}: {number}"
    return fixed.get(mark) or labels.get(mark, mark)


def listed(labels: Mapping[str, str], marks: Sequence[str]) -> str:
    """Several of them, each in quotation marks."""
    return _(" and ").join(f"“{mark_words(mark, labels)}”" for mark in marks)


def score_words(points: int) -> str:
    """A mean or median score with two decimals, halves rounded up: 16667 basis points are 1.67."""
    hundredths = (points + 50) // 100
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def outcome_of_vote(result: Result, method: str, labels: Mapping[str, str], *, asynchronous: bool = False) -> str:
    """What people said, in one sentence with its numbers, and whether that was in a room."""
    if not result.n:
        return _("Nobody voted.")
    top, counts = preference(result, method), result.counts
    values: dict[str, object] = {"responses": listed(labels, top), "n": result.n}
    if method == "consent":
        return _consent(bool(top), counts, labels)
    if method == "opinion":
        numbers = {"agree": counts["agree"], "disagree": counts["disagree"], "pass": counts["pass"]}
        return _("%(agree)s agree, %(disagree)s disagree, %(pass)s pass.") % numbers
    if method == "ranked":
        if len(top) > 1:
            return _("The run-off is level: it could be %(responses)s. Which answer goes out first decides.") % values
        return _("The room preferred %(responses)s, after a run-off.") % values
    if method == "score":
        mean = score_words((result.figures or {})["mean"][top[0]])
        said = _("%(responses)s scored highest, with %(mean)s of 5 on average.")
        if len(top) > 1:
            said = _("%(responses)s scored highest, with %(mean)s of 5 on average each.")
        return said % (values | {"mean": mean})
    values["count"] = counts[top[0]]
    if method == "approval":
        said = _("Most people could accept %(responses)s: %(count)s of %(n)s.")
        if len(top) > 1:
            said = _("Most people could accept %(responses)s: %(count)s of %(n)s each.")
    elif asynchronous:
        said = _("In the asynchronous round people preferred %(responses)s, with %(count)s of %(n)s votes.")
        if len(top) > 1:
            said = _("In the asynchronous round people preferred %(responses)s, with %(count)s of %(n)s votes each.")
    else:
        said = _("The room preferred %(responses)s, with %(count)s of %(n)s votes.")
        if len(top) > 1:
            said = _("The room preferred %(responses)s, with %(count)s of %(n)s votes each.")
    return said % values


def _consent(given: bool, counts: Mapping[str, int], labels: Mapping[str, str]) -> str:
    values = {"proposal": labels.get("r1", "r1"), "against": counts["cannot_live_with"], "if": counts["agree_if"]}
    if counts["cannot_live_with"]:
        return _("There is no consent to “%(proposal)s”: %(against)s cannot live with it.") % values
    if not given:
        return _("There is no consent to “%(proposal)s”: nobody agreed to it.") % values
    if counts["agree_if"]:
        return _("The room consents to “%(proposal)s”, %(if)s with a condition.") % values
    return _("The room consents to “%(proposal)s”.") % values


def said_by_row(row: TableRow, method: str, labels: Mapping[str, str]) -> str:
    """What one group said, shortly."""
    if method in {"consent", "opinion"}:
        said = ", ".join(f"{mark_words(mark, labels)}: {n}" for mark, n in row.counts.items() if n)
        return said or _("Nobody voted.")
    if method == "score":
        means = METHODS[method].shares(row.counts, row.n)
        top = highest(means)
        if not top:
            return _("Nobody voted.")
        return _("%(responses)s (%(mean)s of 5)") % {
            "responses": listed(labels, top),
            "mean": score_words(basis_points(means[top[0]])),
        }
    top = METHODS[method].preferred(row.counts, None)
    if not top:
        return _("Nobody voted.")
    values = {"responses": listed(labels, top), "count": row.counts[top[0]], "n": row.n}
    return _("%(responses)s (%(count)s of %(n)s)") % values


def row_means(row: TableRow) -> dict[str, str]:
    """The mean score of every statement in one row, in words."""
    return {r: score_words(basis_points(mean)) for r, mean in METHODS["score"].shares(row.counts, row.n).items()}


def letters(round_: Round) -> dict[str, str]:
    """The letter that every response has on the screens."""
    return {response.id: "ABCDEFGHIJ"[number] for number, response in enumerate(round_.responses)}


def choice_words(round_: Round, choice: str) -> str:
    """A ballot's choice as its phone shows it: the answer in words, or the letters of several."""
    if round_.method in {"ranked", "approval", "score"}:
        by = letters(round_)
        parts = [part.partition("=") for part in choice.replace(">", " ").split(" ")]
        said = [f"{by.get(response, response)} {number}".strip() for response, _sign, number in parts]
        return (_(", then ") if round_.method == "ranked" else ", ").join(said)
    return mark_words(choice, {response.id: response.label for response in round_.responses})


def fields_of(round_: Round, choice: str) -> Mapping[str, tuple[str, ...]]:
    """A ballot form with this choice in it."""
    return METHODS[round_.method].fields(choice)


def spread(counts: Mapping[str, int], response: str) -> list[tuple[str, int]]:
    """How many gave a statement each score, as (score, how many)."""
    return [(number, counts.get(f"{response}={number}", 0)) for number in SCORES]


# What templates call.
GLOBALS: dict[str, Callable[..., object]] = {
    "method_words": method_words,
    "mark_words": mark_words,
    "score_words": score_words,
    "row_means": row_means,
    "outcome_of_vote": outcome_of_vote,
    "preferred": preference,
    "choice_words": choice_words,
    "fields_of": fields_of,
    "spread": spread,
}
