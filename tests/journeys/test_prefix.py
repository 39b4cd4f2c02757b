"""A vote in Chromium behind a proxy that serves Forum below a path, and takes that path off before it passes on."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Browser, expect
from support.browser import LAPTOP, PHONE, House, People, follow
from support.factories import COMMISSION_FORM
from support.server_process import Serving, free_port
from support.session_api import ApiSession, act, an_organiser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PREFIX = "/town/forum"


class Stripping:
    """A proxy on `port` of this machine. One request a connection, so that each of them is seen; sockets stay."""

    def __init__(self, port: int, to: int) -> None:
        self.port, self.to = port, to
        self.refused: list[str] = []

    async def __aenter__(self) -> Stripping:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            writer.close()
            return
        method, path, rest = head.split(" ", 2)
        if not path.startswith(f"{PREFIX}/"):
            self.refused.append(path)
            writer.close()
            return
        if "upgrade: websocket" not in head.lower():
            rest = re.sub(r"(?im)^connection:[^\r]*", "Connection: close", rest)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to)
        far_writer.write(f"{method} {path.removeprefix(PREFIX)} {rest}".encode())
        await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()


@pytest.fixture
async def proxied(tmp_path: Path, staffed: House) -> AsyncIterator[tuple[House, Stripping]]:
    """Runs a house below PREFIX, and the proxy through which it is reached."""
    data, port = shutil.copytree(staffed.data, tmp_path / "data"), free_port()
    public = f"http://127.0.0.1:{port}{PREFIX}"
    with Serving(data, settings={"FORUM_PUBLIC_URL": public}) as server:
        to, server.base = server.port, public
        async with Stripping(port, to) as proxy:
            yield replace(staffed, server=server, data=data), proxy


@pytest.fixture
async def people_behind(browser: Browser, proxied: tuple[House, Stripping]) -> AsyncIterator[People]:
    """Browsers for people who come through the proxy."""
    everybody = People(browser, proxied[0], [])
    yield everybody
    for context in everybody.contexts:
        await context.close()


async def test_a_room_votes_below_a_path(people_behind: People, proxied: tuple[House, Stripping]) -> None:
    house, proxy = proxied
    async with an_organiser(house) as organiser:
        commission = (await organiser.post("/organise/commissions", data=COMMISSION_FORM)).json()
        made = await organiser.post("/organise/sessions", data={"commission": commission["id"], "title": "A day"})
        live = made.json()
        asked = await act(organiser, live["id"], "ask", question="Who first?", response=["A nurse", "The police"])
        await act(organiser, live["id"], "open", round=asked["round"])
        phone = await people_behind.somebody(PHONE)
        # in by the code, as from the projector
        await phone.goto(house.url("/join"))
        await phone.get_by_label("code").first.fill(live["code"])
        await phone.get_by_role("main").get_by_role("button").first.click()
        await phone.wait_for_url(house.url(f"/s/{live['code']}"))
        await phone.get_by_label(commission["groups"][0]["label"]).first.check()
        await phone.get_by_role("main").get_by_role("button").first.click()
        await expect(phone.locator("#screen")).to_be_visible()
        await expect(phone.get_by_text("Connected.")).to_be_attached()
        await phone.get_by_label("A nurse").check()
        await phone.locator("[data-send]").click()
        await expect(phone.get_by_text("Counted").first).to_be_visible()
        # the facilitator closes it and shows what came of it, on the console
        console = await people_behind.signed_in("olu", LAPTOP)
        await console.goto(house.url("/organise"))
        await follow(console.get_by_role("link", name="Run it"))
        await expect(console.get_by_text("Connected.")).to_be_attached()
        projector = await people_behind.somebody(LAPTOP)
        await projector.goto(f"http://127.0.0.1:{proxy.port}{live['projector']}")
        await expect(projector.get_by_role("heading", name="Who first?")).to_be_visible()
        event = ApiSession(organiser, live)
        await event.vote_of_others(asked["round"])
        await event.reveal(asked["round"])
        for screen in (phone, projector, console):
            await expect(screen.get_by_text("5 people voted").first).to_be_visible()
        # words of a story save themselves, and lead on
        writer = await people_behind.somebody(PHONE)
        await writer.goto(house.url(f"/commissions/{commission['id']}/tell"))
        await writer.get_by_role("textbox").first.fill("It is past two. A neighbour knocks for the third time.")
        await expect(writer.get_by_text("Saved", exact=True)).to_be_attached()
        await writer.get_by_role("button", name="Continue").last.click()
        await writer.wait_for_url(re.compile(re.escape(house.url("/my-story/")) + r"[\w-]+/write/where"))
        async with httpx2.AsyncClient() as http:
            assert (await http.get(house.url("/record/checkpoint"))).text
    assert proxy.refused == []
