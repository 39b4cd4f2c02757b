"""Score: the ballot gives each statement a number from 1 (not at all) to 5 (very much).

The choice is every id with its number, in the order of the responses, one space between them: "r1=4 r2=5". Nothing is
left out, and there is no "none of these".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from forum.errors import message
from forum.voting.marks_and_shares import basis_points, decimals, highest
from forum.voting.method import Fields, Method, Sentence, Voter

SCORES: Final = ("1", "2", "3", "4", "5")


class Score(Method):
    """A number for each statement. The marks counted are statements with a number."""

    NAME = message("A number from 1 to 5 for each statement")
    LEAST = 1
    NONE = False
    FOLLOWED = False
    WITH_GROUP = False
    BY_NUMBERS = False
    JOINER = ", "
    REFUSALS = MappingProxyType({"incomplete": "Give every line a number from 1 to 5."})

    def read(self, fields: Fields, responses: Sequence[str]) -> str:
        """Reads the number given to each statement. Raises CastRefused where one has none."""
        if fields.get("choice"):
            return fields["choice"][-1]
        given = {response: (fields.get(f"score-{response}") or [""])[-1] for response in responses}
        if not all(given.values()):
            raise self.refused("incomplete")
        return " ".join(f"{response}={number}" for response, number in given.items())

    def fields(self, choice: str) -> dict[str, tuple[str, ...]]:
        """Fills the form in with these numbers."""
        return {
            f"score-{response}": (number,)
            for response, _, number in (part.partition("=") for part in choice.split(" "))
        }

    def check(self, choice: str, responses: Sequence[str]) -> None:
        """Raises CastRefused for a statement unknown or left out, and anything but 1 to 5 in their order."""
        given = [part.partition("=") for part in choice.split(" ")] if choice else []
        named = [response for response, _, _ in given]
        if not set(named) <= set(responses):
            raise self.refused("unknown_response")
        if set(named) < set(responses):
            raise self.refused("incomplete")
        if named != list(responses) or any(number not in SCORES for _, _, number in given):
            raise self.refused("miswritten")

    def columns(self, responses: Sequence[str]) -> tuple[str, ...]:
        """Lists every statement with every number: "r1=1", "r1=2" and so on."""
        return tuple(f"{response}={number}" for response in responses for number in SCORES)

    def one_of(self, responses: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Lists, for each statement, it with every number."""
        return tuple(tuple(f"{response}={number}" for number in SCORES) for response in responses)

    def marks(self, choice: str) -> tuple[str, ...]:
        """Lists each statement with its number."""
        return tuple(choice.split(" "))

    def possible(self, counts: Mapping[str, int], n: int) -> bool:
        """Says whether `n` ballots, each with a number for every statement, can bear these marks so many times."""
        spreads = [_spread(counts, column.partition("=")[0]) for column in counts]
        return all(count >= 0 for count in counts.values()) and all(sum(spread.values()) == n for spread in spreads)

    def figures(self, choices: Sequence[str], responses: Sequence[str]) -> dict[str, Any] | None:
        """Works out {"mean": {response: basis points}, "median": likewise}; 3.5 is 35000. None where nobody voted."""
        counts = self.tally(choices, responses)
        if not choices:
            return None
        means = self.shares(counts, len(choices))
        return {
            "mean": {response: basis_points(mean) for response, mean in means.items()},
            "median": {response: basis_points(_median(_spread(counts, response))) for response in means},
        }

    def shares(self, counts: Mapping[str, int], n: int) -> dict[str, Fraction]:
        """Works out the mean of every statement, from 1 to 5, exact; {} where nobody voted."""
        if not n:
            return {}
        statements = dict.fromkeys(column.partition("=")[0] for column in counts)
        return {
            response: Fraction(sum(int(number) * count for number, count in _spread(counts, response).items()), n)
            for response in statements
        }

    def preferred(self, counts: Mapping[str, int], figures: Mapping[str, Any] | None) -> tuple[str, ...]:
        """Lists the statement with the highest mean; all of them where several are level."""
        first = next(iter(counts), "").partition("=")[0]
        return highest(self.shares(counts, sum(_spread(counts, first).values())))

    def preferred_equally(self, voice: Mapping[str, int]) -> tuple[str, ...]:
        """Lists the statement with the highest mean over the rows."""
        return highest(voice)

    def outcome(
        self,
        top: tuple[str, ...],
        counts: Mapping[str, int],
        figures: Mapping[str, Any] | None,
        *,
        asynchronous: bool = False,
    ) -> Sentence:
        """Says which statement scored highest, with its mean."""
        said = "%(responses)s scored highest, with %(mean)s of 5 on average."
        if len(top) > 1:
            said = "%(responses)s scored highest, with %(mean)s of 5 on average each."
        return Sentence(said, top, {"mean": decimals((figures or {})["mean"][top[0]])})

    def headline(
        self, top: tuple[str, ...], counts: Mapping[str, int], figures: Mapping[str, Any] | None, *, about: bool = False
    ) -> Sentence:
        """Says which statement scored highest, with its mean."""
        if not figures:
            said = message("Level: %(responses)s") if len(top) > 1 else message("%(responses)s scores highest")
            return Sentence(said, top)
        said = message("%(responses)s scores highest: %(mean)s of 5")
        if len(top) > 1:
            said = message("Level: %(responses)s, %(mean)s of 5 each")
        return Sentence(said, top, {"mean": decimals(figures["mean"][top[0]])})

    def said_by_group(self, counts: Mapping[str, int], n: int) -> Sentence:
        """Says which statement one group scored highest, with its mean."""
        means = self.shares(counts, n)
        top = highest(means)
        if not top:
            return Sentence("Nobody voted.")
        mean = decimals(basis_points(means[top[0]]))
        return Sentence(message("%(responses)s (%(mean)s of 5)"), top, {"mean": mean})

    def made_up(self, responses: Sequence[str], voter: Voter) -> str:
        """Makes a choice with a number for each statement."""
        return " ".join(f"{response}={voter.one(SCORES)}" for response in responses)


def _spread(counts: Mapping[str, int], response: str) -> dict[str, int]:
    """Counts how many gave a statement each number."""
    return {number: counts.get(f"{response}={number}", 0) for number in SCORES}


def _median(spread: Mapping[str, int]) -> Fraction:
    """Finds the middle number, or half way between the two in the middle."""
    numbers = [int(number) for number, count in spread.items() for _ in range(count)]
    middle = len(numbers) // 2
    return Fraction(numbers[middle] + numbers[-middle - 1], 2)
