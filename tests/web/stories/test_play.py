"""Playing a story alone: every way on is a link, there is a way back, and nothing that is missing is hidden."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import httpx2
import pytest
from support.app import House, a_sent_story, words
from support.factories import CLOCK, new_id

from forum.services.stories import moderation, submissions
from forum.stories import scenario_twee
from forum.stories.submission import Submission
from forum.voting.commission import Commission

DEMO = Path(__file__).parents[3] / "scenarios" / "a-police-call-out.twee"


async def accepted(house: House, commission: Commission, sent: submissions.Sent) -> Submission:
    story, _ = await submissions.submit(house.store, CLOCK, commission.id, sent)
    return await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")


def links(answer: httpx2.Response, within: str = "ways") -> list[str]:
    """Returns the links of the list of ways on, or of the one below it."""
    part = re.search(rf'class="{within}".*?</ul>', answer.text, re.DOTALL)
    return [unescape(url) for url in re.findall(r'href="([^"]*)"', part[0])] if part else []


async def test_a_story_is_walked_from_its_notes_to_its_end_and_back(house: House) -> None:
    story = await accepted(house, await house.commission(), a_sent_story())
    base = f"/stories/{story.id}/play"
    async with house.browser() as reader:
        assert f'href="{base}"' in (await reader.get(f"/stories/{story.id}")).text
        front = await reader.get(base)
        said = words(front)
        assert "Before you begin : this story holds restraint or force" in said
        assert "It is past two" not in said
        assert "not a vote" in said
        here = await reader.get(unescape(re.findall(rf'class="button" href="({base}[^"]*)"', front.text)[0]))
        assert "It is past two. A neighbour knocks for the third time." in words(here)
        assert "nobody knows who is in charge" not in words(here)
        for said in ("nobody knows who is in charge", "What could the crew do now?"):
            (onward,) = links(here)
            here = await reader.get(onward)
            assert said in words(here)
        choices = links(here)
        assert len(choices) == 3
        assert "Sit down and ask Call the crisis team" in words(here)
        end = await reader.get(choices[1])
        assert "The story ends here." in words(end)
        assert links(end) == []
        for said in ("What could the crew do", "nobody knows who is in charge", "It is past two", "Before you begin"):
            end = await reader.get(links(end, "ways-back")[0])
            assert said in words(end)


async def test_every_scene_of_a_branching_story_can_be_reached_by_links_alone(house: House) -> None:
    told = scenario_twee.parse(DEMO.read_bytes())
    sent = submissions.Sent(told, "g1", may_publish=True, may_perform=True)
    story = await accepted(house, await house.commission(), sent)
    seen: dict[str, str] = {}
    async with house.browser() as reader:
        ahead = [f"/stories/{story.id}/play?scene=1"]
        while ahead:
            url = ahead.pop()
            if re.sub("&came.*", "", url) in seen:
                continue
            answer = await reader.get(url)
            assert answer.status_code == 200
            heading = re.search(r"<h1>(.*?)</h1>", answer.text)
            assert heading
            seen[re.sub("&came.*", "", url)] = unescape(heading[1])
            ahead += links(answer)
    assert sorted(seen.values()) == sorted(scene.name for scene in told.scenes)


async def test_words_of_the_trade_are_explained_on_the_page_that_has_them(house: House) -> None:
    sent = a_sent_story(happened="We waited in triage.", scenes=("The AMHP came.",))
    story = await accepted(house, await house.commission(), sent)
    async with house.browser() as reader:
        first = await reader.get(f"/stories/{story.id}/play?scene=1")
        second = await reader.get(f"/stories/{story.id}/play?scene=2")
    for answer, term, other in ((first, "triage", "amhp"), (second, "amhp", "triage")):
        assert f'href="#word-{term}"' in answer.text
        assert f'id="word-{term}"' in answer.text
        assert f"word-{other}" not in answer.text


async def test_looking_away_shows_whom_to_talk_to_and_keeps_the_place(house: House) -> None:
    story = await accepted(house, await house.commission(), a_sent_story())
    base = f"/stories/{story.id}/play"
    async with house.browser() as reader:
        for here in (base, f"{base}?scene=3&came=1.2"):
            away = re.search(r'href="([^"]*away=1)"', (await reader.get(here)).text)
            assert away
            page = await reader.get(unescape(away[1]))
            assert "Samaritans 116 123" in words(page)
            assert "What could the crew do now?" not in words(page)
            assert f'href="{here}"' in unescape(page.text)
            assert f'href="/stories/{story.id}"' in page.text


async def test_a_story_that_is_not_public_cannot_be_played(house: House) -> None:
    story, key = await house.story(await house.commission())
    async with house.browser() as reader:
        for path in (f"/stories/{story.id}/play", f"/stories/{new_id()}/play", f"/stories/{key}/play?scene=1"):
            answer = await reader.get(path)
            assert answer.status_code == 404
            assert "third knock" not in answer.text


@pytest.mark.parametrize("asked", ["0", "99", "-1", "x", "1" * 300, "\u0661", "1e1", "<b>"])
async def test_a_scene_that_is_not_there_is_told_so(house: House, asked: str) -> None:
    story = await accepted(house, await house.commission(), a_sent_story())
    async with house.browser() as reader:
        answer = await reader.get(f"/stories/{story.id}/play", params={"scene": asked})
        assert answer.status_code == 404
        assert "This scene is not there any more" in words(answer)
        odd = await reader.get(f"/stories/{story.id}/play", params={"scene": "1", "came": f"{asked}.2.{asked}"})
        assert odd.status_code == 200
        assert links(odd, "ways-back")[0] == f"/stories/{story.id}/play?scene=2"


async def test_going_round_in_a_circle_makes_no_endless_address(house: House) -> None:
    story = await accepted(house, await house.commission(), a_sent_story())
    round_and_round = ".".join(["1", "2"] * 400)
    async with house.browser() as reader:
        answer = await reader.get(f"/stories/{story.id}/play?scene=1&came={round_and_round}")
    assert answer.status_code == 200
    assert all(len(url) < 300 for url in links(answer))
