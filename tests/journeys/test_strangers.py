"""Somebody else answers in Forum's place: a proxy while the server is replaced, a venue's network before one signed in.

No such answer ends anything: every screen says that there is no connection, keeps what was typed or cast, and goes on
trying. Afterwards it is sent, and counted, once. Clocks are moved on, so nobody waits for a pause between two attempts.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect
from support.async_round import an_async_round
from support.browser import SMALL, House, People, begin_story, follow
from support.factories import SetClock
from support.foreign_answers import SOCKETS, STRANGERS
from support.network_proxy import Wire
from support.retrying_screens import Event, advance_until, has_state, has_text
from support.session_api import a_new_session, an_organiser

from forum.adapters.clock import SystemClock
from forum.store import open_store

UNSURE = re.compile("^No answer yet, so this phone does not know whether your vote is counted")

ANSWERS = ["A nurse", "The police"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture
async def event(people: People, house: House) -> AsyncIterator[Event]:
    async with an_organiser(house) as organiser, Wire(house.server.port) as wire:
        yield Event(organiser, await a_new_session(organiser), house, wire, people)


async def test_a_phone_that_hears_strangers_keeps_its_vote_and_counts_it_once(event: Event) -> None:
    phone, round_id = await event.phone(), await event.ask(none="")
    line, status = phone.locator("[data-connection]"), phone.locator("[data-status]")
    await expect(line).to_have_attribute("data-is", "up")
    await phone.get_by_label("The police").check()
    event.wire.stranger(None, SOCKETS["says nothing at all"])
    await expect(line).to_have_attribute("data-is", "down")
    await event.advance_until_asked(phone, "/socket")
    await phone.locator("[data-send]").click()
    # Those that accept a websocket come first: after many that refuse it Chromium waits before it asks again.
    for name, frames in SOCKETS.items():
        event.wire.stranger(STRANGERS["404, JSON in Forum's words"], frames)
        await event.advance_until_asked(phone, "/socket", "/now")
        assert await line.get_attribute("data-is") == "down", name
        assert await status.get_attribute("data-is") == "waiting", name
    for name, answer in STRANGERS.items():
        event.wire.stranger(answer)
        await event.advance_until_asked(phone, "/socket", "/now")
        assert await line.get_attribute("data-is") == "down", name
        assert (await status.inner_text()).startswith("Not counted yet. Your vote is kept on this phone"), name
    assert event.ballots(round_id) == []
    event.wire.mend()
    await advance_until(phone, has_state(status, "counted"))
    await expect(status).to_contain_text("Counted: The police.")
    assert event.ballots(round_id) == ["r2"]
    # What was never sent is on the phone, whatever becomes of the page.
    event.wire.stranger(STRANGERS["404, JSON in Forum's words"])
    await expect(line).to_have_attribute("data-is", "down")
    await phone.get_by_label("A nurse").check()
    await phone.locator("[data-send]").click()
    await expect(status).to_have_attribute("data-is", "waiting")
    again = await phone.context.new_page()
    await phone.close()
    event.wire.mend()
    await again.goto(f"{event.wire.base}/s/{event.session['code']}")
    await advance_until(again, has_text(again.locator("[data-status]"), re.compile("^Counted: A nurse.")))
    assert await event.counts(round_id) == {"r1": 1, "r2": 0}


async def test_a_phone_that_posts_its_vote_takes_no_strangers_answer_for_forums(event: Event) -> None:
    async with Wire(event.house.server.port, sockets=False) as event.wire:
        phone, round_id = await event.phone(), await event.ask(none="")
        line, status = phone.locator("[data-connection]"), phone.locator("[data-status]")
        await advance_until(phone, has_state(line, "poll"))
        ballot = phone.locator("[data-ballot]")
        await advance_until(phone, lambda within: expect(ballot).to_be_visible(timeout=within))
        await phone.get_by_label("The police").check()
        event.wire.stranger(b"", to="POST ")
        await phone.locator("[data-send]").click()
        for name, answer in STRANGERS.items():
            event.wire.stranger(answer, to="POST ")
            await event.advance_until_asked(phone, "/vote")
            assert await status.get_attribute("data-is") in {"waiting", "sending"}, name
        event.wire.mend()
        await advance_until(phone, has_state(status, "counted"))
    assert event.ballots(round_id) == ["r2"]
    assert len(event.rows("SELECT * FROM casting WHERE round = ?", round_id)) == 1


async def test_a_tablets_queue_takes_no_strangers_answer_and_is_counted_vote_by_vote(event: Event) -> None:
    round_id, tablet = await event.ask(none=""), await event.tablet()
    said, waiting = tablet.locator("[data-said]"), tablet.locator("[data-waiting]")
    for number, (name, answer) in enumerate(STRANGERS.items(), start=1):
        # Its socket stays: nothing but its own tries brings these votes to the server.
        event.wire.stranger(answer, to="POST ")
        await tablet.get_by_label("Carers").check()
        await tablet.get_by_label(ANSWERS[number % 2]).check()
        await tablet.locator("[data-send]").click()
        await event.advance_until_asked(tablet, "/vote")
        await tablet.clock.fast_forward(4_100)  # so long it waits before it may be handed on
        await expect(said).to_have_attribute("data-is", "waiting")
        assert await waiting.inner_text() == f"Votes waiting here: {number}", name
        await expect(tablet.locator("[data-news-tablet]")).to_be_empty()
        await tablet.get_by_role("button", name="I am the next person").click()
    assert event.ballots(round_id) == []
    event.wire.mend()
    await advance_until(tablet, has_text(waiting, ""))
    half = len(STRANGERS) // 2
    assert await event.counts(round_id) == {"r1": half, "r2": len(STRANGERS) - half}


async def test_a_tablets_vote_whose_answer_is_lost_is_sent_again_and_is_one(event: Event) -> None:
    round_id, tablet = await event.ask(none=""), await event.tablet()
    for number, answer in enumerate(ANSWERS, start=1):
        await tablet.get_by_label("Carers").check()
        await tablet.get_by_label(answer).check()
        event.wire.hold("down")
        await tablet.locator("[data-send]").click()
        await event.wait_for_ballots(round_id, number)
        event.wire.cut()
        event.wire.mend()
        await advance_until(tablet, has_text(tablet.locator("[data-waiting]"), ""))
        await tablet.get_by_role("button", name="I am the next person").click()
    assert await event.counts(round_id) == {"r1": 1, "r2": 1}


async def test_the_console_takes_no_strangers_answer_for_an_act_or_for_what_is_on(event: Event) -> None:
    console = await event.screen(f"/console/{event.session['id']}", await event.people.signed_in("olu"))
    line, alert = console.locator("[data-connection]"), console.locator("[data-alert]")
    await expect(line).to_have_attribute("data-is", "up")
    await console.locator("[data-part=note] summary").click()
    await console.locator("[data-part=note] textarea").fill("Lunch until one")
    put = console.locator("[data-part=note] button")
    for name, answer in STRANGERS.items():
        event.wire.stranger(answer, to="POST ")
        await put.click()
        await event.wait_until_asked("/note")
        await advance_until(
            console, lambda within: expect(alert).to_contain_text("No answer from Forum", timeout=within)
        )
        await alert.evaluate("alert => (alert.textContent = '')")
        assert await console.locator("[data-part=note] textarea").input_value() == "Lunch until one", name
    for name, answer in STRANGERS.items():
        # Without a socket it asks for the page.
        event.wire.stranger(answer, SOCKETS["closed with 1001"])
        await event.advance_until_asked(console, f"/console/{event.session['id']} ")
        assert await line.get_attribute("data-is") == "down", name
        await expect(console.get_by_text("Sign in to the Wi-Fi")).to_have_count(0)
    event.wire.mend()
    await advance_until(console, has_state(line, "up"))
    await put.click()
    await expect(console.locator("[data-part=now]")).to_contain_text("Lunch until one")
    await expect(alert).to_be_hidden()


async def test_projectors_and_those_who_look_away_wait_whatever_strangers_say(event: Event) -> None:
    away, there = await event.phone(), f"/s/{event.session['code']}"
    await away.goto(f"{event.wire.base}{there}/away?cue=scene")
    wall = await event.screen(event.session["projector"])
    screens = {f"{event.session['projector']}/socket": wall, f"{there}/socket": away}
    for page in screens.values():
        await expect(page.locator("[data-connection]")).to_have_text("")
    strange: dict[str, tuple[bytes | None, bytes | None]] = {
        **{name: (STRANGERS["502"], frames) for name, frames in SOCKETS.items()},
        **{name: (answer, None) for name, answer in STRANGERS.items()},
    }
    for name, (answer, frames) in strange.items():
        event.wire.stranger(answer, frames)
        for socket, page in screens.items():
            await event.advance_until_asked(page, socket)
            assert "Trying again" in await page.locator("[data-connection]").inner_text(), f"{socket} {name}"
    event.wire.mend()
    for page in screens.values():
        await advance_until(page, has_text(page.locator("[data-connection]"), ""))


async def test_what_is_written_is_kept_and_saved_whatever_strangers_say(event: Event) -> None:
    page = await event.people.somebody(SMALL)
    link = await begin_story(page, "The lift", "My father waits for a lift.")
    await event.screen(f"{link}/write/where", page)
    field, line = page.get_by_label("A place and a time"), page.locator(".saving")
    for name, answer in STRANGERS.items():
        event.wire.stranger(answer, to="POST ")
        await field.fill(f"A village, {name}")
        await event.advance_until_asked(page, "/save")
        await advance_until(page, has_text(line, "No connection: kept on this phone"))
        await expect(page.locator(".wrong, .clash")).to_have_count(0)
    event.wire.mend()
    await advance_until(page, has_text(line, "Saved"))
    await page.reload()
    await expect(field).to_have_value(f"A village, {name}")


async def test_an_answer_given_alone_goes_off_by_itself_and_counts_once(event: Event) -> None:
    store = await open_store(f"sqlite+aiosqlite:///{event.house.data / 'forum.db'}")
    night = await an_async_round(store, SetClock(SystemClock().now()))
    await store.close()
    reader = await event.screen(f"/answer/{night.live.code}")
    await follow(reader.get_by_role("button", name="Join without saying my group"))
    await reader.goto(f"{event.wire.base}/answer/{night.live.code}/question")
    await reader.locator("input[name=choice]").nth(1).check()
    said, send = reader.locator("[data-kept]"), reader.locator("[data-send]")
    event.wire.stranger(b"", to="POST ")
    await send.click()
    for name, answer in STRANGERS.items():
        event.wire.stranger(answer, to="POST ")
        await event.advance_until_asked(reader, "/question")
        await advance_until(reader, has_text(said, re.compile("^Not counted yet: no answer from Forum.")))
        assert event.ballots(night.round.id) == [], name
    await expect(send).to_have_text("Kept on this phone: B")
    # Not even closing the page loses it.
    await reader.goto(f"{event.wire.base}/answer/{night.live.code}")
    await reader.goto(f"{event.wire.base}/answer/{night.live.code}/question")
    await expect(reader.locator("input[name=choice]").nth(1)).to_be_checked()
    await send.click()
    await event.advance_until_asked(reader, "/question")
    event.wire.mend()
    await advance_until(
        reader, lambda w: expect(reader.get_by_text("Your answer is counted.")).to_be_visible(timeout=w)
    )
    assert event.rows("SELECT choice, reason FROM ballot WHERE round = ?", night.round.id) == [("r2", "")]
    assert len(event.rows("SELECT * FROM casting WHERE round = ?", night.round.id)) == 1
    assert await reader.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('forum form'))") == []


async def test_a_move_in_the_programme_is_done_or_said_not_to_be(event: Event) -> None:
    editing = f"/organise/sessions/{event.session['id']}/programme"
    made = await event.organiser.post(editing, data={"act": "section", "title": "Welcome", "starts": "10:00"})
    for words in ("Tea", "Who is here"):
        section = made.json()["sections"][0]["id"]
        await event.organiser.post(editing, data={"act": "note", "section": section, "words": words})
    page = await event.screen(editing, await event.people.signed_in("olu"))
    down, items = page.get_by_role("button", name="Move down: Tea"), page.locator("[data-item]")
    alert = page.locator("[data-alert]")
    for name in ("200, a portal's page", "404, JSON in Forum's words", "200, JSON in Forum's shape", "302 to a portal"):
        event.wire.stranger(STRANGERS[name])
        await down.click()
        await event.wait_until_asked(f"POST {editing}")
        await event.advance_until_asked(page, f"GET {editing}")
        await expect(alert).to_contain_text("No answer from Forum")
        await expect(items.first).to_contain_text("Tea")
        event.wire.mend()
        await advance_until(page, lambda within: expect(alert).to_be_hidden(timeout=within))
    # Sent on to another page of Forum's own: that is not what was asked for.
    event.wire.stranger(STRANGERS["307 to a page of Forum's"], to=f"{editing} ")
    await down.click()
    await event.wait_until_asked(f"POST {editing}")
    await event.advance_until_asked(page, f"GET {editing}")
    await expect(alert).to_contain_text("No answer from Forum")
    event.wire.mend()
    await advance_until(page, lambda within: expect(alert).to_be_hidden(timeout=within))
    await expect(items.first).to_contain_text("Tea")
    await down.click()
    await expect(items.first).to_contain_text("Who is here")


async def test_what_could_not_be_stored_is_sent_again_by_itself(event: Event) -> None:
    phone, tablet, round_id = await event.phone(), await event.tablet(), await event.ask(none="")
    status, said = phone.locator("[data-status]"), tablet.locator("[data-said]")
    await phone.get_by_label("The police").check()
    await tablet.get_by_label("Carers").check()
    await tablet.get_by_label("A nurse").check()
    event.rows("CREATE TRIGGER full BEFORE INSERT ON ballot BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    try:
        await phone.locator("[data-send]").click()
        await tablet.locator("[data-send]").click()
        await expect(status).to_have_text(UNSURE)
        await advance_until(tablet, has_state(said, "waiting"))
    finally:
        event.rows("DROP TRIGGER full")
    await advance_until(phone, has_state(status, "counted"))
    await advance_until(tablet, has_state(said, "counted"))
    assert await event.counts(round_id) == {"r1": 1, "r2": 1}


async def test_a_connection_that_has_fallen_silent_is_noticed(event: Event) -> None:
    phone = await event.phone()
    line, status = phone.locator("[data-connection]"), phone.locator("[data-status]")
    await expect(line).to_have_attribute("data-is", "up")
    # Nothing is cut, as where a phone has gone from one network to another: only nothing comes any more.
    event.wire.hold("down")
    round_id = await event.ask(none="")
    for silence in (25_000, 6_000):  # it asks whether Forum is there; and has had no answer
        assert await line.get_attribute("data-is") == "up"
        await phone.clock.fast_forward(silence)
    await expect(line).to_have_attribute("data-is", "down")
    event.wire.mend()
    await advance_until(phone, has_state(line, "up"))
    await phone.get_by_label("The police").check()
    # Whoever votes is told sooner.
    event.wire.hold("down")
    await phone.locator("[data-send]").click()
    for silence in (4_100, 5_100):
        assert await line.get_attribute("data-is") == "up"
        await phone.clock.fast_forward(silence)
    await expect(line).to_have_attribute("data-is", "down")
    await expect(status).to_have_text(UNSURE)
    event.wire.mend()
    await advance_until(phone, has_state(status, "counted"))
    assert await event.counts(round_id) == {"r1": 0, "r2": 1}
