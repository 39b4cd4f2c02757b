"""Every route as every role: who may do what is one table, and every address keeps to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from house import House, a_house
from making import CLOCK, a_session, new_id

from forum import roles
from forum.web.pages import digest
from forum.web.routes import PAGES, SOCKETS, Page

VISITORS = ("nobody", *roles.ROLES)
ROWS = [(page, method) for page in PAGES for method in page.methods.split()]
# Signing out would end the visitor's visit for the rows after it; test_accounts has it.
TRIED = [(page, method) for page, method in ROWS if page.path != "/sign-out"]


@dataclass(frozen=True)
class Everybody:
    """A house, somebody of each role signed in, and an address that exists for each kind of path."""

    house: House
    browsers: dict[str, httpx2.AsyncClient]
    there: dict[str, str]


@pytest.fixture(scope="module")
async def everybody(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[Everybody]:
    async with a_house(tmp_path_factory.mktemp("roles"), sqlite_template) as house:
        commission = await house.commission()
        story, key = await house.story(commission)
        live = a_session(commission)
        async with house.store.begin() as work:
            await work.sessions.add(live)
        there = {
            "commission": commission.id,
            "story": story.id,
            "key": key,
            "session": live.id,
            "code": live.code,
            "act": "pause",
            "index": "0",
        }
        browsers = {"nobody": house.browser()}
        for role in roles.ROLES:
            browsers[role] = house.browser()
            person = await house.person(f"the-{role}", role)
            token = new_id()
            async with house.store.begin() as work:
                await work.people.sign_in(digest(token), person.id, CLOCK.now(), CLOCK.later(hours=1))
            browsers[role].cookies.set("forum_session", token)
        yield Everybody(house, browsers, there)
        for browser in browsers.values():
            await browser.aclose()


def address(page: Page, there: dict[str, str]) -> str:
    """A real address for the row's path; ids that need not exist are made up."""
    path = page.path
    for name in ("commission", "story", "key", "session", "code", "act", "index"):
        path = path.replace("{" + name + "}", there[name])
    while "{" in path:
        start, end = path.index("{"), path.index("}")
        path = path[:start] + new_id() + path[end + 1 :]
    return path


@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize(("page", "method"), TRIED, ids=[f"{m} {p.path}" for p, m in TRIED])
async def test_every_route_as_every_role(everybody: Everybody, page: Page, method: str, visitor: str) -> None:
    held = () if visitor == "nobody" else (visitor,)
    browser = everybody.browsers[visitor]
    where = address(page, everybody.there)
    answer = await browser.request(method, where, headers={"Accept": "application/json"})
    if roles.may(held, page.permission):
        assert answer.status_code not in {401, 500}, answer.text
        if page.permission != "public":
            assert answer.status_code != 403, answer.text
    else:
        assert answer.status_code == (401 if visitor == "nobody" else 403)
        assert answer.json()["error"]["code"] == ("sign_in_needed" if visitor == "nobody" else "not_allowed")


def test_no_unsafe_address_is_open_but_those_that_have_their_own_key() -> None:
    """Whoever adds a public form says so here."""
    assert {p.path for p in PAGES if p.permission == "public" and "POST" in p.methods} == {
        "/commissions/{commission}/tell",
        "/commissions/{commission}/tell/file",
        "/my-story/{key}/write",
        "/my-story/{key}/write/{step}",
        "/my-story/{key}/save",
        "/my-story/{key}/check",
        "/my-story/{key}/file",
        "/my-story/{key}/build",
        "/my-story/{key}/build/{suggestion}",
        "/my-story/{key}/versions/{number}",
        "/build/{key}/suggest",
        "/my-story/{key}/permissions",
        "/my-story/{key}/take-back",
        "/my-story/{key}/evidence",
        "/my-story/{key}/link",
        "/my-story/{key}/appeal",
        "/my-story/{key}/mail",
        "/mail/confirm/{key}",
        "/mail/stop/{key}",
        "/stories/{story}/report",  # no key: a reader has none, so it is limited by address
        "/sign-in",
        "/sign-out",
        "/first/{key}",
        "/join",
        "/s/{code}/join",
        "/s/{code}/vote",
        "/answer/{answer_code}/join",
        "/answer/{answer_code}/question",
        "/s/{code}/stop",
        "/s/{code}/reason",
        "/s/{code}/too",
        "/tablet/{key}/vote",
        "/s/{code}/practice",  # keeps nothing
        "/s/{code}/break",
        "/s/{code}/more-time",
    }


def test_every_row_names_a_permission_of_the_table() -> None:
    assert {p.permission for p in PAGES} <= set(roles.PERMISSIONS)
    assert len({(p.path, m) for p, m in ROWS}) == len(ROWS)


@pytest.mark.parametrize("visitor", VISITORS)
async def test_every_socket_as_every_role(everybody: Everybody, visitor: str) -> None:
    """A console's socket is the facilitator's; a phone's needs somebody who joined; a projector's its own key."""
    closed: dict[str, int] = {}
    for route in SOCKETS:
        path = route.path.replace("{code}", everybody.there["code"]).replace("{key}", "wrong")
        path = path.replace("{session}", everybody.there["session"])
        closed[route.path] = await _close_code(everybody, path, visitor)
    assert closed["/s/{code}/socket"] == 4403
    assert closed["/projector/{key}/socket"] == 4404
    assert closed["/tablet/{key}/socket"] == 4404
    assert closed["/console/{session}/socket"] == (0 if visitor == roles.ORGANISER else 4403)


async def _close_code(everybody: Everybody, path: str, visitor: str) -> int:
    """The code with which a socket is closed at once; 0 where it stays open and says hello."""
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
        elif message["type"] == "websocket.send":
            code = 0
            incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
    await serving
    return code
