"""Signing in while somebody guesses: nobody locks somebody else out, and nobody learns which logins there are."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from support.app import PASSWORD, House, a_house, no_sleep, password_hash, words
from support.factories import SetClock

from forum.adapters import passwords
from forum.ports.passwords import Fit
from forum.web.accounts import login_check
from forum.web.accounts.devices import KNOWN_AFTER
from forum.web.cookies import DEVICE, ENTERED
from forum.web.rate_limits import Limits

VENUE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template, sign_ins_per_address=1000) as house:
        yield house


async def enter(browser: httpx2.AsyncClient, password: str = PASSWORD, login: str = "mo") -> int:
    """Signs in and returns the status of the answer."""
    return (await browser.post("/sign-in", data={"login": login, "password": password})).status_code


async def guessed(
    house: House, times: int = login_check.TRIES_PER_LOGIN, login: str = "mo", address: str = VENUE
) -> None:
    """Tries so many passwords of a login."""
    async with house.browser(address) as angry:
        await angry.get("/sign-in")
        for _ in range(times):
            assert await enter(angry, "wrong", login) == 422


async def test_an_angry_neighbour_locks_an_organiser_out_neither_where_they_have_been_nor_elsewhere(
    house: House,
) -> None:
    await house.person("mo", "organiser")
    async with house.browser(VENUE) as known, house.browser(VENUE) as new, house.browser(ELSEWHERE) as away:
        assert await enter(known) == 303
        await known.post("/sign-out")
        await guessed(house)
        await new.get("/sign-in")
        assert await enter(new) == 429
        assert await enter(known) == 303
        assert await enter(away) == 303
        # The proof goes where the browser goes.
        async with house.browser("203.0.113.9") as moved:
            moved.cookies.update(known.cookies)
            await guessed(house, address="203.0.113.9")
            assert await enter(moved) == 303


async def test_a_laptop_that_has_had_the_page_for_a_while_is_not_locked_by_those_beside_it(house: House) -> None:
    clock = SetClock()
    house.app.state.site = replace(house.site, clock=clock)
    await house.person("mo", "organiser")
    async with house.browser(VENUE) as laptop, house.browser(VENUE) as angry:
        for browser in (laptop, angry):
            await browser.get("/sign-in")
        clock.move(seconds=KNOWN_AFTER)
        await guessed(house)
        for _ in range(login_check.TRIES_PER_LOGIN):
            assert await enter(angry, "wrong") == 422
        assert await enter(angry) == 429
        assert await enter(laptop) == 303


async def test_a_login_that_nobody_has_is_locked_alike(house: House) -> None:
    house.app.state.site = replace(house.site, limits=Limits(lambda: 1000.0, no_sleep))
    await house.person("mo", "organiser")
    said = []
    for login in ("mo", "nobody"):
        await guessed(house, login=login)
        async with house.browser(VENUE) as browser:
            await browser.get("/sign-in")
            answer = await browser.post("/sign-in", data={"login": login, "password": "wrong"})
            said.append((answer.status_code, answer.headers["retry-after"], words(answer)))
    assert said[0][0] == 429
    assert said[0] == said[1]
    assert "sign in on a device on which you have signed in before" in said[0][2]


async def test_a_known_browser_has_tries_of_its_own_too(house: House) -> None:
    await house.person("mo", "organiser")
    async with house.browser(VENUE) as known, house.browser(VENUE) as new:
        assert await enter(known) == 303
        for _ in range(login_check.TRIES_PER_LOGIN):
            assert await enter(known, "wrong") == 422
        assert await enter(known) == 429
        assert await enter(new) == 303


@pytest.mark.parametrize("proof", ["", "0" * 32, "of somebody else", "of another browser"])
async def test_what_proves_no_sign_in_of_theirs_is_no_proof(house: House, proof: str) -> None:
    await house.person("mo", "organiser")
    await house.person("ada", "organiser")
    async with house.browser(VENUE) as browser, house.browser(VENUE) as another:
        assert await enter(browser, login="ada") == 303
        assert await enter(another) == 303
        await browser.post("/sign-out")
        if proof == "of another browser":
            browser.cookies.set(ENTERED, another.cookies[ENTERED], domain="house.test")
            assert browser.cookies[DEVICE] != another.cookies[DEVICE]
        elif proof != "of somebody else":
            browser.cookies.set(ENTERED, proof, domain="house.test")
        await guessed(house)
        assert await enter(browser) == 429


async def test_one_browser_proves_the_last_four_of_those_who_share_it(house: House) -> None:
    names = ("ada", "bob", "cat", "dan", "eve")
    async with house.browser(VENUE) as shared:
        for name in names:
            await house.person(name, "organiser")
            assert await enter(shared, login=name) == 303
            await shared.post("/sign-out")
        for name in names:
            await guessed(house, login=name)
        assert [await enter(shared, login=name) for name in names] == [429, 303, 303, 303, 303]


async def test_a_failed_try_is_answered_after_the_same_time_whoever_it_was_for(house: House) -> None:
    """A clock that stands still: each is made to wait for all of it."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    settings = replace(house.site.settings, sign_ins_per_address=3)
    house.app.state.site = replace(house.site, limits=Limits(lambda: 1000.0, sleep), settings=settings)
    await house.person("mo", "organiser")
    async with house.browser(VENUE) as browser:
        tries = [
            ("mo", "wrong"),
            ("nobody", "wrong"),
            ("mo", PASSWORD),
            ("no", "wrong"),
            ("none", "wrong"),
            ("mo", "no"),
        ]
        answers = [await enter(browser, password, login) for login, password in tries]
    assert answers == [422, 422, 303, 422, 429, 429]
    assert waited == [login_check.ANSWERED_AFTER] * 5


async def test_passwords_of_nobody_keep_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    stored, busy = await password_hash(), threading.Event()
    slow = passwords._fit

    def held(stored: str, password: str) -> Fit:
        if not stored:
            busy.wait(20)
        return slow(stored, password)

    monkeypatch.setattr(passwords, "_fit", held)
    flood = [asyncio.ensure_future(passwords.fit("", "wrong")) for _ in range(50)]
    try:
        assert await passwords.fit(stored, PASSWORD) is Fit.YES
        # All but the few that are checked were answered at once; none queues.
        assert sum(not one.done() for one in flood) == 3
    finally:
        busy.set()
    assert await asyncio.gather(*flood) == [Fit.NO] * 50


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has a priority of its own on Linux alone")
async def test_hashing_gives_way_to_the_rooms() -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    loop = asyncio.get_running_loop()
    threads = [await loop.run_in_executor(pool, priority) for pool in (passwords._threads, passwords._nobodys)]
    assert threads == [max(10, priority())] * 2
