"""Makes the picture of the README, and one of every screen, from the running program.

    python docs/screenshots.py [FOLDER [PART ...]]

Starts a server on a free port with data of its own, plays a day with the demonstration's stories and forty phones, and
photographs what each screen shows: phone 360 px, laptop 1280 px, projector 1280x720 and 1024x768. Needs the development
requirements and Debian's chromium. FOLDER is docs/screenshots; only the README's, and the worked example's for
docs/commissioning.md, are kept there. A PART (`replay`, `methods`, `corners`, `around`, `pages`, `example`) takes its
pictures alone.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from pictures import around, example, methods, replay, stories
from pictures.camera import Camera, Room
from playwright.async_api import Browser, async_playwright

ROOT = Path(__file__).resolve().parent.parent
KEPT = ("projector", *example.KEPT)
PARTS = ("replay", "methods", "corners", "around", "pages", "example")
PEOPLE = {"olu": ("organiser", "commissioner", "moderator", "administrator"), "ona": ("organiser",)}
PASSWORD = "seven quiet green kettles"  # of a server that lives for a minute


def forum(data: Path, *arguments: str, given: str | None = None) -> dict[str, str]:
    """Runs the forum command; returns what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "forum", *arguments, "--data", str(data), "--json"],
        input=given, capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


def pseudo_language(folder: Path) -> Path:
    """Writes the tests' language that runs from right to left into a new folder of locales beside the real ones."""
    spec = importlib.util.spec_from_file_location("pseudo", ROOT / "tests/support/pseudo_locale.py")
    assert spec is not None
    assert spec.loader is not None
    pseudo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pseudo)
    shutil.copytree(ROOT / "forum/web/i18n/locales", folder)
    return Path(pseudo.write_catalogue(folder))


@dataclass
class Server:
    """A server of its own, on a free port."""

    process: asyncio.subprocess.Process
    base: str

    @classmethod
    async def started(cls, data: Path, locales: Path, example: str = "no") -> Server:
        """Starts it and waits until it listens; with "yes" it makes the worked example."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "forum", "serve", "--host", "127.0.0.1", "--port", "0", "--data", str(data),
            cwd=ROOT, stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "FORUM_LOCALES": str(locales), "FORUM_EXAMPLE": example},
        )  # fmt: skip
        assert process.stdout is not None
        while line := (await process.stdout.readline()).decode():
            if line.startswith("Forum is listening on "):
                return cls(process, line.removeprefix("Forum is listening on ").strip())
        raise RuntimeError("The server did not start.")

    async def stop(self) -> None:
        """Stops it, once."""
        if self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()


@dataclass
class Desk:
    """Who makes the sessions: `olu` and `ona`, with a token and a cookie each; the commission and stories there are."""

    camera: Camera
    olu: httpx2.AsyncClient
    ona: httpx2.AsyncClient
    cookies: dict[str, str]
    commission: str
    stories: list[str]

    @classmethod
    async def of(cls, camera: Camera, data: Path) -> Desk:
        """Signs both in."""
        clients, cookies = [], {}
        for login in PEOPLE:
            token = forum(data, "user", "token", login, "--label", "camera")["token"]
            headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
            clients.append(httpx2.AsyncClient(base_url=camera.base, headers=headers, timeout=30))
            page = await camera.page("laptop")
            await page.goto("/sign-in")
            await page.get_by_label("Login").fill(login)
            await page.get_by_label("Password").fill(PASSWORD)
            await page.get_by_role("main").get_by_role("button", name="Sign in").click()
            await page.goto("/stories")
            links = await page.locator("main a[href^='/stories/']").evaluate_all(
                "all => all.map(a => a.getAttribute('href'))"
            )
            await page.goto("/commissions")
            first = await page.locator("main a[href^='/commissions/']").first.get_attribute("href") or ""
            [cookies[login]] = [
                c["value"] for c in await page.context.cookies() if c["name"].startswith("forum_session")
            ]
            await page.context.close()
        return cls(camera, *clients, cookies, first.split("/")[2], [str(link).rpartition("/")[2] for link in links])

    @asynccontextmanager
    async def room(self, title: str, people: int, **more: str) -> AsyncIterator[Room]:
        """A session with so many phones in it and every screen open."""
        form = {"commission": self.commission, "title": title, "scenario": self.stories, **more}
        room = await Room.made(self.camera, self.olu, form)
        await room.fill(people)
        await room.light(self.cookies["olu"])
        try:
            yield room
        finally:
            await room.close()


async def shoot(desk: Desk, server: Server, parts: Collection[str]) -> None:
    """Takes the pictures of these parts."""
    pages: dict[str, str] = {}
    if "replay" in parts or "pages" in parts:
        newcomer = await desk.camera.page("phone")
        async with desk.room("Town hall, March", 44, reasons="read first") as room:
            await newcomer.goto(f"/s/{room.session['code']}")
            await desk.camera.take(newcomer, "phone-joining", whole=True)
            known = await replay.plots(room, desk.stories)
            with_notes, played = (
                next(plot for plot in known if "What should the officers do?" in plot.questions),
                next(plot for plot in known if "What should Ben do?" in plot.questions),
            )
            await replay.shoot_vote(room, with_notes)
            await replay.shoot_run(room, played)
            await replay.shoot_policy(room, desk.ona)
            await replay.shoot_end(room)
            pages["session-ended"] = room.session["console"]
    if "methods" in parts:
        async with desk.room("Ways of voting", 44) as room:
            await methods.shoot(room)
    if "corners" in parts:
        async with desk.room("Corners", 40) as room:
            await methods.shoot_corners(room)
    if "around" in parts:
        await around.shoot_tickets(desk.camera, desk.olu, desk.cookies["olu"], desk.commission)
        async with desk.room("Town hall, rehearsed", 12, rehearsal="1") as room:
            known = await replay.plots(room, desk.stories)
            await room.show("rehearsal-welcome")
            await around.shoot_papers(room, desk.ona, desk.cookies)
            await room.show("rehearsal-result")
            await around.shoot_programme(room, desk.cookies["olu"], known[0])
            await around.shoot_comfort(room)
    if "pages" in parts:
        await stories.shoot(desk.camera, desk.cookies["olu"], desk.commission, desk.stories[2], pages)
    if "around" in parts:
        async with desk.room("Town hall, cut off", 24) as room:
            await around.shoot_down(room, server.stop)


async def main(folder: Path, parts: Collection[str]) -> None:
    """Starts a server, takes the pictures, stops it; the worked example has a server of its own."""
    with tempfile.TemporaryDirectory() as made:
        shots = Path(made) / "shots"
        shots.mkdir()
        locales = pseudo_language(Path(made) / "locales")
        every = folder != ROOT / "docs" / "screenshots"
        if every:
            folder.mkdir(parents=True, exist_ok=True)
        to = folder if every else shots
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=shutil.which("chromium-headless-shell") or shutil.which("chromium"),
                args=["--no-sandbox", "--disable-gpu"],
            )
            if set(parts) - {"example"}:
                await _shoot_a_day(browser, Path(made) / "data", locales, to, parts)
            if "example" in parts:
                data = Path(made) / "example"
                server = await Server.started(data, locales, "yes")
                try:
                    await example.shoot(Camera(browser, server.base, to), data)
                finally:
                    await server.stop()
            await browser.close()
        for name in () if every else KEPT:
            if (shots / f"{name}.png").exists():
                shutil.copy(shots / f"{name}.png", folder / f"{name}.png")


async def _shoot_a_day(browser: Browser, data: Path, locales: Path, to: Path, parts: Collection[str]) -> None:
    """Takes the pictures of a day, on a server with accounts of its own."""
    for login, roles in PEOPLE.items():
        flags = [flag for role in roles for flag in ("--role", role)]
        forum(data, "user", "add", login, *flags, "--password-stdin", given=PASSWORD + "\n")
    server = await Server.started(data, locales)
    try:
        desk = await Desk.of(Camera(browser, server.base, to), data)
        await shoot(desk, server, parts)
        await desk.olu.aclose()
        await desk.ona.aclose()
    finally:
        await server.stop()


if __name__ == "__main__":
    place = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT / "docs" / "screenshots"
    asyncio.run(main(place, sys.argv[2:] or PARTS))
