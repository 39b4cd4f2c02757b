"""One response each: the ballot names one response, and a response has as many votes as ballots that name it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from forum.errors import CastRefused


def check(choice: str, responses: Sequence[str]) -> None:
    """Raises CastRefused("unknown_response", ...) where the choice is not one of the responses."""
    if choice not in responses:
        raise CastRefused("unknown_response", "That is not one of the answers to this question.")


def tally(choices: Iterable[str], responses: Sequence[str]) -> dict[str, int]:
    """The votes of every response, in the order of `responses`, zeros included. Raises as `check` does."""
    counts = dict.fromkeys(responses, 0)
    for choice in choices:
        check(choice, responses)
        counts[choice] += 1
    return counts
