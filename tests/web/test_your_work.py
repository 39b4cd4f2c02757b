"""The page of one's work: a line for what a role allows, its number, and the total beside its name on every page."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from support.app import House, words
from support.factories import CLOCK

from forum.adapters.backups import ERROR
from forum.ports.accounts import Role
from forum.services import accounts
from forum.services.backup_plan import BackupPlan


async def test_a_moderator_of_one_commission_has_its_stories_counted_and_no_other_work(house: House) -> None:
    here, there = await house.commission(), await house.commission(title="Another")
    await house.story(here)
    for title in ("Two doors", "Three doors"):
        await house.story(there, title)
    person = await house.person("moira")
    await accounts.set_roles(house.store, CLOCK, person.id, [Role.MODERATOR], here.id)
    async with house.browser() as browser:
        browser.cookies.set("forum_session", await house.session_token(person))
        page = await browser.get("/work")
        assert "1 thing waits for you or a colleague." in words(page)
        assert "Stories to read 1" in words(page)
        assert not re.search(r'href="/(decide|organise|people)', page.text)
        assert "Your work 1" in words(await browser.get("/stories"))


@pytest.mark.parametrize(
    ("role", "leads", "does_not"),
    [
        ("organiser", "/organise", "/decide"),
        ("commissioner", "/decide?section=waiting&amp;open=one", "/moderate"),
        ("second reader", "/decide?section=to-read&amp;open=one", "/decide?section=published&amp;open=one"),
        ("administrator", "/people", "/organise"),
    ],
)
async def test_each_role_is_led_to_its_work(house: House, role: str, leads: str, does_not: str) -> None:
    async with house.signed_in(role) as browser:
        page = await browser.get("/work")
        assert f'href="{leads}"' in page.text
        assert f'href="{does_not}"' not in page.text
        assert "Nothing waits for you now." in words(page)


async def test_somebody_without_a_role_has_no_work_and_comes_to_the_front_page(house: House) -> None:
    await house.person("nobody")
    async with house.browser() as browser:
        answer = await browser.post("/sign-in", data={"login": "nobody", "password": "seven quiet green kettles"})
        assert answer.headers["location"] == "/"
        assert "Your work" not in words(await browser.get("/"))


async def test_an_administrator_is_told_of_a_backup_that_failed_or_is_late(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = house.site.settings.data
    plan = BackupPlan(data / "backups", timedelta(hours=6), 2, ZoneInfo("Europe/London"))
    monkeypatch.setattr(
        house.app.state, "site", replace(house.site, settings=replace(house.site.settings, backups=plan))
    )
    now = datetime.fromisoformat(CLOCK.now())
    plan.folder.mkdir()
    plan.file(now - timedelta(hours=8)).touch()
    said = "The server could not back itself up"
    async with house.signed_in("administrator") as admin, house.signed_in("organiser") as other:
        assert said not in (await admin.get("/work")).text
        (data / ERROR).write_text(f"{CLOCK.now()} No space left <on> the disk")
        failed = words(await admin.get("/work"))
        assert said in failed
        assert "No space left <on> the disk" in failed
        assert ". The last try failed" in failed
        assert said not in (await other.get("/work")).text
        (data / ERROR).unlink()
        plan.file(now - timedelta(hours=8)).rename(plan.file(now - timedelta(hours=10)))
        late = words(await admin.get("/work"))
        assert "The newest backup is of" in late
        assert "failed" not in late
