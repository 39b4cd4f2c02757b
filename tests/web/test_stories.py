"""A story comes in by the plain form, and its writer comes back by the private link."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from house import House, a_house, field, story_form, telling, words
from making import CLOCK

from forum import scenario, submissions
from forum.errors import IllegalMove, NotFound, StoreUnavailable
from forum.ports import Submission


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template, stories_per_address=4) as house:
        yield house


async def submitted(house: House) -> list[Submission]:
    async with house.store.read() as work:
        return await work.stories.of()


async def test_a_story_is_sent_and_can_be_found_again_by_its_private_link(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        shown = await writer.get(f"/commissions/{commission.id}/tell")
        assert shown.status_code == 200
        assert shown.text.count("<textarea") == 4
        assert "do not use real names" in words(shown)
        sent = await writer.post(f"/commissions/{commission.id}/tell", data=story_form(key=field(shown, "key")))
        assert sent.status_code == 303
        mine = await writer.get(sent.headers["location"])
    assert mine.status_code == 200
    assert "We have your story" in words(mine)
    key = re.fullmatch(r"/my-story/([A-Za-z0-9_-]{32})\?sent=1", sent.headers["location"])
    assert key
    assert f"http://house.test/my-story/{key[1]}" in words(mine)
    assert "<svg" in mine.text
    assert "style=" not in mine.text
    (story,) = await submitted(house)
    assert (story.status, story.told_by, story.commission) == ("submitted", "g2", commission.id)
    assert story.link == submissions.link_of(key[1]) != key[1]
    told = scenario.parse(story.twee)
    assert told.told_by == "Carers"
    assert told.content_notes == ("restraint or force",)
    assert [link.text for link in told.decisions[0].links] == list(telling().responses)


@pytest.mark.parametrize(
    ("missing", "place"),
    [
        ({"title": "  "}, "title"),
        ({"happened": ""}, "happened"),
        ({"question": ""}, "question"),
        ({"response": ["Sit down and ask", "Call somebody", "", "", ""]}, "response-3"),
    ],
)
async def test_without_a_required_part_the_form_comes_back_with_everything_typed(
    house: House, missing: dict[str, str | list[str]], place: str
) -> None:
    commission = await house.commission()
    typed = story_form(scene=["Scene of my own words", "", "", ""], own_note="a dog dies", **missing)
    async with house.browser() as writer:
        answer = await writer.post(f"/commissions/{commission.id}/tell", data=typed)
    assert answer.status_code == 422
    assert f'<a href="#{place}">' in answer.text
    assert re.search(rf'id="{place}"[^>]*aria-invalid="true"', answer.text)
    for name, value in typed.items():
        for text in value if isinstance(value, list) else [value]:
            assert html.escape(text) in html.unescape(answer.text) or not text.strip(), name
    assert 'value="g2" checked' in answer.text
    assert 'value="restraint or force" checked' in answer.text
    assert answer.text.count('name="scene"') == 4
    assert await submitted(house) == []


async def test_the_group_must_be_chosen_and_may_be_kept_private(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        without = {name: value for name, value in story_form().items() if name != "group"}
        answer = await writer.post(f"/commissions/{commission.id}/tell", data=without)
        assert answer.status_code == 422
        assert '<a href="#group">' in answer.text
        strange = await writer.post(f"/commissions/{commission.id}/tell", data=story_form(group="another's"))
        assert strange.status_code == 422
        private = await writer.post(f"/commissions/{commission.id}/tell", data=story_form(group=""))
        assert private.status_code == 303
    (story,) = await submitted(house)
    assert story.told_by is None
    assert scenario.parse(story.twee).told_by == ""


async def test_too_long_and_too_many_are_said_beside_the_field(house: House) -> None:
    commission = await house.commission()
    long = "x" * (scenario.MAX_TEXT + 1)
    async with house.browser() as writer:
        answer = await writer.post(
            f"/commissions/{commission.id}/tell",
            data=story_form(
                title="t" * 121,
                scene=["Fine", long, *(f"More {n}" for n in range(12))],
                response=["One", "Two", "two ", "Four", "Five", "Six"],
                own_note="n" * 201,
            ),
        )
    assert answer.status_code == 422
    for place in ("title", "scene-2", "scene-1", "response-1", "response-3", "own_note-1"):
        assert f'<a href="#{place}">' in answer.text, place
    assert long in answer.text
    assert "Use at most 4000 characters. This has 4001." in words(answer)
    assert await submitted(house) == []


async def test_what_no_story_file_can_hold_is_refused_in_plain_words(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        answer = await writer.post(
            f"/commissions/{commission.id}/tell", data=story_form(scene=["A [[door->Nowhere]] opens", "", ""])
        )
    assert answer.status_code == 422
    assert '<a href="#scene-1">' in answer.text
    assert "[[door-&gt;Nowhere]]" in answer.text


async def test_one_more_scene_keeps_everything_typed_and_checks_nothing(house: House) -> None:
    commission = await house.commission()
    typed = story_form(title="", scene=["One", "Two", "Three"], add="scene", group="g3")
    async with house.browser() as writer:
        answer = await writer.post(f"/commissions/{commission.id}/tell", data=typed)
    assert answer.status_code == 200
    assert answer.text.count('name="scene"') == 4
    assert "There is a problem" not in answer.text
    for text in ("One", "Two", "Three", str(typed["happened"]), str(typed["question"])):
        assert html.escape(text) in html.unescape(answer.text)
    assert 'value="g3" checked' in answer.text
    assert await submitted(house) == []


async def test_the_same_form_sent_twice_is_one_story(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        key = field(await writer.get(f"/commissions/{commission.id}/tell"), "key")
        answers = [await writer.post(f"/commissions/{commission.id}/tell", data=story_form(key=key)) for _ in range(2)]
    assert [a.headers["location"] for a in answers] == [f"/my-story/{key}?sent=1"] * 2
    assert len(await submitted(house)) == 1


async def test_a_key_that_the_server_did_not_make_is_not_taken(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        answer = await writer.post(f"/commissions/{commission.id}/tell", data=story_form(key="me"))
    assert re.fullmatch(r"/my-story/[A-Za-z0-9_-]{32}\?sent=1", answer.headers["location"])


async def test_too_many_stories_from_one_address_are_told_when_to_come_back(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer, house.browser("192.0.2.9") as other:
        for _ in range(4):
            sent = await writer.post(f"/commissions/{commission.id}/tell", data=story_form())
            assert sent.status_code == 303
        refused = await writer.post(f"/commissions/{commission.id}/tell", data=story_form(title="The fifth one"))
        elsewhere = await other.post(f"/commissions/{commission.id}/tell", data=story_form())
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert "The fifth one" in refused.text
    assert elsewhere.status_code == 303
    assert len(await submitted(house)) == 5


async def test_a_database_that_cannot_take_it_loses_nothing_typed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    commission = await house.commission()

    async def unavailable(*_: object, **__: object) -> None:
        raise StoreUnavailable("The database could not take this. Nothing was saved.")

    monkeypatch.setattr(submissions, "submit", unavailable)
    async with house.browser() as writer:
        answer = await writer.post(f"/commissions/{commission.id}/tell", data=story_form())
    assert answer.status_code == 503
    assert "Nothing was saved" in words(answer)
    assert "The third knock" in answer.text


async def test_hostile_text_is_shown_and_does_nothing(house: House) -> None:
    commission = await house.commission()
    hostile = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'&amp;{{ 7*7 }}"
    async with house.browser() as writer:
        again = await writer.post(
            f"/commissions/{commission.id}/tell",
            data=story_form(title=hostile, happened=hostile, question="", own_note=hostile),
        )
        sent = await writer.post(
            f"/commissions/{commission.id}/tell",
            data=story_form(
                title=hostile,
                happened=hostile,
                scene=[hostile],
                question=hostile,
                response=[hostile, "Two", "Three"],
                own_note=hostile,
            ),
        )
        assert sent.status_code == 303
        mine = await writer.get(sent.headers["location"])
    for answer in (again, mine):
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text
        assert "{{ 7*7 }}" in answer.text
        assert hostile in html.unescape(answer.text)


async def test_unknown_addresses_are_not_found(house: House) -> None:
    async with house.browser() as writer:
        for path in ("/my-story/" + "A" * 32, "/my-story/x", "/commissions/" + "0" * 32 + "/tell"):
            assert (await writer.get(path)).status_code == 404, path
            assert (await writer.post(path, data=story_form())).status_code == 404, path


async def test_a_returned_story_shows_the_reason_and_is_changed_and_sent_again(house: House) -> None:
    commission = await house.commission()
    story, key = await house.story(commission)
    reason = "Please leave out <the street>.\nThank you."
    await submissions.moderate(house.store, CLOCK, story.id, "return", because=reason, expected_status="submitted")
    async with house.browser() as writer:
        mine = await writer.get(f"/my-story/{key}")
        assert "&lt;the street&gt;" in mine.text
        assert field(mine, "title") == "The third knock"
        assert "nobody knows who is in charge" in mine.text
        assert 'value="g2" checked' in mine.text
        assert 'value="restraint or force" checked' in mine.text
        faulty = await writer.post(f"/my-story/{key}", data=story_form(happened="", title="A knock"))
        assert faulty.status_code == 422
        assert field(faulty, "title") == "A knock"
        sent = await writer.post(f"/my-story/{key}", data=story_form(title="A knock", group=""))
        assert sent.status_code == 303
        mine = await writer.get(sent.headers["location"])
        assert "Waiting to be read" in words(mine)
        twice = await writer.post(f"/my-story/{key}", data=story_form(title="Another knock"))
    assert twice.status_code == 409
    assert "Another knock" in twice.text
    (now,) = await submitted(house)
    assert (now.id, now.title, now.status, now.told_by) == (story.id, "A knock", "submitted", None)
    assert scenario.parse(now.twee).ifid == scenario.parse(story.twee).ifid


async def test_what_was_told_comes_back_to_the_form_as_it_was(house: House) -> None:
    story, _ = await house.story(await house.commission())
    assert submissions.telling_of(story) == telling()


async def test_resubmitting_needs_the_key(house: House) -> None:
    story, key = await house.story(await house.commission())
    with pytest.raises(NotFound):
        await submissions.resubmit(house.store, CLOCK, story.link, telling())
    with pytest.raises(IllegalMove):
        await submissions.resubmit(house.store, CLOCK, key, telling())
