"""The page of a dress rehearsal: its form, what is refused, and a rehearsal that the server was stopped in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx2
import pytest
from support.app import House, assert_faults_at, words
from support.factories import CLOCK, a_session, new_id

from forum.services.sessions import rehearsals
from forum.services.sessions.cues import ask_question
from forum.services.sessions.desk import Desk
from forum.services.sessions.facilitation import open_round
from forum.services.sessions.programmes import Programming, SectionForm
from forum.sessions.rehearsal import RehearsalForm, RehearsalState
from forum.sessions.session import LiveSession
from forum.voting.suppression import ONLY_WITH_TICKETS, Partition

FORM = {"act": "start", "people": "20", "pace": "at once"}


async def a_session_to_rehearse(house: House, *, asks: bool = True, **changes: Any) -> LiveSession:
    commission = await house.commission()
    session = replace(a_session(commission, title="A day in March"), **changes)
    async with house.store.begin() as work:
        await work.sessions.add_session(session)
    if asks:
        planning = Programming(house.store, CLOCK, session.id)
        [section] = (await planning.section(SectionForm(title="Morning"))).plan.sections
        await planning.ask(section.id, "Who stays?", ["Ana", "Ben"], none=False)
    return session


def path(session: str) -> str:
    return f"/organise/sessions/{session}/rehearsal"


async def send(browser: httpx2.AsyncClient, session: str, **changes: str) -> httpx2.Response:
    return await browser.post(path(session), data={**FORM, "id": new_id(), **changes})


@pytest.mark.parametrize("people", ["", "19", "301", "-20", "20.5", "many", "9" * 30])
async def test_a_number_of_people_that_cannot_be_is_told_at_its_field_and_kept(house: House, people: str) -> None:
    session = await a_session_to_rehearse(house)
    async with house.signed_in("organiser") as browser:
        answer = await send(browser, session.id, people=people)
    assert_faults_at(answer, {"people"})
    assert "Write a whole number from 20 to 300." in words(answer)
    assert f'value="{people}"' in answer.text
    async with house.store.read() as work:
        assert [one.id for one in await work.sessions.list_sessions()] == [session.id]


async def test_a_session_without_story_or_question_has_nothing_to_play(house: House) -> None:
    session = await a_session_to_rehearse(house, asks=False)
    async with house.signed_in("organiser") as browser:
        shown = await browser.get(path(session.id))
        assert "There is nothing to play yet" in words(shown)
        assert "Send in made-up people" not in words(shown)
        answer = await send(browser, session.id)
    assert answer.status_code == 409
    assert rehearsals.NOTHING_TO_PLAY in words(answer)


async def test_neither_what_has_ended_nor_a_copy_can_be_rehearsed(house: House) -> None:
    session = await a_session_to_rehearse(house)
    copy = await rehearsals.begin(house.store, CLOCK, session.id, RehearsalForm(people="20"))
    async with house.store.begin() as work:
        await work.sessions.save_session(replace(await work.sessions.get_session(session.id), ended=True))
    async with house.signed_in("organiser") as browser:
        ended, of_copy = await send(browser, session.id), await send(browser, copy.session)
        assert "there is nothing to rehearse any more" in words(await browser.get(path(session.id)))
    assert (ended.status_code, of_copy.status_code) == (409, 409)
    assert "This session has ended, so there is nothing to rehearse any more." in words(ended)
    assert "This is a rehearsal itself." in words(of_copy)


async def test_a_copy_is_the_session_again_but_for_what_happened_in_it(house: House) -> None:
    session = await a_session_to_rehearse(house, partition=Partition((), ONLY_WITH_TICKETS), no_receipts=True)
    desk = Desk(house.store, CLOCK)
    asked = await ask_question(desk, session.id, "Who?", ["Ana", "Ben"], none=True)
    assert asked.round is not None
    await open_round(desk, session.id, asked.round.id)
    made = await rehearsals.begin(house.store, CLOCK, session.id, RehearsalForm(people="20"))
    async with house.store.read() as work:
        copy = await work.sessions.get_session(made.session)
        plans = [(await work.programmes.latest(id_)).plan for id_ in (session.id, copy.id)]
        assert await work.rounds.list_rounds(copy.id) == []
    assert plans[0] == plans[1]
    assert (copy.title, copy.rehearsal, copy.recorded) == ("Rehearsal: A day in March", True, False)
    assert (copy.commission, copy.reasons, copy.partition) == (session.commission, session.reasons, session.partition)
    assert copy.no_receipts
    assert copy.code != session.code
    assert copy.projector != session.projector
    assert copy.cue.round is None


async def test_a_rehearsal_in_the_middle_of_which_the_server_was_stopped_says_so(house: House) -> None:
    session = await a_session_to_rehearse(house)
    made = await rehearsals.begin(house.store, CLOCK, session.id, RehearsalForm(people="20"))
    desk = Desk(house.store, CLOCK)
    asked = await ask_question(desk, made.session, "Who?", ["Ana", "Ben"], none=True)
    assert asked.round is not None
    await open_round(desk, made.session, asked.round.id)
    await house.site.rehearsals.recover()
    async with house.signed_in("organiser") as browser:
        said = words(await browser.get(path(made.session)))
        assert "Interrupted" in words(await browser.get(path(session.id)))
    assert f"This rehearsal was interrupted. {rehearsals.RESTARTED}" in said
    assert "Send them in again" in said
    async with house.store.read() as work:
        [found] = await work.rehearsals.rehearsals_of(session.id, 10)
        assert found.state == RehearsalState.INTERRUPTED
        assert (await work.sessions.get_session(made.session)).ended


async def test_a_server_that_cannot_reach_itself_says_so(house: House) -> None:
    """Nothing is left half begun: the copy has ended, and the next rehearsal can be sent."""
    session = await a_session_to_rehearse(house)
    async with house.signed_in("organiser") as browser:
        for _ in range(2):
            answer = await send(browser, session.id)
            assert answer.status_code == 303
            said = words(await browser.get(answer.headers["location"]))
            assert "This rehearsal broke off. This server does not know its own address" in said


async def test_a_rehearsal_is_stopped_by_its_copy_alone(house: House) -> None:
    session = await a_session_to_rehearse(house)
    async with house.signed_in("organiser") as browser:
        assert (await browser.post(path(session.id), data={"act": "stop"})).status_code == 404
        assert (await browser.post(path(session.id), data={"act": "burn"})).status_code == 404
        assert (await browser.get(path(new_id()))).status_code == 404
