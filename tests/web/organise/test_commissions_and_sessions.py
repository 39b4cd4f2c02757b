"""Organising on the site, by people and by machines."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from support.app import ADDRESS, House, assert_faults_at, field, words
from support.factories import CLOCK, SetClock, a_cast, new_id

from forum.record import audit
from forum.record.verify.verdict import FAIL
from forum.services import exports
from forum.services.sessions import cues, facilitation
from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.sessions.desk import Desk
from forum.sessions.session import Participant
from forum.stories.submission import StoryStatus, Submission
from forum.voting.suppression import ONLY_WITH_TICKETS, Partition

JSON = {"Accept": "application/json"}
COMMISSION: dict[str, Any] = {
    "title": "Night-time crisis care",
    "question": "Who should come at night?",
    "stage": "plan",
    "level": "co-design",
    "decides": "The joint board",
    "can_change": "Who answers the call",
    "cannot_change": "The budget",
    "answer_by_days": "28",
    "threshold": "5",
    "group": ["People who use services", "", "Carers"],
    "invited": ["40", "", ""],
    "support_name": ["Samaritans", ""],
    "support_contact": ["116 123", ""],
}


@pytest.fixture
async def organiser(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with house.signed_in("organiser") as browser:
        yield browser


async def test_the_overview_says_what_to_do_first(organiser: httpx2.AsyncClient) -> None:
    shown = await organiser.get("/organise")
    assert shown.status_code == 200
    assert "First make a commission" in words(shown)
    assert shown.text.count("<h1") == 1
    assert "style=" not in shown.text


async def test_the_overview_tells_of_a_vote_that_was_left_open(house: House, organiser: httpx2.AsyncClient) -> None:
    desk = Desk(house.store, SetClock("2026-03-01T22:00:00.000Z"))
    live = await create_session(
        house.store, desk.clock, SessionForm((await house.commission()).id, title="A day", scenarios=())
    )
    asked = (await cues.ask_question(desk, live.id, "Who?", ("A nurse", "The police"), none=True)).round
    assert asked is not None
    await facilitation.open_round(desk, live.id, asked.id)
    told = words(await organiser.get("/organise"))
    assert "A vote in “A day” is still open, and nobody has come to it since 1 March 2026." in told
    await facilitation.close_round(desk, live.id, asked.id)
    assert "is still open" not in words(await organiser.get("/organise"))


async def test_a_commission_and_a_session_are_made_by_forms(house: House, organiser: httpx2.AsyncClient) -> None:
    empty = await organiser.get("/organise/commissions/new")
    assert empty.status_code == 200
    assert field(empty, "threshold") == "5"
    assert [len(re.findall(rf'id="{name}_\d+"', empty.text)) for name in ("group", "support_name")] == [2, 1]
    sent = await organiser.post("/organise/commissions", data={**COMMISSION, "id": field(empty, "id")})
    assert sent.status_code == 303, words(sent)
    async with house.store.read() as work:
        (made,) = await work.commissions.list_commissions()
    assert made.id == field(empty, "id")
    assert [(g.label, g.invited) for g in made.groups] == [("People who use services", 40), ("Carers", None)]
    assert sent.headers["location"] == f"/organise/commissions/{made.id}?done=made"

    story = Submission(
        new_id(),
        made.id,
        "The third knock",
        "",
        StoryStatus.ACCEPTED,
        made.groups[1].id,
        new_id() * 2,
        may_perform=True,
    )
    async with house.store.begin() as work:
        await work.stories.add_story(story)
    asking = await organiser.get(f"/organise/sessions/new?commission={made.id}")
    assert "The third knock" in words(asking)
    assert "goes into the public record" in words(asking)
    fields = {"commission": made.id, "id": field(asking, "id"), "title": "A day in March", "scenario": story.id}
    sent = await organiser.post("/organise/sessions", data=fields)
    assert sent.status_code == 303
    async with house.store.read() as work:
        (live,) = await work.sessions.list_sessions()
    assert (live.scenarios, live.recorded) == ((story.id,), True)
    assert sent.headers["location"] == f"/console/{live.id}"
    shown = await organiser.get("/organise")
    for address in (f"/console/{live.id}", f"/projector/{live.projector}", f"/organise/commissions/{made.id}"):
        assert f'href="{address}"' in shown.text
    assert f"{live.code[:3]} {live.code[3:]}" in words(shown)


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"title": ""}, {"title"}),
        ({"stage": "", "level": ""}, {"stage", "level"}),
        ({"threshold": "2"}, {"threshold"}),
        ({"group": ["Carers", "", "carers"], "invited": ["few", "", ""]}, {"group_3", "invited_1"}),
        ({"group": ["Everyone", "Carers"], "invited": ["", ""]}, {"group_1"}),
        (
            {"support_name": ["", "A friend"], "support_contact": ["116 123", ""]},
            {"support_name_1", "support_contact_2"},
        ),
    ],
)
async def test_a_commission_that_lacks_something_comes_back_with_all_that_was_typed(
    house: House, organiser: httpx2.AsyncClient, changes: dict[str, Any], places: set[str]
) -> None:
    typed = {**COMMISSION, "question": "Who & <when>?", **changes, "id": new_id(), "rehearsal": "1"}
    back = await organiser.post("/organise/commissions", data=typed)
    assert_faults_at(back, places)
    assert "Who &amp; &lt;when&gt;?</textarea>" in back.text
    for name in ("group", "invited", "support_name", "support_contact"):
        found = re.findall(rf'<input id="{name}_\d+"[^>]* value="([^"]*)"', back.text)
        assert found[: len(typed[name])] == typed[name]
    chosen = set(re.findall(r'<input type="(?:radio|checkbox)"[^>]*value="([^"]*)"[^>]* checked', back.text))
    assert chosen == {typed["stage"], typed["level"], "1"} - {""}
    assert field(back, "title") == typed["title"]
    assert field(back, "threshold") == typed["threshold"]
    assert field(back, "answer_by_days") == typed["answer_by_days"]
    assert field(back, "id") == typed["id"]
    async with house.store.read() as work:
        assert await work.commissions.list_commissions() == []


@pytest.mark.parametrize(("what", "name"), [("group", "group"), ("support", "support_name")])
async def test_more_rows_can_be_asked_for_without_losing_anything(
    organiser: httpx2.AsyncClient, what: str, name: str
) -> None:
    rows = [f"Row {n}" for n in range(8)]
    typed = {**COMMISSION, name: rows, {"group": "invited", "support": "support_contact"}[what]: [""] * 8, "title": ""}
    more = await organiser.post("/organise/commissions", data={**typed, "add": what})
    assert more.status_code == 200
    assert "There is a problem" not in words(more)
    assert re.findall(rf'<input id="{name}_\d+"[^>]* value="([^"]*)"', more.text) == [*rows, ""]


async def test_a_session_without_a_title_comes_back_with_its_stories_chosen(
    house: House, organiser: httpx2.AsyncClient
) -> None:
    commission = await house.commission()
    stories = [
        Submission(new_id(), commission.id, f"Story {n}", "", StoryStatus.ACCEPTED, link=new_id() * 2, may_perform=True)
        for n in range(3)
    ]
    async with house.store.begin() as work:
        for story in stories:
            await work.stories.add_story(story)
    fields = {"commission": commission.id, "title": " ", "scenario": [stories[0].id, stories[2].id], "rehearsal": "1"}
    back = await organiser.post("/organise/sessions", data=fields)
    assert back.status_code == 422
    assert 'id="title-error"' in back.text
    chosen = set(re.findall(r'<input type="checkbox"[^>]*value="([^"]*)"[^>]* checked', back.text))
    assert chosen == {stories[0].id, stories[2].id, "1"}
    assert (await organiser.get("/organise/sessions/new?commission=" + new_id())).status_code == 404
    assert (await organiser.get("/organise/sessions/new")).status_code == 404
    async with house.store.read() as work:
        assert await work.sessions.list_sessions() == []


async def test_a_machine_with_a_token_does_the_same_as_json(house: House, organiser: httpx2.AsyncClient) -> None:
    made = await organiser.post("/organise/tokens", data={"label": "Trial runs"})
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    secret = re.search(r"<p><code>([^<]+)</code></p>", made.text)
    assert secret
    # Told this once.
    again = await organiser.get("/organise")
    assert secret[1] not in again.text
    assert "Trial runs" in words(again)

    headers = {**JSON, "Authorization": f"Bearer {secret[1]}"}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=house.app), base_url=ADDRESS, headers=headers
    ) as machine:
        answer = await machine.post("/organise/commissions", data={**COMMISSION, "rehearsal": "1"})
        assert answer.status_code == 200
        commission = answer.json()
        assert set(commission) == {"id", "groups", "stories"}
        assert commission["stories"] == []  # lent for a rehearsal only
        assert [set(group) for group in commission["groups"]] == [{"id", "label"}] * 2
        fields = {"commission": commission["id"], "title": "A rehearsal", "rehearsal": "1"}
        answer = await machine.post("/organise/sessions", data=fields)
        session = answer.json()
        assert set(session) == {"id", "code", "projector", "console"}
        assert session["console"] == f"/console/{session['id']}"
        refused = await machine.post("/organise/sessions", data={**fields, "record": "1"})
        assert refused.status_code == 409
        assert refused.json()["error"]["code"] == "illegal_move"
        bad = await machine.post("/organise/commissions", data={"title": "Alone"})
        assert bad.status_code == 422
        assert {"question", "stage", "level", "group_1"} <= set(bad.json()["error"]["fields"])

        token = re.search(r'action="/organise/tokens/([0-9a-f]{32})/revoke"', again.text)
        assert token
        revoked = await organiser.post(f"/organise/tokens/{token[1]}/revoke")
        assert revoked.status_code == 303
        assert (await machine.post("/organise/sessions", data=fields)).status_code == 401
    assert "Trial runs" not in words(await organiser.get("/organise"))


async def test_tokens_are_ones_own(house: House, organiser: httpx2.AsyncClient) -> None:
    token = (await organiser.post("/organise/tokens", data={"label": "Mine"}, headers=JSON)).json()
    assert set(token) == {"id", "token"}
    async with house.signed_in("organiser") as other:
        assert "Mine" not in words(await other.get("/organise"))
        assert (await other.post(f"/organise/tokens/{token['id']}/revoke")).status_code == 404
    async with house.browser() as machine:
        machine.headers |= {**JSON, "Authorization": f"Bearer {token['token']}"}
        assert (await machine.get("/organise")).status_code == 200


async def test_a_token_without_a_label_is_not_made(organiser: httpx2.AsyncClient) -> None:
    back = await organiser.post("/organise/tokens", data={"label": " "})
    assert back.status_code == 422
    assert 'id="label-error"' in back.text
    assert "/revoke" not in back.text
    typed = "a" * 61
    assert field(await organiser.post("/organise/tokens", data={"label": typed}), "label") == typed


async def test_sessions_say_what_they_are(house: House, organiser: httpx2.AsyncClient) -> None:
    commission = await house.commission(rehearsal=True)
    await create_session(house.store, CLOCK, SessionForm(commission.id, title="A try"))
    said = words(await organiser.get("/organise"))
    assert "Rehearsal" in said
    assert "Not recorded" in said


async def test_nobody_else_may_organise(house: House) -> None:
    commission = await house.commission()
    posts = {
        "/organise/commissions": COMMISSION,
        "/organise/sessions": {"commission": commission.id, "title": "A day"},
        "/organise/tokens": {"label": "Mine"},
        f"/organise/tokens/{new_id()}/revoke": {},
    }
    async with house.browser() as anybody, house.signed_in("commissioner", "moderator", "administrator") as staff:
        for path in ("/organise", "/organise/commissions/new", f"/organise/sessions/new?commission={commission.id}"):
            assert (await anybody.get(path)).status_code == 303
            assert (await staff.get(path)).status_code == 403
        for path, fields in posts.items():
            assert (await staff.post(path, data=fields)).status_code == 403
    async with house.store.read() as work:
        assert [c.id for c in await work.commissions.list_commissions()] == [commission.id]
        assert await work.sessions.list_sessions() == []


async def test_a_session_may_give_results_by_group_with_tickets_alone_and_the_form_says_when_that_is_wise(
    house: House, organiser: httpx2.AsyncClient
) -> None:
    made = (await organiser.post("/organise/commissions", data=COMMISSION, headers=JSON)).json()
    few = COMMISSION | {"title": "Custody", "group": ["Police", "Carers"], "invited": ["4", "200"]}
    small = (await organiser.post("/organise/commissions", data=few, headers=JSON)).json()
    path = "/organise/sessions/new?commission="
    assert "Few people were invited from" not in words(await organiser.get(path + made["id"]))
    assert "Few people were invited from: Police." in words(await organiser.get(path + small["id"]))
    again = await organiser.post("/organise/sessions", data={"commission": small["id"], "title": "", "whole": "1"})
    assert re.search('name="whole" value="1"[^>]* checked', again.text)
    for entrance, whole in (("open code", True), ("tickets", True), ("open code", False)):
        form = {"commission": small["id"], "title": "A day", "entrance": entrance, "whole": "1" if whole else "0"}
        session = (await organiser.post("/organise/sessions", data=form, headers=JSON)).json()
        async with house.store.read() as work:
            live = await work.sessions.get_session(session["id"])
        withheld = whole and entrance == "open code"
        assert live.partition == (Partition((), ONLY_WITH_TICKETS) if withheld else None)
        async with house.browser() as phone:
            said = words(await phone.get(f"/s/{session['code']}"))
        assert ("Results by group need tickets" in said) is withheld
        assert ("do not say your group" in said) is (entrance == "open code" and not whole)


async def test_what_is_withheld_without_tickets_is_in_no_table_and_its_record_passes_every_check(house: House) -> None:
    commission = await house.commission(threshold=2)
    live = await create_session(house.store, CLOCK, SessionForm(commission.id, title="A day", whole=True))
    acts = Desk(house.store, CLOCK)
    round_ = (await cues.ask_question(acts, live.id, "Who comes?", ["A nurse", "The police"], none=False)).round
    assert round_ is not None
    await facilitation.open_round(acts, live.id, round_.id)
    async with house.store.begin() as work:
        for n in range(8):
            voter = await work.sessions.join(Participant(new_id(), live.id, f"g{1 + n % 2}", CLOCK.now()), new_id())
            await work.rounds.cast([a_cast(round_.id, voter.id, f"r{1 + n % 2}")])
    await facilitation.close_round(acts, live.id, round_.id)
    result = (await facilitation.reveal_round(acts, live.id, round_.id)).result
    assert result is not None
    assert (result.counts, result.rows, result.withheld) == ({"r1": 4, "r2": 4}, (), ONLY_WITH_TICKETS)
    export = await exports.export(house.site.checkpoints)
    assert not [check for check in audit.verify(export) if check.verdict == FAIL]


async def test_a_commission_is_drafted_published_and_changed_by_forms(
    house: House, organiser: httpx2.AsyncClient
) -> None:
    empty = await organiser.get("/organise/commissions/new")
    id_ = field(empty, "id")
    bare = {"id": id_, "title": "Night care", "group": ["Carers"], "invited": [""], "draft": "1"}
    home = f"/organise/commissions/{id_}"
    own = f"{home}/edit"
    public = f"/commissions/{id_}"
    kept = await organiser.post("/organise/commissions", data=bare)
    assert (kept.status_code, kept.headers["location"]) == (303, own)
    assert f'href="{home}"' in (await organiser.get("/organise")).text
    for hidden in (public, f"{public}/feed.atom", f"{public}/tell", f"{public}/stages/plan", f"{home}/stages"):
        assert (await organiser.get(hidden)).status_code == 404, hidden
    for listed in ("/", "/commissions", "/stories"):
        assert "Night care" not in (await organiser.get(listed)).text
    draft = await organiser.get(own)
    whole = {**COMMISSION, "seen": field(draft, "seen"), "publish": "1", "group_id": [field(draft, "group_id"), "", ""]}
    missing = await organiser.post(own, data=bare | {"draft": "", "publish": "1", "seen": field(draft, "seen")})
    assert_faults_at(missing, {"question", "stage", "level", "decides", "can_change", "cannot_change", "group_1"})
    made = await organiser.post(own, data=whole)
    assert (made.status_code, made.headers["location"]) == (303, f"{home}?done=made")
    twice = await organiser.post(own, data=whole)
    assert twice.status_code == 409
    assert "has been published meanwhile" in words(twice)

    shown = await organiser.get(own)
    ids = re.findall(r'name="group_id" value="([0-9a-f]{32})"', shown.text)
    assert len(ids) == 2
    assert field(draft, "group_id") == ids[0]
    assert field(shown, "answer_by_days") == "28"
    change = {**COMMISSION, "seen": "1", "question": "Who should stay?", "group": ["Everybody here", "Carers"]}
    change |= {"invited": ["41", ""], "group_id": ids, "because": "", "threshold": "8", "answer_by_days": "1"}
    unsaid = await organiser.post(own, data=change)
    assert_faults_at(unsaid, {"because"})
    done = await organiser.post(own, data=change | {"because": "The first question was too narrow."})
    assert (done.status_code, done.headers["location"]) == (303, f"{home}?done=changed")
    late = await organiser.post(own, data=change | {"because": "Mine", "question": "Who should go?"})
    assert late.status_code == 409
    assert "It has been changed meanwhile" in words(late)
    assert "Who should go?" in late.text
    assert field(late, "seen") == "2"
    async with house.browser() as anybody:
        read = words(await anybody.get(public))
        for there in ("What was changed", "too narrow", "Who should come at night?", "Who should stay?", "41", "8"):
            assert there in read, there
        assert "Within 28 days after the vote Within 1 day after the vote" in read
        assert "was changed. This is version 2" in words(await anybody.get("/record/1"))
        assert "Within 1 day after the vote" in words(await anybody.get("/record/1"))
        assert "was published" in words(await anybody.get("/record/0"))
    async with house.store.read() as work:
        of = await work.commissions.get_commission(id_)
    assert ([group.id for group in of.groups], of.version, of.stage) == (ids, 2, "plan")
