"""Forum below a path of its own: no address on any page, in any answer, leaves it; what comes in is found again."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from support.app import House, a_house
from support.factories import CLOCK, COMMISSION_FORM, a_session, new_id

from forum.app import build
from forum.errors import StartupProblem
from forum.services import demonstration, permissions
from forum.services.keys import digest
from forum.services.sessions.tablet_link import share
from forum.sessions.session import Participant
from forum.settings import Settings
from forum.web.cookies import DEVICE
from forum.web.page_row import Page
from forum.web.routes import PAGES, SOCKETS
from forum.web.templates import STATIC

HOST = "http://house.test"
PREFIX = "/forum-2/live"
PUBLIC = HOST + PREFIX
# Where an address of ours may stand without the prefix: a field that is only sent back to us.
SENT_BACK = {("input", "value")}
OURS = {path.split("/")[1] for path in [*(p.path for p in PAGES), *(s.path for s in SOCKETS), "/static"]} - {""}


class Stripping:
    """A proxy that takes the prefix off."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["path"].startswith(PREFIX), scope["path"]
        path = scope["path"].removeprefix(PREFIX) or "/"
        await self.app({**scope, "path": path, "raw_path": path.encode()}, receive, send)


@dataclass(frozen=True)
class Below:
    """A house with the prefix, an address for each kind of path, and somebody with every role and in the room."""

    house: House
    there: dict[str, str]
    token: str
    device: str

    def browser(self, *, strips: bool, **more: Any) -> httpx2.AsyncClient:
        app = Stripping(self.house.app) if strips else self.house.app
        browser = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app, client=("192.0.2.1", 40000)),
            base_url=PUBLIC,
            headers={"Origin": HOST, "Accept": "text/html"} | more,
        )
        browser.cookies.set("forum_session", self.token, domain="house.test")
        browser.cookies.set(DEVICE, self.device, domain="house.test")
        return browser


@pytest.fixture(scope="module")
async def below(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[Below]:
    folder, device = tmp_path_factory.mktemp("below"), "d" * 32
    async with a_house(folder, sqlite_template, public_url=PUBLIC + "/") as house:
        await demonstration.load(house.store, CLOCK)
        commission = await house.commission()
        story, key = await house.story(commission)
        await house.moderated(story, "accept")
        # Not begun: of a session that is, and that no entry tells of, no export is there to be had.
        live = a_session(commission, scenarios=(story.id,), opened_at="")
        person = await house.person("everything", *permissions.ROLES)
        async with house.store.begin() as work:
            await work.sessions.add_session(live)
            await work.sessions.join(Participant(new_id(), live.id, "g1", CLOCK.now()), digest(device))
        there = {"commission": commission.id, "story": story.id, "key": key, "session": live.id, "code": live.code}
        shared = await share(house.store, live.id, on=True)
        there |= {"projector": live.projector, "tablet": shared.tablet}
        there |= {"index": "0", "act": "pause", "step": "happened", "number": "1"}
        yield Below(house, there, await house.session_token(person), device)


def address(page: Page, there: dict[str, str]) -> str:
    """Returns a real address for the row's path; ids that need not exist are made up."""
    own = {"/projector/{key}": "projector", "/tablet/{key}": "tablet", "/tablet/{key}/now": "tablet"}.get(page.path)
    return re.sub(r"\{(\w+)(:path)?\}", lambda found: there.get(own or found[1], "0" * 32), page.path)


class Attributes(HTMLParser):
    """Every attribute of every element, whatever it is called."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(tag, name, value) for name, value in attrs if value]


def strays(html: str) -> Iterator[str]:
    """Attributes that hold an address of this Forum without the prefix, or with it twice."""
    for tag, name, value in Attributes(html).found:
        path = value.removeprefix(HOST)
        ours = path == "/" or (path.startswith("/") and path.split("/")[1].partition("?")[0] in OURS)
        if (ours and (tag, name) not in SENT_BACK) or value.count(PREFIX) > 1:
            yield f"<{tag} {name}={value!r}>"


def in_json(value: object) -> Iterator[str]:
    """Finds strays in JSON: in its strings, and in the HTML in them."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from in_json(each)
    elif isinstance(value, str) and "<" in value:
        yield from strays(value)
    elif isinstance(value, str):
        yield from strays(f'<a href="{value}">') if value.startswith("/") else ()


def looked_through(answer: httpx2.Response) -> list[str]:
    """Lists every address in an answer that leaves the prefix."""
    kind = answer.headers.get("content-type", "")
    found = list(strays(answer.text)) if kind.startswith("text/html") else []
    if kind.startswith("application/json"):
        found += in_json(answer.json())
    if "location" in answer.headers:
        found += strays(f'<a href="{answer.headers["location"]}">')
    found += [cookie for cookie in answer.headers.get_list("set-cookie") if f"; Path={PREFIX};" not in cookie]
    if not kind.startswith(("image", "application/zip", "application/pdf")):
        found += re.findall(rf"{HOST}(?!{PREFIX})\S*", answer.text)
    return found


@pytest.mark.parametrize("strips", [True, False], ids=["the proxy takes it off", "the proxy passes it on"])
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
async def test_no_address_in_any_answer_leaves_the_prefix(below: Below, strips: bool, accept: str) -> None:
    found, seen = {}, 0
    async with below.browser(strips=strips, Accept=accept) as browser:
        for page in PAGES:
            if page.path == "/sign-out":
                continue
            where = address(page, below.there)
            answers = [await browser.get(where)] if "GET" in page.methods else []
            if "POST" in page.methods and accept == "text/html":
                answers.append(await browser.post(where, data={"x": "x"}))
            for answer in answers:
                assert answer.status_code != 500, where
                seen += looked_through(answer) == [] and answer.status_code == 200
                if stray := looked_through(answer):
                    found[where] = stray
    assert found == {}
    assert seen > 40


async def test_every_link_and_file_of_every_page_is_there(below: Below) -> None:
    """Follows what stands on pages, as a browser does, and never by way of a table of ours."""
    waiting, seen, kinds = [PREFIX + "/"], set[str](), set[str]()
    async with below.browser(strips=False) as browser:
        while waiting:
            path = waiting.pop()
            # one page of each kind will do
            kind = re.sub(r"[0-9a-zA-Z_-]{22,}|\d+|\?.*", "*", path)
            if kind in kinds or path.endswith("/export"):
                continue
            kinds.add(kind)
            answer = await browser.get(HOST + path)
            assert answer.status_code in {200, 303}, path
            seen.add(path.removeprefix(PREFIX).partition("?")[0])
            if answer.headers.get("content-type", "").startswith("text/html"):
                for _tag, name, value in Attributes(answer.text).found:
                    if name in {"href", "src", "data-path"} and value.startswith("/"):
                        waiting.append(value.partition("#")[0])
    assert {"/", "/stories", "/organise", "/static/forum.css", "/moderate", "/decide", "/people"} <= seen
    assert len(kinds) > 40


@pytest.mark.parametrize("strips", [True, False])
async def test_what_is_done_leads_on_below_the_prefix(below: Below, strips: bool) -> None:
    async with below.browser(strips=strips) as browser:
        browser.cookies.clear()
        asked = await browser.get("/moderate")
        assert asked.headers["location"] == f"{PREFIX}/sign-in?next=/moderate"
        assert (await browser.get("/stories/")).headers["location"] == f"{PUBLIC}/stories"
        answer = await browser.get("/?lang=cy", headers={"Host": "house.test"})
        [cookie] = answer.headers.get_list("set-cookie")
        assert cookie.startswith("forum_language_forum_2_live=cy;")
        # the switch, after a form that came back
        came = await browser.post("/join", data={"code": "1"}, headers={"Referer": f"{PUBLIC}/join"})
        assert f'href="{PREFIX}/join?lang=cy"' in came.text
        json = {"Authorization": f"Bearer {await token_of(below.house)}", "Accept": "application/json"}
        made = (await browser.post("/organise/commissions", data=COMMISSION_FORM, headers=json)).json()
        form = {"commission": made["id"], "title": "A day"}
        session = (await browser.post("/organise/sessions", data=form, headers=json)).json()
        assert session["console"] == f"{PREFIX}/console/{session['id']}"
        assert session["projector"].startswith(f"{PREFIX}/projector/")
        tablet = f"/organise/sessions/{session['id']}/tablet"
        assert (await browser.post(tablet, data={"act": "make"}, headers=json)).json()["tablet"].startswith(PREFIX)
        assert (await browser.get("/static/forum.css")).status_code == 200


async def token_of(house: House) -> str:
    """Makes a token of somebody who runs sessions."""
    from forum.services.accounts import make_token

    person = await house.person(f"olu-{new_id()[:8]}", "organiser")
    _token, secret = await make_token(house.store, CLOCK, person, "test")
    return secret


def test_no_script_names_an_address_from_the_top() -> None:
    for script in sorted(STATIC.rglob("*.js")):
        named = re.findall(r"[\"'`]/([a-z-]+)", script.read_text())
        assert [name for name in named if name in OURS - {"stop"}] == [], script.name


@pytest.mark.parametrize("first", sorted(first for first in OURS if "." not in first))  # no path has dots
def test_a_path_that_begins_as_our_own_pages_do_is_refused(tmp_path: Path, first: str) -> None:
    with pytest.raises(StartupProblem, match=f"Forum has pages of its own below /{first}"):
        build(Settings.load({"FORUM_PUBLIC_URL": f"https://example.org/{first}/x"}, data=tmp_path))
