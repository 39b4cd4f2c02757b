"""What can be decided on a vote, and when that goes against what the room preferred."""

from __future__ import annotations

from collections.abc import Sequence

ADOPTED, WITH_CHANGES, NOT_ADOPTED, DEFERRED = OUTCOMES = (
    "adopted",
    "adopted with changes",
    "not adopted",
    "deferred",
)


def differs(outcome: str, response: str | None, preference: Sequence[str]) -> bool:
    """Whether a decision about `response` goes against the room, which preferred every response in `preference`.

    Adopting something else does, and so does not adopting what was preferred; putting it off does not.
    """
    if outcome in (ADOPTED, WITH_CHANGES):
        return response not in preference
    return outcome == NOT_ADOPTED and response in preference
