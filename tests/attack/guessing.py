"""One client floods what is limited by address, and then honest people behind the same address come with what is right.

By hand, at full size: python tests/attack/guessing.py --large

Each row is how many of those who come afterwards are refused (429): with a right join code, a place in the room, a
ballot on the tablet, a right password, their private link, a report, a new story.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

import httpx2
from support.factories import new_id

from attack.target import Row, Target, run, target
from forum.services.keys import new_key
from forum.stories.draft import mark

Ask = Callable[[httpx2.AsyncClient], Coroutine[None, None, httpx2.Response]]

PASSWORD = "seven quiet green kettles"
# What one address may do: so many in the small run, where the settings are turned down to it, and by default.
SMALL = {"codes": 15, "joins": 30, "sign-ins": 4, "links": 10, "reports": 8, "stories": 8}
LARGE = {"codes": 300, "joins": 3000, "sign-ins": 30, "links": 60, "reports": 20, "stories": 60}
HONEST = 4
AT_ONCE = 16


class Venue:
    """The clients behind one address, and what there is to come in to."""

    def __init__(self, there: Target) -> None:
        self.base = f"http://127.0.0.1:{there.port}"
        self.first_link = re.search(r"/first/\S+", there.server.said)
        self.code = self.group = self.tablet = self.story = self.commission = self.key = ""

    def browser(self) -> httpx2.AsyncClient:
        """Opens a browser that nobody has seen yet."""
        headers = {"Origin": self.base, "Accept": "text/html"}
        # No certificates are read, which takes long: this is plain HTTP.
        return httpx2.AsyncClient(base_url=self.base, headers=headers, timeout=60, trust_env=False, verify=False)

    async def prepare(self, organiser: httpx2.AsyncClient) -> None:
        """Makes an organiser, a session with a tablet, a public story, and a story with a private link."""
        assert self.first_link is not None
        form = {"name": "Olu", "login": "olu", "password": PASSWORD, "again": PASSWORD}
        assert (await organiser.post(self.first_link[0], data=form)).status_code == 303
        page = (await organiser.get("/commissions")).text
        self.commission = re.findall(r"/commissions/([0-9a-f]{32})", page)[0]
        api = {"Accept": "application/json"}
        day = {"commission": self.commission, "title": "A day"}
        made = (await organiser.post("/organise/sessions", data=day, headers=api)).json()
        self.code = made["code"]
        self.group = re.findall(r'name="group" value="([^"]+)"', (await organiser.get(f"/s/{self.code}")).text)[0]
        shared = await organiser.post(f"/organise/sessions/{made['id']}/tablet", data={"act": "make"}, headers=api)
        self.tablet = shared.json()["tablet"]
        self.story = re.findall(r"/stories/([0-9a-f]{32})", (await organiser.get("/stories")).text)[0]
        self.key = new_key()
        async with self.browser() as writer:
            assert (await self.begin(writer, self.key)).status_code == 303

    async def begin(self, browser: httpx2.AsyncClient, key: str) -> httpx2.Response:
        """Begins a new story."""
        field, words = "happened.text", "It is past two. A neighbour knocks for the third time."
        form = {"key": key, f"seen:{field}": mark(""), field: words}
        return await browser.post(f"/commissions/{self.commission}/tell", data=form)

    async def report(self, browser: httpx2.AsyncClient) -> httpx2.Response:
        """Reports the public story."""
        return await browser.post(f"/stories/{self.story}/report", data={"words": "My name is in it", "id": new_id()})

    async def flood(self, many: int, one: Callable[[httpx2.AsyncClient, int], Coroutine[None, None, object]]) -> None:
        """Does this again and again as one client; none of its answers is waited for by others."""
        doors = asyncio.Semaphore(AT_ONCE)
        async with self.browser() as attacker:

            async def once(number: int) -> None:
                async with doors:
                    attacker.cookies.clear()
                    await one(attacker, number)

            await asyncio.gather(*(once(number) for number in range(many)))

    async def refused(self, *what: Ask) -> int:
        """Counts those of HONEST new browsers that are refused one of these things."""

        async def person() -> bool:
            async with self.browser() as browser:
                return 429 in [(await one(browser)).status_code for one in what]

        return sum(await asyncio.gather(*(person() for _ in range(HONEST))))


async def attack(large: bool = False) -> list[Row]:
    """Counts those with something right who are refused, after each flood."""
    most = LARGE if large else SMALL
    settings = {
        "FORUM_WRONG_CODES_PER_ADDRESS": str(most["codes"]),
        "FORUM_JOINS_PER_SESSION": str(most["joins"] * 3),
        "FORUM_SIGN_INS_PER_ADDRESS": str(most["sign-ins"]),
        "FORUM_WRONG_LINKS_PER_ADDRESS": str(most["links"]),
        "FORUM_REPORTS_PER_ADDRESS": str(most["reports"]),
        "FORUM_STORIES_PER_ADDRESS": str(most["stories"]),
    }
    async with target(settings) as there:
        venue = Venue(there)
        async with venue.browser() as known:
            await venue.prepare(known)
            return await _rows(venue, known, most)


async def _rows(venue: Venue, known: httpx2.AsyncClient, most: dict[str, int]) -> list[Row]:
    rows: list[Row] = []

    def row(flood: str, right: str, refused: int) -> None:
        rows.append(Row(flood, f"{right} refused, of {HONEST}", refused, "", 0))

    # Joins first: what is counted by address is not yet used up.
    join = f"/s/{venue.code}/join"
    await venue.flood(most["joins"], lambda one, n: one.post(join, data={"group": venue.group}))
    right = await venue.refused(
        lambda one: one.get(f"/s/{venue.code}"), lambda one: one.post(join, data={"group": venue.group})
    )
    row(f"{most['joins']} joins", "joins", right)
    ballot = {"group": venue.group, "round": new_id(), "choice": "r1"}
    right = await venue.refused(lambda one: one.post(f"{venue.tablet}/vote", data=ballot | {"person": new_id()}))
    row(f"{most['joins']} joins", "ballots on the tablet", right)

    wrong = "000" if venue.code[3:] != "000" else "111"
    await venue.flood(most["codes"], lambda one, n: one.get(f"/s/{n % 1000:03}{wrong}"))
    row(f"{most['codes']} wrong codes", "right codes", await venue.refused(lambda one: one.get(f"/s/{venue.code}")))

    def enter(one: httpx2.AsyncClient, login: str, password: str) -> Coroutine[None, None, httpx2.Response]:
        return one.post("/sign-in", data={"login": login, "password": password})

    await venue.flood(most["sign-ins"], lambda one, n: enter(one, f"somebody-{n}", "open sesame, please"))
    right = await venue.refused(lambda one: enter(one, "olu", PASSWORD))
    row(f"{most['sign-ins']} wrong sign-ins", "right passwords", right)
    await venue.flood(12, lambda one, n: enter(one, "olu", f"open sesame, number {n}"))
    locked = [(await enter(known, "olu", PASSWORD)).status_code for _ in range(HONEST)]
    row("12 wrong passwords for one login", "on a known browser", locked.count(429))

    await venue.flood(most["links"], lambda one, n: one.get(f"/my-story/{new_key()}"))
    right = await venue.refused(lambda one: one.get(f"/my-story/{venue.key}"))
    row(f"{most['links']} wrong private links", "right links", right)

    report = f"/stories/{venue.story}/report"
    await venue.flood(most["reports"], lambda one, n: venue.report(one))
    right = await venue.refused(lambda one: one.get(report), venue.report)
    row(f"{most['reports']} reports", "reports of others", right)

    async def from_a_new_browser(_one: httpx2.AsyncClient, _n: int) -> None:
        async with venue.browser() as made_up:
            await made_up.get(report)
            await venue.report(made_up)

    await venue.flood(most["reports"], from_a_new_browser)
    async with venue.browser() as late:
        await late.get(report)
        wait = int((await venue.report(late)).headers.get("retry-after", "0"))
    rows.append(Row(f"{most['reports']} reports of new browsers", "others wait at most", wait, "s", 31))

    await venue.flood(most["stories"], lambda one, n: venue.begin(one, new_key()))
    right = await venue.refused(
        lambda one: one.get(f"/commissions/{venue.commission}/tell"), lambda one: venue.begin(one, new_key())
    )
    row(f"{most['stories']} stories begun", "stories of others", right)
    return rows


if __name__ == "__main__":
    run(lambda: attack("--large" in sys.argv))
