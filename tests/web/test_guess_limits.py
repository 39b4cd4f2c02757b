"""Counting of guesses: one person behind the venue's address costs nobody else what they came to do."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest
from support.app import House, a_house, words
from support.factories import SetClock, new_id

from forum.web.accounts.devices import KNOWN_AFTER
from forum.web.cookies import DEVICE, SINCE
from forum.web.guess_limits import ALL_OF_A_NETWORK
from forum.web.rate_limits import Limits

MOST = 3


@dataclass(frozen=True)
class Library:
    """A house with a public story, whose clock is the test's."""

    house: House
    clock: SetClock
    path: str

    @asynccontextmanager
    async def reader(self, age: int = 0, address: str = "192.0.2.1") -> AsyncIterator[httpx2.AsyncClient]:
        """Opens a browser that was given its cookie so many seconds ago."""
        async with self.house.browser(address) as browser:
            await browser.get(self.path)
            self.clock.move(seconds=age)
            yield browser

    async def report(self, browser: httpx2.AsyncClient) -> int:
        answer = await browser.post(self.path, data={"words": "My name is in it", "id": new_id()})
        return answer.status_code


@pytest.fixture
async def library(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Library]:
    clock = SetClock()
    async with a_house(
        tmp_path, sqlite_template, clock, reports_per_address=MOST, wrong_codes_per_address=MOST
    ) as house:
        story, _key = await house.story(await house.commission())
        await house.moderated(story, "accept")
        yield Library(house, clock, f"/stories/{story.id}/report")


async def test_one_who_floods_without_cookies_costs_nobody_a_report(library: Library) -> None:
    async with library.house.browser() as flood, library.reader() as other:
        for n in range(MOST + 1):
            flood.cookies.clear()
            assert await library.report(flood) == (303 if n < MOST else 429)
        assert await library.report(other) == 303


async def test_one_who_floods_with_a_known_browser_stops_themselves(library: Library) -> None:
    async with library.reader(KNOWN_AFTER) as flood, library.reader() as new, library.reader(KNOWN_AFTER) as other:
        assert [await library.report(flood) for _ in range(MOST + 1)] == [303] * MOST + [429]
        assert [await library.report(one) for one in (new, other)] == [303, 303]


async def test_a_report_that_we_have_is_taken_again_beyond_the_limit_and_counted_once(library: Library) -> None:
    """Its answer was lost on the way; a new one waits, and comes back as it was typed, whatever its signs."""
    sent = {"words": "My name is in it", "id": new_id()}
    async with library.reader(KNOWN_AFTER) as reader:
        for _ in range(MOST + 1):
            assert (await reader.post(library.path, data=sent)).status_code == 303
        assert [await library.report(reader) for _ in range(MOST)] == [303] * (MOST - 1) + [429]
        assert (await reader.post(library.path, data=sent)).status_code == 303
        typed = "It is <b>mine</b> & \u201chers\u201d.\n\n  Dad\u2019s name, too: \u0174yn."
        new = {"words": typed, "id": new_id()}
        refused = await reader.post(library.path, data=new)
        assert refused.status_code == 429
        [kept] = re.findall(r"<textarea[^>]*>(.*?)</textarea>", refused.text, re.DOTALL)
        assert html.unescape(kept).strip("\n") == typed
        assert f'name="id" value="{new["id"]}"' in refused.text
    async with library.house.store.read() as work:
        assert len(await work.moderation.reports()) == MOST


async def test_who_makes_browsers_up_lets_a_new_one_wait_until_it_is_known(library: Library) -> None:
    async with library.reader() as late:
        for _ in range(MOST):
            async with library.reader() as made_up:
                assert await library.report(made_up) == 303
        library.clock.move(seconds=10)
        refused = await late.post(library.path, data={"words": "It is my story", "id": new_id()})
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == str(KNOWN_AFTER - 10 + 1)
        assert "It is my story" in refused.text
        library.clock.move(seconds=KNOWN_AFTER - 10)
        assert await library.report(late) == 303


async def test_all_known_browsers_of_a_network_have_a_bound_that_another_network_does_not_feel(
    library: Library,
) -> None:
    codes = []
    for _ in range(ALL_OF_A_NETWORK + 1):
        async with library.reader(KNOWN_AFTER) as known:
            codes += [await library.report(known) for _ in range(MOST)]
    assert codes == [303] * (ALL_OF_A_NETWORK * MOST) + [429] * MOST
    async with library.reader(KNOWN_AFTER, "198.51.100.7") as elsewhere:
        assert await library.report(elsewhere) == 303


@pytest.mark.parametrize("forged", ["an earlier time", "another browser", "nonsense", "too long"])
async def test_a_proof_that_was_not_given_is_none(library: Library, forged: str) -> None:
    async with library.reader() as flood, library.reader() as another:
        since, proof = flood.cookies[SINCE].split(".")
        value = {
            "an earlier time": f"{int(since) - 1000}.{proof}",
            "another browser": another.cookies[SINCE],
            "nonsense": "1.x",
            "too long": "9" * 5000 + "." + proof,
        }[forged]
        library.clock.move(seconds=KNOWN_AFTER)
        for n in range(MOST + 1):
            device = f"x{n}" if forged == "another browser" else flood.cookies[DEVICE]
            flood.cookies.clear()
            flood.cookies.update({SINCE: value, DEVICE: device})
            assert await library.report(flood) == (303 if n < MOST else 429)


async def test_an_ipv6_line_is_one_network_whatever_address_it_takes(library: Library) -> None:
    codes = []
    for n in range(MOST + 1):
        async with library.house.browser(f"2001:db8:1:2::{n:x}") as browser:
            codes.append(await library.report(browser))
    assert codes == [303] * MOST + [429]
    async with library.house.browser("2001:db8:1:3::1") as neighbour:
        assert await library.report(neighbour) == 303
    async with library.house.browser("::ffff:192.0.2.9") as mapped, library.house.browser("192.0.2.9") as plain:
        for _ in range(MOST):
            mapped.cookies.clear()
            assert await library.report(mapped) == 303
        assert await library.report(plain) == 429


async def test_a_known_browser_that_mistypes_is_told_so_while_others_guess(library: Library) -> None:
    async with library.house.browser() as guesser, library.reader(KNOWN_AFTER) as known:
        for n in range(MOST + 1):
            assert (await guesser.post("/join", data={"code": "123456"})).status_code == (422 if n < MOST else 429)
        assert "no session with this code" in words(await known.post("/join", data={"code": "123456"}))


async def test_many_wrong_guesses_are_slowed_a_few_at_a_time_and_others_are_not(library: Library) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    site = replace(library.house.site, limits=Limits(sleep=sleep))
    library.house.app.state.site = replace(site, settings=replace(site.settings, wrong_codes_per_address=100))
    async with library.house.browser() as guesser, library.house.browser("198.51.100.7") as other:
        for _ in range(100):
            assert (await guesser.get("/s/123456")).status_code == 404
        assert len(waited) == 80
        assert waited == sorted(waited)
        assert waited[-1] == 1.0
        assert (await other.get("/s/123456")).status_code == 404
        assert len(waited) == 80
