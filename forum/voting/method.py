"""Base of every voting method, with defaults for a ballot that bears one mark.

A choice is one line of text, and one way of voting has one text only: what is committed to, opened and counted again is
the same to the letter. Responses are given by their ids. A mark is what is counted: a response, a stance, or a
response with its number ("r1=4"). Nothing here speaks a language: words are English message ids, translated in web.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, ClassVar, Final, Protocol, TypeAlias

import msgspec

from forum.errors import CastRefused, message
from forum.voting.marks_and_shares import counted, each_share, highest

Fields: TypeAlias = Mapping[str, Sequence[str]]
NO_WORDS: Final[Mapping[str, str]] = MappingProxyType({})

REFUSED_BY_ANY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unknown_response": "That is not one of the answers to this question.",
        "nothing_chosen": "Choose an answer first.",
        "miswritten": "This vote cannot be read. Open the page again and vote once more.",
    }
)
"""Refusals that every method may give, by their codes; those of one method are its REFUSALS."""


class Sentence(msgspec.Struct, frozen=True):
    """A sentence about a result. `words` is a message id with %-names, which `values` fill.

    Beside them it may name %(responses)s (the marks in `responses`, in words), %(n)s (how many voted) and %(proposal)s
    (the first response).
    """

    words: str
    responses: tuple[str, ...] = ()
    values: Mapping[str, object] = msgspec.field(default_factory=dict)


class Voter(Protocol):
    """A made-up person in a rehearsal, who has leanings and draws lots."""

    def one(self, options: Sequence[str]) -> str:
        """Takes one of these as their group leans; now and then "none", where that is among them."""
        ...

    def also(self) -> bool:
        """Draws whether one more response is taken beside the first."""
        ...

    def some(self, options: Sequence[str]) -> list[str]:
        """Takes none, some or all of these, in an order of their own."""
        ...


class Method:
    """One way of voting: how its ballots are given, read and counted, and what is said of them.

    NAME is what people read where it is chosen. It takes LEAST to MOST responses, and with NONE also "none of these".
    FOLLOWED: a ballot has one mark, so it can be followed to the vote after a replay. WITH_GROUP: ballots are opened
    with the label of their group. BY_NUMBERS: what is preferred follows from the tally, and may be told of rounded
    numbers. CONSENSUS: its mark "agree" makes the group-informed consensus. MARKS are the marks
    of its own, with their words, where responses are not what is counted. REFUSALS are the words of the codes that only
    this method gives. JOINER stands between the letters of the responses where a choice is said by letters; with ""
    it is said in words. HUES are the colours of its own marks in charts (1 to 6; grey where none is given).
    """

    NAME: ClassVar[str]
    LEAST: ClassVar[int] = 2
    MOST: ClassVar[int] = 6
    NONE: ClassVar[bool] = True
    FOLLOWED: ClassVar[bool] = True
    WITH_GROUP: ClassVar[bool] = True
    BY_NUMBERS: ClassVar[bool] = True
    CONSENSUS: ClassVar[bool] = False
    MARKS: ClassVar[Mapping[str, str]] = NO_WORDS
    REFUSALS: ClassVar[Mapping[str, str]] = NO_WORDS
    JOINER: ClassVar[str] = ""
    HUES: ClassVar[Mapping[str, int]] = MappingProxyType({})

    # ------------------------------------------------------------------ a ballot

    def read(self, fields: Fields, responses: Sequence[str]) -> str:
        """Reads the choice that a form without JavaScript makes. Raises CastRefused where it makes none."""
        choice = (fields.get("choice") or [""])[-1]
        if not choice:
            raise self.refused("nothing_chosen")
        return choice

    def fields(self, choice: str) -> Mapping[str, tuple[str, ...]]:
        """Fills the form in with a choice that `check` has let pass: `read` makes that choice of it."""
        return {"choice": (choice,)}

    def check(self, choice: str, responses: Sequence[str]) -> None:
        """Raises CastRefused for a choice that these responses do not allow."""
        if choice not in self.columns(responses):
            raise self.refused("unknown_response")

    def lacks(self, choice: str, reason: str, condition: str) -> str:
        """Gives "condition_needed" or "reason_needed" where this choice lacks words that it needs; else ""."""
        return ""

    def refused(self, code: str) -> CastRefused:
        """Makes the error for a choice that is not taken: one of REFUSED_BY_ANY or REFUSALS."""
        return CastRefused(code, self.REFUSALS.get(code) or REFUSED_BY_ANY[code])

    # ------------------------------------------------------------------ counting

    def columns(self, responses: Sequence[str]) -> tuple[str, ...]:
        """Lists the marks that are counted, in the order they are shown."""
        # As plain text: counts go into the record and out to programs that know no enums.
        return tuple(map(str, self.MARKS or responses))

    def marks(self, choice: str) -> tuple[str, ...]:
        """Lists the marks on a ballot that `check` has let pass."""
        return (choice,)

    def one_of(self, responses: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Lists the sets of marks of which every ballot bears exactly one."""
        return (self.columns(responses),)

    def tally(self, choices: Iterable[str], responses: Sequence[str]) -> dict[str, int]:
        """Counts the ballots that bear each mark, in the order of `columns`, zeros included. Raises as `check` does."""
        times = Counter(choices)
        for choice in times:
            self.check(choice, responses)
        return counted(self.columns(responses), ((self.marks(choice), n) for choice, n in times.items()))

    def possible(self, counts: Mapping[str, int], n: int) -> bool:
        """Says whether `n` ballots can bear these marks so many times, zeros included."""
        return all(count >= 0 for count in counts.values()) and sum(counts.values()) == n

    def figures(self, choices: Sequence[str], responses: Sequence[str]) -> dict[str, Any] | None:
        """Works out what is published of the whole room beside the tally, ready for the record; None for nothing."""
        return None

    def shares(self, counts: Mapping[str, int], n: int) -> dict[str, Fraction]:
        """Works out what equal voice takes the mean of, row by row; {} where nobody voted."""
        return each_share(counts, n)

    def preferred(self, counts: Mapping[str, int], figures: Mapping[str, Any] | None) -> tuple[str, ...]:
        """Lists the responses that the room prefers, every one of them where several are level; () for none."""
        return highest(counts)

    def preferred_equally(self, voice: Mapping[str, int]) -> tuple[str, ...]:
        """Lists the responses preferred where each row weighs the same: `voice` is the mean of the rows' shares."""
        return self.preferred(voice, None)

    # ------------------------------------------------------------------ in words

    def outcome(
        self,
        top: tuple[str, ...],
        counts: Mapping[str, int],
        figures: Mapping[str, Any] | None,
        *,
        asynchronous: bool = False,
    ) -> Sentence:
        """Says what people preferred: `top`, as `preferred` lists it. Somebody has voted."""
        if asynchronous:
            said = "Answering from where they are, people preferred %(responses)s, with %(count)s of %(n)s votes."
            if len(top) > 1:
                said = (
                    "Answering from where they are, people preferred %(responses)s, with %(count)s of %(n)s votes each."
                )
        else:
            said = "The room preferred %(responses)s, with %(count)s of %(n)s votes."
            if len(top) > 1:
                said = "The room preferred %(responses)s, with %(count)s of %(n)s votes each."
        return Sentence(said, top, {"count": counts[top[0]]})

    def said_by_group(self, counts: Mapping[str, int], n: int) -> Sentence | None:
        """Says shortly what the `n` people of one group preferred; None where that is each mark with its number."""
        if self.MARKS:
            return None
        top = self.preferred(counts, None)
        if not top:
            return Sentence("Nobody voted.")
        return Sentence(message("%(responses)s (%(count)s of %(n)s)"), top, {"count": counts[top[0]]})

    def headline(
        self, top: tuple[str, ...], counts: Mapping[str, int], figures: Mapping[str, Any] | None, *, about: bool = False
    ) -> Sentence:
        """Says the result in the few words that stand over it: who leads, or who is level. Somebody has voted.

        `about`: it left the room by small-number rules; then `counts` has only the numbers that are given, rounded.
        """
        if self.MARKS:
            return self.outcome(top, counts, figures)
        if not top or top[0] not in counts:
            return Sentence(message("Level: %(responses)s") if len(top) > 1 else message("%(responses)s leads"), top)
        if len(top) > 1:
            said = message("Level: %(responses)s, %(count)s of %(n)s each")
            if about:
                said = message("About level: %(responses)s, about %(count)s of %(n)s each")
        else:
            said = message("%(responses)s leads: %(count)s of %(n)s")
            if about:
                said = message("%(responses)s leads: about %(count)s of %(n)s")
        return Sentence(said, top, {"count": counts[top[0]]})

    # ------------------------------------------------------------------ in a rehearsal

    def made_up(self, responses: Sequence[str], voter: Voter) -> str:
        """Makes the choice of a made-up voter."""
        return voter.one(self.columns(responses))
