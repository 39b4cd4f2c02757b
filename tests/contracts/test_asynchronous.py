"""Asynchronous rounds on both databases: in or out, whoever is faster; and what stops one."""

from __future__ import annotations

import asyncio

import pytest
from support.async_round import (
    DAYS,
    AsyncRound,
    a_cast_now,
    a_form,
    a_public_story,
    an_answered_round,
    an_async_round,
    cast_now,
    current_round,
    entries,
)
from support.factories import SetClock, a_commission
from support.record_keeper import SIGNER

from forum.errors import FormErrors, IllegalMove
from forum.live.ballot_box import Intake
from forum.ports import Store
from forum.record.audit import verify
from forum.record.verify.verdict import PASS
from forum.services import exports
from forum.services.checkpoints import Checkpoints
from forum.services.sessions import asynchronous, facilitation
from forum.services.sessions.asynchronous import close_due
from forum.services.stories import moderation, withdrawal
from forum.store import SqlStore
from forum.stories.submission import Submission
from forum.voting.round import Round


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


async def test_closers_and_an_organiser_close_it_once_while_answers_pour_in(store: SqlStore, clock: SetClock) -> None:
    night = await an_async_round(store, clock, ["g1"] * 120)
    counted: dict[str, int] = {}
    intake = Intake(store, counted.update)
    clock.move(days=DAYS, seconds=-3)
    clock.step = 0.05
    answers = [a_cast_now(clock, night, person, "r2") for person in night.people]
    late = [answer.cast for answer in answers if answer.at >= night.round.closes_at]
    assert 20 < len(late) < 100
    tasks = [asyncio.create_task(intake.cast_and_wait(answer)) for answer in answers]
    clock.move(seconds=asynchronous.GRACE)
    clock.step = 0
    closing = [close_due(store, clock) for _ in range(3)]
    closed = [round_ for done in await asyncio.gather(*closing) for round_ in done]
    outcomes = await asyncio.gather(*tasks)
    assert len(closed) == 1
    in_it = {outcome.cast.participant for outcome in outcomes if not outcome.refusal}
    assert {outcome.refusal for outcome in outcomes} <= {"", "closed"}
    assert not {outcome.cast.cast for outcome in outcomes if not outcome.refusal} & set(late)
    async with store.read() as work:
        assert {ballot.participant for ballot in await work.rounds.ballots(night.round.id)} == in_it
    assert (await entries(store))[-1]["count"] == len(in_it)
    assert [entry["type"] for entry in await entries(store)].count("round closed") == 1


async def test_opening_and_taking_down_at_once_leave_nothing_open(store: SqlStore, clock: SetClock) -> None:
    """Either it is not opened, or what was opened is closed again: whichever of the two is first."""
    commission = a_commission()
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
    for number in range(6):
        story, key = await a_public_story(store, clock, commission)
        stop = (
            withdrawal.withdraw(store, clock, key)
            if number % 2
            else moderation.moderate(
                store, clock, story.id, "take down", because="A street.", expected_status="accepted"
            )
        )
        opening = asynchronous.open_round(store, clock, a_form(clock, story))
        both = (opening, stop) if number % 3 else (stop, opening)
        results = await asyncio.gather(*both, return_exceptions=True)
        assert {type(r) for r in results if isinstance(r, Exception)} <= {FormErrors}
        async with store.read() as work:
            assert await work.rounds.timed(scenario=story.id) == []


async def test_taking_down_and_taking_back_at_once_do_not_wait_for_each_other_for_ever(
    store: SqlStore, clock: SetClock
) -> None:
    for _ in range(4):
        night = await an_async_round(store, clock, ["g1"])
        down = moderation.moderate(
            store, clock, night.story.id, "take down", because="A street.", expected_status="accepted"
        )
        back = withdrawal.withdraw(store, clock, night.key)
        results = await asyncio.gather(down, back, return_exceptions=True)
        assert not isinstance(results[1], Exception)
        assert results[0] is None or isinstance(results[0], (IllegalMove, Submission))
        assert (await current_round(store, night)).state == "closed"


# ---------------------------------------------------------------- what stops it


async def stopped(store: Store, clock: SetClock, night: AsyncRound) -> Round:
    """Checks that a new answer is refused as closed and the counted ballots stay; gives the round as it is now."""
    assert await cast_now(store, clock, night, night.people[0], "r2") == "closed"
    async with store.read() as work:
        assert [b.choice for b in await work.rounds.ballots(night.round.id)] == ["r1"] * len(night.people)
    assert [entry["type"] for entry in await entries(store)].count("round closed") == 1
    return await current_round(store, night)


async def test_taking_the_story_back_closes_it_and_takes_its_words(store: SqlStore, clock: SetClock) -> None:
    night = await an_answered_round(store, clock)
    await withdrawal.withdraw(store, clock, night.key)
    round_ = await stopped(store, clock, night)
    assert (round_.state, round_.question, round_.scene) == ("closed", "[withdrawn]", None)
    assert round_.closes_at == night.round.closes_at
    async with store.read() as work:
        assert {b.reason for b in await work.rounds.ballots(round_.id)} == {""}
    await facilitation.reveal_round(asynchronous.desk(store, clock), night.live.id, round_.id)
    assert {check.verdict for check in verify(await exports.export(Checkpoints(store, SIGNER)))} == {PASS}


async def test_a_moderator_who_takes_the_story_down_closes_it(store: SqlStore, clock: SetClock) -> None:
    night = await an_answered_round(store, clock)
    await moderation.moderate(
        store, clock, night.story.id, "take down", because="A street.", expected_status="accepted"
    )
    assert (await stopped(store, clock, night)).state == "closed"


async def test_a_writer_who_no_longer_allows_playing_closes_it(store: SqlStore, clock: SetClock) -> None:
    night = await an_answered_round(store, clock)
    await withdrawal.permit(store, clock, night.key, perform=True, publish=True, quote=True)
    assert (await current_round(store, night)).state == "open"
    await withdrawal.permit(store, clock, night.key, perform=False, publish=True, quote=True)
    assert (await stopped(store, clock, night)).state == "closed"
