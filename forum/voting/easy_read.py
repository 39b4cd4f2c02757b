"""A question in other words: easy to read, or in another language, as the organiser wrote them.

What people vote on is the question as it was put; a version helps to read it. Versions are declared before the vote
opens, and enter the record with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from forum.voting.round import Response, Round, Version

EASY = "easy"


def read(round_: Round, readings: tuple[str, ...]) -> Round:
    """Puts the round in the first of these readings that it has; responses without words in it stay as put."""
    for reading in readings:
        for version in round_.versions:
            if version.kind == reading:
                responses = tuple(_in(version, response) for response in round_.responses)
                return replace(round_, question=version.question or round_.question, responses=responses)
    return round_


def readings_of(tongue: str) -> tuple[str, ...]:
    """Lists the readings somebody wants, most wanted first: "cy+easy" is easy words, else Welsh ones."""
    language, _, chosen = tongue.partition("+")
    return (chosen, language) if chosen else (language,)


def offered_in(tongue: str, rounds: Iterable[Round | None]) -> str:
    """Gives the tongue without a reading that none of these rounds has."""
    language, _, chosen = tongue.partition("+")
    kinds = {version.kind for round_ in rounds if round_ is not None for version in round_.versions}
    return tongue if chosen in kinds else language


def _in(version: Version, response: Response) -> Response:
    return replace(response, label=version.labels.get(response.id) or response.label)
