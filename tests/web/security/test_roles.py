"""Permissions of each role: the table in who_may.txt, written by hand, against the program's own and against real
requests."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, MutableMapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.routing import Mount, Route, WebSocketRoute
from support.app import House, a_house
from support.factories import CLOCK, a_session, new_id

from forum.live.messages import REFUSALS
from forum.services import accounts, permissions
from forum.web.routes import PAGES

NOBODY, NO_ROLE = "nobody", "no role"
VISITORS = (NOBODY, NO_ROLE, "administrator", "organiser", "moderator", "commissioner")
WITH_A_ROLE = frozenset(VISITORS[2:])


@dataclass(frozen=True)
class Row:
    """One row of the table by hand: "GET", "POST" or "SOCKET", the path, and which of VISITORS may."""

    method: str
    path: str
    who: frozenset[str]


def by_hand() -> list[Row]:
    """Reads the rows of who_may.txt. A heading stands at the margin, its rows below it are indented."""
    found, who = [], frozenset[str]()
    for line in (Path(__file__).parent / "who_may.txt").read_text().split("\n\n", 2)[2].splitlines():
        if not line.startswith(" "):
            named = set(re.findall(r"\w+", line)) & WITH_A_ROLE
            who = frozenset(VISITORS) if line.startswith("Everybody") else frozenset(named)
            continue
        *methods, path = line.split()
        found += [Row(method, path, who) for method in methods]
    return found


ROWS = by_hand()
# Signing out would end the visitor's visit for the rows after it; test_accounts has it.
ASKED = [row for row in ROWS if row.method != "SOCKET" and row.path != "/sign-out"]


def test_the_table_by_hand_is_read_whole() -> None:
    """A slip in reading it (a heading that names nobody, a row twice) must not pass for a permission."""
    assert len(ROWS) == len({(row.method, row.path) for row in ROWS}) > 130
    assert all(row.who and row.method in {"GET", "POST", "SOCKET"} and row.path.startswith("/") for row in ROWS)
    together = frozenset({"organiser", "commissioner"})
    alone = {frozenset({one}) for one in WITH_A_ROLE}
    assert {row.who for row in ROWS} == {frozenset(VISITORS), WITH_A_ROLE, together, *alone}


def test_the_programs_table_says_what_the_table_by_hand_says() -> None:
    """A page without a row by hand fails here, and so does a row without a page, and a permission that differs."""
    program = {
        (method, page.path): frozenset(
            v for v in VISITORS if permissions.may((v,) if v in WITH_A_ROLE else (), page.permission)
        )
        for page in PAGES
        for method in page.methods.split()
    }
    assert program == {(row.method, row.path): row.who for row in ROWS if row.method != "SOCKET"}


def test_whoever_has_two_roles_may_what_either_may_and_nothing_else() -> None:
    assert set(permissions.ROLES) == WITH_A_ROLE
    for permission in permissions.PERMISSIONS:
        for number in range(len(permissions.ROLES) + 1):
            for held in combinations(permissions.ROLES, number):
                either = permission == "public" or any(permissions.may((one,), permission) for one in held)
                assert permissions.may(held, permission) == either
    assert not permissions.may(("king",), "signed in")


@dataclass(frozen=True)
class Everybody:
    """A house, a browser of each of VISITORS, and an address that exists for each kind of path."""

    house: House
    browsers: dict[str, httpx2.AsyncClient]
    there: dict[str, str]

    def address(self, path: str) -> str:
        """Returns a real address for a row's path; ids that need not exist are made up."""
        return re.sub(r"\{([a-z_]+)[a-z:]*\}", lambda name: self.there.get(name[1]) or new_id(), path)


@pytest.fixture(scope="module")
async def everybody(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[Everybody]:
    async with a_house(tmp_path_factory.mktemp("roles"), sqlite_template) as house:
        commission = await house.commission()
        story, key = await house.story(commission)
        live = a_session(commission)
        browsers = {visitor: house.browser() for visitor in VISITORS}
        async with house.store.begin() as work:
            await work.sessions.add_session(live)
        for visitor in VISITORS[1:]:
            person = await house.person(f"the-{visitor.replace(' ', '-')}", *({visitor} & WITH_A_ROLE))
            browsers[visitor].cookies.set("forum_session", await house.session_token(person))
        there = {
            "commission": commission.id,
            "story": story.id,
            "key": key,
            "session": live.id,
            "code": live.code,
            "act": "pause",
            "stage": "assess-needs",
            "index": "0",
        }
        yield Everybody(house, browsers, there)
        for browser in browsers.values():
            await browser.aclose()


async def test_the_application_answers_at_no_other_address(everybody: Everybody) -> None:
    found = set()
    for route in everybody.house.app.routes:
        if isinstance(route, Mount):
            assert route.path == "/static"
        elif isinstance(route, WebSocketRoute):
            found.add(("SOCKET", route.path))
        else:
            assert isinstance(route, Route)
            found |= {(method, route.path) for method in (route.methods or set()) - {"HEAD"}}
    assert found == {(row.method, row.path) for row in ROWS}


@pytest.mark.parametrize("visitor", VISITORS)
async def test_every_address_lets_in_whom_it_should_and_nobody_else(everybody: Everybody, visitor: str) -> None:
    """Real requests. What everybody may is asked once, as nobody: whoever is signed in gets there by the same line."""
    refusal = (401, "sign_in_needed") if visitor == NOBODY else (403, "not_allowed")
    wrong = []
    for row in ASKED:
        may = visitor in row.who
        if may and visitor != NOBODY and NOBODY in row.who:
            continue
        methods = ["GET", "HEAD"] if row.method == "GET" and not may else [row.method]
        for method in methods:
            answer = await everybody.browsers[visitor].request(
                method, everybody.address(row.path), headers={"Accept": "application/json"}
            )
            if may:
                # Whoever has not come into a session is told so with a 403 of its own.
                right = answer.status_code < 500 and answer.status_code != 401
                right = right and (answer.status_code != 403 or REFUSALS["not_joined"] in answer.text)
            else:
                code = refusal[1] if method == "HEAD" else answer.json()["error"]["code"]
                right = (answer.status_code, code) == refusal
            if not right:
                wrong.append(f"{method} {row.path}: {answer.status_code}")
    assert wrong == []


async def test_a_token_may_what_its_holder_may(everybody: Everybody) -> None:
    """A program that brings an organiser's token is that organiser: no more, no less."""
    async with everybody.house.store.read() as work:
        holder = await work.people.by_login("the-organiser")
    assert holder is not None
    _, secret = await accounts.make_token(everybody.house.store, CLOCK, holder, "a script")
    asked = {"GET /organise": 200, "GET /people": 403, "GET /moderate": 403, "GET /decide": 403, "GET /export": 403}
    headers = {"Authorization": f"Bearer {secret}", "Accept": "application/json"}
    async with everybody.house.browser() as program:
        for what, status in asked.items():
            method, path = what.split()
            assert (await program.request(method, path, headers=headers)).status_code == status, what


@pytest.mark.parametrize("visitor", VISITORS)
async def test_every_socket_as_every_role(everybody: Everybody, visitor: str) -> None:
    """A console's socket is the facilitator's; a phone's needs somebody who joined; a projector's its own key."""
    closed = {
        row.path: await _close_code(everybody, everybody.address(row.path.replace("{key}", "wrong")), visitor)
        for row in ROWS
        if row.method == "SOCKET"
    }
    assert closed == {
        "/s/{code}/socket": 4403,
        "/projector/{key}/socket": 4404,
        "/tablet/{key}/socket": 4404,
        "/console/{session}/socket": 0 if visitor == "organiser" else 4403,
    }


async def _close_code(everybody: Everybody, path: str, visitor: str) -> int:
    """Returns the code with which a socket is closed at once; 0 where it stays open and says hello."""
    sent: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    cookies = "; ".join(f"{c.name}={c.value}" for c in everybody.browsers[visitor].cookies.jar) or "a=b"
    scope = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "ws",
        "server": ("house.test", 80),
        "client": ("192.0.2.1", 40000),
        "subprotocols": [],
        "headers": [(b"host", b"house.test"), (b"origin", b"http://house.test"), (b"cookie", cookies.encode())],
    }
    incoming: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    incoming.put_nowait({"type": "websocket.connect"})
    serving = asyncio.create_task(everybody.house.app(scope, incoming.get, sent.put))
    code = -1
    while code < 0:
        message = await sent.get()
        if message["type"] == "websocket.close":
            code = int(str(message["code"]))
        elif message["type"] == "websocket.send" and json.loads(message["text"])["t"] == "hello":
            code = 0
            incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
    await serving
    return code
