"""The organiser's pages of asynchronous rounds, and where else they stand: console, record, decisions."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest
from support.app import House, a_house, words
from support.async_round import TITLE, AsyncRound, a_cast_now, an_async_round
from support.closed_sockets import close_code
from support.factories import SetClock, a_session, new_id

from forum.ports.accounts import Person, Role
from forum.services.decision_form import DecisionForm
from forum.services.decisions import decide
from forum.services.sessions import asynchronous, cues, facilitation
from forum.services.sessions import desk as acts
from forum.sessions.session import Participant
from forum.voting.round import Response, Round

ROOMFUL: tuple[str | None, ...] = ("g1",) * 6 + ("g2",) * 5 + ("g4",) * 2 + (None,)


@dataclass(frozen=True)
class Desk:
    """A house with an open round, and its organiser's browser."""

    house: House
    clock: SetClock
    night: AsyncRound
    organiser: httpx2.AsyncClient

    @property
    def url(self) -> str:
        return f"/organise/asynchronous/{self.night.live.id}"

    async def act(self, name: str, **data: str) -> httpx2.Response:
        return await self.organiser.post(f"{self.url}/{name}", data=data)

    async def page(self) -> httpx2.Response:
        return await self.organiser.get(self.url)

    async def round(self) -> Round:
        async with self.house.store.read() as work:
            return await work.rounds.get_round(self.night.round.id)

    async def vote(self) -> None:
        for n, person in enumerate(self.night.people):
            async with self.house.store.begin() as work:
                answer = a_cast_now(self.clock, self.night, person, f"r{1 + n % 2}", f"Reason {n}")
                assert [o.refusal for o in await work.rounds.cast([answer])] == [""]

    def form(self, **changes: str) -> dict[str, str]:
        """Returns the form for another round, as a browser sends it."""
        return {
            "commission": self.night.commission.id,
            "id": new_id(),
            "title": "Another night",
            "question": f"{self.night.story.id}.3",
            "day": "2026-03-10",
            "time": "18:30",
        } | changes


@pytest.fixture
async def desk(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Desk]:
    clock = SetClock()
    async with a_house(tmp_path, sqlite_template, clock) as house:
        night = await an_async_round(house.store, clock, ROOMFUL)
        async with house.signed_in("organiser", "commissioner") as browser:
            yield Desk(house, clock, night, browser)


# ---------------------------------------------------------------- opening


async def test_a_form_with_the_id_of_a_session_in_a_room_opens_nothing(desk: Desk) -> None:
    session, _ = await in_a_room(desk)
    answer = await desk.organiser.post("/organise/asynchronous", data=desk.form(id=session))
    assert answer.status_code == 422


async def test_it_is_opened_from_the_commission_with_a_question_and_a_time(desk: Desk) -> None:
    home = await desk.organiser.get(f"/organise/commissions/{desk.night.commission.id}")
    [link] = re.findall(r'href="(/organise/asynchronous/new\?[^"]+)"', home.text)
    form = await desk.organiser.get(link)
    assert "The third knock: What should happen now?" in words(form)
    assert "What could the crew do now?" in words(form)
    opened = await desk.organiser.post("/organise/asynchronous", data=desk.form())
    assert opened.status_code == 303
    page = words(await desk.organiser.get(opened.headers["location"]))
    assert "Another night" in page
    assert "Open until 10 March 2026, 18:30 GMT" in page
    async with desk.house.store.read() as work:
        assert len(await work.sessions.list_sessions(desk.night.commission.id)) == 2


async def test_in_summer_it_closes_when_clocks_show_what_was_typed(desk: Desk) -> None:
    form = await desk.organiser.get(f"/organise/asynchronous/new?commission={desk.night.commission.id}")
    assert "As clocks show it on that day: United Kingdom Time." in words(form)
    opened = await desk.organiser.post("/organise/asynchronous", data=desk.form(day="2026-04-10", time="00:30"))
    page = await desk.organiser.get(opened.headers["location"])
    assert '<time datetime="2026-04-10T00:30+01:00">10 April 2026, 00:30 BST</time>' in page.text
    longer = await desk.organiser.post(
        opened.headers["location"] + "/extend", data={"day": "2026-04-11", "time": "18:30"}
    )
    assert longer.status_code == 303
    assert "Open until 11 April 2026, 18:30 BST" in words(await desk.organiser.get(opened.headers["location"]))


async def test_a_time_that_clocks_skip_is_told_beside_its_field(desk: Desk) -> None:
    refused = await desk.organiser.post("/organise/asynchronous", data=desk.form(day="2026-03-29", time="01:30"))
    assert refused.status_code == 422
    assert re.findall(r'<li><a href="#(\w+)">', refused.text) == ["time"]
    assert "Clocks skip this time" in words(refused)
    assert 'value="01:30"' in refused.text
    assert (
        await desk.organiser.post("/organise/asynchronous", data=desk.form(day="2026-03-29", time="02:00"))
    ).is_redirect


async def test_the_storys_first_question_is_chosen_for_whoever_comes_from_the_story(desk: Desk) -> None:
    query = f"commission={desk.night.commission.id}&story={desk.night.story.id}"
    form = await desk.organiser.get(f"/organise/asynchronous/new?{query}")
    assert re.findall(r'value="([^"]+)" checked', form.text) == [f"{desk.night.story.id}.3"]


async def test_everything_wrong_is_told_in_the_order_of_the_form_and_kept(desk: Desk) -> None:
    refused = await desk.organiser.post(
        "/organise/asynchronous", data=desk.form(title="", question="", day="2026-03-01", time="now")
    )
    assert refused.status_code == 422
    assert re.findall(r'<li><a href="#(\w+)">', refused.text) == ["title", "question", "time"]
    assert 'value="now"' in refused.text
    kept = await desk.organiser.post("/organise/asynchronous", data=desk.form(day="2026-03-01"))
    assert "at least 1 hour" in words(kept)
    assert 'value="Another night"' in kept.text
    assert f'value="{desk.night.story.id}.3" checked' in kept.text


@pytest.mark.parametrize("question", ["", "x", ".", "0" * 32 + ".3", "{story}.99", "{story}.1", "{story}"])
async def test_a_question_that_cannot_be_is_no_question(desk: Desk, question: str) -> None:
    form = desk.form(question=question.replace("{story}", desk.night.story.id))
    refused = await desk.organiser.post("/organise/asynchronous", data=form)
    assert refused.status_code == 422
    assert 'href="#question"' in refused.text


async def test_a_machine_gets_what_it_needs(desk: Desk) -> None:
    json = {"Accept": "application/json"}
    made = (await desk.organiser.post("/organise/asynchronous", data=desk.form(), headers=json)).json()
    assert made["closes_at"] == "2026-03-10T18:30:00.000Z"
    assert [r["id"] for r in made["responses"]] == ["r1", "r2", "r3", "none"]
    url = f"/organise/asynchronous/{made['id']}"
    longer = await desk.organiser.post(f"{url}/extend", data={"day": "2026-03-11", "time": "18:30"}, headers=json)
    assert longer.json()["closes_at"] == "2026-03-11T18:30:00.000Z"
    assert (await desk.organiser.post(f"{url}/close", data={"sure": "1"}, headers=json)).json()["state"] == "closed"
    shown = (await desk.organiser.post(f"{url}/reveal", headers=json)).json()
    assert shown["result"]["n"] == 0
    refused = await desk.organiser.post("/organise/asynchronous", data=desk.form(title=""), headers=json)
    assert refused.json()["error"]["fields"].keys() == {"title"}


async def test_a_commission_without_a_question_says_what_to_do(desk: Desk) -> None:
    other = await desk.house.commission()
    page = words(await desk.organiser.get(f"/organise/asynchronous/new?commission={other.id}"))
    assert "No question to open yet" in page
    assert (await desk.organiser.get("/organise/asynchronous/new")).status_code == 404


# ---------------------------------------------------------------- while it is open


async def test_how_many_answered_is_shown_and_small_groups_are_not_counted_out(desk: Desk) -> None:
    await desk.vote()
    page = await desk.page()
    said = words(page)
    assert f"{len(ROOMFUL)} people have answered in this round." in said
    assert "People who use services 6 10" in said
    assert "Carers 5 10" in said
    assert "Nurses 0 10" in said
    assert "Police under 5 10" in said
    assert "Prefer not to say under 5" in said
    assert "Reason 3" not in page.text
    assert 'class="share"' not in page.text


async def test_more_time_is_given_or_refused_with_what_was_typed(desk: Desk) -> None:
    refused = await desk.act("extend", day="2026-03-02", time="08:15")
    assert refused.status_code == 422
    assert "later time" in words(refused)
    assert 'value="2026-03-02"' in refused.text
    assert 'value="08:15"' in refused.text
    assert (await desk.act("extend", day="2026-03-20", time="08:15")).status_code == 303
    said = words(await desk.page())
    assert "Open until 20 March 2026, 08:15 GMT" in said
    assert "More time was given on 1 March 2026, 22:00 GMT" in said
    desk.clock.move(days=30)
    late = await desk.organiser.get("/")
    assert late.status_code == 200


async def test_it_is_closed_early_only_by_whoever_is_sure(desk: Desk) -> None:
    refused = await desk.act("close")
    assert refused.status_code == 422
    assert "Tick the box" in words(refused)
    assert (await desk.round()).state == "open"
    assert (await desk.act("close", sure="1")).status_code == 303
    assert (await desk.round()).state == "closed"
    assert (await desk.act("extend", day="2026-03-20", time="08:15")).status_code == 409


async def test_a_page_that_is_opened_after_the_time_shows_it_closed(desk: Desk) -> None:
    desk.clock.move(days=3, seconds=asynchronous.GRACE)
    async with desk.house.signed_in("organiser") as browser:
        page = words(await browser.get(desk.url))
    assert "Closed, result not shown yet" in page
    assert "Give more time" not in page


async def test_a_wrong_act_or_another_session_is_not_there(desk: Desk) -> None:
    room = a_session(desk.night.commission)
    async with desk.house.store.begin() as work:
        await work.sessions.add_session(room)
    assert (await desk.act("dance")).status_code == 404
    for path in (f"/organise/asynchronous/{room.id}", f"/organise/asynchronous/{new_id()}"):
        assert (await desk.organiser.get(path)).status_code == 404
    for act in ("extend", "close", "annul"):
        data = {"sure": "1", "day": "2026-03-20", "time": "08:15", "because": "Why."}
        answer = await desk.organiser.post(f"/organise/asynchronous/{room.id}/{act}", data=data)
        assert answer.status_code == 404, act


# ---------------------------------------------------------------- afterwards


async def test_the_result_comes_after_the_closing_with_reasons_and_without_groups(desk: Desk) -> None:
    await desk.vote()
    refused = await desk.act("reveal")
    assert refused.status_code == 409
    assert "Close it first, so that nobody's ballot is cut off." in words(refused)
    await desk.act("close", sure="1")
    assert "Reason 3" not in (await desk.page()).text
    assert (await desk.act("reveal")).status_code == 303
    page = await desk.page()
    assert "Reason 3" in page.text
    assert re.findall(r'<td>(\d+) <span class="share">', page.text) == ["7", "7", "0", "0"]
    assert re.findall(r'<tr><th scope="row">([^<]+)</th>\s*<td class="h', page.text) == [
        "People who use services",
        "other groups",
    ]


async def test_it_is_annulled_with_a_reason(desk: Desk) -> None:
    refused = await desk.act("annul", because=" ")
    assert refused.status_code == 422
    assert "Say why you annul this vote" in words(refused)
    assert (await desk.act("annul", because="The wrong story.")).status_code == 303
    said = words(await desk.page())
    assert "This round was annulled." in said
    assert "The wrong story." in said
    assert "Annul this round" not in said


# ---------------------------------------------------------------- beside the room's, never mixed


async def in_a_room(desk: Desk) -> tuple[str, Round]:
    """Makes a room that votes on the same question; returns its session, and its round with the result shown."""
    live = a_session(desk.night.commission, scenarios=(desk.night.story.id,))
    people = [Participant(new_id(), live.id, "g1", desk.clock.now()) for _ in range(6)]
    async with desk.house.store.begin() as work:
        await work.sessions.add_session(live)
        for person in people:
            await work.sessions.join(person, new_id() * 2)
    console = acts.Desk(desk.house.store, desk.clock)
    round_ = (await cues.put_question(console, live.id, desk.night.story.id, desk.night.round.scene or "")).round
    assert round_ is not None
    await facilitation.open_round(console, live.id, round_.id)
    night = AsyncRound(desk.night.commission, desk.night.story, "", live, round_)
    async with desk.house.store.begin() as work:
        await work.rounds.cast([a_cast_now(desk.clock, night, person.id, "r3") for person in people])
    await facilitation.close_round(console, live.id, round_.id)
    await facilitation.reveal_round(console, live.id, round_.id)
    return live.id, round_


async def test_the_console_shows_it_apart_from_the_rooms_numbers(desk: Desk) -> None:
    await desk.vote()
    room, _ = await in_a_room(desk)
    page = await desk.organiser.get(f"/console/{room}")
    said = words(page)
    apart = said.split("Answers from where people are (1)")[1].split("Ask people to answer from where they are")[0]
    assert "Their answers are never in this room's numbers." in apart
    assert f"{len(ROOMFUL)} people have answered" in apart
    assert TITLE in apart
    # Open, so without a result; the room's own has six votes for the third answer.
    assert re.findall(r'<td>(\d+) <span class="share">', page.text) == ["0", "0", "6", "0"]
    await desk.act("close", sure="1")
    await desk.act("reveal")
    page = await desk.organiser.get(f"/console/{room}")
    assert re.findall(r'<td>(\d+) <span class="share">', page.text) == ["0", "0", "6", "0", "7", "7", "0", "0"]
    for path in (f"/s/{(await live_of(desk, room))}/step-out", "/join"):
        assert TITLE not in (await desk.organiser.get(path)).text


async def live_of(desk: Desk, session: str) -> str:
    async with desk.house.store.read() as work:
        return (await work.sessions.get_session(session)).code


async def test_its_own_console_is_its_page_and_it_has_no_socket(desk: Desk) -> None:
    answer = await desk.organiser.get(f"/console/{desk.night.live.id}")
    assert (answer.status_code, answer.headers["location"]) == (303, desk.url)
    for act in ("end", "pause"):
        assert (await desk.organiser.post(f"/console/{desk.night.live.id}/{act}")).status_code == 404
    cookies = "; ".join(f"{c.name}={c.value}" for c in desk.organiser.cookies.jar)
    assert await close_code(desk.house, f"/console/{desk.night.live.id}/socket", cookie=cookies) == 4404
    assert await close_code(desk.house, f"/s/{desk.night.live.code}/socket", cookie=cookies) == 4404


async def test_organisers_and_the_public_see_it_among_its_like(desk: Desk) -> None:
    await in_a_room(desk)
    for path in ("/organise", f"/commissions/{desk.night.commission.id}"):
        page = words(await desk.organiser.get(path))
        heading = "Answers from where people are" if path == "/organise" else "Answer from where you are"
        live, apart = page.split(heading)[:2]
        assert "A day in March" in live
        assert TITLE not in live
        assert TITLE in apart


async def test_the_record_names_it(desk: Desk) -> None:
    await desk.vote()
    await desk.act("extend", day="2026-03-20", time="08:15")
    await desk.act("close", sure="1")
    await desk.act("reveal")
    page = words(await desk.organiser.get(f"/record/entries?session={desk.night.live.id}"))
    for said in (
        "“From the night shift” was made for",
        "A question was opened for answers from where people are, until 4 March 2026, 22:00 GMT:",
        "There is more time for answers from where people are: until 20 March 2026, 08:15 GMT.",
        "Answers from where people are closed. Votes counted: 14.",
        "Answering from where they are, people preferred",
    ):
        assert said in page
    async with desk.house.store.read() as work:
        last = await work.record.size() - 1
    assert "What people answered by themselves" in words(await desk.organiser.get(f"/record/{last}"))


async def test_a_decision_on_it_says_so_and_shows_the_rooms_vote_beside_it(desk: Desk) -> None:
    await desk.vote()
    await desk.act("close", sure="1")
    await desk.act("reveal")
    _, round_ = await in_a_room(desk)
    overview = words(await desk.organiser.get("/decide"))
    assert "· Answers from where people are" in overview
    form = words(await desk.organiser.get(f"/decide/new?round={desk.night.round.id}"))
    assert "What people answered by themselves" in form
    assert "Answering from where they are, people preferred" in form
    assert "the room preferred" not in form.lower()
    assert "In a room: A day in March" in form
    room = words(await desk.organiser.get(f"/decide/new?round={round_.id}"))
    assert "The room preferred “Take him to hospital”." in room
    assert "From where people are: From the night shift" in room
    person = Person(new_id(), "c", "C", (Role.COMMISSIONER,))
    wanted = DecisionForm(
        (desk.night.round.id,), outcome="adopted", response="r1", rationale="So said the night.", earlier="More came."
    )
    made = await decide(desk.house.store, desk.clock, person, wanted)
    page = words(await desk.organiser.get(f"/decisions/{made.id}"))
    assert "Rests on answers from where people are" in page
    assert "They played the story alone, over some days, and were not in a room." in page
    assert "How the room voted" not in page
    assert "These answers are not counted in above." in page


async def test_a_rehearsal_stands_beside_no_real_vote(desk: Desk) -> None:
    _, round_ = await in_a_room(desk)
    opened = await desk.organiser.post("/organise/asynchronous", data=desk.form(rehearsal="1"))
    url = opened.headers["location"]
    await desk.organiser.post(f"{url}/close", data={"sure": "1"})
    await desk.organiser.post(f"{url}/reveal")
    assert "Another night" not in words(await desk.organiser.get(f"/decide/new?round={round_.id}"))
    assert "This round is not recorded." in words(await desk.organiser.get(url))


async def test_what_another_version_of_the_story_asks_is_not_the_same_question(desk: Desk) -> None:
    await desk.vote()
    await desk.act("close", sure="1")
    await desk.act("reveal")
    _, round_ = await in_a_room(desk)
    form = f"/decide/new?round={desk.night.round.id}"
    assert "The same question, answered apart" in words(await desk.organiser.get(form))
    before = (Response("r1", "Knock again"), *round_.responses[1:])
    async with desk.house.store.begin() as work:
        await work.rounds.save_round(replace(await work.rounds.get_round(round_.id), responses=before))
    assert "answered apart" not in words(await desk.organiser.get(form))


async def test_the_storys_life_tells_it_as_what_it_was(desk: Desk) -> None:
    await desk.vote()
    story = f"/stories/{desk.night.story.id}"
    feed = await desk.organiser.get(f"{story}/feed.atom")
    assert "was opened for answers from where people are, in “From the night shift”, until 4 March 2026" in feed.text
    assert "live session" not in feed.text
    await desk.act("close", sure="1")
    await desk.act("reveal")
    page = words(await desk.organiser.get(story))
    assert "People answered by themselves, from where they are: “What could the crew do now?”" in page
    assert "Answering from where they are, people preferred" in page
    mine = words(await desk.organiser.get(f"/my-story/{desk.night.key}"))
    assert "People answered by themselves, from where they are" in mine
    await desk.act("annul", because="The wrong story.")
    assert "A vote of people answering from where they are was annulled" in words(await desk.organiser.get(story))
