"""The public pages of an asynchronous round: joining, playing, answering, coming back."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from support.app import words
from support.async_house import UNTIL, OpenRound, an_open_round

from forum.stories.scenario_twee import parse, write
from forum.stories.submission import Submission
from forum.voting.ballot import Cast, CastOutcome


@pytest.fixture
async def event(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[OpenRound]:
    async with an_open_round(tmp_path, sqlite_template) as opened:
        yield opened


# ---------------------------------------------------------------- what it is, and joining


async def test_the_page_says_what_it_is_until_when_and_what_the_story_holds(event: OpenRound) -> None:
    async with event.house.browser() as browser:
        page = await browser.get(event.path)
    said = words(page)
    assert f"Open until {UNTIL} (about 3 days)" in said
    assert "restraint or force" in said
    assert "You do not have to read it" in said
    assert "Who decides The joint board" in said
    groups = re.findall(r'name="group" value="([^"]*)"', page.text)
    assert groups == ["g1", "g2", "g3", "g4"]
    assert "checked" not in page.text


@pytest.mark.parametrize(
    ("hours", "says"),
    [(20, "about 2 days"), (30, "about 42 hours"), (69, "about 3 hours"), (70.5, "less than two hours")],
)
async def test_how_much_time_is_left_is_said_roughly(event: OpenRound, hours: float, says: str) -> None:
    event.clock.move(hours=hours)
    async with event.house.browser() as browser:
        page = words(await browser.get(event.path))
    assert says in page
    assert UNTIL in page


async def test_joining_needs_a_group_or_saying_no(event: OpenRound) -> None:
    async with event.house.browser() as browser:
        for data in ({}, {"group": "g9"}):
            refused = await browser.post(f"{event.path}/join", data=data)
            assert refused.status_code == 422
            assert "Choose a group, or press “Join without saying my group”." in words(refused)
            asked = await browser.post(f"{event.path}/join", data=data, headers={"Accept": "application/json"})
            assert asked.json()["error"]["fields"]["group"]
        assert "Which group are you from?" in words(await browser.get(event.path))
        assert (await browser.post(f"{event.path}/join", data={"group": "g1", "unsaid": "1"})).status_code == 303
        assert "Play the story" in words(await browser.get(event.path))
    async with event.house.store.read() as work:
        assert await work.sessions.joined(event.night.live.id) == {None: 1}


async def test_a_browser_joins_once_whatever_it_says_later(event: OpenRound) -> None:
    reader = await event.joined_browser("g1")
    await reader.post(f"{event.path}/join", data={"group": "g2"})
    await reader.aclose()
    async with event.house.store.read() as work:
        assert await work.sessions.joined(event.night.live.id) == {"g1": 1}


async def test_joining_has_its_limit(event: OpenRound) -> None:
    for _ in range(20):
        await (await event.joined_browser()).aclose()
    async with event.house.browser() as browser:
        assert (await browser.post(f"{event.path}/join", data={"group": "g1"})).status_code == 429


async def test_whoever_has_not_joined_is_sent_there_and_can_answer_nothing(event: OpenRound) -> None:
    async with event.house.browser() as browser:
        for path in ("/play?scene=1", "/question"):
            answer = await browser.get(event.path + path)
            assert (answer.status_code, answer.headers["location"]) == (303, event.path)
        assert (await event.answer(browser)).status_code == 403
    assert await event.choices() == []


# ---------------------------------------------------------------- playing


async def links(reader: httpx2.AsyncClient, url: str) -> list[str]:
    """Lists the addresses in a page's navigation of ways on."""
    page = await reader.get(url)
    assert page.status_code == 200, url
    ways = re.search(r'<nav class="ways".*?</nav>', page.text, re.DOTALL)
    return re.findall(r'href="([^"]+)"', ways[0].replace("&amp;", "&")) if ways else []


async def test_the_story_is_played_scene_by_scene_to_the_question_and_back(event: OpenRound) -> None:
    reader = await event.joined_browser()
    begin = re.search(r'href="([^"]+/play[^"]*)"', (await reader.get(event.path)).text)
    assert begin
    first = await reader.get(begin[1])
    assert "It is past two." in words(first)
    assert "Scene 2" not in words(first).split("Go on")[0]
    [second] = await links(reader, begin[1])
    [third] = await links(reader, second)
    asked = await reader.get(third)
    assert asked.status_code == 303
    question = await reader.get(asked.headers["location"])
    assert "What could the crew do now?" in words(question)
    [back] = re.findall(r'href="([^"]+/play[^"]*)">One scene back', question.text.replace("&amp;", "&"))
    assert back == second
    before = await reader.get(back)
    [start] = re.findall(r'href="([^"]+/play[^"]*)">One scene back', before.text.replace("&amp;", "&"))
    assert start == begin[1]
    await reader.aclose()


async def test_what_follows_an_answer_is_read_only_when_it_is_given(event: OpenRound) -> None:
    reader = await event.joined_browser()
    url = f"{event.path}/question"
    assert await links(reader, url) == []
    await event.answer(reader)
    ways = await links(reader, url)
    assert len(ways) == 3
    assert await links(reader, ways[0]) == []
    end = words(await reader.get(ways[0]))
    assert "The story ends here." in end
    assert "Change your answer" in end
    await reader.aclose()


@pytest.mark.parametrize("query", ["", "?scene=0", "?scene=99", "?scene=x", "?scene=1e3", "?scene=" + "9" * 5000])
async def test_a_scene_that_is_not_there_is_no_page(event: OpenRound, query: str) -> None:
    reader = await event.joined_browser()
    assert (await reader.get(f"{event.path}/play{query}")).status_code == 404
    await reader.aclose()


@pytest.mark.parametrize("came", ["x", "1.2.99", "." * 3000, "1." * 900 + "1", "-1", "%00"])
async def test_a_way_back_that_cannot_be_is_left_out(event: OpenRound, came: str) -> None:
    reader = await event.joined_browser()
    for page in (f"/play?scene=1&came={came}", f"/question?came={came}"):
        answer = await reader.get(event.path + page)
        assert answer.status_code == 200
        assert len(answer.text) < 20_000
    await reader.aclose()


async def test_another_decision_point_is_read_on_and_not_voted_on(event: OpenRound) -> None:
    """The story has changed since: its decision point has another name. The round asks what it was opened with."""
    async with event.house.store.begin() as work:
        story = await work.stories.get_story(event.night.story.id)
        told = parse(story.twee)
        scenes = tuple(
            type(scene)(
                "Another name" if scene.decision else scene.name,
                scene.text,
                tuple(
                    type(link)(link.text, link.to if link.to != event.night.round.scene else "Another name")
                    for link in scene.links
                ),
                scene.stop,
                scene.decision,
            )
            for scene in told.scenes
        )
        changed = write(type(told)(**{**vars(told), "scenes": scenes}))
        await work.stories.save_story(Submission(**{**vars(story), "twee": changed}), story.status)
    reader = await event.joined_browser()
    page = words(await reader.get(f"{event.path}/play?scene=3"))
    assert "Another name" in page
    assert "the question that is counted is another one" in page
    assert (await event.answer(reader, "r2")).status_code == 303
    assert await event.choices() == ["r2"]
    await reader.aclose()


# ---------------------------------------------------------------- answering


async def test_counted_is_said_after_the_commit_and_the_mind_may_be_changed(event: OpenRound) -> None:
    reader = await event.joined_browser()
    sent = await event.answer(reader, "r1", "Nobody else is awake.")
    assert sent.headers["location"] == f"{event.path}/question?counted=1"
    page = await reader.get(sent.headers["location"])
    assert f"Your answer is counted. You can come back with this browser and change it until {UNTIL}" in words(page)
    assert "Counted: Sit down and ask." in words(page)
    assert re.search(r'value="r1" required checked', page.text)
    assert "Nobody else is awake." in words(page)
    event.clock.move(days=2)
    await event.answer(reader, "none")
    assert await event.choices() == ["none"]
    again = words(await reader.get(event.path))
    assert "Counted: None of these." in again
    assert "Nobody else is awake." not in words(await reader.get(f"{event.path}/question"))
    await reader.aclose()


async def test_counted_is_not_said_by_an_address_alone(event: OpenRound) -> None:
    reader = await event.joined_browser()
    assert "counted" not in words(await reader.get(f"{event.path}/question?counted=1")).lower()
    await reader.aclose()


async def test_what_is_missing_or_too_long_is_told_and_nothing_typed_is_lost(event: OpenRound) -> None:
    reader = await event.joined_browser()
    refused = await event.answer(reader, "", "I cannot decide")
    assert refused.status_code == 422
    assert "Choose one of the answers." in words(refused)
    assert "I cannot decide" in words(refused)
    long = await event.answer(reader, "r2", "x" * 501)
    assert long.status_code == 422
    assert "too long" in words(long)
    assert re.search(r'value="r2" required checked', long.text)
    unknown = await event.answer(reader, "r9", "Something else")
    assert unknown.status_code == 409
    assert "not one of the answers" in words(unknown)
    assert "Something else" in words(unknown)
    assert await event.choices() == []
    await reader.aclose()


async def test_an_answer_that_could_not_be_stored_says_so(event: OpenRound, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = await event.joined_browser()

    async def full(cast: Cast) -> CastOutcome:
        return CastOutcome(cast, "not_stored")

    monkeypatch.setattr(event.house.site.rooms.intake, "cast_and_wait", full)
    refused = await event.answer(reader, "r1", "Please keep this")
    assert refused.status_code == 409
    assert "could not be saved. Wait a moment" in words(refused)
    assert "Please keep this" in words(refused)
    await reader.aclose()


async def test_a_machine_is_answered_in_json(event: OpenRound) -> None:
    reader = await event.joined_browser()
    reader.headers["Accept"] = "application/json"
    sent = await reader.post(f"{event.path}/question", data={"choice": "r1", "cast": "mine"})
    assert sent.json() == {
        "t": "ack",
        "cast": "mine",
        "choice": "r1",
        "changed": False,
        "page": f"{event.path}/question?counted=1",
    }
    assert (await reader.post(f"{event.path}/question", data={"choice": "r1", "cast": "mine"})).json() == sent.json()
    long = await reader.post(f"{event.path}/question", data={"choice": "r1", "cast": "y" * 10_000})
    assert len(long.json()["cast"]) == 32
    assert (await reader.post(f"{event.path}/question", data={})).status_code == 422
    event.clock.move(days=3)
    late = await event.answer(reader, "r2")
    assert (late.status_code, late.json()["error"]["code"]) == (409, "closed")
    assert await event.choices() == ["r1"]
    await reader.aclose()
