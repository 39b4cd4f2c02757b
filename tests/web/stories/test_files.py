"""A story comes in as a file from Twine or Twee, with its branches, and can be taken out as one."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from attack.large_files import of_names
from support.app import House, a_house, field, file_form, words, write_story
from support.factories import CLOCK

from forum.services.stories import moderation, submissions
from forum.services.stories.submissions import Sent
from forum.stories import foreign_import, scenario_twee, twine
from forum.stories.submission import Submission
from forum.web.stories import marked_text

DATA = Path(__file__).parents[2] / "data"
PUBLISHED = (DATA / "twine" / "published.html").read_bytes()
TWEE = (DATA / "twee" / "good.twee").read_bytes()
PLAIN = b"""\
:: StoryTitle
A lamp

:: StoryData
{"ifid": "3F0C1B52-7D0A-4C1B-9E55-0A3D5B6C7E81", "start": "dusk"}

:: facts [forum]
content notes: the dark

:: dusk [decision]
who lights the lamp?
[[somebody->light]]
[[nobody->dark]]
[[everybody->light]]

:: light
it is bright.

:: dark
it is not.
"""
ABOUT = file_form()


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template, stories_per_address=4) as house:
        yield house


async def submitted(house: House) -> list[Submission]:
    async with house.store.read() as work:
        return await work.stories.list_stories()


async def send(
    house: House, where: str, content: bytes | None, name: str = "story.twee", **changes: str | list[str]
) -> httpx2.Response:
    """Sends the form with a file (None: none chosen, as browsers send that), filled in as it should be."""
    chosen = (name, content, "text/plain") if content is not None else ("", b"", "application/octet-stream")
    async with house.browser() as writer:
        return await writer.post(where, data=ABOUT | changes, files={"file": chosen})


async def test_the_way_to_the_file_stands_on_the_form(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        form = await writer.get(f"/commissions/{commission.id}/tell")
        assert f'href="/commissions/{commission.id}/tell/file"' in form.text
        shown = await writer.get(f"/commissions/{commission.id}/tell/file")
    assert 'enctype="multipart/form-data"' in shown.text
    assert 'type="file"' in shown.text


async def test_a_file_with_nothing_to_tell_goes_straight_to_its_private_link(house: House) -> None:
    commission = await house.commission()
    sent = await send(house, f"/commissions/{commission.id}/tell/file", PLAIN, key="k" * 32)
    assert (sent.status_code, sent.headers["location"]) == (303, f"/my-story/{'k' * 32}?sent=1"), words(sent)
    (story,) = await submitted(house)
    told = scenario_twee.parse(story.twee)
    assert (story.status, story.told_by, story.title, story.may_publish) == ("submitted", "g2", "A lamp", True)
    assert told.told_by == "Carers"
    assert told.content_notes == ("the dark", "restraint or force")
    assert [[link.to for link in scene.links] for scene in told.scenes] == [["light", "dark", "light"], [], []]


async def test_a_published_story_is_shown_first_and_sent_without_choosing_it_again(house: House) -> None:
    commission = await house.commission()
    where = f"/commissions/{commission.id}/tell/file"
    shown = await send(house, where, PUBLISHED, "night.html", key="k" * 32, own_note="a telephone")
    assert shown.status_code == 200
    assert "Nothing is sent yet" in words(shown)
    assert "Line 19: Where the passages stand on Twine's map was left out." in words(shown)
    assert "Let him ring from the desk" in words(shown)
    assert 'class="paths"' in shown.text
    assert (field(shown, "key"), field(shown, "own_note")) == ("k" * 32, "a telephone")
    assert 'value="g2" checked' in shown.text
    assert await submitted(house) == []
    sent = await send(house, where, None, key="k" * 32, twee=field(shown, "twee"), own_note="a telephone")
    assert sent.status_code == 303
    (story,) = await submitted(house)
    (told,) = twine.read(PUBLISHED).scenarios
    kept = scenario_twee.parse(story.twee)
    assert kept.scenes == told.scenes
    assert kept.told_by == "Carers"
    assert kept.content_notes == ("being held against your will", "restraint or force", "a telephone")


async def test_words_that_could_tell_who_somebody_is_are_shown_before_anything_is_sent(house: House) -> None:
    commission = await house.commission()
    marked = PLAIN.replace(b"it is bright.", b"ring 07700 900123 then.")
    shown = await send(house, f"/commissions/{commission.id}/tell/file", marked)
    assert shown.status_code == 200
    assert "<mark>07700 900123" in shown.text
    assert await submitted(house) == []


async def test_a_file_full_of_such_words_is_marked_so_far_and_says_how_far(house: House) -> None:
    commission = await house.commission()
    answer = await send(house, f"/commissions/{commission.id}/tell/file", of_names().encode())
    assert answer.status_code == 200
    assert answer.text.count("<mark>") == 2 * marked_text.MOST_MARKS  # the list of them, and the story
    assert re.search(r"From here to the end 1\d{4} places more like these are not marked\.", words(answer))
    assert len(answer.content) < 1_000_000  # all marked: 4 MB


async def test_what_is_wrong_is_told_line_by_line_and_the_form_stays_filled_in(house: House) -> None:
    commission = await house.commission()
    hurt = TWEE.replace(b"[[Nobody|Dark]]", b"[[Nobody|Drak]]")
    assert hurt != TWEE
    answer = await send(house, f"/commissions/{commission.id}/tell/file", hurt, own_note="a <dog>")
    assert answer.status_code == 422
    said = words(answer)
    assert '<a href="#file">' in answer.text
    assert "is a decision with 2 responses; it needs 3 to 5." in said
    assert 'The link "Nobody" was left out: no passage is called "Drak".' in said
    assert field(answer, "own_note") == "a <dog>"
    assert await submitted(house) == []


async def test_a_form_that_is_not_filled_in_keeps_the_file_that_was_read(house: House) -> None:
    commission = await house.commission()
    where = f"/commissions/{commission.id}/tell/file"
    answer = await send(house, where, PLAIN, group="nobody's")
    assert answer.status_code == 422
    assert '<a href="#group">' in answer.text
    assert scenario_twee.parse(field(answer, "twee")).title == "A lamp"
    sent = await send(house, where, None, twee=field(answer, "twee"))
    assert sent.status_code == 303
    assert [story.title for story in await submitted(house)] == ["A lamp"]


async def test_without_a_file_it_says_so(house: House) -> None:
    commission = await house.commission()
    answer = await send(house, f"/commissions/{commission.id}/tell/file", None)
    assert answer.status_code == 422
    assert "Choose your story's file." in words(answer)


async def test_an_archive_is_sent_story_by_story(house: House) -> None:
    commission = await house.commission()
    archive = (DATA / "twine" / "archive.html").read_bytes()
    answer = await send(house, f"/commissions/{commission.id}/tell/file", archive, "archive.html")
    assert answer.status_code == 422
    assert 'There are 2 stories in this file: "One bench", "Two doors". Send them one by one.' in words(answer)


@pytest.mark.parametrize("size", [foreign_import.MAX_BYTES + 1, 2 * 1024 * 1024, 50 * 1024 * 1024])
async def test_what_is_too_big_is_told_what_to_do_on_the_page(house: House, size: int) -> None:
    commission = await house.commission()
    answer = await send(
        house, f"/commissions/{commission.id}/tell/file", b" " * size, "archive.html", own_note=["A <barking> dog"]
    )
    assert answer.status_code == 422
    assert 'choose "Build", then "Export As Twee"' in words(answer)
    assert '<a href="#file">' in answer.text
    # What was typed beside it is still there: only the file has to be chosen again.
    assert 'value="A &lt;barking&gt; dog"' in answer.text
    assert re.search(r'name="group" value="g2" checked', answer.text)
    assert await submitted(house) == []


@pytest.mark.parametrize(
    ("end", "said"), [(b"\r\n--b--\r\n", "The file is too big"), (b"", "This form cannot be read")]
)
async def test_a_body_of_unknown_length_is_told_the_same(house: House, end: bytes, said: str) -> None:
    commission = await house.commission()

    async def body() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.html"\r\n\r\n'
        for _ in range(400):
            yield b" " * 65536
        yield end

    async with house.browser() as writer:
        answer = await writer.post(
            f"/commissions/{commission.id}/tell/file",
            content=body(),
            headers={"Content-Type": "multipart/form-data; boundary=b"},
        )
    assert answer.status_code == 422
    assert said in words(answer)
    assert await submitted(house) == []


@pytest.mark.parametrize("content", [b"", b"\0\xff" * 50, b"::", b"\xff\xfe<\0t\0", b"<tw-storydata", b"[[" * 5000])
@pytest.mark.parametrize("name", ["a.twee", "a.html", "a.tw", "../../a", "a"])
async def test_whatever_is_in_a_file_the_page_says_what_to_do(house: House, name: str, content: bytes) -> None:
    commission = await house.commission()
    answer = await send(house, f"/commissions/{commission.id}/tell/file", content, name)
    assert answer.status_code == 422
    assert "What to change in the file" in words(answer)


async def test_hostile_words_are_shown_and_do_nothing(house: House) -> None:
    commission = await house.commission()
    hostile = "<script>alert('x')</script>"
    source = PUBLISHED.replace(b"Sam stands in front", html.escape(hostile).encode() + b" stands in front")
    shown = await send(house, f"/commissions/{commission.id}/tell/file", source, "x.html")
    assert shown.status_code == 200
    assert hostile not in shown.text
    assert hostile in html.unescape(shown.text)
    assert " style=" not in shown.text


async def test_a_story_that_was_tampered_with_on_its_way_is_read_again(house: House) -> None:
    commission = await house.commission()
    answer = await send(house, f"/commissions/{commission.id}/tell/file", None, twee=":: StoryTitle\nNo more\n")
    assert answer.status_code == 422
    assert await submitted(house) == []


async def test_too_many_stories_are_told_when_to_come_back_and_nothing_is_lost(house: House) -> None:
    commission = await house.commission()
    where = f"/commissions/{commission.id}/tell/file"
    for _ in range(4):
        assert (await send(house, where, PLAIN)).status_code == 303
    refused = await send(house, where, PLAIN)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert scenario_twee.parse(field(refused, "twee")).title == "A lamp"


async def test_a_returned_story_with_branches_goes_out_and_comes_back_as_a_file(house: House) -> None:
    commission = await house.commission()
    told = scenario_twee.parse(PLAIN)
    story, key = await submissions.submit(house.store, CLOCK, commission.id, Sent(told, "g2", may_publish=True))
    async with house.browser() as writer:
        early = await writer.get(f"/my-story/{key}/file")
        assert early.status_code == 409
        await moderation.moderate(house.store, CLOCK, story.id, "return", because="Why?", expected_status="submitted")
        mine = await writer.get(f"/my-story/{key}")
        assert f'href="/my-story/{key}/file"' in mine.text
        assert 'name="happened"' not in mine.text
        out = await writer.get(f"/my-story/{key}/story.twee")
    assert out.headers["content-disposition"] == 'attachment; filename="a-lamp.twee"'
    changed = out.content.replace(b"it is bright.", b"it is very bright.")
    sent = await send(house, f"/my-story/{key}/file", changed)
    assert sent.status_code == 303, words(sent)
    (now,) = await submitted(house)
    assert (now.id, now.status) == (story.id, "submitted")
    assert "very bright" in now.twee
    assert scenario_twee.parse(now.twee).ifid == told.ifid


async def test_a_story_that_is_still_being_written_is_no_file_yet(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        key = await write_story(writer, commission)
        assert (await writer.get(f"/my-story/{key}/story.twee")).status_code == 404
        assert "story.twee" not in (await writer.get(f"/my-story/{key}")).text


async def test_a_public_story_can_be_taken_out_and_any_other_is_not_there(house: House) -> None:
    story, _ = await house.story(await house.commission(), "Café & <night>")
    async with house.browser() as reader:
        assert (await reader.get(f"/stories/{story.id}/story.twee")).status_code == 404
        await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
        page = await reader.get(f"/stories/{story.id}")
        assert f'href="/stories/{story.id}/story.twee"' in page.text
        assert 'class="paths"' in page.text
        assert "there is no way on: the story ends there" in words(page)
        answer = await reader.get(f"/stories/{story.id}/story.twee")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="caf-night.twee"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert scenario_twee.parse(answer.content).title == "Café & <night>"


async def test_a_moderator_sees_the_paths(house: House) -> None:
    story, _ = await house.story(await house.commission())
    async with house.signed_in("moderator") as moderator:
        page = await moderator.get(f"/moderate/{story.id}")
    assert page.status_code == 200
    assert 'class="paths"' in page.text
    assert "The paths as a list" in words(page)
