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
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

from forum.errors import message
from forum.voting.marks_and_shares import highest
from forum.voting.method import Fields, Method, Sentence, Voter

Ballots: TypeAlias = Mapping[tuple[str, ...], int]


class Ranked(Method):
    """Responses in order, with an instant run-off. The marks counted are first places."""

    NAME = message("Answers put in order, with a run-off")
    WITH_GROUP = False
    BY_NUMBERS = False
    JOINER = message(", then ")
    REFUSALS = MappingProxyType(
        {
            "none_last": "“None of these” can only come last. Nothing can stand after it.",
            "same_place": "Two answers have the same number. Give each a number of its own.",
        }
    )

    def read(self, fields: Fields, responses: Sequence[str]) -> str:
        """Reads the numbers given to responses, as an order. Raises CastRefused where two are the same."""
        if fields.get("choice"):
            return fields["choice"][-1]
        places: dict[int, str] = {}
        for response in responses:
            typed = (fields.get(f"rank-{response}") or [""])[-1].strip()
            if not typed:
                continue
            if not typed.isascii() or not typed.isdigit() or not 1 <= int(typed) <= len(responses):
                raise self.refused("miswritten")
            if int(typed) in places:
                raise self.refused("same_place")
            places[int(typed)] = response
        if not places:
            raise self.refused("nothing_chosen")
        return ">".join(places[place] for place in sorted(places))

    def fields(self, choice: str) -> dict[str, tuple[str, ...]]:
        """Fills the form in with these numbers."""
        return {f"rank-{response}": (str(place),) for place, response in enumerate(choice.split(">"), 1)}

    def check(self, choice: str, responses: Sequence[str]) -> None:
        """Raises CastRefused for a response unknown or named twice, none at all, or one after "none"."""
        if not choice:
            raise self.refused("nothing_chosen")
        order = choice.split(">")
        if not set(order) <= set(responses):
            raise self.refused("unknown_response")
        if len(set(order)) < len(order):
            raise self.refused("miswritten")
        if "none" in order[:-1]:
            raise self.refused("none_last")

    def marks(self, choice: str) -> tuple[str, ...]:
        """Gives the response put first."""
        return (choice.partition(">")[0],)

    def figures(self, choices: Sequence[str], responses: Sequence[str]) -> dict[str, Any] | None:
        """Runs the run-off: {"rounds": [{"counts", "exhausted", "out"}], "tied": {response: [winners]}, "winners"}.

        `counts` has the responses that stand in that round, `out` those that go after it. `tied` names, where a tie in
        the last round decides, who can win if that response goes; else it is empty.
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

    def preferred(self, counts: Mapping[str, int], figures: Mapping[str, Any] | None) -> tuple[str, ...]:
        """Lists the winners of the run-off, several after a tie; without `figures` those with most first places."""
        return tuple(figures["winners"]) if figures else highest(counts)

    def outcome(
        self,
        top: tuple[str, ...],
        counts: Mapping[str, int],
        figures: Mapping[str, Any] | None,
        *,
        asynchronous: bool = False,
    ) -> Sentence:
        """Says who wins the run-off, or that a tie decides."""
        if len(top) > 1:
            return Sentence(
                "The run-off is level: it could be %(responses)s. Which answer goes out first decides.", top
            )
        return Sentence("The room preferred %(responses)s, after a run-off.", top)

    def headline(
        self, top: tuple[str, ...], counts: Mapping[str, int], figures: Mapping[str, Any] | None, *, about: bool = False
    ) -> Sentence:
        """Says who wins the run-off, with the last round's numbers, or who can."""
        if len(top) != 1:
            return Sentence(message("Level: %(responses)s can still win"), top)
        last = figures["rounds"][-1] if figures else None
        if last is None or about or not _winner(last["counts"]):
            return Sentence(message("%(responses)s wins the run-off"), top)
        said = message("%(responses)s wins the run-off: %(count)s of %(counting)s in the last round")
        if len(figures["rounds"] if figures else ()) == 1:
            said = message("%(responses)s wins at once: %(count)s of %(counting)s put it first")
        return Sentence(said, top, {"count": last["counts"][top[0]], "counting": sum(last["counts"].values())})

    def made_up(self, responses: Sequence[str], voter: Voter) -> str:
        """Makes an order that begins with the voter's first response."""
        first = voter.one(responses)
        if first == "none":
            return first
        return ">".join([first, *voter.some([r for r in responses if r not in (first, "none")])])


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
    """Says whether all the last are eliminated at once: one alone, or several with fewer votes than the next."""
    above = [n for response, n in counts.items() if response not in last]
    return len(last) == 1 or bool(above and sum(counts[response] for response in last) < min(above))


def _without(standing: Sequence[str], out: Sequence[str]) -> tuple[str, ...]:
    return tuple(response for response in standing if response not in out)


def _winners(
    ballots: Ballots, standing: tuple[str, ...], known: dict[tuple[str, ...], frozenset[str]]
) -> frozenset[str]:
    """Finds every possible winner among `standing`: where several are tied last, each is eliminated in turn.

    `known` keeps the winners of sets worked out before.
    """
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
