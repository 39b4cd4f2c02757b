"""Opinion: one statement, and whether people agree, disagree or pass.

The choice is "agree", "disagree" or "pass". Where the result is given by group, so is the group-informed consensus:
how far all groups agree, a small one as much as a large one (forum/voting/consensus.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from forum.voting.counting import AGREE, DISAGREE, OPINIONS, counted, each_share, refused

LEAST: Final = 1
MOST: Final = 1
NONE: Final = False
FOLLOWED: Final = True
WITH_GROUP: Final = True


def read(fields: Mapping[str, Sequence[str]], responses: Sequence[str]) -> str:
    """The opinion chosen. Raises CastRefused where none is."""
    choice = (fields.get("choice") or [""])[-1]
    if not choice:
        raise refused("nothing_chosen")
    return choice


def fields(choice: str) -> dict[str, tuple[str, ...]]:
    """The form with this choice in it: what `read` reads."""
    return {"choice": (choice,)}


def check(choice: str, responses: Sequence[str]) -> None:
    """Raises CastRefused("unknown_response", ...) for what is no opinion."""
    if choice not in OPINIONS:
        raise refused("unknown_response")


def lacks(choice: str, reason: str, condition: str) -> str:
    """No reason is asked for."""
    return ""


def columns(responses: Sequence[str]) -> tuple[str, ...]:
    """The three opinions."""
    return OPINIONS


def marks(choice: str) -> tuple[str, ...]:
    """The opinion."""
    return (choice,)


def tally(choices: Iterable[str], responses: Sequence[str]) -> dict[str, int]:
    """How many have each opinion, zeros included. Raises as `check` does."""
    given = list(choices)
    for choice in given:
        check(choice, responses)
    return counted(OPINIONS, map(marks, given))


def figures(choices: Sequence[str], responses: Sequence[str]) -> dict[str, Any] | None:
    """None: the opinions say all."""
    return None


def shares(counts: Mapping[str, int], n: int) -> dict[str, Fraction]:
    """The part of the people who have each opinion."""
    return each_share(counts, n)


def preferred(counts: Mapping[str, int], figures: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The statement, where more agree than disagree."""
    return ("r1",) if counts[AGREE] > counts[DISAGREE] else ()
