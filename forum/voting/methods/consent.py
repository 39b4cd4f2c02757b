"""Consent: one proposal, and where each person stands to it.

The choice is a stance: "agree", "agree_if" (what has to change is the ballot's condition), "stand_aside" or
"cannot_live_with" (why is its reason). The proposal has the room's consent where somebody agrees, with or
without a condition, and nobody says that they cannot live with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from forum.errors import message
from forum.stories.visible_text import trimmed
from forum.voting.marks_and_shares import StanceMark
from forum.voting.method import Method, Sentence


class Consent(Method):
    """One of four stances to one proposal."""

    NAME = message("Consent to one proposal")
    LEAST = 1
    MOST = 1
    NONE = False
    BY_NUMBERS = False  # one who cannot live with it may be hidden among few
    MARKS = MappingProxyType(
        {
            StanceMark.AGREE: message("Agree"),
            StanceMark.AGREE_IF: message("Agree, if …"),
            StanceMark.STAND_ASIDE: message("Stand aside"),
            StanceMark.CANNOT_LIVE_WITH: message("Cannot live with it"),
        }
    )
    HUES = MappingProxyType(
        {StanceMark.AGREE: 1, StanceMark.AGREE_IF: 5, StanceMark.STAND_ASIDE: 2, StanceMark.CANNOT_LIVE_WITH: 4}
    )
    REFUSALS = MappingProxyType(
        {
            "condition_needed": "Say what has to change: write it under “I would accept this if …”, "
            "then send your vote.",
            "reason_needed": "Say why you cannot live with it. Write it in the box, then send your vote.",
        }
    )

    def lacks(self, choice: str, reason: str, condition: str) -> str:
        """Asks whoever agrees if something changes what that is, and whoever cannot live with it why."""
        if choice == StanceMark.AGREE_IF and not trimmed(condition):
            return "condition_needed"
        return "reason_needed" if choice == StanceMark.CANNOT_LIVE_WITH and not trimmed(reason) else ""

    def preferred(self, counts: Mapping[str, int], figures: Mapping[str, Any] | None) -> tuple[str, ...]:
        """Lists the proposal, where it has the room's consent."""
        return (
            ("r1",)
            if counts[StanceMark.AGREE] + counts[StanceMark.AGREE_IF] and not counts[StanceMark.CANNOT_LIVE_WITH]
            else ()
        )

    def outcome(
        self,
        top: tuple[str, ...],
        counts: Mapping[str, int],
        figures: Mapping[str, Any] | None,
        *,
        asynchronous: bool = False,
    ) -> Sentence:
        """Says whether there is consent, and with how many conditions or objections."""
        said = "The room consents to “%(proposal)s”."
        if counts[StanceMark.CANNOT_LIVE_WITH]:
            said = "There is no consent to “%(proposal)s”: %(against)s cannot live with it."
        elif not top:
            said = "There is no consent to “%(proposal)s”: nobody agreed to it."
        elif counts[StanceMark.AGREE_IF]:
            said = "The room consents to “%(proposal)s”, %(if)s with a condition."
        return Sentence(said, top, {"against": counts[StanceMark.CANNOT_LIVE_WITH], "if": counts[StanceMark.AGREE_IF]})

    def headline(
        self, top: tuple[str, ...], counts: Mapping[str, int], figures: Mapping[str, Any] | None, *, about: bool = False
    ) -> Sentence:
        """Says whether the room consents, and how many are for the proposal or cannot live with it."""
        if about:
            return Sentence(message("The room consents") if top else message("There is no consent"), top)
        against, conditions = counts[StanceMark.CANNOT_LIVE_WITH], counts[StanceMark.AGREE_IF]
        said = message("The room consents: %(for)s of %(n)s are for it")
        if against:
            said = message("There is no consent: %(against)s of %(n)s cannot live with it")
        elif not top:
            said = message("There is no consent: nobody is for it")
        elif conditions:
            said = message("The room consents: %(for)s of %(n)s are for it, %(if)s of them if something changes")
        return Sentence(said, top, {"against": against, "if": conditions, "for": counts[StanceMark.AGREE] + conditions})
