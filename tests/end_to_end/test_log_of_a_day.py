"""A day on a server that logs as much as it can, as JSON: nobody's words are in its log, nor any key or address."""

from __future__ import annotations

import ast
import asyncio
import json
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx2
import pytest
from support.app import send_story, write_story
from support.factories import COMMISSION_FORM, new_id
from support.server_process import ROOT, Serving, run_forum
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake

from forum.adapters.logs import FIELDS, begin, trace_of
from forum.errors import NotFound

LOGIN, NAME, PASSWORD = "rhiannon.pugh@nefyn.test", "Rhiannon Pughe", "seven quiet green kettles"
WRONG_PASSWORD = "my old horse Llewelyn"
ADDRESS = "203.0.113.77"
STORY = {
    "title": "The wardrobe on Bryn Terrace",
    "happened.text": "Gwilym hid in the wardrobe until the ambulance had gone.",
    "setting": "Twelve Bryn Terrace",
    "question.text": "What might Gwilym have wanted?",
}
QUESTION, ANSWERS = "Who should sit with Gwilym?", ["His sister Mared", "A nurse called Idris"]
REASON, CONDITION = "Mared knows the wardrobe", "if Idris may come along"
COMMISSION = {"title": "Nights on the Llyn", "question": "Whom may people ring at night?", "decides": "Board of Llyn"}
LABEL = "Pugh household script"
HOOK_PATH = "/hook/for-the-llyn-7f3a"
WORDS = {LOGIN, "rhiannon", "pugh", PASSWORD, WRONG_PASSWORD, "llewelyn", ADDRESS, "203.0.113", "127.0.0.1"}
WORDS |= {"gwilym", "wardrobe", "bryn", "mared", "idris", "llyn", "ambulance", REASON, CONDITION, LABEL, HOOK_PATH}


class Day:
    """A day: the server, who works on it, and every key and name that was made, none of which may be logged."""

    def __init__(self, server: Serving, data: Path, staff: httpx2.AsyncClient) -> None:
        self.server, self.data, self.staff = server, data, staff
        self.keys: set[str] = set()

    def browser(self) -> httpx2.AsyncClient:
        """Opens a browser somewhere."""
        headers = {"Origin": self.server.base, "X-Forwarded-For": ADDRESS, "User-Agent": f"Mozilla/5.0 {NAME}"}
        return httpx2.AsyncClient(base_url=self.server.base, headers=headers, timeout=60)

    @asynccontextmanager
    async def somebody(self) -> AsyncIterator[httpx2.AsyncClient]:
        """Opens a browser, and remembers its cookies when it is closed."""
        async with self.browser() as browser:
            yield browser
            self.keys |= {str(one.value) for one in browser.cookies.jar if len(str(one.value)) > 8}

    async def act(self, path: str, **form: Any) -> dict[str, Any]:
        """Does an act of staff by the API, which must be carried out."""
        answer = await self.staff.post(path, data=form)
        assert answer.status_code == 200, answer.text
        return cast(dict[str, Any], answer.json())


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    settings = {"FORUM_LOG": "json", "FORUM_LOG_LEVEL": "debug", "FORUM_WEBHOOK_PRIVATE": "yes"}
    with Serving(tmp_path / "data", "--no-demo", settings=settings) as server:
        roles = [
            flag for role in ("administrator", "organiser", "moderator", "commissioner") for flag in ("--role", role)
        ]
        user = ("--data", tmp_path / "data")
        added = await asyncio.to_thread(
            run_forum, "user", "add", LOGIN, "--name", NAME, *roles, "--password-stdin", *user, given=f"{PASSWORD}\n"
        )
        assert added.returncode == 0, added.stderr
        made = await asyncio.to_thread(run_forum, "user", "token", LOGIN, "--label", LABEL, "--json", *user)
        token = json.loads(made.stdout)["token"]
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        # Each request on a connection of its own: on a busy machine the server ends one that is kept before it is used.
        alone = httpx2.Limits(max_keepalive_connections=0)
        async with httpx2.AsyncClient(base_url=server.base, headers=headers, timeout=60, limits=alone) as staff:
            found = Day(server, tmp_path / "data", staff)
            found.keys.add(token)
            yield found


async def sign_in(day: Day) -> None:
    async with day.somebody() as browser:
        await browser.get("/sign-in")
        wrong = await browser.post("/sign-in", data={"login": LOGIN, "password": WRONG_PASSWORD})
        right = await browser.post("/sign-in", data={"login": LOGIN, "password": PASSWORD})
        assert (wrong.status_code, right.status_code) == (422, 303)
        assert (await browser.get("/account")).status_code == 200


async def tell_and_take_back(day: Day, commission: dict[str, Any]) -> None:
    async with day.somebody() as writer:
        changes: dict[str, str | list[str]] = {**STORY, "group": commission["groups"][1]["id"]}
        key = await write_story(writer, cast(Any, SimpleNamespace(id=commission["id"])), changes)
        assert (await send_story(writer, key)).status_code == 303
        assert "wardrobe" in (await writer.get(f"/my-story/{key}")).text
        assert (await writer.post(f"/my-story/{key}/take-back", data={"sure": "1"})).status_code == 303
        day.keys.add(key)


async def vote(day: Day, commission: dict[str, Any]) -> None:
    session = await day.act("/organise/sessions", commission=commission["id"], title="An evening with Gwilym")
    console, phones = f"/console/{session['id']}", f"/s/{session['code']}"
    asked = await day.act(f"{console}/ask", question=QUESTION, response=ANSWERS, none="1")
    await day.act(f"{console}/open", round=asked["round"])
    for number in range(6):
        async with day.somebody() as phone:
            await phone.get(phones)
            await phone.post(f"{phones}/join", data={"group": commission["groups"][0]["id"]})
            cast_id = new_id()
            day.keys.add(cast_id)
            ballot = {"round": asked["round"], "choice": "r1", "reason": REASON, "condition": CONDITION}
            if number:
                assert (await phone.post(f"{phones}/vote", data=ballot | {"cast": cast_id})).status_code == 303
                continue
            held = "; ".join(f"{one.name}={one.value}" for one in phone.cookies.jar)
            url = day.server.base.replace("http", "ws", 1) + f"{phones}/socket"
            async with connect(url, additional_headers={"Cookie": held, "Origin": day.server.base}) as socket:
                await socket.send(json.dumps({"t": "cast", "id": cast_id, **ballot}))
                while json.loads(await socket.recv())["t"] != "ack":
                    pass
                await socket.send(f'{{"t": "{REASON}"}}')
                await socket.send(REASON.encode())
                await socket.send(b"\xff\xfe", text=True)
                await socket.wait_closed()
    await day.act(f"{console}/close", round=asked["round"])
    await day.act(f"{console}/reveal", round=asked["round"])


async def go_wrong(day: Day, commission: dict[str, Any]) -> None:
    base = day.server.base
    async with day.somebody() as browser:
        for path in (f"/my-story/{'A' * 32}", "/stories/gwilym", "/wardrobe?of=gwilym", "/static/gwilym.js"):
            assert (await browser.get(path)).status_code == 404, path
        assert (await browser.post("/s/gwilym/join", data={"group": "mared"})).status_code == 404
        assert (await browser.post("/sign-in", data={"login": "gwilym", "password": ""})).status_code == 422
    for path, origin in (("/s/wardrobe/socket", base), ("/s/123456/socket", "http://gwilym.test")):
        with suppress(InvalidHandshake):
            async with connect(base.replace("http", "ws", 1) + path, additional_headers={"Origin": origin}) as socket:
                await socket.wait_closed()
    handshake = b"GET /s/wardrobe/socket HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    for bytes_ in (b"GWILYM / WARDROBE\r\n\r\n", handshake):
        reader, writer = await asyncio.open_connection("127.0.0.1", day.server.port)
        writer.write(bytes_)
        assert b" 400 " in await reader.readline()
        writer.close()
    with closing(sqlite3.connect(day.data / "forum.db")) as database:
        [kept] = database.execute("SELECT groups FROM commission").fetchone()
        for groups in ('["gwilym"]', kept):
            with database:
                database.execute("UPDATE commission SET groups = ?", (groups,))
            answer = await day.staff.get(f"/organise/commissions/{commission['id']}/edit")
            assert answer.status_code == (200 if groups == kept else 500)


async def test_no_line_of_the_log_holds_what_anybody_said_or_who_they_are(day: Day) -> None:
    asked = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 500 Gwilym is not here\r\nContent-Length: 0\r\n\r\n")
        writer.close()
        asked.set()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as hook:
        await sign_in(day)
        commission = await day.act("/organise/commissions", **(COMMISSION_FORM | COMMISSION))
        there = f"http://127.0.0.1:{hook.sockets[0].getsockname()[1]}{HOOK_PATH}"
        events = ["session.opened", "result.shown"]
        made = await day.act(f"/organise/commissions/{commission['id']}/webhooks", url=there, event=events)
        day.keys.add(made["secret"])
        await tell_and_take_back(day, commission)
        await vote(day, commission)
        await go_wrong(day, commission)
        exported = await day.staff.get("/export")
        assert exported.status_code == 200
        assert (await day.staff.get("/export/report.pdf")).status_code == 200
        await asyncio.wait_for(asked.wait(), 60)
    assert (await asyncio.to_thread(day.server.stop))[0] == 0
    lines = [json.loads(line) for line in day.server.errors.splitlines()]
    for line in lines:
        assert (
            {"time", "level", "logger", "event"}
            <= line.keys()
            <= {"time", "level", "logger", "event", "exception"} | FIELDS
        )
        told = json.dumps(line, ensure_ascii=False).lower()
        assert not [word for word in WORDS | day.keys if word.lower() in told], line
    requests = [line for line in lines if line["event"] == "request"]
    answered = {(line["method"], line["route"], line["status"]) for line in requests}
    assert {
        ("POST", "/sign-in", 422),
        ("POST", "/sign-in", 303),
        ("POST", "/my-story/{key}/take-back", 303),
        ("POST", "/s/{code}/vote", 303),
        ("SOCKET", "/s/{code}/socket", 101),
        ("SOCKET", "/s/{code}/socket", 4404),
        ("GET", "/my-story/{key}", 404),
        ("GET", "", 404),
        ("GET", "/export", 200),
        ("GET", "/organise/commissions/{commission}/edit", 500),
    } <= answered
    [fault] = [line for line in lines if line["event"] == "unexpected error"]
    assert [line["status"] for line in requests if line["request"] == fault["request"]] == [500]
    assert "forum/web/" in fault["exception"]


def test_a_line_of_a_library_is_told_without_its_values(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    try:
        begin("json", "debug", print)
        said = logging.getLogger("a.library")
        said.warning("%s asked for %r", "gwilym", "wardrobe")
        said.warning("Exception in callback send('gwilym')")
        said.info("gwilym")
        error = NotFound("There is no %(what)s.", what="gwilym")
        error.__cause__ = KeyError("gwilym")
        said.error("failed", exc_info=error)
        assert trace_of(error).endswith("NotFound: There is no %(what)s.")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(False)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["%s asked for %r", "Exception in callback send", "failed"]
    assert "KeyError" in lines[2]["exception"]
    assert "gwilym" not in json.dumps(lines)


def test_whatever_is_logged_has_fixed_words_and_known_fields() -> None:
    calls = [
        (path, node)
        for path in (ROOT / "forum").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "log"
        and node.func.attr in {"debug", "info", "warning", "error", "exception"}
    ]
    assert len(calls) > 50
    # Two take their words from their callers, of which each gives fixed ones.
    told = [
        (path.name, ast.unparse(node.args[0])) for path, node in calls if not isinstance(node.args[0], ast.Constant)
    ]
    assert sorted(told) == [("proxies.py", "said"), ("store_away.py", "event")]
    fields = {keyword.arg for _, node in calls for keyword in node.keywords if keyword.arg}
    assert fields <= FIELDS | {"exc_info"}
