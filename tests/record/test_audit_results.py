"""The audit of results: one that does not follow from its ballots fails, as do groups, equal voice and view shift."""

from __future__ import annotations

from typing import Any

from support.forged_exports import (
    entry_of_type,
    failed_after,
    revealed_result,
)
from support.record_keeper import Keeper, a_keeper


def test_a_result_other_than_the_ballots_fails() -> None:
    def one_more(keeper: Keeper) -> None:
        revealed_result(keeper)["counts"]["r1"] += 1

    def swapped(keeper: Keeper) -> None:
        counts = revealed_result(keeper)["counts"]
        counts["r1"], counts["r3"] = counts["r3"], counts["r1"]

    def total(keeper: Keeper) -> None:
        revealed_result(keeper)["n"] += 1

    for change in (one_more, swapped, total):
        assert {"head counts", "re-tally"} <= failed_after(change)


def test_a_ballot_put_in_left_out_or_changed_after_the_close_fails() -> None:
    first = next(entry["round"] for entry in a_keeper().entries if entry["type"] == "round opened")

    def left_out(keeper: Keeper) -> None:
        keeper.ballots[first].pop()

    def changed(keeper: Keeper) -> None:
        keeper.ballots[first][0]["leaf"]["choice"] = "r3"

    def twice(keeper: Keeper) -> None:
        keeper.ballots[first].append(keeper.ballots[first][0])

    def relabelled(keeper: Keeper) -> None:
        keeper.ballots[first][0]["label"] = "Police"

    def unasked(keeper: Keeper) -> None:
        keeper.ballots[first][0]["leaf"]["choice"] = "r9"

    for change in (left_out, changed):
        assert "ballots root" in failed_after(change)
    for change in (twice, relabelled, unasked):
        assert "opened ballots" in failed_after(change)


def test_a_table_by_group_that_does_not_follow_fails() -> None:
    def row(keeper: Keeper) -> None:
        counts = revealed_result(keeper)["by_group"][0]["counts"]
        counts["r1"], counts["r2"] = counts["r1"] - 1, counts["r2"] + 1

    def dropped(keeper: Keeper) -> None:
        revealed_result(keeper)["by_group"].pop()

    def hidden(keeper: Keeper) -> None:
        revealed_result(keeper)["by_group"] = None

    def other_pool(keeper: Keeper) -> None:
        revealed_result(keeper, 1)["by_group"].reverse()

    for change in (row, dropped, hidden, other_pool):
        assert "results by group" in failed_after(change)


def test_equal_voice_that_does_not_follow_fails() -> None:
    def voice(keeper: Keeper) -> None:
        revealed_result(keeper)["equal_voice"]["r1"] += 1

    assert "equal voice" in failed_after(voice)


def test_a_view_shift_whose_margins_are_not_the_results_fails() -> None:
    def shift(keeper: Keeper, number: int = 1) -> dict[str, Any]:
        found: dict[str, Any] = revealed_result(keeper, number)["view_shift"]
        return found

    def cell(keeper: Keeper) -> None:
        shift(keeper)["cells"][0]["n"] += 1

    def by_group(keeper: Keeper) -> None:
        shift(keeper)["by_group"][0]["cells"][0]["n"] += 1

    def joined(keeper: Keeper) -> None:
        shift(keeper, 3)["joined"]["r1"] = 9

    def without(keeper: Keeper) -> None:
        revealed_result(keeper, 1)["view_shift"] = None

    def unsaid(keeper: Keeper) -> None:
        shift(keeper, 3)["withheld"] = None

    def elsewhere(keeper: Keeper) -> None:
        shift(keeper)["first"] = entry_of_type(keeper, "round opened", 2)["round"]

    def nobody(keeper: Keeper) -> None:
        shift(keeper)["left"]["r3"] = 0

    for change in (cell, by_group, joined, without, unsaid, elsewhere, nobody):
        assert "view shift" in failed_after(change), change.__name__


def test_a_number_is_no_truth_value_and_a_result_holds_nothing_else() -> None:
    def nobody(keeper: Keeper) -> None:
        entry_of_type(keeper, "round closed", 5)["count"] = False

    def none_of_all(keeper: Keeper) -> None:
        revealed_result(keeper, 5)["counts"]["r1"] = False

    def none_of_a_group(keeper: Keeper) -> None:
        row = next(row for row in revealed_result(keeper)["by_group"] if 0 in row["counts"].values())
        row["counts"] = {choice: n or False for choice, n in row["counts"].items()}

    def aside(keeper: Keeper) -> None:
        revealed_result(keeper)["by_person"] = {"Ann": "r1"}

    assert entry_of_type(a_keeper(), "round closed", 5)["count"] == 0
    assert "ballots root" in failed_after(nobody)
    assert {"head counts", "re-tally"} <= failed_after(none_of_all)
    assert "results by group" in failed_after(none_of_a_group)
    assert "re-tally" in failed_after(aside)
