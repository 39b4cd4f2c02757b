"""Approval: the ballot names every response that somebody could accept, and a response has as many votes as ballots
that name it.

The choice is the ids in the order of the responses, one space between them: "r1 r3". "None of these" stands alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from forum.voting.counting import counted, each_share, highest, refused

LEAST: Final = 2
MOST: Final = 6
NONE: Final = True
FOLLOWED: Final = False
WITH_GROUP: Final = True


def read(fields: Mapping[str, Sequence[str]], responses: Sequence[str]) -> str:
    """The boxes that are ticked. Raises CastRefused where none is."""
    ticked = [box for box in fields.get("choice", ()) if box]
    if not ticked:
        raise refused("nothing_chosen")
    if len(ticked) == 1 or not set(ticked) <= set(responses):
        return " ".join(ticked)
    return " ".join(response for response in responses if response in ticked)


def fields(choice: str) -> dict[str, tuple[str, ...]]:
    """The form with these boxes ticked: what `read` reads."""
    return {"choice": tuple(choice.split(" "))}


def check(choice: str, responses: Sequence[str]) -> None:
    """Raises CastRefused for a response that is not there, none at all, or another order than that of the responses."""
    if not choice:
        raise refused("nothing_chosen")
    named = choice.split(" ")
    if not set(named) <= set(responses):
        raise refused("unknown_response")
    if named != [response for response in responses if response in named]:
        raise refused("miswritten")
    if "none" in named and len(named) > 1:
        raise refused("none_alone")


def lacks(choice: str, reason: str, condition: str) -> str:
    """No reason is asked for."""
    return ""


def columns(responses: Sequence[str]) -> tuple[str, ...]:
    """The responses."""
    return tuple(responses)


def marks(choice: str) -> tuple[str, ...]:
    """The responses named."""
    return tuple(choice.split(" "))


def tally(choices: Iterable[str], responses: Sequence[str]) -> dict[str, int]:
    """How many could accept each response, zeros included; together that may be more than there are ballots."""
    given = list(choices)
    for choice in given:
        check(choice, responses)
    return counted(columns(responses), map(marks, given))


def figures(choices: Sequence[str], responses: Sequence[str]) -> dict[str, Any] | None:
    """None: the votes say all."""
    return None


def shares(counts: Mapping[str, int], n: int) -> dict[str, Fraction]:
    """The part of the people who could accept each response."""
    return each_share(counts, n)


def preferred(counts: Mapping[str, int], figures: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The response that most could accept; all of them where several are level."""
    return highest(counts)
