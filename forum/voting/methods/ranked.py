"""Ranked: the ballot puts responses in order, and rounds of an instant run-off find the one that most can agree on.

The choice is the ids from first to last, ">" between them: "r2>r1". Not every response need stand there. "None of
these" may only stand last, since nothing can come after it.

The run-off. In each round a ballot counts for the highest of its responses that still stands; a ballot with none is
exhausted. Whoever has more than half of the ballots that count wins. Else the last goes out, and its ballots move on.
Where several are last:

- those who together have fewer votes than the next above them go out together: none of them can catch up;
- else no rule could choose between them without hiding that they are level. The rounds end there, `tied` says of each
  of them who wins if it is the one to go, and `winners` holds everybody who can win.

By group only first places are given: a whole order is as good as a signature.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, TypeAlias

from forum.voting.counting import counted, each_share, highest, refused

LEAST: Final = 2
MOST: Final = 6
NONE: Final = True
FOLLOWED: Final = True
WITH_GROUP: Final = False

Ballots: TypeAlias = Mapping[tuple[str, ...], int]


def read(fields: Mapping[str, Sequence[str]], responses: Sequence[str]) -> str:
    """The numbers given to responses, as an order. Raises CastRefused where two are the same."""
    if fields.get("choice"):
        return fields["choice"][-1]
    places: dict[int, str] = {}
    for response in responses:
        typed = (fields.get(f"rank-{response}") or [""])[-1].strip()
        if not typed:
            continue
        if not typed.isascii() or not typed.isdigit() or not 1 <= int(typed) <= len(responses):
            raise refused("miswritten")
        if int(typed) in places:
            raise refused("same_place")
        places[int(typed)] = response
    if not places:
        raise refused("nothing_chosen")
    return ">".join(places[place] for place in sorted(places))


def fields(choice: str) -> dict[str, tuple[str, ...]]:
    """The form with these numbers in it: what `read` reads."""
    return {f"rank-{response}": (str(place),) for place, response in enumerate(choice.split(">"), 1)}


def check(choice: str, responses: Sequence[str]) -> None:
    """Raises CastRefused for a response that is not there or stands twice, none at all, or something after "none"."""
    if not choice:
        raise refused("nothing_chosen")
    order = choice.split(">")
    if not set(order) <= set(responses):
        raise refused("unknown_response")
    if len(set(order)) < len(order):
        raise refused("miswritten")
    if "none" in order[:-1]:
        raise refused("none_last")


def lacks(choice: str, reason: str, condition: str) -> str:
    """No reason is asked for."""
    return ""


def columns(responses: Sequence[str]) -> tuple[str, ...]:
    """The responses, each for those who put it first."""
    return tuple(responses)


def marks(choice: str) -> tuple[str, ...]:
    """The response put first."""
    return (choice.partition(">")[0],)


def tally(choices: Iterable[str], responses: Sequence[str]) -> dict[str, int]:
    """How many put each response first, zeros included. Raises as `check` does."""
    given = list(choices)
    for choice in given:
        check(choice, responses)
    return counted(columns(responses), map(marks, given))


def figures(choices: Sequence[str], responses: Sequence[str]) -> dict[str, Any] | None:
    """The run-off: {"rounds": [{"counts", "exhausted", "out"}], "tied": {response: [who wins if it goes]}, "winners"}.

    `counts` has the responses that stand in that round, `out` those that go after it. `tied` is empty unless the last
    round has a tie that decides.
    """
    ballots = Counter(tuple(choice.split(">")) for choice in choices)
    standing = tuple(responses)
    rounds: list[dict[str, Any]] = []
    tied: dict[str, list[str]] = {}
    winners: list[str] = []
    known: dict[tuple[str, ...], frozenset[str]] = {}
    while True:
        counts = _counts(ballots, standing)
        out = _last(counts)
        rounds.append({"counts": counts, "exhausted": sum(ballots.values()) - sum(counts.values()), "out": []})
        if not sum(counts.values()):
            break
        won = _winner(counts)
        if won:
            winners = [won]
            break
        if not _together(counts, out):
            after = {response: _winners(ballots, _without(standing, (response,)), known) for response in out}
            tied = {response: [r for r in responses if r in after[response]] for response in out}
            winners = [r for r in responses if any(r in who for who in after.values())]
            break
        rounds[-1]["out"] = list(out)
        standing = _without(standing, out)
    return {"rounds": rounds, "tied": tied, "winners": winners}


def shares(counts: Mapping[str, int], n: int) -> dict[str, Fraction]:
    """The part of the ballots that put each response first."""
    return each_share(counts, n)


def preferred(counts: Mapping[str, int], figures: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Whoever wins the run-off, all who can where a tie decides; first places alone where there are no `figures`."""
    return tuple(figures["winners"]) if figures else highest(counts)


def _counts(ballots: Ballots, standing: Sequence[str]) -> dict[str, int]:
    counts = dict.fromkeys(standing, 0)
    for order, n in ballots.items():
        first = next((response for response in order if response in counts), None)
        if first is not None:
            counts[first] += n
    return counts


def _winner(counts: Mapping[str, int]) -> str:
    return next((response for response, n in counts.items() if 2 * n > sum(counts.values())), "")


def _last(counts: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(response for response, n in counts.items() if n == min(counts.values()))


def _together(counts: Mapping[str, int], last: Sequence[str]) -> bool:
    """Whether all of the last can go at once: there is but one, or together they stay below the next."""
    above = [n for response, n in counts.items() if response not in last]
    return len(last) == 1 or bool(above and sum(counts[response] for response in last) < min(above))


def _without(standing: Sequence[str], out: Sequence[str]) -> tuple[str, ...]:
    return tuple(response for response in standing if response not in out)


def _winners(
    ballots: Ballots, standing: tuple[str, ...], known: dict[tuple[str, ...], frozenset[str]]
) -> frozenset[str]:
    """Everybody who wins among these, whichever of those tied last goes out each time."""
    if standing not in known:
        counts = _counts(ballots, standing)
        last = _last(counts)
        won = _winner(counts)
        if won or not sum(counts.values()):
            known[standing] = frozenset((won,) if won else standing)
        else:
            ways = [last] if _together(counts, last) else [(response,) for response in last]
            known[standing] = frozenset().union(*(_winners(ballots, _without(standing, out), known) for out in ways))
    return known[standing]
