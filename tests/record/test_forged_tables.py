"""Tables forged by somebody with the key: by group, who moved, and decisions, where all the rest adds up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.forged_exports import (
    details,
    entry_of_type,
    failed,
    failed_after,
    fit_count,
    revealed_result,
    signed_again,
)
from support.record_keeper import CRISIS, WAYS, Keeper, a_keeper_of_ways, people, votes_of

from forum.record.verify.disclosures import disclosure
from forum.voting.suppression import Partition, Row

# Rounds of a_keeper_of_ways whose ballots are opened without a group: what is said by group is the operator's word.
RUN_OFF = 2 * list(WAYS).index("ranked")


def of_ways(change: Callable[[Keeper], object]) -> str:
    """Changes a record of every way of voting; gives what is said of the results by group, or "" where that passes."""
    keeper = a_keeper_of_ways()
    assert failed(signed_again(keeper)) == set()
    change(keeper)
    forged = signed_again(keeper)
    return details(forged)["results by group"] if "results by group" in failed(forged) else ""


def test_labels_are_not_opened_where_nothing_is_given_by_group() -> None:
    def hidden(keeper: Keeper) -> None:
        facts = revealed_result(keeper)
        facts.update(by_group=None, withheld="Nothing is shown by group.", equal_voice=None)

    assert "results by group" in failed_after(hidden)


def test_one_row_at_most_is_no_group() -> None:
    def undeclared(keeper: Keeper) -> None:
        for entry in keeper.entries:
            if entry["type"] == "session opened":
                entry["about"]["groups"] = [g for g in entry["about"]["groups"] if g["label"] != "Nurses"]
            elif entry["type"] == "round opened":
                entry["groups"] = [label for label in entry["groups"] if label != "Nurses"]

    assert failed_after(undeclared) == {"results by group"}


def test_one_row_alone_is_no_result_by_group() -> None:
    keeper = Keeper()
    day = keeper.session(CRISIS, "A small day")
    keeper.partitions[day] = Partition((Row("Carers", ("carers",)),))
    of = keeper.open(CRISIS, day, "Who should come?")
    keeper.close(CRISIS, of, votes_of(people({"carers": 9}), "r1", "r2"))
    keeper.reveal(CRISIS, of)
    assert failed(signed_again(keeper)) == {"results by group"}


def test_a_result_is_given_by_group_or_withheld_and_not_both() -> None:
    def both(keeper: Keeper) -> None:
        revealed_result(keeper)["withheld"] = "Nothing is shown by group."

    assert "results by group" in failed_after(both)


def test_two_rows_of_a_run_off_are_not_one_group() -> None:
    def renamed(keeper: Keeper) -> None:
        for entry in keeper.entries:
            if entry["type"] == "round revealed" and entry["result"]["by_group"]:
                entry["result"]["by_group"][1]["label"] = entry["result"]["by_group"][0]["label"]

    assert "not groups and at most one pool" in of_ways(renamed)


def test_fewer_than_nobody_in_a_row_of_a_run_off_fails_although_all_adds_up() -> None:
    def less(keeper: Keeper) -> None:
        first, second = revealed_result(keeper, RUN_OFF)["by_group"][:2]
        few = min(first["counts"], key=lambda name: first["counts"][name])
        other = next(name for name in first["counts"] if name != few)
        moved = first["counts"][few] + 1
        for counts, more in ((first["counts"], moved), (second["counts"], -moved)):
            counts[few] -= more
            counts[other] += more

    assert "do not add up to the results by group" in of_ways(less)


def test_ballots_of_a_run_off_are_not_opened_with_their_groups() -> None:
    def labelled(keeper: Keeper) -> None:
        for line in keeper.ballots[entry_of_type(keeper, "round closed", RUN_OFF)["round"]]:
            line["label"] = "Carers"
            line["leaf"]["group"] = disclosure(line["group_salt"], "group", "Carers")[0]
        fit_count(keeper, RUN_OFF)

    assert "do not add up to the results by group" in of_ways(labelled)


def test_a_view_shift_by_group_is_the_one_of_everybody_in_the_order_of_the_rows() -> None:
    def shift(keeper: Keeper) -> dict[str, Any]:
        found: dict[str, Any] = revealed_result(keeper, 1)["view_shift"]
        return found

    def crossed(keeper: Keeper) -> None:
        # One more stayed with each of two answers, one fewer moved between them, both ways: every margin still fits.
        cells = {(cell["from"], cell["to"]): cell for cell in shift(keeper)["cells"]}
        pairs = [(a, b) for a, b in cells if a != b and {(b, a), (a, a), (b, b)} <= cells.keys()]
        a, b = pairs[0]
        for cell, more in ((cells[a, a], 1), (cells[b, b], 1), (cells[a, b], -1), (cells[b, a], -1)):
            cell["n"] += more

    def turned_round(keeper: Keeper) -> None:
        shift(keeper)["by_group"].reverse()

    for change in (crossed, turned_round):
        assert "view shift" in failed_after(change), change.__name__


def test_two_votes_of_a_decision_are_a_first_one_and_the_one_after_it() -> None:
    def two_first_votes(keeper: Keeper) -> None:
        first, third = (entry_of_type(keeper, "round opened", number)["round"] for number in (0, 2))
        decision = entry_of_type(keeper, "decision", 1)
        assert decision["rounds"] == [third]
        decision["rounds"] = [first, third]

    assert "decisions" in failed_after(two_first_votes)


@pytest.mark.parametrize("method", WAYS)
def test_what_a_result_says_of_its_quorum_is_what_was_declared(method: str) -> None:
    number = 2 * list(WAYS).index(method)
    keeper = a_keeper_of_ways()
    told = revealed_result(keeper, number)["quorum"]
    told["reached"] = not told["reached"]
    assert "quorum" in failed(signed_again(keeper))
