"""Care on the pages: looking away, a break without a name, more time, observers, badges, other words, comfort."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest
from support.app import a_house, a_sent_story, words
from support.factories import CLOCK, a_commission, a_session
from support.live_house import LiveHouse

from forum.live.connection import Connection
from forum.live.messages import State, decode_screen
from forum.services.sessions import cues, facilitation
from forum.services.stories.moderation import moderate
from forum.services.stories.submissions import submit


@dataclass(frozen=True)
class Event(LiveHouse):
    """House with a live session whose story has a content note."""

    async def scene(self) -> None:
        async with self.house.store.read() as work:
            [story] = await work.stories.list_stories(status="accepted")
        await cues.show_scene(self.acts, self.live.id, story.id, "What happened")
        await self.changed()

    async def story_of(self, names: tuple[str, ...]) -> str:
        """Adds a story to the session whose scenes are called so, with the last one's question after them."""
        sent = a_sent_story(scenes=("Somebody waits.",) * (len(names) - 1))
        played, others = sent.story.scenes[: len(names)], sent.story.scenes[len(names) :]
        ways = (*names[1:], others[0].name)
        scenes = [
            replace(scene, name=name, links=(replace(scene.links[0], to=to),))
            for scene, name, to in zip(played, names, ways, strict=True)
        ]
        told = replace(sent.story, scenes=(*scenes, *others), start=names[0])
        async with self.house.store.read() as work:
            live = await work.sessions.get_session(self.live.id)
        story, _ = await submit(self.house.store, CLOCK, live.commission, replace(sent, story=told))
        await moderate(self.house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
        async with self.house.store.begin() as work:
            await work.sessions.save_session(replace(live, scenarios=(*live.scenarios, story.id)))
        return story.id

    async def put(self, story: str, scene: str, *, replay: bool = False) -> None:
        """Shows a scene of a story to everybody."""
        await cues.show_scene(self.acts, self.live.id, story, scene, replay=replay)
        await self.changed()

    async def ask(self) -> str:
        asked = (
            await cues.ask_question(self.acts, self.live.id, "Who should attend?", ["A nurse", "The police"], none=True)
        ).round
        assert asked is not None
        await self.changed()
        return asked.id

    async def console(self) -> str:
        async with self.house.signed_in("organiser") as browser:
            return words(await browser.get(f"/console/{self.live.id}"))


@pytest.fixture
async def event(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Event]:
    async with a_house(tmp_path, sqlite_template) as house:
        commission = a_commission()
        async with house.store.begin() as work:
            await work.commissions.add_commission(commission)
        story, _ = await submit(house.store, CLOCK, commission.id, a_sent_story())
        await moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
        live = a_session(commission, scenarios=(story.id,))
        async with house.store.begin() as work:
            await work.sessions.add_session(live)
        yield Event(house, live)


async def test_a_scene_with_a_content_note_can_be_skipped_and_says_when_it_is_over(event: Event) -> None:
    browser = await event.join()
    await event.scene()
    phone = await browser.get(event.path)
    assert "restraint or force" in words(phone)
    link = re.search(r'href="([^"]*/away\?cue=[^"]*)"', phone.text)
    assert link is not None
    away = await browser.get(link[1].replace("&amp;", "&"))
    assert "You have looked away" in words(away)
    assert "neighbour" not in away.text
    assert "The third knock" not in away.text
    await facilitation.pause(event.acts, event.live.id, paused=True)
    await event.changed()
    assert re.search(r"data-over [^>]*hidden", (await browser.get(link[1])).text)
    await facilitation.pause(event.acts, event.live.id, paused=False)
    await event.ask()
    over = await browser.get(link[1])
    assert not re.search(r"data-over [^>]*hidden", over.text)
    assert re.search(r"data-waiting hidden", over.text)


async def test_scenes_whose_names_hold_separators_are_told_apart_by_whoever_skips_one(event: Event) -> None:
    names = ("Knock|again|now|first", "Knock|again|now|then", "100%|done", "100%7Cdone")
    story = await event.story_of(names)
    browser = await event.join()
    for name, after in pairwise((*names, names[0])):
        await event.put(story, name)
        [link] = re.findall(r'href="([^"]*/away\?cue=[^"]*)"', (await browser.get(event.path)).text)
        assert re.search(r"data-over [^>]*hidden", (await browser.get(link)).text), name
        await event.put(story, after)
        assert not re.search(r"data-over [^>]*hidden", (await browser.get(link)).text), (name, after)
        await event.put(story, name, replay=True)
        assert not re.search(r"data-over [^>]*hidden", (await browser.get(link)).text), (name, "replay")


async def test_looking_away_is_for_those_who_joined(event: Event) -> None:
    async with event.house.browser() as stranger:
        assert (await stranger.get(f"{event.path}/away")).status_code == 403
        assert (await stranger.post(f"{event.path}/break", data={})).status_code == 403
        assert (await stranger.post(f"{event.path}/more-time", data={"round": "x"})).status_code == 403


async def test_while_paused_no_scene_is_on_any_screen_and_a_vote_stays_open(event: Event) -> None:
    browser = await event.join()
    await event.scene()
    await facilitation.pause(event.acts, event.live.id, paused=True)
    await event.changed()
    assert "neighbour" not in (await browser.get(event.path)).text
    wall = (await browser.get(f"/projector/{event.live.projector}")).text
    assert "neighbour" not in wall
    assert "A short break" in wall
    await facilitation.pause(event.acts, event.live.id, paused=False)
    round_id = await event.ask()
    await facilitation.open_round(event.acts, event.live.id, round_id)
    await facilitation.pause(event.acts, event.live.id, paused=True)
    await event.changed()
    phone = await browser.get(event.path)
    assert "The vote stays open" in words(phone)
    assert (await browser.post(f"{event.path}/vote", data={"round": round_id, "choice": "r1"})).status_code == 303


async def test_a_break_is_asked_for_without_a_name_and_the_page_says_when_it_was_seen(event: Event) -> None:
    browser = await event.join()
    page = await browser.get(f"{event.path}/step-out")
    assert "I need a break" in words(page)
    answer = await browser.post(f"{event.path}/break", data={})
    assert answer.headers["location"] == f"{event.path}/step-out?asked=1"
    assert "and not who" in words(await browser.get(answer.headers["location"]))
    assert "1 person needs a break" in await event.console()
    async with event.house.signed_in("organiser") as facilitator:
        await facilitator.post(f"/console/{event.live.id}/breaks-seen", data={})
    assert "needs a break" not in (await event.console()).replace("that somebody needs a break", "")
    assert "has seen" in words(await browser.get(answer.headers["location"]))
    for nonsense in ("99", "-1", "x", "1" * 40):
        assert (await browser.get(f"{event.path}/step-out", params={"asked": nonsense})).status_code == 200
    for _ in range(4):
        await browser.post(f"{event.path}/break", data={})
    assert (await browser.post(f"{event.path}/break", data={})).status_code == 429


async def test_time_to_vote_stands_on_phones_only_where_it_was_given_and_can_be_taken(event: Event) -> None:
    browser = await event.join()
    round_id = await event.ask()
    await facilitation.open_round(event.acts, event.live.id, round_id)
    await event.changed()
    assert "data-minutes" not in (await browser.get(event.path)).text
    async with event.house.signed_in("organiser") as facilitator:
        console = f"/console/{event.live.id}"
        assert (await facilitator.post(f"{console}/time", data={"round": round_id, "minutes": "3"})).status_code == 303
        assert "data-minutes" in (await browser.get(event.path)).text
        assert (await browser.post(f"{event.path}/more-time", data={"round": round_id})).status_code == 303
        assert "1 person took more time" in words(await facilitator.get(console))
        for nonsense in ("7", "", "-3", "three", "9" * 30):
            answer = await facilitator.post(f"{console}/time", data={"round": round_id, "minutes": nonsense})
            assert answer.status_code == 422
        await facilitator.post(f"{console}/close", data={"round": round_id})
        assert (await browser.post(f"{event.path}/more-time", data={"round": round_id})).status_code == 409


async def test_an_observer_is_counted_apart_follows_and_has_no_ballot_that_counts(event: Event) -> None:
    browser = await event.join(observe="1")
    voter = await event.join()
    round_id = await event.ask()
    await facilitation.open_round(event.acts, event.live.id, round_id)
    await event.changed()
    assert '<body class="bare phone observing">' in (await browser.get(event.path)).text
    assert 'observing">' not in (await voter.get(event.path)).text.split("<main")[0]
    answer = await browser.post(f"{event.path}/vote", data={"round": round_id, "choice": "r1"})
    assert answer.status_code == 409
    assert "You follow this session without voting" in words(answer)
    console = await event.console()
    assert "1 follows without voting" in console
    async with event.house.store.read() as work:
        assert await work.rounds.voted([round_id]) == {round_id: 0}


async def test_further_groups_are_told_privately_and_shown_only_as_numbers_that_are_not_small(event: Event) -> None:
    for _ in range(5):
        await event.join(also=["g2", "g1", "nobody"])
    await event.join(also=["g3"])
    async with event.house.store.read() as work:
        assert await work.care.belonging(event.live.id) == {"g2": 5, "g3": 1}
    console = await event.console()
    assert "Carers: 5" in console
    assert "Nurses: under 5" in console
    # Nowhere else: not with a ballot, not in an export.
    async with event.house.browser() as anybody:
        assert "under 5" not in (await anybody.get(f"/commissions/{event.live.commission}")).text


async def test_what_was_ticked_is_still_ticked_when_the_form_comes_back(event: Event) -> None:
    async with event.house.browser() as browser:
        await browser.get(event.path)
        answer = await browser.post(f"{event.path}/join", data={"also": ["g2"], "observe": "1"})
        assert answer.status_code == 422
        assert len(re.findall(r"checked", answer.text)) == 2


async def test_phones_choose_in_which_words_they_read_a_question_with_one_drawing_for_each(event: Event) -> None:
    browser = await event.join()
    round_id = await event.ask()
    async with event.house.signed_in("organiser") as facilitator:
        form = {"round": round_id, "kind": "easy", "question": "Who comes?", "label-r1": "Ann, a nurse"}
        assert (await facilitator.post(f"/console/{event.live.id}/reword", data=form)).status_code == 303
        form = {"round": round_id, "kind": "ur", "question": "کون آئے؟", "label-r1": "نرس"}
        assert (await facilitator.post(f"/console/{event.live.id}/reword", data=form)).status_code == 303
    plain = await browser.get(event.path)
    assert "Who should attend?" in plain.text
    assert "اردو" in plain.text
    easy = await browser.get(f"{event.path}?read=easy")
    assert "Who comes?" in easy.text
    assert "Ann, a nurse" in easy.text
    assert "Who comes?" in (await browser.get(event.path)).text
    polled = (await browser.get(f"{event.path}/now", headers={"Accept": "application/json"})).json()
    assert polled["round"]["responses"][0]["label"] == "Ann, a nurse"
    assert "Who should attend?" in (await browser.get(f"{event.path}?read=")).text
    assert "Who should attend?" in (await browser.get(f"{event.path}?read=../../x")).text
    room = await event.house.site.rooms.room(event.live.id)
    phones = [Connection("phone", f"p{n}", tongue) for n, tongue in enumerate(["en", "en+easy", "en+easy", "en+ur"])]
    frames = []
    for phone in phones:
        room.enter(phone)
        [state] = [frame for frame in await phone.outbox.take() if '"t":"state"' in frame]
        frames.append(state)
    assert frames[1] is frames[2]
    states = [decode_screen(frame) for frame in frames]
    assert [s.round.question for s in states if isinstance(s, State) and s.round] == [
        "Who should attend?",
        "Who comes?",
        "Who comes?",
        "کون آئے؟",
    ]


async def test_badges_off_is_said_before_joining_and_on_the_console(event: Event) -> None:
    async with event.house.signed_in("organiser") as facilitator:
        assert (await facilitator.post(f"/console/{event.live.id}/badges", data={"off": "1"})).status_code == 303
        assert "Badges are off" in words(await facilitator.get(f"/console/{event.live.id}"))
        async with event.house.browser() as browser:
            assert "Badges are off" in words(await browser.get(event.path))
        await facilitator.post(f"/console/{event.live.id}/badges", data={})
        async with event.house.browser() as browser:
            assert "Badges are off" not in words(await browser.get(event.path))
