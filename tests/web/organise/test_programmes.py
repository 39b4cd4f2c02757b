"""The programme on the site: its editing page, the run sheet, the public page, calendar entries, late comers."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from icalendar import Calendar
from support.app import House, a_house, a_sent_story, words
from support.changed_rows import change
from support.factories import CLOCK, new_id

from forum.services.sessions import cues, facilitation
from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.sessions.desk import Desk
from forum.services.sessions.programmes import Programming, SectionForm
from forum.services.stories import moderation, submissions
from forum.sessions.session import LiveSession
from forum.store import SqlStore, tables
from forum.stories.submission import Submission

NOT_AS_RECORDED = "This page does not agree with the record:"
HALL = "What happened"


@dataclass(frozen=True)
class Day:
    """A session with two sections, a story in the first and a break in the second."""

    house: House
    live: LiveSession
    story: Submission
    hidden: Submission
    organiser: httpx2.AsyncClient

    @property
    def editing(self) -> str:
        return f"/organise/sessions/{self.live.id}/programme"

    @property
    def public(self) -> str:
        return f"/sessions/{self.live.id}/programme"

    async def post(self, **fields: str) -> httpx2.Response:
        return await self.organiser.post(self.editing, data=fields)

    async def items(self) -> list[str]:
        async with self.house.store.read() as work:
            return [i.id for i in (await work.programmes.latest(self.live.id)).plan.items]


@pytest.fixture
async def day(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Day]:
    async with a_house(tmp_path, sqlite_template) as house, house.signed_in("organiser") as organiser:
        commission = await house.commission()
        stories = []
        for title, public in (("The third knock", True), ("Only on stage", False)):
            told = replace(a_sent_story(title), may_publish=True)
            story, _ = await submissions.submit(house.store, CLOCK, commission.id, told)
            await moderation.moderate(house.store, CLOCK, story.id, "accept", because="", expected_status="submitted")
            if not public:
                async with house.store.begin() as work:
                    await work.stories.allow(replace(await work.stories.get_story(story.id), may_publish=False))
            stories.append(story)
        ids = tuple(s.id for s in stories)
        live = await create_session(house.store, CLOCK, SessionForm(commission.id, title="A day", scenarios=ids))
        acts = Programming(house.store, CLOCK, live.id)
        await acts.section(SectionForm(title="Police & ambulance", starts="11:00"))
        planned = await acts.section(SectionForm(title="Rest", starts="12:30", ends="13:00"))
        first, second = (section.id for section in planned.plan.sections)
        await acts.story(first, stories[0].id)
        await acts.cue(second, f"scene|{stories[1].id}|{HALL}")
        await acts.note(second, "Lunch, for everybody")
        yield Day(house, live, stories[0], stories[1], organiser)


def events(answer: httpx2.Response) -> list[Any]:
    """Reads the entries in a calendar file with a reader that nobody here wrote."""
    return list(Calendar.from_ical(answer.text).walk("VEVENT"))


async def publish(at: Day, **changes: str) -> None:
    form = {"act": "about", "day": "2027-03-12", "place": "Town hall; High Street", "public": "1"} | changes
    assert (await at.post(**form)).status_code == 303


async def test_the_editing_page_shows_every_cue_with_its_buttons(day: Day) -> None:
    shown = await day.organiser.get(day.editing)
    assert shown.status_code == 200
    said = words(shown)
    for expected in ("11:00 Police & ambulance", "12:30–13:00 Rest", HALL, "Vote again", "Lunch, for everybody"):
        assert expected in said
    assert shown.text.count("<h1") == 1
    assert "style=" not in shown.text
    ids = re.findall(r' id="([^"]+)"', shown.text)
    assert len(ids) == len(set(ids))


async def test_without_javascript_everything_goes_by_plain_forms(day: Day) -> None:
    first, second, *_rest = await day.items()
    assert (await day.post(act="down", id=first)).status_code == 303
    assert (await day.items())[:2] == [second, first]
    assert (await day.post(act="remove", id=first)).status_code == 303
    shown = await day.organiser.get(day.editing)
    assert "was removed" in words(shown)
    number = re.search(r'name="number" value="(\d+)"', shown.text)
    assert number
    assert (await day.post(act="undo", number=number[1])).status_code == 303
    assert (await day.items())[:2] == [second, first]
    assert "The change was undone" in words(await day.organiser.get(day.editing))


async def test_an_undo_that_came_too_late_is_told(day: Day) -> None:
    (back) = await day.post(act="undo", number="1")
    assert back.status_code == 422
    assert "changed since" in words(back)


async def test_a_section_that_lacks_something_comes_back_with_what_was_typed(day: Day) -> None:
    back = await day.post(act="section", title="", starts="soon & late")
    assert back.status_code == 422
    assert 'value="soon &amp; late"' in back.text
    for place in ("title", "starts"):
        assert f'id="{place}"' in back.text
        assert f'id="{place}-error"' in back.text
    for bad in ({"act": "note", "section": new_id(), "words": "x"}, {"act": "nothing"}):
        assert (await day.post(**bad)).status_code == 404


async def test_times_out_of_order_are_pointed_out(day: Day) -> None:
    await day.post(act="section", title="Before breakfast", starts="07:00")
    assert "before the section above it" in words(await day.organiser.get(day.editing))


async def test_a_machine_reads_the_programme_in_the_answer(day: Day) -> None:
    answer = await day.organiser.post(
        day.editing, data={"act": "section", "title": "Later"}, headers={"Accept": "application/json"}
    )
    assert [s["title"] for s in answer.json()["sections"]] == ["Police & ambulance", "Rest", "Later"]


async def test_the_run_sheet_has_every_cue_in_order(day: Day) -> None:
    await publish(day)
    said = words(await day.organiser.get(day.editing.replace("programme", "run-sheet")))
    for expected in ("12 March 2027", "Town hall; High Street", "11:00 Police & ambulance", "Note: Lunch", "1 Scene:"):
        assert expected in said
    assert "restraint or force" in said


async def test_nobody_reads_a_programme_that_is_not_public(day: Day) -> None:
    async with day.house.browser() as anybody:
        assert (await anybody.get(day.public)).status_code == 404
        assert (await anybody.get(day.public + ".ics")).status_code == 404
        assert "The programme, with times" not in words(await anybody.get(f"/commissions/{day.live.commission}"))


async def test_the_public_programme_tells_times_and_public_stories_and_no_question(day: Day) -> None:
    await publish(day)
    async with day.house.browser() as anybody:
        shown = await anybody.get(day.public)
        said = words(shown)
        for expected in ("Police & ambulance", "The third knock", "Lunch, for everybody", "12 March 2027"):
            assert expected in said
        assert "Times are GMT (United Kingdom Time)." in said
        assert '<time datetime="2027-03-12T12:30+00:00">12:30</time>–<time datetime="2027-03-12T13:00' in shown.text
        for secret in ("Only on stage", "What should happen", HALL, "Sit down and ask", day.live.code):
            assert secret not in said
        assert f'href="/stories/{day.story.id}"' in shown.text
        assert day.hidden.id not in shown.text
        listed = await anybody.get(f"/commissions/{day.live.commission}")
        assert f'href="{day.public}"' in listed.text
        assert NOT_AS_RECORDED not in shown.text
        assert isinstance(day.house.store, SqlStore)
        await change(day.house.store, tables.story.c.id == day.story.id, tables.story, title="Another knock")
        assert NOT_AS_RECORDED in (await anybody.get(day.public)).text


async def test_the_calendar_is_read_by_a_calendar_and_keeps_its_entries(day: Day) -> None:
    await publish(day)
    async with day.house.browser() as anybody:
        answer = await anybody.get(day.public + ".ics")
        assert answer.headers["content-type"].startswith("text/calendar")
        first, second = events(answer)
        assert str(first["summary"]) == "Police & ambulance (A day)"
        assert str(first["location"]) == "Town hall; High Street"
        assert (first["dtstart"].dt.isoformat(), first["dtend"].dt.isoformat()) == (
            "2027-03-12T11:00:00+00:00",
            "2027-03-12T12:30:00+00:00",
        )
        assert "Lunch, for everybody" in str(second["description"])
        assert "Only on stage" not in answer.text
        section = re.search(r"section=([0-9a-f]{32})", (await anybody.get(day.public)).text)
        assert section
        (one,) = events(await anybody.get(f"{day.public}.ics?section={section[1]}"))
        assert one["uid"] == first["uid"]
        await publish(day, day="2027-03-13")
        (moved,) = events(await anybody.get(f"{day.public}.ics?section={section[1]}"))
        assert moved["uid"] == first["uid"]
        assert int(moved["sequence"]) > int(first["sequence"])
        assert (await anybody.get(f"{day.public}.ics?section={new_id()}")).status_code == 404
        await publish(day, day="")
        assert (await anybody.get(day.public + ".ics")).status_code == 404
        assert "calendar" not in words(await anybody.get(day.public))


async def test_the_console_puts_the_next_cue_up_with_one_press(day: Day) -> None:
    console = f"/console/{day.live.id}"
    shown = await day.organiser.get(console)
    assert f"Next: Scene: {HALL}" in words(shown)
    first, second, *_rest = await day.items()
    assert (await day.organiser.post(f"{console}/item", data={"item": first, "after": ""})).status_code == 303
    shown = await day.organiser.get(console)
    assert re.search(rf'aria-current="step">\s*<span>Scene: {HALL}', shown.text)
    behind = await day.organiser.post(f"{console}/item", data={"item": second, "after": ""})
    assert behind.status_code == 409
    assert "gone on with the programme" in words(behind)


async def test_a_note_stands_on_every_screen(day: Day) -> None:
    acts = Desk(day.house.store, CLOCK)
    await cues.show_note(acts, day.live.id, "Break until <11:30>")
    async with day.house.browser() as phone:
        await phone.post(f"/s/{day.live.code}/join", data={"group": "g1"})
        for path in (f"/s/{day.live.code}", f"/projector/{day.live.projector}"):
            assert "Break until <11:30>" in words(await phone.get(path))


async def test_whoever_comes_late_lands_on_what_is_on_with_one_line_of_what_was(day: Day) -> None:
    acts = Desk(day.house.store, CLOCK)
    async with day.house.browser() as early:
        joined = await early.post(f"/s/{day.live.code}/join", data={"group": "g1"})
        assert "Before you came" not in words(await early.get(joined.headers["location"]))
        asked = (await cues.put_question(acts, day.live.id, day.story.id, "What should happen now?")).round
        assert asked is not None
        await facilitation.open_round(acts, day.live.id, asked.id)
        await facilitation.close_round(acts, day.live.id, asked.id)
        await facilitation.reveal_round(acts, day.live.id, asked.id)
        await cues.show_scene(acts, day.live.id, day.hidden.id, HALL)
        assert "Before you came" not in words(await early.get(f"/s/{day.live.code}"))
    async with day.house.browser("192.0.2.7") as late:
        joined = await late.post(f"/s/{day.live.code}/join", data={"group": "g2"})
        said = words(await late.get(joined.headers["location"]))
        assert "Before you came: we saw “The third knock” and the room voted once" in said
        assert "Only on stage" in said
