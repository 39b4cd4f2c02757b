"""Evidence from the private link to the public page: links, files, what is refused, and how a file is served."""

from __future__ import annotations

import io
import re
from typing import Any

import httpx2
import pytest
from PIL import Image
from support.app import House, field, words
from support.evidence_read import read_piece
from support.factories import CLOCK, SetClock, new_id

from forum.errors import BadInput
from forum.services.keys import new_key
from forum.services.stories import evidence, moderation
from forum.stories.submission import Submission
from forum.web.forms import MOST_WITH_FILE

PDF = b"%PDF-1.7\n1 0 obj <</Type/Catalog>> endobj\ntrailer <<>>\n%%EOF\n"
PAGE = "https://example.org/letter?page=2#top"


def a_picture() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "camera-4711"
    out = io.BytesIO()
    Image.new("RGB", (20, 10)).save(out, "JPEG", exif=exif)
    return out.getvalue()


async def send(
    house: House, key: str, content: bytes | None = None, name: str = "x.exe", **fields: str
) -> httpx2.Response:
    """Sends the form of the private link, as a browser does."""
    where = f"/my-story/{key}/evidence"
    sent = (name, content, "text/html") if content is not None else ("", b"", "application/octet-stream")
    async with house.browser() as browser:
        return await browser.post(where, data={"title": "A letter", "url": "", **fields}, files={"file": sent})


async def accept(house: House, story: Submission) -> None:
    await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")


async def kept(house: House, story: Submission) -> list[str]:
    """Reads the titles of a story's evidence."""
    async with house.store.read() as work:
        return [one.title for one in await work.evidence.list_evidence(story.id)]


async def test_evidence_is_seen_by_a_moderator_before_anybody_else(house: House) -> None:
    story, key = await house.story(await house.commission())
    assert (await send(house, key, a_picture(), title="The hall <at> night")).status_code == 303
    assert (await send(house, key, PDF)).status_code == 303
    assert (await send(house, key, url=PAGE, title="A <page>")).status_code == 303
    await accept(house, story)
    public = f"/stories/{story.id}"
    async with house.store.read() as work:
        picture, letter, page = await work.evidence.list_evidence(story.id)
    assert (picture.kind, letter.kind, page.kind) == ("image/jpeg", "application/pdf", "link")
    async with house.browser() as reader, house.signed_in("moderator") as moderator:
        mine = await reader.get(f"/my-story/{key}/evidence")
        assert words(mine).count("Waiting for a moderator") == 3
        before = await reader.get(public)
        assert "Evidence" not in words(before)
        for item in (picture, letter):
            assert (await reader.get(f"{public}/evidence/{item.id}")).status_code == 404
        queue = await moderator.get("/moderate")
        assert f'href="/moderate/{story.id}/evidence"' in queue.text
        desk = f"/moderate/{story.id}/evidence"
        looked = await moderator.get(desk)
        assert f'src="{desk}/{picture.id}"' in looked.text
        assert (await moderator.get(f"{desk}/{letter.id}")).content == PDF
        for item in (picture, page):
            show = {"item": item.id, "read": await read_piece(house.store, item.id), "action": "show"}
            assert f'name="read" value="{show["read"]}"' in looked.text
            assert (await moderator.post(desk, data=show)).status_code == 303
        again = await moderator.post(desk, data={"item": page.id, "action": "show"})
        assert again.status_code == 409
        assert "Another moderator has dealt with this already" in words(again)
        wordless = await moderator.post(desk, data={"item": letter.id, "action": "decline"})
        assert wordless.status_code == 422
        assert "Say why you decline it" in words(wordless)
        read = await read_piece(house.store, letter.id)
        declines = {"item": letter.id, "read": read, "action": "decline", "because": "It names <Ada>."}
        told = await moderator.post(desk, data=declines)
        assert told.status_code == 303
        after = await reader.get(public)
        assert (
            f'<img class="evidence" src="{public}/evidence/{picture.id}" alt="The hall &lt;at&gt; night"' in after.text
        )
        assert f'<a href="{PAGE}" rel="nofollow noopener">example.org: A &lt;page&gt;</a>' in after.text
        assert "A letter" not in after.text
        shown = await reader.get(f"{public}/evidence/{picture.id}")
        assert shown.status_code == 200
        assert b"camera-4711" not in shown.content
        for gone in (f"{public}/evidence/{letter.id}", f"{desk}/{letter.id}", f"/my-story/{key}/evidence/{letter.id}"):
            browser = moderator if gone.startswith("/moderate") else reader
            assert (await browser.get(gone)).status_code == 404
        mine = await reader.get(f"/my-story/{key}/evidence")
        assert "It names &lt;Ada&gt;." in mine.text
        log = words(await reader.get("/moderation"))
        assert "A moderator looked at evidence for a story, and it is shown beside it." in log
        assert "Ada" not in log


async def test_a_file_is_a_download_that_can_run_nothing(house: House) -> None:
    story, key = await house.story(await house.commission())
    hostile = PDF.replace(b"/Catalog", b"/Catalog <script>alert(1)</script>")
    await send(house, key, hostile, name='"><script>.html')
    async with house.store.read() as work:
        (item,) = await work.evidence.list_evidence(story.id)
    async with house.browser() as browser:
        served = await browser.get(f"/my-story/{key}/evidence/{item.id}")
    assert served.content == hostile
    assert served.headers["content-type"] == "application/pdf"
    assert served.headers["content-disposition"] == f'attachment; filename="evidence-{item.id[:8]}.pdf"'
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert "set-cookie" not in served.headers


async def test_a_file_that_lies_or_is_too_big_is_told_so_and_what_was_typed_stays(house: House) -> None:
    story, key = await house.story(await house.commission())
    bomb = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(bomb, "PNG")
    for content, name, said in (
        (b"<script>alert(1)</script>", "photo.png", "not a PDF, PNG or JPEG, whatever its name says"),
        (bomb.getvalue(), "photo.png", "too large: it can have 30 million pixels"),
        (b"\x89PNG\r\n\x1a\n" + bytes(6 * 1024 * 1024), "photo.png", "This file has 6.0 MB. It can have 5 MB."),
        (a_picture()[:100], "photo.jpg", "cannot be read"),
        (b"", "photo.jpg", "This file is empty"),
    ):
        answer = await send(house, key, content, name, title="The <hall>")
        assert answer.status_code == 422, said
        assert said in words(answer)
        assert 'value="The &lt;hall&gt;"' in answer.text
        assert 'href="#file"' in answer.text
        assert 'aria-invalid="true"' in answer.text
    assert "Say what the file shows" in words(await send(house, key, PDF, title=""))
    huge = await send(house, key, bytes(MOST_WITH_FILE + 1))
    assert huge.status_code == 413
    assert await kept(house, story) == []


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.org/",
        "//example.org/",
        "example.org",
        "http://",
        "https:///nowhere",
        "https://user:word@example.org/",
        "https://example.org@evil.example/",
        "https://example.org:99999/",
        "https://[::1/",
        "https://exa mple.org/",
        "https://example.org/\u202egnp.exe",
        "https://example.org/\\evil",
        'https://example.org/"onclick="x',
        "https://" + "a" * 2000,
        "https://" + "a" * 70 + ".é.example",
        "http://\ud800.example/",
    ],
)
def test_a_link_must_lead_where_it_says(url: str) -> None:
    with pytest.raises(BadInput) as refused:
        evidence.link(url)
    assert refused.value.field == "url"


def test_a_link_is_kept_as_it_is_and_its_host_has_no_look_alikes() -> None:
    assert evidence.link(f" {PAGE} ") == PAGE
    assert evidence.host_of(evidence.link("HTTP://Example.ORG:8080/x")) == "example.org"
    assert evidence.host_of(evidence.link("https://bücher.example/")) == "xn--bcher-kva.example"
    assert evidence.host_of(evidence.link("https://\u0430pple.example/")).startswith("xn--")
    assert evidence.host_of(evidence.link("https://[2001:db8::1]/")) == "2001:db8::1"


async def test_a_bad_link_is_told_so(house: House) -> None:
    story, key = await house.story(await house.commission())
    for url, said in (("javascript:alert(1)", "This is not a link to a page"), ("", "Give a link, or choose a file")):
        answer = await send(house, key, url=url)
        assert answer.status_code == 422
        assert said in words(answer)
        assert "javascript:alert" not in "".join(re.findall(r'href="[^"]*"', answer.text))
    assert await kept(house, story) == []


async def test_the_same_form_sent_twice_is_one_piece_and_there_is_a_most(house: House) -> None:
    story, key = await house.story(await house.commission())
    async with house.browser() as browser:
        item = field(await browser.get(f"/my-story/{key}/evidence"), "item")
    for _ in range(2):
        assert (await send(house, key, url=PAGE, item=item)).status_code == 303
    assert await kept(house, story) == ["A letter"]
    for number in range(1, evidence.MAX_ITEMS):
        await send(house, key, url=PAGE, title=f"Page {number}")
    more = await send(house, key, url=PAGE)
    assert more.status_code == 409
    assert "There are 10 pieces of evidence already" in words(more)
    taken = await send(house, key, remove=item)
    assert taken.status_code == 303
    assert "A letter" not in await kept(house, story)


async def put_at_one_time(house: House, key: str, content: bytes) -> str:
    """Adds a file while the clock stands, and takes it away; returns its fingerprint."""
    clock = SetClock("2026-03-10T19:00:00.000Z")
    piece = await evidence.add_file(house.store, clock, house.site.check_file, key, title="A", content=content)
    read = await read_piece(house.store, piece.id)
    await evidence.remove(house.store, key, piece.id)
    return read


async def test_another_piece_under_the_same_id_is_not_shown_unseen(house: House) -> None:
    story, key = await house.story(await house.commission())
    await accept(house, story)
    other = PDF.replace(b"1 0 obj", b"2 0 obj")
    once = await put_at_one_time(house, key, PDF)
    assert once != await put_at_one_time(house, key, other), "alike in title, size and time: the bytes alone tell"
    item, desk = new_id(), f"/moderate/{story.id}/evidence"
    async with house.signed_in("moderator") as moderator:
        await send(house, key, PDF, item=item)
        for change in ({"content": other}, {"url": PAGE}, {"url": PAGE, "title": "B"}):
            read = field(await moderator.get(desk), "read")
            await send(house, key, remove=item)
            assert (await send(house, key, item=item, **change)).status_code == 303
            for action in ("show", "decline"):
                act = {"item": item, "read": read, "action": action, "because": "It <names> somebody."}
                unseen = await moderator.post(desk, data=act)
                assert unseen.status_code == 409
                forged = await moderator.post(desk, data=act | {"read": ""})
                assert (forged.status_code, "Open the page again" in words(forged)) == (409, True)
            assert "Its writer put another piece in its place" in words(unseen)
            assert "It &lt;names&gt; somebody.</textarea>" in unseen.text, "what was typed stays"
            async with house.store.read() as work:
                [left] = await work.evidence.list_evidence(story.id)
            assert (left.shown_at, left.declined_at) == ("", "")
        last = {"item": item, "read": field(unseen, "read"), "action": "show"}
        assert (await moderator.post(desk, data=last)).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"url": "https://wrong.example/"}, {"url": "https://right.example/"}),
        ({"content": PDF}, {"content": PDF + b"again"}),
    ],
    ids=["link", "file"],
)
async def test_another_piece_in_the_form_of_one_that_was_declined_is_told_and_kept_when_sent_once_more(
    house: House, wrong: dict[str, Any], right: dict[str, Any]
) -> None:
    story, key = await house.story(await house.commission())
    item = evidence.new_id()
    assert (await send(house, key, item=item, **wrong)).status_code == 303
    read = await read_piece(house.store, item)
    await evidence.moderate(house.store, CLOCK, story.id, item, "decline", read=read, because="The wrong one")
    back = await send(house, key, item=item, **right)
    assert (back.status_code, "Send it once more" in words(back)) == (409, True), words(back)
    fresh = field(back, "item")
    assert fresh != item
    assert (await send(house, key, item=fresh, **right)).status_code == 303
    assert await kept(house, story) == ["A letter", "A letter"]


async def test_only_its_own_link_reaches_a_storys_evidence(house: House) -> None:
    commission = await house.commission()
    story, key = await house.story(commission)
    other, other_key = await house.story(commission, "Another")
    await send(house, key, PDF)
    async with house.store.read() as work:
        (item,) = await work.evidence.list_evidence(story.id)
    assert (await send(house, other_key, remove=item.id)).status_code == 404
    assert (await send(house, new_key(), PDF)).status_code == 404
    async with house.browser() as browser, house.signed_in("moderator") as moderator:
        assert (await browser.get(f"/my-story/{other_key}/evidence/{item.id}")).status_code == 404
        assert (await moderator.get(f"/moderate/{other.id}/evidence/{item.id}")).status_code == 404
        desk = await moderator.post(f"/moderate/{other.id}/evidence", data={"item": item.id, "action": "show"})
        assert desk.status_code == 404
        for path in (f"/moderate/{story.id}/evidence/{item.id}", f"/stories/{story.id}/evidence/{item.id}"):
            assert (await browser.get(path)).status_code in {303, 404}
    # The same id from two stories: the second is refused, and learns nothing of the first.
    assert (await send(house, other_key, url=PAGE, item=item.id)).status_code == 422
    assert await kept(house, story) == ["A letter"]
    assert await kept(house, other) == []


async def test_evidence_goes_when_its_story_is_no_longer_public(house: House) -> None:
    story, key = await house.story(await house.commission())
    await send(house, key, PDF)
    await accept(house, story)
    async with house.store.read() as work:
        (item,) = await work.evidence.list_evidence(story.id)
    read = await read_piece(house.store, item.id)
    await evidence.moderate(house.store, CLOCK, story.id, item.id, "show", read=read)
    where = f"/stories/{story.id}/evidence/{item.id}"
    async with house.browser() as browser:
        assert (await browser.get(where)).status_code == 200
        await moderation.moderate(house.store, CLOCK, story.id, "take down", because="x", expected_status="accepted")
        assert (await browser.get(where)).status_code == 404
        assert (await browser.get(f"/stories/{new_id()}/evidence/{item.id}")).status_code == 404


async def test_taking_a_story_back_takes_its_evidence(house: House) -> None:
    from forum.services.stories.withdrawal import withdraw

    story, key = await house.story(await house.commission())
    await send(house, key, a_picture(), title="Quetzalcoatlus")
    async with house.store.read() as work:
        (item,) = await work.evidence.list_evidence(story.id)
    await withdraw(house.store, CLOCK, key)
    assert await kept(house, story) == []
    async with house.browser() as browser:
        assert (await browser.get(f"/my-story/{key}/evidence/{item.id}")).status_code == 404
    assert (await send(house, key, url=PAGE)).status_code == 409
    assert "Nothing can be added" in words(await send(house, key, url=PAGE))
