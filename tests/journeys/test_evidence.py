"""Evidence in a browser: added from the smallest phone without scripts, shown beside the story."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from support.app import a_sent_story
from support.browser import SMALL, Look, People, follow
from support.browser import House as Served
from support.evidence_read import read_piece
from support.factories import CLOCK

from forum.services.stories import evidence, moderation, submissions
from forum.store import open_store

pytestmark = pytest.mark.browser


async def test_a_picture_goes_from_a_phone_to_the_public_page(
    house: Served, people: People, accessible: Look, tmp_path: Path
) -> None:
    store = await open_store(f"sqlite+aiosqlite:///{house.data / 'forum.db'}")
    try:
        async with store.read() as work:
            commission = (await work.commissions.list_commissions())[0]
        story, key = await submissions.submit(store, CLOCK, commission.id, a_sent_story())
        picture, text = tmp_path / "a picture.jpg", tmp_path / "not a picture.jpg"
        out = io.BytesIO()
        Image.new("RGB", (3000, 800), (20, 90, 80)).save(out, "JPEG")
        picture.write_bytes(out.getvalue())
        text.write_text("<script>alert(1)</script>")
        mine = f"/my-story/{key}/evidence"
        plain = await people.somebody(SMALL, scripts=False)
        await plain.goto(f"/my-story/{key}")
        await follow(plain.get_by_role("link", name="Add a link, a picture or a document"))
        await plain.get_by_label("What it shows").fill("The hall at night")
        await plain.get_by_label("Or a file").set_input_files(text)
        await follow(plain.get_by_role("button", name="Add it"))
        await plain.get_by_role("alert").get_by_text("not a PDF, PNG or JPEG").wait_for()
        assert await plain.get_by_label("What it shows").input_value() == "The hall at night"
        await plain.get_by_label("Or a file").set_input_files(picture)
        await follow(plain.get_by_role("button", name="Add it"))
        await plain.get_by_text("Waiting for a moderator").wait_for()
        page = await people.somebody(SMALL)
        await page.goto(mine)
        await accessible(page)
        async with store.read() as work:
            (item,) = await work.evidence.list_evidence(story.id)
        await moderation.moderate(store, CLOCK, story.id, "accept", because="", expected_status="submitted")
        await evidence.moderate(store, CLOCK, story.id, item.id, "show", read=await read_piece(store, item.id))
    finally:
        await store.close()
    await page.goto(f"/stories/{story.id}")
    shown = page.get_by_role("img", name="The hall at night")
    await shown.scroll_into_view_if_needed()
    await page.wait_for_function("image => image.complete", arg=await shown.element_handle())
    assert await shown.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [2400, 640]
    await accessible(page)
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Download: The hall at night").click()
    assert (await downloading.value).suggested_filename == f"evidence-{item.id[:8]}.jpg"
