"""Voting methods: a family of modules that can stand in for one another, and their table.

A new method is one new file here, one template in templates/methods/, one row in METHODS, one folder of golden cases
in tests/voting/methods/ and one part of docs/methods.md. The same tests then run over it.

A ballot's choice is one line of text, and one way of voting has one text only: what is committed to, opened and
counted again is the same to the letter. Responses are given by their ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias

from forum.voting.methods import approval, consent, opinion, ranked, score, single

Fields: TypeAlias = Mapping[str, Sequence[str]]


class Method(Protocol):
    """How the ballots of a round are given, read and counted.

    A choice that is refused raises CastRefused with one of counting.REFUSED.
    """

    @property
    def LEAST(self) -> int:
        """The fewest responses that it takes, "none of these" apart."""

    @property
    def MOST(self) -> int:
        """The most."""

    @property
    def NONE(self) -> bool:
        """Whether "none of these" may stand among them."""

    @property
    def FOLLOWED(self) -> bool:
        """Whether a ballot has one mark, so that it can be followed to the vote after a replay."""

    @property
    def WITH_GROUP(self) -> bool:
        """Whether ballots are opened with the label of their group."""

    def read(self, fields: Fields, responses: Sequence[str]) -> str:
        """The choice that a form without JavaScript makes. Raises CastRefused where no choice can be made of it."""
        ...

    def fields(self, choice: str) -> Mapping[str, tuple[str, ...]]:
        """The form with a choice that `check` has let pass filled in: what `read` reads."""
        ...

    def check(self, choice: str, responses: Sequence[str]) -> None:
        """Raises CastRefused for a choice that these responses do not allow."""
        ...

    def lacks(self, choice: str, reason: str, condition: str) -> str:
        """The code of the refusal where this choice needs words that do not stand with it; else ""."""
        ...

    def columns(self, responses: Sequence[str]) -> tuple[str, ...]:
        """The marks that are counted, in the order they are shown."""
        ...

    def marks(self, choice: str) -> tuple[str, ...]:
        """The marks on a ballot that `check` has let pass."""
        ...

    def tally(self, choices: Iterable[str], responses: Sequence[str]) -> dict[str, int]:
        """How many ballots bear each mark, in the order of `columns`, zeros included. Raises as `check` does."""
        ...

    def figures(self, choices: Sequence[str], responses: Sequence[str]) -> dict[str, Any] | None:
        """What is published of the whole room beside the tally, ready for the record; None where there is nothing."""
        ...

    def shares(self, counts: Mapping[str, int], n: int) -> dict[str, Fraction]:
        """What equal voice takes the mean of, row by row; {} where nobody voted."""
        ...

    def preferred(self, counts: Mapping[str, int], figures: Mapping[str, Any] | None) -> tuple[str, ...]:
        """The responses that the room prefers, every one of them where several are level; () where there is none."""
        ...


METHODS: Final[Mapping[str, Method]] = MappingProxyType(
    {
        "single": single,
        "approval": approval,
        "ranked": ranked,
        "score": score,
        "consent": consent,
        "opinion": opinion,
    }
)
"""Every method by the name that a round and the record give it."""
