"""Voting methods: a family of modules that can stand in for one another, and their table.

A new method is one new file with `check` and `tally`, one row in METHODS, and one folder of golden cases in
tests/methods/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Protocol

from forum.methods import single


class Method(Protocol):
    """How the ballots of a round are read and counted. Responses and choices are response ids."""

    def check(self, choice: str, responses: Sequence[str]) -> None:
        """Raises CastRefused("unknown_response", ...) for a choice that these responses do not allow."""
        ...

    def tally(self, choices: Iterable[str], responses: Sequence[str]) -> dict[str, int]:
        """The count of every response, in the order of `responses`, zeros included. Raises as `check` does."""
        ...


METHODS: Final[Mapping[str, Method]] = MappingProxyType({"single": single})
"""Every method by the name that a round and the record give it."""
