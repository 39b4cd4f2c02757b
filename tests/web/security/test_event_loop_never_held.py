"""Nothing that somebody sends holds the event loop: every form and file as large as it may be, full of what takes long.

The forms are those of the routes' table, with the fields that their pages have and their modules read, so that a
new one is tried without a word here. What counts is the processor time of each step of the loop, so a busy machine is
no fault.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from attack.large_files import of_macros, of_names, of_signs
from attack.pictures import of_scans
from support.app import House, a_house
from support.factories import CLOCK, a_room
from support.loop_watch import HELD, Asker, watched

from forum.services import permissions
from forum.services.keys import new_key
from forum.services.stories import draft_edits, submissions
from forum.services.stories.submissions import Sent
from forum.stories import scenario, twine
from forum.stories.draft import NO, mark
from forum.stories.edits import MOST_CARDS, AddCard, SetField
from forum.web.forms import STORY
from forum.web.page_row import Page
from forum.web.routes import PAGES
from forum.web.templates import qr

# What takes long to read, as a form spells it: letters and signs in numbers, stops, details, unseen signs, lines.
LETTERS = b"%41%c3%a9"
MIXED = b"Ana+Xu+of+07700+900123%3Cb%3E%26%22%27" + b"." * 40 + b"%E2%80%8B%E2%80%AE" * 5 + b"%0D%0A" * 10
_NAME = re.compile(r"""(?:form|found)\.\w+\(\s*f?["']([a-z_]+)["']""")
_FIELD = re.compile(r'<(?:input|textarea|select)\b[^>]*?\bname="([^"]+)"')


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(
        tmp_path,
        sqlite_template,
        background=True,
        stories_per_address=10**6,
        saves_per_address=10**6,
        reports_per_address=10**6,
        megabytes_per_address=10**6,
    ) as house:
        for template in house.site.templates.list_templates():
            house.site.templates.get_template(template)  # compiled once, when a server's first reader comes
        yield house


@pytest.fixture
async def places(house: House) -> dict[str, str]:
    """Makes what stands in the routes' places: a long public story full of details, one being written, a session."""
    live, _ = await a_room(house.store, ["g1"])
    told = twine.read_file("a.twee", of_names(60_000).encode()).scenarios[0]
    sent = Sent(told, group=None, may_perform=True, may_publish=True)
    story, _key = await submissions.submit(house.store, CLOCK, live.commission, sent)
    await house.moderated(story, "accept")
    key = new_key()
    text = "Ana Xu rang 07700 900123. .... ie " * 30
    cards = [AddCard(f"c{n}", text=text) for n in range(MOST_CARDS - 1)]
    await draft_edits.begin(house.store, CLOCK, live.commission, key, cards)
    for name, words in (("title", "A knock"), ("group", NO), ("characters", "Ana\n" * 20)):
        await draft_edits.save(house.store, CLOCK, key, [SetField(name, (mark(""),), words)])
    places = {"commission": live.commission, "story": story.id, "key": key, "session": live.id, "code": live.code}
    return places | {"step": "happened", "number": "1", "act": "ask", "round": "0" * 32}


def fields_of(row: Page, shown: bytes) -> list[str]:
    """Lists the fields of a form: those that its page has, and those that its module reads."""
    read = _NAME.findall(inspect.getsource(inspect.getmodule(row.endpoint) or inspect))
    there = _FIELD.findall(shown.decode("utf-8", "replace"))
    return list(dict.fromkeys([*there, *read]))[:200] or ["x"]


def too_long(path: str, shown: str) -> list[str]:
    """Lists the forms of a page that can bring more than their address takes: every letter twelve bytes, as emoji
    are."""
    found = []
    for head, inside in re.findall(r"<form\b([^>]*)>(.*?)</form>", shown, re.DOTALL):
        to = re.search(r'action="([^"?#]*)', head)
        action = (to[1] if to else "") or path
        rows = [row for row in PAGES if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", row.path), action)]
        letters = sum(map(int, re.findall(r'maxlength="(\d+)"', inside)))
        letters += scenario.MAX_TEXT * len(re.findall(r"<textarea(?![^>]*maxlength)", inside))
        fixed = sum(len(quote_plus(unescape(value))) for value in re.findall(r'\bvalue="([^"]*)"', inside))
        if 'method="post"' in head and 12 * letters + fixed > rows[0].most_body:
            found.append(f"{action}: {12 * letters + fixed:,} of {rows[0].most_body:,}")
    return found


def form(fields: list[str], piece: bytes, size: int) -> bytes:
    """Makes a form of so many bytes, every field with the same share."""
    share = (size - 2000) // len(fields)
    return b"&".join(name.encode() + b"=" + piece * ((share - len(name) - 2) // len(piece)) for name in fields)


async def test_no_form_and_no_page_holds_the_loop(
    house: House, places: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house.signed_in(*permissions.ROLES) as browser:
        asker = Asker(house, "; ".join(f"{name}={value}" for name, value in browser.cookies.items()))
        tried = 0
        cramped: list[str] = []
        with watched(monkeypatch) as watch:

            async def asked(method: str, row: Page, path: str, *what: Any) -> tuple[int, bytes]:
                """Asks again where the loop stood too long: what is slow is so each time, and noise is not."""
                for _ in range(3):
                    await asyncio.sleep(0)
                    watch.forget()
                    status, page = await asker.ask(method, path, *what)
                    if watch.loop <= HELD:
                        break
                watch.look(f"{method} {row.path}, {len(what[0]) if what else 0:,} bytes ({status})")
                return status, page

            for row in PAGES:
                path = row.path
                for name in re.findall(r"\{(\w+)(?::path)?\}", path):
                    path = re.sub(rf"\{{{name}(?::path)?\}}", places.get(name, "x"), path)
                shown = b""
                if "GET" in row.methods:
                    _, shown = await asked("GET", row, path)
                    cramped += too_long(path, shown.decode("utf-8", "replace"))
                if "POST" not in row.methods or row.path in {"/sign-out", "/my-story/{key}/take-back"}:
                    continue
                fields = fields_of(row, shown)
                most = min(row.most_body, STORY)
                for some, piece, size in ((fields, MIXED, most), (fields[:1], LETTERS, most // 4)):
                    body = form(some, piece, size)
                    status, _ = await asked("POST", row, path, body, "application/x-www-form-urlencoded")
                    tried += status != 404
        assert not watch.faults, "\n".join(watch.faults)
        assert tried > 40
    assert cramped == []


async def test_no_file_holds_the_loop(house: House, places: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    asker = Asker(house, "")
    story, mine = f"/commissions/{places['commission']}/tell/file", f"/my-story/{places['key']}/evidence"
    texts = (of_names(), of_signs("$a"), of_signs("a\n"), of_signs("Ana Xu "), of_macros())
    files = [
        *((story, "a.twee", text.encode()) for text in texts),
        (story, "a.html", b"<tw-storydata name=a>" + b"<tw-tag a=b>" * 80_000),
        (mine, "a.jpg", of_scans(8000)),
        (mine, "a.jpg", of_scans(0, (5400, 5500))),
        ("/check", "a.zip", b"PK\x03\x04" + bytes(10_000_000)),
        (mine, "a.pdf", b"%PDF-1.7\n" + b"/#4c#61unc" * 500_000 + b"%%EOF"),
    ]
    await asker.ask("GET", mine)
    with watched(monkeypatch) as watch:
        for path, name, content in files:
            head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
            title = b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nIt\r\n'
            body = title + head + content + b"\r\n--x--\r\n"
            await asyncio.sleep(0)
            watch.forget()
            status, _ = await asker.ask("POST", path, body, "multipart/form-data; boundary=x")
            assert status in {200, 303, 422}, name
            watch.look(f"{name} of {len(content):,} bytes")
    assert not watch.faults, "\n".join(watch.faults)


def test_no_camera_reads_a_long_qr_code_and_none_is_drawn() -> None:
    assert "<svg" in qr("https://forum.example/my-story/" + "a" * 32)
    assert qr("a" * 3000) == ""
