"""The checks of rounds: a round out of order, undeclared or given more time than there is fails."""

from __future__ import annotations

import pytest
from support.forged_exports import (
    entry_of_type,
    failed,
    failed_after,
    failed_after_odd,
)
from support.record_keeper import CRISIS, QUIET, SIGNER, Keeper, a_keeper, people, votes_of

from forum.record import export_zip
from forum.record.verify.merkle_tree import root
from forum.record.verify.public_log import Log


@pytest.mark.parametrize("annulled", [False, True], ids=["sealed", "annulled before its result was shown"])
def test_a_ballot_of_a_round_that_is_not_revealed_fails(annulled: bool) -> None:
    keeper = a_keeper()
    revealed = {e["round"] for e in keeper.entries if e["type"] == "round revealed"}
    [sealed] = keeper.ballots.keys() - revealed
    if annulled:
        keeper.annul(CRISIS, (sealed, keeper.opened[sealed]["session"]), "Half of the room could not hear")
    log = keeper.log()
    assert failed(export_zip.pack(log, SIGNER)) == set()
    opened_too_soon = Log(log.entries, log.disclosures, (*log.ballots, *keeper.ballots[sealed]))
    assert "opened ballots" in failed(export_zip.pack(opened_too_soon, SIGNER))


def test_rounds_told_in_another_order_fail() -> None:
    def revealed_unclosed(keeper: Keeper) -> None:
        keeper.entries.remove(entry_of_type(keeper, "round closed"))

    def closed_twice(keeper: Keeper) -> None:
        keeper.entries.append(entry_of_type(keeper, "round closed"))

    def revealed_twice(keeper: Keeper) -> None:
        keeper.entries.append(entry_of_type(keeper, "round revealed"))

    def another_commission(keeper: Keeper) -> None:
        entry_of_type(keeper, "round closed")["commission"] = QUIET.id

    def annulled_twice(keeper: Keeper) -> None:
        keeper.entries.append(entry_of_type(keeper, "round annulled"))

    def closed_though_annulled(keeper: Keeper) -> None:
        annulled = entry_of_type(keeper, "round annulled")
        facts = {"session": annulled["session"], "round": annulled["round"]}
        keeper.add(CRISIS, "round closed", **facts, count=0, ballots_root=root([]).hex())

    def shown_though_annulled(keeper: Keeper) -> None:
        revealed = {entry["round"] for entry in keeper.entries if entry["type"] == "round revealed"}
        [sealed] = keeper.ballots.keys() - revealed
        of = (sealed, keeper.opened[sealed]["session"])
        keeper.annul(CRISIS, of, "Half of the room could not hear")
        keeper.reveal(CRISIS, of)

    def more_time_though_annulled(keeper: Keeper) -> None:
        longer = entry_of_type(keeper, "round extended")
        keeper.annul(CRISIS, (longer["round"], longer["session"]), "It was put badly")
        keeper.entries.insert(keeper.entries.index(longer), keeper.entries.pop())

    for change in (revealed_unclosed, closed_twice, revealed_twice, another_commission):
        assert "order of rounds" in failed_after_odd(change), change.__name__
    for change in (annulled_twice, closed_though_annulled, shown_though_annulled, more_time_though_annulled):
        assert "order of rounds" in failed_after_odd(change), change.__name__


def test_a_vote_unlike_what_its_session_declared_fails() -> None:
    def threshold(keeper: Keeper) -> None:
        entry_of_type(keeper, "round opened")["threshold"] = 3

    def power(keeper: Keeper) -> None:
        entry_of_type(keeper, "round opened")["power"] = "informing"

    def undeclared(keeper: Keeper) -> None:
        keeper.entries.remove(entry_of_type(keeper, "session opened"))

    def declared_later(keeper: Keeper) -> None:
        keeper.entries.append(keeper.entries.pop(keeper.entries.index(entry_of_type(keeper, "session opened"))))

    def declared_twice(keeper: Keeper) -> None:
        keeper.entries.append({**entry_of_type(keeper, "session opened"), "title": "Another day"})

    def no_second(keeper: Keeper) -> None:
        entry_of_type(keeper, "round opened", 1)["kind"] = "first vote"

    def second_of_nothing(keeper: Keeper) -> None:
        entry_of_type(keeper, "round opened").update(second_of="0" * 32, kind="vote after replay")

    def other_answers(keeper: Keeper) -> None:
        entry_of_type(keeper, "round opened", 1)["responses"].reverse()

    for change in (threshold, power, undeclared, declared_later, declared_twice):
        assert "order of rounds" in failed_after(change), change.__name__
    for change in (no_second, second_of_nothing, other_answers):
        assert "order of rounds" in failed_after(change), change.__name__


def test_an_asynchronous_round_told_wrongly_fails() -> None:
    last = 11  # the place of the asynchronous round among those that were opened

    def for_ever(keeper: Keeper) -> None:
        entry_of_type(keeper, "round opened", last)["closes_at"] = None
        keeper.entries.remove(entry_of_type(keeper, "round extended"))

    def over_before_it_began(keeper: Keeper) -> None:
        entry_of_type(keeper, "round opened", last)["closes_at"] = "2026-11-22T13:00:00.000Z"
        keeper.entries.remove(entry_of_type(keeper, "round extended"))

    def some_day(keeper: Keeper) -> None:
        entry_of_type(keeper, "round opened", last)["closes_at"] = "some day"
        keeper.entries.remove(entry_of_type(keeper, "round extended"))

    def passed_off_as_a_room(keeper: Keeper) -> None:
        entry_of_type(keeper, "session opened", 2)["kind"] = "room"

    def passed_off_silently(keeper: Keeper) -> None:
        del entry_of_type(keeper, "session opened", 2)["kind"]

    def neither(keeper: Keeper) -> None:
        entry_of_type(keeper, "session opened", 2)["kind"] = "somewhere"

    def a_room_with_a_closing_time(keeper: Keeper) -> None:
        entry_of_type(keeper, "round opened")["closes_at"] = "2026-11-25T18:00:00.000Z"

    def two_of_them(keeper: Keeper) -> None:
        keeper.open(
            CRISIS, entry_of_type(keeper, "session opened", 2)["session"], "And?", closes_at="2026-12-01T18:00:00.000Z"
        )

    def after_a_replay(keeper: Keeper) -> None:
        first = entry_of_type(keeper, "round opened", last)
        session = first["session"]
        keeper.open(CRISIS, session, "And?", second_of=first["round"], closes_at="2026-12-01T18:00:00.000Z")

    for change in (for_ever, over_before_it_began, some_day, passed_off_as_a_room, passed_off_silently, neither):
        assert "order of rounds" in failed_after(change), change.__name__
    for change in (a_room_with_a_closing_time, two_of_them, after_a_replay):
        assert "order of rounds" in failed_after(change), change.__name__


def test_more_time_that_is_none_fails() -> None:
    def less(keeper: Keeper) -> None:
        entry_of_type(keeper, "round extended")["closes_at"] = "2026-11-24T18:00:00.000Z"

    def the_same(keeper: Keeper) -> None:
        entry_of_type(keeper, "round extended")["closes_at"] = "2026-11-25T18:00:00.000Z"

    def none(keeper: Keeper) -> None:
        entry_of_type(keeper, "round extended")["closes_at"] = None

    def no_time(keeper: Keeper) -> None:
        entry_of_type(keeper, "round extended")["closes_at"] = "some day"

    def no_day(keeper: Keeper) -> None:
        entry_of_type(keeper, "round extended")["closes_at"] = "2026-11-31T18:00:00.000Z"

    def when_it_was_over(keeper: Keeper) -> None:
        entry_of_type(keeper, "round extended")["at"] = "2026-11-25T18:00:00.000Z"

    def when_it_was_closed(keeper: Keeper) -> None:
        keeper.entries.append(keeper.entries.pop(keeper.entries.index(entry_of_type(keeper, "round extended"))))

    def in_a_room(keeper: Keeper) -> None:
        opened = entry_of_type(keeper, "round opened", 9)
        keeper.extend(CRISIS, (opened["round"], opened["session"]), "2026-11-27T18:00:00.000Z")

    def unopened(keeper: Keeper) -> None:
        entry_of_type(keeper, "round extended")["round"] = "0" * 32

    for change in (less, the_same, none, no_time, no_day, when_it_was_over, when_it_was_closed, in_a_room, unopened):
        assert "order of rounds" in failed_after_odd(change), change.__name__


def asked_back(keeper: Keeper, **odd: str) -> tuple[str, str]:
    """Asks those who voted in a small room whether they were understood; returns the round and its session. `odd` are
    other facts of its opening."""
    vote = next(e["round"] for e in keeper.entries if e["type"] == "round revealed" and e["commission"] == QUIET.id)
    session = keeper.session(QUIET, "Did we get you right?", kind="asynchronous")
    entry_of_type(keeper, "session opened", -1)["entrance"] = "those who voted"
    of = keeper.open(QUIET, session, "You want a lift", closes_at="2026-11-25T18:00:00.000Z", asks_about=vote)
    entry_of_type(keeper, "round opened", -1).update({"kind": "check back"} | odd)
    return of


def answered(keeper: Keeper) -> str:
    """Does the same, with answers that are shown; returns the vote."""
    of = asked_back(keeper)
    keeper.close(QUIET, of, votes_of(people({"users": 6, "staff": 5}), "r1", "r2"))
    keeper.reveal(QUIET, of)
    return str(keeper.opened[of[0]]["asks_about"])


def test_those_who_voted_are_asked_about_a_vote_and_before_it_is_decided() -> None:
    def decided_after(keeper: Keeper) -> None:
        keeper.decide(QUIET, [answered(keeper)], "not adopted", "r3", rationale="There is still no lift")

    def decided_meanwhile(keeper: Keeper) -> None:
        of = asked_back(keeper)
        keeper.decide(QUIET, [keeper.opened[of[0]]["asks_about"]], "not adopted", "r3", rationale="No lift")

    def about_nothing(keeper: Keeper) -> None:
        asked_back(keeper)
        del entry_of_type(keeper, "round opened", -1)["asks_about"]

    def another_kind(keeper: Keeper) -> None:
        asked_back(keeper, kind="first vote")

    def of_whoever_comes(keeper: Keeper) -> None:
        asked_back(keeper)
        entry_of_type(keeper, "session opened", -1)["entrance"] = "open link"

    def several_answers(keeper: Keeper) -> None:
        asked_back(keeper, method="approval")

    assert failed_after(decided_after) == set()
    for change in (decided_meanwhile, about_nothing, another_kind, of_whoever_comes, several_answers):
        assert "order of rounds" in failed_after(change), change.__name__


def test_answers_that_do_not_add_up_to_what_is_shown_of_them_fail() -> None:
    def more(keeper: Keeper) -> None:
        answered(keeper)
        result = entry_of_type(keeper, "round revealed", -1)["result"]
        result["counts"] |= {"r1": result["counts"]["r1"] + 1, "r2": result["counts"]["r2"] - 1}

    assert "head counts" in failed_after(more)
