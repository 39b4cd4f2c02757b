"""One commissioning cycle in Chromium: from the draft of a commission to the stage after its decision, and what those
who voted, told a story or followed it see of it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from support.apart_rows import tied
from support.browser import PHONE, Look, follow
from support.cycle_acts import a_question_is_asked, a_session_is_opened, a_story_is_told, the_room_votes
from support.cycle_decision import (
    PROMISES,
    a_commission_is_drafted_published_and_changed,
    a_group_objects_in_welsh,
    a_phone_votes,
    it_is_corrected,
    it_is_sent_back_and_published_by_keyboard,
    the_answer_is_late,
    the_decision_is_drafted,
)
from support.cycle_house import CycleHouse, a_cycle_house, fill, open_work, press, presses

from forum.record import audit
from forum.record.verify.archive import unpack
from forum.record.verify.verdict import PASS
from forum.services import record_check
from forum.services.noticed import count_ended

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

OWNER, FOLLOWERS = "owner@reader.test", [f"follower{number}@reader.test" for number in range(8)]

# Of those who decide, beside typing, each time from the page that signing in leads to: a decision that is refused once
# for what is missing, sent back once (which is refused once), published, objected to and corrected, and two promises.
# It was 39 before there was one place for everybody's work.
MOST_CLICKS = 32


@pytest.fixture
async def cycle(tmp_path: Path, sqlite_template: Path, browser: Browser, accessible: Look) -> AsyncIterator[CycleHouse]:
    async with a_cycle_house(tmp_path, sqlite_template, browser, accessible) as cycle:
        yield cycle


async def its_owner_says_it_is_done(cycle: CycleHouse, staff: Page, promise: str) -> None:
    """Has a link mailed to the owner of a promise, who says by it what was done: without scripts."""
    await follow(staff.get_by_role("main").get_by_role("link", name=PROMISES[0][1]))
    assert staff.url.endswith(promise)
    await follow(staff.get_by_role("link", name="A link for whoever has to do it"))
    await fill(staff, address=OWNER)
    await cycle.seen(staff)
    await press(staff, "Mail a link")
    [letter] = await cycle.letters(OWNER)
    [link] = re.findall(r"http://\S+/my-promise/\S+", letter)
    owner = await cycle.page(PHONE, scripts=False)
    await owner.goto(link)
    await fill(owner, state="done")
    await press(owner, "Publish this")
    await expect(owner.locator(".errors")).to_be_visible()
    await fill(owner, said="Both nurses are here.")
    await press(owner, "Publish this")
    await expect(owner.get_by_role("status").filter(has_text="Thank you.").last).to_be_visible()
    await cycle.seen(await cycle.page(), link)


async def one_is_handed_on(cycle: CycleHouse, staff: Page, promise: str) -> None:
    """Hands a promise on to another role, as a commissioner."""
    await open_work(staff, "Published decisions")
    await follow(staff.get_by_role("main").get_by_role("link", name=PROMISES[2][1]))
    assert staff.url.endswith(promise)
    await follow(staff.get_by_role("link", name="Say what became of it"))
    await fill(staff, state="handed on", because="The post is gone.", handed_to="Head of nursing")
    await cycle.seen(staff)
    await press(staff, "Publish this")
    await expect(staff.get_by_role("main")).to_contain_text("Head of nursing")
    await cycle.seen(staff)


async def it_is_followed(cycle: CycleHouse, promise: str) -> Page:
    """Lets FOLLOWERS follow a promise by e-mail, the first by the page; returns that page, without scripts."""
    first = await cycle.page(PHONE, scripts=False)
    await first.goto(f"/promises/{promise}")
    await follow(first.get_by_role("link", name="Follow this promise"))
    await fill(first, address=FOLLOWERS[0])
    await press(first, "Leave this address")
    await cycle.seen(await cycle.page(), f"/follow/promise/{promise}")
    for number, address in enumerate(FOLLOWERS[1:], 2):
        async with cycle.house.browser(f"192.0.2.{number}") as anybody:
            left = await anybody.post(f"/follow/promise/{promise}", data={"address": address}, headers=cycle.headers)
            assert left.status_code == 303, left.text
    for address in FOLLOWERS:
        [letter] = await cycle.letters(address)
        [confirm] = re.findall(r"http://\S+/mail/confirm/\S+", letter)
        if address == FOLLOWERS[0]:
            await first.goto(confirm)
            await press(first, "Yes, write to me")
        else:
            async with cycle.house.browser() as anybody:
                said = await anybody.post(confirm.removeprefix(cycle.base), headers=cycle.headers)
                assert said.status_code == 200, said.text
    return first


async def they_say_whether_they_noticed(cycle: CycleHouse, first: Page, mine: str) -> None:
    """Answers by the links that were mailed, one of them on a page without scripts, and on the storyteller's page."""
    cycle.clock.move(hours=2)
    for address in FOLLOWERS:
        letter = (await cycle.letters(address))[-1]
        [link] = re.findall(r"http://\S+/noticed/\S+", letter)
        if address == FOLLOWERS[0]:
            await first.goto(link)
            await press(first, "Send my answer")
            await expect(first.locator(".errors")).to_be_visible()
            await fill(first, said="yes")
            await press(first, "Send my answer")
            await cycle.seen(await cycle.page(), link)
        else:
            async with cycle.house.browser() as anybody:
                path = link.removeprefix(cycle.base)
                said = await anybody.post(path, data={"said": "yes"}, headers=cycle.headers)
                assert said.status_code == 303, said.text
    teller = await cycle.page(PHONE)
    await cycle.seen(teller, mine)
    await follow(teller.locator("a[href*='/noticed/']"))
    await fill(teller, said="partly")
    await press(teller, "Send my answer")


async def promises_of(cycle: CycleHouse, decision: str) -> list[str]:
    """Returns the ids of the promises of a decision, in the order of PROMISES."""
    async with cycle.store.read() as work:
        made = await work.decisions.get_decision(decision.rpartition("/")[2])
    ids = {one.role: one.id for one in made.commitments}
    return [ids[role] for role, _, _ in PROMISES]


async def the_stage_is_moved(cycle: CycleHouse, page: Page, commission: str) -> None:
    """Moves the work on and back again, with what was learnt."""
    for to, learnt in (("secure", "Nights are the hard part."), ("plan", "The tender was too narrow.")):
        await page.goto(f"/organise/commissions/{commission}/stages")
        await fill(page, to=to, learnt=learnt)
        await cycle.seen(page)
        await press(page, "Move this commission")
    await cycle.seen(page, f"/commissions/{commission}/stages/secure")


async def a_month_later(cycle: CycleHouse, phone: Page, day: str, mine: str, promises: Sequence[str]) -> None:
    """Shows all of it on the phone that voted and behind the storyteller's link, when all is counted."""
    cycle.clock.move(days=30)
    await count_ended(cycle.store, cycle.clock)
    done, late, _ = promises
    await cycle.seen(phone, day)
    main = phone.get_by_role("main")
    await expect(main.locator("[data-mine]:not([hidden])")).to_contain_text("Sit down and ask")
    told = (
        "The crisis team is near.",
        "Mae hyn yn ein gadael ni allan.",
        "It begins in May.",
        "Why: The rota is ready later.",
        "Both nurses are here.",
        "noticed it: 10",
        "Late by",
        "Head of nursing",
        "Nights are the hard part.",
    )
    for page in (day, mine):
        await phone.goto(page)
        for words in told:
            await expect(main).to_contain_text(words)
    for promise in (done, late):
        await cycle.seen(phone, f"/promises/{promise}")
    await cycle.seen(phone, "/promises")
    await expect(main).to_contain_text("Late by")


async def help_is_offered(cycle: CycleHouse, phone: Page, moderator: Page, path: str) -> None:
    """Offers help on the phone that voted; a moderator publishes it."""
    await phone.goto(f"{path}/pledge")
    await cycle.seen(phone)
    await fill(phone, words="A room in the evening", name="Sam")
    await press(phone, "Offer this")
    await cycle.seen(moderator, "/moderate/pledges")
    await follow(moderator.locator("button[value=publish]"))


async def nothing_ties_anybody_to_a_vote(cycle: CycleHouse) -> None:
    """Reads the schema and every row, and looks for addresses in all other files."""
    file, copy = cycle.folder / "forum.db", cycle.folder / "tied.db"
    assert tied(file) == []
    with closing(sqlite3.connect(file)) as there, closing(sqlite3.connect(copy)) as other:
        there.backup(other)
        other.execute("UPDATE help_pledge SET key = (SELECT device FROM participant LIMIT 1)")
        other.commit()
    assert tied(copy) == ["help_pledge.key has a value of a table of votes"]
    copy.unlink()
    for path in cycle.folder.rglob("*"):
        if path.is_file() and not path.name.startswith("forum.db"):
            assert b"@reader.test" not in path.read_bytes(), path


async def the_export_and_the_database_hold(cycle: CycleHouse, staff: Page, commission: str) -> None:
    """Verifies the export of the commission, and holds the database against the record."""
    answer = await staff.context.request.get(f"/export?commission={commission}")
    data = await answer.body()
    assert {check.name: check.verdict for check in audit.verify(data) if check.verdict != PASS} == {}
    assert not any(b"@reader.test" in body for body in unpack(data)[0].values())
    async for progress in record_check.check(cycle.house.site.checkpoints):
        findings = progress.findings
    assert findings == []


async def test_a_whole_cycle(cycle: CycleHouse) -> None:
    ola, cat, kim, mo = [
        await cycle.house.person(name, role)
        for name, role in (("ola", "organiser"), ("cat", "commissioner"), ("kim", "commissioner"), ("mo", "moderator"))
    ]
    organiser = await cycle.as_(ola)
    commission = await a_commission_is_drafted_published_and_changed(cycle, organiser)
    story, mine = await a_story_is_told(cycle, commission)
    live, people = await a_session_is_opened(cycle, commission, story)
    asked = await a_question_is_asked(cycle, live)
    phone = await cycle.page(PHONE)
    await a_phone_votes(phone, f"/s/{live.code}")
    await the_room_votes(cycle, live, people, asked)
    moderator = await cycle.as_(mo)
    await help_is_offered(cycle, phone, moderator, f"/s/{live.code}")
    await the_answer_is_late(cycle, commission)
    writer = await cycle.as_(cat)
    draft = await the_decision_is_drafted(cycle, writer)
    reader, moderator = await cycle.as_(kim), await cycle.as_(mo, moderator)
    decision = await it_is_sent_back_and_published_by_keyboard(cycle, writer, reader, draft)
    await a_group_objects_in_welsh(cycle, writer, moderator, decision)
    await it_is_corrected(cycle, writer, decision)
    promises = await promises_of(cycle, decision)
    first = await it_is_followed(cycle, promises[0])
    cycle.clock.move(days=8)
    await cycle.as_(cat, writer)
    await open_work(writer, "Published decisions")
    await its_owner_says_it_is_done(cycle, writer, promises[0])
    await one_is_handed_on(cycle, writer, promises[2])
    clicks = await presses(writer) + await presses(reader)
    assert clicks <= MOST_CLICKS, clicks
    await they_say_whether_they_noticed(cycle, first, mine)
    await the_stage_is_moved(cycle, await cycle.as_(ola, organiser), commission)
    await a_month_later(cycle, phone, f"/s/{live.code}/day", mine, promises)
    await nothing_ties_anybody_to_a_vote(cycle)
    await the_export_and_the_database_hold(cycle, await cycle.as_(cat, writer), commission)
