"""Unusable input, by haste, mistake or on purpose: a clear answer, and nothing else happens."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image
from support.app import House, a_house, a_sent_story, file_form, words
from support.factories import CLOCK
from support.server_process import ROOT, Serving

from forum.services.keys import new_key
from forum.services.stories import moderation, submissions
from forum.store import open_store
from forum.web.accounts.devices import KNOWN_AFTER
from forum.web.routes import PAGES

MEGABYTE = 1024 * 1024
PRIVATE = [
    (page.path, method)
    for page in PAGES
    for method in page.methods.split()
    if page.path.startswith("/my-story/{key}") and "{" not in page.path.replace("{key}", "")
]

# What an address must be sent so that it looks at the link at all.
SENT = {"/my-story/{key}/save": b'{"edits": []}'}


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(
        tmp_path, sqlite_template, wrong_links_per_address=1, stories_per_address=1, reports_per_address=1
    ) as house:
        yield house


def a_form(name: str, content: bytes, fields: dict[str, str], *, first: bool) -> bytes:
    """Makes a form with a file as a browser sends it: the file before the other fields, or after them."""
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/html\r\n\r\n'
    file = head.encode() + content + b"\r\n"
    rest = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in fields.items()
    )
    return (file + rest if first else rest + file) + b"--b--\r\n"


async def sent(browser: httpx2.AsyncClient, where: str, body: bytes) -> httpx2.Response:
    return await browser.post(where, content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})


# ------------------------------------------------------------------------------------------------- too fast


async def test_too_fast_is_told_with_when_to_come_back_and_what_was_typed_stays(house: House) -> None:
    commission = await house.commission()
    story, _ = await house.story(commission)
    await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
    report = f"/stories/{story.id}/report"
    async with house.browser() as reader:
        assert "You can send one more report from this network in this hour" in words(await reader.get(report))
        assert (await reader.post(report, data={"words": "It names <Ada>."})).status_code in {200, 303}
        again = await reader.post(report, data={"words": "It names <Bob>."})
    assert again.status_code == 429
    # A browser that has just come is counted alone before a minute is over.
    assert 0 < int(again.headers["retry-after"]) <= KNOWN_AFTER + 1
    assert "seconds and try again" in words(again)
    assert "It names &lt;Bob&gt;." in again.text


async def test_story_files_sent_too_fast_keep_the_rest_of_the_form(house: House) -> None:
    commission = await house.commission()
    where = f"/commissions/{commission.id}/tell/file"
    answers = []
    async with house.browser() as writer:
        assert "you can try 4 files in an hour, and send 1 stories" in words(await writer.get(where))
        for _ in range(5):
            answers.append(
                await writer.post(
                    where,
                    data=file_form() | {"own_note": "A <barking> dog"},
                    files={"file": ("a.twee", b"no story", "text/plain")},
                )
            )
    assert [answer.status_code for answer in answers] == [422] * 4 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= KNOWN_AFTER + 1
    assert "seconds and try again" in words(answers[-1])
    assert 'value="A &lt;barking&gt; dog"' in answers[-1].text


# ------------------------------------------------------------------------------------- links: revoked, guessed


@pytest.mark.parametrize("how", ["revoke", "replace"])
async def test_a_revoked_link_opens_nothing_any_more(tmp_path: Path, sqlite_template: Path, how: str) -> None:
    async with a_house(tmp_path, sqlite_template, wrong_links_per_address=1000) as house:
        story, key = await house.story(await house.commission())
        async with house.browser() as writer:
            assert (await writer.get(f"/my-story/{key}")).status_code == 200
            form = {"action": how, "sure": "1", "new": new_key()}
            assert (await writer.post(f"/my-story/{key}/link", data=form)).status_code == 303
            for path, method in PRIVATE:
                answer = await writer.request(method, path.replace("{key}", key), content=SENT.get(path))
                assert answer.status_code == 404, f"{method} {path}"
                assert "was replaced or switched off" in words(answer), f"{method} {path}"
        async with house.store.read() as work:
            left = await work.stories.get_story(story.id)
    assert (left.status, left.twee) == ("submitted", story.twee)


@pytest.mark.parametrize(("path", "method"), PRIVATE, ids=[f"{m} {p}" for p, m in PRIVATE])
async def test_guessed_links_are_limited_at_every_address_that_takes_one(house: House, path: str, method: str) -> None:
    async with house.browser() as guesser:
        first, second = [
            await guesser.request(method, path.replace("{key}", new_key()), content=SENT.get(path)) for _ in range(2)
        ]
    assert first.status_code == 404
    assert second.status_code == 429
    assert 0 < int(second.headers["retry-after"]) <= 600
    assert "Otherwise wait 10 minutes and try again" in words(second)


# ------------------------------------------------------------------------------------------------- files that lie


def a_picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (30, 20), (20, 90, 80)).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "media"),
    [
        (a_picture("PNG"), "letter.pdf", "image/png"),
        (a_picture("JPEG"), "page.html", "image/jpeg"),
        (a_picture("PNG") + b"<script>alert(1)</script>", "photo.png", "image/png"),
        (b"%PDF-1.7\ntrailer <<>>\n%%EOF\n", "photo.jpg", "application/pdf"),
    ],
)
async def test_a_file_is_taken_for_what_it_is_and_not_for_what_it_is_called(
    house: House, content: bytes, name: str, media: str
) -> None:
    story, key = await house.story(await house.commission())
    async with house.browser() as writer:
        body = a_form(name, content, {"title": "The hall"}, first=True)
        assert (await sent(writer, f"/my-story/{key}/evidence", body)).status_code == 303
        async with house.store.read() as work:
            (item,) = await work.evidence.list_evidence(story.id)
        served = await writer.get(f"/my-story/{key}/evidence/{item.id}")
    assert (item.kind, served.headers["content-type"]) == (media, media)
    assert b"script" not in served.content


@pytest.mark.parametrize("content", [b"<html><script>alert(1)</script>", b"MZ\x90\0", b"GIF89a" + bytes(20), b"\0" * 9])
async def test_one_that_is_none_of_the_three_is_refused_in_words(house: House, content: bytes) -> None:
    story, key = await house.story(await house.commission())
    async with house.browser() as writer:
        body = a_form("photo.png", content, {"title": "The <hall>"}, first=True)
        answer = await sent(writer, f"/my-story/{key}/evidence", body)
    assert answer.status_code == 422
    assert "not a PDF, PNG or JPEG, whatever its name says" in words(answer)
    assert 'value="The &lt;hall&gt;"' in answer.text
    async with house.store.read() as work:
        assert await work.evidence.list_evidence(story.id) == []


# ---------------------------------------------------------------------------------------------- too much at once

# Prints by how many MiB the most memory this process ever had grew while it looked at the picture on its input.
MEASURE = """
import sys
from forum.errors import BadInput
from forum.stories import evidence_files

def most():
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

content = sys.stdin.buffer.read()
evidence_files.checked(b"%PDF-1.7 %%EOF")
before = most()
try:
    evidence_files.checked(content)
    said = "taken"
except BadInput as error:
    said = str(error)
print((most() - before) // 1024, said)
"""


def measured(kind: str, mode: str, size: tuple[int, int]) -> tuple[int, str]:
    """Looks at such a picture in a process of its own; gives the MiB it took and what is said of it."""
    script = (
        "import io, sys; from PIL import Image; Image.MAX_IMAGE_PIXELS = None; out = io.BytesIO();"
        f"Image.new({mode!r}, {size!r}).save(out, {kind!r}); sys.stdout.buffer.write(out.getvalue())"
    )
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, cwd=ROOT)
    done = subprocess.run([sys.executable, "-c", MEASURE], input=made.stdout, capture_output=True, check=True, cwd=ROOT)
    grown, _, said = done.stdout.decode().strip().partition(" ")
    return int(grown), said


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "1"), ("PNG", "RGB"), ("JPEG", "RGB")])
def test_a_picture_of_a_hundred_million_pixels_is_refused_and_never_opened(kind: str, mode: str) -> None:
    grown, said = measured(kind, mode, (10_000, 10_000))
    assert "too large: it can have 30 million pixels" in said
    assert grown < 16  # its pixels are 300 MiB and more


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGB"), ("PNG", "RGBA"), ("JPEG", "RGB")])
def test_the_largest_picture_that_is_taken_is_not_copied_over_and_over(kind: str, mode: str) -> None:
    grown, said = measured(kind, mode, (6000, 5000))
    assert said == "taken"
    assert grown < 360  # its pixels are 115 MiB; with clear ones a copy, and what is left is small


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Runs a server in a process of its own, so that its memory can be looked at."""
    with Serving(tmp_path_factory.mktemp("bad input") / "data") as server:
        yield server


def most_memory(server: Serving) -> int:
    """Reads the most memory the server ever had, in MiB."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


@pytest.mark.parametrize("first", [True, False], ids=["file first", "file last"])
async def test_an_archive_of_fifty_megabytes_is_refused_keeps_the_form_and_takes_no_memory(
    server: Serving, tmp_path_factory: pytest.TempPathFactory, *, first: bool
) -> None:
    folder = next(tmp_path_factory.getbasetemp().glob("bad input*")) / "data"
    store = await open_store(f"sqlite+aiosqlite:///{folder / 'forum.db'}")
    async with store.read() as work:
        commission = (await work.commissions.list_commissions())[0]
        there = len(await work.stories.list_stories())
    _, key = await submissions.submit(store, CLOCK, commission.id, a_sent_story())
    fields: dict[str, Any] = {"group": "", "note": "restraint or force", "own_note": "A <barking> dog"}
    fields |= {"may_perform": "yes", "may_publish": "no", "may_quote": "no"}
    archive = b"<tw-storydata name='x'>" + b"long " * (10 * MEGABYTE)
    where = f"/commissions/{commission.id}/tell/file"
    async with httpx2.AsyncClient(base_url=server.base, headers={"Origin": server.base}, timeout=60) as writer:
        await sent(writer, where, a_form("a.html", b"small", fields, first=first))
        before = most_memory(server)
        answer = await sent(writer, where, a_form("archive.html", archive, fields, first=first))
        letter = a_form("scan.pdf", b"%PDF" + archive, {"title": "The <hall>"}, first=first)
        second = await sent(writer, f"/my-story/{key}/evidence", letter)
        grown = most_memory(server) - before
        beyond = await sent(writer, where, a_form("archive.html", archive * 2, fields, first=first))
    assert answer.status_code == 422
    assert "The file is too big" in words(answer)
    assert 'choose "Build", then "Export As Twee"' in words(answer)
    assert 'value="A &lt;barking&gt; dog"' in answer.text
    assert second.status_code == 422
    assert "This file has 50.0 MB. It can have 5 MB." in words(second)
    assert 'value="The &lt;hall&gt;"' in second.text
    assert grown < 24, f"{grown} MiB for files of 50"
    assert beyond.status_code == 413
    async with store.read() as work:
        assert len(await work.stories.list_stories()) == there + 1
    await store.close()


async def test_more_words_than_anybody_types_are_no_form(house: House) -> None:
    commission = await house.commission()
    story, key = await house.story(commission)
    fields = {f"field-{number}": "x" * (MEGABYTE // 2) for number in range(8)}
    for where in (f"/commissions/{commission.id}/tell/file", f"/my-story/{key}/evidence"):
        async with house.browser() as writer:
            for answer in (
                await sent(writer, where, a_form("a.twee", b"small", fields, first=False)),
                await writer.post(where, data=fields),
                await sent(writer, where, b"--b\r\nno form at all"),
                await sent(writer, where, b""),
            ):
                assert answer.status_code in {413, 422}, where
                assert "cannot be read" in words(answer) or "too much at once" in words(answer)
    async with house.store.read() as work:
        assert await work.evidence.list_evidence(story.id) == []


@pytest.mark.parametrize("announced", [True, False])
async def test_a_form_that_is_too_long_is_answered_by_a_page(house: House, announced: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x=" + b"y" * 400_000 + b"&"

    whole = b"x=" + b"y" * 1_200_000
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept-Language": "cy"}
    async with house.browser() as browser:
        answer = await browser.post("/sign-in", content=whole if announced else pieces(), headers=headers)
    assert answer.status_code == 413
    assert '<html lang="cy"' in answer.text
    assert "ormod" in words(answer)
