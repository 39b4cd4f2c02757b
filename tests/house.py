"""A whole house in this process: the real application on a fresh SQLite database, asked as browsers ask."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
from making import CLOCK, a_commission, new_id
from starlette.applications import Starlette

from forum.app import build
from forum.commission import Commission
from forum.ports import Person, Store, Submission
from forum.settings import Settings
from forum.submissions import Telling, submit
from forum.web import passwords
from forum.web.site import Site

ADDRESS = "http://house.test"
PASSWORD = "seven quiet green kettles"
# argon2 is slow on purpose: one hash does for every account of a test run.
_hash: list[str] = []


@dataclass(frozen=True)
class House:
    """The application, and what is behind it."""

    app: Starlette

    @property
    def site(self) -> Site:
        site: Site = self.app.state.site
        return site

    @property
    def store(self) -> Store:
        return self.site.store

    def browser(self, address: str = "192.0.2.1") -> httpx2.AsyncClient:
        """A browser of its own: its cookies, its network address, an Origin with whatever it sends."""
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app, client=(address, 40000)),
            base_url=ADDRESS,
            headers={"Origin": ADDRESS, "Accept": "text/html"},
        )

    @asynccontextmanager
    async def signed_in(self, *roles: str) -> AsyncIterator[httpx2.AsyncClient]:
        """A browser of somebody with these roles, who has signed in."""
        login = f"somebody-{new_id()[:8]}"
        await self.person(login, *roles)
        async with self.browser() as browser:
            answer = await browser.post("/sign-in", data={"login": login, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            yield browser

    async def person(self, login: str, *roles: str) -> Person:
        """An account whose password is PASSWORD."""
        if not _hash:
            _hash.append(await passwords.hashed(PASSWORD))
        person = Person(new_id(), login, login.title(), roles, _hash[0], CLOCK.now())
        async with self.store.begin() as work:
            await work.people.add(person)
        return person

    async def commission(self, **changes: Any) -> Commission:
        """A commission in the database."""
        commission = a_commission(**changes)
        async with self.store.begin() as work:
            await work.commissions.add(commission)
        return commission

    async def story(self, commission: Commission, title: str = "The third knock") -> tuple[Submission, str]:
        """A story that was sent in, with the key of its private link."""
        return await submit(self.store, CLOCK, commission.id, telling(title))


def telling(title: str = "The third knock") -> Telling:
    """A short story as somebody tells it."""
    return Telling(
        title=title,
        happened="It is past two. A neighbour knocks for the third time.",
        scenes=("The crew stands in the hall and nobody knows who is in charge.",),
        question="What could the crew do now?",
        responses=("Sit down and ask", "Call the crisis team", "Take him to hospital"),
        group="g2",
        content_notes=("restraint or force",),
        may_perform=True,
        may_publish=True,
    )


def story_form(**changes: str | list[str]) -> dict[str, str | list[str]]:
    """The fields of the plain form, filled in as a browser sends them."""
    told = telling()
    fields: dict[str, str | list[str]] = {
        "title": told.title,
        "happened": told.happened,
        "scene": [*told.scenes, "", ""],
        "question": told.question,
        "response": [*told.responses, "", ""],
        "group": "g2",
        "note": ["restraint or force"],
        "own_note": "",
        "may_perform": "yes",
        "may_publish": "yes",
        "may_quote": "no",
    }
    return fields | changes


@asynccontextmanager
async def a_house(folder: Path, tables: Path | None = None, **settings: object) -> AsyncIterator[House]:
    """Opens the house on a new database in `folder`, and closes it.

    `tables` is an empty database that has its tables already (the fixture sqlite_template): copying it is quicker.
    """
    if tables:
        shutil.copyfile(tables, folder / "forum.db")
    app = build(Settings.load({}, data=folder, **settings))
    async with app.router.lifespan_context(app):
        yield House(app)


def words(answer: httpx2.Response) -> str:
    """What a page says: its text without tags, entities read, spaces single."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def field(answer: httpx2.Response, name: str) -> str:
    """The value of the first input of this name."""
    found = re.search(rf'<input[^>]*name="{re.escape(name)}"[^>]*value="([^"]*)"', answer.text)
    assert found, f"there is no field {name}"
    return unescape(found[1])
