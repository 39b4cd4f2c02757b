"""Rehearsals that a server plays itself: a process of made-up people at its own address, from form to report."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from support.app import House, a_house, words
from support.factories import CLOCK, a_session, new_id
from support.server_process import free_port

from forum.services.sessions.programmes import Programming, SectionForm
from forum.sessions.session import LiveSession
from forum.stories import scenario_twee
from forum.web.server.frames import Frames

NEVER_PUT = "This question was not put yet, so nobody can vote on it again."
JSON = {"Accept": "application/json"}


@dataclass(frozen=True)
class Stage:
    """A served house, somebody who runs sessions in it, and a session with a story."""

    house: House
    organiser: httpx2.AsyncClient
    session: LiveSession

    @property
    def path(self) -> str:
        return f"/organise/sessions/{self.session.id}/rehearsal"

    async def start(self, **form: Any) -> str:
        """Sends made-up people in; returns the path of their rehearsal."""
        asked = {"act": "start", "id": new_id(), "people": "20", "pace": "at once", **form}
        answer = await self.organiser.post(self.path, data=asked)
        assert answer.status_code == 303, words(answer)
        return answer.headers["location"]

    async def until(self, path: str, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Asks how far a rehearsal is until that is so."""
        async with asyncio.timeout(120):
            while True:
                facts: dict[str, Any] = (await self.organiser.get(path, headers=JSON)).json()
                if done(facts):
                    return facts
                await asyncio.sleep(0.1)


def over(facts: dict[str, Any]) -> bool:
    return facts["progress"] is None


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[Stage]:
    port = free_port()
    folder = tmp_path_factory.mktemp("playing")
    async with a_house(folder, sqlite_template, here=f"http://127.0.0.1:{port}") as house:
        config = uvicorn.Config(
            house.app, port=port, ws=Frames, ws_per_message_deflate=False, lifespan="off", log_level="error"
        )
        config.log_config = None
        server = uvicorn.Server(config)
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        commission = await house.commission()
        story, _ = await house.story(commission)
        await house.moderated(story, "accept")
        session = a_session(commission, title="A day in March", scenarios=(story.id,))
        async with house.store.begin() as work:
            await work.sessions.add_session(session)
        # The first cue can never be played: a second vote before the first.
        planning = Programming(house.store, CLOCK, session.id)
        [section] = (await planning.section(SectionForm(title="Morning"))).plan.sections
        [question] = [scene.name for scene in scenario_twee.parse(story.twee).scenes if scene.decision]
        await planning.cue(section.id, f"again|{story.id}|{question}")
        await planning.story(section.id, story.id)
        async with house.store.read() as work:
            session = await work.sessions.get_session(session.id)
        async with house.signed_in("organiser") as organiser:
            yield Stage(house, organiser, session)
        await server.shutdown()


async def test_twenty_people_play_the_programme_and_nothing_of_theirs_is_lost(stage: Stage) -> None:
    form = {"id": new_id(), "bad": ["slow", "dropping"]}
    async with stage.house.store.read() as work:
        entries = await work.record.size()
    path = await stage.start(**form)
    assert await stage.start(**form) == path, "the same form sent twice begins one"
    assert "Made-up people are coming in." in words(await stage.organiser.get(path))
    second = await stage.organiser.post(stage.path, data={"act": "start", "people": "30", "pace": "at once"})
    assert second.status_code == 409
    assert "Another rehearsal is being played on this server." in words(second)
    facts = await stage.until(path, over)
    figures = facts["report"]["figures"]
    assert facts["state"] == "done"
    assert facts["report"]["differences"] == []
    assert [one["why"] for one in facts["report"]["left_out"]] == [NEVER_PUT]
    assert (figures["phones"], figures["slow"], figures["screens"]) == (20, 2, {"phone": 20, "projector": 1})
    assert (figures["lost"], figures["untold"], figures["differing"], figures["own"]) == (0, 0, 0, 0)
    assert figures["dropped"] == figures["reconnected"] > 0
    first, again = facts["report"]["rounds"]
    assert first["ballots"] == first["told"] >= 12
    assert first["late"] == figures["refusals"]["closed"] / 2 == again["late"] == 1
    assert (first["compared"], first["differing"]) == (42, 0)
    page = words(await stage.organiser.get(path))
    assert f"All is well. {figures['counted']} votes were counted, none was lost" in page
    assert "What could the crew do now?" in page
    assert NEVER_PUT in page
    async with stage.house.store.read() as work:
        copy = await work.sessions.get_session(facts["session"])
        assert await work.sessions.get_session(stage.session.id) == stage.session
        assert await work.record.size() == entries
    assert (copy.title, copy.rehearsal, copy.recorded, copy.ended) == ("Rehearsal: A day in March", True, False, True)
    assert "All is well" in words(await stage.organiser.get(stage.path))


async def test_made_up_people_follow_whoever_presses_the_buttons_until_they_are_stopped(stage: Stage) -> None:
    path = await stage.start(who="you")
    copy = path.split("/")[3]
    console = f"/console/{copy}"
    await stage.until(path, lambda facts: facts["progress"]["part"] == "playing")
    asked = await stage.organiser.post(
        f"{console}/ask", data={"question": "Who stays?", "response": ["Ana", "Ben"]}, headers=JSON
    )
    await stage.organiser.post(f"{console}/open", data={"round": asked.json()["round"]}, headers=JSON)
    await stage.until(path, lambda facts: facts["progress"]["counted"] > 3)
    [pid] = children()
    stopped = await stage.organiser.post(path, data={"act": "stop"})
    assert stopped.status_code == 303
    facts = (await stage.organiser.get(path, headers=JSON)).json()
    assert (facts["state"], facts["progress"]) == ("stopped", None)
    assert facts["report"]["figures"]["counted"] > 3
    assert facts["report"]["figures"]["lost"] == 0
    assert "This rehearsal was stopped." in words(await stage.organiser.get(path))
    assert pid not in children()
    async with stage.house.store.read() as work:
        assert (await work.sessions.get_session(copy)).ended
    again = await stage.organiser.post(path, data={"act": "stop"})
    assert again.status_code == 303, "it has ended: nothing more to stop"


def children() -> list[int]:
    """Returns the processes of crowds that this process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if b"forum.rehearsal.crowd_pipe" in command and parent == os.getpid():
            found.append(int(entry.name))
    return found
