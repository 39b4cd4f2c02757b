"""Asking those who voted, "did we get you right?", about the summary of a decision's draft, before it is published.

It is an asynchronous round of a kind of its own. Those may answer who voted in the session that the draft rests on,
each with the browser that voted. Their group is the one that they voted with: nobody can come as somebody else. Of a
group that few voted in it is not kept, since with a browser in hand that could lead to a ballot; they are counted as
those who prefer not to say.
"""

from __future__ import annotations

import msgspec

from forum.errors import IllegalMove
from forum.voting.round import Response, Round, RoundKind, RoundState

ANSWERS = (Response("r1", "Yes"), Response("r2", "Partly"), Response("r3", "No"))
MOST_SUMMARY = 1000  # characters of what those who voted are understood to have said
FEWEST_DAYS, MOST_DAYS = 1, 28


class Voter(msgspec.Struct, frozen=True):
    """A browser that voted in a session; `group` is None for those who preferred not to say, and for small groups."""

    session: str
    group: str | None


def is_check_back(round_: Round) -> bool:
    """Says whether a round asks those who voted whether they were understood."""
    return round_.kind == RoundKind.CHECK_BACK


def standing(rounds: list[Round]) -> Round | None:
    """Returns the one of the check-backs on a vote that stands: none, or the one that was not annulled."""
    return next((one for one in rounds if one.state != RoundState.ANNULLED), None)


def going_on(round_: Round | None) -> bool:
    """Says whether a check-back has no result yet: it is open, or was closed just now."""
    return round_ is not None and round_.state in (RoundState.OPEN, RoundState.CLOSED)


def check_none_going_on(rounds: list[Round]) -> None:
    """Raises IllegalMove where those who voted are being asked about a vote now."""
    if going_on(standing(rounds)):
        raise IllegalMove(
            "Those who voted are being asked whether you got them right. Wait until that has closed, or close it first."
        )


def check_none_stands(rounds: list[Round]) -> None:
    """Raises IllegalMove where those who voted were asked about a vote before, and that stands."""
    before = standing(rounds)
    if going_on(before):
        raise IllegalMove("Those who voted are being asked about this vote already.")
    if before is not None:
        raise IllegalMove("Those who voted were asked about this vote already. They are asked once.")
