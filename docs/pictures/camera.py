"""A camera before browsers, phones that vote by form, and a room with every kind of screen in it."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from playwright.async_api import Browser, Page

SIZES = {
    "phone": (360, 740),
    "laptop": (1280, 900),
    "console": (1280, 900),
    "pocket": (360, 740),
    "wall": (1280, 720),
    "beamer": (1024, 768),
}
SMALL = ("phone", "pocket")
# Whom the demonstration's room holds: many from some groups, few from others.
WEIGHTS = (12, 9, 7, 6, 5, 3, 2)
Form = Mapping[str, str | list[str]]


class Camera:
    """Photographs pages into a folder."""

    def __init__(self, browser: Browser, base: str, folder: Path) -> None:
        self.browser, self.base, self.folder = browser, base, folder

    async def page(self, size: str, cookies: Mapping[str, str] | None = None, *, scripts: bool = True) -> Page:
        """A page of this size in a browser of its own, which moves nothing."""
        width, height = SIZES[size]
        context = await self.browser.new_context(
            viewport={"width": width, "height": height},
            base_url=self.base,
            device_scale_factor=2 if size in SMALL else 1,
            reduced_motion="reduce",
            java_script_enabled=scripts,
        )
        await context.add_cookies(
            [{"name": name, "value": value, "url": self.base} for name, value in (cookies or {}).items()]
        )
        return await context.new_page()

    async def take(self, page: Page, name: str, *, whole: bool = False) -> None:
        """Takes the picture."""
        await page.wait_for_load_state("load")
        await page.screenshot(path=self.folder / f"{name}.png", full_page=whole)


class Phone:
    """A phone that does everything by form."""

    def __init__(self, base: str, code: str) -> None:
        self.http = httpx2.AsyncClient(base_url=base, headers={"Origin": base})
        self.path = f"/s/{code}"

    async def send(self, to: str, form: Form) -> None:
        """Sends a form; whatever is refused raises."""
        answer = await self.http.post(f"{self.path}/{to}", data=form, headers={"Accept": "application/json"})
        answer.raise_for_status()

    async def join(self, group: str, **more: str) -> None:
        """Joins with this group."""
        await self.http.get(self.path)
        await self.http.post(f"{self.path}/join", data={"group": group, **more})

    async def vote(self, round_id: str, given: Form, reason: str = "", condition: str = "") -> None:
        """Votes; `given` are the fields of the method's form."""
        await self.send("vote", {"round": round_id, "reason": reason, "condition": condition, **given})

    @property
    def cookies(self) -> dict[str, str]:
        """The cookie that makes it this phone."""
        return {name: value for name, value in self.http.cookies.items() if name.startswith("forum_device")}


@dataclass
class Room:
    """A session with its screens: `wall` and `beamer` before the audience, `phone` of the first of `phones`, `console`
    on a laptop and `pocket`, the same on a phone."""

    camera: Camera
    organiser: httpx2.AsyncClient
    session: dict[str, str]
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    phones: list[Phone] = field(default_factory=list)
    screens: dict[str, Page] = field(default_factory=dict)
    version: int = 0

    @classmethod
    async def made(cls, camera: Camera, organiser: httpx2.AsyncClient, form: Form) -> Room:
        """A session from the form that makes one."""
        answer = await organiser.post("/organise/sessions", data=form)
        return cls(camera, organiser, answer.raise_for_status().json())

    async def fill(self, people: int) -> None:
        """So many phones join, from all groups."""
        code = self.session["code"]
        first = len(self.phones)
        self.phones += [Phone(self.camera.base, code) for _ in range(people)]
        page = (await self.phones[0].http.get(f"/s/{code}")).text
        groups = [g for g in re.findall(r'name="group" value="([^"]+)"', page) if g]
        weights = [*WEIGHTS, *[0] * len(groups)][: len(groups)]
        for number, phone in enumerate(self.phones[first:], first):
            await phone.join(groups[0] if number == 0 else self.chance.choices(groups, weights)[0])

    async def light(self, person: str) -> None:
        """Opens every screen; `person` is the organiser's cookie."""
        mine = {"forum_session": person}
        for name, path, cookies in (
            ("wall", self.session["projector"], None),
            ("beamer", self.session["projector"], None),
            ("phone", f"/s/{self.session['code']}", self.phones[0].cookies),
            ("console", self.session["console"], mine),
            ("pocket", self.session["console"], mine),
        ):
            self.screens[name] = await self.camera.page(name, cookies)
            await self.screens[name].goto(path)

    async def close(self) -> None:
        """Closes its browsers and connections."""
        for page in self.screens.values():
            await page.context.close()
        for phone in self.phones:
            await phone.http.aclose()

    async def act(self, name: str, **form: str | list[str]) -> dict[str, Any]:
        """An act of the facilitator. Returns what came of it."""
        answer = await self.organiser.post(f"/console/{self.session['id']}/{name}", data=form)
        assert answer.status_code == 200, f"{name}: {answer.text}"
        facts: dict[str, Any] = answer.json()
        self.version = int(facts["version"])
        return facts

    async def on_console(self, pattern: str) -> list[str]:
        """What the console's page has that this pattern finds."""
        page = await self.organiser.get(self.session["console"], headers={"Accept": "text/html"})
        return re.findall(pattern, page.text)

    async def show(self, name: str, *only: str) -> None:
        """Takes each screen, or only these, once it shows what the room came to."""
        for size in only or tuple(self.screens):
            screen = self.screens[size]
            await screen.wait_for_function(
                "least => Number(document.getElementById('screen')?.dataset.version) >= least", arg=self.version
            )
            await self.camera.take(screen, f"{size}-{name}", whole=size not in ("wall", "beamer"))

    async def ask(self, method: str, question: str, responses: Sequence[str], **declared: str) -> dict[str, Any]:
        """Puts a question of the facilitator's own."""
        form = {"question": question, "response": list(responses), "method": method, **declared}
        return await self.act("ask", **form)

    async def tally(self, votes: int) -> None:
        """Waits until both projectors and the console count so many votes."""
        for size in ("wall", "beamer", "console", "pocket"):
            await self.screens[size].wait_for_function(
                "votes => [...document.querySelectorAll('[data-voted]')].some(each => each.textContent == votes)",
                arg=str(votes),
            )
