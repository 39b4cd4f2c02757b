"""Consent: one proposal, and where each person stands to it.

The choice is a stance: "agree", "agree_if" (what has to change is the ballot's condition), "stand_aside" or
"cannot_live_with" (why is its reason). The proposal has the room's consent where somebody agrees, with or
without a condition, and nobody says that they cannot live with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from forum.stories.visible_text import trimmed
from forum.voting.counting import AGREE, AGREE_IF, CANNOT_LIVE_WITH, STANCES, counted, each_share, refused

LEAST: Final = 1
MOST: Final = 1
NONE: Final = False
FOLLOWED: Final = True
WITH_GROUP: Final = True


def read(fields: Mapping[str, Sequence[str]], responses: Sequence[str]) -> str:
    """The stance chosen. Raises CastRefused where none is."""
    choice = (fields.get("choice") or [""])[-1]
    if not choice:
        raise refused("nothing_chosen")
    return choice


def fields(choice: str) -> dict[str, tuple[str, ...]]:
    """The form with this choice in it: what `read` reads."""
    return {"choice": (choice,)}


def check(choice: str, responses: Sequence[str]) -> None:
    """Raises CastRefused("unknown_response", ...) for what is no stance."""
    if choice not in STANCES:
        raise refused("unknown_response")


def lacks(choice: str, reason: str, condition: str) -> str:
    """Whoever agrees if something changes must say what, and whoever cannot live with it why."""
    if choice == AGREE_IF and not trimmed(condition):
        return "condition_needed"
    return "reason_needed" if choice == CANNOT_LIVE_WITH and not trimmed(reason) else ""


def columns(responses: Sequence[str]) -> tuple[str, ...]:
    """The four stances."""
    return STANCES


def marks(choice: str) -> tuple[str, ...]:
    """The stance."""
    return (choice,)


def tally(choices: Iterable[str], responses: Sequence[str]) -> dict[str, int]:
    """How many take each stance, zeros included. Raises as `check` does."""
    given = list(choices)
    for choice in given:
        check(choice, responses)
    return counted(STANCES, map(marks, given))


def figures(choices: Sequence[str], responses: Sequence[str]) -> dict[str, Any] | None:
    """None: the stances say all."""
    return None


def shares(counts: Mapping[str, int], n: int) -> dict[str, Fraction]:
    """The part of the people who take each stance."""
    return each_share(counts, n)


def preferred(counts: Mapping[str, int], figures: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The proposal, where it has the room's consent."""
    return ("r1",) if counts[AGREE] + counts[AGREE_IF] and not counts[CANNOT_LIVE_WITH] else ()
