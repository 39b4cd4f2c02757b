"""A commission: one piece of commissioning work with a question, its groups and its declared decision power."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Group:
    """A stakeholder group. `invited` is the number of people invited, None where nobody counted."""

    id: str
    label: str
    invited: int | None = None


@dataclass(frozen=True)
class DecisionPower:
    """Declared before any vote: how far the result binds (`level`, one of POWERS), who decides, what can change."""

    level: str
    decides: str
    can_change: str
    cannot_change: str


@dataclass(frozen=True)
class SupportLine:
    """Somebody to talk to, shown on the step-out page: a name, and how to reach them."""

    name: str
    contact: str


@dataclass(frozen=True)
class Commission:
    """One commission. `threshold` is the smallest group whose result may be shown on its own (people). `stage` is where
    it stands now, one of STAGES; `closed_at` is "" unless it is closed.

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

    def group_label(self, group: str | None) -> str | None:
        """Gives the label of one of this commission's groups; None for "prefer not to say"."""
        return next((g.label for g in self.groups if g.id == group), None)
