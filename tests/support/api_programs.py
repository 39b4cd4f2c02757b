"""House with two days in two commissions, and programs of staff that write over its API."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from jsonschema import Draft202012Validator

from forum.services import accounts, api_tokens, permissions
from forum.services.api_tokens import TokenForm
from forum.web.api.row import START, ApiRow
from forum.web.api.table import API
from support.app import House, a_house
from support.factories import CLOCK, new_id
from support.recorded_day import Day, a_day

WRITES = {row.path: row for row in API if row.method == "POST"}


@dataclass(frozen=True)
class Keyed:
    """A request with an Idempotency-Key that made something, and what it was told."""

    path: str
    body: object
    token: str
    key: str
    told: dict[str, Any]


@dataclass
class Programs:
    """A house with two days in two commissions, and tokens: of each role in the first one, and one of every role
    everywhere."""

    house: House
    day: Day
    other: Day
    browser: httpx2.AsyncClient
    described: dict[str, Any]
    tokens: dict[str, str]
    done: set[str] = field(default_factory=set)
    keyed: list[Keyed] = field(default_factory=list)
    shapes: dict[str, Draft202012Validator] = field(default_factory=dict)

    @property
    def commission(self) -> str:
        return self.day.voted.live.commission

    async def send(
        self, path: str, body: object, token: str = "", key: str = "", status: int = 0, **headers: str
    ) -> httpx2.Response:
        """Posts to an address below /api/v1 and holds the answer to the description."""
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        answer = await self.browser.post(START + path, json=body, headers=headers)
        assert not status or answer.status_code == status, answer.text
        of = row_of(path)
        told = self.described["paths"][of.path]["post"]["responses"][str(answer.status_code)]["content"]
        [(media, shape)] = told.items()
        assert answer.headers["content-type"] == media
        if (name := shape["schema"]["$ref"]) not in self.shapes:
            schema = {**shape["schema"], "components": self.described["components"]}
            self.shapes[name] = Draft202012Validator(schema)
        self.shapes[name].validate(answer.json())
        return answer

    async def get(self, path: str, role: str = "organiser") -> dict[str, Any]:
        """Reads an address as the program of a role, and holds the answer to the description."""
        answer = await self.browser.get(START + path, headers={"Authorization": f"Bearer {self.tokens[role]}"})
        assert answer.status_code == 200, answer.text
        bare = path.partition("?")[0]
        of = next(
            at for at, told in self.described["paths"].items() if "get" in told and re.fullmatch(_ids_in(at), bare)
        )
        shape = self.described["paths"][of]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        Draft202012Validator({**shape, "components": self.described["components"]}).validate(answer.json())
        told: dict[str, Any] = answer.json()
        return told

    async def do(self, path: str, body: object, again: int = 0, token: str = "") -> dict[str, Any]:
        """Does one act with the token of a role that may, and once more: as it is done once, the second answer is the
        first one, or a refusal (`again`) that says why."""
        of = row_of(path)
        token = token or self.tokens["everywhere" if of.path == "/commissions" else role_of(of)]
        key = new_id() if of.makes else ""
        first = await self.send(path, body, token, key, 201 if of.makes else 200)
        second = await self.send(path, body, token, key, again or first.status_code)
        if again:
            assert second.json()["detail"]
        else:
            assert _lasting(second.json()) == _lasting(first.json())
        self.done.add(of.path)
        told: dict[str, Any] = first.json()
        if key:
            self.keyed.append(Keyed(path, body, token, key, told))
        return told

    async def repeat(self, one: Keyed) -> None:
        """Sends a request again that made something, however long ago, and holds its answer to the first one."""
        again = await self.send(one.path, one.body, one.token, one.key, 201)
        assert _lasting(again.json(), made=True) == _lasting(one.told, made=True), one.path


def _lasting(told: dict[str, Any], *, made: bool = False) -> dict[str, Any]:
    """Returns what an answer to the same request says again; of what was `made`, what no later act changes."""
    names = {"id", "round", "entry", "code", "secret", "tickets"} | (set() if made else {"state"})
    return {name: told[name] for name in names & told.keys()}


def row_of(path: str) -> ApiRow:
    """Returns the row of a real address."""
    return next(row for at, row in WRITES.items() if re.fullmatch(_ids_in(at), path))


def _ids_in(path: str) -> str:
    """Returns the pattern of the real addresses of a row."""
    return re.sub(r"\{\w+\}", "[0-9a-f]+", path)


def role_of(row: ApiRow) -> str:
    """Names the first role that has a row's permission."""
    return next(role for role in permissions.ROLES if permissions.may((role,), row.permission))


def filled(day: Day, path: str) -> str:
    """Fills the ids of a day into the path of a row."""
    live = day.voted.live
    there = {"commission": live.commission, "session": live.id, "round": day.first, "story": day.story}
    there |= {"decision": day.decision, "commitment": day.commitment, "draft": day.decision}
    return re.sub(r"\{(\w+)\}", lambda name: there.get(name[1]) or new_id(), path)


@asynccontextmanager
async def programs_in(folder: Path, template: Path) -> AsyncIterator[Programs]:
    """Serves such a house in a folder, made of the template of a database."""
    async with a_house(folder, template) as house:
        day, other = await a_day(house.store), await a_day(house.store)
        person = await house.person("programme-office", "organiser", "moderator", "commissioner", "second reader")
        tokens, today = {}, CLOCK.now()[:10]
        _, tokens["everywhere"] = await accounts.make_token(house.store, CLOCK, person, "Everything")
        for role in ("organiser", "moderator", "commissioner", "second reader"):
            form = TokenForm(f"The {role}", day.voted.live.commission, role, "2026-12-31")
            _, tokens[role] = await api_tokens.make(house.store, CLOCK, person, form, today)
        for role, name in (("second reader", "another reader"), ("organiser", "another organiser")):
            another = await house.person(name.replace(" ", "-"), role)
            form = TokenForm(name, day.voted.live.commission, role, "2026-12-31")
            _, tokens[name] = await api_tokens.make(house.store, CLOCK, another, form, today)
        async with house.browser() as browser:
            described = (await browser.get(f"{START}/openapi.json")).json()
            yield Programs(house, day, other, browser, described, tokens)
