"""Commitments: who does what by when, what became of each, and what follows from its days.

    no news yet --> on track, partly, done, not done because ..., handed on to ... --> any of these again

An update never takes another away: the latest says how a commitment stands, and one that leaves "done" or "not done"
says why. That a commitment is overdue, or that there is no news of it, follows from its days and a given moment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from forum.errors import message
from forum.voting.update_file import UpdateFile

# Days without an update, from which on a commitment that is not finished is shown as one without news.
QUIET_DAYS = 90
# Days before its own day, from which on an open commitment stands on the work list of those who decide.
SOON_DAYS = 30


class CommitmentState(StrEnum):
    """States of a commitment. Nobody sets the first; each other is that of an update."""

    NO_NEWS = "no news yet"
    ON_TRACK = "on track"
    PARTLY = "partly"
    DONE = "done"
    NOT_DONE = "not done"
    HANDED_ON = "handed on"


class Giver(StrEnum):
    """Givers of an update: a commissioner, or the commitment's owner with a link of their own."""

    COMMISSIONER = "commissioner"
    OWNER = "owner"


REPLACED = message(
    "The decision with this promise was replaced by another, so nothing more is said of it here. Say it of a promise "
    "of the newer decision."
)
_ID = re.compile(r"[0-9a-f]{32}")
TOLD = tuple(state for state in CommitmentState if state != CommitmentState.NO_NEWS)
FINISHED = (CommitmentState.DONE, CommitmentState.NOT_DONE)
# States in which a commitment whose day is past is not overdue.
SETTLED = (*FINISHED, CommitmentState.HANDED_ON)
# What a reader may choose beside the states: each follows from the days, or from several states.
OVERDUE, QUIET, TO_COME = "overdue", "no news", "to come"


@dataclass(frozen=True)
class Update:
    """One update: what became of a commitment, in words. `handed_to` is a role, "" but for one that is handed on."""

    id: str
    commitment: str
    state: CommitmentState
    at: str
    said: str = ""
    because: str = ""
    handed_to: str = ""
    given_by: Giver = Giver.COMMISSIONER
    file: UpdateFile | None = None


@dataclass(frozen=True)
class Commitment:
    """A commitment: its role does something by a day. `by` is an ISO date; `role` is a role, never a person's name.

    `answers` is the need that it answers in words, or the id of a story; `noticed` is how people would notice that it
    was done; both may be "". `at` is when it was made. `updates` are in the order in which they were given.
    `replaced_at` is when another decision took the place of its own, "" while that stands: nothing is said of it then.
    """

    id: str
    decision: str
    role: str
    what: str
    by: str
    answers: str = ""
    noticed: str = ""
    at: str = ""
    updates: tuple[Update, ...] = ()
    replaced_at: str = ""

    @property
    def story(self) -> str:
        """Returns the id of the story that it answers, "" where it answers a need in words, or none."""
        return self.answers if _ID.fullmatch(self.answers) else ""

    @property
    def state(self) -> CommitmentState:
        """Returns the state that the latest update says."""
        return self.updates[-1].state if self.updates else CommitmentState.NO_NEWS

    @property
    def owner(self) -> str:
        """Returns the role that has to do it now: the one it was last handed to, else the one that made it."""
        return next((one.handed_to for one in reversed(self.updates) if one.handed_to), self.role)

    @property
    def news_at(self) -> str:
        """Returns when there was news of it last: its latest update, else its making."""
        return self.updates[-1].at if self.updates else self.at


def mistakes(commitment: Commitment, update: Update) -> dict[str, str]:
    """Returns the mistakes in an update as the next of a commitment: a sentence by field, none where it may follow.

    Any state may follow any. "Not done" says why, and so does each that takes "done" or "not done" back; "handed on"
    says to which role; all others say what was done.
    """
    wrong: dict[str, str] = {}
    if commitment.replaced_at:
        return {"state": REPLACED}
    state, before = update.state, commitment.state
    handed_on, reopened = state == CommitmentState.HANDED_ON, before in FINISHED and state != before
    if handed_on and not update.handed_to:
        wrong["handed_to"] = message("Say which role does it from now on.")
    elif handed_on and update.handed_to.casefold() == commitment.owner.casefold():
        wrong["handed_to"] = message("This role has it already.")
    elif update.handed_to and not handed_on:
        wrong["handed_to"] = message("You named a role. Choose “handed on”, or leave this empty.")
    if state == CommitmentState.NOT_DONE and not update.because:
        wrong["because"] = message("Say why it is not done.")
    elif reopened and not update.because:
        wrong["because"] = message("Say why this has changed.")
    if not (handed_on or update.because or update.said or wrong):
        wrong["said"] = message("Say in a few words what was done.")
    return wrong


def is_open(commitment: Commitment) -> bool:
    """Tells whether more may be done of it: it is not finished, and its decision stands."""
    return commitment.state not in FINISHED and not commitment.replaced_at


def is_overdue(commitment: Commitment, today: str) -> bool:
    """Tells whether its day is past on the day `today` (ISO) while it is neither done, not done, nor handed on."""
    return commitment.by < today and commitment.state not in SETTLED and not commitment.replaced_at


def is_quiet(commitment: Commitment, today: str) -> bool:
    """Tells whether, on the day `today` (ISO), there was no news for QUIET_DAYS of a commitment that is not
    finished."""
    return is_open(commitment) and days_without_news(commitment, today) >= QUIET_DAYS


def days_without_news(commitment: Commitment, today: str) -> int:
    """Returns the days from the latest news of a commitment to the day `today` (ISO)."""
    return _days(commitment.news_at, today)


def days_late(commitment: Commitment, today: str) -> int:
    """Returns how many days an overdue commitment is late on the day `today` (ISO); 0 for any other."""
    return _days(commitment.by, today) if is_overdue(commitment, today) else 0


def by_urgency(commitments: Sequence[Commitment], today: str) -> list[Commitment]:
    """Returns commitments as a ledger lists them: overdue first, the latest of these on top; then those that are open,
    the next due first; then those that are finished, by their latest news."""
    overdue = sorted((one for one in commitments if is_overdue(one, today)), key=lambda one: one.by)
    rest = [one for one in commitments if not is_overdue(one, today)]
    waiting = sorted((one for one in rest if is_open(one)), key=lambda one: one.by)
    finished = sorted((one for one in rest if not is_open(one)), key=lambda one: one.news_at, reverse=True)
    return overdue + waiting + finished


def _days(since: str, today: str) -> int:
    """Returns the days from a day or moment to a day; 0 for ""."""
    return (date.fromisoformat(today) - date.fromisoformat(since[:10])).days if since else 0
