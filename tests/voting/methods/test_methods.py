"""One suite for every method: golden cases, and what all of them promise.

A method's folder holds a cases.json of ballots and what they must come to.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import permutations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forum.errors import CastRefused
from forum.record.verify.encoding import canonical
from forum.voting.marks_and_shares import OpinionMark, StanceMark
from forum.voting.methods import METHODS, refusals

HERE = Path(__file__).parent
RESPONSES = ("r1", "r2", "r3", "none")


def offered(method: str) -> tuple[str, ...]:
    """Returns some responses that this method takes."""
    ids = RESPONSES[: min(METHODS[method].MOST, 3)]
    return (*ids, "none") if METHODS[method].NONE else ids


def every_choice(method: str, responses: Sequence[str]) -> list[str]:
    """Lists every ballot that can be given, written out by hand of none of the code that is tested."""
    ids = [r for r in responses if r != "none"]
    if method == "single":
        return list(responses)
    if method == "approval":
        boxes = [[r for r, on in zip(ids, ticks, strict=True) if on] for ticks in product((0, 1), repeat=len(ids))]
        return [" ".join(named) for named in boxes if named] + ["none"] * ("none" in responses)
    if method == "ranked":
        orders = [order for n in range(len(ids) + 1) for order in permutations(ids, n)]
        if "none" in responses:
            orders += [(*order, "none") for order in orders]
        return [">".join(order) for order in orders if order]
    if method == "score":
        return [
            " ".join(f"{r}={n}" for r, n in zip(ids, numbers, strict=True))
            for numbers in product("12345", repeat=len(ids))
        ]
    return list({"consent": StanceMark, "opinion": OpinionMark}[method])


def golden_cases() -> Iterator[Any]:
    for method in METHODS:
        for case in json.loads((HERE / method / "cases.json").read_text("utf-8")):
            yield pytest.param(method, case, id=f"{method}: {case['name']}")


@pytest.mark.parametrize(("method", "case"), list(golden_cases()))
def test_a_method_gives_its_golden_tally(method: str, case: dict[str, Any]) -> None:
    way, choices, responses = METHODS[method], case["choices"], case["responses"]
    if "refused" in case:
        with pytest.raises(CastRefused) as refused:
            way.tally(choices, responses)
        assert refused.value.code == case["refused"]
        return
    counts = way.tally(choices, responses)
    assert counts == case["tally"]
    assert list(counts) == list(way.columns(responses))
    figures = way.figures(choices, responses)
    assert figures == case.get("figures")
    if "preferred" in case:
        assert list(way.preferred(counts, figures)) == case["preferred"]


def test_every_method_has_golden_cases_and_every_folder_is_a_methods() -> None:
    folders = {folder.name for folder in HERE.iterdir() if (folder / "cases.json").exists()}
    assert folders == set(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_counts_are_by_plain_text_which_the_record_writes(method: str) -> None:
    way, responses = METHODS[method], offered(method)
    counts = way.tally(every_choice(method, responses)[:3], responses)
    assert json.loads(canonical(counts)) == counts
    assert {type(mark) for mark in (*way.columns(responses), *counts)} == {str}


@pytest.mark.parametrize("method", METHODS)
def test_the_golden_cases_know_a_tie_no_votes_one_vote_and_a_refusal(method: str) -> None:
    cases = json.loads((HERE / method / "cases.json").read_text("utf-8"))
    names = " / ".join(case["name"] for case in cases)
    assert "tie" in names
    assert {0, 1} <= {len(case["choices"]) for case in cases if "tally" in case}
    assert any("refused" in case for case in cases)


@pytest.mark.parametrize("method", METHODS)
def test_check_takes_every_choice_that_can_be_made_and_refuses_the_rest(method: str) -> None:
    way, responses = METHODS[method], offered(method)
    takes = every_choice(method, responses)
    assert len(set(takes)) == len(takes)
    for choice in takes:
        way.check(choice, responses)
    others = {every for other in METHODS for every in every_choice(other, offered(other))} - set(takes)
    odd = {"", " ", "R1", "r9", "r1\n", " r1", "r1 ", ">", "r1=", "=1", "r1>r1", "r1 r1", "r1=1 r1=1", "agree agree"}
    for choice in others | odd:
        with pytest.raises(CastRefused) as refused:
            way.check(choice, responses)
        assert refused.value.code in refusals()


@pytest.mark.parametrize("method", METHODS)
def test_none_of_these_is_refused_where_it_is_not_offered(method: str) -> None:
    with pytest.raises(CastRefused):
        METHODS[method].check("none", ["r1", "r2"])


@pytest.mark.parametrize("method", METHODS)
def test_a_form_without_javascript_makes_the_same_choices(method: str) -> None:
    way, responses = METHODS[method], offered(method)
    for choice in every_choice(method, responses):
        assert way.read(fields_of(method, choice), responses) == choice
        assert way.read({"choice": [choice]}, responses) == choice
        assert way.read(way.fields(choice), responses) == choice
    with pytest.raises(CastRefused) as refused:
        way.read({}, responses)
    assert refused.value.code in {"nothing_chosen", "incomplete"}


def fields_of(method: str, choice: str) -> Mapping[str, Sequence[str]]:
    """Returns the form that somebody fills in to make this choice."""
    if method == "approval":
        return {"choice": choice.split()[::-1]}
    if method == "ranked":
        # From the last to the first, with spaces, and a gap before the last where the numbers allow it.
        order = choice.split(">")
        numbers = [*range(1, len(order)), len(offered(method))]
        return {f"rank-{r}": [f" {n} "] for r, n in reversed(list(zip(order, numbers, strict=True)))}
    if method == "score":
        return {f"score-{part[:2]}": [part[3:]] for part in choice.split()}
    return {"choice": [choice]}


@pytest.mark.parametrize("numbers", [("1", "1"), ("0", "1"), ("1", "x"), ("1", "9"), ("1", "²"), ("-1", "1")])
def test_numbers_that_make_no_order_are_refused(numbers: tuple[str, str]) -> None:
    with pytest.raises(CastRefused) as refused:
        METHODS["ranked"].read({"rank-r1": [numbers[0]], "rank-r2": [numbers[1]]}, ["r1", "r2"])
    assert refused.value.code == ("same_place" if numbers == ("1", "1") else "miswritten")


def test_only_a_condition_and_an_objection_need_their_words() -> None:
    for method, way in METHODS.items():
        needed = {choice: way.lacks(choice, "  \n", " ") for choice in every_choice(method, offered(method))}
        lacking = {choice: code for choice, code in needed.items() if code}
        assert lacking == (
            {"agree_if": "condition_needed", "cannot_live_with": "reason_needed"} if method == "consent" else {}
        )
        assert not any(way.lacks(choice, "Because.", "It is at weekends too.") for choice in needed)
        assert (way.lacks("agree_if", "Because.", "") == "condition_needed") == (method == "consent")
        assert set(lacking.values()) <= set(refusals())


def ballots_of(method: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(every_choice(method, offered(method))), max_size=40)


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None)
@given(data=st.data())
def test_the_order_of_ballots_does_not_matter(method: str, data: st.DataObject) -> None:
    way, responses = METHODS[method], offered(method)
    choices = data.draw(ballots_of(method))
    other = data.draw(st.permutations(choices))
    assert way.tally(choices, responses) == way.tally(other, responses)
    assert way.figures(choices, responses) == way.figures(other, responses)


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None)
@given(data=st.data())
def test_the_sum_over_parts_of_the_room_is_the_whole(method: str, data: st.DataObject) -> None:
    way, responses = METHODS[method], offered(method)
    parts = data.draw(st.lists(ballots_of(method), max_size=5))
    added: Counter[str] = Counter()
    for part in parts:
        added.update(way.tally(part, responses))
    whole = way.tally([choice for part in parts for choice in part], responses)
    assert whole == {mark: added[mark] for mark in way.columns(responses)}


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None)
@given(data=st.data(), times=st.integers(2, 5))
def test_shares_do_not_change_when_everybody_comes_several_times(method: str, data: st.DataObject, times: int) -> None:
    way, responses = METHODS[method], offered(method)
    choices = data.draw(ballots_of(method))
    once = way.shares(way.tally(choices, responses), len(choices))
    assert way.shares(way.tally(choices * times, responses), len(choices) * times) == once
    assert all(isinstance(share, Fraction) for share in once.values())


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None)
@given(data=st.data())
def test_what_the_room_prefers_is_among_what_was_offered(method: str, data: st.DataObject) -> None:
    way, responses = METHODS[method], offered(method)
    choices = data.draw(ballots_of(method))
    preferred = way.preferred(way.tally(choices, responses), way.figures(choices, responses))
    assert [r for r in responses if r in preferred] == list(preferred)
    assert choices or not preferred


@pytest.mark.parametrize("method", METHODS)
def test_a_ballot_that_is_followed_has_one_mark(method: str) -> None:
    way = METHODS[method]
    counted = {len(way.marks(choice)) for choice in every_choice(method, offered(method))}
    assert (counted == {1}) or not way.FOLLOWED
