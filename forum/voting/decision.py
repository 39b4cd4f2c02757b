"""Decisions on a vote, and the rule for when one goes against the room's preference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from forum.errors import IllegalMove, message
from forum.voting.commitment import Commitment
from forum.voting.condition import ConditionsAnswered


class DecisionOutcome(StrEnum):
    """Outcomes of a decision on a response."""

    ADOPTED = "adopted"
    WITH_CHANGES = "adopted with changes"
    NOT_ADOPTED = "not adopted"
    DEFERRED = "deferred"
    ACKNOWLEDGED = "acknowledged"


OUTCOMES = tuple(DecisionOutcome)
ADOPTING = (DecisionOutcome.ADOPTED, DecisionOutcome.WITH_CHANGES)
# Of no response: putting it off, and saying that something went wrong. Neither answers the vote, nor differs from it.
UNANSWERING = (DecisionOutcome.DEFERRED, DecisionOutcome.ACKNOWLEDGED)


def differs(outcome: str, response: str | None, preference: Sequence[str], *, counted: bool = True) -> bool:
    """Says whether a decision about `response` goes against the room, which preferred every response in `preference`.
    Where the vote gives no count, since that could tell how somebody voted, nobody can say so: it does not.

    Adopting something else does, and so does not adopting what was preferred; putting it off does not.
    """
    if not counted:
        return False
    if outcome in ADOPTING:
        return response not in preference
    return outcome == DecisionOutcome.NOT_ADOPTED and response in preference


class DecisionState(StrEnum):
    """States of a decision, from its first words on. The first three are those of a draft."""

    WRITING = "draft"
    WITH_READER = "with reader"
    SENT_BACK = "sent back"
    PUBLISHED = "published"
    CORRECTED = "corrected"
    REPLACED = "replaced"


class SecondReading(StrEnum):
    """How a decision was read before it was published: by somebody who did not write on it, or by nobody else."""

    READ = "read"
    NONE = "none"


class DifferenceFrom(StrEnum):
    """What a decision may differ from, beside the head count, whose difference is answered by Decision.why."""

    EQUAL_VOICE = "equal voice"
    GROUP = "group"
    QUORUM = "quorum"


@dataclass(frozen=True)
class Difference:
    """One difference: `kind` says from what, `group` is the label of the row whose preference it is, else "".

    `answer` is what those who decided say to it, "" until they have.
    """

    kind: DifferenceFrom
    group: str = ""
    answer: str = ""


@dataclass(frozen=True)
class Correction:
    """A correction beside a decision, whose own words stay: `words` are right instead, or `replaced_by` is the id of
    the decision that takes its place from then on. The other of both is "". `because` is the reason, `at` when it was
    made.

    `entry` is the index of its record entry, None in a rehearsal.
    """

    id: str
    decision: str
    because: str
    words: str = ""
    replaced_by: str = ""
    at: str = ""
    entry: int | None = None


# What a decision tells beside its reasons, by name, each left empty where there is nothing to say: who decided (a body
# and roles), interests they declared, options considered beside the answers voted on, evidence, cost and running
# period, equality considerations, how the duty to involve people was met, and who was not heard.
TOLD = ("body", "interests", "options", "evidence", "cost", "equality", "involvement", "unheard")


@dataclass(frozen=True)
class Decision:
    """A decision of those with the power. `rounds` is one round id, or two: first vote and vote after replay.

    `earlier` is the reason for not resting on the latest vote on the question, "" where it does.
    `outcome` is what became of `response`; `response` is a response id of those rounds, "none", or None where the
    decision is not about one response (UNANSWERING); `why` is the reason for differing from the room's preference.
    `votes` are the ids of every vote on the question that stood, () for one made before they were kept; `until` is the
    ISO date until which a deferred one puts the question off, else "", as for one made before that was asked.
    `decided_on` is the ISO date of the decision, "" for one made before dates were asked for; `told` has the texts of
    TOLD that were given; `differences` are those from anything but the head count, each with its answer;
    `conditions` are those of its votes, None where they were not asked about: on the stage, or before that was asked.
    `corrections` are in the order in which they were made; `replaces` are the ids of the decisions whose place it took.
    `second_reader` says how it was read, None for one made before there were readers. `entry` is the index of its
    record entry, None for a rehearsal that is not recorded.
    """

    id: str
    commission: str
    rounds: tuple[str, ...]
    outcome: DecisionOutcome
    response: str | None
    rationale: str
    why: str = ""
    dissent: str = ""
    earlier: str = ""
    votes: tuple[str, ...] = ()
    until: str = ""
    decided_at: str = ""
    decided_on: str = ""
    told: Mapping[str, str] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    conditions: ConditionsAnswered | None = None
    second_reader: SecondReading | None = None
    entry: int | None = None
    commitments: tuple[Commitment, ...] = field(default_factory=tuple)
    corrections: tuple[Correction, ...] = ()
    replaces: tuple[str, ...] = ()

    @property
    def replaced(self) -> Correction | None:
        """Returns the correction by which another decision took its place, None while it stands."""
        return next((one for one in self.corrections if one.replaced_by), None)

    @property
    def state(self) -> DecisionState:
        """Returns its state: one of the last three."""
        if self.replaced:
            return DecisionState.REPLACED
        return DecisionState.CORRECTED if self.corrections else DecisionState.PUBLISHED

    def unread(self, commitment: Commitment) -> bool:
        """Tells whether a commitment was added after a second reader had read this decision: nobody read it then."""
        return self.second_reader == SecondReading.READ and commitment.at > self.decided_at


def check_stands(decision: Decision) -> None:
    """Checks that no other decision took the place of this one. Raises IllegalMove."""
    if decision.replaced:
        raise IllegalMove("This decision was replaced by another. Add to that one what you want to say.")


def mistake_in_replacing(decision: Decision, by: Decision) -> str:
    """Returns why a decision cannot take the place of another that stands; "" where it can."""
    if by.commission != decision.commission or (by.entry is None) != (decision.entry is None):
        return message("Choose a decision of the same commission.")
    if (by.entry or 0, by.decided_at, by.id) <= (decision.entry or 0, decision.decided_at, decision.id):
        return message("Choose a newer decision. An older one cannot take the place of this one.")
    return message("Choose a decision that was not replaced itself.") if by.replaced else ""
