"""Answers of people to whether they have noticed what was promised: when they are asked, and what may be given of it.

They are asked when a commitment is said to be done, or partly done: an asking. It ends when ASKING_DAYS have passed, or
when an update says something else. Nothing is given before it has ended, and then once: no two looks differ by one
answer.

The rule of what is given: each kind of people has a row of its own, or none. A row holds rounded numbers, none below
the commission's threshold (`small_numbers`), and is given only of a kind of which enough answered (`_enough`). The
kinds are never put together: whoever tells a story knows what they answered, and all of them together could take that
from the whole, and would have the followers' answers more finely than the followers' own row gives them, down to
"nobody said no". So what one kind learns of the other is the other's own row, however many of them put together what
they know; and in a row every answer stays possible of each, also to another in it, and to two no answer is certain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from forum.voting.commitment import Commitment, CommitmentState, Update
from forum.voting.small_numbers import STEP, people_outside, rounded

ASKING_DAYS = 28
# States of a commitment at which people are asked whether they have noticed it.
ASKED_AT = (CommitmentState.DONE, CommitmentState.PARTLY)


class Noticed(StrEnum):
    """Answers to whether somebody has noticed what was promised."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class Asked(StrEnum):
    """Kinds of people who are asked: those who follow the promise, and those whose story it answers."""

    FOLLOWERS = "followers"
    STORYTELLERS = "storytellers"


class NoticedCount(msgspec.Struct, frozen=True):
    """Number of answers of one kind of people as it may be given: rounded; None for fewer than the threshold."""

    who: Asked
    n: int
    yes: int | None
    partly: int | None
    no: int | None


def asking_of(commitment: Commitment) -> Update | None:
    """Returns the update with which the latest asking of a commitment began; None where nothing is asked as it stands.

    Further updates that say the same within ASKING_DAYS belong to the same asking.
    """
    began: Update | None = None
    for update in commitment.updates:
        if update.state not in ASKED_AT:
            began = None
        elif began is None or began.state != update.state or has_ended(began, update.at):
            began = update
    return began


def has_ended(began: Update, at: str) -> bool:
    """Tells whether ASKING_DAYS are over at a moment since an asking began."""
    return datetime.fromisoformat(at) >= datetime.fromisoformat(began.at) + timedelta(days=ASKING_DAYS)


def open_asking(commitment: Commitment, at: str) -> Update | None:
    """Returns the update whose asking is open at a moment, None for none."""
    began = asking_of(commitment)
    return None if began is None or has_ended(began, at) else began


def given_counts(answers: Mapping[Asked, Mapping[Noticed, int]], threshold: int) -> tuple[NoticedCount, ...]:
    """Returns what may be given of an asking that has ended: a row for each kind of people of which enough answered
    (`_enough`)."""
    of = {who: {said: answers.get(who, {}).get(said, 0) for said in Noticed} for who in Asked}
    return tuple(_given(who, counts, threshold) for who, counts in of.items() if _enough(counts, threshold))


def _enough(counts: Mapping[Noticed, int], threshold: int) -> bool:
    """Tells whether a row may be given: with one step more than the threshold, so that the numbers that are rounded
    alike leave room for other answers, also to two who know their own."""
    n = sum(counts.values())
    return n >= threshold and rounded(n, threshold) >= threshold + STEP


def _given(who: Asked, counts: Mapping[Noticed, int], threshold: int) -> NoticedCount:
    n = people_outside(sum(counts.values()), threshold) or 0
    yes, partly, no = (people_outside(counts[said], threshold) for said in Noticed)
    return NoticedCount(who, n, yes, partly, no)


def unnoticed(answers: Sequence[Mapping[str, Any]]) -> bool:
    """Tells whether, by the answers of an entry, in no row enough people to be counted have noticed it, even in
    part."""
    return bool(answers) and all(one["yes"] is None and one["partly"] is None for one in answers)
