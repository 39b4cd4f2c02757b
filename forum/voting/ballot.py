"""A ballot: what one participant cast in one round, and the leaf that stands for it in the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from forum.errors import CastRefused
from forum.voting.methods import METHODS

LEAF_EDITION = 2  # of the rules by which leaves are made; a round keeps that with which it was made
MOST_CAST_ID = 64  # characters of a cast's id; pages and phones make 32


class BallotOrigin(StrEnum):
    """Ways of casting a ballot, as leaves say them; `record/verify/export.py`, which travels alone, has them too."""

    PAPER = "paper"
    DEVICE = "device"
    PAPER_OR_DEVICE = "paper or device"


@dataclass(frozen=True)
class Cast:
    """A ballot on its way. `cast` is the id the phone made for it: the same id again gets the same answer.

    `ballot`, `salt` and `group_salt` are fresh 128-bit randoms (hex) that are used only if this is the
    participant's first cast in the round. `condition` is what follows "I would accept this if".
    """

    round: str
    participant: str
    cast: str
    choice: str
    reason: str
    ballot: str
    salt: str
    group_salt: str
    at: str
    condition: str = ""


@dataclass(frozen=True)
class Ballot:
    """A counted ballot, as read back from the store. `group` is the participant's group id, None if not said.

    `ballot` is a random id used for this round only; nothing published links two rounds of one participant. `paper`: it
    was cast on paper, and counted by hand.
    """

    round: str
    participant: str
    choice: str
    reason: str
    group: str | None
    ballot: str
    salt: str
    group_salt: str
    condition: str = ""
    paper: bool = False


@dataclass(frozen=True)
class CastOutcome:
    """The outcome of one cast of a batch. `refusal` is "" when counted, else one of live.messages.REFUSALS.

    `first`: there is one ballot more by it. `changed`: it replaced an earlier ballot of the same participant. A resend
    is neither.
    `choice` is what counts for the participant after the batch, where it was counted: that may be a later cast's.
    """

    cast: Cast
    refusal: str = ""
    changed: bool = False
    choice: str = ""
    first: bool = False


def choice_refusal(method: str, responses: Sequence[str], choice: str, reason: str, condition: str) -> str:
    """Gives the refusal's code for a choice that `method` does not take of these responses with these words, else "".

    Every way in is held to it: a cast in the transaction that would count it, a paper when the counts are entered.
    """
    way = METHODS[method]
    try:
        way.check(choice, responses)
    except CastRefused as error:
        return error.code
    return way.lacks(choice, reason, condition)
