"""Screens of one whole day of forum theatre in Chromium, the rest of the room beside them, and acts on them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx2
from playwright.async_api import Locator, Page, expect

from support.browser import PHONE, House, Look, People, follow, press_within

# Who sits in the room without a browser of their own here: they join with tickets and vote by form.
CROWD = {"Carers": 4, "Nurses": 3, "People who use services": 4}
# A row of a result, in each kind of table.
# All that a screen says but which page of a list is on.
_TEXT = """() => {
    const copy = document.getElementById("screen").cloneNode(true);
    copy.querySelectorAll("[data-page-mark]").forEach((mark) => mark.remove());
    return copy.textContent;
}"""
ROWS = "table.bars tbody tr, table.counts:not(.bars) tbody, table.scores tbody, table.short tbody tr"
WORDS = {
    "en": {"join": "Join", "counted": "Counted: "},
    "cy": {"join": "Ymuno", "counted": "Cyfrifwyd: "},
}


def fields_of(method: str, choice: str) -> dict[str, str | list[str]]:
    """Returns a choice (docs/methods.md) as the form for it is sent."""
    if method == "score":
        return {f"score-{id_}": number for id_, number in (part.split("=") for part in choice.split(" "))}
    return {"choice": choice.split(" ")}


@dataclass
class Day:
    """Session with tickets: its console, its projectors, its phones by name, and its crowd by group."""

    people: People
    house: House
    look: Look
    console: Page
    session: str = ""
    code: str = ""
    projector: str = ""
    walls: list[Page] = field(default_factory=list)
    phones: dict[str, Page] = field(default_factory=dict)
    tongues: dict[str, str] = field(default_factory=dict)
    crowd: list[tuple[str, httpx2.AsyncClient]] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Returns the path of the session's phones."""
        return f"/s/{self.code}"

    # ------------------------------------------------------------------ the console

    def part(self, name: str) -> Locator:
        """Returns a part of the console."""
        return self.console.locator(f"[data-part={name}]")

    async def press(self, name: str, place: Locator | None = None) -> None:
        """Presses a button of the console and waits until the server has answered."""
        await press_within(self.console, place or self.console.locator("main"), name)

    async def put_up(self, words: str) -> None:
        """Puts a cue of the programme up, wherever it stands in it."""
        cue = self.part("running").locator("li", has_text=words)
        section = cue.locator("xpath=ancestor::details")
        if await section.get_attribute("open") is None:
            await section.locator("summary").click()
        await self.press("^Put it up", cue)

    # ------------------------------------------------------------------ getting in

    async def tickets(self, group: str, count: int) -> list[str]:
        """Issues tickets for one group; returns the codes that the sheet would have."""
        codes: list[str] = await self.console.evaluate(
            """async ([path, label, count]) => {
                const page = new DOMParser().parseFromString(await (await fetch(path)).text(), "text/html");
                const group = [...page.querySelectorAll("select[name=group] option")].find(o => o.text === label).value;
                const body = new URLSearchParams({ act: "issue", group, count });
                const answer = await fetch(path, { method: "POST", headers: { Accept: "application/json" }, body });
                return (await answer.json()).tickets.map(ticket => ticket.code);
            }""",
            [f"/organise/sessions/{self.session}/tickets", group, str(count)],
        )
        assert len(codes) == count
        return codes

    async def phone(self, name: str, group: str, tongue: str = "en", *, scripts: bool = True) -> str:
        """Lets a phone in with a ticket of its own; returns the ticket's code."""
        (code,) = await self.tickets(group, 1)
        page = await self.people.somebody(PHONE, scripts=scripts)
        await page.goto(f"{self.path}/ticket/{code}")
        if tongue != "en":
            await page.locator(f"a[hreflang={tongue}]").click()
        await page.get_by_role("main").get_by_role("button", name=WORDS[tongue]["join"], exact=True).click()
        await expect(page.locator("#screen")).to_be_visible()
        self.phones[name], self.tongues[name] = page, tongue
        return code

    async def fill_the_room(self) -> None:
        """Lets CROWD in, without browsers."""
        origin = {"Origin": self.house.server.base}
        for group, number in CROWD.items():
            for code in await self.tickets(group, number):
                http = httpx2.AsyncClient(base_url=self.house.server.base, headers=origin)
                self.crowd.append((group, http))
                joined = await http.post(f"{self.path}/join", data={"ticket": code})
                assert joined.status_code == 303, joined.text

    # ------------------------------------------------------------------ a vote

    async def give(self, name: str, method: str, choice: str, **words: str) -> None:
        """Taps an answer on one phone and sends it; `words` are a reason and a condition, asked before it is sent only
        where the answer needs one."""
        phone, said = self.phones[name], WORDS[self.tongues[name]]
        plain = await self.by_forms(phone)
        ballot = phone.locator(f"[data-ballot={method}]")
        for key, value in fields_of(method, choice).items():
            if method == "score":
                await ballot.locator(f"#{key}-{value}").check(force=True)
            else:
                for id_ in value:
                    await ballot.locator(f"label[for={key}-{id_}]").click()
        send = phone.locator("[data-send]")
        now, later = (words, {}) if await ballot.locator("[data-why]").is_visible() else ({}, words)
        for asked in (now, later) if later else (now,):
            for key, value in asked.items():
                area = ballot.locator(f"#{key}")
                if not await area.is_visible():
                    await ballot.locator("summary").click()
                await area.fill(value)
            await (follow(send) if plain else send.click())
            await expect(phone.locator("[data-part=bar]")).to_have_attribute("data-is", "counted")
            await expect(phone.locator("[data-status]")).to_contain_text(said["counted"])
        if plain:
            await expect(phone.locator("[data-part=answer]")).to_contain_text("Your vote is counted.")

    async def by_forms(self, phone: Page) -> bool:
        """Tells whether a phone has no JavaScript; such a phone asks for news first."""
        plain = phone == self.phones.get("plain")
        if plain:
            await follow(phone.get_by_role("link", name="Check for news"))
        return plain

    async def open(self) -> str:
        """Opens voting on what is on the console; returns the id of the round, once it is on every phone."""
        await self.press("^Open voting$")
        for phone in self.phones.values():
            await self.by_forms(phone)
            await expect(phone.locator("[data-ballot]")).to_be_visible()
        return str(await self.walls[0].locator("#screen").get_attribute("data-round"))

    async def cast(self, method: str, choices: Mapping[str, str]) -> int:
        """Votes on the phones and as the groups named; returns the number of votes."""
        phone = self.phones["cara"]
        round_id = await phone.locator("[data-ballot]").get_attribute("data-round")
        votes = 0
        for name in self.phones:
            if name in choices:
                await self.give(name, method, choices[name])
                votes += 1
        sent = []
        for group, http in self.crowd:
            if group in choices:
                form = {"round": str(round_id), **fields_of(method, choices[group])}
                sent.append(http.post(f"{self.path}/vote", data=form))
        for answer in await asyncio.gather(*sent):
            assert answer.status_code == 303, answer.text
        return votes + len(sent)

    async def counted(self, votes: int) -> None:
        """Waits until both projectors and the console count so many votes."""
        for page in (*self.walls, self.console):
            await expect(page.locator("[data-voted]").first).to_have_text(str(votes))

    async def reveal(self) -> None:
        """Closes the vote and shows its result."""
        await self.press("^Close voting$")
        await self.press("^Show the result$")

    async def crowd_stops(self, of: str) -> None:
        """Presses STOP for everybody of this group in the crowd."""
        showing = await self.phones["cara"].locator("[data-stop]").get_attribute("data-showing")
        for group, http in self.crowd:
            if group == of:
                pressed = await http.post(f"{self.path}/stop", data={"showing": str(showing)})
                assert pressed.status_code == 303, pressed.text

    # ------------------------------------------------------------------ what is seen

    async def shown(self, *words: str | re.Pattern[str], on: str = "#screen") -> None:
        """Waits until both projectors show these words and are equal."""
        for wall in self.walls:
            for each in words:
                await expect(wall.locator(on).first).to_contain_text(each)
        await self.equal()

    async def equal(self) -> None:
        """Waits until the two projectors have equal texts; how much of it fits, and on how many pages, is each one's
        own."""
        texts: list[str] = []
        for _ in range(100):
            # What comes next may reach one of them before the other.
            texts = [str(await wall.evaluate(_TEXT)) for wall in self.walls]
            if texts[0] == texts[1]:
                return
            await asyncio.sleep(0.1)
        assert texts[0] == texts[1]

    async def table(self, rows: Mapping[str, str], tongue: str = "") -> None:
        """Waits until each projector, and each phone that is not in `tongue`, has these numbers in the rows of these
        words."""
        live = [phone for name, phone in self.phones.items() if name != "plain" and self.tongues[name] != tongue]
        for page in (*self.walls, *live):
            for label, numbers in rows.items():
                row = page.locator(ROWS).filter(has_text=re.compile(re.escape(label))).first
                spaced = re.compile(r"\b" + r"\s+".join(numbers.split(" ")))
                await expect(row).to_contain_text(spaced, use_inner_text=True)

    async def look_at(self, *names: str) -> None:
        """Checks these screens for barriers: the "console", the "wall" (wide), the "beamer" (old), phones by name."""
        pages = {"console": self.console, "wall": self.walls[0], "beamer": self.walls[1], **self.phones}
        for name in names:
            await self.look(pages[name])
