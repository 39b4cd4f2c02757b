"""Real websockets against a real server: whatever a phone does to its ballot, one is counted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from support.factories import COMMISSION_FORM, new_id
from support.server_process import Serving, run_forum
from support.session_api import vote_of_others
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from forum.live.message_allowance import OUT

MACHINE = {"Accept": "application/json"}


@dataclass
class Event:
    """A running server, a session on it, and the organiser who drives it by the API."""

    base: str
    organiser: httpx2.AsyncClient
    session: dict[str, str]
    groups: list[str]

    async def act(self, name: str, **form: Any) -> dict[str, Any]:
        answer = await self.organiser.post(f"/console/{self.session['id']}/{name}", data=form)
        assert answer.status_code == 200, answer.text
        facts: dict[str, Any] = answer.json()
        return facts

    async def ask(self) -> str:
        asked = await self.act("ask", question=f"Who? {new_id()}", response=["A nurse", "The police"], none="1")
        await self.act("open", round=asked["round"])
        return str(asked["round"])

    async def join(self) -> str:
        """Joins as a browser does; returns its cookie."""
        async with httpx2.AsyncClient(base_url=self.base, headers={"Origin": self.base}) as browser:
            await browser.get(f"/s/{self.session['code']}")
            answer = await browser.post(f"/s/{self.session['code']}/join", data={"group": self.groups[0]})
            assert answer.status_code == 303
            return "; ".join(f"{c.name}={c.value}" for c in browser.cookies.jar)

    @asynccontextmanager
    async def socket(self, cookie: str, path: str = "", **headers: str) -> AsyncIterator[ClientConnection]:
        url = self.base.replace("http", "ws", 1) + (path or f"/s/{self.session['code']}/socket")
        sent = {"Cookie": cookie, "Origin": self.base} | headers
        async with connect(
            url, additional_headers={k: v for k, v in sent.items() if v}, compression=None, max_queue=None
        ) as opened:
            yield opened

    async def tally(self, round_id: str) -> dict[str, int]:
        """Closes and reveals the round; its result without four others, with whom there are enough for a count."""
        await vote_of_others(self.base, self.session["code"], round_id, choice="none")
        await self.act("close", round=round_id)
        counts = dict((await self.act("reveal", round=round_id))["result"]["counts"])
        return counts | {"none": counts["none"] - 4}


@asynccontextmanager
async def organising(data: Path) -> AsyncIterator[tuple[Serving, httpx2.AsyncClient]]:
    """Runs a server, and opens the organiser's client for it."""
    with Serving(data, "--no-demo") as server:
        added = await asyncio.to_thread(
            run_forum, "user", "add", "olu", "--role", "organiser", "--password-stdin", "--data", data,
            given="seven quiet green kettles\n",
        )  # fmt: skip
        assert added.returncode == 0, added.stderr
        made = await asyncio.to_thread(run_forum, "user", "token", "olu", "--label", "test", "--data", data, "--json")
        token = json.loads(made.stdout)["token"]
        headers = MACHINE | {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(base_url=server.base, headers=headers) as client:
            yield server, client


@pytest.fixture(scope="module")
async def organiser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx2.AsyncClient]:
    """Runs a server for all tests, and opens the organiser's client for it."""
    async with organising(tmp_path_factory.mktemp("socket") / "data") as (_, client):
        yield client


async def an_event(organiser: httpx2.AsyncClient) -> Event:
    """Makes a session."""
    commission = (await organiser.post("/organise/commissions", data=COMMISSION_FORM)).json()
    form = {"commission": commission["id"], "title": "A day"}
    session = (await organiser.post("/organise/sessions", data=form)).json()
    base = str(organiser.base_url).rstrip("/")
    return Event(base, organiser, session, [g["id"] for g in commission["groups"]])


@pytest.fixture
async def event(organiser: httpx2.AsyncClient) -> Event:
    """Makes a session of the test's own."""
    return await an_event(organiser)


async def until(socket: ClientConnection, *kinds: str) -> dict[str, Any]:
    """Waits for the next message of one of these types."""
    while True:
        message: dict[str, Any] = json.loads(await socket.recv())
        if message["t"] in kinds:
            return message


async def cast(socket: ClientConnection, round_id: str, choice: str, cast_id: str = "") -> dict[str, Any]:
    """Sends a ballot and waits for its answer."""
    cast_id = cast_id or new_id()
    await socket.send(json.dumps({"t": "cast", "id": cast_id, "round": round_id, "choice": choice}))
    while (answer := await until(socket, "ack", "refused"))["cast"] != cast_id:
        pass
    return answer


async def test_two_tabs_are_one_ballot(event: Event) -> None:
    round_id, cookie = await event.ask(), await event.join()
    async with event.socket(cookie) as one, event.socket(cookie) as two:

        async def tab(socket: ClientConnection, choice: str) -> set[str]:
            return {str((await cast(socket, round_id, choice))["t"]) for _ in range(3)}

        first, second = await asyncio.gather(tab(one, "r1"), tab(two, "r2"))
        assert first | second == {"ack"}
        await cast(one, round_id, "none")
    assert await event.tally(round_id) == {"r1": 0, "r2": 0, "none": 1}


async def test_a_double_tap_and_a_resend_are_one_ballot(event: Event) -> None:
    round_id, cookie = await event.ask(), await event.join()
    frame = json.dumps({"t": "cast", "id": "tap", "round": round_id, "choice": "r2"})
    async with event.socket(cookie) as phone:
        for _ in range(3):
            await phone.send(frame)
        acks = [await until(phone, "ack", "refused") for _ in range(3)]
        assert [(a["t"], a["changed"]) for a in acks] == [("ack", False)] * 3
    assert await event.tally(round_id) == {"r1": 0, "r2": 1, "none": 0}


async def test_a_resend_on_another_connection_is_the_same_ballot(event: Event) -> None:
    round_id, cookie = await event.ask(), await event.join()
    async with event.socket(cookie) as phone:
        await phone.send(json.dumps({"t": "cast", "id": "lost", "round": round_id, "choice": "r1"}))
        # gone before the answer is read
    async with event.socket(cookie) as phone:
        assert (await cast(phone, round_id, "r1", "lost"))["t"] == "ack"
        await cast(phone, round_id, "r2")
        assert (await cast(phone, round_id, "r1", "lost"))["t"] == "ack"
    async with event.socket(cookie) as phone:
        hello = await until(phone, "hello")
        assert [(y["round"], y["choice"]) for y in hello["yours"]] == [(round_id, "r2")]
    assert await event.tally(round_id) == {"r1": 0, "r2": 1, "none": 0}


async def test_the_form_and_the_socket_share_one_ballot(event: Event) -> None:
    round_id, cookie = await event.ask(), await event.join()
    form = {"round": round_id, "choice": "r1", "cast": "c1"}
    headers = {"Cookie": cookie, "Origin": event.base} | MACHINE
    async with httpx2.AsyncClient(base_url=event.base, headers=headers) as browser:
        assert (await browser.post(f"/s/{event.session['code']}/vote", data=form)).json()["t"] == "ack"
    async with event.socket(cookie) as phone:
        assert (await cast(phone, round_id, "r1", "c1"))["changed"] is False
        assert (await cast(phone, round_id, "none"))["changed"] is True
    assert await event.tally(round_id) == {"r1": 0, "r2": 0, "none": 1}


async def test_a_late_ballot_and_an_unknown_answer_are_refused_in_words(event: Event) -> None:
    round_id, cookie = await event.ask(), await event.join()
    async with event.socket(cookie) as phone:
        assert (await cast(phone, round_id, "r7"))["code"] == "unknown_response"
        assert (await cast(phone, new_id(), "r1"))["code"] == "unknown_round"
        await event.act("close", round=round_id)
        late = await cast(phone, round_id, "r1")
        assert (late["code"], "not counted" in late["words"]) == ("closed", True)


async def test_a_burst_of_casts_and_a_close_are_in_or_out_for_ever(event: Event) -> None:
    round_id = await event.ask()
    cookies = [await event.join() for _ in range(12)]

    async def phone(cookie: str) -> str:
        async with event.socket(cookie) as socket:
            ready.release()
            await go.wait()
            return str((await cast(socket, round_id, "r1"))["t"])

    ready, go = asyncio.Semaphore(0), asyncio.Event()
    phones = [asyncio.create_task(phone(cookie)) for cookie in cookies]
    for _ in cookies:
        await ready.acquire()
    go.set()
    counts = await event.tally(round_id)
    answers = await asyncio.gather(*phones)
    assert counts["r1"] == sum(answer == "ack" for answer in answers)


async def test_nonsense_is_refused_and_the_socket_lives_on(event: Event) -> None:
    round_id, cookie = await event.ask(), await event.join()
    async with event.socket(cookie) as phone:
        for frame, code in (("{", "malformed"), (b"\x00\x01", "malformed"), ('{"t":"x"}', "malformed")):
            await phone.send(frame)
            assert (await until(phone, "refused"))["code"] == code
        await phone.send(json.dumps({"t": "cast", "id": "c", "round": round_id, "choice": "r1", "reason": "x" * 9000}))
        assert (await until(phone, "refused"))["code"] == "too_large"
        assert (await cast(phone, round_id, "r1"))["t"] == "ack"


async def test_a_message_beyond_all_bounds_closes_the_socket_and_loses_no_ballot(event: Event) -> None:
    round_id, cookie = await event.ask(), await event.join()
    async with event.socket(cookie) as phone:
        await cast(phone, round_id, "r1")
        await phone.send("x" * 200_000)
        with pytest.raises(ConnectionClosed) as closed:
            await until(phone, "never")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
    assert await event.tally(round_id) == {"r1": 1, "r2": 0, "none": 0}


async def test_who_sends_what_is_no_message_again_and_again_is_turned_away_at_the_door(
    event: Event,
) -> None:
    mine, other = await event.join(), await event.join()

    async def broken_off() -> int:
        async with event.socket(mine) as phone:
            await until(phone, "hello")
            await phone.send("x" * 200_000)
            with pytest.raises(ConnectionClosed) as closed:
                await until(phone, "never")
            assert closed.value.rcvd is not None
            return closed.value.rcvd.code

    assert [await broken_off() for _ in range(2)] == [1009] * 2
    with pytest.raises(InvalidStatus) as refused:
        async with event.socket(f"a=b; {mine}"):
            pass
    assert refused.value.response.status_code == 429
    assert 0 < int(refused.value.response.headers["Retry-After"]) <= OUT
    async with event.socket(other) as phone:
        assert await until(phone, "hello")


@pytest.mark.parametrize("origin", ["http://evil.test", "null", ""])
async def test_another_sites_page_cannot_open_a_socket(event: Event, origin: str) -> None:
    cookie = await event.join()
    with pytest.raises(InvalidStatus) as refused:
        async with event.socket(cookie, Origin=origin):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("path", "why", "code"),
    [("", "not_allowed", 4403), ("/s/000000/socket", "not_found", 4404), ("/tablet/no-such/socket", "not_found", 4404),
     ("/projector/no-such/socket", "not_found", 4404), ("/console/no-such/socket", "sign_in_needed", 4403)],
)  # fmt: skip
async def test_who_may_not_come_in_is_told_so_in_words_of_forums_own(
    event: Event, path: str, why: str, code: int
) -> None:
    """A close code alone ends nothing: a proxy has some too."""
    async with event.socket("forum_device=nobody", path=path) as screen:
        assert json.loads(await screen.recv()) == {"t": "bye", "why": why, "again": False}
        with pytest.raises(ConnectionClosed) as closed:
            await screen.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code


@pytest.mark.parametrize("mark", ["²", "-1", "9" * 5000])
async def test_an_odd_mark_is_none(event: Event, mark: str) -> None:
    cookie = await event.join()
    async with event.socket(cookie, path=f"/s/{event.session['code']}/socket?mark={quote(mark)}") as phone:
        assert (await until(phone, "state"))["t"] == "state"


async def test_a_console_is_shown_nothing_more_once_its_reader_may_not(event: Event) -> None:
    async with (
        AsyncExitStack() as opened,
        httpx2.AsyncClient(base_url=event.base, headers=MACHINE | {"Origin": event.base}) as browser,
    ):
        await browser.post("/sign-in", data={"login": "olu", "password": "seven quiet green kettles"})
        token = (await browser.post("/organise/tokens", data={"label": "the other laptop"})).json()
        sent = {"path": f"/console/{event.session['id']}/socket", "Authorization": f"Bearer {token['token']}"}
        console = await opened.enter_async_context(event.socket("", **sent))
        await until(console, "state")
        await browser.post(f"/organise/tokens/{token['id']}/revoke")
        with pytest.raises(ConnectionClosed) as closed:
            await until(console, "never")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403
    # It comes back by itself, and is told that this is for good.
    async with event.socket("", **sent) as console:
        assert (await until(console, "hello", "bye"))["t"] == "bye"


async def test_a_server_that_stops_answers_what_it_took_and_tells_everybody_to_come_back(tmp_path: Path) -> None:
    async with organising(tmp_path / "data") as (server, organiser):
        event = await an_event(organiser)
        round_id = await event.ask()
        cookies = [await event.join() for _ in range(3)]
        async with AsyncExitStack() as stack:
            phones = [await stack.enter_async_context(event.socket(cookie)) for cookie in cookies]
            for phone in phones:
                await until(phone, "tally")
                await phone.send(json.dumps({"t": "cast", "id": new_id(), "round": round_id, "choice": "r1"}))
            stopping = asyncio.create_task(asyncio.to_thread(server.stop))
            for phone in phones:
                assert (await until(phone, "ack", "bye"))["t"] == "ack"
                bye = await until(phone, "bye")
                assert (bye["why"], bye["again"]) == ("restart", True)
                with pytest.raises(ConnectionClosed):
                    await phone.recv()
            assert await stopping == (0, "")
