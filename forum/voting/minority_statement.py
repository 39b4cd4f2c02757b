"""Minority statements: what a group that preferred something else holds against a decision, in its own words.

    waiting (sent) --accepted--> published        a moderator reads it first, as a story
    waiting --returned--> returned --sent again--> waiting
    any of these --taken back--> taken back

A group has one statement on a decision, and OPEN_DAYS to send it. One that is returned has RETURNED_DAYS more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from forum.voting.decision import Decision, DifferenceFrom
from forum.voting.suppression import POOL

OPEN_DAYS = 14
RETURNED_DAYS = 7
MOST_WORDS = 4000


class StatementState(StrEnum):
    """States of a minority statement."""

    WAITING = "waiting"
    RETURNED = "returned"
    PUBLISHED = "published"
    TAKEN_BACK = "taken back"


@dataclass(frozen=True)
class MinorityStatement:
    """A group's statement on a decision. `group` is its label; `sent_at` is when it was sent first; `because` says why
    a moderator returned it; `entry` is the index of its record entry, None until it is published.

    Once taken back it has no words; where the vote itself was annulled, no group either.
    """

    id: str
    decision: str
    group: str
    words: str
    state: StatementState
    sent_at: str
    because: str = ""
    moderated_at: str = ""
    entry: int | None = None


def groups_against(decision: Decision) -> tuple[str, ...]:
    """Returns the groups that may write on a decision: those of which it is shown that they put something else first.

    That is on the decision's page already, so a link for one of them tells nothing. Groups that are shown together are
    no group; and a decision whose vote was annulled differs from nothing.
    """
    return tuple(one.group for one in decision.differences if one.kind == DifferenceFrom.GROUP and one.group != POOL)


def closes_at(decision: Decision, statement: MinorityStatement | None) -> str:
    """Returns the time until which a group may send its statement on a decision."""
    end = _later(decision.decided_at, OPEN_DAYS)
    if statement is None or statement.state != StatementState.RETURNED:
        return end
    return max(end, _later(statement.moderated_at, RETURNED_DAYS))


def _later(at: str, days: int) -> str:
    moment = datetime.fromisoformat(at) + timedelta(days=days)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
