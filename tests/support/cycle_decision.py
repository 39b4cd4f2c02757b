"""Pages of a cycle up to its decision: a commission, a vote, a decision, and what a group holds against it."""

from __future__ import annotations

from playwright.async_api import Page, expect

from support.browser import PHONE, follow
from support.cycle_house import CycleHouse, fill, open_work, press

FIRST = "Who should come at night?"
BETTER = "Who should come when somebody is in crisis at night?"
# Whose they are, what is promised, and by which day: of the second nothing is ever said.
PROMISES = (
    ("Head of night services", "Two nurses every night", "2026-05-01"),
    ("Police liaison", "A number to ring", "2026-03-25"),
    ("Head of training", "A day of training", "2026-06-01"),
)


async def a_commission_is_drafted_published_and_changed(cycle: CycleHouse, page: Page) -> str:
    """Leaves the commission with another question than it was published with; returns its id."""
    await page.goto("/organise/commissions/new")
    await fill(page, title="Night-time crisis care", question="Who should come?", stage="plan", level="co-design")
    await fill(page, decides="The joint board", can_change="Who comes", cannot_change="The budget")
    await page.locator("form details > summary").click()
    await fill(page, answer_by_days="14", second_reader="1")
    await press(page, "Add another group")
    for number, group in enumerate(("Carers", "Nurses", "People who use services"), 1):
        await page.locator(f"#group_{number}").fill(group)
        await page.locator(f"#invited_{number}").fill("20")
    await press(page, "Keep it as a draft")
    await fill(page, question=FIRST)
    await cycle.seen(page)
    await cycle.seen(page, page.url + "?lang=cy")
    await page.goto(page.url.partition("?")[0] + "?lang=en")
    await fill(page, question=FIRST)
    await press(page, "Publish this commission")
    await cycle.seen(page)
    commission = page.url.partition("?")[0].rpartition("/")[2]
    await page.goto(f"/organise/commissions/{commission}/edit")
    await fill(page, question=BETTER)
    await press(page, "Change this commission")
    await expect(page.locator(".errors")).to_contain_text("why")
    await fill(page, because="The police asked: at night, or in a crisis?")
    await cycle.seen(page)
    await press(page, "Change this commission")
    await page.goto(f"/commissions/{commission}")
    await expect(page.get_by_role("main")).to_contain_text("The police asked: at night, or in a crisis?")
    await expect(page.get_by_role("main")).to_contain_text(FIRST)
    await cycle.seen(page)
    return commission


async def a_phone_votes(phone: Page, path: str) -> None:
    """Joins as a carer, and votes with a condition."""
    await phone.goto(path)
    await phone.get_by_role("radio", name="Carers", exact=True).check()
    await follow(phone.get_by_role("main").get_by_role("button").first)
    await phone.locator("[name=choice][value=r1]").check()
    await phone.locator("[data-send]").click()
    await phone.get_by_text("Set a condition").click()
    await fill(phone, condition="they come in plain clothes")
    await phone.locator("[data-send]").click()
    await expect(phone.locator("[data-send]")).to_contain_text("With what you wrote")


async def the_answer_is_late(cycle: CycleHouse, commission: str) -> None:
    """Lets the days pass in which an answer was due: nobody does anything, and the public pages say it."""
    cycle.clock.move(days=16)
    anybody = await cycle.page()
    for path, words in ((f"/commissions/{commission}", "Late by 2 days"), ("/answers-due", "What waits: Night-time")):
        await cycle.seen(anybody, path)
        await expect(anybody.get_by_role("main")).to_contain_text(words)


async def the_decision_is_drafted(cycle: CycleHouse, page: Page) -> str:
    """Fills in the form of a decision that goes against two groups, with three promises; returns the draft's path."""
    await cycle.seen(page, "/decide")
    await open_work(page, "Votes waiting for an answer")
    await fill(page, outcome="adopted", response="r2", rationale="The crisis team is near.", why="It can begin now.")
    await press(page, "Check before publishing")
    await cycle.seen(page)
    for answer in await page.locator("textarea[name^=answer_]").all():
        await answer.fill("We weighed this with those who were there.")
    takes = page.locator("[name^=answer_taken_]")
    for number, taken in enumerate((True, False)):
        await takes.nth(2 * number + (not taken)).check()
    for number, (role, what, by) in enumerate(PROMISES, 1):
        await fill(page, **{f"role_{number}": role, f"what_{number}": what, f"by_{number}": by})
    await page.get_by_text("More about this decision").click()
    await fill(page, cost="12,000 a year")
    await press(page, "Check before publishing")
    await cycle.seen(page)
    await press(page, "Give it to a second reader")
    return page.url.removeprefix(cycle.base)


async def it_is_sent_back_and_published_by_keyboard(cycle: CycleHouse, writer: Page, reader: Page, draft: str) -> str:
    """Sends the draft back, changes it, and publishes it with no mouse; returns the decision's path."""
    await open_work(reader, "Decisions to read before they are published")
    await cycle.seen(reader)
    await press(reader, "Send it back")
    await expect(reader.locator(".errors")).to_be_visible()
    await fill(reader, because="Say from when on.")
    await press(reader, "Send it back")
    await open_work(writer, "Decisions being written")
    assert writer.url.endswith(draft)
    await expect(writer.get_by_role("main")).to_contain_text("Say from when on.")
    await cycle.seen(writer)
    await follow(writer.get_by_role("link", name="Change it"))
    await fill(writer, rationale="The crisis team is near. It begins in April.")
    await press(writer, "Check before publishing")
    await press(writer, "Give it to a second reader")
    await open_work(reader, "Decisions to read before they are published")
    await by_keyboard(reader, "I have read it: publish")
    assert "/decisions/" in reader.url
    await cycle.seen(reader)
    return reader.url.removeprefix(cycle.base)


async def by_keyboard(page: Page, button: str) -> None:
    """Goes from the top of a page to a button by the Tab key alone, and presses it by the Enter key."""
    place = page.get_by_role("button", name=button, exact=True)
    await page.locator("body").press("Home")
    for _ in range(150):
        await page.keyboard.press("Tab")
        if await place.evaluate("one => one === document.activeElement"):
            break
    await expect(place).to_be_focused()
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def a_group_objects_in_welsh(cycle: CycleHouse, staff: Page, moderator: Page, decision: str) -> None:
    """Gives carers a link, with which they send a statement; a moderator returns it once and then publishes it."""
    await open_work(staff, "Published decisions")
    assert staff.url.endswith(decision)
    await follow(staff.get_by_role("link", name="Links for groups that disagree"))
    await cycle.seen(staff)
    carers = staff.locator(".card").filter(has=staff.get_by_role("heading", name="Carers", exact=True))
    await follow(carers.get_by_role("button", name="Make a link"))
    await cycle.seen(staff)
    link = await staff.locator(".card a").first.get_attribute("href")
    assert link
    group = await cycle.page(PHONE)
    await group.goto(f"{link}?lang=cy")
    await expect(group.locator("html")).to_have_attribute("lang", "cy")
    await cycle.seen(group)
    await fill(group, words="Mae hyn yn ein gadael ni allan.")
    await follow(group.get_by_role("main").get_by_role("button").first)
    await cycle.seen(group)
    await moderator.goto("/moderate")
    await follow(moderator.get_by_role("main").locator("a[href*='/statements/']").first)
    await cycle.seen(moderator)
    await press(moderator, "Publish it beside the decision")
    await group.goto(decision)
    await expect(group.get_by_role("main")).to_contain_text("Mae hyn yn ein gadael ni allan.")
    await cycle.seen(group)


async def it_is_corrected(cycle: CycleHouse, staff: Page, decision: str) -> None:
    """Corrects the decision beside its words."""
    await staff.goto(decision)
    await follow(staff.get_by_role("link", name="Correct it, or put another in its place"))
    await cycle.seen(staff)
    await fill(staff, words="It begins in May.", because="The rota is ready later.")
    await press(staff, "Publish this correction")
    await expect(staff.get_by_role("main")).to_contain_text("It begins in May.")
    await cycle.seen(staff)
