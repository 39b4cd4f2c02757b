"""Groups that may write a minority statement: those that a decision is shown to go against, one by one."""

from __future__ import annotations

import pytest

from forum.voting.decision import Decision, DecisionOutcome, Difference, DifferenceFrom
from forum.voting.minority_statement import groups_against
from forum.voting.suppression import POOL


def against(*differences: Difference) -> tuple[str, ...]:
    made = Decision("d" * 32, "c" * 32, ("r" * 32,), DecisionOutcome.ADOPTED, "r1", "So", differences=differences)
    return groups_against(made)


def test_the_groups_that_a_decision_goes_against_may_write_in_their_order() -> None:
    group = DifferenceFrom.GROUP
    assert against() == ()
    assert against(Difference(group, "Nurses"), Difference(group, "Carers")) == ("Nurses", "Carers")


def test_groups_that_are_shown_together_may_not_write() -> None:
    group = DifferenceFrom.GROUP
    assert against(Difference(group, POOL)) == ()
    assert against(Difference(group, "Nurses"), Difference(group, POOL)) == ("Nurses",)


@pytest.mark.parametrize("kind", [one for one in DifferenceFrom if one != DifferenceFrom.GROUP])
def test_nobody_writes_for_a_difference_that_is_no_groups(kind: DifferenceFrom) -> None:
    assert against(Difference(kind)) == ()
    assert against(Difference(kind, "Nurses")) == ()
