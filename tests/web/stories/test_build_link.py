"""Building together on pages: the link, suggesting from it, the keepers' answers, and what each side reads of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import httpx2
import pytest
from support.app import a_house, field, words
from support.co_written_story import CORRECTION, EVIDENCE, RESPONSE, SCENE, Together, a_built_story, fill_in_and_send
from support.factories import CLOCK

from forum.services.keys import new_key
from forum.services.stories import build_link, draft_edits, moderation
from forum.stories.draft import mark
from forum.stories.edits import AddWay, SetField


@pytest.fixture
async def together(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Together]:
    async with a_house(tmp_path, sqlite_template, wrong_links_per_address=5, suggestions_per_address=12) as house:
        yield Together(house, await a_built_story(house.store, await house.commission()))


def ways_to_help(answer: httpx2.Response) -> dict[str, str]:
    """Reads the suggestions that the page offers: their words, by address."""
    found = re.findall(r'<a(?: class="[^"]*")? href="([^"]*/suggest\?[^"]*)">([^<]*)</a>', answer.text)
    return {unescape(said): unescape(url) for url, said in found}


# ---------------------------------------------------------------- the link


async def test_a_keeper_makes_the_link_replaces_it_and_switches_it_off(tmp_path: Path, sqlite_template: Path) -> None:
    async with a_house(tmp_path, sqlite_template) as house, house.browser() as keeper, house.browser() as other:
        _, key = await house.story(await house.commission())
        mine = f"/my-story/{key}/build"
        page = await keeper.get(mine)
        assert "Share the link below" in words(page)
        assert "before any moderator has read it" in words(page)
        first = field(page, "new")
        for _ in range(2):  # the second answer was lost, and the phone sends it again
            made = await keeper.post(mine, data={"action": "share", "new": first})
            assert made.headers["location"] == f"{mine}?done=shared"
        page = await keeper.get(made.headers["location"])
        assert "The link works now." in words(page)
        assert f"http://house.test/build/{first}" in words(page)
        assert page.text.count("<svg") == 1
        assert "It is past two" in words(await other.get(f"/build/{first}"))
        second = field(page, "new")
        await keeper.post(mine, data={"action": "share", "new": second, "before": first})
        dead = await other.get(f"/build/{first}")
        assert dead.status_code == 404
        assert "may have switched it off" in words(dead)
        assert (await other.get(f"/build/{second}")).status_code == 200
        late = await keeper.post(mine, data={"action": "share", "new": new_key(), "before": first})
        assert late.status_code == 409
        assert "Somebody else has changed this link" in words(late)
        wrong = await keeper.post(mine, data={"action": "share", "new": "me", "before": second})
        assert wrong.status_code == 422
        off = await keeper.post(mine, data={"action": "unshare"})
        assert "The link is off." in words(await keeper.get(off.headers["location"]))
        for path in ("", "/play", "/suggest?kind=evidence"):
            assert (await other.get(f"/build/{second}{path}")).status_code == 404


async def test_guessed_links_are_limited_by_address_together_with_private_ones(together: Together) -> None:
    async with together.house.browser() as here, together.house.browser("192.0.2.9") as elsewhere:
        assert (await here.get(together.build_path)).status_code == 200
        for n in range(5):
            path = f"/build/{n:032}" if n % 2 else f"/my-story/{n:032}"
            assert (await here.get(path)).status_code == 404
        for path in (f"/build/{'x' * 32}", f"/my-story/{'x' * 32}", f"/build/{'x' * 32}/suggest?kind=scene"):
            limited = await here.get(path)
            assert limited.status_code == 429
            assert int(limited.headers["retry-after"]) > 0
        assert (await here.get(together.build_path)).status_code == 200
        assert (await here.get(f"/my-story/{together.built.key}")).status_code == 200
        assert (await elsewhere.get(f"/build/{'x' * 32}")).status_code == 404


async def test_the_build_link_cannot_do_what_the_private_link_can(together: Together) -> None:
    async with together.house.browser() as other:
        for path in ("", "/write", "/build", "/versions", "/versions/1", "/take-back", "/link"):
            assert (await other.get(f"/my-story/{together.built.link}{path}")).status_code in {404, 429}
        page = await other.get(together.build_path)
        assert together.built.key not in page.text
        assert together.built.story not in page.text


# ---------------------------------------------------------------- suggesting


async def test_everything_can_be_suggested_at_its_place_and_waits(together: Together) -> None:
    async with together.house.browser() as other:
        page = await other.get(together.build_path)
        ways = ways_to_help(page)
        assert {
            "Another response",
            "A scene after this one",
            "A scene after “Sit down and ask”",
            "Other words for “Sit down and ask”",
            "Other words for this scene",
            "Other words for the question",
            "Other words for: Title",
            "Suggest evidence",
        } <= set(ways)
        for said, typed, thanks in (
            ("Another response", {"words": RESPONSE.words}, "A response"),
            ("A scene after this one", {"title": "The crew", "words": SCENE.words}, "A scene"),
            ("A scene after “Sit down and ask”", {"words": "He talks."}, "After the response “Sit down and ask”"),
            ("Other words for this scene", {"words": CORRECTION.words}, "In “What happened”"),
            ("Other words for: Title", {"words": "The fourth knock"}, "Title"),
            ("Suggest evidence", {"title": "A report", "url": EVIDENCE.url}, "example.org: A report"),
        ):
            sent = await fill_in_and_send(other, ways[said], **typed)
            assert sent.status_code == 303, words(sent)
            page = await other.get(sent.headers["location"].partition("#")[0])
            assert "Thank you." in words(page)
            assert thanks in words(page)
        assert words(page).count("Waiting for an answer") == 6
        kept = await together.suggestions()
    assert [one.place for one in kept] == ["c2", "c1", "c2/w1", "c1.text", "title", ""]
    assert {one.group for one in kept} == {"g3"}
    async with together.house.browser() as keeper:
        mine = await keeper.get(together.keepers_path)
        assert words(mine).count("Answer this") == 6
        assert "6 suggestions wait for you" in words(await keeper.get(f"/my-story/{together.built.key}"))


async def test_the_words_of_a_form_that_was_wrong_are_still_there(together: Together) -> None:
    url = f"{together.build_path}/suggest?kind=scene&place=c1"
    async with together.house.browser() as other:
        wrong = await fill_in_and_send(
            other, url, words="The <crew> comes. " * 400, title="A <name>", group="", name="Kim & Ana"
        )
        assert wrong.status_code == 422
        assert "at most 4000 characters" in words(wrong)
        assert "Choose your group" in words(wrong)
        assert "The &lt;crew&gt; comes. The" in wrong.text
        assert 'value="A &lt;name&gt;"' in wrong.text
        assert 'value="Kim &amp; Ana"' in wrong.text
        assert '<a href="#words">' in wrong.text
        assert '<a href="#group">' in wrong.text
        assert await together.suggestions() == []


async def test_a_place_that_is_gone_or_full_is_told_so_before_anything_is_typed(together: Together) -> None:
    await together.built.save(AddWay("c2", "w4", "Four"), AddWay("c2", "w5", "Five"))
    async with together.house.browser() as other:
        page = await other.get(together.build_path)
        assert "Another response" not in ways_to_help(page)
        assert "all the responses it can have" in words(page)
        full = await other.get(f"{together.build_path}/suggest?kind=response&place=c2")
        assert "has 5 responses" in words(full)
        assert "<textarea" not in full.text
        sent = await other.post(
            f"{together.build_path}/suggest",
            data={"kind": "response", "place": "c2", "words": "A sixth <way>", "group": "g3"},
        )
        assert sent.status_code == 422
        assert 'value="A sixth &lt;way&gt;"' in sent.text
        for place in ("c9.text", "c1.stop", "x", "c2/w9.text"):
            gone = await other.get(f"{together.build_path}/suggest", params={"kind": "correction", "place": place})
            assert "not there any more" in words(gone)
        assert (await other.get(f"{together.build_path}/suggest?kind=vote")).status_code == 404
        assert (await other.get(f"{together.build_path}/suggest")).status_code == 404


async def test_words_that_were_changed_meanwhile_are_shown_with_those_that_were_typed(together: Together) -> None:
    url = f"{together.build_path}/suggest"
    seen = mark("It is past two. A neighbour knocks.")
    await together.built.save(SetField("c1.text", (seen,), "It is past one."))
    async with together.house.browser() as other:
        typed = {"kind": "correction", "place": "c1.text", "seen": seen, "words": "It is past three."}
        answer = await other.post(url, data=typed)
        assert answer.status_code == 422
        assert "Somebody has changed these words" in words(answer)
        assert "It is past one." in words(answer)
        assert "It is past three." in words(answer)
        assert (await other.post(url, data=typed | {"group": "no"})).status_code == 303
    async with together.house.browser() as keeper:
        (one,) = await together.suggestions()
        page = await keeper.get(f"{together.keepers_path}/{one.id}")
        assert "changed after this was suggested" in words(page)
        assert "It is past one." in words(page)


async def test_limits_are_told_before_they_bite_and_lose_nothing(
    together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{together.build_path}/suggest?kind=evidence"
    async with together.house.browser() as other, together.house.browser("192.0.2.8") as elsewhere:
        page = words(await other.get(together.build_path))
        assert "From one network 12 suggestions can be sent in an hour. 200 can wait" in page
        assert "more suggestion" not in page
        for n in range(12):
            assert (await fill_in_and_send(other, url, title=f"{n}", url=EVIDENCE.url)).status_code == 303
            if n == 3:
                assert "8 more suggestions can be sent in this hour" in words(await other.get(url))
        limited = await fill_in_and_send(other, url, title="One <too> many", url=EVIDENCE.url)
        assert limited.status_code == 429
        assert int(limited.headers["retry-after"]) > 0
        assert 'value="One &lt;too&gt; many"' in limited.text
        monkeypatch.setattr(build_link, "MOST_WAITING", 12)
        monkeypatch.setattr("forum.web.stories.build_link.MOST_WAITING", 12)
        full = await fill_in_and_send(elsewhere, url, title="Another", url=EVIDENCE.url)
        assert full.status_code == 409
        assert "12 suggestions for this story wait for an answer" in words(full)
        assert 'value="Another"' in full.text
        assert "takes no more suggestions for now" in words(await elsewhere.get(together.build_path))


async def test_the_same_form_sent_twice_is_one_suggestion_and_the_group_is_known_again(together: Together) -> None:
    url = f"{together.build_path}/suggest?kind=response&place=c2"
    async with together.house.browser() as other:
        form = await other.get(url)
        typed = {"id": field(form, "id"), "kind": "response", "place": "c2", "words": "Wait", "group": "g4"}
        for _ in range(2):
            assert (await other.post(url.partition("?")[0], data=typed)).status_code == 303
        assert len(await together.suggestions()) == 1
        again = await other.get(url)
        assert re.search(r'value="g4" checked', again.text)
        assert field(again, "id") != typed["id"]


# ---------------------------------------------------------------- credits


async def test_who_helped_is_credited_by_group_on_the_public_and_the_moderators_page(together: Together) -> None:
    built = together.built
    for offer in (RESPONSE, SCENE):
        await built.answer(await built.suggest(offer))
    await built.suggest(EVIDENCE)
    await draft_edits.send(built.store, CLOCK, built.key)
    said = "with suggestions from Nurses and Police, and Kim"
    async with together.house.signed_in("moderator") as moderator, together.house.browser() as reader:
        assert said in words(await moderator.get(f"/moderate/{built.story}"))
        await moderation.moderate(built.store, CLOCK, built.story, "accept", because="", expected_status="submitted")
        assert f"Carers: told it, {said}" in words(await reader.get(f"/stories/{built.story}"))


async def test_the_story_can_be_played_from_the_build_link_as_far_as_it_is_written(together: Together) -> None:
    async with together.house.browser() as other:
        front = await other.get(f"{together.build_path}/play")
        assert "still being written" in words(front)
        assert f'href="{together.build_path}"' in front.text
        assert "It is past two." in words(await other.get(f"{together.build_path}/play?scene=1"))
