"""A ballot: what one participant cast in one round, and the leaf that stands for it in the record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cast:
    """A ballot on its way. `cast` is the id the phone made for it: the same id again gets the same answer.

    `ballot`, `salt` and `group_salt` are fresh 128-bit randoms (hex) that are used only if this is the participant's
    first cast in the round.
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


@dataclass(frozen=True)
class Ballot:
    """A counted ballot, as read back from the store. `group` is the participant's group id, None if not said.

    `ballot` is a random id used for this round only; nothing published links two rounds of one participant.
    """

    round: str
    participant: str
    choice: str
    reason: str
    group: str | None
    ballot: str
    salt: str
    group_salt: str
