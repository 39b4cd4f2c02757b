"""Stops over a room's sockets, on a real store: the answer comes after the commit, whatever the store does; and what
a room shows by itself, when a reason's time has come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from support.factories import CLOCK, new_id
from support.faulty_store import FaultyStore
from support.kept_databases import kept
from support.second_run_session import BEN, Playing, a_replay

from forum.live.connection import Connection
from forum.live.group_commit import Committed
from forum.live.messages import Screen, StopMessage, encode
from forum.live.room import Room
from forum.live.rooms import Rooms
from forum.live.stop_box import Press, Stopping
from forum.ports import Store, Work
from forum.services.sessions import facilitation
from forum.services.sessions.desk import Desk
from forum.services.voting import reasons
from forum.sessions.stop import MOST_HOW
from forum.sessions.view import RoomView
from forum.voting.reason import ReasonReading, ReasonState


def draw(kind: Screen, view: RoomView, language: str) -> str:
    """Draws only what a screen of each kind may show."""
    said = ", ".join(reason.words for reason in view.said)
    return f"{len(view.run.stops)} stops" if kind == "console" else f"said: {said}"


def the_rooms(store: Store) -> Rooms:
    return Rooms(store, CLOCK, draw, lambda words, language: words)


async def until(connection: Connection, *kinds: str) -> dict[str, Any]:
    """Waits for the next message of these types."""
    while True:
        for frame in await connection.outbox.take():
            message: dict[str, Any] = json.loads(frame)
            if message["t"] in kinds:
                return message


async def enter(room: Room, participant: str = "", kind: Screen = "phone") -> Connection:
    connection = Connection(kind, participant)
    room.enter(connection)
    await connection.outbox.take()
    return connection


@pytest.fixture
async def playing(sqlite_store: Store) -> Playing:
    return await kept(sqlite_store, a_replay, reasons=ReasonReading.READ_FIRST)


async def stop(room: Room, phone: Connection, **said: str) -> dict[str, Any]:
    """Sends a stop and returns its answer."""
    said.setdefault("showing", room.view.session.cue.showing)
    room.receive(phone, encode(StopMessage(new_id(), **said)))
    return await until(phone, "stopped", "refused")


async def test_a_stop_is_answered_once_it_is_on_disk(playing: Playing) -> None:
    room = await the_rooms(playing.store).room(playing.session)
    phone = await enter(room, playing.people[0])
    answer = await stop(room, phone, character=BEN, how="Sit down")
    assert (answer["t"], answer["showing"]) == ("stopped", room.view.session.cue.showing)
    assert [(s.participant, s.how) for s in await playing.stops()] == [(playing.people[0], "Sit down")]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"showing": "of yesterday"}, "scene_over"),
        ({"showing": ""}, "scene_over"),
        ({"character": "Hamlet"}, "unknown_character"),
        ({"how": "x" * (MOST_HOW + 1)}, "how_too_long"),
    ],
)
async def test_what_is_no_stop_is_refused_with_its_id(playing: Playing, said: dict[str, str], code: str) -> None:
    room = await the_rooms(playing.store).room(playing.session)
    phone = await enter(room, playing.people[0])
    message = StopMessage(new_id(), **({"showing": room.view.session.cue.showing} | said))
    room.receive(phone, encode(message))
    answer = await until(phone, "refused")
    assert (answer["code"], answer["cast"]) == (code, message.id)
    assert await playing.stops() == []


async def test_a_projector_cannot_stop_anything(playing: Playing) -> None:
    room = await the_rooms(playing.store).room(playing.session)
    projector = await enter(room, kind="projector")
    assert (await stop(room, projector))["code"] == "not_joined"


async def test_a_wave_of_stops_is_one_redrawing_of_the_console_and_none_of_any_phone(playing: Playing) -> None:
    room = await the_rooms(playing.store).room(playing.session)
    console = await enter(room, kind="console")
    phones = [await enter(room, person) for person in playing.people]
    for phone in phones:
        showing = room.view.session.cue.showing
        room.receive(phone, encode(StopMessage(new_id(), showing)))
    for phone in phones:
        assert (await until(phone, "stopped", "refused"))["t"] == "stopped"
    assert (await until(console, "state"))["html"] == f"{len(phones)} stops"
    phones[0].outbox.close()
    assert "state" not in [json.loads(frame)["t"] for frame in await phones[0].outbox.take()]


@pytest.mark.parametrize(
    ("fault", "kept"),
    [({"before": 1}, 0), ({"before": 1, "bug": True}, 0), ({"after": 1}, 1)],
    ids=["failed", "failed by a bug", "failed but persisted"],
)
async def test_what_could_not_be_stored_is_said_and_the_same_press_again_is_one_stop(
    playing: Playing, fault: dict[str, Any], kept: int
) -> None:
    told: list[str] = []
    stopping = Stopping(FaultyStore(playing.store, **fault), told.append)
    showing = (await playing.live()).cue.showing
    press = Press(playing.session, playing.people[0], showing, BEN, "Sit down", CLOCK.now())
    assert await stopping.press_and_wait(press) == "stop_not_stored"
    assert (len(await playing.stops()), told) == (kept, [])
    assert await stopping.press_and_wait(press) == ""
    assert (len(await playing.stops()), told) == (1, [playing.session])
    await stopping.drain()


async def test_everybody_who_presses_at_once_is_answered_exactly_once(playing: Playing) -> None:
    answers: dict[str, list[str]] = {person: [] for person in playing.people}
    stopping = Stopping(playing.store, lambda session: None)
    showing = (await playing.live()).cue.showing
    for person in playing.people:
        press = Press(playing.session, person, showing, "", "", CLOCK.now())
        stopping.press(press, answers[person].append)
    await stopping.drain()
    assert set(map(tuple, answers.values())) == {("",)}
    assert len(await playing.stops()) == len(playing.people)


async def test_a_reason_is_shown_by_itself_when_its_time_has_come(sqlite_store: Store) -> None:
    playing = await a_replay(sqlite_store, reasons=ReasonReading.DELAYED)
    live = await playing.live()
    given = await reasons.give(sqlite_store, CLOCK, live, playing.people[0], playing.first, "Because", "")
    await facilitation.reveal_round(playing.acts, playing.session, playing.first)
    # As if it had been given a minute ago.
    async with sqlite_store.begin() as work:
        await work.reasons.put_reason(replace(given, id=new_id(), due_at=CLOCK.later(seconds=0.3)))
    rooms = the_rooms(sqlite_store)
    room = await rooms.room(playing.session)
    phone = await enter(room, playing.people[1])
    assert (await until(phone, "state"))["html"] == "said: Because"
    async with sqlite_store.read() as work:
        assert [r.state for r in await work.reasons.list_reasons(playing.first)] == [ReasonState.SHOWN]
    await rooms.close()


async def test_me_too_is_drawn_once_for_many_and_screens_that_come_back_are_sent_it(playing: Playing) -> None:
    live = await playing.live()
    given = await reasons.give(playing.store, CLOCK, live, playing.people[0], playing.first, "Because", "")
    await reasons.hear(Desk(playing.store, CLOCK), playing.session, given.id, ReasonState.SHOWN, ReasonState.WAITING)
    await facilitation.reveal_round(playing.acts, playing.session, playing.first)
    rooms = the_rooms(playing.store)
    room = await rooms.room(playing.session)
    phone, before = await enter(room, playing.people[1]), room.version
    for _ in range(20):
        rooms.stirred(playing.session)
    assert (await until(phone, "state"))["v"] == before + 1
    await asyncio.sleep(0)
    assert room.version == before + 1
    await rooms.close()


async def test_a_hall_that_presses_at_once_does_not_have_the_database_to_itself(
    playing: Playing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.live.stop_box.BATCH", 2)
    session = (await the_rooms(playing.store).room(playing.session)).view.session
    stopping = Stopping(playing.store, lambda session: None)
    sizes: list[int] = []
    commit = stopping._presses._commit

    async def counted(work: Work, presses: Sequence[Press]) -> Committed[str]:
        sizes.append(len(presses))
        return await commit(work, presses)

    monkeypatch.setattr(stopping._presses, "_commit", counted)
    press = Press(session.id, playing.people[0], session.cue.showing, "", "", CLOCK.now())
    assert await asyncio.gather(*(stopping.press_and_wait(press) for _ in range(5))) == [""] * 5
    assert sizes == [2, 2, 1]
