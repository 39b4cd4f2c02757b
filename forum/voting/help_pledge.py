"""Pledges of help: what somebody offers to do after a vote, in their own words; kept apart from commitments.

    waiting --a moderator publishes it--> shown --its maker takes it back--> withdrawn
       |--a moderator declines it--> declined
       |--its maker takes it back--> withdrawn

Nothing in one says who made it, nor in which session: only the commission that it is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_WORDS = 400
MOST_NAME = 40
MOST_WAITING = 200  # of one commission; while so many wait to be read no more are taken
MOST_SHOWN = 50  # on a page


class HelpState(StrEnum):
    """States of a pledge of help."""

    WAITING = "waiting"
    SHOWN = "shown"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class HelpPledge:
    """A pledge of help for a commission. `id` is random and gives the order in which pledges are listed.

    `words` and `name` (a first name as its maker chose, "" for none) are empty once it was declined or withdrawn. `key`
    is the digest of the private link by which its maker takes it back. `day` is the ISO date on which it was made;
    `entry` the index of its entry, None until it was published.
    """

    id: str
    commission: str
    words: str
    name: str
    key: str
    day: str
    state: HelpState = HelpState.WAITING
    entry: int | None = None
