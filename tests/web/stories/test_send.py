"""A story that was written is checked, sent, changed and sent again."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.app import STEPS, House, a_house, field, fill_in, filled_form, send_story, words, write_story
from support.factories import CLOCK

from forum.services.stories import submissions
from forum.stories import scenario_twee

STORIES = Path(__file__).parents[3] / "scenarios"


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template, stories_per_address=7) as house:
        yield house


async def test_marks_are_shown_before_sending_and_again_after_a_change(house: House) -> None:
    commission = await house.commission()
    told = 'I rang <the> ward on 07700 900123. Then Margaret came, with "a form". NHS number 999 913 9094.'
    async with house.browser() as writer:
        key = await write_story(writer, commission, {"happened.text": told})
        path = f"/my-story/{key}/check"
        check = await writer.get(path)
        said = words(check)
        assert "07700 900123 looks like a phone number. Take it out" in said
        assert "999 913 9094 looks like an NHS number" in said
        assert "Margaret looks like a name" in said
        assert "<the>" not in check.text
        assert "Send it as it is" in said
        unseen = await writer.post(path, data={})
        assert unseen.status_code == 200
        assert (await house.stories())[0].status == "writing"
        # Somebody else writes more before it is sent.
        await fill_in(writer, f"/my-story/{key}/write/where", {"setting": "At Bernadette Okafor’s house"})
        other = await writer.post(path, data=filled_form(check, {}))
        assert other.status_code == 200
        assert "Bernadette Okafor" in words(other)
        assert (await house.stories())[0].status == "writing"
        sent = await writer.post(path, data=filled_form(other, {}))
        assert sent.status_code == 303
    assert (await house.stories())[0].status == "submitted"


async def test_a_character_of_the_story_is_no_mark(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        key = await write_story(
            writer, commission, {"happened.text": "Then Margaret came.", "characters": "Margaret, a neighbour"}
        )
        assert "Margaret looks like" not in words(await writer.get(f"/my-story/{key}/check"))


async def test_a_waiting_story_is_changed_and_sent_again_and_the_moderator_reads_the_later_text(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        key = await write_story(writer, commission)
        await send_story(writer, key)
        (first,) = await house.stories()
        assert "You may still change it." in words(await writer.get(f"/my-story/{key}"))
        await fill_in(writer, f"/my-story/{key}/write/happened", {"title": "The fourth knock"})
        assert (await house.stories())[0].title == "The third knock"
        assert (await send_story(writer, key)).status_code == 303
    (now,) = await house.stories()
    assert (now.id, now.title, now.status) == (first.id, "The fourth knock", "submitted")
    assert scenario_twee.parse(now.twee).ifid == scenario_twee.parse(first.twee).ifid


async def test_a_returned_story_shows_the_reason_where_it_is_written_and_goes_in_again(house: House) -> None:
    commission = await house.commission()
    story, key = await house.story(commission)
    await house.moderated(story, "return", "Please leave out <the street>.")
    async with house.browser() as writer:
        mine = await writer.get(f"/my-story/{key}")
        assert "&lt;the street&gt;" in mine.text
        assert f'href="/my-story/{key}/write"' in mine.text
        work = await writer.get(f"/my-story/{key}/write")
        assert "&lt;the street&gt;" in work.text
        assert "nobody knows who is in charge" in work.text
        await fill_in(writer, f"/my-story/{key}/write/happened", {"title": "A knock"})
        assert (await send_story(writer, key)).status_code == 303
    (now,) = await house.stories()
    assert (now.id, now.title, now.status) == (story.id, "A knock", "submitted")


async def test_a_held_story_can_be_written_and_waits_with_being_sent(house: House) -> None:
    commission = await house.commission()
    story, key = await house.story(commission)
    await house.moderated(story, "hold", "We ask somebody first.")
    async with house.browser() as writer:
        await fill_in(writer, f"/my-story/{key}/write/happened", {"title": "A knock"})
        check = await writer.get(f"/my-story/{key}/check")
        assert "A moderator holds this story for now." in words(check)
        forced = await writer.post(f"/my-story/{key}/check", data={})
        assert forced.status_code == 409
        assert "A moderator holds this story" in words(forced)
    assert (await house.draft_of(key)).title == "A knock"


async def test_a_public_story_stays_until_a_moderator_accepts_its_new_version(house: House) -> None:
    commission = await house.commission()
    story, key = await house.story(commission)
    story = await house.moderated(story, "accept")
    async with house.browser() as writer, house.signed_in("moderator") as moderator:
        assert "Write a new version" in words(await writer.get(f"/my-story/{key}"))
        assert "stays as it is until a moderator accepts" in words(await writer.get(f"/my-story/{key}/write"))
        # What was settled with the public one is not asked again.
        assert 'name="group"' not in (await writer.get(f"/my-story/{key}/write/who")).text
        assert 'name="may_quote"' not in (await writer.get(f"/my-story/{key}/write/use")).text
        await fill_in(writer, f"/my-story/{key}/write/happened", {"title": "The fourth knock"})
        sent = await send_story(writer, key)
        assert sent.status_code == 303
        assert "We have the new version." in words(await writer.get(sent.headers["location"]))
        assert "The third knock" in words(await writer.get(f"/stories/{story.id}"))
        unchanged = await send_story(writer, key)
        assert unchanged.status_code == 409
        assert "Nothing has changed since you sent it." in words(unchanged)

        queue = words(await moderator.get("/moderate"))
        assert "New versions of public stories" in queue
        page = await moderator.get(f"/moderate/{story.id}")
        said = words(page)
        assert "Public, with a new version to read" in said
        assert "What the new version changes" in said
        assert re.search(r"<del>.*?third.*?</del>.*?<ins>.*?fourth.*?</ins>", page.text)
        form = {"expected": "accepted", "read": field(page, "read")}
        reasonless = await moderator.post(f"/moderate/{story.id}", data=form | {"action": "return version"})
        assert reasonless.status_code == 422
        back = form | {"action": "return version", "because": "Why a fourth?"}
        returned = await moderator.post(f"/moderate/{story.id}", data=back)
        assert "with your reason. The public one stays" in words(await moderator.get(returned.headers["location"]))
        mine = words(await writer.get(f"/my-story/{key}"))
        assert "New version: sent back to you" in mine
        assert "Why a fourth?" in mine
        assert "The third knock" in words(await writer.get(f"/stories/{story.id}"))

        await fill_in(writer, f"/my-story/{key}/write/happened", {"title": "The last knock"})
        await send_story(writer, key)
        page = await moderator.get(f"/moderate/{story.id}")
        yes = {"action": "accept version", "expected": "accepted", "read": field(page, "read")}
        accepted = await moderator.post(f"/moderate/{story.id}", data=yes)
        assert "The new version is public now." in words(await moderator.get(accepted.headers["location"]))
        assert "The last knock" in words(await writer.get(f"/stories/{story.id}"))
        mine = words(await writer.get(f"/my-story/{key}"))
        assert "A moderator read your new version and accepted it." in mine


async def test_limits_are_told_before_they_bite_and_lose_nothing(house: House) -> None:
    commission = await house.commission()
    path = f"/commissions/{commission.id}/tell"
    async with house.browser() as writer, house.browser("192.0.2.9") as other:
        for number in range(7):
            shown = await writer.get(path)
            left = 7 - number
            assert (f"{left} more stories can be begun" in words(shown)) == (left <= 5)
            assert (await writer.post(path, data=filled_form(shown, STEPS["happened"]))).status_code == 303
        refused = await fill_in(writer, path, {"happened.text": "The eighth", "title": "Eight"})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        assert "The eighth" in refused.text
        assert (await fill_in(other, path, STEPS["happened"])).status_code == 303
    assert len(await house.stories()) == 8


async def test_sending_too_often_is_told_before_and_refused_with_when_to_come_back(house: House) -> None:
    commission = await house.commission()
    async with house.browser() as writer:
        key = await write_story(writer, commission)
        for number in range(7):
            await fill_in(writer, f"/my-story/{key}/write/happened", {"title": f"Knock {number}"})
            check = words(await writer.get(f"/my-story/{key}/check"))
            assert (f"{7 - number} more stories can be sent" in check) == (number >= 2)
            assert (await send_story(writer, key)).status_code == 303
        await fill_in(writer, f"/my-story/{key}/write/happened", {"title": "Once more"})
        refused = await send_story(writer, key)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert (await house.draft_of(key)).title == "Once more"


async def test_a_story_from_a_file_is_opened_for_writing_with_all_its_branches(house: House) -> None:
    told = scenario_twee.parse(sorted(STORIES.glob("*.twee"))[0].read_bytes())
    commission = await house.commission()
    sent = submissions.Sent(told, "g2", may_publish=True, may_perform=True)
    story, key = await submissions.submit(house.store, CLOCK, commission.id, sent)
    await house.moderated(story, "return", "One thing.")
    async with house.browser() as writer:
        shown = await writer.get(f"/my-story/{key}/write")
        assert shown.text.count('class="card scene" id="c') == len(told.scenes)
        await fill_in(writer, f"/my-story/{key}/write/happened", {"title": "Another title"})
        assert (await send_story(writer, key)).status_code == 303
    (now,) = await house.stories()
    again = scenario_twee.parse(now.twee)
    assert again.title == "Another title"
    assert again.scenes == told.scenes
