"""Building together on the keepers' pages: each suggestion is answered once, with both texts to be seen."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.app import a_house, field, words
from support.co_written_story import CORRECTION, EVIDENCE, RESPONSE, SCENE, Together, a_built_story, fill_in_and_send
from support.factories import CLOCK, new_id

from forum.services.stories import draft_edits, moderation
from forum.stories.draft import Card, mark
from forum.stories.edits import SetField


@pytest.fixture
async def together(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Together]:
    async with a_house(tmp_path, sqlite_template, wrong_links_per_address=5, suggestions_per_address=12) as house:
        yield Together(house, await a_built_story(house.store, await house.commission()))


async def test_what_is_answered_is_read_by_the_one_who_suggested_it_and_outcomes_by_everybody(
    together: Together,
) -> None:
    async with (
        together.house.browser() as other,
        together.house.browser() as third,
        together.house.browser() as keeper,
    ):
        for url, typed in (
            ("kind=response&place=c2", {"words": "Ask the <neighbour>", "name": "Kim"}),
            ("kind=scene&place=c1", {"words": "The crew comes."}),
            ("kind=correction&place=c1.text", {"words": "Margaret knocks."}),
        ):
            await fill_in_and_send(other, f"{together.build_path}/suggest?{url}", **typed)
        response, scene, correction = await together.suggestions()
        page = await keeper.get(f"{together.keepers_path}/{response.id}")
        assert "Kim (Nurses)" in words(page)
        assert "Ask the &lt;neighbour&gt;" in page.text
        taken = await keeper.post(f"{together.keepers_path}/{response.id}", data={"outcome": "accepted"})
        assert taken.headers["location"] == f"{together.keepers_path}?done=answered"
        changed = {"outcome": "accepted with changes", "words": "The crew is late.", "title": "Late", "place": "c2/w2"}
        await keeper.post(f"{together.keepers_path}/{scene.id}", data=changed | {"because": "It fits better there."})
        wordless = await keeper.post(
            f"{together.keepers_path}/{correction.id}", data={"outcome": "declined", "because": " "}
        )
        assert wordless.status_code == 422
        assert "Say why you decline it" in words(wordless)
        assert re.search(r'<details id="no" open>\s*<summary>Decline it', wordless.text)
        await keeper.post(
            f"{together.keepers_path}/{correction.id}", data={"outcome": "declined", "because": "It names <her>."}
        )

        theirs = await other.get(together.build_path)
        assert "What you suggested" in words(theirs)
        for said in ("Taken in", "Taken in, with changes", "Declined", "It fits better there.", "It names <her>."):
            assert said in words(theirs)
        assert "Margaret knocks." in words(theirs)
        assert "It names &lt;her&gt;." in theirs.text
        seen = words(await third.get(together.build_path))
        assert "What you suggested" not in seen
        assert "Declined" in seen
        assert "It names <her>." in seen
        assert "Margaret" not in seen
        assert "Kim (Nurses)" in seen
        assert "The crew is late." in seen
        mine = words(await keeper.get(together.keepers_path))
        assert "There is nothing to answer now" in mine
        assert "What you have answered" in mine


async def test_of_two_keepers_the_second_is_told_and_keeps_their_words(together: Together) -> None:
    one = await together.built.suggest(RESPONSE)
    async with together.house.browser() as keeper:
        assert (await keeper.post(f"{together.keepers_path}/{one.id}", data={"outcome": "accepted"})).status_code == 303
        late = await keeper.post(
            f"{together.keepers_path}/{one.id}", data={"outcome": "declined", "because": "We <know> that."}
        )
        assert late.status_code == 409
        assert "has answered this suggestion" in words(late)
        assert "We &lt;know&gt; that." in late.text
        assert "Taken in" in words(late)


async def test_a_correction_is_compared_with_what_stands_there_and_both_texts_are_shown(together: Together) -> None:
    one = await together.built.suggest(CORRECTION)
    before = "It is past two. A neighbour knocks."
    async with together.house.browser() as keeper:
        url = f"{together.keepers_path}/{one.id}"
        page = await keeper.get(url)
        assert "changed after this was suggested" not in words(page)
        assert re.search(r"<del>.*?two\. .*?</del><ins>.*?three\. .*?</ins>", page.text)
        assert "[taken out:]" in words(page)
        seen = field(page, "seen")
        await together.built.save(SetField("c1.text", (mark(before),), "It is past one."))
        clash = await keeper.post(url, data={"outcome": "accepted", "seen": seen})
        assert clash.status_code == 409
        for said in ("Somebody else has changed this", "It is past one.", "three."):
            assert said in words(clash)
        assert field(clash, "seen") == mark("It is past one.")
        done = await keeper.post(url, data={"outcome": "accepted", "seen": field(clash, "seen")})
        assert done.status_code == 303
    assert ((await together.built.draft()).card("c1") or Card("")).text == CORRECTION.words


async def test_personal_details_in_a_suggestion_are_marked_for_the_keeper(together: Together) -> None:
    one = await together.built.suggest(RESPONSE, words="Ring Margaret on 07700 900123")
    two = await together.built.suggest(SCENE, words="Nobody comes.", name="")
    async with together.house.browser() as keeper:
        page = await keeper.get(f"{together.keepers_path}/{one.id}")
        assert "looks like a phone number" in words(page)
        assert re.search(r"<mark>07700 900123", page.text)
        assert "<mark>" not in (await keeper.get(f"{together.keepers_path}/{two.id}")).text


async def test_evidence_from_a_suggestion_waits_for_the_moderator(together: Together) -> None:
    one = await together.built.suggest(EVIDENCE)
    async with together.house.browser() as keeper, together.house.signed_in("moderator") as moderator:
        await keeper.post(f"{together.keepers_path}/{one.id}", data={"outcome": "accepted"})
        await draft_edits.send(together.built.store, CLOCK, together.built.key)
        assert "Waiting for a moderator" in words(await keeper.get(f"/my-story/{together.built.key}/evidence"))
        assert f"/moderate/{together.built.story}/evidence" in (await moderator.get("/moderate")).text


async def test_only_its_own_story_has_a_suggestion(together: Together) -> None:
    other = await a_built_story(together.house.store, together.built.commission)
    one = await together.built.suggest()
    async with together.house.browser() as keeper:
        for path in (
            f"/my-story/{other.key}/build/{one.id}",
            f"{together.keepers_path}/{new_id()}",
            f"{together.keepers_path}/x",
        ):
            assert (await keeper.get(path)).status_code == 404
            assert (await keeper.post(path, data={"outcome": "accepted"})).status_code == 404


async def test_a_story_that_was_taken_back_or_is_held_is_not_built_any_more(together: Together) -> None:
    built = together.built
    await draft_edits.send(built.store, CLOCK, built.key)
    await moderation.moderate(built.store, CLOCK, built.story, "hold", because="x", expected_status="submitted")
    async with together.house.browser() as keeper, together.house.browser() as other:
        held = await other.get(together.build_path)
        assert held.status_code == 409
        assert "takes no suggestions at the moment" in words(held)
        assert "neighbour" not in held.text
        assert (await keeper.get(together.keepers_path)).status_code == 200
        await keeper.post(f"/my-story/{built.key}/take-back", data={"sure": "1"})
        assert (await other.get(together.build_path)).status_code == 404
        for path in ("/build", "/versions"):
            gone = await keeper.get(f"/my-story/{built.key}{path}")
            assert gone.status_code == 409
            assert "taken this story back" in words(gone)
