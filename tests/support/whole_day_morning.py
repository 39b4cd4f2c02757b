"""Morning of a whole day (tests/journeys/test_day.py): the first story, badges, papers, two more ways of voting."""

from __future__ import annotations

import re

from playwright.async_api import expect

from support.browser import PHONE, follow
from support.whole_day import Day


async def the_first_story_is_voted_on_with_badges_off_and_then_on(day: Day) -> None:
    """Votes on the first story; its result comes by group only once badges are on again."""
    await day.part("running").locator("[data-next]").click()
    await day.shown("A call from the bridge road")
    await expect(day.phones["wyn"].locator("h1")).to_have_text("A call from the bridge road")
    await day.look_at("beamer", "wyn")
    await day.put_up("Vote: What should the officers do?")
    await day.shown("Voting opens in a moment")
    round_id = await day.open()
    await day.shown("Voting is open")
    await day.look_at("console", "beamer", "wyn")
    votes = await day.cast(
        "single",
        {"cara": "r1", "nell": "r2", "wyn": "r1", "plain": "r3"}
        | {"Carers": "r1", "Nurses": "r2", "People who use services": "none"},
    )
    await the_papers_are_counted_by_two(day)
    await day.counted(votes + 5)
    await day.press("^Take badges off$")
    await day.reveal()
    await day.table(
        {"Take him by the arms": "8", "Ring Grace": "4", "One officer sits": "1", "whom he would like": "3"}
    )
    await day.shown("20 people voted")
    everybody = [*day.walls, day.console, *day.phones.values()]
    await day.phones["plain"].reload()
    for page in everybody:
        await expect(page.locator("#screen table.counts, #screen table.short").first).to_be_visible()
        await expect(page.locator("#screen table.heat, #screen table.shares")).to_have_count(0)
        await expect(page.locator("[data-part=question], [data-part=result]")).not_to_contain_text("Carers")
    await day.look_at("console", "wall", "cara")
    record = "/record/entries.jsonl"
    assert "round revealed" not in await (await day.console.request.get(record)).text()
    assert not (await day.console.request.get(f"/rounds/{round_id}/ballots.jsonl")).ok

    await day.press("^Put badges on")
    await day.press("^Show groups on the big screen$")
    await day.phones["plain"].reload()
    for page in everybody:
        groups = page.locator("#screen table.heat, #screen table.shares").first
        carers = groups.get_by_role("row", name=re.compile("^Carers"))
        await expect(carers.locator("td:not(.picture)").first).to_have_text("7")
    await day.equal()
    await day.look_at("beamer", "wyn")
    assert "round revealed" in await (await day.console.request.get(record)).text()


async def the_papers_are_counted_by_two(day: Day) -> None:
    """Enters the papers of five people without a phone as one facilitator and confirms them as the other."""
    cat = await day.people.signed_in("cat")
    for page in (await day.console.context.new_page(), cat):
        await page.goto(f"/console/{day.session}")
        await follow(page.get_by_role("link", name="Papers for this vote"))
        if page != cat:
            await page.get_by_label("How many people in the room got a paper?").fill("6")
            await page.get_by_role("group", name="Carers").get_by_label("Take him by the arms").fill("2")
            await page.get_by_role("group", name="Nurses").get_by_label("Ask him whom").fill("3")
            await page.get_by_role("button", name="Save this count").click()
            await expect(page.get_by_role("heading", name="Waiting for a second person")).to_be_visible()
            await day.look(page)
            await page.close()
    await expect(day.console.get_by_text("a second person must confirm")).to_be_visible()
    await cat.get_by_role("button", name="I counted the same").click()
    await expect(cat.get_by_role("heading", name="These papers are counted")).to_be_visible()
    await cat.context.close()


async def somebody_steps_out_and_everybody_takes_a_break(day: Day) -> None:
    """Steps out on one phone, asks for a break, and pauses the whole session."""
    cara, wyn = day.phones["cara"], day.phones["wyn"]
    await follow(cara.get_by_role("link", name="Step out").first)
    await expect(cara.get_by_role("link", name="116 123")).to_be_visible()
    await cara.get_by_role("button", name="I need a break").click()
    await expect(day.part("breaks")).to_contain_text("1 person needs a break")
    await day.look_at("console", "cara")
    await day.press("^I have seen it$")
    await expect(day.part("breaks")).to_have_count(0)
    await day.press("^Pause$")
    await expect(wyn.get_by_role("heading", name="Rydym yn cymryd egwyl fer")).to_be_visible()
    await follow(cara.get_by_role("link", name="Go back to the session"))
    await expect(cara.get_by_role("heading", name="We are taking a short break")).to_be_visible()
    await day.shown("A short break.")
    await day.look_at("wall", "wyn")
    await day.press("^Go on$")
    await expect(cara.get_by_role("heading", name="We are taking a short break")).to_have_count(0)
    await expect(day.walls[0].locator("#screen")).not_to_contain_text("A short break.")
    await day.equal()


async def a_question_of_the_facilitators_own(day: Day) -> None:
    """Votes by consent on a question that is in no programme, with somebody who came late."""
    await day.part("ask").locator("summary").first.click()
    ask = day.part("ask")
    await ask.get_by_label("The question").fill("Shall we eat together?")
    await ask.get_by_label("How people vote").select_option("consent")
    await ask.get_by_label("Answer 1").fill("Everybody brings something")
    await day.press("^Put this question$", ask)
    await day.phone("late", "Carers")
    await expect(day.phones["late"].locator("[data-missed]")).to_contain_text("Before you came:")
    await day.open()
    await day.look_at("late")
    await day.give("nell", "consent", "cannot_live_with", reason="I work at noon")
    await day.give("late", "consent", "agree_if", condition="somebody else cooks")
    await day.look_at("nell")
    votes = await day.cast(
        "consent",
        {"cara": "agree", "wyn": "agree", "plain": "stand_aside", "Carers": "agree", "Nurses": "agree"}
        | {"People who use services": "agree"},
    )
    await day.counted(votes + 2)
    await day.reveal()
    await expect(day.phones["late"].locator("[data-missed]")).to_have_count(0)
    await day.table({"Agree": "13", "Stand aside": "1", "Cannot live with it": "1"}, "cy")
    await day.shown("Cannot live with it")
    await day.look_at("console", "beamer", "wyn")


async def a_phone_takes_the_console_over(day: Day) -> None:
    """Runs a vote by score, from the moment it is open with the console on a phone."""
    await day.put_up("Question: How much does each help?")
    await day.open()
    await day.cast("score", {"cara": "r1=5 r2=1", "nell": "r1=4 r2=2", "wyn": "r1=3 r2=3"})
    await day.look_at("cara")
    await day.console.context.close()

    day.console = await day.people.signed_in("cat", PHONE)
    await day.console.goto("/organise")
    await follow(day.console.get_by_role("link", name="Run it"))
    await expect(day.part("now")).to_contain_text("How much does each help?")
    await expect(day.part("now")).to_contain_text("voting is open")
    await day.counted(3)
    votes = await day.cast(
        "score",
        {"plain": "r1=1 r2=5", "late": "r1=5 r2=5", "Carers": "r1=5 r2=1", "Nurses": "r1=2 r2=4"}
        | {"People who use services": "r1=3 r2=3"},
    )
    await day.counted(3 + votes)
    await day.reveal()
    await day.table({"A phone line": "3.5", "A warm room": "2.75"})
    await day.shown("16 people voted")
    await day.press("^Show groups on the big screen$")
    await day.shown("1.67", on="table.shares")
    await day.look_at("console", "beamer", "wyn")
