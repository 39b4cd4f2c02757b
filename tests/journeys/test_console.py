"""The console in Chromium: keys, two facilitators in step, undo, words that survive a push, a phone taking over."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Page, expect
from support.browser import LAPTOP, PASSWORD, PHONE, SMALL, House, Look, People, follow, join, press, press_within
from support.second_run_session import QUESTION, SCENE
from support.session_api import ApiSession, an_organiser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

STORY = "Seat fourteen"


@dataclass
class Event(ApiSession):
    """Session with a story of the demonstration; its acts by the API, its screens by browsers."""

    people: People
    story: str

    @property
    def console_path(self) -> str:
        """Returns the path of its console."""
        return f"/console/{self.session['id']}"

    async def scene(self, *, replay: bool = False) -> None:
        await self.act("scene", scenario=self.story, scene=SCENE, **({"replay": "1"} if replay else {}))

    async def ask_until(self, state: str = "draft") -> str:
        """Asks a question of the facilitator's own and brings it into this state; returns the round's id."""
        round_ = str((await self.act("ask", question="Who should come?", response=["A nurse", "A friend"]))["round"])
        for name in ("open", "close", "reveal")[: ("draft", "open", "closed", "revealed").index(state)]:
            await self.act(name, round=round_)
        return round_

    async def console(self, login: str = "olu", size: Any = LAPTOP) -> Page:
        page = await self.people.signed_in(login, size)
        await page.goto(self.console_path)
        await expect(page.locator("[data-connection]")).to_have_attribute("data-is", "up")
        return page

    async def phone(self, group: str = "Carers") -> Page:
        page = await self.people.somebody(SMALL)
        await join(page, self.code, group)
        return page


@pytest.fixture
async def event(people: People, house: House) -> AsyncIterator[Event]:
    with closing(sqlite3.connect(house.data / "forum.db")) as database:
        found = database.execute("SELECT id, commission FROM story WHERE twee LIKE ?", (f"%{SCENE}%",)).fetchall()
    [(story, commission)] = found
    async with an_organiser(house) as http:
        made_session = await http.post(
            "/organise/sessions",
            data={"commission": commission, "title": "A day in March", "scenario": story, "reasons": "read first"},
        )
        assert made_session.status_code == 200, made_session.text
        yield Event(http, made_session.json(), people, story)


class TestKeys:
    async def test_they_press_the_very_buttons_and_final_acts_ask_first(self, event: Event, accessible: Look) -> None:
        console = await event.console()
        await event.ask_until()
        bar = console.locator("[data-part=next]")
        await expect(bar.get_by_role("button", name="Open voting")).to_be_visible()
        await console.keyboard.press("o")
        await expect(bar.locator("summary")).to_have_text(re.compile("Close voting"))
        await console.keyboard.press("c")
        yes = bar.get_by_role("button", name="Yes, close voting")
        await expect(yes).to_be_focused()
        await expect(bar).to_contain_text("This cannot be undone.")
        await accessible(console)
        await console.keyboard.press("Escape")
        await expect(yes).to_be_hidden()
        await expect(bar.locator("summary")).to_be_focused()
        await console.keyboard.press("n")
        await console.keyboard.press("Enter")
        await expect(bar.locator("summary")).to_have_text(re.compile("Show the result"))
        await console.keyboard.press("r")
        await console.keyboard.press("Enter")
        await expect(console.locator("[data-part=now]")).to_contain_text("the result is shown")

    async def test_pause_the_next_stop_and_undo(self, event: Event) -> None:
        phone = await event.phone()
        console = await event.console()
        await event.scene(replay=True)
        await phone.get_by_role("button", name="STOP").click()
        await expect(console.locator("[data-part=queue] li")).to_have_count(1)
        await console.keyboard.press("t")
        await expect(console.locator("[data-part=taken]")).to_be_visible()
        await console.keyboard.press("u")
        await expect(console.locator("[data-part=taken]")).to_be_hidden()
        await expect(console.locator("[data-part=queue] li")).to_have_count(1)
        await console.keyboard.press("l")
        await expect(console.locator("[data-part=queue]")).to_be_hidden()
        await console.keyboard.press("p")
        await expect(console.locator("[data-part=head]")).to_contain_text("Paused")
        await console.keyboard.press("p")
        await expect(console.locator("[data-part=head]")).to_contain_text("Live")

    async def test_they_do_nothing_while_one_types_holds_another_key_or_has_switched_them_off(
        self, event: Event, accessible: Look
    ) -> None:
        console = await event.console()
        await event.ask_until()
        posts: list[str] = []
        console.on("request", lambda r: posts.append(r.url) if r.method == "POST" else None)
        await console.get_by_text("Ask a question of your own").click()
        await console.get_by_label("The question", exact=True).focus()
        await console.keyboard.type("one copious round, please?")
        await expect(console.get_by_label("The question", exact=True)).to_have_value("one copious round, please?")
        await console.locator("h1").focus()
        for pressed in ("Control+o", "Alt+o", "Shift+O", "Meta+o"):
            await console.keyboard.press(pressed)
        await console.locator("h1").focus()
        await console.keyboard.press("?")
        panel = console.get_by_role("dialog", name="Keyboard shortcuts")
        await expect(panel).to_be_visible()
        await accessible(console)
        await console.keyboard.press("o")
        await panel.get_by_label("Shortcuts are on, in this browser").uncheck()
        await console.keyboard.press("Escape")
        await expect(panel).to_be_hidden()
        await console.keyboard.press("o")
        await console.reload()
        await expect(console.locator("[data-connection]")).to_have_attribute("data-is", "up")
        await console.keyboard.press("o")
        await console.keyboard.press("?")
        await expect(panel).to_be_hidden()
        assert posts == []
        await console.get_by_role("button", name="Keyboard shortcuts").click()
        await panel.get_by_label("Shortcuts are on, in this browser").check()
        await panel.get_by_role("button", name="Close this list").click()
        await console.locator("h1").focus()
        await console.keyboard.press("o")
        await expect(console.locator("[data-part=next] summary")).to_have_text(re.compile("Close voting"))


class TestInStep:
    async def test_what_one_does_the_other_sees_and_can_undo_also_after_a_reload(self, event: Event) -> None:
        one, other = await event.console("olu"), await event.console("ona", PHONE)
        await event.scene()
        await press(one, "^Pause$")
        await expect(other.locator("[data-part=head]")).to_contain_text("Paused")
        undo = other.get_by_role("button", name="Undo: pausing")
        await expect(undo).to_be_visible()
        await other.reload()
        await press(other, "^Undo: pausing")
        for console in (one, other):
            await expect(console.locator("[data-part=head]")).to_contain_text("Live")
            await expect(console.get_by_role("button", name=re.compile("^Undo"))).to_have_count(0)

    async def test_who_comes_too_late_is_told_and_nothing_is_done(self, event: Event) -> None:
        one, other = await event.console("olu"), await event.console("ona")
        await event.act("pause")
        await expect(other.get_by_role("button", name="Undo: pausing")).to_be_visible()
        # What the other one presses has not heard of what the first does.
        form = await other.locator("[data-part=undo] [name=undo]").input_value()
        await press(one, "^Go on$")
        answer = await other.evaluate(
            "([path, undo]) => fetch(path + '/undo', {method: 'POST', headers: {Accept: 'application/json'}, "
            "body: new URLSearchParams({undo})}).then(async (a) => [a.status, (await a.json()).error.words])",
            [event.console_path, form],
        )
        assert answer == [
            409,
            "Something else was done since, or this was undone already. Look at what is on screen now.",
        ]
        await expect(other.locator("[data-part=head]")).to_contain_text("Live")

    async def test_a_session_that_was_ended_by_mistake_is_opened_again(self, event: Event) -> None:
        phone, console = await event.phone(), await event.console()
        await event.scene()
        await console.get_by_text("End this session").click()
        await console.get_by_label(re.compile("^Yes, end it")).check()
        await press(console, "^End the session$")
        await expect(phone.locator("h1")).to_contain_text("This session has ended")
        await press(console, "^Undo: ending the session")
        await expect(phone.locator("h1")).to_contain_text(SCENE)
        await expect(console.locator("[data-part=next]")).to_be_visible()


class TestWhatIsHalfDone:
    async def test_half_typed_words_focus_and_caret_survive_what_others_do(self, event: Event) -> None:
        console = await event.console()
        await event.act("propose", text="A quiet room is kept free")
        await console.locator("[data-part=proposals] summary", has_text="Amend it").click()
        words = console.get_by_label("The proposal as it should be")
        await words.fill("A quiet room is kept free at night")
        await words.evaluate("(area) => area.setSelectionRange(8, 13)")
        await console.evaluate("scrollTo(0, 300)")
        before = await console.evaluate("scrollY")
        await event.act("propose", text="Somebody answers the telephone")
        await expect(console.locator("[data-part=proposals] ol")).to_contain_text("Somebody answers")
        await expect(words.first).to_have_value("A quiet room is kept free at night")
        await expect(words.first).to_be_focused()
        await console.wait_for_function("document.activeElement.selectionStart === 8")
        assert await words.first.evaluate("(area) => [area.selectionStart, area.selectionEnd]") == [8, 13]
        assert await console.evaluate("scrollY") == before
        # What is on every screen changes: the words stay all the same, and the page where it is.
        await event.scene()
        await expect(console.locator("[data-part=now]")).to_contain_text(SCENE)
        await expect(words.first).to_have_value("A quiet room is kept free at night")
        await expect(words.first).to_be_focused()

    async def test_words_whose_form_has_gone_are_kept_beside_the_page(self, event: Event, accessible: Look) -> None:
        console = await event.console(size=PHONE)
        await event.scene(replay=True)
        await event.act("shout")
        await console.get_by_label("What was tried on stage?").fill("Ben kneels down")
        await event.scene()
        kept = console.get_by_role("region", name="What you had typed")
        await expect(kept).to_contain_text("Ben kneels down")
        await accessible(console)
        await kept.get_by_role("button", name="Throw it away").click()
        await expect(kept).to_be_hidden()

    async def test_what_was_sent_does_not_come_back(self, event: Event) -> None:
        console = await event.console()
        await console.locator("[data-part=proposals] > details > summary").click()
        await console.get_by_label("A new proposal").fill("A quiet room is kept free")
        await press(console, "^Add it$")
        await expect(console.locator("[data-part=proposals] ol")).to_contain_text("A quiet room")
        await expect(console.get_by_label("A new proposal")).to_have_value("")
        await expect(console.locator("[data-kept]")).to_be_hidden()
        await console.get_by_text("Amend it", exact=True).click()
        await console.get_by_label("The proposal as it should be").fill("A quiet room is kept free at night")
        await press(console, "^Show both texts$")
        await expect(console.get_by_label("The proposal as it should be")).to_have_count(0)
        await expect(console.locator("[data-kept]")).to_be_hidden()

    async def test_a_phone_takes_over_from_a_laptop_where_it_was(self, event: Event, accessible: Look) -> None:
        laptop = await event.console("olu")
        await event.ask_until("open")
        await laptop.context.close()
        phone = await event.console("olu", PHONE)
        await accessible(phone)
        await press(phone, "^Close voting")
        await press(phone, "^Show the result")
        await expect(phone.locator("[data-part=now]")).to_contain_text("the result is shown")
        await accessible(phone)


class TestThePage:
    @pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
    async def test_the_next_right_move_is_in_reach_wherever_one_has_scrolled(
        self, event: Event, size: Any, accessible: Look
    ) -> None:
        console = await event.console(size=size)
        await event.scene()
        move = console.locator("[data-part=next]").get_by_role("button")
        await expect(move).to_have_text(f"Put the question: {QUESTION}")
        for at in (0, 600, 100000):
            await console.evaluate("(to) => scrollTo(0, to)", at)
            await expect(move).to_be_in_viewport(ratio=1)
        await accessible(console)
        await event.act("pause")
        await expect(move).to_have_text("Go on")
        await accessible(console)

    async def test_nothing_that_has_the_focus_is_under_the_bar(self, event: Event) -> None:
        console = await event.console(size=PHONE)
        await event.scene()
        await expect(console.locator("[data-part=now]")).to_contain_text(SCENE)
        bar = await console.locator("[data-part=next]").bounding_box()
        assert bar is not None
        for _ in range(40):
            await console.keyboard.press("Tab")
            box = await console.evaluate(
                "(() => { const e = document.activeElement; const b = e.getBoundingClientRect();"
                " const beside = !e.closest('[data-part=next]') && e !== document.body;"
                " return beside ? Math.min(b.bottom, b.top + 40) : null })()"
            )
            assert box is None or box <= bar["y"] + 1

    async def test_the_picture_of_the_projector_is_the_projector(self, event: Event) -> None:
        console = await event.console()
        picture = console.frame_locator(".preview iframe")
        await expect(picture.locator("h1")).to_have_text("A day in March")
        await event.scene()
        await expect(picture.locator("h1")).to_have_text(SCENE)
        assert await console.locator(".preview").evaluate("(box) => box.inert")

    async def test_it_says_how_phones_are_connected_and_who_is_not_here(self, event: Event) -> None:
        console = await event.console()
        phone = await event.phone("Carers")
        await expect(console.locator("[data-connected]")).to_have_text("1")
        people = console.locator("[data-part=people]")
        await expect(people).to_contain_text(re.compile(r"Not here: .*Police.* Nobody came from there"))
        await expect(people).to_contain_text("Far fewer than invited: Carers (under 5 of 40).")
        await phone.context.close()
        await expect(console.locator("[data-connected]")).to_have_text("0")

    async def test_each_language_of_the_projector_has_its_own_link(self, event: Event) -> None:
        console = await event.console()
        link = console.get_by_role("link", name="Cymraeg", exact=True).first
        async with console.context.expect_page() as opened:
            await link.click()
        wall = await opened.value
        await expect(wall.locator("html")).to_have_attribute("lang", "cy")
        await console.reload()
        await expect(console.locator("html")).to_have_attribute("lang", "en")

    async def test_where_sockets_are_blocked_it_asks_again_and_again(self, event: Event) -> None:
        page = await event.people.signed_in("olu")
        await page.route_web_socket(re.compile("/console/"), lambda socket: socket.close())
        await page.goto(event.console_path)
        await expect(page.locator("[data-connection]")).to_have_attribute("data-is", "poll")
        await event.scene()
        await expect(page.locator("[data-part=now]")).to_contain_text(SCENE)
        await press_within(page, page.locator("[data-part=now]"), "^Pause$")
        await expect(page.locator("[data-part=head]")).to_contain_text("Paused")

    async def test_without_javascript_every_act_has_its_button(self, event: Event) -> None:
        page = await event.people.somebody(PHONE, scripts=False)
        await page.goto("/sign-in")
        await page.get_by_label("Login").fill("olu")
        await page.get_by_label("Password").fill(PASSWORD)
        await follow(page.get_by_role("main").get_by_role("button", name="Sign in"))
        await event.ask_until()
        await page.goto(event.console_path)
        await follow(page.get_by_role("button", name="Open voting"))
        await page.locator("summary[data-asks]").first.click()
        await follow(page.get_by_role("button", name="Yes, close voting"))
        await expect(page.locator("[data-part=now]")).to_contain_text("voting has closed")
        await follow(page.get_by_role("button", name="Pause", exact=True))
        await follow(page.get_by_role("button", name="Undo: pausing"))
        await expect(page.locator("[data-part=head]")).to_contain_text("Live")
