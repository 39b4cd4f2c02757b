"""Score: the ballot gives each statement a number from 1 (not at all) to 5 (very much).

The choice is every id with its number, in the order of the responses, one space between them: "r1=4 r2=5". Nothing is
left out, and there is no "none of these".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from forum.voting.counting import basis_points, counted, highest, refused

LEAST: Final = 1
MOST: Final = 6
NONE: Final = False
FOLLOWED: Final = False
WITH_GROUP: Final = True

SCORES: Final = ("1", "2", "3", "4", "5")


def read(fields: Mapping[str, Sequence[str]], responses: Sequence[str]) -> str:
    """The number given to each statement. Raises CastRefused where one has none."""
    if fields.get("choice"):
        return fields["choice"][-1]
    given = {response: (fields.get(f"score-{response}") or [""])[-1] for response in responses}
    if not all(given.values()):
        raise refused("incomplete")
    return " ".join(f"{response}={number}" for response, number in given.items())


def fields(choice: str) -> dict[str, tuple[str, ...]]:
    """The form with these numbers in it: what `read` reads."""
    return {
        f"score-{response}": (number,) for response, _, number in (part.partition("=") for part in choice.split(" "))
    }


def check(choice: str, responses: Sequence[str]) -> None:
    """Raises CastRefused for a statement that is not there, one left out, and anything but 1 to 5 in their order."""
    given = [part.partition("=") for part in choice.split(" ")] if choice else []
    named = [response for response, _, _ in given]
    if not set(named) <= set(responses):
        raise refused("unknown_response")
    if set(named) < set(responses):
        raise refused("incomplete")
    if named != list(responses) or any(number not in SCORES for _, _, number in given):
        raise refused("miswritten")


def lacks(choice: str, reason: str, condition: str) -> str:
    """No reason is asked for."""
    return ""


def columns(responses: Sequence[str]) -> tuple[str, ...]:
    """Every statement with every number: "r1=1", "r1=2" and so on."""
    return tuple(f"{response}={number}" for response in responses for number in SCORES)


def marks(choice: str) -> tuple[str, ...]:
    """Each statement with its number."""
    return tuple(choice.split(" "))


def tally(choices: Iterable[str], responses: Sequence[str]) -> dict[str, int]:
    """How many gave each statement each number, zeros included. Raises as `check` does."""
    given = list(choices)
    for choice in given:
        check(choice, responses)
    return counted(columns(responses), map(marks, given))


def figures(choices: Sequence[str], responses: Sequence[str]) -> dict[str, Any] | None:
    """{"mean": {response: basis points}, "median": the same}; 3 and a half is 35000. None where nobody voted."""
    counts = tally(choices, responses)
    if not choices:
        return None
    means = shares(counts, len(choices))
    return {
        "mean": {response: basis_points(mean) for response, mean in means.items()},
        "median": {response: basis_points(_median(_spread(counts, response))) for response in means},
    }


def shares(counts: Mapping[str, int], n: int) -> dict[str, Fraction]:
    """The mean of every statement, from 1 to 5, exact; {} where nobody voted."""
    if not n:
        return {}
    statements = dict.fromkeys(column.partition("=")[0] for column in counts)
    return {
        response: Fraction(sum(int(number) * count for number, count in _spread(counts, response).items()), n)
        for response in statements
    }


def preferred(counts: Mapping[str, int], figures: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The statement with the highest mean; all of them where several are level."""
    first = next(iter(counts), "").partition("=")[0]
    return highest(shares(counts, sum(_spread(counts, first).values())))


def _spread(counts: Mapping[str, int], response: str) -> dict[str, int]:
    """How many gave a statement each number."""
    return {number: counts.get(f"{response}={number}", 0) for number in SCORES}


def _median(spread: Mapping[str, int]) -> Fraction:
    """The middle number, or half way between the two in the middle."""
    numbers = [int(number) for number, count in spread.items() for _ in range(count)]
    middle = len(numbers) // 2
    return Fraction(numbers[middle] + numbers[-middle - 1], 2)
