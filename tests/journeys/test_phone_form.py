"""The phone's form in every way of voting: what is chosen stays, three taps, names for screen readers, no colours."""

from __future__ import annotations

import asyncio
import re

import httpx2
import pytest
from conftest import Tables
from playwright.async_api import Locator, Page, Route, ViewportSize, expect
from support.browser import PHONE, SMALL, House, Look, People, take_offline
from support.factories import COMMISSION_FORM
from support.network_proxy import Wire
from support.session_api import ANSWERS, FORMS, ApiSession, a_ticketed_session, join_session, vote_of_others

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

# A phone of 320 px whose reader has everything twice as large.
TWICE: ViewportSize = {"width": 160, "height": 320}


async def connected(page: Page) -> None:
    await expect(page.locator("[data-connection]")).to_have_attribute("data-is", "up")


async def test_what_was_chosen_before_the_script_had_loaded_is_not_taken_away(
    people: People, event: ApiSession
) -> None:
    phone = await people.somebody(PHONE)
    await join_session(phone, event.code, "Carers")
    await event.ask_by()
    await phone.get_by_label(ANSWERS[1]).check()
    await phone.locator("[data-send]").click()
    status = phone.locator("[data-status]")
    await expect(status).to_contain_text("Counted")
    chosen = asyncio.Event()

    async def late(route: Route) -> None:
        await chosen.wait()
        await route.continue_()

    await phone.route("**/phone.js*", late)
    await phone.reload(wait_until="commit")
    await expect(phone.get_by_label(ANSWERS[1])).to_be_checked()
    await phone.get_by_label(ANSWERS[0]).check()
    await phone.get_by_role("textbox", name="Why?").fill("I have thought again")
    chosen.set()
    await connected(phone)
    await expect(status).to_contain_text("What you changed since is not sent yet.")
    await expect(phone.get_by_label(ANSWERS[0])).to_be_checked()
    await expect(phone.get_by_role("textbox", name="Why?")).to_have_value("I have thought again")


async def test_what_was_chosen_and_not_sent_stays_whatever_is_pushed(people: People, event: ApiSession) -> None:
    phone, other = await people.somebody(PHONE), await people.somebody(PHONE)
    for page in (phone, other):
        await join_session(page, event.code, "Carers")
    round_id = await event.ask_by("ranked")
    await connected(phone)
    for page in (phone, other):
        await page.get_by_role("button", name=f"Higher: {ANSWERS[2]}").click()
        await page.locator("[data-send]").click()
        await expect(page.locator("[data-status]")).to_contain_text("Counted: C.")
    await phone.get_by_role("button", name=f"Higher: {ANSWERS[0]}").click()
    await phone.get_by_role("textbox", name="Why?").fill("Not sent yet")
    await event.act("warn", round=round_id)
    await expect(phone.locator("[data-part=soon]")).to_be_visible()
    await event.act("pause")
    await expect(phone.locator("[data-part=paused]")).to_be_visible()
    await other.reload()
    await event.act("resume")
    await expect(phone.locator("[data-part=paused]")).to_have_count(0)
    bring_back = await take_offline(phone)
    await expect(phone.locator("[data-connection]")).to_have_attribute("data-is", "down", timeout=30_000)
    await bring_back()
    await expect(phone.locator("[data-connection]")).to_have_attribute("data-is", "up", timeout=60_000)
    await expect(phone.locator("[data-status]")).to_contain_text("What you changed since is not sent yet.")
    await expect(phone.locator("#rank-r3")).to_have_value("1")
    await expect(phone.locator("#rank-r1")).to_have_value("2")
    await expect(phone.get_by_role("textbox", name="Why?")).to_have_value("Not sent yet")


async def test_a_screen_made_of_changes_is_the_one_that_is_drawn_afresh(people: People, event: ApiSession) -> None:
    phone = await people.somebody(PHONE)
    await join_session(phone, event.code, "Carers")
    await connected(phone)
    round_id = await event.ask_by("approval")
    for number, step in enumerate(("warn", "pause", "resume", "close", "reveal")):
        await event.act(step, **({} if step in {"pause", "resume"} else {"round": round_id}))
        fresh = await people.somebody(PHONE)
        await join_session(fresh, event.code, "Carers" if number % 2 else "Nurses")
        await connected(fresh)
        version = await fresh.locator("#screen").get_attribute("data-version")
        await expect(phone.locator("#screen")).to_have_attribute("data-version", str(version))
        assert await phone.locator("#screen").inner_text() == await fresh.locator("#screen").inner_text(), step


async def test_a_phone_that_polls_gets_the_live_count(people: People, event: ApiSession, house: House) -> None:
    await event.ask_by("approval", live="1")
    async with Wire(house.server.port, sockets=False) as wire:
        phone = await people.somebody(PHONE)
        await phone.goto(f"{wire.base}/s/{event.code}")
        await phone.get_by_role("radio", name="Carers").check()
        await phone.get_by_role("main").get_by_role("button").first.click()
        await expect(phone.locator("[data-connection]")).to_have_attribute("data-is", "poll", timeout=60_000)
        await expect(phone.locator("[data-so-far]")).to_be_hidden()
        for _ in range(50):  # ten thresholds: anybody could join
            async with httpx2.AsyncClient(
                base_url=house.server.base, headers={"Origin": house.server.base}, verify=False
            ) as voter:
                page = (await voter.get(f"/s/{event.code}")).text
                group = re.search(r'name="group" value="([^"]+)"', page)
                assert group is not None
                await voter.post(f"/s/{event.code}/join", data={"group": group[1]})
                page = (await voter.get(f"/s/{event.code}")).text
                round_id = re.search(r'data-round="([0-9a-f]{32})"', page)
                assert round_id is not None
                await voter.post(f"/s/{event.code}/vote", data={"round": round_id[1], "choice": "r1"})
        await expect(phone.locator("[data-mark=r1]")).to_have_text(re.compile(r"^([6-9][05]|100) %$"), timeout=30_000)


GROUPS = ["Nurses", "Carers", "Police", "People who use services", "Ambulance crews"]


async def test_joining_with_five_groups_fits_the_smallest_screen(people: People, event: ApiSession) -> None:
    """All five and the way in are in sight at once; on a narrower phone the way in is, and covers no group."""
    made = await event.organiser.post("/organise/commissions", data=COMMISSION_FORM | {"group": GROUPS})
    form = {"commission": made.json()["id"], "title": "A day in March"}
    path = f"/s/{(await event.organiser.post('/organise/sessions', data=form)).json()['code']}"
    phone = await people.somebody({"width": 360, "height": 640})
    await phone.goto(path)
    last, join = phone.get_by_role("radio", name=GROUPS[-1]), phone.get_by_role("button", name="Join", exact=True)
    assert await bottom(last) <= await top(phone.locator(".dock"))
    assert await bottom(join) <= 640
    await phone.set_viewport_size(SMALL)
    await last.focus()
    assert await bottom(last) <= await top(phone.locator(".dock"))
    assert await bottom(join) <= 640


FIVE = ["A nurse and a paramedic", "The police", "Somebody on the phone", "A neighbour"]
LONG = [f"Answer {number}, as people write them who mean well and want nothing to be left out" for number in range(6)]
DEJAVU = """for (const [name, font] of [["--sans", "DejaVu Sans"], ["--serif", "DejaVu Serif"]])
    document.documentElement.style.setProperty(name, font)"""


async def test_the_bar_stays_in_sight_and_says_what_the_vote_is(people: People, event: ApiSession) -> None:
    """From nothing chosen to the reason, which is asked once the vote is counted and is lost by nothing."""
    phone = await people.somebody({"width": 360, "height": 640})
    await join_session(phone, event.code, "Carers")
    round_id = await event.ask("Who should come when Ben calls at night?", FIVE)
    await connected(phone)
    bar, why = phone.locator("[data-send]"), phone.get_by_role("textbox", name="Why?")
    await expect(bar).to_have_text("Choose an answer")
    for _ in range(2):  # with the widest ordinary font too
        assert await bottom(phone.get_by_label("None of these")) <= await top(phone.locator(".dock"))
        assert await bottom(bar) <= 641  # pixels are not whole
        await phone.evaluate(DEJAVU)
    await expect(why).to_be_hidden()
    await phone.get_by_label("The police").check()
    await expect(bar).to_have_text(re.compile("^Send: B"))
    await bar.click()
    await expect(bar).to_have_text(re.compile("^Counted: B"))
    await phone.get_by_label("A neighbour").check()
    await expect(bar).to_have_text(re.compile("^Changed, not sent: D"))
    await bar.click()
    await expect(bar).to_have_text(re.compile("^Counted: D"))
    # A reason is typed while the screen goes on: it stays, and is given with the same vote.
    await why.fill("She has")
    await expect(bar).to_have_text("Send my reason")
    await event.act("warn", round=round_id)
    await expect(phone.locator("[data-part=soon]")).to_be_visible()
    await expect(why).to_have_value("She has")
    await phone.reload()
    await expect(why).to_have_value("She has")
    await why.fill("She has a key")
    await bar.click()
    await expect(bar).to_have_text(re.compile("^Counted: D.*With what you wrote"))
    await why.fill("She has a key, and time")
    await event.act("close", round=round_id)
    kept = phone.get_by_role("region", name="What you had typed")
    await expect(kept).to_contain_text("She has a key, and time")
    await vote_of_others(str(event.organiser.base_url), event.code, await event.ask())
    await expect(kept).to_contain_text("She has a key, and time")
    await expect(bar).to_have_text("Choose an answer")


async def test_seven_long_answers_leave_the_bar_in_sight_and_nothing_under_it(
    people: People, event: ApiSession
) -> None:
    phone = await people.somebody(SMALL)
    await join_session(phone, event.code, "Carers")
    await event.ask("Who should come, when, and for how long?", LONG)
    await connected(phone)
    bar, last = phone.locator(".dock"), phone.get_by_label("None of these")
    for size in ("100%", "200%"):
        await phone.evaluate("size => document.documentElement.style.fontSize = size", size)
        await phone.evaluate("scrollTo(0, 0)")
        for _ in range(20):  # until it is fitted
            if (low := await bottom(bar)) <= 641:  # pixels are not whole
                break
            await phone.wait_for_timeout(100)
        assert low <= 641
        for place in (phone.get_by_label(LONG[-1]), last):
            await place.focus()
            assert await bottom(place) <= await top(bar), size
    await last.check(force=True)
    await phone.locator("[data-send]").click()
    why = phone.get_by_role("textbox", name="Why?")
    await why.focus()
    assert await bottom(why) <= await top(bar)


async def top(place: Locator) -> float:
    """Measures where something begins on the screen."""
    box = await place.bounding_box()
    assert box is not None
    return box["y"]


async def bottom(place: Locator) -> float:
    """Measures where something ends on the screen."""
    box = await place.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


async def taps_to_a_counted_vote(people: People, path: str, *names: str | re.Pattern[str]) -> int:
    """Opens this path on a phone and taps the radios and buttons of these names until the vote is counted; returns the
    number of taps."""
    phone = await people.somebody(SMALL, has_touch=True)
    await phone.goto(path)
    for name in names:
        found = phone.get_by_role("main").get_by_role("radio", name=name).or_(phone.get_by_role("button", name=name))
        await found.first.tap()
    await expect(phone.locator("[data-status]")).to_contain_text("Counted")
    return len(names)


async def test_a_vote_takes_three_taps_from_the_opened_code(people: People, event: ApiSession, tables: Tables) -> None:
    """Counted is every tap on the page that the code opens, and on the next, until the vote is counted."""
    await event.ask_by()
    without_group = ("Join without saying my group", ANSWERS[0], re.compile("^Send"))
    unsaid = await taps_to_a_counted_vote(people, event.path, *without_group)
    assert unsaid == 3

    ticketed = await a_ticketed_session(event.organiser)
    [ticket] = await ticketed.issue(1)
    await ticketed.ask_by()
    path = f"{ticketed.path}/ticket/{ticket}"
    with_ticket = await taps_to_a_counted_vote(people, path, "Join", ANSWERS[0], re.compile("^Send"))
    assert with_ticket == 3
    lines = [f"{unsaid} by the code, without a group", f"{with_ticket} by a ticket's code, which says the group"]
    tables.add("taps from the opened code to the counted vote", [*lines, "4 by the code, with a group chosen"])


NAMES: dict[str, list[str]] = {
    "single": [f'- radio "{letter} {answer}"' for letter, answer in zip("ABC", ANSWERS, strict=True)],
    "approval": [f'- checkbox "{letter} {answer}"' for letter, answer in zip("ABC", ANSWERS, strict=True)],
    "ranked": [
        *(f'- combobox "{letter} {answer}"' for letter, answer in zip("ABC", ANSWERS, strict=True)),
        *(f"- 'button \"{way}: {answer}\"'" for way in ("Higher", "Lower") for answer in ANSWERS),
    ],
    "score": [
        *(f'- group "{letter} {answer}"' for letter, answer in zip("AB", ANSWERS[:2], strict=True)),
        '- radio "1 not at all"',
        '- radio "3"',
        '- radio "5 very much"',
    ],
    "consent": [f'- radio "{stance}' for stance in ("Agree I am", "Agree, if", "Stand aside", "Cannot live with it")],
    "opinion": [f'- radio "{stance}' for stance in ("Agree", "Disagree", "Pass")],
}


@pytest.mark.parametrize("method", FORMS)
async def test_each_form_is_named_for_screen_readers_and_usable_small_large_and_without_colours(
    people: People, event: ApiSession, accessible: Look, method: str
) -> None:
    await event.ask_by(method)
    phone = await people.somebody(SMALL, forced_colors="active")
    await join_session(phone, event.code, "Carers")
    await connected(phone)
    tree = await phone.locator("[data-ballot]").aria_snapshot()
    for name in [*NAMES[method], f'- heading "Who should come? ({method})" [level=1]']:
        assert name in tree, tree
    # It is asked once the vote is counted.
    assert '- textbox "Why?' not in tree
    await accessible(phone)
    box = phone.locator("[data-ballot] input:is([type=radio], [type=checkbox])")
    if await box.count():
        first, second = box.nth(0), box.nth(1)
        await first.check(force=True)
        shown = [await one.evaluate(SEEN) for one in (first, second)]
        assert shown[0] != shown[1], f"chosen or not looks the same in forced colours: {shown}"
    await phone.set_viewport_size(TWICE)
    assert await phone.evaluate(TOO_WIDE) == [], "at 200 % of 320 px"
    send = phone.locator("[data-send]")
    await send.scroll_into_view_if_needed()
    await expect(send).to_be_in_viewport()


TOO_WIDE = """() => [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
    .filter((one) => document.documentElement.scrollWidth > document.documentElement.clientWidth)
    .map((one) => one.outerHTML.slice(0, 90))"""
# What tells a chosen answer from another where the browser takes the colours away.
SEEN = """(box) => [box, box.nextElementSibling].map((one) => {
    const parts = [getComputedStyle(one), getComputedStyle(one, "::before"), getComputedStyle(one, "::after")];
    return parts.map((s) => [s.outlineStyle, s.outlineWidth, s.borderWidth, s.backgroundColor, s.content, s.opacity,
        s.display].join(" ")).join(" | ");
}).join(" / ") + (getComputedStyle(box).appearance === "auto" ? " " + box.checked : "")"""


@pytest.mark.parametrize("language", ["en", "cy"])
async def test_the_page_and_all_it_loads_is_small_in_every_way_of_voting(
    people: People, event: ApiSession, house: House, tables: Tables, language: str
) -> None:
    """At most 40 kB over the wire to the phone, headers and the first frames of the socket included."""
    known = await people.somebody(PHONE)
    await known.goto(f"/s/{event.code}?lang={language}")
    await known.locator("input[name=group]").first.check()
    await known.get_by_role("main").get_by_role("button").first.click()
    await expect(known.locator("#screen")).to_be_visible()
    cookies = await known.context.storage_state()
    for cookie in cookies["cookies"]:  # each wire has a port of its own: as from before names held the port
        cookie["name"] = cookie["name"].removesuffix(f"_{house.server.port}")
    lines = []
    for method in FORMS:
        round_id = await event.ask_by(method)
        async with Wire(house.server.port) as wire:
            phone = await people.somebody(PHONE, storage_state=cookies)
            await phone.goto(f"{wire.base}/s/{event.code}")
            await expect(phone.locator(f"[data-ballot={method}]")).to_be_visible()
            await connected(phone)
            assert await phone.locator("html").get_attribute("lang") == language
            lines.append(f"{wire.passed.down:>7,} {method}")
            assert wire.passed.down <= 40_000
            asked = await phone.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
            assert all(one.startswith(wire.base) for one in asked), asked
        await event.act("close", round=round_id)
    tables.add(f"the phone's page and all it loads ({language}), bytes over the wire with headers", lines)
