"""Results disclosed beside their entry: withdrawn with an annulled vote, by nobody else, and of one closed shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.forged_exports import details, entry_of_type, failed, signed_again, verdicts
from support.record_keeper import CRISIS, ROOM, Keeper, people, votes_of

from forum.record.verify.archive import unpack
from forum.record.verify.checks import verify_files
from forum.record.verify.disclosures import disclosure, open_disclosure
from forum.record.verify.verdict import FAIL, NOT_CHECKED, PASS
from forum.record.verify.withheld_votes import NO_COUNT_BESIDE, NONE_BEFORE, NONE_TELLS
from forum.voting import partition


def two_votes() -> Keeper:
    """Makes a record of a first vote and the vote after its replay, with both results beside their entries."""
    keeper = Keeper()
    day = keeper.session(CRISIS, "A day")
    first = keeper.open(CRISIS, day, "Who should come?")
    keeper.close(CRISIS, first, votes_of(people(ROOM), "r1", "r2", "r1", "none"))
    keeper.reveal(CRISIS, first, disclosed=True)
    second = keeper.open(CRISIS, day, "Who should come?", second_of=first[0])
    keeper.close(CRISIS, second, votes_of(people(ROOM), "r1", "r2", "r2", "none"))
    keeper.reveal(CRISIS, second, first[0], disclosed=True)
    return keeper


def digest_of(keeper: Keeper, field: str, number: int) -> str:
    """Returns the digest in this field of the revealing entry in this place."""
    digest: str = entry_of_type(keeper, "round revealed", number)[field]["sd"]
    return digest


def annul(keeper: Keeper, number: int) -> None:
    """Annuls the vote in this place, and opens its ballots no more."""
    revealed = entry_of_type(keeper, "round revealed", number)
    keeper.annul(CRISIS, (revealed["round"], revealed["session"]), "It was put badly")
    keeper.sealed.add(revealed["round"])


def withdraw(keeper: Keeper, *fields: tuple[str, int]) -> None:
    """Withdraws what these fields of these revealing entries disclose."""
    keeper.erase(CRISIS, sorted(digest_of(keeper, *field) for field in fields))


def tell(keeper: Keeper, field: str, number: int, change: Callable[[dict[str, object]], object]) -> None:
    """Discloses something else in a field, as an operator can before it is signed."""
    there = entry_of_type(keeper, "round revealed", number)[field]
    salt, name, value = open_disclosure(keeper.disclosures.pop(there["sd"]))
    change(value)
    there["sd"], encoded = disclosure(salt, name, value)
    keeper.disclosures[there["sd"]] = encoded
    keeper.commission_of[there["sd"]] = CRISIS.id


def test_results_beside_their_entries_pass_every_check() -> None:
    assert set(verdicts(signed_again(two_votes())).values()) == {PASS}


def test_an_annulled_first_vote_takes_its_result_and_the_view_shift_with_it() -> None:
    keeper = two_votes()
    annul(keeper, 0)
    withdraw(keeper, ("result", 0), ("view_shift", 1))
    packed = signed_again(keeper)
    assert set(verdicts(packed).values()) == {PASS, NOT_CHECKED}
    assert "1 more are annulled" in details(packed)["head counts"]
    alone = {check.name: check for check in verify_files(unpack(packed)[0])}
    assert FAIL not in {check.verdict for check in alone.values()}
    assert alone["ballots root"].verdict == NOT_CHECKED


def result_of_a_standing_vote(keeper: Keeper) -> None:
    keeper.sealed.add(entry_of_type(keeper, "round revealed", 1)["round"])
    withdraw(keeper, ("result", 1))


def result_of_the_other_vote(keeper: Keeper) -> None:
    annul(keeper, 1)
    withdraw(keeper, ("result", 0))


def view_shift_of_standing_votes(keeper: Keeper) -> None:
    withdraw(keeper, ("view_shift", 1))


def result_before_the_annulment(keeper: Keeper) -> None:
    withdraw(keeper, ("result", 0), ("view_shift", 1))
    annul(keeper, 0)


def result_that_is_just_gone(keeper: Keeper) -> None:
    annul(keeper, 0)
    del keeper.disclosures[digest_of(keeper, "result", 0)]


def ballots_of_a_withdrawn_result(keeper: Keeper) -> None:
    annul(keeper, 0)
    keeper.sealed.clear()
    withdraw(keeper, ("result", 0), ("view_shift", 1))


def view_shift_from_a_withdrawn_result(keeper: Keeper) -> None:
    annul(keeper, 0)
    withdraw(keeper, ("result", 0))


def a_field_more(keeper: Keeper) -> None:
    tell(keeper, "result", 0, lambda result: result.update(names=["Ann"]))


def a_view_shift_in_the_result(keeper: Keeper) -> None:
    tell(keeper, "result", 0, lambda result: result.update(view_shift=None))


def other_counts(keeper: Keeper) -> None:
    tell(keeper, "result", 0, lambda result: result.update(n=34))


def no_count_of_a_full_room(keeper: Keeper) -> None:
    keeper.sealed.add(entry_of_type(keeper, "round revealed", 1)["round"])
    bare: dict[str, object] = {"counts": {}, "by_group": None, "equal_voice": None, "withheld": "Too few people voted."}
    tell(keeper, "result", 1, lambda result: result.update(bare))


def no_count_beside_nothing(keeper: Keeper) -> None:
    withhold(keeper, 1)


def no_count_beside_a_later_vote(keeper: Keeper) -> None:
    beside_another(keeper)
    withhold(keeper, 1)


def no_count_and_yet_a_table(keeper: Keeper) -> None:
    keeper.sealed.add(entry_of_type(keeper, "round revealed", 1)["round"])
    tell(keeper, "result", 1, lambda result: result.update(counts={}, n=4))


def no_count_and_yet_ballots(keeper: Keeper) -> None:
    tell(keeper, "result", 1, lambda result: result.update(counts={}))


def withhold(keeper: Keeper, number: int, reason: str | None = NO_COUNT_BESIDE) -> None:
    """Gives no count of the vote in this place, and says that another session's on the question is why, or this."""
    keeper.sealed.add(entry_of_type(keeper, "round revealed", number)["round"])
    bare: dict[str, object] = {"counts": {}, "by_group": None, "equal_voice": None, "withheld": reason}
    tell(keeper, "result", number, lambda result: result.update(bare))


def beside_another(keeper: Keeper, question: str = "Who should come?", **declared: Any) -> tuple[str, str]:
    """Asks the question again in another session, or another one, and shows the result."""
    return ask(keeper, question, "r1", "r2", "r2", "none", **declared)


def ask(keeper: Keeper, question: str, *choices: str, shown: bool = True, **declared: Any) -> tuple[str, str]:
    """Asks a question in a session of its own, in which people answer so in turn, and shows the result."""
    round_ = keeper.open(CRISIS, keeper.session(CRISIS, "Another day"), question, **declared)
    keeper.close(CRISIS, round_, votes_of(people(ROOM), *choices))
    if shown:
        keeper.reveal(CRISIS, round_, disclosed=True)
    return round_


def another_first_vote(keeper: Keeper) -> None:
    tell(keeper, "view_shift", 1, lambda shift: shift.update(first="0" * 32))


@pytest.mark.parametrize(
    ("forged", "check", "told"),
    [
        (result_of_a_standing_vote, "entries", "may be withdrawn once its vote is annulled"),
        (result_of_the_other_vote, "entries", "may be withdrawn once its vote is annulled"),
        (view_shift_of_standing_votes, "entries", "may be withdrawn once its vote is annulled"),
        (result_before_the_annulment, "entries", "may be withdrawn once its vote is annulled"),
        (result_that_is_just_gone, "disclosures", "nothing says that they were withdrawn"),
        (ballots_of_a_withdrawn_result, "opened ballots", "of a round whose result was withdrawn"),
        (view_shift_from_a_withdrawn_result, "view shift", "whose result was not shown, or withdrawn"),
        (a_field_more, "disclosures", "entry 3 ('round revealed'): field result: field result.names is no field of it"),
        (a_view_shift_in_the_result, "disclosures", "field result.view_shift is no field of it"),
        (other_counts, "head counts", "do not add up to the result"),
        (no_count_of_a_full_room, "head counts", "it gives no count, and says wrongly that too few voted"),
        (no_count_beside_nothing, "head counts", f"says wrongly that another session is why: {NONE_BEFORE}"),
        (no_count_beside_a_later_vote, "head counts", f"says wrongly that another session is why: {NONE_BEFORE}"),
        (no_count_and_yet_a_table, "head counts", "it gives no count, but something that follows from one"),
        (no_count_and_yet_ballots, "opened ballots", "of a round of which no count is given"),
        (another_first_vote, "view shift", "from a vote whose result was not shown"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_forged_withdrawal_or_disclosure_fails(forged: Callable[[Keeper], None], check: str, told: str) -> None:
    keeper = two_votes()
    forged(keeper)
    packed = signed_again(keeper)
    assert check in failed(packed)
    assert told in details(packed)[check]


def test_no_count_beside_another_sessions_vote_passes_and_says_so() -> None:
    assert NO_COUNT_BESIDE == partition.NO_COUNT_BESIDE
    keeper = two_votes()
    beside_another(keeper)
    withhold(keeper, 2)
    packed = signed_again(keeper)
    assert set(verdicts(packed).values()) == {PASS}
    alone = {check.name: check for check in verify_files(unpack(packed)[0])}
    assert FAIL not in {check.verdict for check in alone.values()}
    said = "1 not opened, because of another session on the same question"
    assert said in details(packed)["ballots root"]
    assert said in alone["ballots root"].detail


def test_a_vote_of_another_method_is_no_reason_for_no_count() -> None:
    keeper = two_votes()
    beside_another(keeper, method="approval")
    withhold(keeper, 2)
    assert "head counts" in failed(signed_again(keeper))


@pytest.mark.parametrize("reason", ["Too few people voted.", None, NO_COUNT_BESIDE.lower()])
def test_beside_another_sessions_vote_too_no_count_needs_its_reason(reason: str | None) -> None:
    keeper = two_votes()
    beside_another(keeper)
    withhold(keeper, 2, reason)
    packed = signed_again(keeper)
    assert "head counts" in failed(packed)
    alone = {check.name: check.verdict for check in verify_files(unpack(packed)[0])}
    assert alone["head counts"] == FAIL


WHO = "Who should come?"


def nothing_before(keeper: Keeper) -> None:
    ask(keeper, "And who should pay?", "r1", "r2")


def a_vote_that_was_annulled_unseen(keeper: Keeper) -> None:
    keeper.annul(CRISIS, ask(keeper, WHO, "r1", "r2", shown=False), "It was put badly")


def a_vote_without_a_count(keeper: Keeper) -> None:
    ask(keeper, WHO, "r1", "r2")
    ask(keeper, WHO, "r1")
    withhold(keeper, 1)
    # The first of them is another question's now: the one that is withheld has nothing but this one before it.
    first = keeper.opened[entry_of_type(keeper, "round revealed", 0)["round"]]
    first["question"] = keeper.words(CRISIS, "question", "And who should pay?")


def a_vote_of_other_answers(keeper: Keeper) -> None:
    ask(keeper, WHO, "r1", "none", responses=("r1", "none"))


def a_vote_of_all_answers(keeper: Keeper) -> None:
    ask(keeper, WHO, "r2", "r3", "none")


def of_both_votes(keeper: Keeper) -> None:
    ask(keeper, WHO, "r1", "none", responses=("r1", "none"))
    ask(keeper, WHO, "r2", "r3", "none")


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (nothing_before, NONE_BEFORE),
        (a_vote_that_was_annulled_unseen, NONE_BEFORE),
        (a_vote_without_a_count, NONE_BEFORE),
        (a_vote_of_other_answers, NONE_BEFORE),
        (a_vote_of_all_answers, NONE_TELLS),
        (of_both_votes, NONE_TELLS),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_no_count_needs_a_vote_beside_which_it_could_tell(before: Callable[[Keeper], None], told: str) -> None:
    keeper = Keeper()
    before(keeper)
    shown = sum(entry["type"] == "round revealed" for entry in keeper.entries)
    ask(keeper, WHO, "r2", "r3", responses=("r2", "r3", "none"))
    withhold(keeper, shown)
    packed = signed_again(keeper)
    assert "head counts" in failed(packed)
    last = entry_of_type(keeper, "round revealed", shown)["round"]
    said = f"round {last}: it gives no count, and says wrongly that another session is why: {told}"
    assert said in details(packed)["head counts"]
    alone = {check.name: check for check in verify_files(unpack(packed)[0])}
    assert (alone["head counts"].verdict, alone["head counts"].detail) == (FAIL, details(packed)["head counts"])


@pytest.mark.parametrize("choices", [("r2", "none"), ("r2",), ("r1", "r2")])
def test_beside_a_vote_that_could_tell_no_count_passes(choices: tuple[str, ...]) -> None:
    keeper = Keeper()
    ask(keeper, f" {WHO.upper()}\N{ZERO WIDTH SPACE} ", *choices)
    ask(keeper, WHO, "r2", "r3")
    withhold(keeper, 1)
    assert set(verdicts(signed_again(keeper)).values()) == {PASS}


@pytest.mark.parametrize(("scene", "verdict"), [("the door", PASS), ("the hall", FAIL)])
def test_votes_of_one_scene_are_on_one_question(scene: str, verdict: str) -> None:
    keeper = Keeper()
    story = keeper.story(CRISIS, "A knock")
    for question, named in (("And who should pay?", "the door"), (WHO, scene)):
        round_ = ask(keeper, question, "r1", "r2", shown=False)
        place = {"scenario": story, "scene": keeper.words(CRISIS, "scene", named)}
        keeper.opened[round_[0]].update(place)
        keeper.reveal(CRISIS, round_, disclosed=True)
    withhold(keeper, 1)
    assert verdicts(signed_again(keeper))["head counts"] == verdict


def test_where_the_words_are_not_here_no_count_cannot_be_judged() -> None:
    keeper = Keeper()
    first = ask(keeper, "And who should pay?", "r1", "r2")
    ask(keeper, WHO, "r2", "r3")
    withhold(keeper, 1)
    assert "head counts" in failed(signed_again(keeper))
    keeper.erase(CRISIS, [keeper.opened[first[0]]["question"]["sd"]])
    packed = signed_again(keeper)
    assert "head counts" not in failed(packed)
    assert "(1 of them cannot be judged: words or results are not here)" in details(packed)["ballots root"]


@pytest.mark.parametrize(("choices", "told"), [(("r1 r2",), ""), (("r1 r2 r3", "none"), NONE_TELLS)])
def test_of_approvals_each_answer_is_named_or_not(choices: tuple[str, ...], told: str) -> None:
    keeper = Keeper()
    ask(keeper, WHO, *choices, method="approval")
    ask(keeper, WHO, "r2", "r3", method="approval")
    withhold(keeper, 1)
    packed = signed_again(keeper)
    assert ("head counts" in failed(packed)) is bool(told)
    assert told in details(packed)["head counts"]
