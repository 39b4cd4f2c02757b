"""The audit of decisions: one told wrongly, or out of its place, fails."""

from __future__ import annotations

from support.forged_exports import (
    entry_of_type,
    failed_after,
    failed_after_odd,
)
from support.record_keeper import CRISIS, QUIET, Keeper


def test_a_decision_told_wrongly_fails() -> None:
    def preference(keeper: Keeper) -> None:
        keeper.weigh(CRISIS, entry_of_type(keeper, "decision"), preference=["r1"])

    def differs(keeper: Keeper) -> None:
        keeper.weigh(CRISIS, entry_of_type(keeper, "decision"), differs=False)

    def without_why(keeper: Keeper) -> None:
        entry_of_type(keeper, "decision")["why"] = None

    def without_a_difference(keeper: Keeper) -> None:
        decision = entry_of_type(keeper, "decision")
        keeper.weigh(CRISIS, decision, differences=keeper.weighed(decision)["differences"][1:])

    def of_another_group(keeper: Keeper) -> None:
        decision = entry_of_type(keeper, "decision")
        named = [one | {"group": "Nobody"} for one in keeper.weighed(decision)["differences"]]
        keeper.weigh(CRISIS, decision, differences=named)

    def unanswered(keeper: Keeper) -> None:
        decision = entry_of_type(keeper, "decision")
        first, *others = keeper.weighed(decision)["differences"]
        keeper.weigh(CRISIS, decision, differences=[first | {"answer": ""}, *others])

    def unasked(keeper: Keeper) -> None:
        entry_of_type(keeper, "decision")["response"] = "r7"

    def on_nothing(keeper: Keeper) -> None:
        entry_of_type(keeper, "decision")["rounds"] = []

    def on_a_sealed_round(keeper: Keeper) -> None:
        entry_of_type(keeper, "decision")["rounds"] = [entry_of_type(keeper, "round opened", 8)["round"]]

    def of_nothing(keeper: Keeper) -> None:
        entry_of_type(keeper, "commitment")["decision"] = "0" * 32

    def on_what_is_not_there(keeper: Keeper) -> None:
        entry_of_type(keeper, "decision")["rounds"] = ["0" * 32]

    for change in (
        *(preference, differs, without_why, unasked, on_a_sealed_round, of_nothing),
        *(without_a_difference, of_another_group, unanswered),
    ):
        assert "decisions" in failed_after(change), change.__name__
    for change in (on_nothing, on_what_is_not_there):
        assert "decisions" in failed_after_odd(change), change.__name__


def test_a_decision_out_of_place_fails() -> None:
    def too_early(keeper: Keeper) -> None:
        decision = entry_of_type(keeper, "decision")
        keeper.entries.remove(decision)
        keeper.entries.insert(keeper.entries.index(entry_of_type(keeper, "round opened")), decision)

    def on_an_annulled_vote(keeper: Keeper) -> None:
        annulled = entry_of_type(keeper, "round annulled", 1)["round"]
        facts = {"decision": "e" * 32, "rounds": [annulled], "response": "r2"}
        keeper.entries.append({**entry_of_type(keeper, "decision", 1), **facts})

    def twice(keeper: Keeper) -> None:
        keeper.entries.append(entry_of_type(keeper, "decision"))

    def elsewhere(keeper: Keeper) -> None:
        entry_of_type(keeper, "decision", 2)["rounds"] = [entry_of_type(keeper, "round opened", 4)["round"]]

    def made_up(keeper: Keeper) -> None:
        entry_of_type(keeper, "decision", 1)["outcome"] = "not adopted"

    def without_reasons(keeper: Keeper) -> None:
        entry_of_type(keeper, "decision", 1)["rationale"] = None

    def promised_twice(keeper: Keeper) -> None:
        keeper.entries.append(entry_of_type(keeper, "commitment"))

    def promised_elsewhere(keeper: Keeper) -> None:
        entry_of_type(keeper, "commitment")["commission"] = QUIET.id

    for change in (too_early, on_an_annulled_vote, twice, elsewhere, made_up, without_reasons):
        assert "decisions" in failed_after(change), change.__name__

    def updated_twice(keeper: Keeper) -> None:
        keeper.entries.append(entry_of_type(keeper, "commitment update"))

    def updated_of_nothing(keeper: Keeper) -> None:
        entry_of_type(keeper, "commitment update")["commitment"] = "0" * 32

    def updated_too_early(keeper: Keeper) -> None:
        update = entry_of_type(keeper, "commitment update")
        keeper.entries.remove(update)
        keeper.entries.insert(keeper.entries.index(entry_of_type(keeper, "commitment")), update)

    for change in (promised_twice, promised_elsewhere, updated_twice, updated_of_nothing, updated_too_early):
        assert "decisions" in failed_after(change), change.__name__
