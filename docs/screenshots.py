"""Makes the pictures of the README, and one of every screen, from the running program.

    python docs/screenshots.py [FOLDER]

Starts a server on a free port with data of its own, plays a session with the demonstration's stories and forty
phones, and photographs what each screen shows: phone 360 px, laptop 1280 px, projector 1280x720 and 1024x768. Needs
the development requirements and Debian's chromium. FOLDER is docs/screenshots; only the README's two are kept there.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx2
from playwright.async_api import Browser, Page, async_playwright

ROOT = Path(__file__).resolve().parent.parent
KEPT = ("projector", "phone")
SIZES = {"phone": (360, 740), "laptop": (1280, 900), "wall": (1280, 720), "beamer": (1024, 768)}
PASSWORD = "seven quiet green kettles"  # of a server that lives for a minute
# A story as it is written, step by step.
STEPS = {
    "happened": {
        "happened.text": "It is past two. My son walks up and down. I ring the number I was given. It rings and rings.",
        "title": "The number that rings",
    },
    "where": {"setting": "A flat on the third floor, a night in winter"},
    "who": {"characters": "A mother\nHer son, 19\nA night nurse", "group": "no"},
    "done": {
        "question.text": "What could the service do now?",
        "question/r1.text": "Answer within a minute",
        "question/r2.text": "Send somebody to the flat",
        "question/r3.text": "Ring back in the morning",
    },
    "use": {"notes": "a child in distress", "may_perform": "yes", "may_publish": "yes", "may_quote": "no"},
}
ANSWERS = ("The next driver", "The woman with the dog", "Nobody: she waits")


class Camera:
    """Photographs pages into a folder."""

    def __init__(self, browser: Browser, base: str, folder: Path) -> None:
        self.browser, self.base, self.folder = browser, base, folder

    async def page(self, size: str, cookie: tuple[str, str] | None = None) -> Page:
        """A page of this size in a browser of its own."""
        width, height = SIZES[size]
        context = await self.browser.new_context(
            viewport={"width": width, "height": height},
            base_url=self.base,
            device_scale_factor=2 if size == "phone" else 1,
        )
        if cookie:
            await context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": self.base}])
        return await context.new_page()

    async def take(self, page: Page, name: str, *, whole: bool = False) -> None:
        """Takes the picture."""
        await page.wait_for_load_state("networkidle")
        await page.screenshot(path=self.folder / f"{name}.png", full_page=whole)


class Phone:
    """A phone that votes by form."""

    def __init__(self, base: str, code: str) -> None:
        self.http = httpx2.AsyncClient(base_url=base, headers={"Origin": base})
        self.path = f"/s/{code}"

    async def join(self, group: str) -> None:
        """Joins with this group."""
        await self.http.get(self.path)
        await self.http.post(f"{self.path}/join", data={"group": group})

    async def vote(self, round_id: str, choice: str, reason: str = "") -> None:
        """Votes."""
        form = {"round": round_id, "choice": choice, "reason": reason}
        (
            await self.http.post(f"{self.path}/vote", data=form, headers={"Accept": "application/json"})
        ).raise_for_status()

    @property
    def cookie(self) -> tuple[str, str]:
        """The cookie that makes it this phone."""
        return "forum_device", self.http.cookies["forum_device"]


async def build(camera: Camera, commission: str) -> dict[str, str]:
    """Writes a story that two people build together. Returns the pages on which they do."""
    key, link, empty = secrets.token_urlsafe(24), secrets.token_urlsafe(24), hashlib.sha256(b"").hexdigest()[:32]
    mine, theirs = f"/my-story/{key}", f"/build/{link}"
    edits: list[dict[str, object]] = [
        {"do": "add_card", "card": "c1"},
        {"do": "add_card", "card": "c2", "after": "c1", "decision": "yes"},
    ]
    edits += [{"do": "add_way", "card": "c2", "way": f"w{n}", "text": words} for n, words in enumerate(ANSWERS)]
    texts = {"title": "The last bus", "c1.text": "Ana waits alone.", "c2.text": "Whom should she ask?"}
    edits += [{"do": "set", "field": name, "seen": [empty], "text": text} for name, text in texts.items()]
    async with httpx2.AsyncClient(base_url=camera.base, headers={"Origin": camera.base}) as http:

        async def post(path: str, **fields: str) -> None:
            answer = await http.post(path, data=fields)
            assert answer.status_code == 303, answer.text

        saved = await http.post(f"{mine}/save", json={"edits": edits, "commission": commission})
        saved.raise_for_status()
        await post(f"{mine}/build", action="share", new=link)
        one = {"kind": "response", "place": "c2", "words": "Ask the driver to wait", "group": "no", "name": "Kim"}
        other = {"kind": "correction", "place": "c1.text", "words": "Ana waits alone in the rain.", "group": "no"}
        ids = [secrets.token_hex(16) for _ in range(2)]
        for id_, typed in zip(ids, (one, other), strict=True):
            await post(f"{theirs}/suggest", id=id_, **typed)
        await post(f"{mine}/build/{ids[0]}", outcome="accepted")
    return {
        "build": theirs,
        "suggest": f"{theirs}/suggest?kind=scene&place=c1",
        "keep": f"{mine}/build",
        "answer": f"{mine}/build/{ids[1]}",
        "versions": f"{mine}/versions",
        "version": f"{mine}/versions/2?with=now",
    }


async def shoot(camera: Camera, data: Path) -> None:
    """Plays a session and takes every picture."""
    organiser = httpx2.AsyncClient(base_url=camera.base, headers={"Accept": "application/json"})
    organiser.headers["Authorization"] = f"Bearer {_forum(data, 'user', 'token', 'olu', '--label', 'camera')['token']}"
    laptop = await camera.page("laptop")
    await laptop.goto("/sign-in")
    await laptop.get_by_label("Login").fill("olu")
    await laptop.get_by_label("Password").fill(PASSWORD)
    await laptop.get_by_role("main").get_by_role("button", name="Sign in").click()
    await laptop.goto("/stories")
    links = await laptop.locator("main a[href^='/stories/']").evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )
    stories = [str(link).rpartition("/")[2] for link in links]
    await laptop.goto("/commissions")
    commission = str(await laptop.locator("main a[href^='/commissions/']").first.get_attribute("href")).split("/")[2]
    form = {"commission": commission, "title": "Town hall, March", "scenario": stories}
    session = (await organiser.post("/organise/sessions", data=form)).raise_for_status().json()

    async def act(name: str, **fields: str) -> dict[str, str]:
        answer = await organiser.post(f"/console/{session['id']}/{name}", data=fields)
        return dict(answer.raise_for_status().json())

    chance = random.Random(7)
    phones = [Phone(camera.base, session["code"]) for _ in range(44)]
    page = (await phones[0].http.get(f"/s/{session['code']}")).text
    groups = [g for g in re.findall(r'name="group" value="([^"]+)"', page) if g]
    weights = [12, 9, 7, 6, 5, 3, 2] + [0] * (len(groups) - 7)
    for number, phone in enumerate(phones):
        await phone.join(groups[0] if number == 0 else chance.choices(groups, weights)[0])

    wall, beamer = await camera.page("wall"), await camera.page("beamer")
    mine = await camera.page("phone", phones[0].cookie)
    newcomer = await camera.page("phone")
    for screen, path in (
        (wall, session["projector"]),
        (beamer, session["projector"]),
        (mine, f"/s/{session['code']}"),
        (newcomer, f"/s/{session['code']}"),
        (laptop, f"/console/{session['id']}"),
    ):
        await screen.goto(path)

    async def everywhere(name: str, *, settle: str = "") -> None:
        if settle:
            await wall.get_by_text(settle).first.wait_for()
        for screen, size in ((wall, "wall"), (beamer, "beamer")):
            await camera.take(screen, f"{size}-{name}")
        await camera.take(mine, f"phone-{name}", whole=True)
        await camera.take(laptop, f"console-{name}", whole=True)

    await camera.take(newcomer, "phone-joining", whole=True)
    await everywhere("welcome")
    story = stories[2]
    await laptop.reload()
    scenes = await laptop.locator(f"form[action$='/scene']:has(input[value='{story}']) input[name=scene]").evaluate_all(
        "all => all.map(a => a.value)"
    )
    questions = await laptop.locator(
        f"form[action$='/question']:has(input[value='{story}']) input[name=scene]"
    ).evaluate_all("all => all.map(a => a.value)")
    await act("scene", scenario=story, scene=scenes[-1])
    await everywhere("scene", settle=scenes[-1])
    await act("scene", scenario=story, scene=scenes[0])
    asked = await act("question", scenario=story, scene=questions[0])
    await everywhere("draft")
    first = asked["round"]
    choices = [r["id"] for r in asked["responses"]]  # type: ignore[index]
    await act("open", round=first)
    votes = [chance.choices(choices, [4, 7, 3, 2, 1][: len(choices)])[0] for _ in phones]
    for phone, choice in list(zip(phones, votes, strict=True))[1:]:
        await phone.vote(
            first, choice, chance.choice(["", "", "It worked where I live.", "Because nobody should wait alone."])
        )
    await mine.locator("[data-ballot] input[type=radio]").nth(1).check()
    await mine.get_by_label(re.compile("^Why")).fill("I would accept this if a nurse comes too")
    await mine.get_by_role("button", name="Send my vote").click()
    await mine.locator("[data-status][data-is=counted]").wait_for()
    await everywhere("open")
    await camera.take(mine, "phone", whole=True)
    await act("close", round=first)
    await everywhere("closed")
    await act("reveal", round=first)
    await everywhere("result")
    second = (await act("second", round=first))["round"]
    await act("open", round=second)
    for phone, choice in zip(phones, votes, strict=True):
        await phone.vote(second, choices[1] if chance.random() < 0.45 else choice)
    await act("warn", round=second)
    await everywhere("second")
    await act("close", round=second)
    await act("reveal", round=second)
    await everywhere("shift")
    await camera.take(wall, "projector")
    await act("pause")
    await everywhere("paused")
    await act("resume")
    await act("annul", round=second, because="The sound failed for half of the room.")
    await everywhere("annulled")
    await act("end")
    await everywhere("ended")

    built = await build(camera, commission)
    written = await write(camera.base, commission)
    signed_in = next(c for c in await laptop.context.cookies() if c["name"] == "forum_session")
    small = await camera.page("phone", ("forum_session", signed_in["value"]))
    for page_, size in ((laptop, "laptop"), (small, "phone")):
        for name, path in (
            ("home", "/"),
            ("commission", f"/commissions/{commission}"),
            ("tell", f"/commissions/{commission}/tell"),
            *((f"write-{step or 'workspace'}", f"{written}/write/{step}".rstrip("/")) for step in ("", *STEPS)),
            ("check", f"{written}/check"),
            ("mine", written),
            ("stories", "/stories"),
            ("story", f"/stories/{story}"),
            ("play", f"/stories/{story}/play"),
            ("play-scene", f"/stories/{story}/play?scene=1"),
            ("join", "/join"),
            ("step-out", f"/s/{session['code']}/step-out"),
            ("record", "/record"),
            ("entry", "/record/8"),
            ("organise", "/organise"),
            ("commission-new", "/organise/commissions/new"),
            ("session-new", f"/organise/sessions/new?commission={commission}"),
            ("decide", "/decide"),
            ("decide-new", f"/decide/new?round={first}"),
            ("moderate", "/moderate"),
            ("people", "/people"),
            ("sign-in", "/sign-in"),
            *built.items(),
        ):
            await page_.goto(path)
            await camera.take(page_, f"{size}-page-{name}", whole=True)


async def write(base: str, commission: str) -> str:
    """Writes a story by forms, as far as it can be sent; returns its private link."""
    async with httpx2.AsyncClient(base_url=base, headers={"Origin": base}) as http:
        path = f"/commissions/{commission}/tell"
        shown = await http.get(path)
        for fields in STEPS.values():
            key = re.search(r'name="key" value="([^"]+)"', shown.text)
            form = {"key": key[1]} if key else {}
            for name, text in fields.items():
                seen = re.search(rf'name="seen:{re.escape(name)}" value="([^"]+)"', shown.text)
                form |= {name: text} | ({f"seen:{name}": seen[1]} if seen else {})
            answer = await http.post(path, data=form)
            path = answer.headers["location"]
            shown = await http.get(path)
    return path.removesuffix("/write")


def _forum(data: Path, *arguments: str, given: str | None = None) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "forum", *arguments, "--data", str(data), "--json"],
        input=given, capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


async def main(folder: Path) -> None:
    """Starts a server, takes the pictures, stops it."""
    with tempfile.TemporaryDirectory() as made:
        data, shots = Path(made) / "data", Path(made) / "shots"
        shots.mkdir()
        roles = [
            part for role in ("organiser", "commissioner", "moderator", "administrator") for part in ("--role", role)
        ]
        _forum(data, "user", "add", "olu", *roles, "--password-stdin", given=PASSWORD + "\n")
        server = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "forum", "serve", "--host", "127.0.0.1", "--port", "0", "--data", str(data),
            cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            base = ""
            assert server.stdout is not None
            while not base:
                line = (await server.stdout.readline()).decode()
                if line.startswith("Forum is listening on "):
                    base = line.removeprefix("Forum is listening on ").strip()
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
                )
                await shoot(Camera(browser, base, shots), data)
                await browser.close()
        finally:
            server.terminate()
            await server.wait()
        every = folder != ROOT / "docs" / "screenshots"
        folder.mkdir(parents=True, exist_ok=True)
        for shot in sorted(shots.glob("*.png")):
            if every or shot.stem in KEPT:
                shutil.copy(shot, folder / shot.name)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT / "docs" / "screenshots"))
