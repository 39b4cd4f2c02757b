"""Where somebody is signed in: listed for them, ended by them or an administrator, and noted as acts of staff."""

from __future__ import annotations

import re

import httpx2
import pytest
from starlette.requests import Request
from support.app import PASSWORD, House, words

from forum.ports.audit import What
from forum.web.accounts.browser_names import browser_name

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 "
    "Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0 Safari/537.36 "
    "Edg/143.0"
)


async def enter(browser: httpx2.AsyncClient, agent: str = FIREFOX, login: str = "mo") -> None:
    browser.headers["User-Agent"] = agent
    assert (await browser.post("/sign-in", data={"login": login, "password": PASSWORD})).status_code == 303


async def may(*browsers: httpx2.AsyncClient) -> list[bool]:
    return [(await browser.get("/moderate")).status_code == 200 for browser in browsers]


def named(answer: httpx2.Response) -> list[str]:
    """Returns the names of the sign-ins that a page can end."""
    return re.findall(r'name="sign_in" value="([0-9a-f]{64})"', answer.text)


async def kinds(house: House) -> list[str]:
    async with house.store.read() as work:
        return [act.what for act in await work.audit.acts(most=50)]


@pytest.mark.parametrize(
    ("agent", "name"),
    [(FIREFOX, "Firefox, Linux"), (IPHONE, "Safari, iPhone"), (EDGE, "Edge, Windows"), ("curl/8", ""), ("", "")],
)
def test_a_browser_has_a_short_name(agent: str, name: str) -> None:
    assert browser_name(Request({"type": "http", "headers": [(b"user-agent", agent.encode())]})) == name


async def test_sign_ins_are_listed_and_one_or_all_others_are_ended(house: House) -> None:
    await house.person("mo", "moderator")
    async with house.browser() as here, house.browser() as phone, house.browser() as desk:
        await enter(here)
        await enter(phone, IPHONE)
        await enter(desk, EDGE)
        shown = await here.get("/account")
        assert [name in words(shown) for name in ("Firefox, Linux", "Safari, iPhone", "Edge, Windows")] == [True] * 3
        assert words(shown).count("This browser") == 1
        assert (len(named(shown)), "Mozilla" in shown.text) == (2, False)
        # Newest first, this one before all: the phone's is the last of the two others.
        assert (await here.post("/account/sign-outs", data={"sign_in": named(shown)[1]})).status_code == 303
        assert await may(here, phone, desk) == [True, False, True]
        again = await here.post("/account/sign-outs", data={"sign_in": named(shown)[1]})
        assert (again.status_code, await may(here, desk)) == (303, [True, True])
        assert (await here.post("/account/sign-outs", data={"others": "1"})).status_code == 303
        assert await may(here, desk) == [True, False]
        assert "Sign out everywhere else" not in words(await here.get("/account"))
    assert (await kinds(house))[:2] == ["sign-ins ended", "sign-ins ended"]


async def test_nobody_ends_the_sign_in_of_somebody_else_by_its_name(house: House) -> None:
    for login in ("mo", "eve"):
        await house.person(login, "moderator")
    async with house.browser() as mo, house.browser() as phone, house.browser() as eve:
        await enter(mo)
        await enter(phone)
        await enter(eve, login="eve")
        [name] = named(await mo.get("/account"))
        await eve.post("/account/sign-outs", data={"sign_in": name})
        await eve.post("/account/sign-outs", data={"others": "1"})
        assert await may(mo, phone, eve) == [True] * 3


async def test_an_administrator_ends_all_sign_ins_of_somebody(house: House) -> None:
    mo = await house.person("mo", "moderator")
    async with house.signed_in("administrator") as admin, house.browser() as here, house.browser() as phone:
        await enter(here)
        await enter(phone)
        assert (await here.post(f"/people/{mo.id}/sign-outs")).status_code == 403
        answer = await admin.post(f"/people/{mo.id}/sign-outs")
        assert (answer.status_code, await may(here, phone)) == (303, [False, False])
        assert "They are signed out" in words(await admin.get(answer.headers["location"]))
        assert (await admin.get("/people")).status_code == 200
        assert (await admin.post("/people/nobody/sign-outs")).status_code == 404


async def test_acts_are_noted_with_who_did_them_and_without_what_was_typed(house: House) -> None:
    mo = await house.person("mo", "moderator")
    async with house.browser() as here:
        wrong = {"login": "mo", "password": "a wrong secret of mine"}
        assert (await here.post("/sign-in", data=wrong)).status_code == 422
        assert (await here.post("/sign-in", data={"login": "nobody here", "password": "x"})).status_code == 422
        await enter(here)
        await here.post("/sign-out")
    async with house.store.read() as work:
        acts = [(act.what, act.by, act.whom, act.about) for act in await work.audit.acts(most=50)]
        assert [act.what for act in await work.audit.acts(person=mo.id, what=[What.SIGNED_IN], most=50)] == [
            "signed in"
        ]
    assert acts == [
        ("signed out", mo.id, "", "Firefox, Linux"),
        ("signed in", mo.id, "", "Firefox, Linux"),
        ("sign-in failed", "", mo.id, ""),
    ]
