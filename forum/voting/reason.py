"""A reason: the few words given with a ballot, or after the result was shown, and who may read them when.

Nobody reads a reason while its round is open. What becomes of it then was chosen when the session was made, and is told
before anything is written: KEPT (the facilitator and those who decide read it), READ_FIRST (the facilitator reads it
first, and shows it or not) or DELAYED (everybody sees it DELAY seconds later, unless the facilitator hides it).
`services/voting/reasons.py` holds to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from forum.voting.suppression import EVERYONE, GroupId

DELAY = 60  # seconds


class ReasonReading(StrEnum):
    """Ways in which a session deals with reasons: kept for the record alone, read by the facilitator before they are
    shown, or shown by themselves after DELAY.
    """

    KEPT = "kept"
    READ_FIRST = "read first"
    DELAYED = "after a delay"


class ReasonState(StrEnum):
    """States of a reason on its way to the screens."""

    WAITING = "waiting"
    SHOWN = "shown"
    HIDDEN = "hidden"


MOST_WORDS = 500  # characters of a reason, as typed
MOST_CONDITION = 300  # characters of a condition, as typed


@dataclass(frozen=True)
class Reason:
    """A participant's words about their ballot in one round.

    `choice` is the one mark on the ballot, empty where its method lets a ballot bear several. `condition` is what
    follows "I would accept this if". `due_at` is when it is shown by itself, empty where it is not.
    """

    id: str
    round: str
    participant: str
    group: GroupId
    choice: str
    words: str
    condition: str
    at: str
    state: ReasonState = ReasonState.WAITING
    due_at: str = ""


def names_beside(reasons: Sequence[tuple[str, str]], threshold: int, needed: Collection[str] = ()) -> list[str]:
    """Gives for each reason the name of the group that may stand beside it, "" for none.

    `reasons` are (name of the published row of whoever gave it, or EVERYONE; choice). A name stands where at least the
    threshold of its row gave reasons for the same choice; never beside one of `needed`, for which a reason had to be
    given: whoever made that choice would be singled out.
    """
    alike = Counter(reasons)
    return [
        "" if name == EVERYONE or alike[name, choice] < threshold or choice in needed else name
        for name, choice in reasons
    ]


def too_long(words: str, condition: str) -> str:
    """Gives the refusal's code for a reason or a condition beyond its length, "" where both may be kept."""
    if len(condition) > MOST_CONDITION:
        return "condition_too_long"
    return "reason_too_long" if len(words) > MOST_WORDS else ""


@dataclass(frozen=True)
class Given:
    """A reason as everybody may read it after the session, with its answer ("" where none may stand beside it) and how
    many said "me too". It names no group, and nobody."""

    choice: str
    words: str
    condition: str
    too: int


class Said(msgspec.Struct, frozen=True):
    """A reason as screens show it: `group` is the label it may be shown with, or empty; `too` how many say "me too".

    It holds nothing that tells whose it is.
    """

    id: str
    choice: str
    group: str
    words: str
    condition: str
    state: ReasonState
    too: int
