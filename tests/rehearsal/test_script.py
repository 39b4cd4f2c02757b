from __future__ import annotations

from collections import Counter

import pytest

from forum.rehearsal.script import Act, Heap, Vote
from forum.services.sessions.cues import NONE_LABEL
from forum.voting.round import NONE_OF_THESE


def test_the_last_vote_wins() -> None:
    act = Act("Who?", ("A", "B"), (Vote(0, "r1"), Vote(1, "r2"), Vote(0, "none"), Vote(1, "r2")), none=True)
    assert act.expected() == {"r1": 0, "r2": 1, "none": 1}
    assert act.labels() == {"r1": "A", "r2": "B", "none": "None of these"}


def test_of_a_phone_that_comes_too_late_the_vote_before_counts() -> None:
    act = Act("Who?", ("A", "B"), (Vote(0, "r1"), Vote(0, "r2"), Vote(1, "r2")))
    assert act.last_votes({0, 1}) == {0: "r1"}


def test_what_is_refused_does_not_count() -> None:
    act = Act(
        "Who?", ("A",), (Vote(0, "agree"), Vote(0, "cannot_live_with", refused="reason_needed")), method="consent"
    )
    assert act.last_votes() == {0: "agree"}


def test_papers_and_the_tablet_count_beside_the_phones() -> None:
    act = Act("Who?", ("A", "B"), (Vote(0, "r1"),), papers=(Heap(0, "r1", 3),), tablet=(Heap(None, "r2"),))
    assert act.ballots() == Counter(r1=4, r2=1)


@pytest.mark.parametrize(
    ("method", "responses", "choices", "expected"),
    [
        ("approval", ("A", "B"), ("r1 r2", "r2"), {"A": 1, "B": 2}),
        ("ranked", ("A", "B"), ("r1>r2", "r2"), {"A": 1, "B": 1}),
        ("score", ("A",), ("r1=2", "r1=5"), {"A: 1": 0, "A: 2": 1, "A: 3": 0, "A: 4": 0, "A: 5": 1}),
        ("opinion", ("A",), ("agree", "pass"), {"agree": 1, "disagree": 0, "pass": 1}),
    ],
)
def test_every_way_of_voting_is_tallied_by_its_marks(
    method: str, responses: tuple[str, ...], choices: tuple[str, ...], expected: dict[str, int]
) -> None:
    act = Act("Who?", responses, tuple(Vote(n, choice) for n, choice in enumerate(choices)), method=method)
    assert {act.labels()[mark]: count for mark, count in act.expected().items()} == expected


def test_none_of_these_is_what_the_facilitator_offers() -> None:
    assert Act("", (), (), none=True).labels() == {NONE_OF_THESE: NONE_LABEL}
