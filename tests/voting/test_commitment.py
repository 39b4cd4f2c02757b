"""Commitments: which update may follow which, and what follows from their days."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from forum.voting.commitment import (
    TOLD,
    Commitment,
    CommitmentState,
    Update,
    by_urgency,
    days_late,
    is_overdue,
    is_quiet,
    mistakes,
)

MADE = "2026-11-22T14:00:00.000Z"
COMMITMENT = Commitment("c", "d", "Head of nights", "Two nurses", "2027-03-31", at=MADE)
ROLES = ("Head of nights", "HEAD OF NIGHTS", "Head of days", "")


def told(
    commitment: Commitment, state: CommitmentState, on: str = "2026-12-01", because: str = "", handed_to: str = ""
) -> Commitment:
    """Adds an update that must be right, made on the given day."""
    update = Update(f"u{on}", commitment.id, state, f"{on}T12:00:00.000Z", "So it is.", because, handed_to)
    assert mistakes(commitment, update) == {}
    return replace(commitment, updates=(*commitment.updates, update))


class AnyUpdates(RuleBasedStateMachine):
    """Updates with any words in any order, held against a model: the words that each state asks for, and who has it."""

    def __init__(self) -> None:
        super().__init__()
        self.commitment = COMMITMENT
        self.owner, self.states = "Head of nights", ["no news yet"]

    @rule(
        state=st.sampled_from(TOLD),
        said=st.sampled_from(["", "One is here."]),
        because=st.sampled_from(["", "One has left."]),
        handed_to=st.sampled_from(ROLES),
    )
    def update(self, state: CommitmentState, said: str, because: str, handed_to: str) -> None:
        before = self.states[-1]
        expected = set()
        if (state == "handed on") != bool(handed_to) or (handed_to and handed_to.lower() == self.owner.lower()):
            expected.add("handed_to")
        changed_back = {"done": {"done"}, "not done": {"not done"}}.get(before, set(TOLD))
        if not because and (state == "not done" or state not in changed_back):
            expected.add("because")
        if state != "handed on" and not said and not because and not expected:
            expected.add("said")
        new = Update(str(len(self.states)), "c", state, MADE, said, because, handed_to)
        wrong = mistakes(self.commitment, new)
        assert wrong.keys() == expected
        assert all(wrong.values())
        if not wrong:
            self.commitment = replace(self.commitment, updates=(*self.commitment.updates, new))
            self.states.append(state)
            self.owner = handed_to or self.owner

    @invariant()
    def stands_as_the_latest_says(self) -> None:
        assert ["no news yet", *(one.state for one in self.commitment.updates)] == self.states
        assert (self.commitment.state, self.commitment.owner) == (self.states[-1], self.owner)
        late = self.states[-1] in ("no news yet", "on track", "partly")
        assert not is_overdue(self.commitment, "2027-03-31")
        assert is_overdue(self.commitment, "2027-04-01") == late
        assert days_late(self.commitment, "2027-04-03") == (3 if late else 0)
        assert is_quiet(self.commitment, "2027-02-20") == (late or self.states[-1] == "handed on")


AnyUpdates.TestCase.settings = settings(max_examples=30, stateful_step_count=12, deadline=None)
TestAnyUpdates = AnyUpdates.TestCase


@pytest.mark.parametrize(
    ("state", "day", "overdue", "quiet"),
    [
        (None, "2027-02-19", False, False),  # 89 days after it was made
        (None, "2027-02-20", False, True),
        (None, "2027-03-31", False, True),
        (None, "2027-04-01", True, True),
        (CommitmentState.ON_TRACK, "2027-02-28", False, False),
        (CommitmentState.ON_TRACK, "2027-03-01", False, True),  # 90 days after the update
        (CommitmentState.PARTLY, "2027-04-01", True, True),
        (CommitmentState.DONE, "2028-04-01", False, False),
        (CommitmentState.HANDED_ON, "2028-04-01", False, True),
    ],
)
def test_late_and_without_news_follow_from_the_days(
    state: CommitmentState | None, day: str, *, overdue: bool, quiet: bool
) -> None:
    handed = "Head of days" if state == CommitmentState.HANDED_ON else ""
    one = told(COMMITMENT, state, handed_to=handed) if state else COMMITMENT
    assert (is_overdue(one, day), is_quiet(one, day)) == (overdue, quiet)


def test_a_commitment_whose_day_of_making_is_not_known_is_never_without_news() -> None:
    assert not is_quiet(replace(COMMITMENT, at=""), "2099-01-01")


def test_what_is_late_comes_first_then_what_is_due_then_what_is_finished() -> None:
    def one(id_: str, by: str) -> Commitment:
        return replace(COMMITMENT, id=id_, by=by)

    late, later = one("late", "2027-01-01"), one("later", "2027-02-01")
    due, soon = one("due", "2027-06-01"), told(one("soon", "2027-05-01"), CommitmentState.ON_TRACK)
    handed = told(one("handed", "2027-04-30"), CommitmentState.HANDED_ON, handed_to="Head of days")
    old = told(one("old", "2027-01-01"), CommitmentState.DONE, on="2027-01-02")
    new = told(one("new", "2027-01-01"), CommitmentState.NOT_DONE, because="No money", on="2027-02-02")
    listed = by_urgency([old, due, later, new, soon, late, handed], "2027-05-01")
    assert [each.id for each in listed] == ["late", "later", "handed", "soon", "due", "new", "old"]
