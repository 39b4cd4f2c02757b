"""Nothing that somebody sends holds the event loop: every form and file as large as it may be, full of what takes long.

The forms are those of the routes' table, with the fields that their pages have and their modules read, so that a
new one is tried without a word here. What counts is the processor time of each step of the loop, so a busy machine is
no fault.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread
from attack.large_files import of_names, of_signs
from attack.pictures import of_scans
from house import ADDRESS, House, a_house
from making import CLOCK, a_room

from forum import roles, submissions, twine, writing
from forum.app import MOST_BODY
from forum.draft import NO, mark
from forum.edits import MOST_CARDS, AddCard, SetField
from forum.submissions import Sent
from forum.web.routes import PAGES, Page
from forum.web.templating import qr

HELD, WORKED = 0.020, 2.0  # seconds that a step of the loop, and a piece of work in a thread, may take
FACTOR = 6  # how much slower than a small server this machine may be
# What takes long to read, as a form spells it: letters and signs in numbers, stops, details, unseen signs, lines.
LETTERS = b"%41%c3%a9"
MIXED = b"Ana+Xu+of+07700+900123%3Cb%3E%26%22%27" + b"." * 40 + b"%E2%80%8B%E2%80%AE" * 5 + b"%0D%0A" * 10
_NAME = re.compile(r"""(?:form|found)\.\w+\(\s*f?["']([a-z_]+)["']""")
_FIELD = re.compile(r'<(?:input|textarea|select)\b[^>]*?\bname="([^"]+)"')


@dataclass
class Watch:
    """The longest that the loop, and a thread, worked at one piece, in seconds of processor time."""

    loop: float = 0.0
    thread: float = 0.0
    faults: list[str] = field(default_factory=list)

    def look(self, what: str) -> None:
        """Notes what took too long since the last look."""
        if self.loop > HELD * FACTOR:
            self.faults.append(f"{what}: the loop stood {1000 * self.loop:.0f} ms")
        if self.thread > WORKED * FACTOR:
            self.faults.append(f"{what}: {self.thread:.1f} s in a thread")
        self.loop = self.thread = 0.0


@contextmanager
def watched(patch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Measures every step of the loop of this thread, and everything that is given to another."""
    watch = Watch()
    step, in_thread = asyncio.Handle._run, to_thread.run_sync

    def timed(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        step(handle)
        watch.loop = max(watch.loop, time.thread_time() - began)

    def worked(function: Callable[..., Any], *arguments: Any) -> Any:
        began = time.thread_time()
        try:
            return function(*arguments)
        finally:
            watch.thread = max(watch.thread, time.thread_time() - began)

    async def given(function: Callable[..., Any], *arguments: Any, **how: Any) -> Any:
        return await in_thread(partial(worked, function), *arguments, **how)

    patch.setattr(asyncio.Handle, "_run", timed)
    patch.setattr(to_thread, "run_sync", given)
    gc.collect()
    gc.disable()  # a collection of all that the tests hold is no work of the server's
    try:
        yield watch
    finally:
        gc.enable()


@dataclass
class Asker:
    """Asks the application itself, so that nothing of a client's is measured; its bytes come as from a network."""

    house: House
    cookie: str

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, bytes]:
        """The status and the page."""
        left = [body[at : at + 65536] for at in range(0, len(body), 65536)] or [b""]
        got: list[bytes] = []
        status = 0

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0)
            if not left:
                await asyncio.Event().wait()  # it is there until it has its answer
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

        async def send(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)
            got.append(message.get("body", b""))

        headers = {"host": "house.test", "origin": ADDRESS, "cookie": self.cookie, "accept": "text/html"}
        headers |= {"content-type": kind, "content-length": str(len(body))} if body else {}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("192.0.2.1", 40000),
            "server": ("house.test", 80),
        }
        await self.house.app(scope, receive, send)
        return status, b"".join(got)


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(
        tmp_path,
        sqlite_template,
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
    """What stands in the routes' places: a long story full of details, public; one being written; a session."""
    live, _ = await a_room(house.store, ["g1"])
    told = twine.read_file("a.twee", of_names(60_000).encode()).scenarios[0]
    sent = Sent(told, group=None, may_perform=True, may_publish=True)
    story, _key = await submissions.submit(house.store, CLOCK, live.commission, sent)
    await house.moderated(story, "accept")
    key = submissions.new_key()
    text = "Ana Xu rang 07700 900123. .... ie " * 30
    cards = [AddCard(f"c{n}", text=text) for n in range(MOST_CARDS - 1)]
    await writing.begin(house.store, CLOCK, live.commission, key, cards)
    for name, words in (("title", "A knock"), ("group", NO), ("characters", "Ana\n" * 20)):
        await writing.save(house.store, CLOCK, key, [SetField(name, (mark(""),), words)])
    places = {"commission": live.commission, "story": story.id, "key": key, "session": live.id, "code": live.code}
    return places | {"step": "happened", "number": "1", "act": "ask", "round": "0" * 32}


def fields_of(row: Page, shown: bytes) -> list[str]:
    """The fields of a form: those that its page has, and those that its module reads."""
    read = _NAME.findall(inspect.getsource(inspect.getmodule(row.endpoint) or inspect))
    there = _FIELD.findall(shown.decode("utf-8", "replace"))
    return list(dict.fromkeys([*there, *read]))[:200] or ["x"]


def form(fields: list[str], piece: bytes, size: int) -> bytes:
    """A form of so many bytes, every field with the same share."""
    share = (size - 2000) // len(fields)
    return b"&".join(name.encode() + b"=" + piece * ((share - len(name) - 2) // len(piece)) for name in fields)


async def test_no_form_and_no_page_holds_the_loop(
    house: House, places: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house.signed_in(*roles.ROLES) as browser:
        asker = Asker(house, "; ".join(f"{name}={value}" for name, value in browser.cookies.items()))
        tried = 0
        with watched(monkeypatch) as watch:
            for row in PAGES:
                path = row.path
                for name in re.findall(r"\{(\w+)(?::path)?\}", path):
                    path = re.sub(rf"\{{{name}(?::path)?\}}", places.get(name, "x"), path)
                shown = b""
                if "GET" in row.methods:
                    _, shown = await asker.ask("GET", path)
                    watch.look(f"GET {row.path}")
                if "POST" not in row.methods or row.path in {"/sign-out", "/my-story/{key}/take-back"}:
                    continue
                fields = fields_of(row, shown)
                for some, piece, size in ((fields, MIXED, MOST_BODY), (fields[:1], LETTERS, MOST_BODY // 4)):
                    body = form(some, piece, size)
                    status, _ = await asker.ask("POST", path, body, "application/x-www-form-urlencoded")
                    watch.look(f"POST {row.path} {len(some)} fields ({status})")
                    tried += status != 404
        assert watch.faults == []
        assert tried > 40


async def test_no_file_holds_the_loop(house: House, places: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    asker = Asker(house, "")
    story, mine = f"/commissions/{places['commission']}/tell/file", f"/my-story/{places['key']}/evidence"
    files = [
        *((story, "a.twee", text.encode()) for text in (of_names(), of_signs("$a"), of_signs("a\n"))),
        (story, "a.html", b"<tw-storydata name=a>" + b"<tw-tag a=b>" * 80_000),
        (mine, "a.jpg", of_scans(8000)),
        (mine, "a.pdf", b"%PDF-1.7\n" + b"/#4c#61unc" * 500_000 + b"%%EOF"),
    ]
    with watched(monkeypatch) as watch:
        for path, name, content in files:
            head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
            title = b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nIt\r\n'
            body = title + head + content + b"\r\n--x--\r\n"
            status, _ = await asker.ask("POST", path, body, "multipart/form-data; boundary=x")
            assert status in {200, 303, 422}, name
            watch.look(f"{name} of {len(content):,} bytes")
    assert watch.faults == []


def test_no_camera_reads_a_long_qr_code_and_none_is_drawn() -> None:
    assert "<svg" in qr("https://forum.example/my-story/" + "a" * 32)
    assert qr("a" * 3000) == ""
