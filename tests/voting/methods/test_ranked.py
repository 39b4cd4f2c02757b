"""The instant run-off, held against pyrankvote."""

from __future__ import annotations

from itertools import permutations

import pyrankvote
from hypothesis import event, given, settings
from hypothesis import strategies as st
from pyrankvote import Ballot, Candidate

from forum.voting.methods import METHODS

RESPONSES = ("r1", "r2", "r3", "r4", "none")
ORDERS = [
    ">".join((*order, *last))
    for n in range(len(RESPONSES))
    for order in permutations(RESPONSES[:-1], n)
    for last in ((), ("none",))
    if order or last
]


def winner_by_pyrankvote(choices: list[str]) -> str:
    candidates = {response: Candidate(response) for response in RESPONSES}
    ballots = [Ballot(ranked_candidates=[candidates[r] for r in choice.split(">")]) for choice in choices]
    (won,) = pyrankvote.instant_runoff_voting(list(candidates.values()), ballots).get_winners()
    return str(won.name)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(ORDERS), min_size=1, max_size=60))
def test_the_winner_is_pyrankvotes_and_where_a_tie_decides_pyrankvotes_is_one_of_ours(choices: list[str]) -> None:
    figures = METHODS["ranked"].figures(choices, RESPONSES)
    assert figures is not None
    event("a tie" if figures["tied"] else f"{len(figures['rounds'])} rounds")
    theirs = winner_by_pyrankvote(choices)
    assert theirs in figures["winners"]
    if not figures["tied"]:
        assert figures["winners"] == [theirs]


@settings(deadline=None)
@given(st.lists(st.sampled_from(ORDERS), max_size=40))
def test_every_round_holds_every_ballot_and_somebody_goes_out_of_all_but_the_last(choices: list[str]) -> None:
    figures = METHODS["ranked"].figures(choices, RESPONSES)
    assert figures is not None
    standing = list(RESPONSES)
    for round_ in figures["rounds"]:
        assert list(round_["counts"]) == standing
        assert sum(round_["counts"].values()) + round_["exhausted"] == len(choices)
        least = min(round_["counts"].values())
        assert all(round_["counts"][response] == least for response in round_["out"])
        standing = [response for response in standing if response not in round_["out"]]
    assert all(round_["out"] for round_ in figures["rounds"][:-1])
    assert figures["rounds"][-1]["out"] == []


@settings(deadline=None)
@given(st.lists(st.sampled_from(ORDERS), min_size=1, max_size=40))
def test_a_tie_names_everybody_who_is_last_and_who_wins_when_they_go(choices: list[str]) -> None:
    figures = METHODS["ranked"].figures(choices, RESPONSES)
    assert figures is not None
    counts = figures["rounds"][-1]["counts"]
    if not figures["tied"]:
        assert len(figures["winners"]) == 1
        assert 2 * counts[figures["winners"][0]] > sum(counts.values())
        return
    assert list(figures["tied"]) == [r for r in counts if counts[r] == min(counts.values())]
    assert {who for winners in figures["tied"].values() for who in winners} == set(figures["winners"])
    assert all(gone not in winners for gone, winners in figures["tied"].items())


def test_the_names_of_the_responses_do_not_decide_a_tie() -> None:
    choices = ["r1>r3", "r2>r1", "r3>r2"]
    figures = METHODS["ranked"].figures(choices, ("r1", "r2", "r3"))
    assert figures is not None
    assert figures["winners"] == ["r1", "r2", "r3"]
