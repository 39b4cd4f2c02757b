"""Approval: the ballot names every response that somebody could accept, and a response has as many votes as ballots
that name it.

The choice is the ids in the order of the responses, one space between them: "r1 r3". "None of these" stands alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from forum.errors import message
from forum.voting.method import Fields, Method, Sentence, Voter


class Approval(Method):
    """Every response that somebody could accept."""

    NAME = message("Every answer that somebody could accept")
    FOLLOWED = False
    WITH_GROUP = False
    JOINER = ", "
    REFUSALS = MappingProxyType(
        {"none_alone": "“None of these” cannot stand beside another answer. Choose one or the other."}
    )

    def read(self, fields: Fields, responses: Sequence[str]) -> str:
        """Reads the boxes that are ticked. Raises CastRefused where none is."""
        ticked = [box for box in fields.get("choice", ()) if box]
        if not ticked:
            raise self.refused("nothing_chosen")
        if len(ticked) == 1 or not set(ticked) <= set(responses):
            return " ".join(ticked)
        return " ".join(response for response in responses if response in ticked)

    def fields(self, choice: str) -> dict[str, tuple[str, ...]]:
        """Fills the form in with these boxes ticked."""
        return {"choice": tuple(choice.split(" "))}

    def check(self, choice: str, responses: Sequence[str]) -> None:
        """Raises CastRefused for an unknown response, none at all, or another order than that of the responses."""
        if not choice:
            raise self.refused("nothing_chosen")
        named = choice.split(" ")
        if not set(named) <= set(responses):
            raise self.refused("unknown_response")
        if named != [response for response in responses if response in named]:
            raise self.refused("miswritten")
        if "none" in named and len(named) > 1:
            raise self.refused("none_alone")

    def one_of(self, responses: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Lists nothing: each response is on a ballot or not, whatever else is."""
        return ()

    def marks(self, choice: str) -> tuple[str, ...]:
        """Lists the responses named. Their votes together may be more than there are ballots."""
        return tuple(choice.split(" "))

    def possible(self, counts: Mapping[str, int], n: int) -> bool:
        """Says whether `n` ballots, each with one response or more, can bear these marks so many times."""
        return all(0 <= count <= n for count in counts.values()) and sum(counts.values()) >= n

    def outcome(
        self,
        top: tuple[str, ...],
        counts: Mapping[str, int],
        figures: Mapping[str, Any] | None,
        *,
        asynchronous: bool = False,
    ) -> Sentence:
        """Says what most could accept."""
        said = "Most people could accept %(responses)s: %(count)s of %(n)s."
        if len(top) > 1:
            said = "Most people could accept %(responses)s: %(count)s of %(n)s each."
        return Sentence(said, top, {"count": counts[top[0]]})

    def headline(
        self, top: tuple[str, ...], counts: Mapping[str, int], figures: Mapping[str, Any] | None, *, about: bool = False
    ) -> Sentence:
        """Says what most could accept, in a few words."""
        if not top or top[0] not in counts:
            return super().headline(top, counts, figures, about=about)
        if len(top) > 1:
            said = message("Level: %(responses)s, %(count)s of %(n)s could accept each")
            if about:
                said = message("About level: %(responses)s, about %(count)s of %(n)s could accept each")
        else:
            said = message("%(responses)s leads: %(count)s of %(n)s could accept it")
            if about:
                said = message("%(responses)s leads: about %(count)s of %(n)s could accept it")
        return Sentence(said, top, {"count": counts[top[0]]})

    def made_up(self, responses: Sequence[str], voter: Voter) -> str:
        """Makes a choice of the voter's first response and of others beside it."""
        first = voter.one(responses)
        if first == "none":
            return first
        chosen = {first, *(response for response in responses if response != "none" and voter.also())}
        return " ".join(response for response in responses if response in chosen)
