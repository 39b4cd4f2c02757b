"""The private link beside its story: replaced, switched off, guessed, appealed from; and the story's life."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from services.stories.test_timeline import decided, do, played
from support.app import House, a_house, field, words
from support.factories import CLOCK
from support.voted_session import FIRST

from forum.services.keys import digest, new_key
from forum.services.stories import appeals_and_reports, moderation


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template, wrong_links_per_address=5) as house:
        yield house


async def test_the_page_shows_the_link_and_its_square_and_leads_to_replacing_it(house: House) -> None:
    _, key = await house.story(await house.commission())
    async with house.browser() as writer:
        mine = await writer.get(f"/my-story/{key}")
        assert f'href="/my-story/{key}/link"' in mine.text
        shown = await writer.get(f"/my-story/{key}/link")
    assert f"http://house.test/my-story/{key}" in words(shown)
    new = field(shown, "new")
    assert f"http://house.test/my-story/{new}" in words(shown)
    assert shown.text.count("<svg") == 2
    assert "this cannot be undone" in words(shown)


async def test_a_new_link_works_and_the_old_one_is_dead_at_once(house: House) -> None:
    story, key = await house.story(await house.commission())
    async with house.browser() as writer, house.browser("192.0.2.7") as elsewhere:
        assert (await elsewhere.get(f"/my-story/{key}")).status_code == 200
        new = field(await writer.get(f"/my-story/{key}/link"), "new")
        assert (await elsewhere.get(f"/my-story/{new}")).status_code == 404
        form = {"action": "replace", "new": new}
        done = await writer.post(f"/my-story/{key}/link", data=form)
        assert (done.status_code, done.headers["location"]) == (303, f"/my-story/{new}?done=link")
        assert "This is your new link" in words(await writer.get(done.headers["location"]))
        for path in ("", "/link", "/appeal"):
            dead = await elsewhere.get(f"/my-story/{key}{path}")
            assert dead.status_code == 404
            assert "was replaced or switched off" in words(dead)
        for path in ("write", "write/where", "check"):
            assert (await writer.post(f"/my-story/{key}/{path}", data={"seen:title": "x"})).status_code == 404
        # The answer was lost on its way, and the phone asks again: nobody loses their story.
        again = await writer.post(f"/my-story/{key}/link", data=form)
        assert (again.status_code, again.headers["location"]) == (303, f"/my-story/{new}?done=link")
        strange = await writer.post(f"/my-story/{key}/link", data={"action": "replace", "new": new_key()})
        assert strange.status_code == 404
    async with house.store.read() as work:
        assert (await work.stories.get_story(story.id)).link == digest(new)


async def test_a_link_that_cannot_be_given_is_replaced_by_another_offer(house: House) -> None:
    commission = await house.commission()
    _, key = await house.story(commission)
    _, theirs = await house.story(commission, "Somebody else's")
    async with house.browser() as writer:
        for wrong in ("me", "", theirs):
            answer = await writer.post(f"/my-story/{key}/link", data={"action": "replace", "new": wrong})
            assert answer.status_code == 422
            assert field(answer, "new") not in {"me", "", theirs}
        assert (await writer.post(f"/my-story/{key}/link", data={"new": "x"})).status_code == 422
        assert (await writer.get(f"/my-story/{theirs}")).status_code == 200


async def test_switching_off_asks_twice_and_is_for_good(house: House) -> None:
    story, key = await house.story(await house.commission())
    async with house.browser() as writer:
        unsure = await writer.post(f"/my-story/{key}/link", data={"action": "revoke"})
        assert unsure.status_code == 422
        assert '<a href="#sure">' in unsure.text
        assert (await writer.get(f"/my-story/{key}")).status_code == 200
        done = await writer.post(f"/my-story/{key}/link", data={"action": "revoke", "sure": "1"})
        assert done.status_code == 303
        assert "The link is off" in words(await writer.get(done.headers["location"]))
        for _ in range(2):
            assert (await writer.get(f"/my-story/{key}")).status_code == 404
        assert (await writer.post(f"/my-story/{key}/link", data={"action": "revoke", "sure": "1"})).status_code == 404
    async with house.store.read() as work:
        left = await work.stories.get_story(story.id)
    assert (left.link, left.status, left.twee) == ("", "submitted", story.twee)


async def test_guesses_are_limited_by_address_and_stop_nobody_with_a_right_link(house: House) -> None:
    _, key = await house.story(await house.commission())
    _, later = await house.story(await house.commission())
    async with house.browser() as here, house.browser("192.0.2.9") as elsewhere:
        assert (await here.get(f"/my-story/{key}")).status_code == 200
        for n in range(5):
            guessed = await here.get(f"/my-story/{n:032}")
            assert guessed.status_code == 404
            assert "There is no story at this link" in words(guessed)
        for path in (f"/my-story/{'x' * 32}", f"/my-story/{'y' * 32}/link"):
            limited = await here.get(path)
            assert limited.status_code == 429
            assert 0 < int(limited.headers["retry-after"]) <= 600
        assert (await here.get(f"/my-story/{key}")).status_code == 200
        assert (await here.get(f"/my-story/{later}")).status_code == 200
        assert (await elsewhere.get(f"/my-story/{'x' * 32}")).status_code == 404
        revoked = await here.post(f"/my-story/{later}/link", data={"action": "revoke", "sure": "1"})
        assert revoked.headers["location"] == "/link-off"
        assert (await here.get(f"/my-story/{later}")).status_code == 429


async def test_a_held_story_says_why_and_is_appealed_against_from_its_page(house: House) -> None:
    await house.person("mel", "moderator")
    story, key = await house.story(await house.commission())
    async with house.browser() as writer:
        early = await writer.post(f"/my-story/{key}/appeal", data={"words": "Nothing was done <yet>."})
        assert early.status_code == 409
        assert "Nothing was done <yet>." in html.unescape(early.text)
        await do(house.store, story, "hold", "We ask <somebody> first.")
        mine = await writer.get(f"/my-story/{key}")
        assert "holds it back for now" in words(mine)
        assert "We ask &lt;somebody&gt; first." in mine.text
        assert f'href="/my-story/{key}/appeal"' in mine.text
        form = await writer.get(f"/my-story/{key}/appeal")
        assert "A moderator who did not decide this" in words(form)
        for wrong, said in (("", "Say why"), ("x" * 2001, "at most 2000 characters. This has 2001.")):
            answer = await writer.post(f"/my-story/{key}/appeal", data={"words": wrong})
            assert answer.status_code == 422
            assert said in words(answer)
            assert wrong in answer.text
        sent = await writer.post(f"/my-story/{key}/appeal", data={"words": "It is all made up."})
        assert sent.status_code == 303
        mine = await writer.get(sent.headers["location"])
        assert "Your words are with another moderator" in words(mine)
        assert f'href="/my-story/{key}/appeal"' not in mine.text
        twice = await writer.post(f"/my-story/{key}/appeal", data={"words": "And again."})
        assert twice.status_code == 409
        assert "And again." in twice.text
        await _answered(house, story.id, "uphold", "It stays for now.")
        said = words(await writer.get(f"/my-story/{key}"))
        assert "What the other moderator says" in said
        assert said.count("It stays for now.") == 1


async def _answered(house: House, story: str, outcome: str, because: str) -> None:
    async with house.store.read() as work:
        standing = await appeals_and_reports.standing(work, await work.stories.get_story(story))
    assert standing is not None
    assert standing.appeal is not None
    await appeals_and_reports.answer(
        house.store, CLOCK, standing.appeal.id, story, outcome, because=because, by="f" * 32
    )


async def test_a_writer_is_told_plainly_where_there_is_no_other_moderator(house: House) -> None:
    mo = await house.person("mo", "moderator")
    story, key = await house.story(await house.commission())
    await moderation.moderate(
        house.store, CLOCK, story.id, "return", because="No.", expected_status="submitted", by=mo.id
    )
    async with house.browser() as writer:
        assert "There is only one moderator here now" in words(await writer.get(f"/my-story/{key}/appeal"))
        sent = await writer.post(f"/my-story/{key}/appeal", data={"words": "Why?"})
        assert "They wait until there is another moderator" in words(await writer.get(sent.headers["location"]))
        assert "waits until there is another one" in words(await writer.get(f"/my-story/{key}"))


async def test_the_page_tells_the_story_s_whole_life(house: House) -> None:
    commission = await house.commission()
    story, key = await house.story(commission)
    await do(house.store, story, "accept", "Thank you.")
    live, rounds = await played(house.store, commission, story, FIRST)
    await decided(house.store, commission, rounds)
    async with house.browser() as writer:
        mine = await writer.get(f"/my-story/{key}")
    said = words(mine)
    steps = [
        "It was promised: Trust will do this by 31 March 2027.",
        "It was decided: “Call the crisis team” is adopted.",
        "The room preferred “Sit down and ask”, with 10 of 19 votes.",
        f"“The third knock” was played in the live session “{live.title}”.",
        "A moderator read your story and accepted it.",
        "We received your story.",
    ]
    places = [said.index(step) for step in steps]
    assert places == sorted(places)
    assert "Thank you." in said
    assert "Police" not in said[places[0] :]
