"""Sessions written straight into the data of a server that runs, past its pages: for attacks that want a room at
once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.services import accounts
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.sessions.session import LiveSession, Participant
from forum.sessions.stop import Stop
from forum.store import open_store
from forum.stories import scenario_twee
from forum.voting.commission import Commission
from support.factories import CLOCK, a_commission, a_session, new_id


@dataclass(frozen=True)
class ReadySession:
    """Session with its commission, and the round on which the vote is open; "" where there is none."""

    commission: Commission
    session: LiveSession
    round: str


@asynccontextmanager
async def server_store(data: Path) -> AsyncIterator[Store]:
    """Opens the store of a server's data folder in this process too, and closes it."""
    store = await open_store(f"sqlite+aiosqlite:///{data / 'forum.db'}")
    try:
        yield store
    finally:
        await store.close()


async def a_vote(store: Store) -> ReadySession:
    """Makes a session in which a vote is open, before anybody has come to it."""
    commission = a_commission()
    live = a_session(commission)
    async with store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.sessions.add_session(live)
    acts = Desk(store, CLOCK)
    asked = (await cues.ask_question(acts, live.id, "Who?", ["A nurse", "The police"], none=True)).round
    if asked is None:
        raise AssertionError("no question was asked")
    await facilitation.open_round(acts, live.id, asked.id)
    return ReadySession(commission, live, asked.id)


async def join(base: str, code: str, group: str = "g1") -> str:
    """Joins as a browser does; returns its cookies as they are sent."""
    async with httpx2.AsyncClient(base_url=base, headers={"Origin": base}, timeout=60) as browser:
        await browser.get(f"/s/{code}")
        answer = await browser.post(f"/s/{code}/join", data={"group": group})
        if answer.status_code != 303:
            raise AssertionError(answer.text)
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)


async def join_many(base: str, code: str, number: int) -> list[str]:
    """Joins with so many browsers at once; returns the cookies of each."""
    return await asyncio.gather(*(join(base, code) for _ in range(number)))


async def a_replay(store: Store) -> ReadySession:
    """Makes a session of the demonstration's commission in which a scene of one of its stories is played again."""
    async with store.begin() as work:
        commission = next(one for one in await work.commissions.list_commissions() if one.demonstration)
        story = next(
            one for one in await work.stories.list_stories() if one.commission == commission.id and one.may_perform
        )
        live = a_session(commission, scenarios=(story.id,))
        await work.sessions.add_session(live)
    scene = next(one for one in scenario_twee.parse(story.twee).scenes if not one.decision)
    await cues.show_scene(Desk(store, CLOCK), live.id, story.id, scene.name, replay=True)
    return ReadySession(commission, live, "")


async def press_stops(store: Store, session: str, number: int, words: str) -> None:
    """Adds so many participants, each of whom presses STOP with these words or none."""
    async with store.begin() as work:
        live = await work.sessions.get_session(session)
        groups = [group.id for group in (await work.commissions.get_commission(live.commission)).groups]
        cue = live.cue
        for at in range(number):
            who = Participant(new_id(), session, groups[at % len(groups)], CLOCK.now())
            await work.sessions.join(who, new_id())
            stop = Stop(
                new_id(), session, cue.showing, cue.since, cue.scenario or "", cue.scene or "", CLOCK.now(), who.id,
                how=words,
            )  # fmt: skip
            await work.stops.press(stop)


async def an_organiser(store: Store) -> dict[str, str]:
    """Adds an organiser; returns the headers with which they run sessions by the API."""
    person = Person(new_id(), f"olu-{new_id()[:8]}", "Olu", (Role.ORGANISER,), "", CLOCK.now())
    async with store.begin() as work:
        await work.people.add_person(person)
    _, secret = await accounts.make_token(store, CLOCK, person, "test")
    return {"Authorization": f"Bearer {secret}", "Accept": "application/json"}
