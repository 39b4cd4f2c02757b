"""Application in this process, on a fresh SQLite database, and browsers that ask it."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from forum.adapters import passwords
from forum.app import build
from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.ports.clock import Clock
from forum.services.keys import digest
from forum.services.periodic import Periodic
from forum.services.stories import draft_edits
from forum.services.stories.moderation import moderate
from forum.services.stories.submissions import Sent, submit
from forum.settings import Settings
from forum.stories.compose import compose
from forum.stories.draft import NO, YES, Card, Draft, Way
from forum.stories.submission import Submission
from forum.voting.commission import Commission
from forum.web.rate_limits import Limits
from forum.web.site import Site
from support.factories import CLOCK, a_commission, new_id

ADDRESS = "http://house.test"
PASSWORD = "seven quiet green kettles"
# argon2 is slow on purpose: one hash does for every account of a test run.
_hash: list[str] = []


@dataclass(frozen=True)
class House:
    """Application, with its store and its site."""

    app: Starlette

    @property
    def site(self) -> Site:
        """Returns the settings and services that the application was built with."""
        site: Site = self.app.state.site
        return site

    @property
    def store(self) -> Store:
        """Returns the application's store."""
        return self.site.store

    def browser(self, address: str = "192.0.2.1") -> httpx2.AsyncClient:
        """Returns a new browser with its own cookies and network address; it sends an Origin with every request."""
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app, client=(address, 40000)),
            base_url=ADDRESS,
            headers={"Origin": ADDRESS, "Accept": "text/html"},
        )

    @asynccontextmanager
    async def signed_in(self, *roles: str) -> AsyncIterator[httpx2.AsyncClient]:
        """Yields a browser of somebody with these roles, signed in."""
        login = f"somebody-{new_id()[:8]}"
        await self.person(login, *roles)
        async with self.browser() as browser:
            answer = await browser.post("/sign-in", data={"login": login, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            yield browser

    async def person(self, login: str, *roles: str) -> Person:
        """Adds an account whose password is PASSWORD."""
        person = Person(new_id(), login, login.title(), tuple(map(Role, roles)), await password_hash(), CLOCK.now())
        async with self.store.begin() as work:
            await work.people.add_person(person)
        return person

    async def session_token(self, person: Person) -> str:
        """Signs a person in for an hour; returns the token that the cookie of a signed-in browser holds."""
        token, clock = new_id(), self.site.clock
        async with self.store.begin() as work:
            await work.people.sign_in(digest(token), person.id, clock.now(), clock.later(hours=1))
        return token

    async def commission(self, **changes: Any) -> Commission:
        """Adds a commission."""
        commission = a_commission(**changes)
        async with self.store.begin() as work:
            await work.commissions.add_commission(commission)
        return commission

    async def story(self, commission: Commission, title: str = "The third knock") -> tuple[Submission, str]:
        """Sends a story in; returns it with the key of its private link."""
        return await submit(self.store, CLOCK, commission.id, a_sent_story(title))

    async def stories(self) -> list[Submission]:
        """Returns every story, as it is stored."""
        async with self.store.read() as work:
            return await work.stories.list_stories()

    async def draft_of(self, key: str) -> Draft:
        """Returns the draft behind a private link."""
        return await draft_edits.opened(self.store, self.site.clock, key)

    async def moderated(self, story: Submission, action: str, because: str = "") -> Submission:
        """Does a moderator's act on a story; returns the story after it."""
        return await moderate(self.store, CLOCK, story.id, action, because=because, expected_status=story.status)


async def no_sleep(seconds: float) -> None:
    """Returns immediately, in the place of a sleep."""


async def password_hash() -> str:
    """Returns the hash of PASSWORD, made once."""
    if not _hash:
        _hash.append(await passwords.hashed(PASSWORD))
    return _hash[0]


def a_sent_story(
    title: str = "The third knock",
    *,
    happened: str = "It is past two. A neighbour knocks for the third time.",
    scenes: tuple[str, ...] = ("The crew stands in the hall and nobody knows who is in charge.",),
    question: str = "What could the crew do now?",
    responses: tuple[str, ...] = ("Sit down and ask", "Call the crisis team", "Take him to hospital"),
    content_notes: tuple[str, ...] = ("restraint or force",),
    **about: Any,
) -> Sent:
    """Returns a short story as a writer sends it: scene after scene, then the question. `about` are fields of Sent."""
    texts = (happened, *scenes)
    cards = [Card(f"c{n}", text=text, ways=(Way("w", "Go on", f"c{n + 1}"),)) for n, text in enumerate(texts, 1)]
    ways = tuple(Way(f"r{n}", words) for n, words in enumerate(responses, 1))
    cards.append(Card(f"c{len(texts) + 1}", text=question, stop=YES, decision=YES, ways=ways))
    draft = Draft(
        title,
        notes="\n".join(content_notes),
        group=NO,
        may_perform=NO,
        may_publish=NO,
        may_quote=NO,
        cards=tuple(cards),
    )
    story = compose(draft, str(uuid.uuid4()).upper())
    allowed: dict[str, Any] = {"group": "g2", "may_perform": True, "may_publish": True} | about
    return Sent(story, **allowed)


async def fill_in(browser: httpx2.AsyncClient, path: str, changes: dict[str, str | list[str]]) -> httpx2.Response:
    """Fills a page's fields in and sends them, as a browser without a script does."""
    return await browser.post(path, data=filled_form(await browser.get(path), changes))


# A whole story as the pages of the way in are sent, step by step.
STEPS: dict[str, dict[str, str | list[str]]] = {
    "happened": {"happened.text": "It is past two. A neighbour knocks for the third time.", "title": "The third knock"},
    "where": {"setting": "A flat at night"},
    "who": {"characters": "Ana, a mother\nA nurse", "group": "g2"},
    "done": {
        "question.text": "What could the crew do now?",
        "question/r1.text": "Sit down and ask",
        "question/r2.text": "Call the crisis team",
        "question/r3.text": "Take him to hospital",
    },
    "use": {
        "notes": ["restraint or force"],
        "own_notes": "",
        "may_perform": "yes",
        "may_publish": "yes",
        "may_quote": "no",
    },
}


def filled_form(shown: httpx2.Response, changes: Mapping[str, str | list[str]]) -> dict[str, list[str]]:
    """Returns the fields of a page's first form, as a browser without a script sends them, with changes."""
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input\b[^>]*>", shown.text):
        name, value = (re.search(rf'\b{of}="([^"]*)"', tag) for of in ("name", "value"))
        if name and (" checked" in tag or not re.search('type="(radio|checkbox)"', tag)):
            found.setdefault(unescape(name[1]), []).append(unescape(value[1]) if value else "")
    for area, text in re.findall(r'<textarea\b[^>]*\bname="([^"]*)"[^>]*>\n?([^<]*)</textarea>', shown.text):
        found.setdefault(unescape(area), []).append(unescape(text))
    for field_name, typed in changes.items():
        found[field_name] = typed if isinstance(typed, list) else [typed]
    return found


async def write_story(
    browser: httpx2.AsyncClient, commission: Commission, changes: Mapping[str, str | list[str]] | None = None
) -> str:
    """Writes a story in its five steps without sending it; returns the key of its private link."""
    path = f"/commissions/{commission.id}/tell"
    for step, fields in STEPS.items():
        own = {name: value for name, value in (changes or {}).items() if name in fields or f"seen:{name}" in fields}
        answer = await browser.post(path, data=filled_form(await browser.get(path), {**fields, **own}))
        assert answer.status_code == 303, f"{step}: {words(answer)}"
        path = answer.headers["location"]
    return path.split("/")[2]


async def send_story(browser: httpx2.AsyncClient, key: str) -> httpx2.Response:
    """Sends a story as it is, whatever is marked in it."""
    path = f"/my-story/{key}/check"
    return await browser.post(path, data=filled_form(await browser.get(path), {}))


def file_form() -> dict[str, str | list[str]]:
    """Returns the form beside a story's file, filled in."""
    return {
        "group": "g2",
        "note": ["restraint or force"],
        "own_note": "",
        "may_perform": "yes",
        "may_publish": "yes",
        "may_quote": "no",
    }


_run = Periodic._run


async def _run_once_woken(work: Periodic) -> None:
    """Runs background work as a server does, but for the first time when somebody wakes it."""
    await work._woken.wait()
    if not work.stopping:
        work._woken.clear()
        await _run(work)


@asynccontextmanager
async def a_house(
    folder: Path,
    tables: Path | None = None,
    clock: Clock | None = None,
    address: str = "",
    *,
    background: bool = False,
    here: str = "",
    **settings: object,
) -> AsyncIterator[House]:
    """Opens the application on a new database in `folder`, and closes it. `address` is the one that phones use, `here`
    the one to which made-up people come.

    `tables` is an empty database that has its tables already (the fixture sqlite_template): copying it is quicker. What
    a server does again and again (mail, votes that are over, the check of its record, what is kept too long) it does
    from the start only with `background`, and else once it is woken: that is more work than most tests are.
    """
    if tables:
        shutil.copyfile(tables, folder / "forum.db")
    own = {"data": folder, "timezone": "Europe/London"} | settings
    app = build(Settings.load({}, **own), address, clock, here)
    async with AsyncExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            if not background:
                patch.setattr(Periodic, "_run", _run_once_woken)
            await stack.enter_async_context(app.router.lifespan_context(app))
        # What is made to wait (a wrong password) waits in no test.
        app.state.site = replace(app.state.site, limits=Limits(sleep=no_sleep))
        yield House(app)


def words(answer: httpx2.Response) -> str:
    """Returns a page's text: without tags, entities read, spaces single. A time is part of its sentence."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", re.sub(r"</?time\b[^>]*>", "", answer.text))).split())


def assert_faults_at(answer: httpx2.Response, places: set[str]) -> None:
    """Checks that a form came back with a summary that leads to the fields with these ids, each with its error."""
    assert answer.status_code == 422
    summary = re.search(r'<div class="errors".*?</div>', answer.text, re.DOTALL)
    assert summary
    assert set(re.findall(r'href="#([^"]+)"', summary[0])) == places
    for place in places:
        assert f'id="{place}"' in answer.text
        assert f'id="{place}-error"' in answer.text


def field(answer: httpx2.Response, name: str) -> str:
    """Returns the value of the first input of this name."""
    found = re.search(rf'<input[^>]*name="{re.escape(name)}"[^>]*value="([^"]*)"', answer.text)
    assert found, f"there is no field {name}"
    return unescape(found[1])
