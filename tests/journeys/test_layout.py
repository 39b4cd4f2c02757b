"""No page and no screen is wider than it may be, or cut off, whatever people write and whichever fonts there are."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from itertools import chain, product
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserType, Page, ViewportSize, expect
from support.app import a_house
from support.cycle_house import served as serving
from support.long_words import LATIN, PLACE, SCRIPTS, Cramped, a_room, cramped, crowd, states
from support.page_layout import FAMILIES, FAULTS, FAULTS_OF_PROJECTOR, environment_with_fonts
from support.pseudo_locale import CODE, write_catalogue

from forum.web.cookies import DEVICE, SIGNED_IN
from forum.web.routes import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

NARROW: ViewportSize = {"width": 320, "height": 640}
WIDTHS = (320, 360, 1024)
SCREENS: dict[str, ViewportSize] = {
    "phone": NARROW,
    "console": NARROW,
    "tablet": NARROW,
    "wall": {"width": 1280, "height": 720},
    "beamer": {"width": 1024, "height": 768},
}
# What each family of fonts is measured with: a language, the widths of pages, and screens. DejaVu is the widest
# ordinary font and Welsh the longer language; with the others it is looked at where it is tightest, pages at 320 px
# alone. LAYOUT=whole takes every language, width and screen with every family, which is more than a change waits for.
MEASURED = {
    "dejavu": ("cy", WIDTHS, tuple(SCREENS)),
    "liberation": ("en", (320,), ("phone", "console")),
    "noto": (CODE, (320,), ("phone", "console", "beamer")),
}
CASES = [(family, language) for family, (language, _, _) in MEASURED.items()]
if os.environ.get("LAYOUT") == "whole":
    MEASURED = dict.fromkeys(FAMILIES, ("", WIDTHS, tuple(SCREENS)))
    CASES = list(product(FAMILIES, ("en", "cy", CODE)))
# Addresses whose answer is no page, or that need what this house has not.
NO_PAGES = re.compile(
    r"\{|\.(csv|jsonl|pem|atom|twee|ics|pdf|css|png|webmanifest)|/record/(tile|checkpoint$)|/(health|ready)z$|/metrics$|/now$|^/export|/first/|^/(tablet|projector)/|/mail/(confirm|stop)/|^/promises/.*/files/|^/(api/v1|embed)/"
)

# Pages that say here what is missing: which commission, which vote, which sizes, a mail server, a provider of sign-ins;
# and one that there is not.
REFUSED = re.compile(
    r"/(imprint|suggest|file|mail|new|consistency|change)$|^/sign-in/provider|/receipts/[0-9a-f]{32}$|^/[0-9]"
)
# How high the header of a page may be, by the width of the screen: one row for all its words where there is room for
# them, and two on the narrowest phone. It is measured before anything is unfolded.
# Where what folds is open, as it is once the first width was measured, a header on a phone is as high as its menu.
HIGHEST = {320: 112, 1024: 64}
# A page's language, the height of its header, and its faults: in this order, as the last unfolds what is folded.
OF_A_PAGE = f"""() => [
    document.documentElement.lang, document.querySelector("header.top")?.offsetHeight ?? 0, ({FAULTS})(),
]"""
# How much wider than its screen a page is in each larger size of text that a phone's owner can choose.
LARGER = """() => {
    const page = document.documentElement;
    const over = ["2", "3"].map((size) => ((page.dataset.size = size), page.scrollWidth - page.clientWidth));
    delete page.dataset.size;
    return over.filter((wider) => wider > 0);
}"""


@dataclass(frozen=True)
class Served:
    """A house full of long words, and where it listens."""

    full: Cramped
    base: str


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[Served]:
    """Serves the house over a real socket in this process, so that the test can do what the facilitator does."""
    folder, far = tmp_path_factory.mktemp("cramped"), f"https://{PLACE}.health.example:8443"
    locales = str(write_catalogue(folder / "locales"))
    async with a_house(folder, sqlite_template, address=far, locales=locales) as house:
        full = await cramped(house, [*chain(*zip(LATIN * 2, SCRIPTS, strict=False))])
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            async with serving(house, listening):
                yield Served(full, f"http://127.0.0.1:{listening.getsockname()[1]}")


@dataclass(frozen=True)
class Reader:
    """A browser with one family of fonts, in front of the house, in one language."""

    browser: Browser
    served: Served
    family: str
    language: str

    async def page(self, size: ViewportSize) -> Page:
        """Opens a page of somebody who has every role, and whose phone is in the room."""
        base, full = self.served.base, self.served.full
        context = await self.browser.new_context(
            viewport=size, base_url=base, locale=self.language, reduced_motion="reduce"
        )
        cookies = {SIGNED_IN: full.person, DEVICE: full.people[0].id}
        await context.add_cookies([{"name": name, "value": value, "url": base} for name, value in cookies.items()])
        page = await context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
        return page


@pytest.fixture(scope="module", params=CASES, ids="-".join)
async def reader(
    request: pytest.FixtureRequest,
    browser_type: BrowserType,
    browser_type_launch_args: Mapping[str, Any],
    served: Served,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Reader]:
    family, language = request.param
    env = environment_with_fonts(family, tmp_path_factory.mktemp("fonts"))
    browser = await browser_type.launch(**browser_type_launch_args, env=env)
    yield Reader(browser, served, family, language)
    await browser.close()


async def addresses(full: Cramped) -> list[str]:
    """Lists every page of the house, of the record one entry of each type."""
    there = full.there
    own = {
        "/build/{key}": {"key": there["build"]},
        "/minority/{key}": {"key": there["minority"]},
        "/my-promise/{key}": {"key": there["owner"]},
        "/helper/{key}": {"key": there["helper"]},
        "/my-pledge/{key}": {"key": there["pledge"]},
        "/noticed/{commitment}/{key}": {"commitment": there["done"], "key": there["noticed"]},
        "/follow/{kind}/{about}": {"kind": "promise", "about": there["commitment"]},
        "/moderate/{story}": {"story": there["waiting"]},
        "/answer/{answer_code}/right": {"answer_code": there["right"]},
        "/organise/asynchronous/{session}": {"session": there["asynchronous"]},
    }
    there = there | {"part": "colour"}
    found = []
    for row in PAGES:
        path = row.path
        named = there | next((values for start, values in own.items() if path.startswith(start)), {})
        for name, value in named.items():
            path = path.replace("{" + name + "}", value)
        if "GET" in row.methods and not NO_PAGES.search(path):
            found.append(path)
    async with full.house.store.read() as work:
        entries = await work.record.entries()
    types = {json.loads(entry.body)["type"]: entry.index for entry in entries}
    return [*found, *(f"/record/{index}" for index in types.values()), *full.more]


async def test_only_the_fonts_that_are_named_are_used(reader: Reader) -> None:
    page = await reader.page(NARROW)
    await page.goto("/")
    tools = await page.context.new_cdp_session(page)
    await tools.send("DOM.enable")
    await tools.send("CSS.enable")
    root = (await tools.send("DOM.getDocument"))["root"]["nodeId"]
    main = await tools.send("DOM.querySelector", {"nodeId": root, "selector": "main h1"})
    fonts = (await tools.send("CSS.getPlatformFontsForNode", {"nodeId": main["nodeId"]}))["fonts"]
    assert {font["familyName"].split(" ")[0].casefold() for font in fonts} == {reader.family}
    await page.context.close()


async def test_no_page_is_wider_than_its_screen_or_cut_off(reader: Reader) -> None:
    page = await reader.page(NARROW)
    found: list[str] = []
    refused: list[str] = []
    widths = MEASURED[reader.family][1]
    paths = await addresses(reader.served.full)
    assert len(paths) > 70
    for path in paths:
        answer = await page.goto(path)
        assert answer is not None
        if not answer.ok:
            refused.append(path)
        for width in widths:
            if width != NARROW["width"]:
                await page.set_viewport_size({"width": width, "height": 640})
            language, height, faults = await page.evaluate(OF_A_PAGE)
            assert language == reader.language
            if height > HIGHEST.get(width, height):
                found.append(f"{path} at {width}: the header is {height} px high")
            found += [f"{path} at {width}: {fault}" for fault in faults]
        if len(widths) > 1:
            await page.set_viewport_size(NARROW)
    await page.context.close()
    assert [path for path in refused if not REFUSED.search(path)] == []
    assert found == [], "\n".join(found)


async def test_no_screen_is_wider_than_it_may_be_and_the_projector_shows_every_number(reader: Reader) -> None:
    full = reader.served.full
    live, people = await a_room(full)
    projector = f"/projector/{live.projector}?lang={reader.language}"
    where = {"phone": f"/s/{live.code}", "console": f"/console/{live.id}", "tablet": f"/tablet/{live.tablet}"}
    pages = {name: await reader.page(SCREENS[name]) for name in MEASURED[reader.family][2]}
    for name, page in pages.items():
        await page.goto(where.get(name, projector))
        await expect(page.locator("html")).to_have_attribute("lang", reader.language)
    found: list[str] = []

    async def look(name: str, page: Page, what: str, version: int) -> None:
        await page.wait_for_function(
            "least => Number(document.getElementById('screen')?.dataset.version) >= least", arg=version
        )
        faults = await page.evaluate(FAULTS)
        if name in ("wall", "beamer"):
            faults += await page.evaluate(FAULTS_OF_PROJECTOR)
        if name == "phone":
            faults += [f"{over} px too wide in larger letters" for over in await page.evaluate(LARGER)]
        found.extend(f"{name}, {what}: {fault}" for fault in faults)

    seen = 0
    async for what in states(full, live, people):
        async with full.house.store.read() as work:
            version = (await work.sessions.get_session(live.id)).version
        if what == "single open":
            await pages["phone"].locator("[data-ballot] label").first.click()
            await pages["phone"].locator("[data-send]").click()
            await expect(pages["phone"].locator("[data-status][data-is=counted]")).to_be_visible()
        await asyncio.gather(*(look(name, page, what, version) for name, page in pages.items()))
        seen += 1
    assert seen > 45
    for page in pages.values():
        await page.context.close()
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("reader", [("dejavu", "cy")], ids="-".join, indirect=True)
async def test_the_projector_shows_every_number_of_as_many_groups_as_there_can_be(reader: Reader) -> None:
    walls = [await reader.page(SCREENS[name]) for name in ("wall", "beamer")]
    found = []
    async for method, key in crowd(reader.served.full):
        for wall in walls:
            await wall.goto(f"/projector/{key}?lang={reader.language}")
            for _ in range(20):  # the text is fitted once more when the screen's socket has brought its state
                faults = [*await wall.evaluate(FAULTS), *await wall.evaluate(FAULTS_OF_PROJECTOR)]
                if not faults:
                    break
                await wall.wait_for_timeout(100)
            found += [f"{method}, {wall.viewport_size}: {fault}" for fault in faults]
    for wall in walls:
        await wall.context.close()
    assert found == [], "\n".join(found)
