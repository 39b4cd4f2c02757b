"""What programs of staff do over the API: each act is the page's, with the page's permission, mistakes and moments; a
request that comes twice is done once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator
from support.app import House, a_house, a_sent_story, words
from support.factories import CLOCK, new_id
from support.recorded_day import Day, a_day
from support.voted_session import a_vote

from forum.services import accounts, answers_due, api_tokens, permissions
from forum.services.api_tokens import TokenForm
from forum.services.stories.submissions import submit
from forum.voting.commission import Commission
from forum.web.api.moderating import MOST_TEXTS
from forum.web.api.row import START, ApiRow
from forum.web.api.table import API

JSON = "application/json"
WRITES = {row.path: row for row in API if row.method == "POST"}
COMMISSION = {
    "title": "Night care",
    "question": "Who should come?",
    "stage": "plan",
    "level": "co-design",
    "decides": "The joint board",
    "can_change": "Who comes",
    "cannot_change": "The budget",
    "threshold": 5,
    "groups": [{"label": "Carers", "invited": 10}, {"label": "Nurses"}],
    "support": [{"name": "Samaritans", "contact": "116 123"}],
}
DIFFERS = dict.fromkeys(("equal_voice", "quorum", *(f"group_{n}" for n in range(12))), "We weighed this.")
DECISION = {"outcome": "adopted", "answer": "r2", "rationale": "It is near.", "differs": DIFFERS}


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

    async def get(self, path: str) -> dict[str, Any]:
        """Reads an address as the organisers' program."""
        answer = await self.browser.get(START + path, headers={"Authorization": f"Bearer {self.tokens['organiser']}"})
        assert answer.status_code == 200, answer.text
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
            names = {"id", "round", "state", "entry", "code", "secret"} & first.json().keys()
            assert {name: second.json()[name] for name in names} == {name: first.json()[name] for name in names}
        self.done.add(of.path)
        told: dict[str, Any] = first.json()
        return told


def row_of(path: str) -> ApiRow:
    """Returns the row of a real address."""
    return next(row for at, row in WRITES.items() if re.fullmatch(re.sub(r"\{\w+\}", "[0-9a-f]+", at), path))


def role_of(row: ApiRow) -> str:
    """Names the first role that has a row's permission."""
    return next(role for role in permissions.ROLES if permissions.may((role,), row.permission))


def as_asked(of: Commission) -> dict[str, Any]:
    """Returns a change of a commission that changes nothing."""
    groups = [{"id": one.id, "label": one.label, "invited": one.invited} for one in of.groups]
    names = ("title", "question", "threshold", "version")
    return {name: getattr(of, name) for name in names} | {
        **{name: getattr(of.power, name) for name in ("level", "decides", "can_change", "cannot_change")},
        "answer_by_days": of.power.answer_by_days,
        "groups": groups,
        "support": [{"name": one.name, "contact": one.contact} for one in of.support],
    }


def in_days(number: int) -> str:
    """Returns the day that comes so many days after the clock's."""
    return (date.fromisoformat(CLOCK.now()[:10]) + timedelta(days=number)).isoformat()


def filled(day: Day, path: str) -> str:
    """Fills the ids of a day into the path of a row."""
    live = day.voted.live
    there = {"commission": live.commission, "session": live.id, "round": day.first, "story": day.story}
    there |= {"decision": day.decision, "commitment": day.commitment, "draft": day.decision}
    return re.sub(r"\{(\w+)\}", lambda name: there.get(name[1]) or new_id(), path)


@pytest.fixture(scope="module")
async def programs(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[Programs]:
    async with a_house(tmp_path_factory.mktemp("writing"), sqlite_template) as house:
        day, other = await a_day(house.store), await a_day(house.store)
        person = await house.person("programme-office", "organiser", "moderator", "commissioner", "second reader")
        tokens, today = {}, CLOCK.now()[:10]
        _, tokens["everywhere"] = await accounts.make_token(house.store, CLOCK, person, "Everything")
        for role in ("organiser", "moderator", "commissioner", "second reader"):
            form = TokenForm(f"The {role}", day.voted.live.commission, role, "2026-12-31")
            _, tokens[role] = await api_tokens.make(house.store, CLOCK, person, form, today)
        another = await house.person("another", "second reader")
        form = TokenForm("Another reader", day.voted.live.commission, "second reader", "2026-12-31")
        _, tokens["another reader"] = await api_tokens.make(house.store, CLOCK, another, form, today)
        async with house.browser() as browser:
            described = (await browser.get(f"{START}/openapi.json")).json()
            yield Programs(house, day, other, browser, described, tokens)


async def test_the_acts_of_a_day(programs: Programs) -> None:
    """Does every act once, and once more: a whole day by program, from the commission to what became of a promise."""
    do, here = programs.do, programs.commission
    made = await do("/commissions", COMMISSION)
    async with programs.house.store.read() as work:
        kept = await work.commissions.get_commission(made["id"])
        before = await work.commissions.get_commission(here)
    assert [(one.label, one.invited) for one in kept.groups] == [("Carers", 10), ("Nurses", None)]
    changed = await do(
        f"/commissions/{here}/change", as_asked(before) | {"title": "Nights", "because": "More came."}, again=409
    )
    assert changed["version"] == before.version + 1
    told = (await programs.browser.get(f"{START}/commissions/{here}/stages")).json()
    moved = await do(f"/commissions/{here}/move", {"acts": told["acts"], "to": "secure", "learnt": "Much"})
    assert moved["state"] == "secure"
    await do(f"/commissions/{here}/notes", {"stage": "plan", "question": "options", "words": "Two."})

    story, _key = await submit(programs.house.store, CLOCK, here, a_sent_story("A fourth knock"))
    reader = {"Authorization": f"Bearer {programs.tokens['moderator']}"}
    waiting = (await programs.browser.get(f"{START}/commissions/{here}/stories-to-read", headers=reader)).json()
    [to_read] = [one for one in waiting["items"] if one["id"] == story.id]
    read = {"state": to_read["state"], "read": to_read["read"]}
    assert "A fourth knock" in to_read["text"]
    await programs.send(
        f"/stories/{story.id}/moderate",
        read | {"act": "accept", "read": "0" * 64},
        programs.tokens["moderator"],
        "",
        409,
    )
    unread = read | {"act": "accept", "read": ""}
    refused = await programs.send(f"/stories/{story.id}/moderate", unread, programs.tokens["moderator"], "", 422)
    assert [one["field"] for one in refused.json()["errors"]] == ["read"]
    await do(f"/stories/{story.id}/moderate", read | {"act": "accept"}, again=409)

    planned = await do(f"/commissions/{here}/sessions", {"title": "An evening", "planned": True, "day": "2027-03-12"})
    at = f"/sessions/{planned['id']}"
    body = {"title": "A long evening", "version": planned["version"], "stories": [story.id]}
    assert (await do(f"{at}/change", body, again=409))["version"] > planned["version"]
    plan = await programs.get(f"{at}/programme")

    async def plans(what: str, again: int = 409, **body: object) -> None:
        """Changes the programme; sent again, the change is refused as it has seen an older one."""
        nonlocal plan
        plan = await do(f"{at}/programme/{what}", {"number": plan["number"], **body}, again)

    await plans("day", day="2027-03-12", place="The hall", public=True)
    await plans("sections", title="Evening", starts="18:00")
    section = plan["sections"][0]["id"]
    await plans("stories", section=section, story=story.id)
    items = plan["sections"][0]["items"]
    scene, question = (next(one for one in items if one["kind"] == kind) for kind in ("scene", "question"))
    await plans("cues", section=section, kind="question", story=story.id, scene=question["words"])
    await plans("notes", section=section, words="A break")
    await plans("questions", section=section, question="Who else?", answers=["Ana", "Ben"], none=True)
    await plans("remove", again=404, id=question["id"])
    assert await programs.get(f"{at}/programme") == plan
    assert [one["kind"] for one in plan["sections"][0]["items"]][-3:] == ["question", "note", "ask"]
    copy = await do(f"{at}/copy", {})
    await do(f"/sessions/{copy['id']}/call-off", {"because": "The hall is flooded."})
    assert (await do(f"{at}/open", {}))["state"] == "going on"

    await do(f"{at}/next", {"item": scene["id"], "after": ""})
    await do(f"{at}/scene", {"story": story.id, "scene": scene["words"]})
    await do(f"{at}/question", {"story": story.id, "scene": question["words"]})
    await do(f"{at}/note", {"words": "A break"})
    await do(f"{at}/pause", {})
    await do(f"{at}/resume", {})
    asked = await do(f"{at}/ask", {"question": "Who else?", "answers": ["Ana", "Ben"], "none": True})
    assert [one["label"] for one in asked["answers"]][:2] == ["Ana", "Ben"]
    vote = f"/rounds/{asked['round']}"
    assert (await do(f"{vote}/open", {}))["state"] == "open"
    await do(f"{vote}/warn", {})
    assert (await do(f"{vote}/close", {}))["count"] == 0
    assert (await do(f"{vote}/reveal", {}))["result"]["n"] == 0
    second = await do(f"{vote}/second", {})
    await do(f"/rounds/{second['round']}/annul", {"because": "It was put wrongly."}, again=409)
    await do(f"{at}/end", {}, again=409)
    alone = await do(
        f"/commissions/{here}/questions",
        {"title": "A week", "story": story.id, "scene": question["words"], "day": in_days(5), "time": "18:00"},
    )
    later = await do(f"/rounds/{alone['round']}/more-time", {"day": in_days(6), "time": "18:00"}, again=422)
    assert later["closes_at"] > alone["closes_at"]
    hook = {"url": "https://example.org/hook", "events": ["decision.made"]}
    added = await do(f"/commissions/{here}/webhooks", hook)
    twice = await programs.send(f"/commissions/{here}/webhooks", hook, programs.tokens["organiser"], new_id(), 422)
    assert [one["field"] for one in twice.json()["errors"]] == ["url"]
    assert added["secret"].startswith("whsec_")
    [listed] = (await programs.get(f"/commissions/{here}/webhooks"))["items"]
    assert (listed["id"], listed["secret"]) == (added["id"], None)
    await do(f"/commissions/{here}/webhooks/{added['id']}/start", {})
    await do(f"/commissions/{here}/webhooks/{added['id']}/remove", {}, again=404)
    closing = {"closing": "It is done.", "groups": [{"group": before.groups[0].label, "words": "Thank you."}]}
    told = await programs.get(f"/commissions/{here}/stages")
    nobody = closing | {"acts": told["acts"], "groups": [{"group": "Nobody", "words": "Thank you."}]}
    refused = await programs.send(f"/commissions/{here}/close", nobody, programs.tokens["organiser"], "", 422)
    assert [one["field"] for one in refused.json()["errors"]] == ["groups[0].group"]
    await do(f"/commissions/{here}/close", closing | {"acts": told["acts"]})
    told = await programs.get(f"/commissions/{here}/stages")
    assert told["closed"]
    await do(f"/commissions/{here}/reopen", {"acts": told["acts"], "because": "More came."}, again=409)


async def test_the_acts_of_those_who_decide(programs: Programs) -> None:
    do, day = programs.do, programs.day
    both = DECISION | {"second": day.voted.rounds[1]}
    promise = {"role": "Head of nights", "what": "Two nurses", "by": "2027-03-31"}
    made = await do(f"/rounds/{day.first}/decisions", both | {"promises": [promise], "told": {"body": "The board"}})
    async with programs.house.store.read() as work:
        kept = await work.decisions.get_decision(made["id"])
    assert (kept.rationale, kept.told, kept.rounds) == ("It is near.", {"body": "The board"}, day.voted.rounds)
    assert [one.what for one in kept.commitments] == ["Two nurses"]
    await do(f"/decisions/{day.decision}/corrections", {"words": "A mile.", "because": "We measured."})
    await do(f"/decisions/{day.decision}/replacement", {"by": made["id"], "why": "We decided again."})
    added = await do(f"/decisions/{made['id']}/promises", promise | {"what": "A rota"})
    news = {"state": "done", "said": "It is here."}
    told = await do(f"/promises/{added['id']}/updates", news)
    late = await programs.send(f"/promises/{added['id']}/updates", news, programs.tokens["commissioner"], new_id(), 409)
    assert "Somebody else said" in late.json()["detail"]
    await do(f"/promises/{added['id']}/updates", news | {"after": told["id"], "said": "Still here."})

    draft = await do(f"/rounds/{day.first}/drafts", both | {"rationale": ""})
    at = f"/drafts/{draft['id']}"
    await programs.send(f"{at}/hand-over", {"version": 1}, programs.tokens["commissioner"], "", 422)
    changed = await do(f"{at}/change", both | {"version": draft["version"], "rationale": "It is nearer."})
    await programs.send(f"{at}/change", both | {"version": draft["version"]}, programs.tokens["commissioner"], "", 409)
    given = await do(f"{at}/hand-over", {"version": changed["version"]}, again=409)
    back = {"version": given["version"], "because": "Say more."}
    await programs.send(f"{at}/send-back", back, programs.tokens["second reader"], "", 403)
    returned = await do(f"{at}/send-back", back, again=403, token=programs.tokens["another reader"])
    published = await do(f"{at}/publish", {"version": returned["version"]})
    assert (published["id"], published["page"]) == (draft["id"], f"http://house.test/decisions/{draft['id']}")
    gone = await do(f"/rounds/{day.first}/drafts", both)
    await do(f"/drafts/{gone['id']}/discard", {"version": gone["version"]}, again=403)

    late_vote = await a_vote(programs.house.store, declared=True)
    async with programs.house.store.read() as work:
        due = await answers_due.due_of(work, late_vote.rounds[0])
    moved = {"seen": due.due_on, "to": "2027-01-31", "because": "The board meets later."}
    told = await do(f"/rounds/{late_vote.rounds[0]}/answer-day", moved, token=programs.tokens["everywhere"])
    assert told["entry"] is not None


async def test_an_export_that_a_program_takes_is_noted_with_its_token(programs: Programs) -> None:
    headers = {"Authorization": f"Bearer {programs.tokens['commissioner']}"}
    for path, start in (("/export", b"PK"), ("/export/workbook", b"PK"), ("/export/popolo", b"{")):
        answer = await programs.browser.get(f"{START}{path}?commission={programs.commission}", headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.content.startswith(start)
        of = programs.described["paths"][path]["get"]["responses"]["200"]["content"]
        assert answer.headers["content-type"].partition(";")[0] in of
        for more in ("", f"?commission={programs.other.voted.live.commission}"):
            assert (await programs.browser.get(f"{START}{path}{more}", headers=headers)).status_code == 403
    async with programs.house.signed_in("administrator") as admin:
        assert "zip, by the token “The commissioner”" in words(await admin.get("/people/audit?kind=exports"))


async def test_stories_to_read_come_few_at_once_as_each_has_its_text(programs: Programs) -> None:
    here, reader = programs.commission, {"Authorization": f"Bearer {programs.tokens['moderator']}"}
    store, knocks = programs.house.store, range(MOST_TEXTS + 2)
    sent = [(await submit(store, CLOCK, here, a_sent_story(f"Knock {n}")))[0].id for n in knocks]
    at = f"{START}/commissions/{here}/stories-to-read"
    read: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        asked = {"limit": "100", "cursor": cursor}
        told = (await programs.browser.get(at, params=asked, headers=reader)).json()
        assert len(told["items"]) <= MOST_TEXTS
        read += [one["id"] for one in told["items"]]
        cursor = told["next"]
    assert sorted(read) == sorted(set(read))
    assert set(sent) <= set(read)


def test_every_write_was_done(programs: Programs) -> None:
    """Follows the two tests above: a new row needs its act in one of them."""
    assert programs.done == set(WRITES)


async def test_thousands_of_small_values_are_refused_before_they_are_read(programs: Programs) -> None:
    at, token = f"/rounds/{programs.day.first}/drafts", programs.tokens["commissioner"]
    bodies: tuple[dict[str, object], ...] = (
        {"pledges": ["a"] * 2000},
        {"pledges": ["\\"] * 2000},
        {"promises": [{}] * 2000},
        {"differs": {str(n): "a" for n in range(1000)}},
        {"pledges": ["a"] * 401},
    )
    for body in bodies:
        refused = await programs.send(at, body, token, "", 422)
        assert "at most 400" in refused.json()["detail"]
    kept = await programs.send(at, {"rationale": 'a "quoted" word, ' * 230, "pledges": ["a"] * 300}, token, "", 201)
    assert kept.json()["version"] == 1


@pytest.mark.parametrize("row", WRITES.values(), ids=WRITES)
async def test_whoever_may_not_is_refused_and_nothing_is_done(programs: Programs, row: ApiRow) -> None:
    at, role = filled(programs.day, row.path), role_of(row)
    size = (await programs.get("/record"))["size"]
    await programs.send(at, {}, "", "", 401)
    unknown = await programs.send(at, {}, "nothing", "", 401)
    assert "revoked" in unknown.json()["detail"]
    async with programs.house.signed_in(role) as person:
        assert (await person.post(START + at, json={})).status_code == 401, "a cookie is nobody"
    for other in ("organiser", "moderator", "commissioner", "second reader"):
        if not permissions.may((other,), row.permission):
            await programs.send(at, {}, programs.tokens[other], "", 403)
    elsewhere = filled(programs.other, row.path)
    await programs.send(elsewhere, {}, programs.tokens[role], "", 403)
    assert (await programs.get("/record"))["size"] == size


@pytest.mark.parametrize("row", WRITES.values(), ids=WRITES)
async def test_what_cannot_be_used_is_told_at_every_field_with_what_to_do(programs: Programs, row: ApiRow) -> None:
    at, token = filled(programs.day, row.path), programs.tokens["everywhere"]
    fields = row.takes.__struct_fields__
    body = {name: {"not": ["this"]} for name in fields if name not in ("told", "differs")} | {"more": 1}
    refused = (await programs.send(at, body, token, "", 422)).json()
    assert {one["field"] for one in refused["errors"]} >= set(body)
    assert all(one["detail"] for one in refused["errors"])
    headers = {"Authorization": f"Bearer {token}"}
    form = await programs.browser.post(START + at, data={"a": "b"}, headers=headers)
    assert (form.status_code, form.headers["content-type"]) == (415, "application/problem+json")
    for content in (b"", b"[]", b"[" * 10_000, b'{"a":' * 2000, b'{"title": "\\ud800"}', b"\xff"):
        answer = await programs.browser.post(START + at, content=content, headers=headers | {"Content-Type": JSON})
        assert answer.status_code == 422, content[:20]
        assert answer.json()["detail"]
