"""Versions on pages: what changed and who made it, bringing one back, and what readers may see of them."""

from __future__ import annotations

import re

import httpx2
import pytest
from support.app import House, a_sent_story, words
from support.co_written_story import RESPONSE, SCENE, Built, a_built_story
from support.factories import CLOCK

from forum.services.stories import draft_edits, moderation, submissions
from forum.stories.draft import Card, mark, mark_of
from forum.stories.edits import AddCard, Edit, RemoveCard, SetField

FIRST = "It is past two. A neighbour knocks."


@pytest.fixture
async def built(house: House) -> Built:
    return await a_built_story(house.store, await house.commission())


async def accept(built: Built, action: str = "accept", because: str = "") -> None:
    status = "submitted" if action == "accept" else "accepted"
    await moderation.moderate(built.store, CLOCK, built.story, action, because=because, expected_status=status)


async def rewritten(built: Built, before: str, after: str, action: str = "accept version") -> None:
    """Sends the first scene with other words, and accepts it."""
    saved = await built.save(SetField("c1.text", (mark(before),), after))
    assert not saved.clashes
    await draft_edits.send(built.store, CLOCK, built.key)
    await accept(built, action)


def numbers(answer: httpx2.Response) -> list[int]:
    """Reads the numbers of the versions that a list shows."""
    return [int(number) for number in re.findall(r'/versions/(\d+)"', answer.text)]


async def test_the_list_says_what_changed_when_and_by_whom(house: House, built: Built) -> None:
    await built.answer(await built.suggest(SCENE))
    async with house.browser() as keeper:
        page = await keeper.get(f"/my-story/{built.key}/versions")
        assert numbers(page) == [3, 2, 1]
        said = words(page)
        assert "A suggestion was taken in Kim (Police) What changed: new: “The crew”; changed: “What happened”" in said
        assert "Somebody with your link, on another device" in said
        assert "facts about the story; new: “What happened”, “What should happen now?”" in said
        keeper.cookies.set("forum_device", "keeper")
        assert "You, on this device" in words(await keeper.get(f"/my-story/{built.key}/versions"))


async def test_a_version_shows_what_it_changed_word_by_word_and_the_whole_of_it(house: House, built: Built) -> None:
    other: list[Edit] = [
        SetField("c1.text", (mark(FIRST),), "It is past three <now>. A neighbour knocks."),
        AddCard("c3", after="c1", text="Nobody opens."),
    ]
    await draft_edits.save(built.store, CLOCK, built.key, other, "another device")
    async with house.browser() as keeper:
        url = f"/my-story/{built.key}/versions"
        newest = max(numbers(await keeper.get(url)))
        page = await keeper.get(f"{url}/{newest}?with=now")
        assert "Nothing in the text is different." in words(page)
        first = await keeper.get(f"{url}/2?with=now")
        assert re.search(
            r"<del>.*?two\. .*?</del><ins>.*?three &lt;now&gt;\. .*?</ins>A neighbour knocks\.", first.text
        )
        assert "[taken out:] two." in words(first)
        assert "[put in:] three <now>." in words(first)
        assert "New Text [put in:] Nobody opens." in words(first)
        assert FIRST in words(first)
        assert "What it began with" in words(await keeper.get(f"{url}/1"))


async def test_an_earlier_version_is_brought_back_and_the_present_one_stays(house: House, built: Built) -> None:
    url = f"/my-story/{built.key}/versions"
    card = (await built.draft()).card("c1") or Card("")
    await built.save(RemoveCard("c1", mark_of(card)))
    async with house.browser() as keeper:
        assert numbers(await keeper.get(url)) == [3, 2, 1]
        page = await keeper.get(f"{url}/2")
        assert "Bring this version back" in page.text
        done = await keeper.post(f"{url}/2")
        assert done.headers["location"] == f"{url}?done=1"
        page = await keeper.get(done.headers["location"])
        assert "That version is your draft again." in words(page)
        assert numbers(page) == [4, 3, 2, 1]
        assert "An earlier version was brought back" in words(page)
        assert (await built.draft()).card("c1") == card
        latest = await keeper.get(f"{url}/4")
        assert "This is how your story stands now" in words(latest)
        assert "Bring this version back" not in latest.text
        assert "taken out: “What happened”" in words(page)
        assert (await keeper.post(f"{url}/3")).status_code == 303
        assert (await built.draft()).card("c1") is None


@pytest.mark.parametrize("number", ["0", "99", "-1", "x", "1e1", "\u0661", "9" * 40])
async def test_a_version_that_is_not_there_is_told_so(house: House, built: Built, number: str) -> None:
    async with house.browser() as keeper:
        for method in ("GET", "POST"):
            answer = await keeper.request(method, f"/my-story/{built.key}/versions/{number}")
            assert answer.status_code == 404
            assert "no such version" in words(answer)
        assert (await keeper.get(f"/my-story/{built.key}/versions?page={number}")).status_code == 200


async def test_many_versions_go_over_pages(house: House, built: Built) -> None:
    before = FIRST
    for n in range(24):
        after = f"{n} o'clock. " * (60 - 2 * n)
        assert not (await built.save(SetField("c1.text", (mark(before),), after))).clashes
        before = after
    async with house.browser() as keeper:
        url = f"/my-story/{built.key}/versions"
        first = await keeper.get(url)
        second = await keeper.get(f"{url}?page=2")
    there = numbers(first) + numbers(second)
    assert len(numbers(first)) == 20
    assert there == [*range(len(there), 0, -1)]


async def test_a_story_that_was_sent_in_one_piece_has_its_versions_too(house: House) -> None:
    _, key = await submissions.submit(house.store, CLOCK, (await house.commission()).id, a_sent_story())
    async with house.browser() as keeper:
        page = await keeper.get(f"/my-story/{key}/versions")
        assert numbers(page) == [1]
        assert "Begun" in words(page)


async def test_readers_see_the_public_versions_and_nothing_that_was_not_public(house: House, built: Built) -> None:
    await draft_edits.send(built.store, CLOCK, built.key)
    await accept(built)
    here = f"/stories/{built.story}"
    async with house.browser() as reader:
        assert "/versions" not in (await reader.get(here)).text
        await rewritten(built, FIRST, "It is past one. A neighbour knocks.")
        await built.answer(await built.suggest(RESPONSE))
        await built.save(SetField("c1.text", (mark("It is past one. A neighbour knocks."),), "A secret."))
        assert f'href="{here}/versions"' in (await reader.get(here)).text
        page = await reader.get(f"{here}/versions")
        assert len(numbers(page)) == 2
        assert "changed: “What happened”" in words(page)
        assert "The public one now" in words(page)
        newest, oldest = numbers(page)
        shown = await reader.get(f"{here}/versions/{newest}")
        assert "[taken out:] two." in words(shown)
        assert "[put in:] one." in words(shown)
        assert "Bring this version back" not in shown.text
        assert (await reader.get(f"{here}/versions/{oldest}")).status_code == 200
        for text in (page.text, shown.text):
            assert "secret" not in text
            assert "Ask the neighbour" not in text
        async with house.store.read() as work:
            private = {kept.number for kept in await work.drafts.history(built.story)} - {newest, oldest}
        assert private
        for number in private:
            assert (await reader.get(f"{here}/versions/{number}")).status_code == 404


async def test_what_a_moderator_took_down_is_not_shown_as_an_earlier_version(house: House, built: Built) -> None:
    await built.save(SetField("c1.text", (mark(FIRST),), "Margaret Hill lives there."))
    await draft_edits.send(built.store, CLOCK, built.key)
    await accept(built)
    await accept(built, "take down", "It names somebody.")
    await moderation.moderate(built.store, CLOCK, built.story, "return", because="x", expected_status="held")
    await rewritten(built, "Margaret Hill lives there.", FIRST, "accept")
    await rewritten(built, FIRST, "It is past one. A neighbour knocks.")
    here = f"/stories/{built.story}/versions"
    async with house.browser() as reader:
        page = await reader.get(here)
        assert len(numbers(page)) == 2
        texts = [page.text, *[(await reader.get(f"{here}/{number}")).text for number in numbers(page)]]
        assert not any("Margaret" in text for text in texts)
        assert "past two" in texts[-1]
        for number in range(1, numbers(page)[1]):
            assert (await reader.get(f"{here}/{number}")).status_code == 404


async def test_a_story_that_is_not_public_has_no_public_versions(house: House, built: Built) -> None:
    async with house.browser() as reader:
        for path in ("versions", "versions/1"):
            assert (await reader.get(f"/stories/{built.story}/{path}")).status_code == 404
