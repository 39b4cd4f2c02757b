"""The ways of voting, counted from the ballots (docs/methods.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from forum.record.verify.verdict import RecordError

# The columns counted by methods that do not count responses.
_FIXED = {
    "consent": ("agree", "agree_if", "stand_aside", "cannot_live_with"),
    "opinion": ("agree", "disagree", "pass"),
}
METHODS = ("single", "approval", "ranked", "score", *_FIXED)


def marks(method: str, choice: str, responses: Sequence[str]) -> list[str]:
    """Returns the columns that a ballot counts for. Raises RecordError for a choice that the round did not allow."""
    named = [choice]
    allowed = choice in _FIXED.get(method, responses)
    if method == "approval":
        named = choice.split(" ")
        allowed = named == [r for r in responses if r in named] and ("none" not in named or named == ["none"])
    elif method == "ranked":
        order = choice.split(">")
        named = order[:1]
        allowed = set(order) <= set(responses) and len(set(order)) == len(order) and "none" not in order[:-1]
    elif method == "score":
        named = choice.split(" ")
        given = [part.partition("=") for part in named]
        allowed = [part[0] for part in given] == list(responses) and all(part[2] in tuple("12345") for part in given)
    if not allowed:
        raise RecordError("a vote for something that was not asked")
    return named


def columns_of(method: str, responses: Sequence[str]) -> Sequence[str]:
    """Returns the columns of a method in METHODS that are counted, in the order they are shown."""
    if method == "score":
        return [f"{response}={number}" for response in responses for number in range(1, 6)]
    return _FIXED.get(method, responses)


def tally(method: str, choices: Sequence[str], responses: Sequence[str]) -> dict[str, int]:
    """Returns how many ballots count for each column, zeros included. Raises RecordError as `marks` does."""
    columns = columns_of(method, responses)
    counted = Counter(mark for choice in choices for mark in marks(method, choice, responses))
    return {column: counted[column] for column in columns}


def figures(method: str, choices: Sequence[str], responses: Sequence[str]) -> dict[str, Any] | None:
    """Returns the further figures of a result: the rounds of a run-off, or means and medians of scores; else None.

    Means and medians are whole numbers, in ten thousandths of a point. None also for scores without any ballot.
    """
    if method == "ranked":
        return _run_off([tuple(choice.split(">")) for choice in choices], tuple(responses))
    if method != "score" or not choices:
        return None
    scores = {r: sorted(int(c.split(" ")[i][-1]) for c in choices) for i, r in enumerate(responses)}
    half = len(choices) // 2
    return {
        "mean": {r: (20_000 * sum(s) + len(s)) // (2 * len(s)) for r, s in scores.items()},
        "median": {r: 5_000 * (s[half] + s[-half - 1]) for r, s in scores.items()},
    }


def _run_off(ballots: Sequence[tuple[str, ...]], standing: tuple[str, ...]) -> dict[str, Any]:
    """Returns the rounds of a run-off, in each of which the last responses are eliminated until one has more than half.

    Several last ones are eliminated together where the sum of their votes is smaller than the next one's. Otherwise the
    run-off ends there: `tied` maps each of them to the winners that its elimination leads to, and `winners` unites
    these.
    """
    rounds: list[dict[str, Any]] = []
    while True:
        firsts = Counter(next((r for r in order if r in standing), None) for order in ballots)
        counts = {r: firsts[r] for r in standing}
        rounds.append({"counts": counts, "exhausted": firsts[None], "out": []})
        total, least = sum(counts.values()), min(counts.values())
        won = [r for r in standing if 2 * counts[r] > total]
        if won or not total:
            return {"rounds": rounds, "tied": {}, "winners": won}
        out = [r for r in standing if counts[r] == least]
        above = [n for n in counts.values() if n > least]
        if len(out) > 1 and (not above or least * len(out) >= min(above)):
            tied = {r: _run_off(ballots, tuple(s for s in standing if s != r))["winners"] for r in out}
            winners = [r for r in standing if any(r in who for who in tied.values())]
            return {"rounds": rounds, "tied": tied, "winners": winners}
        rounds[-1]["out"] = out
        standing = tuple(r for r in standing if r not in out)
