"""The organisation's own face: the administrators' pages, and what everybody sees of it."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from PIL import Image
from support.app import House, a_house, assert_faults_at, words
from support.factories import CLOCK

from forum.services import organisation
from forum.services.organisation import Change


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path_factory.mktemp("face"), sqlite_template) as house:
        yield house


@pytest.fixture
async def admin(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with house.signed_in("administrator") as browser:
        yield browser


async def save(admin: httpx2.AsyncClient, part: str, **said: str) -> httpx2.Response:
    return await admin.post(f"/organisation/{part}", data={key.replace("_cy", ".cy"): said[key] for key in said})


def a_logo() -> bytes:
    written = io.BytesIO()
    Image.new("RGBA", (900, 300), (0, 94, 184, 255)).save(written, "PNG")
    return written.getvalue()


async def test_nothing_is_said_at_first(house: House, admin: httpx2.AsyncClient) -> None:
    told = words(await admin.get("/organisation"))
    assert told.count("Nothing said yet") == 6
    assert "Every change stands here" in told
    async with house.browser() as browser:
        assert "· Forum</title>" in (await browser.get("/")).text


async def test_a_name_stands_on_every_page_in_the_readers_language(house: House, admin: httpx2.AsyncClient) -> None:
    answer = await save(admin, "name", name="Anytown <Board>", name_cy="Bwrdd Unlle")
    assert (answer.status_code, answer.headers["location"]) == (303, "/organisation?done=name")
    assert "Name and logo: saved." in words(await admin.get("/organisation?done=name"))
    async with house.browser() as browser:
        english, welsh = await browser.get("/stories"), await browser.get("/stories?lang=cy")
        assert "<title>Stories · Anytown &lt;Board&gt;</title>" in english.text
        assert 'href="/">Anytown &lt;Board&gt;</a>' in english.text
        assert "· Bwrdd Unlle</title>" in welsh.text
        app = (await browser.get("/manifest.webmanifest?lang=en")).json()
        assert (app["name"], app["start_url"]) == ("Anytown <Board>", "/")


async def test_a_colour_that_cannot_be_read_is_refused_with_the_nearest_that_can(
    house: House, admin: httpx2.AsyncClient
) -> None:
    refused = await save(admin, "colour", accent="#ffcc00", accent_dark="")
    assert refused.status_code == 422
    assert_faults_at(refused, {"accent"})
    assert "is 1.27 to 1, and must be 4.5 to 1" in words(refused)
    assert 'value="#ffcc00"' in refused.text
    assert '<button class="button secondary" name="accent" value="#836800">Take #836800</button>' in refused.text
    async with house.browser() as browser:
        assert (await browser.get("/colours.css")).status_code == 404
        # The field and the button have one name: the button, which comes last, is what is meant.
        body = "seen=1&accent=%23ffcc00&accent_dark=&accent=%23836800"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert (await admin.post("/organisation/colour", content=body, headers=form)).status_code == 303
        page = await browser.get("/")
        [address] = [part.split('"')[0] for part in page.text.split('href="') if part.startswith("/colours.css")]
        sheet = await browser.get(address)
        assert sheet.headers["cache-control"].endswith("immutable")
        assert sheet.text.startswith(":root{--accent:#836800;")
        assert "prefers-color-scheme: dark){:root{--accent:#" in sheet.text
    assert "Contrast 4.5 to 1" in words(await admin.get("/organisation/colour"))


async def test_a_logo_is_redrawn_shown_and_taken_away(house: House, admin: httpx2.AsyncClient) -> None:
    wrong = await admin.post("/organisation/name", data={"name": "Kept"}, files={"file": ("x.png", b"no picture")})
    assert wrong.status_code == 422
    assert_faults_at(wrong, {"file"})
    assert 'value="Kept"' in wrong.text
    sent = await admin.post("/organisation/name", data={"name": "Anytown"}, files={"file": ("x.png", a_logo())})
    assert sent.status_code == 303
    held = house.site.face.logo
    assert held is not None
    address = f"/logo/{held.sha256[:16]}.png"
    async with house.browser() as browser:
        assert f'<img class="logo" src="{address}" width="600" height="200" alt="">' in (await browser.get("/")).text
        picture = await browser.get(address)
        assert (picture.headers["content-type"], picture.content) == ("image/png", held.content)
        assert (await save(admin, "name", no_logo="1")).status_code == 303
        assert (await browser.get(address)).status_code == 404
        assert "/logo/" not in (await browser.get("/")).text


async def test_two_at_once_lose_nothing(admin: httpx2.AsyncClient) -> None:
    await save(admin, "imprint", imprint="Ours", seen="0")
    refused = await save(admin, "imprint", imprint="Theirs", seen="0")
    assert refused.status_code == 409
    assert "Somebody else changed this" in words(refused)
    assert ">\nTheirs</textarea>" in refused.text
    seen = refused.text.split('name="seen" value="')[1].split('"')[0]
    assert (await save(admin, "imprint", imprint="Theirs", seen=seen)).status_code == 303


async def test_the_page_tells_who_changed_what(house: House, admin: httpx2.AsyncClient) -> None:
    await organisation.change(house.store, CLOCK, ("en", "cy"), Change({"emergency": "111"}))
    await save(admin, "help", emergency="112")
    told = words(await admin.get("/organisation"))
    assert "Somebody-" in told
    assert "the command “forum organisation” Number to ring in danger" in told
    assert "111 112" in told
    async with house.signed_in("organiser", "moderator", "commissioner") as other:
        assert (await other.get("/organisation")).status_code == 403
    assert (await admin.get("/organisation/motto")).status_code == 404


async def test_whoever_steps_out_reads_whom_to_ring(house: House, admin: httpx2.AsyncClient) -> None:
    await save(admin, "help", emergency="112", support="A listener: 0800 123")
    for named in (True, False):
        commission = await house.commission(**({} if named else {"support": ()}))
        story, _key = await house.story(commission)
        await house.moderated(story, "accept")
        async with house.browser() as browser:
            away = await browser.get(f"/stories/{story.id}/play?away=1")
        assert "in danger now, call 112." in words(away)
        assert ('<dt>A listener</dt><dd><a href="tel:0800123">0800 123</a></dd>' in away.text) != named


async def test_statements_are_made_and_added_to(house: House, admin: httpx2.AsyncClient) -> None:
    async with house.browser() as browser:
        bare = await browser.get("/accessibility")
        assert "Guidelines 2.2, level AA" in words(bare)
        await save(admin, "accessibility", accessibility_contact="access@example.org", accessibility="A\nB\n\n<b>C</b>")
        await save(admin, "privacy", controller="Anytown ICB", contact="0800 1", ground="A law", privacy="We add this.")
        await save(admin, "imprint", imprint="Who we are", imprint_cy="Pwy ydym ni")
        told = (await browser.get("/accessibility")).text
        assert "<strong>access@example.org</strong>" in told
        assert '<p class="lines">A\nB</p>\n<p class="lines">&lt;b&gt;C&lt;/b&gt;</p>' in told
        data = words(await browser.get("/data-protection"))
        for expected in ("Anytown ICB", "0800 1", "A law", "We add this.", "Information Commissioner"):
            assert expected in data
        assert "Pwy ydym ni" in words(await browser.get("/imprint?lang=cy"))
        assert 'href="/imprint"' in (await browser.get("/?lang=en")).text
        await save(admin, "imprint", imprint="", imprint_cy="")
        assert (await browser.get("/imprint")).status_code == 404
        assert 'href="/imprint"' not in (await browser.get("/")).text
