"""One response each: the ballot names one response, and a response has as many votes as ballots that name it.

The choice is the response's id: "r2".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from forum.voting.counting import counted, each_share, highest, refused

LEAST: Final = 2
MOST: Final = 6
NONE: Final = True
FOLLOWED: Final = True
WITH_GROUP: Final = True


def read(fields: Mapping[str, Sequence[str]], responses: Sequence[str]) -> str:
    """The one that is chosen. Raises CastRefused where none is."""
    choice = (fields.get("choice") or [""])[-1]
    if not choice:
        raise refused("nothing_chosen")
    return choice


def fields(choice: str) -> dict[str, tuple[str, ...]]:
    """The form with this choice in it: what `read` reads."""
    return {"choice": (choice,)}


def check(choice: str, responses: Sequence[str]) -> None:
    """Raises CastRefused("unknown_response", ...) where the choice is not one of the responses."""
    if choice not in responses:
        raise refused("unknown_response")


def lacks(choice: str, reason: str, condition: str) -> str:
    """No reason is asked for."""
    return ""


def columns(responses: Sequence[str]) -> tuple[str, ...]:
    """The responses."""
    return tuple(responses)


def marks(choice: str) -> tuple[str, ...]:
    """The response chosen."""
    return (choice,)


def tally(choices: Iterable[str], responses: Sequence[str]) -> dict[str, int]:
    """The votes of every response, in the order of `responses`, zeros included. Raises as `check` does."""
    given = list(choices)
    for choice in given:
        check(choice, responses)
    return counted(columns(responses), map(marks, given))


def figures(choices: Sequence[str], responses: Sequence[str]) -> dict[str, Any] | None:
    """None: the votes say all."""
    return None


def shares(counts: Mapping[str, int], n: int) -> dict[str, Fraction]:
    """The part of the ballots that each response has."""
    return each_share(counts, n)


def preferred(counts: Mapping[str, int], figures: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The response with most votes; all of them where several have as many."""
    return highest(counts)
