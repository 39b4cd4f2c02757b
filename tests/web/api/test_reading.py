"""What the API says to anybody: the description holds for every answer, and no answer says more than the pages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from support.app import House, a_house
from support.async_round import an_answered_round
from support.factories import CLOCK
from support.recorded_day import Day, a_day

from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.sessions.planned_sessions import call_off
from forum.services.voting.results import result_outside
from forum.web.api.row import START
from forum.web.api.table import API

PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Asked:
    """A house with a day in it, a browser without a cookie, and the description of its API."""

    house: House
    day: Day
    browser: httpx2.AsyncClient
    described: dict[str, Any]

    async def get(self, path: str, status: int = 200, token: str = "") -> Any:
        """Asks for an address below /api/v1 and holds the answer to the description."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = await self.browser.get(START + path, headers=headers)
        assert answer.status_code == status, answer.text
        return self.held(answer, "get", path)

    def held(self, answer: httpx2.Response, method: str, path: str) -> Any:
        """Returns an answer that fits the description."""
        bare = path.partition("?")[0]
        of = next(one for one in self.described["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one), bare))
        [(media, shape)] = self.described["paths"][of][method]["responses"][str(answer.status_code)]["content"].items()
        assert answer.headers["content-type"] == media
        schema = {**shape["schema"], "components": self.described["components"]}
        Draft202012Validator(schema).validate(answer.json())
        return answer.json()


@pytest.fixture(scope="module")
async def asked(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asked]:
    folder: Path = tmp_path_factory.mktemp("api")
    async with a_house(folder) as house:
        day = await a_day(house.store)
        async with house.browser() as browser:
            described = (await browser.get(f"{START}/openapi.json")).json()
            yield Asked(house, day, browser, described)


def test_the_description_is_one_and_describes_every_address_with_its_parameters(asked: Asked) -> None:
    validate(asked.described)
    there = {(method.upper(), path) for path, of in asked.described["paths"].items() for method in of}
    assert there == {(row.method, row.path) for row in API}
    for row in API:
        told = asked.described["paths"][row.path][row.method.lower()]
        names = {one["name"] for one in told["parameters"]}
        assert set(re.findall(r"\{(\w+)\}", row.path)) <= names
        if row.method == "GET":
            assert set(row.takes.__struct_fields__) <= names
        assert all(one["description"] for one in told["parameters"])
        assert bool(told["security"]) == (row.permission != "public")
    ids = [told["operationId"] for of in asked.described["paths"].values() for told in of.values()]
    assert len(set(ids)) == len(ids)


async def test_every_address_answers_as_it_is_described(asked: Asked) -> None:
    there = {
        "commission": asked.day.voted.live.commission,
        "session": asked.day.voted.live.id,
        "round": asked.day.voted.rounds[-1],
        "decision": asked.day.decision,
        "commitment": asked.day.commitment,
        "story": asked.day.story,
    }
    for row in (row for row in API if row.permission == "public" and row.method == "GET"):
        path = row.path.format(**there)
        told = await asked.get(path)
        assert told.get("items", True), path
        assert "does_not_agree_with_the_record" not in told, path
        answer = await asked.browser.get(START + path)
        again = await asked.browser.get(START + path, headers={"If-None-Match": f'W/"x", {answer.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b""), path
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        assert "set-cookie" not in answer.headers
        for credentials in ({"Cookie": "a=b"}, {"Authorization": "Basic eA=="}):
            own = await asked.browser.get(START + path, headers=credentials | {"Origin": "https://other.example"})
            assert (own.status_code, "access-control-allow-origin" in own.headers) == (200, False)
            assert "access-control-allow-private-network" not in own.headers


async def test_a_result_has_the_numbers_that_leave_the_room_and_none_before_it_is_shown(asked: Asked) -> None:
    live = asked.day.voted.live
    listed = (await asked.get(f"/sessions/{live.id}/rounds"))["items"]
    assert {one["state"] for one in listed} >= {"revealed", "open", "annulled"}
    for one in listed:
        assert one == await asked.get(f"/rounds/{one['id']}")
        if one["state"] != "revealed":
            assert one["result"] is None
            continue
        async with asked.house.store.read() as work:
            round_ = await work.rounds.get_round(one["id"])
            shown = await result_outside(work, round_, await work.commissions.of_session(live))
        said = shown.to_json()
        assert {name: one["result"][name] for name in ("n", "counts", "equal_voice", "view_shift")} == {
            name: said[name] for name in ("n", "counts", "equal_voice", "view_shift")
        }
        assert one["result"]["by_group"] == ([{"hidden": [], **row} for row in said["by_group"] or ()] or None)


async def test_pages_of_a_list_are_all_of_it_once_each(asked: Asked) -> None:
    whole = (await asked.get("/record/entries?limit=100"))["items"]
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        told = await asked.get(f"/record/entries?limit=3&cursor={cursor}")
        assert len(told["items"]) <= 3
        found, cursor = found + told["items"], told["next"]
    assert found == whole
    sessions = f"/commissions/{asked.day.voted.live.commission}/sessions"
    planned = await create_session(
        asked.house.store, CLOCK, SessionForm(commission=asked.day.voted.live.commission, title="Later", planned=True)
    )
    await call_off(asked.house.store, CLOCK, planned.id, "The hall is flooded.")
    first = await asked.get(f"{sessions}?limit=1")
    second = await asked.get(f"{sessions}?limit=1&cursor={first['next']}")
    assert [one["state"] for one in (*first["items"], *second["items"])] == ["called off", "going on"]
    assert second["next"] is None


async def test_what_is_wrong_in_an_address_is_told_at_its_name_with_what_to_do(asked: Asked) -> None:
    for query, field in (("limit=0", "limit"), ("limit=101", "limit"), ("cursor=%21", "cursor"), ("page=2", "page")):
        refused = await asked.get(f"/commissions?{query}", 422)
        assert [one["field"] for one in refused["errors"]] == [field], refused
        assert refused["type"] == "http://house.test/api#problems"
    gone = await asked.get(f"/decisions/{'0' * 32}", 404)
    assert (gone["status"], gone["code"], gone["again"]) == (404, "not_found", False)
    nowhere = await asked.browser.get(f"{START}/nothing")
    assert (nowhere.status_code, nowhere.headers["content-type"]) == (404, PROBLEM)
    wrong = await asked.browser.delete(f"{START}/record")
    assert (wrong.status_code, wrong.headers["content-type"]) == (405, PROBLEM)
    welsh = await asked.browser.get(f"{START}/commissions?limit=0&lang=cy")
    assert welsh.headers["content-language"] == "cy"


async def test_nobody_is_known_by_a_cookie(asked: Asked) -> None:
    refused = await asked.get("/work", 401)
    assert "Authorization: Bearer" in refused["detail"]
    async with asked.house.signed_in("organiser") as browser:
        answer = await browser.get(f"{START}/work")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="Forum"')
        made = await browser.post("/organise/tokens", data={"label": "A wall"}, headers={"Accept": "application/json"})
    told = await asked.get("/work", token=made.json()["token"])
    assert {one["kind"] for one in told["duties"]} == {"sessions", "rounds"}
    unknown = await asked.get("/record", 401, token="nothing")
    assert "revoked" in unknown["detail"]


async def test_a_vote_that_people_answer_alone_has_no_count_while_it_is_open(asked: Asked) -> None:
    night = await an_answered_round(asked.house.store, CLOCK)
    told = await asked.get(f"/rounds/{night.round.id}")
    assert (told["number"], told["result"], told["session"]) == (None, None, night.live.id)
    await asked.get(f"/sessions/{night.live.id}", 404)
