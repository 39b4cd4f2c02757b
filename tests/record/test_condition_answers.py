"""Verification of the conditions that decisions answer: one without an answer, and an answer to none, fail."""

from __future__ import annotations

import copy

import pytest
from support.forged_exports import details, entry_of_type, failed, signed_again
from support.record_keeper import CRISIS, Keeper, a_keeper

from forum.record.verify.condition_answers import condition_problems
from forum.record.verify.disclosures import digests_in

# What is done to the answers of the first decision, and what the check then says.
_FORGED = {
    "left out": "a condition has no answer: it answers 1 of 2",
    "one too many": "an answer is to no condition: it answers 2 of 1",
    "not said": "it does not say which conditions it answers",
    "null": "it does not say which conditions it answers",
    "of another vote": "answer 1 is to a condition of another vote",
    "empty": "condition 2 has no answer",
    "twice": "answer 2 is to a condition that is answered before",
    "out of place": "condition 2 is not in its place",
}
_MADE_UP = "answer 1 is to a condition that is not in reasons.csv"


def _forge(keeper: Keeper, how: str) -> None:
    decision = entry_of_type(keeper, "decision", 3 if how in ("not said", "null") else 0)
    told = decision["conditions"]
    if how == "not said":
        del decision["conditions"]
    elif how == "null":
        decision["conditions"] = None
    elif how == "left out":
        del told["answered"][1]
    elif how == "one too many":
        told["given"] = 1
    elif how == "of another vote":
        told["answered"][0]["round"] = entry_of_type(keeper, "round opened", 2)["round"]
    elif how == "empty":
        told["answered"][1]["answer"] = keeper.words(CRISIS, "condition answered", "")
    elif how == "twice":
        told["answered"][1]["condition"] = keeper.words(CRISIS, "condition", "-one nurse stays")
    elif how == "out of place":
        told["answered"][0]["asked"] = 3
    else:  # made up
        told["answered"][0]["condition"] = keeper.words(CRISIS, "condition", "-nobody asked for it")


def test_a_condition_without_an_answer_and_an_answer_to_none_are_told() -> None:
    keeper = a_keeper()
    true = keeper.entries
    for how, told in _FORGED.items():
        keeper.entries = copy.deepcopy(true)
        _forge(keeper, how)
        problems = condition_problems(keeper.entries, keeper.log().words)
        assert [told in problem for problem in problems] == [True], how


@pytest.mark.parametrize(("how", "check"), [("left out", "order of rounds"), ("made up", "tables")])
def test_an_export_with_such_an_answer_fails(how: str, check: str) -> None:
    keeper = a_keeper()
    _forge(keeper, how)
    named = set(digests_in({"entries": keeper.entries}))
    keeper.disclosures = {digest: said for digest, said in keeper.disclosures.items() if digest in named}
    export = signed_again(keeper)
    assert failed(export) == {check}
    assert (_FORGED | {"made up": _MADE_UP})[how] in details(export)[check]


def test_a_condition_whose_words_were_taken_back_passes_with_its_answer() -> None:
    keeper = a_keeper()
    answered = entry_of_type(keeper, "decision")["conditions"]["answered"]
    keeper.erase(CRISIS, [answered[0]["condition"]["sd"]])
    assert failed(signed_again(keeper)) == set()
