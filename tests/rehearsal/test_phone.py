"""Phones of a rehearsal against small servers that misbehave in one way each, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve

from forum.live.messages import (
    Ack,
    Bye,
    CastMessage,
    Change,
    Choice,
    Hello,
    Refused,
    RoundNow,
    State,
    StopMessage,
    Stopped,
    Tally,
    encode,
)
from forum.rehearsal.crowd_plan import RehearsalFailed
from forum.rehearsal.network import AFTER, BEFORE, LATE, Pace
from forum.rehearsal.phone import Counters, Phone, cookie_in
from forum.rehearsal.script import Press, Vote
from forum.sessions.participant_view import Yours

ROUND = RoundNow("round", "open", "Who should come?", [Choice("r1", "A nurse"), Choice("r2", "Nobody")])
OPEN = encode(State(1, "question", ROUND, paused=False, html=""))
Behaviour = Callable[[ServerConnection, int], Awaitable[None]]


def cast_in(frame: str | bytes) -> CastMessage:
    return msgspec.json.decode(frame, type=CastMessage)


def ack(cast: CastMessage) -> str:
    return encode(Ack(cast.id, cast.round, cast.choice))


@asynccontextmanager
async def phone_at(
    behaviour: Behaviour, pace: Pace | None = None
) -> AsyncIterator[tuple[Phone, Counters, asyncio.Task[None]]]:
    """Runs a phone that stays at a server which treats its n-th connection (from 1) by `behaviour`."""
    connections = 0

    async def handle(socket: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        request = socket.request
        assert request is not None
        assert request.path.partition("?")[0] == "/s/123456/socket"
        assert request.headers["Cookie"] == "forum_device=secret"
        assert request.headers["Origin"] == base
        await socket.send(encode(Hello(1, "session", "history", [])))
        await behaviour(socket, connections)

    async with serve(handle, "127.0.0.1", 0) as server:
        base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        counters = Counters()
        phone = Phone(base, "123456", "secret", counters, pace)
        staying = asyncio.create_task(phone.stay(asyncio.Semaphore(1)))
        yield phone, counters, staying
        await phone.leave()
        await asyncio.gather(staying, return_exceptions=True)


async def test_a_vote_is_counted_when_it_is_acknowledged() -> None:
    async def behaviour(socket: ServerConnection, _: int) -> None:
        await socket.send(OPEN)
        async for frame in socket:
            await socket.send(ack(cast_in(frame)))

    async with phone_at(behaviour) as (phone, counters, _):
        await phone.vote("round", Vote(0, "r1", "because"))
        await phone.vote("round", Vote(0, "r2"))
    assert (counters.cast, counters.counted, counters.changed, phone.reconnected) == (2, 2, 1, 0)
    assert phone.acknowledged == {"round": "r2"}
    assert len(counters.ack_ms) == 2


async def test_a_vote_waits_until_its_round_is_open() -> None:
    open_now, frames = asyncio.Event(), []

    async def behaviour(socket: ServerConnection, _: int) -> None:
        for other in (
            msgspec.structs.replace(ROUND, state="draft"),
            msgspec.structs.replace(ROUND, id="another"),
            None,
        ):
            await socket.send(encode(State(1, "question", other, paused=False, html="")))
        open_now.set()
        await socket.send(OPEN)
        async for frame in socket:
            frames.append(frame)
            await socket.send(ack(cast_in(frame)))

    async with phone_at(behaviour) as (phone, _, _):
        await phone.vote("round", Vote(0, "r1"))
    assert open_now.is_set()
    assert len(frames) == 1


async def test_after_a_drop_the_same_cast_is_sent_again() -> None:
    seen: list[CastMessage] = []

    async def behaviour(socket: ServerConnection, connection: int) -> None:
        await socket.send(OPEN)
        async for frame in socket:
            seen.append(cast_in(frame))
            if connection < 3:
                socket.transport.abort()  # as a server that is killed before it answers
            else:
                await socket.send(ack(seen[-1]))

    async with phone_at(behaviour) as (phone, counters, _):
        await phone.vote("round", Vote(0, "r1"))
    assert len(seen) == 3
    assert len({cast.id for cast in seen}) == 1
    assert (counters.cast, counters.counted, phone.reconnected) == (1, 1, 2)


async def test_a_vote_that_could_not_be_stored_is_sent_again() -> None:
    seen: list[CastMessage] = []

    async def behaviour(socket: ServerConnection, _: int) -> None:
        await socket.send(OPEN)
        async for frame in socket:
            seen.append(cast_in(frame))
            refused = encode(Refused("not_stored", "Try again.", seen[-1].id, again=True))
            await socket.send(refused if len(seen) == 1 else ack(seen[-1]))

    async with phone_at(behaviour) as (phone, counters, _):
        await phone.vote("round", Vote(0, "r1"))
    assert seen[0] == seen[1]
    assert (counters.counted, counters.refused, counters.refusals) == (1, 1, {"not_stored": 1})


async def test_a_refusal_for_good_ends_the_vote() -> None:
    async def behaviour(socket: ServerConnection, _: int) -> None:
        await socket.send(OPEN)
        async for frame in socket:
            await socket.send(encode(Refused("closed", "Too late.", cast_in(frame).id)))

    async with phone_at(behaviour) as (phone, counters, _):
        await phone.vote("round", Vote(0, "r1"))
    assert (counters.cast, counters.counted, counters.refused) == (1, 0, 1)
    assert phone.acknowledged == {}


async def test_answers_to_other_casts_are_not_mistaken_for_its_own() -> None:
    async def behaviour(socket: ServerConnection, _: int) -> None:
        await socket.send(OPEN)
        async for frame in socket:
            cast = cast_in(frame)
            await socket.send(encode(Ack("another", cast.round, "r2")))
            await socket.send(encode(Refused("malformed", "What?")))
            await socket.send(ack(cast))

    async with phone_at(behaviour) as (phone, counters, _):
        await phone.vote("round", Vote(0, "r1"))
    assert phone.acknowledged == {"round": "r1"}
    assert counters.refused == 0


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ("no message", "none of Forum's"),
        (encode(Bye("malformed", again=False)), "malformed"),
        (encode(Hello(1, "session", "history", [Yours("round", "r2")])), "never cast"),
    ],
)
async def test_a_server_that_talks_nonsense_ends_the_rehearsal(frame: str, why: str) -> None:
    async def behaviour(socket: ServerConnection, _: int) -> None:
        await socket.send(frame)
        await socket.wait_closed()

    async with phone_at(behaviour) as (_, _, staying):
        with pytest.raises(RehearsalFailed, match=why):
            await staying


async def test_a_phone_that_the_server_does_not_know_ends_the_rehearsal() -> None:
    async def behaviour(socket: ServerConnection, _: int) -> None:
        await socket.close(4403)

    async with phone_at(behaviour) as (_, _, staying):
        with pytest.raises(RehearsalFailed, match="does not know"):
            await staying


async def test_a_phone_that_is_told_to_come_back_does() -> None:
    async def behaviour(socket: ServerConnection, connection: int) -> None:
        if connection == 1:
            await socket.send(encode(Bye("behind", again=True)))
            await socket.close(1013)
            return
        await socket.send(OPEN)
        async for frame in socket:
            await socket.send(ack(cast_in(frame)))

    async with phone_at(behaviour) as (phone, _counters, _):
        await phone.vote("round", Vote(0, "r1"))
    assert phone.reconnected == 1


def test_cookie_in() -> None:
    assert cookie_in(["other=1; Path=/", "forum_device=abc-_1; HttpOnly; Path=/; SameSite=lax"]) == "abc-_1"
    assert cookie_in(["other=1"]) == ""


async def test_cut_off_before_sending_it_comes_back_and_sends_what_it_kept() -> None:
    seen: list[tuple[int, str]] = []

    async def behaviour(socket: ServerConnection, connection: int) -> None:
        await socket.send(OPEN)
        async for frame in socket:
            seen.append((connection, cast_in(frame).id))
            await socket.send(ack(cast_in(frame)))

    async with phone_at(behaviour) as (phone, counters, _):
        await phone.vote("round", Vote(0, "r1"), BEFORE)
    assert [connection for connection, _ in seen] == [2]
    assert (phone.dropped, phone.reconnected, counters.counted, counters.resent) == (1, 1, 1, 0)


async def test_cut_off_after_sending_it_sends_the_same_cast_again_and_knows_that_it_had_arrived() -> None:
    seen: list[CastMessage] = []
    first = asyncio.Event()

    async def behaviour(socket: ServerConnection, connection: int) -> None:
        if connection > 1:
            await first.wait()
            await socket.send(encode(Hello(1, "session", "history", [Yours("round", "r1")])))
        await socket.send(OPEN)
        async for frame in socket:
            seen.append(cast_in(frame))
            first.set()
            await socket.send(ack(seen[-1]))

    async with phone_at(behaviour) as (phone, counters, _):
        await phone.vote("round", Vote(0, "r1"), AFTER)
    assert len(seen) == 2
    assert seen[0] == seen[1]
    assert (phone.dropped, phone.reconnected, counters.counted) == (1, 1, 1)
    assert (counters.resent, counters.arrived) == (1, 1)


async def test_who_comes_back_too_late_sends_all_the_same_and_is_told() -> None:
    closed = encode(State(2, "closed", msgspec.structs.replace(ROUND, state="closed"), paused=False, html=""))

    async def behaviour(socket: ServerConnection, connection: int) -> None:
        await socket.send(OPEN if connection == 1 else closed)
        async for frame in socket:
            await socket.send(encode(Refused("closed", "Too late.", cast_in(frame).id)))

    async with phone_at(behaviour) as (phone, counters, _):
        voting = asyncio.create_task(phone.vote("round", Vote(0, "r1"), LATE))
        await phone.stranded.wait()
        assert not voting.done()
        phone.come_back()
        await voting
    assert (counters.refusals, counters.untold, phone.known) == ({"closed": 1}, [], {})


@pytest.mark.parametrize(
    ("vote", "answer", "untold"),
    [
        (Vote(0, "r1", refused="observing"), Refused("observing", "You follow.", ""), []),
        (
            Vote(0, "r1", refused="observing"),
            Refused("closed", "Too late.", ""),
            ["observing: the phone was told closed"],
        ),
        (Vote(0, "r1"), Refused("closed", " ", ""), ["closed: no words"]),
        (Vote(0, "r1", refused="observing"), None, ["observing: the phone was told that it is counted"]),
    ],
)
async def test_a_refusal_without_its_words_or_with_another_is_noticed(
    vote: Vote, answer: Refused | None, untold: list[str]
) -> None:
    async def behaviour(socket: ServerConnection, _: int) -> None:
        await socket.send(OPEN)
        async for frame in socket:
            cast = cast_in(frame)
            told = encode(msgspec.structs.replace(answer, cast=cast.id)) if answer is not None else ack(cast)
            await socket.send(told)

    async with phone_at(behaviour) as (phone, counters, _):
        await phone.vote("round", vote)
    assert counters.untold == untold


async def test_a_stop_goes_off_in_the_scene_that_is_played_again() -> None:
    html = '<form class="stopping" data-part="stop" data-stop data-showing="abc" method="post"></form>'
    seen: list[StopMessage] = []

    async def behaviour(socket: ServerConnection, _: int) -> None:
        await socket.send(encode(State(1, "scene", None, paused=False, html="")))
        await socket.send(encode(State(2, "scene", None, paused=False, html=html)))
        async for frame in socket:
            seen.append(msgspec.json.decode(frame, type=StopMessage))
            await socket.send(encode(Stopped(seen[-1].id, seen[-1].showing)))

    async with phone_at(behaviour) as (phone, counters, _):
        assert await phone.press(Press(0, "Leah", "Wait."))
        assert await phone.press(Press(0))
    assert [(stop.showing, stop.character, stop.how) for stop in seen] == [("abc", "Leah", "Wait."), ("abc", "", "")]
    assert (counters.stops, counters.stops_said) == (2, 1)


async def test_a_slow_phone_takes_its_time_and_gets_there() -> None:
    async def behaviour(socket: ServerConnection, _: int) -> None:
        await socket.send(encode(State(1, "question", ROUND, paused=False, html="x" * 2000)))
        async for frame in socket:
            await socket.send(ack(cast_in(frame)))

    async with phone_at(behaviour, Pace(rate=10_000, delay=0.1)) as (phone, counters, _):
        await phone.vote("round", Vote(0, "r1"))
    assert counters.ack_ms[0] > 300


async def test_what_it_has_it_says_and_makes_the_next_state_of_it() -> None:
    asked: list[str] = []

    async def behaviour(socket: ServerConnection, connection: int) -> None:
        request = socket.request
        assert request is not None
        asked.append(request.path.partition("?")[2])
        await socket.send(encode(Hello(1, "session", "history", [])))
        if connection == 1:
            await socket.send(encode(State(4, "a", None, paused=False, html="one\ntwo\nthree", mark="m4")))
            await socket.send(encode(Change(5, "b", None, True, "m5", "m4", [(0, 1), "2", (2, 3)])))
            await socket.send(encode(Change(6, "c", None, True, "m7", "m6", ["?"])))
        await socket.send(encode(Tally(None, 0, 1)))
        await socket.wait_closed()

    async with phone_at(behaviour) as (phone, _, _):
        await phone.until(lambda now: phone.reconnected or None)
        now = await phone.until(lambda now: now if phone.connected else None)
    assert (now.v, now.html, now.paused, now.mark) == (5, "one\n2\nthree", True, "m5")
    assert asked == ["has=", "mark=m5&h=history&has=m5"]
