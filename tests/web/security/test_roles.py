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
from support.decided import ANSWERS
from support.factories import CLOCK, a_session, new_id
from support.recorded_day import Day, a_day

from forum.errors import BadInput, FormErrors
from forum.live.messages import REFUSALS
from forum.ports.accounts import Person
from forum.services import accounts, permissions
from forum.voting.commission import Commission
from forum.web.routes import PAGES

NOBODY, NO_ROLE = "nobody", "no role"
VISITORS = (NOBODY, NO_ROLE, "administrator", "organiser", "moderator", "commissioner", "second reader")
WITH_A_ROLE = frozenset(VISITORS[2:])


@dataclass(frozen=True)
class Row:
    """One row of the table by hand: "GET", "POST" or "SOCKET", the path, which of VISITORS may, and whether their role
    must count in every commission."""

    method: str
    path: str
    who: frozenset[str]
    everywhere: bool


def by_hand() -> list[Row]:
    """Reads the rows of who_may.txt. A heading stands at the margin, its rows below it are indented."""
    found, who, everywhere = [], frozenset[str](), False
    for line in (Path(__file__).parent / "who_may.txt").read_text().split("\n\n", 2)[2].splitlines():
        if not line.startswith(" "):
            named = {role for role in WITH_A_ROLE if role in line}
            who = frozenset(VISITORS) if line.startswith("Everybody") else frozenset(named)
            everywhere = line.endswith("in every commission")
            continue
        *methods, path = line.split()
        found += [Row(method, path, who, everywhere) for method in methods]
    return found


ROWS = by_hand()
# Signing out would end the visitor's visit for the rows after it; test_accounts has it.
ASKED = [row for row in ROWS if row.method != "SOCKET" and row.path != "/sign-out"]


def test_the_table_by_hand_is_read_whole() -> None:
    """A slip in reading it (a heading that names nobody, a row twice) must not pass for a permission."""
    assert len(ROWS) == len({(row.method, row.path) for row in ROWS}) > 130
    assert all(row.who and row.method in {"GET", "POST", "SOCKET"} and row.path.startswith("/") for row in ROWS)
    together = {frozenset({"commissioner", one}) for one in ("organiser", "second reader")}
    alone = {frozenset({one}) for one in WITH_A_ROLE}
    assert {row.who for row in ROWS} == {frozenset(VISITORS), WITH_A_ROLE, *together, *alone} - {
        frozenset({"second reader"})
    }


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


async def known(house: House, browser: httpx2.AsyncClient, person: Person) -> None:
    """Lets a browser be known as somebody: on pages by a cookie, to the API by a token."""
    browser.cookies.set("forum_session", await house.session_token(person))
    _, secret = await accounts.make_token(house.store, CLOCK, person, "for the API")

    def with_token(request: httpx2.Request) -> httpx2.Request:
        if request.url.path.startswith("/api/"):
            request.headers["Authorization"] = f"Bearer {secret}"
        return request

    browser.auth = with_token


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
            await known(house, browsers[visitor], person)
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
                code = refusal[1] if method == "HEAD" else answer.json().get("error", answer.json())["code"]
                right = (answer.status_code, code) == refusal
            if not right:
                wrong.append(f"{method} {row.path}: {answer.status_code}")
    assert wrong == []


IN_ONE = ("organiser", "moderator", "commissioner", "second reader")
# What a path leads to, by the name that it has in the path; each is of one commission.
LEADS = ("{commission}", "{session}", "{story}", "{commitment}", "{decision}", "{draft}")


@dataclass(frozen=True)
class InOne:
    """The days of two commissions in one house, and a browser of each role, which counts in the first one alone."""

    house: House
    mine: Day
    anothers: Day
    browsers: dict[str, httpx2.AsyncClient]

    async def ask(self, role: str, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = {"Accept": "text/html" if method == "GET" else "application/json"}
        return await self.browsers[role].request(method, path, headers=headers, **more)


@pytest.fixture(scope="module")
async def in_one(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[InOne]:
    async with a_house(tmp_path_factory.mktemp("in-one"), sqlite_template) as house:
        mine, anothers = await a_day(house.store), await a_day(house.store)
        browsers = {role: house.browser() for role in IN_ONE}
        for role, browser in browsers.items():
            person = await house.person(f"{role.replace(' ', '-')}-in-one")
            await accounts.set_roles(house.store, CLOCK, person.id, [role], mine.voted.live.commission)
            await known(house, browser, person)
        yield InOne(house, mine, anothers, browsers)
        for browser in browsers.values():
            await browser.aclose()


def _there(day: Day) -> dict[str, str]:
    live = day.voted.live
    ids = {"commission": live.commission, "session": live.id, "story": day.story, "commitment": day.commitment}
    # The address of a draft that was published leads to its decision.
    ids |= {"decision": day.decision, "draft": day.decision}
    return ids | {"round": day.first, "act": "nothing"}


@pytest.mark.parametrize("role", IN_ONE)
async def test_a_role_in_one_commission_opens_its_addresses_and_none_of_another(in_one: InOne, role: str) -> None:
    wrong = []
    for row in ASKED:
        if NOBODY in row.who:
            continue
        leads = any(name in row.path for name in LEADS)
        for day in (in_one.mine, in_one.anothers):
            there = _there(day)
            path = re.sub(r"\{([a-z_]+)\}", lambda name, at=there: at.get(name[1]) or new_id(), row.path)  # type: ignore[misc]
            answer = await in_one.ask(role, row.method, path)
            may = role in row.who and not row.everywhere and (day is in_one.mine or not leads)
            # Which commission a form or an export is of is asked by the tests below.
            unnamed = (
                may and not leads and row.path not in ("/organise", "/moderate", "/decide", "/account", "/api/v1/work")
            )
            refused = answer.status_code == 403
            if answer.status_code >= 500 or (refused is may and not unnamed):
                wrong.append(f"{row.method} {path}: {answer.status_code}")
    assert wrong == []


@pytest.mark.parametrize(
    ("role", "path"), [("organiser", "/organise"), ("moderator", "/moderate"), ("commissioner", "/decide")]
)
async def test_a_list_shows_a_role_in_one_commission_nothing_of_another(in_one: InOne, role: str, path: str) -> None:
    await in_one.house.story(await _commission(in_one, in_one.mine), "Of mine")
    await in_one.house.story(await _commission(in_one, in_one.anothers), "Of another")
    page = await in_one.ask(role, "GET", path)
    assert page.status_code == 200
    ids = []
    for day in (in_one.mine, in_one.anothers):
        live, there = day.voted.live, _there(day)
        del there["act"]
        ids.append({*there.values(), live.code, live.projector, *day.voted.rounds, day.decision})
    assert any(one in page.text for one in ids[0]) or "Of mine" in page.text
    assert "Of another" not in page.text
    assert [one for one in ids[1] if one in page.text] == []


async def _commission(in_one: InOne, day: Day) -> Commission:
    async with in_one.house.store.read() as work:
        return await work.commissions.get_commission(day.voted.live.commission)


@pytest.mark.parametrize(
    ("role", "method", "path", "named"),
    [
        ("organiser", "GET", "/organise/sessions/new", "commission"),
        ("organiser", "POST", "/organise/sessions", "commission"),
        ("organiser", "GET", "/organise/asynchronous/new", "commission"),
        ("organiser", "POST", "/organise/asynchronous", "commission"),
        ("commissioner", "GET", "/decide/new", "round"),
        ("commissioner", "POST", "/decide/new", "round"),
        ("commissioner", "GET", "/decide/poster.pdf", "commission"),
        *(
            ("commissioner", "GET", f"/export{kind}", named)
            for kind in ("", "/popolo", "/report.html", "/report.pdf", "/workbook")
            for named in ("commission", "session")
        ),
    ],
)
async def test_what_a_form_or_an_export_names_must_be_of_the_commission(
    in_one: InOne, role: str, method: str, path: str, named: str
) -> None:
    decided = {"outcome": "adopted", "response": "r2", "rationale": "It is near."} | ANSWERS
    for day, may in ((in_one.mine, True), (in_one.anothers, False)):
        what = {named: _there(day)[named]}
        form = {"params": what} if method == "GET" else {"data": what | (decided if role == "commissioner" else {})}
        answer = await in_one.ask(role, method, path, **form)
        assert (answer.status_code == 403) is not may, (what, answer.status_code)
        assert answer.status_code < 500
    if path.startswith("/export") or path.endswith(".pdf"):
        assert (await in_one.ask(role, method, path)).status_code == 403, "everything is of every commission"
        both = {"commission": _there(in_one.mine)["commission"], "session": _there(in_one.anothers)["session"]}
        if path.startswith("/export"):
            assert (await in_one.ask(role, method, path, params=both)).status_code == 403


async def test_a_role_in_one_commission_may_be_taken_and_no_administrator_is_made_of_it(in_one: InOne) -> None:
    house, here = in_one.house, in_one.mine.voted.live.commission
    person = await house.person("goes")
    async with house.browser() as browser:
        browser.cookies.set("forum_session", await house.session_token(person))
        assert (await browser.get("/organise")).status_code == 403
        await accounts.set_roles(house.store, CLOCK, person.id, ["organiser"], here)
        assert (await browser.get("/organise")).status_code == 200
        for wrong in (["administrator"], ["king"]):
            with pytest.raises(FormErrors):
                await accounts.set_roles(house.store, CLOCK, person.id, wrong, here)
        with pytest.raises(BadInput):
            await accounts.set_roles(house.store, CLOCK, person.id, ["organiser"], new_id())
        await accounts.set_roles(house.store, CLOCK, person.id, [], here)
        assert (await browser.get("/organise")).status_code == 403


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


async def test_a_program_makes_nobody_a_link(everybody: Everybody) -> None:
    """A link that a program made would let it act as a second person, as the one who confirms a count of papers."""
    links = {
        "/organise/sessions/{session}/helpers": "organiser",
        "/decide/dissent/{decision}": "commissioner",
        "/decide/promises/{commitment}/owner": "commissioner",
    }
    for path, role in links.items():
        async with everybody.house.store.read() as work:
            holder = await work.people.by_login(f"the-{role}")
        assert holder is not None
        _, secret = await accounts.make_token(everybody.house.store, CLOCK, holder, "a script")
        headers = {"Authorization": f"Bearer {secret}", "Accept": "application/json"}
        async with everybody.house.browser() as program:
            for act in ("make", "mail", "revoke"):
                refused = await program.post(everybody.address(path), data={"act": act}, headers=headers)
                assert (refused.status_code, "not by programs" in refused.text) == (403, True), (path, act)


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


async def test_a_console_opens_for_an_organiser_of_its_commission_alone(in_one: InOne) -> None:
    consoles = [f"/console/{day.voted.live.id}/socket" for day in (in_one.mine, in_one.anothers)]
    assert [await _close_code(in_one, path, "organiser") for path in consoles] == [0, 4403]


async def _close_code(everybody: Everybody | InOne, path: str, visitor: str) -> int:
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
