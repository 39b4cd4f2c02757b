"""Counts what waits for somebody who is signed in, by their roles and the commissions in which these count."""

from __future__ import annotations

from forum.ports import Work
from forum.ports.accounts import Person
from forum.ports.work_list import Counts, Duty
from forum.services import permissions
from forum.services.permissions import Reach

# What waits until this person or a colleague does something. Drafts are in hand, and sessions have their day.
WAITING = (
    Duty.STORIES,
    Duty.VERSIONS,
    Duty.APPEALS,
    Duty.REPORTS,
    Duty.EVIDENCE,
    Duty.STATEMENTS,
    Duty.PLEDGES,
    Duty.ANSWERS,
    Duty.PROMISES,
    Duty.TO_READ,
)


async def counts(work: Work, person: Person, today: str, *, organising: bool = True) -> Counts:
    """Counts each kind of work that a person's roles allow, by one query a role; without `organising` only what is
    WAITING and drafts. Kinds that no role of theirs allows are left out."""
    found: dict[Duty, int] = {}
    if moderates := permissions.reach(person, "moderate stories"):
        found |= await work.your_work.moderating(_within(moderates), person.id)
    if decides := permissions.reach(person, "decide"):
        found |= await work.your_work.deciding(_within(decides), person.id, today)
    if reads := permissions.reach(person, "read drafts"):
        found |= await work.your_work.reading(_within(reads), person.id, today)
    if organising and (runs := permissions.reach(person, "run sessions")):
        found |= await work.your_work.organising(_within(runs))
    return found


def waiting(found: Counts) -> int:
    """Returns how many things wait for somebody in all."""
    return sum(found.get(duty, 0) for duty in WAITING)


def _within(reach: Reach) -> frozenset[str] | None:
    return None if reach.every else reach.commissions
