"""A real server in a process of its own, and real browsers in front of it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page, expect
from support.browser import FIRST_LINK, PASSWORD, STAFF, House, Look, People
from support.server_process import Serving
from support.session_api import ApiSession, add_staff, an_api_session

from forum.web.cookies import SIGNED_IN

AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Gives what axe finds, by how many pixels the page is wider than its screen, and the looks of its texts (letters in
# colour, size and weight, on what is behind them). To find how well each can be told from what is behind it takes axe
# half its time: only texts of a look that is not `known` are tried for that. What axe finds right is not sent, and
# stylesheets are not loaded once more for a rule that none of ours has to do with (css-orientation-lock).
LOOK = """async ([tags, known]) => {
    // Half-way from one colour to another a button has neither's contrast.
    document.getAnimations().forEach((one) => one.finish());
    const fresh = new Map();
    for (const element of document.querySelectorAll("body *")) {
        const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!(text || element.matches("input, select, textarea")) || !element.checkVisibility()) continue;
        const { color, fontSize, fontWeight } = getComputedStyle(element);
        let behind = "", faded = 1;
        for (let at = element; at; at = at.parentElement) {
            const { backgroundColor, backgroundImage, opacity } = getComputedStyle(at);
            faded *= opacity;
            if (backgroundColor !== "rgba(0, 0, 0, 0)" || backgroundImage !== "none")
                behind ||= backgroundColor + backgroundImage;
        }
        const one = [color, fontSize, fontWeight, behind, faded].join(" ");
        if (!known.includes(one)) fresh.set(one, [...(fresh.get(one) ?? []), element]);
    }
    const marked = [...fresh.values()].flat();
    marked.forEach((element) => element.setAttribute("data-fresh-look", ""));
    axe.configure({ rules: [{ id: "color-contrast", selector: "[data-fresh-look]" }] });
    // What lies under a bar that stays in sight is scrolled from under it: it is looked at where nothing lies on it.
    const docks = [...document.querySelectorAll(".dock")];
    docks.forEach((dock) => (dock.style.position = "static"));
    const { violations } = await axe.run({
        runOnly: tags,
        rules: { "color-contrast": { enabled: marked.length > 0 } },
        resultTypes: ["violations"],
        preload: false,
    });
    docks.forEach((dock) => (dock.style.position = ""));
    marked.forEach((element) => element.removeAttribute("data-fresh-look"));
    const said = violations.map(({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes.slice(0, 4).map((node) => node.html.slice(0, 160)).join("; ")}`);
    const page = document.documentElement;
    return [said, page.scrollWidth - page.clientWidth, [...fresh.keys()]];
}"""


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """Gives every expectation 20 seconds: several browsers share few cores, and what comes late is late, not wrong."""
    expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Finds Debian's Chromium, the one without windows where it is there, and switches off what it would ask other
    hosts for. Skips without one; in CI it fails."""
    chromium = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing: apt-get install chromium-headless-shell")
        pytest.skip("needs Debian's chromium: apt-get install chromium-headless-shell")
    quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
    # As root, as CI is in containers, Chromium has no sandbox.
    return {"executable_path": chromium, "args": ["--no-sandbox", "--disable-gpu", "--disable-sync", *quiet]}


@pytest.fixture(scope="session")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Makes a house to copy, open once: its data, olu's token, and everybody of STAFF signed in."""
    data, signed_in = tmp_path_factory.mktemp("staffed") / "data", {}
    with Serving(data) as server:
        token = add_staff(data, *STAFF)
        for login in STAFF:
            form = {"login": login, "password": PASSWORD}
            answer = httpx2.post(f"{server.base}/sign-in", data=form, headers={"Origin": server.base}, timeout=60)
            [signed_in[login]] = [value for name, value in answer.cookies.items() if name.startswith(SIGNED_IN)]
    return House(server, data, token=token, signed_in=signed_in)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, staffed: House) -> Iterator[House]:
    """Runs a server on a free port where everybody of STAFF has an account. The tests of a module share it: each makes
    a session of its own."""
    data = shutil.copytree(staffed.data, tmp_path_factory.mktemp("house") / "data")
    opened = replace(staffed, server=Serving(data), data=data)
    yield opened
    opened.server.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Runs a server on a free port with fresh data: nobody has an account yet."""
    data = tmp_path_factory.mktemp("empty") / "data"
    with Serving(data) as server:
        link = FIRST_LINK.search(server.said)
        assert link is not None
        yield House(server, data, link.group(1))


@pytest.fixture
async def people(browser: Browser, house: House) -> Any:
    """Browsers for the test; all are closed at its end."""
    everybody = People(browser, house, [])
    yield everybody
    for context in everybody.contexts:
        await context.close()


@pytest.fixture
async def event(house: House) -> AsyncIterator[ApiSession]:
    """Makes a session of a new commission, to be run by the API."""
    async with an_api_session(house) as session:
        yield session


@pytest.fixture(scope="session")
def looks() -> list[str]:
    """Lists the looks of texts that axe has found right in this run."""
    return []


@pytest.fixture
def accessible(looks: list[str]) -> Look:
    """Fails where axe finds anything on a page, or where a page is wider than its screen."""

    async def look(page: Page) -> None:
        if not await page.evaluate("'axe' in window"):  # half a megabyte, which stays until the next page is loaded
            await page.evaluate(AXE_SCRIPT)
        found, over, fresh = await page.evaluate(LOOK, [AXE_RULES, looks])
        assert [f"{page.url} {violation}" for violation in found] == []
        assert over <= 0, f"{page.url} is {over} px wider than its screen"
        looks.extend(fresh)

    return look
