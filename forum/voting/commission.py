"""A commission: one piece of commissioning work with a question, its groups and its declared decision power."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum

import msgspec

from forum.errors import message

STAGES = (message("assess needs"), message("plan"), message("secure"), message("monitor"))
POWERS = (
    message("informing"),
    message("consultation"),
    message("engagement"),
    message("co-design"),
    message("co-production"),
)

DEFAULT_THRESHOLD = 5
MINIMUM_THRESHOLD = 3
MOST_ANSWER_DAYS = 365


@dataclass(frozen=True)
class Group:
    """A stakeholder group. `invited` is the number of people invited, None where nobody counted."""

    id: str
    label: str
    invited: int | None = None


class DecisionPower(msgspec.Struct, frozen=True):
    """Declared before any vote: how far the result binds (`level`, one of POWERS), who decides, what can change.

    `answer_by_days`: within how many days after the close of a vote they answer it; None where nobody said so.
    """

    level: str
    decides: str
    can_change: str
    cannot_change: str
    answer_by_days: int | None = None


class SupportLine(msgspec.Struct, frozen=True):
    """Somebody to talk to, shown on the step-out page: a name, and how to reach them."""

    name: str
    contact: str


class SecondReader(StrEnum):
    """Whether another person reads a decision before it is published, as a commission declares it."""

    NONE = "none"
    REQUIRED = "required"


@dataclass(frozen=True)
class Commission:
    """One commission. `threshold` is the smallest group whose result may be shown on its own (people). `stage` is where
    it stands now, one of STAGES; `closed_at` is "" unless it is closed.
    Its terms, which are every field but those in NO_TERMS, are those of its `version`, counted from 1. A `draft` is for
    organisers alone: it may be changed freely, and nothing can be opened for it.

    `small_numbers`: what leaves the room keeps to small-number rules (small_numbers.py), by which the threshold is the
    smallest number of votes that is given.
    `demonstration` marks what comes with the software, `rehearsal` what a rehearsal made; both say so on every screen.
    """

    id: str
    title: str
    question: str
    stage: str
    power: DecisionPower
    groups: tuple[Group, ...]
    threshold: int = DEFAULT_THRESHOLD
    support: tuple[SupportLine, ...] = ()
    small_numbers: bool = False
    demonstration: bool = False
    rehearsal: bool = False
    created_at: str = ""
    closed_at: str = ""
    second_reader: SecondReader = SecondReader.NONE
    version: int = 1
    draft: bool = False

    def group_label(self, group: str | None) -> str | None:
        """Gives the label of one of this commission's groups; None for "prefer not to say"."""
        return next((g.label for g in self.groups if g.id == group), None)


# Fields that may change without a new version.
NO_TERMS = ("id", "stage", "support", "demonstration", "rehearsal", "created_at", "closed_at", "version", "draft")
# Fields that people vote under: a change of one is a new version.
TERMS = tuple(field.name for field in fields(Commission) if field.name not in NO_TERMS)


class CommissionVersion(msgspec.Struct, frozen=True):
    """Version of a commission: its number, the commission with its terms, why they were changed ("" in the first), and
    when. `entry` is the index of its record entry, None in a rehearsal and where it is older than such entries.
    """

    number: int
    about: Commission
    because: str
    at: str
    entry: int | None = None


def changed_terms(before: Commission, after: Commission) -> tuple[str, ...]:
    """Returns the names of the terms that differ, in the order of TERMS."""
    return tuple(name for name in TERMS if getattr(before, name) != getattr(after, name))


def with_known_groups(groups: Sequence[Group], before: Sequence[Group]) -> tuple[Group, ...]:
    """Returns groups as they were typed, in which one that bears no known id, but the label of a known group that no
    other bears the id of, is that group.
    """
    ids = {group.label.casefold(): group.id for group in before}
    free = {group.id for group in before} - {group.id for group in groups}
    known = []
    for group in groups:
        same = ids.get(group.label.casefold())
        is_known = same in free and group.id not in ids.values()
        free -= {same} if is_known else set()
        known.append(replace(group, id=same) if same and is_known else group)
    return tuple(known)
