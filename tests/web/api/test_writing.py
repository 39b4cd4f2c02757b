"""What programs of staff do over the API: each act is the page's, with the page's permission, mistakes and moments; a
request that comes twice is done once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.api_programs import WRITES, Programs, filled, programs_in, role_of, row_of
from support.app import a_sent_story, words
from support.check_back import understood
from support.decided import ANSWERS
from support.factories import CLOCK, new_id
from support.pictures import picture
from support.voted_session import COMMISSIONER, a_vote

from forum.ports.webhooks import HookEvent, HookMessage, MessageState
from forum.services import (
    accounts,
    answers_due,
    commitments,
    decisions,
    help_pledges,
    minority_statements,
    permissions,
    update_files,
)
from forum.services.commitments import UpdateForm
from forum.services.decision_form import DecisionForm, Promise
from forum.services.help_pledges import HelpForm
from forum.services.keys import new_key
from forum.services.stories import appeals_and_reports, build_link, draft_edits, evidence
from forum.services.stories.build_link import Answer
from forum.services.stories.moderation import moderate
from forum.services.stories.submissions import submit
from forum.stories.draft import mark
from forum.stories.edits import AddCard, Edit, SetField
from forum.stories.evidence_files import MAX_BYTES
from forum.voting.commission import Commission
from forum.web.api.moderating import MOST_TEXTS
from forum.web.api.row import START, ApiRow
from forum.web.forms import WORDS

JSON = "application/json"
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
PROMISE = Promise("Head of nights", "Two nurses", "2027-03-31")
DECISION = {"outcome": "adopted", "answer": "r2", "rationale": "It is near.", "differs": DIFFERS}


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


@pytest.fixture(scope="module")
async def programs(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[Programs]:
    async with programs_in(tmp_path_factory.mktemp("writing"), sqlite_template) as there:
        yield there


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
    await plans("sections", title="Late", starts="21:00")
    late = plan["sections"][1]["id"]
    await plans("sections/move", id=late)
    assert [one["title"] for one in plan["sections"]] == ["Late", "Evening"]
    await plans("put", id=plan["sections"][1]["items"][-1]["id"], section=late, before="")
    assert [one["kind"] for one in plan["sections"][0]["items"]] == ["ask"]
    await plans("sections/remove", again=404, id=late)
    await plans("undo")
    assert [one["title"] for one in plan["sections"]] == ["Late", "Evening"]
    copy = await do(f"{at}/copy", {})
    await do(f"/sessions/{copy['id']}/call-off", {"because": "The hall is flooded."})
    assert (await do(f"{at}/open", {}))["state"] == "going on"

    await do(f"{at}/next", {"item": scene["id"], "after": ""})
    await do(f"{at}/scene", {"story": story.id, "scene": scene["words"]})
    await do(f"{at}/question", {"story": story.id, "scene": question["words"]})
    await do(f"{at}/note", {"words": "A break"})
    await do(f"{at}/pause", {})
    await do(f"{at}/resume", {})
    await do(f"{at}/let-in", {})
    for off in (True, False):
        await do(f"{at}/badges", {"off": off})
    asked = await do(f"{at}/ask", {"question": "Who else?", "answers": ["Ana", "Ben", "Cy"], "none": True})
    assert [one["label"] for one in asked["answers"]][:3] == ["Ana", "Ben", "Cy"]
    vote = f"/rounds/{asked['round']}"
    left = await do(f"{vote}/leave-out", {"answer": asked["answers"][2]["id"]})
    assert [one["label"] for one in left["answers"]][:2] == ["Ana", "Ben"]
    await do(f"{vote}/wording", {"kind": "easy", "question": "Who?", "answers": {left["answers"][0]["id"]: "Ana B."}})
    await do(f"{vote}/terms", {"method": "single", "quorum": 3})
    async with programs.house.store.read() as work:
        declared = await work.rounds.get_round(asked["round"])
    assert (declared.quorum, declared.versions[0].question) == (3, "Who?")
    assert (await do(f"{vote}/open", {}))["state"] == "open"
    assert (await do(f"{vote}/time", {"minutes": 5}))["state"] == "open"
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
    hooked = f"/commissions/{here}/webhooks/{added['id']}"
    await do(f"{hooked}/start", {})
    async with programs.house.store.begin() as work:
        gone = HookMessage(new_id(), added["id"], HookEvent.DECISION_MADE, CLOCK.now(), {}, MessageState.GIVEN_UP)
        await work.webhooks.add_message(gone)
    [told] = [one for one in (await programs.get(f"{hooked}/messages"))["items"] if one["id"] == gone.id]
    assert (told["state"], told["event"]) == ("given up", "decision.made")
    # Once, as it is on its way then.
    again = f"{hooked}/messages/{gone.id}/again"
    assert (await programs.send(again, {}, programs.tokens["organiser"], "", 200)).json()["state"] == "waiting"
    programs.done.add(row_of(again).path)
    letting = {"addresses": ["https://www.example.org/about", "https://example.com"]}
    sites = (await do(f"/commissions/{here}/embeds", letting))["addresses"]
    assert (
        (await programs.get(f"/commissions/{here}/embeds"))["addresses"]
        == sites
        == [
            *("https://www.example.org", "https://example.com"),
        ]
    )
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

    await sends_a_file(programs, added["id"])

    live = await programs.send(
        f"/commissions/{programs.commission}/sessions", {"title": "A day"}, programs.tokens["organiser"], "", 201
    )
    at = f"/sessions/{live.json()['id']}/prediction"
    assert (await programs.get(at, "commissioner"))["may_be_sealed"]
    sealed = await do(at, {"expect": "A nurse", "minds": "Many who say no"})
    told = await programs.get(at, "commissioner")
    assert (told["id"], told["expect"], told["entry"]) == (sealed["id"], "A nurse", sealed["entry"])
    late = await programs.send(at, {"expect": "A", "minds": "B"}, programs.tokens["commissioner"], new_id(), 409)
    assert "was sealed a moment ago" in late.json()["detail"]
    other = await do(at, {"expect": "A nurse or two", "minds": "B", "after": sealed["id"]})
    assert (await programs.get(at, "commissioner"))["id"] == other["id"] != sealed["id"]
    await programs.repeat(programs.keyed[-2])
    assert (await programs.get(at, "commissioner"))["id"] == other["id"], "what was replaced stays replaced"

    over = await understood(programs.house.store)
    at, seen = f"/drafts/{over.draft.id}", {"version": over.draft.version}
    back = seen | {"summary": "A nurse should come.", "days": 7}
    refused = await programs.send(f"{at}/ask", back | {"days": 99}, programs.tokens["everywhere"], "", 422)
    assert [one["field"] for one in refused.json()["errors"]] == ["days"]
    asked = await do(f"{at}/ask", back, token=programs.tokens["everywhere"])
    assert "/answer/" in asked["page"]
    await do(f"{at}/stop-asking", seen, again=409, token=programs.tokens["everywhere"])

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


async def test_the_acts_of_moderators(programs: Programs) -> None:
    do, store, here = programs.do, programs.house.store, programs.commission
    story, key = await submit(store, CLOCK, here, a_sent_story("A fifth knock"))
    await moderate(store, CLOCK, story.id, "return", because="Names.", expected_status=story.status, by="mo")
    await appeals_and_reports.appeal(store, CLOCK, key, "No name is in it.")
    [appeal] = (await programs.get(f"/commissions/{here}/appeals", "moderator"))["items"]
    assert (appeal["story"], appeal["words"], appeal["because"], appeal["yours"]) == (
        *(story.id, "No name is in it.", "Names.", False),
    )
    answer = {"appeal": appeal["id"], "answer": "overturn", "why": "None is.", "public": True}
    at = f"/stories/{story.id}/appeal"
    refused = await programs.send(at, answer | {"answer": "", "why": "None"}, programs.tokens["moderator"], "", 422)
    assert [one["field"] for one in refused.json()["errors"]] == ["answer"]
    assert (await do(at, answer, again=409))["state"] == "submitted"
    assert (await programs.get(f"/commissions/{here}/appeals", "moderator"))["items"] == []

    await evidence.add_link(store, CLOCK, key, title="", url="https://example.org/rota")
    check = programs.house.site.check_file
    await evidence.add_file(store, CLOCK, check, key, title="The rota", content=picture())
    at = f"/stories/{story.id}/evidence"
    link, photo = (await programs.get(at, "moderator"))["items"]
    assert (link["url"], link["file"], photo["kind"], photo["state"]) == (
        *("https://example.org/rota", None, "image/jpeg", "waiting"),
    )
    reader = {"Authorization": f"Bearer {programs.tokens['moderator']}"}
    file = await programs.browser.get(photo["file"], headers=reader)
    assert (file.status_code, file.headers["content-type"], len(file.content)) == (200, "image/jpeg", photo["size"])
    organiser = {"Authorization": f"Bearer {programs.tokens['organiser']}"}
    assert (await programs.browser.get(photo["file"], headers=organiser)).status_code == 403
    assert (await do(f"{at}/{photo['id']}/moderate", {"act": "show", "read": photo["read"]}, again=409))[
        "state"
    ] == "shown"
    body = {"act": "decline", "because": "It is another ward’s."}
    for other, status in (("", 422), (photo["read"], 409)):
        await programs.send(
            f"{at}/{link['id']}/moderate", body | {"read": other}, programs.tokens["moderator"], "", status
        )
    body |= {"read": link["read"]}
    assert (await do(f"{at}/{link['id']}/moderate", body, again=409))["state"] == "declined"

    told = new_key()
    edits: list[Edit] = [SetField("title", (mark(""),), "Three bells"), AddCard("c1", text="I am alone on the ward.")]
    allowed = {"group": "g2", "may_perform": "yes", "may_publish": "yes", "may_quote": "no"}
    edits += [SetField(name, (mark(""),), value) for name, value in allowed.items()]
    alone = (await draft_edits.begin(store, CLOCK, here, told, edits)).story.id
    await draft_edits.send(store, CLOCK, told, shape=True)
    at = f"/stories/{alone}"
    read = {"read": (await programs.get(f"{at}/to-read", "moderator"))["read"]}
    question = read | {"question": "Who should come?", "answers": ["A nurse", "The\ncrew", "A neighbour"]}
    asked = await do(f"{at}/question", question)
    [proposed] = (await programs.get(f"{at}/to-read", "moderator"))["proposed"]
    assert (proposed["id"], proposed["answers"]) == (asked["id"], ["A nurse", "The crew", "A neighbour"])
    agreed = read | {"proposal": asked["id"]}
    for act, body in (("question", question), ("question/agree", agreed)):
        refused = await programs.send(f"{at}/{act}", body | {"read": ""}, programs.tokens["moderator"], "", 422)
        assert [one["field"] for one in refused.json()["errors"]] == ["read"], "no text is agreed to unseen"
    await do(f"{at}/question/agree", agreed)
    await build_link.answer(store, CLOCK, told, asked["id"], Answer("accepted"))
    await programs.repeat(programs.keyed[-1])
    await programs.send(f"{at}/question", question, programs.tokens["moderator"], new_id(), 409)

    pledge = HelpForm(new_key(), "I can lend the room", "Sam")
    await help_pledges.make(store, CLOCK, programs.day.voted.live, pledge)
    [waiting] = (await programs.get(f"/commissions/{here}/pledges-to-read", "moderator"))["items"]
    assert (waiting["words"], waiting["name"]) == ("I can lend the room", "Sam")
    at = f"/commissions/{here}/pledges/{waiting['id']}/read"
    elsewhere = at.replace(here, programs.other.voted.live.commission)
    await programs.send(elsewhere, {"act": "publish"}, programs.tokens["everywhere"], "", 404)
    await programs.send(at, {"act": "burn"}, programs.tokens["moderator"], "", 422)
    assert (await do(at, {"act": "publish"}, again=409))["state"] == "shown"

    form = DecisionForm(
        programs.day.voted.rounds, "", "adopted", "r1", "It can be done.", "Because", "No", (PROMISE,), answers=ANSWERS
    )
    against = await decisions.decide(store, CLOCK, COMMISSIONER, form)
    for act, body in (("return", {"because": "Leave him out."}), ("publish", dict[str, str]())):
        await says_against(programs, against.id, "We cannot cover a night.")
        [statement] = (await programs.get(f"/commissions/{here}/statements-to-read", "moderator"))["items"]
        assert (statement["words"], statement["group"]) == ("We cannot cover a night.", "Nurses")
        path = f"/statements/{statement['id']}/{act}"
        for other, status in (("", 422), ("0" * 64, 409)):
            await programs.send(path, body | {"read": other}, programs.tokens["moderator"], "", status)
        await do(path, body | {"read": statement["read"]}, again=409)

    news_form = UpdateForm(state="done", said="Two are here.")
    sent = await update_files.checked(check, "The rota", picture())
    news = await commitments.update(store, CLOCK, COMMISSIONER, against.commitments[0].id, news_form, sent)
    assert (await do(f"/files/{news.id}/withdraw", {}))["state"] == "taken away"


async def says_against(programs: Programs, decision: str, words_: str) -> None:
    """Sends the statement of a group that a decision goes against, anew where it came back."""
    store, new = programs.house.store, new_key()
    await minority_statements.make(store, CLOCK, COMMISSIONER, decision, "Nurses", new)
    async with store.read() as work:
        there = await work.minority.statements_on(decision)
    await minority_statements.write(store, CLOCK, new, there[0].id if there else new_id(), words_)


async def test_the_acts_at_the_door_and_with_papers(programs: Programs) -> None:
    do, here, own = programs.do, programs.commission, programs.tokens["organiser"]
    live = await do(f"/commissions/{here}/sessions", {"title": "By ticket", "entrance": "tickets"})
    at = f"/sessions/{live['id']}/tickets"
    refused = await programs.send(at, {"count": 0}, own, "", 422)
    assert [one["field"] for one in refused.json()["errors"]] == ["count"]
    issued = await do(at, {"count": 3, "group": "g1"})
    assert [(one["number"], one["group"]) for one in issued["tickets"]] == [(1, "g1"), (2, "g1"), (3, "g1")]
    async with programs.house.browser() as person:
        code = {"ticket": issued["tickets"][0]["code"]}
        assert (await person.post(f"/s/{live['code']}/join", data=code)).status_code == 303
    [fresh] = (await do(f"{at}/replace", {"number": 2}, again=409))["tickets"]
    await do(f"{at}/revoke", {"number": 3}, again=409)
    first = await programs.get(f"{at}?limit=3")
    [last] = (await programs.get(f"{at}?limit=3&cursor={first['next']}"))["items"]
    assert [one["dead"] for one in first["items"]] == [False, True, True]
    assert last == {"number": 4, "group": "g1", "dead": False, "replaces": 2}
    assert all(one["code"] not in str(first) for one in (*issued["tickets"], fresh))
    codes = {one["code"] for one in (*issued["tickets"], fresh)}
    for body, by, key in (
        ({"count": 1}, own, programs.keyed[-1].key),
        (programs.keyed[-1].body, own, new_id()),
        (programs.keyed[-1].body, programs.tokens["another organiser"], programs.keyed[-1].key),
    ):
        new = (await programs.send(at, body, by, key, 201)).json()["tickets"]
        assert codes.isdisjoint(one["code"] for one in new), "another body, key or person is another request"
        codes |= {one["code"] for one in new}
    await programs.repeat(programs.keyed[-1])
    await programs.send(f"/sessions/{live['id']}/end", {}, own, "", 200)
    assert (await programs.send(at, {"count": 1}, own, new_id(), 409)).json()["detail"]
    await programs.repeat(programs.keyed[-1])
    site = programs.house.app.state.site
    programs.house.app.state.site = replace(site, ticket_secret=b"that of another signing key")
    told = await programs.send(at, programs.keyed[-1].body, own, programs.keyed[-1].key, 409)
    assert "cannot be told again" in told.json()["detail"], "no wrong code is told"
    programs.house.app.state.site = site

    vote, second = f"/rounds/{programs.day.standing}/papers", programs.tokens["another organiser"]
    assert (await programs.get(vote))["state"] == "none"
    heaps = [{"group": "g1", "mark": "r1", "papers": 2}, {"mark": "none", "papers": 1}]
    wrong = [{"group": "g9", "mark": "r1", "papers": 1}, {"mark": "r9", "papers": 1}, *heaps, heaps[0]]
    refused = await programs.send(vote, {"heaps": wrong, "handed_out": 9}, own, "", 422)
    assert [one["field"] for one in refused.json()["errors"]] == ["heaps[0].group", "heaps[1].mark", "heaps[4]"]
    minus = [heaps[1], {"group": "g1", "mark": "r1", "papers": -1}]
    refused = await programs.send(vote, {"heaps": minus, "handed_out": 9}, own, "", 422)
    assert [one["field"] for one in refused.json()["errors"]] == ["heaps[1]"]
    body = {"heaps": heaps, "handed_out": 9}
    thrown = await do(vote, body)
    await do(f"{vote}/discard", {"id": thrown["id"]}, again=409)
    entered = await do(vote, body)
    assert (entered["yours"], entered["heaps"]) == (True, [heaps[0], {"group": None, "mark": "none", "papers": 1}])
    refused = await programs.send(f"{vote}/confirm", {"id": entered["id"]}, programs.tokens["everywhere"], "", 409)
    assert "Somebody else must confirm it" in refused.json()["detail"], "two tokens of one person are one person"
    confirmed = await do(f"{vote}/confirm", {"id": entered["id"]}, again=409, token=second)
    assert (confirmed["state"], confirmed["yours"], confirmed["handed_out"]) == ("confirmed", False, 9)
    third = await programs.house.person("a-third", "organiser")
    _, token = await accounts.make_token(programs.house.store, CLOCK, third, "Third")
    told = (await programs.browser.get(START + vote, headers={"Authorization": f"Bearer {token}"})).json()
    assert (told["state"], told["heaps"], told["handed_out"]) == ("confirmed", None, None)


async def sends_a_file(programs: Programs, promise: str) -> None:
    """Sends news of a promise with a picture: once where it comes twice, refused by field, read by everybody."""
    at = f"/promises/{promise}/updates"
    headers = {"Authorization": f"Bearer {programs.tokens['commissioner']}"}
    told = (await programs.browser.get(f"{START}/promises/{promise}")).json()
    news = {"state": "done", "said": "It hangs there.", "after": told["updates"][-1]["id"], "shows": "The rota"}
    of = programs.described["paths"]["/promises/{commitment}/updates"]["post"]["requestBody"]["content"]
    assert set(of["multipart/form-data"]["schema"]["properties"]) == {*news, "because", "handed_to", "file"}

    async def send(
        file: bytes, status: int, key: str = "", by: str = headers["Authorization"], field: str = "file", **more: str
    ) -> Any:
        sent = await programs.browser.post(
            START + at,
            data=news | more,
            files={field: ("rota.jpg", file)},
            headers={"Authorization": by, "Idempotency-Key": key},
        )
        assert sent.status_code == status, sent.text
        return sent.json()

    await send(picture(), 401, by="Bearer nobody")
    for file, more, name in ((b"MZ", {}, "file"), (picture(), {"shows": ""}, "shows"), (picture(), {"on": "1"}, "on")):
        assert [one["field"] for one in (await send(file, 422, **more))["errors"]] == [name]
    assert [one["field"] for one in (await send(picture(), 422, field="photo"))["errors"]] == ["photo"]
    for named, given, said in (
        ("", "words", "no file in this part"),
        ('; filename=""', "", "no file in this part"),
        ('; filename=""', "MZ", "PNG"),
    ):
        parts = {f'"{name}"': value for name, value in news.items()} | {f'"file"{named}': given}
        lines = "".join(
            f"--x\r\nContent-Disposition: form-data; name={part}\r\n\r\n{value}\r\n" for part, value in parts.items()
        )
        typed = headers | {"Content-Type": "multipart/form-data; boundary=x"}
        told = await programs.browser.post(START + at, content=lines + "--x--\r\n", headers=typed)
        [wrong] = told.json()["errors"]
        assert (told.status_code, wrong["field"], said in str(wrong)) == (422, "file", True), "nothing is dropped"
    alone = await programs.browser.post(START + at, json=news, headers=headers)
    assert (alone.status_code, [one["field"] for one in alone.json()["errors"]]) == (422, ["shows"])
    assert [one["field"] for one in (await send(b"x" * (MAX_BYTES + 1), 422))["errors"]] == ["file"]
    cut = headers | {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await programs.browser.post(START + at, content=b"--x\r\nnothing", headers=cut)).status_code == 422
    key = new_id()
    made = await send(picture(), 201, key)
    assert (await send(picture(), 201, key))["id"] == made["id"]
    assert "Somebody else said" in (await send(picture(), 409, new_id()))["detail"]
    last = (await programs.browser.get(f"{START}/promises/{promise}")).json()["updates"][-1]
    assert (last["id"], last["file"]["shows"], last["file"]["media"]) == (made["id"], "The rota", "image/jpeg")
    shown = await programs.browser.get(last["file"]["url"])
    assert (shown.status_code, len(shown.content)) == (200, last["file"]["size"])
    large = b'{"said": "' + b"a" * WORDS + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        yield large

    for content in (large, pieces()):
        answer = await programs.browser.post(
            START + at, content=content, headers=headers | {"Content-Type": JSON, "Accept": JSON}
        )
        assert answer.status_code == 413, "its fields hold no more, though a file may"


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
    """Follows the tests above: a new row needs its act in one of them."""
    assert programs.done == set(WRITES)


async def test_what_made_something_is_answered_alike_however_much_happened_since(programs: Programs) -> None:
    assert {row_of(one.path).path for one in programs.keyed} == {path for path, row in WRITES.items() if row.makes}
    for one in programs.keyed:
        await programs.repeat(one)


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
    tables = {"told", "differs"} | ({"answers"} if row.path.endswith("/wording") else set())
    body = {name: {"not": ["this"]} for name in row.takes.__struct_fields__ if name not in tables} | {"more": 1}
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
