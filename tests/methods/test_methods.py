"""Golden cases: every method's folder holds a cases.json of ballots and what they must come to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.errors import CastRefused
from forum.methods import METHODS

HERE = Path(__file__).parent


def golden_cases() -> Iterator[Any]:
    for method in METHODS:
        for case in json.loads((HERE / method / "cases.json").read_text("utf-8")):
            yield pytest.param(method, case, id=f"{method}: {case['name']}")


@pytest.mark.parametrize(("method", "case"), list(golden_cases()))
def test_a_method_gives_its_golden_tally(method: str, case: dict[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises(CastRefused) as refused:
            METHODS[method].tally(case["choices"], case["responses"])
        assert refused.value.code == case["refused"]
        return
    counts = METHODS[method].tally(case["choices"], case["responses"])
    assert counts == case["tally"]
    assert list(counts) == case["responses"]


def test_every_method_has_golden_cases_and_every_folder_is_a_methods() -> None:
    folders = {folder.name for folder in HERE.iterdir() if (folder / "cases.json").exists()}
    assert folders == set(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_check_takes_what_is_on_offer_and_refuses_the_rest(method: str) -> None:
    METHODS[method].check("none", ["r1", "none"])
    with pytest.raises(CastRefused) as refused:
        METHODS[method].check("none", ["r1", "r2"])
    assert refused.value.code == "unknown_response"


@given(st.permutations(["r1", "r1", "r2", "none", "r2", "r1"]))
def test_the_order_of_ballots_does_not_matter(choices: list[str]) -> None:
    assert METHODS["single"].tally(choices, ["r1", "r2", "none"]) == {"r1": 3, "r2": 2, "none": 1}
