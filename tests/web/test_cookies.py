"""Cookies know no ports: two Forums on one host must not take each other's away."""

from __future__ import annotations

import http.cookies
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from http.cookiejar import CookieJar
from pathlib import Path

import httpx2
import pytest
from support.app import PASSWORD, House, a_house

from forum.web.cookies import DEVICE, ENTERED, LANGUAGE, SIGNED_IN, SINCE

WEB = Path(__file__).parent.parent.parent / "forum/web"

PORTS = (8000, 8001)
NAMES = (DEVICE, SINCE, ENTERED, LANGUAGE, SIGNED_IN)


@pytest.fixture
async def houses(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[list[House]]:
    async with AsyncExitStack() as stack:
        made = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            made.append(await stack.enter_async_context(a_house(tmp_path / name, sqlite_template)))
        yield made


def browser(house: House, jar: CookieJar, address: str) -> httpx2.AsyncClient:
    """Opens one browser's window on one of the houses."""
    headers = {"Origin": address, "Accept": "text/html"}
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=house.app), base_url=address, headers=headers, cookies=jar
    )


async def sign_in(window: httpx2.AsyncClient, login: str = "mo") -> None:
    answer = await window.post("/sign-in", data={"login": login, "password": PASSWORD})
    assert answer.status_code == 303


async def test_two_forums_on_one_host_leave_each_others_cookies_alone(houses: list[House]) -> None:
    jar = CookieJar()
    windows = [browser(house, jar, f"http://house.test:{port}") for house, port in zip(houses, PORTS, strict=True)]
    languages = ("cy", "en")
    for house, window, language in zip(houses, windows, languages, strict=True):
        await house.person("mo", "organiser")
        await sign_in(window)
        commission = await house.commission()
        await window.get(f"/commissions/{commission.id}/tell?lang={language}")
    for window, language in zip(windows, languages, strict=True):
        shown = await window.get("/organise")
        assert shown.status_code == 200
        assert shown.headers["content-language"] == language
    assert len({cookie.name for cookie in jar}) == len(list(jar)) == 2 * len(NAMES)
    # signing out of one is not signing out of the other
    await windows[0].post("/sign-out")
    assert [(await window.get("/organise")).status_code for window in windows] == [303, 200]


async def test_a_name_without_its_port_goes_on_working_until_there_is_one_with_it(houses: list[House]) -> None:
    house, jar = houses[0], CookieJar()
    await house.person("mo", "organiser")
    async with browser(house, jar, "http://house.test") as before:
        await sign_in(before)
        assert SIGNED_IN in before.cookies
    async with browser(house, jar, "http://house.test:8000") as after:
        assert (await after.get("/organise")).status_code == 200
        await after.post("/sign-out")
        # What a browser proves of itself stays: it opens nothing.
        assert {cookie.name for cookie in jar} == {DEVICE, SINCE, ENTERED}
        after.cookies.set(SIGNED_IN, "somebody else's", domain="house.test")
        await sign_in(after)
        assert (await after.get("/organise")).status_code == 200
        assert after.cookies[f"{SIGNED_IN}_8000"]


@pytest.mark.parametrize(
    ("address", "host", "name"),
    [
        ("http://house.test", None, LANGUAGE),
        ("http://house.test:80", "house.test:80", LANGUAGE),
        ("https://house.test", "house.test:443", LANGUAGE),
        ("http://house.test:8000", None, f"{LANGUAGE}_8000"),
        ("http://[2001:db8::1]:8000", None, f"{LANGUAGE}_8000"),
        # a proxy that leaves the port out
        ("https://forum.example.org:8443", "forum.example.org", f"{LANGUAGE}_8443"),
        ("https://forum.example.org:8443", "forum.example.org:8443", f"{LANGUAGE}_8443"),
        ("https://forum.example.org:8443", "127.0.0.1:8000", f"{LANGUAGE}_8000"),
        ("http://house.test", "house.test:port", LANGUAGE),
        ("http://house.test", "[::1", LANGUAGE),
        ("http://house.test", "", LANGUAGE),
    ],
)
async def test_the_port_is_the_one_that_the_browser_asked_at(
    tmp_path: Path, sqlite_template: Path, address: str, host: str | None, name: str
) -> None:
    public = address if "example.org" in address else None
    async with (
        a_house(tmp_path, sqlite_template, public_url=public) as house,
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=house.app), base_url=address) as window,
    ):
        answer = await window.get("/?lang=cy", headers={"Host": host} if host is not None else {})
        [cookie] = answer.headers.get_list("set-cookie")
        assert cookie.partition("=")[0] == name


def test_the_names_are_those_that_people_have_already() -> None:
    assert (SIGNED_IN, DEVICE, LANGUAGE) == ("forum_session", "forum_device", "forum_language")


async def test_cookies_that_are_not_ours_are_not_read(houses: list[House], monkeypatch: pytest.MonkeyPatch) -> None:
    def unquoting(value: str) -> str:
        raise AssertionError(f"the standard library reads {value[:20]}")

    # CVE-2024-7592: quadratic before Python 3.11.10 and 3.12.6
    monkeypatch.setattr(http.cookies, "_unquote", unquoting)
    house, jar = houses[0], CookieJar()
    await house.person("mo", "organiser")
    async with browser(house, jar, "http://house.test") as window:
        await sign_in(window)
        ours = f"{SIGNED_IN}={window.cookies[SIGNED_IN]}"
    strangers = 'a="' + '\\"' * 3000 + '"'
    for sent in (
        f"{strangers}; {ours}",
        f"{ours};{strangers}",
        f"{strangers};; =;{ours} ; {SIGNED_IN}x=1",
        f"x{SIGNED_IN}=2; {ours}",
    ):
        async with browser(house, CookieJar(), "http://house.test") as window:
            answer = await window.get("/organise", headers={"Cookie": sent})
        assert answer.status_code == 200


def test_no_page_reads_cookies_by_itself() -> None:
    reading = re.compile(r"(?<!`)(request|connection|socket)\.(cookies|session)\b")
    assert [path.name for path in WEB.glob("*.py") if reading.search(path.read_text())] == []
