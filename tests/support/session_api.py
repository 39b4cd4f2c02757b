"""Sessions of a served house, run by the API: for journeys."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from playwright.async_api import Page, expect

from forum.voting.methods import METHODS
from support.browser import PASSWORD, STAFF, House
from support.factories import COMMISSION_FORM
from support.server_process import run_forum

# Responses that every way of voting can be tried with, by method.
ANSWERS = ["A nurse and a paramedic, together", "The police, as they do now", "Somebody stays on the phone"]
FORMS: dict[str, list[str]] = {
    "single": ANSWERS,
    "approval": ANSWERS,
    "ranked": ANSWERS,
    "score": ANSWERS[:2],
    "consent": ANSWERS[:1],
    "opinion": ANSWERS[:1],
}


_OF_OTHERS = {"ranked": "r1>r2>r3", "score": "r1=3 r2=3", "consent": "agree", "opinion": "agree"}


def add_staff(data: Path, *logins: str) -> str:
    """Makes these accounts of STAFF (olu's, where none is named) in this folder; returns olu's token for the API."""
    user = ("--data", data)
    for login in logins or ("olu",):
        flags = [flag for role in STAFF[login] for flag in ("--role", role)]
        added = run_forum("user", "add", login, *flags, "--password-stdin", *user, given=PASSWORD + "\n")
        if added.returncode != 0:
            raise AssertionError(added.stderr)
    made = run_forum("user", "token", "olu", "--label", "test", "--json", *user)
    token = re.search(r'"token": "([^"]+)"', made.stdout)
    if token is None:
        raise AssertionError(made.stderr)
    return token.group(1)


@asynccontextmanager
async def an_organiser(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    """Opens a client with the API token of somebody who runs sessions."""
    headers = {"Accept": "application/json", "Authorization": f"Bearer {house.token or add_staff(house.data)}"}
    async with httpx2.AsyncClient(base_url=house.server.base, headers=headers) as http:
        yield http


async def a_new_session(organiser: httpx2.AsyncClient) -> dict[str, Any]:
    """Makes a session of a new commission."""
    commission = (await organiser.post("/organise/commissions", data=COMMISSION_FORM)).json()
    made = await organiser.post("/organise/sessions", data={"commission": commission["id"], "title": "A day"})
    session: dict[str, Any] = made.json()
    return session


async def a_played_story(organiser: httpx2.AsyncClient) -> tuple[dict[str, Any], str, str]:
    """Makes a session of the demonstration's commission with one of its stories; returns the session, the story's id
    and its Twee."""
    pages = {"Accept": "text/html"}
    page = (await organiser.get("/commissions", headers=pages)).text
    [commission] = re.findall(r'href="/commissions/([0-9a-f]+)">Urgent mental-health care', page)
    page = (await organiser.get(f"/organise/sessions/new?commission={commission}", headers=pages)).text
    story = re.findall(r'name="scenario" value="([0-9a-f]+)"', page)[0]
    form = {"commission": commission, "title": "A day", "scenario": story}
    made = await organiser.post("/organise/sessions", data=form)
    assert made.status_code == 200, made.text
    return made.json(), story, (await organiser.get(f"/stories/{story}/story.twee")).text


async def act(organiser: httpx2.AsyncClient, session: str, name: str, **form: Any) -> dict[str, Any]:
    """Does one act of the facilitator, which must be carried out; returns the answer's JSON."""
    answer = await organiser.post(f"/console/{session}/{name}", data=form)
    assert answer.status_code == 200, answer.text
    facts: dict[str, Any] = answer.json()
    return facts


@dataclass
class ApiSession:
    """Session that a test runs by the API, as its facilitator; `session` is the JSON that made it."""

    organiser: httpx2.AsyncClient
    session: dict[str, Any]

    @property
    def code(self) -> str:
        """Returns the code that phones join by."""
        return str(self.session["code"])

    @property
    def path(self) -> str:
        """Returns the path of its phones."""
        return f"/s/{self.code}"

    async def act(self, name: str, **form: Any) -> dict[str, Any]:
        """Does one act of the facilitator, which must be carried out; returns the answer's JSON."""
        return await act(self.organiser, self.session["id"], name, **form)

    async def ask(
        self,
        question: str = "Who should come first?",
        responses: Sequence[str] = ("A nurse", "The police"),
        **declared: str,
    ) -> str:
        """Asks a question and opens voting on it; returns the round's id. `none=""` leaves "none of these" out."""
        more = {name: value for name, value in {"none": "1", **declared}.items() if value}
        asked = await self.act("ask", question=question, response=[*responses], **more)
        await self.act("open", round=asked["round"])
        return str(asked["round"])

    async def ask_by(self, method: str = "single", **declared: str) -> str:
        """Asks with the responses that FORMS has for a method and opens voting; returns the round's id."""
        return await self.ask(f"Who should come? ({method})", FORMS[method], method=method, **declared)

    async def vote_of_others(self, round_id: str, method: str = "single", tickets: Sequence[str] = ()) -> None:
        """Casts the votes of four others, as the function `vote_of_others` does."""
        await vote_of_others(str(self.organiser.base_url), self.code, round_id, method=method, tickets=tickets)

    async def reveal(self, round_id: str) -> dict[str, Any]:
        """Closes a round and shows its result, which is returned."""
        await self.act("close", round=round_id)
        return dict((await self.act("reveal", round=round_id))["result"])

    async def counts(self, round_id: str) -> dict[str, int]:
        """Closes a round and shows its result; returns the votes by response, without four others that it adds, so
        that there are enough for a count."""
        await vote_of_others(str(self.organiser.base_url), self.code, round_id)
        counts = dict((await self.reveal(round_id))["counts"])
        return counts | {"r1": counts["r1"] - 4}


async def vote_of_others(
    base: str, code: str, round_id: str, *, method: str = "single", choice: str = "", tickets: Sequence[str] = ()
) -> None:
    """Casts the same answer by four others, without scripts, so that there are enough for a count to be shown.

    `tickets`, where there are any, are theirs.
    """
    origin = base.rstrip("/")
    fields = METHODS[method].fields(choice or _OF_OTHERS.get(method, "r1"))
    async with httpx2.AsyncClient(base_url=origin, headers={"Origin": origin, "Accept": "text/html"}) as voter:
        for by in [{"ticket": ticket} for ticket in tickets] or [{"unsaid": "1"}] * 4:
            voter.cookies.clear()
            await voter.post(f"/s/{code}/join", data=by)
            answer = await voter.post(f"/s/{code}/vote", data={"round": round_id, **fields})
            assert answer.status_code == 303, answer.text


@asynccontextmanager
async def an_api_session(house: House) -> AsyncIterator[ApiSession]:
    """Makes a session of a new commission to be run by the API."""
    async with an_organiser(house) as organiser:
        yield ApiSession(organiser, await a_new_session(organiser))


@dataclass
class TicketedSession(ApiSession):
    """Session with tickets that a test runs by the API, and the groups of its commission."""

    groups: list[dict[str, str]]

    @property
    def tickets(self) -> str:
        """Returns the path of the organisers' page of tickets."""
        return f"/organise/sessions/{self.session['id']}/tickets"

    async def issue(self, count: int) -> list[str]:
        """Issues so many tickets to the first group; returns their codes."""
        form = {"act": "issue", "group": self.groups[0]["id"], "count": str(count)}
        answer = await self.organiser.post(self.tickets, data=form)
        assert answer.status_code == 200, answer.text
        return [one["code"] for one in answer.json()["tickets"]]


async def a_ticketed_session(organiser: httpx2.AsyncClient) -> TicketedSession:
    """Makes a session with tickets of a new commission."""
    commission = (await organiser.post("/organise/commissions", data=COMMISSION_FORM)).json()
    form = {"commission": commission["id"], "title": "A day", "entrance": "tickets"}
    made = await organiser.post("/organise/sessions", data=form)
    return TicketedSession(organiser, made.json(), commission["groups"])


async def join_session(page: Page, code: str, group: str = "Carers", base: str = "") -> None:
    """Joins a session on this page, in this group, "" for none; `base` is another address of the server, where the page
    is to use one."""
    await page.goto(f"{base}/s/{code}")
    if group:
        await page.get_by_role("radio", name=group, exact=True).check()
    await page.get_by_role("main").get_by_role("button").nth(0 if group else 1).click()
    await expect(page.locator("#screen")).to_be_visible()
