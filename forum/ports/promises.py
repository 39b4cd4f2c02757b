"""The ledger of promises: which of them a reader looks for, how many there are, and a page of them."""

from __future__ import annotations

from typing import Protocol

import msgspec

from forum.sessions.proposal import Pledge


class Sought(msgspec.Struct, frozen=True):
    """A choice among the commitments in the record; what is "" chooses nothing. All of it must fit.

    `commission` is an id: without one, those of rehearsals are left out. `owner` is the role that has to do it now.
    `standing` is a CommitmentState, or one of OVERDUE, QUIET and TO_COME of voting/commitment.py, which follow from the
    days. Each of `words` stands in the promise, in what was said of it later, or in the title of its commission. Words
    and owners are compared without regard to case.
    """

    commission: str = ""
    owner: str = ""
    standing: str = ""
    words: tuple[str, ...] = ()


class Counted(msgspec.Struct, frozen=True):
    """Numbers of promises: in the whole ledger; of the chosen commission (or of all); of these those that are late,
    done and not done, without those of demonstrations where no commission was chosen; and of all these those that were
    sought."""

    every: int
    listed: int
    late: int
    done: int
    not_done: int
    found: int


class Place(msgspec.Struct, frozen=True):
    """A promise by the ids of its commitment, of its decision and of its commission."""

    commitment: str
    decision: str
    commission: str


class Promises(Protocol):
    """Commitments in the record as a ledger lists them. The database chooses, counts and puts them in order, so that no
    page reads more of them than it shows. `today` is an ISO date."""

    async def count_promises(self, sought: Sought, today: str) -> Counted:
        """Returns how many promises there are, and how many were sought."""

    async def find_promises(self, sought: Sought, today: str, start: int, most: int) -> list[Place]:
        """Returns promises that were sought from the one at `start`, at most so many, in the order of
        `by_urgency`; of two that are alike in it, that of the newer decision first."""

    async def newest_promises(self, commission: str, most: int) -> list[Place]:
        """Returns the promises of a commission, or for "" of all but rehearsals, of which there was news last, the
        newest news first."""

    async def promising(self, most: int) -> list[tuple[str, str]]:
        """Returns id and title of the commissions in which something was promised, the newest first."""

    async def owners(self, most: int) -> list[str]:
        """Returns the roles that have to keep a promise, those with the most of them first."""

    async def offered(self, commission: str, most: int) -> tuple[list[Pledge], int]:
        """Returns the pledges in the recorded sessions of a commission that nobody has confirmed, in the order in which
        they were made, and how many there are; none on a vote that was annulled, or without words."""
