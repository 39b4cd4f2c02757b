"""Small-number rules as people meet them: on the form, where they are declared, and on every page with a result."""

from __future__ import annotations

import re
from typing import Any

from support.app import House, words
from support.async_round import an_async_round, cast_now
from support.closed_sockets import close_code
from support.factories import CLOCK, COMMISSION_FORM, a_cast, a_room, new_id
from support.voted_session import COMMISSIONER, a_vote

from forum.record.verify.stated_tables import stated_problems, write_stated
from forum.services import accounts, permissions
from forum.services.decision_form import DecisionForm, Promise
from forum.services.decisions import decide
from forum.services.exports import read_log
from forum.services.sessions import asynchronous, facilitation, policy_vote
from forum.services.sessions.commissions_and_sessions import SessionForm, create_session
from forum.services.sessions.desk import Desk
from forum.voting.reason import Reason, ReasonState
from forum.web import report
from forum.web.errors import CLOSE_NOT_ALLOWED
from forum.web.report import blocks
from forum.web.routes import PAGES

PEOPLE = ("g1",) * 21 + ("g2",) * 15 + ("g3",) * 13
FIRST = (*("r1",) * 12, *("r2",) * 8, "r3", *("r1",) * 9, *("r2",) * 6, *("r1",) * 7, *("r2",) * 5, "r3")
SECOND = (*("r1",) * 6, *("r2",) * 14, "r3", *("r1",) * 9, *("r2",) * 6, *("r1",) * 6, *("r2",) * 6, "r3")
DECLARED = "Small-number rules: on public pages, in the record and in downloads, numbers below 5 are not shown"
ROUNDED = "Numbers are rounded to the nearest 5, and small ones are not shown."


async def test_a_commission_chooses_the_rules_on_its_form_and_everybody_reads_it_before_a_vote(house: House) -> None:
    async with house.signed_in("organiser") as browser:
        shown = await browser.get("/organise/commissions/new")
        assert "Keep to small-number rules outside the room" in words(shown)
        wrong = await browser.post("/organise/commissions", data=COMMISSION_FORM | {"small_numbers": "1", "title": ""})
        assert re.search(r'name="small_numbers"[^>]* checked', wrong.text), "what was chosen is not lost"
        await browser.post("/organise/commissions", data=COMMISSION_FORM | {"small_numbers": "1", "id": new_id()})
    async with house.store.read() as work:
        (made,) = await work.commissions.list_commissions()
    assert made.small_numbers
    live = await create_session(house.store, CLOCK, SessionForm(made.id, title="A day"))
    async with house.browser() as browser:
        assert DECLARED in words(await browser.get(f"/commissions/{made.id}"))
        assert DECLARED in words(await browser.get(f"/s/{live.code}"))
        assert DECLARED in words(await browser.get("/record/0"))


async def test_no_reason_stands_beside_an_answer_on_the_page_of_a_session_with_hidden_numbers(house: House) -> None:
    """It would say that somebody gave that answer, which the hidden number does not."""
    for small_numbers, beside in ((True, 0), (False, 1)):
        voted = await a_vote(house.store, FIRST, people=PEOPLE, declared=True, small_numbers=small_numbers)
        rare = Reason(
            new_id(), voted.rounds[0], voted.people[20], "g1", "r3", "She rang", "", CLOCK.now(), ReasonState.SHOWN
        )
        async with house.store.begin() as work:
            await work.reasons.add_reasons([rare])
        async with house.browser() as anybody:
            page = (await anybody.get(f"/sessions/{voted.live.id}")).text
        [given] = re.findall(r"<details>(?:(?!</details>).)*reason that was given.*?</details>", page, re.DOTALL)
        assert "She rang" in given
        assert given.count("<h3>") == beside


async def test_every_public_page_of_a_result_has_rounded_numbers_and_says_so(house: House) -> None:
    voted = await a_vote(house.store, FIRST, SECOND, people=PEOPLE, declared=True, small_numbers=True)
    promise = Promise("The nurses' lead", "Two nurses at night", "2099-03-31")
    form = DecisionForm(voted.rounds, "", "adopted", "r2", "It is what most want.", "Not all do.", promises=(promise,))
    made = await decide(house.store, CLOCK, COMMISSIONER, form)
    await policy_vote.propose(Desk(house.store, CLOCK), voted.live.id, "A proposal that no screen has shown")
    log = await read_log(house.store)
    at = {(entry["type"], entry.get("round")): index for index, entry in enumerate(log.entries)}
    told = at["round revealed", voted.rounds[1]], at["round closed", voted.rounds[1]]
    async with house.browser() as browser, house.signed_in("commissioner") as commissioner:
        pages = [await browser.get(f"/record/{told[0]}"), await browser.get(f"/decisions/{made.id}")]
        pages.append(await commissioner.get(f"/decide/new?round={voted.rounds[0]}&second={voted.rounds[1]}"))
        closed = await browser.get(f"/record/{told[1]}")
        assert (await browser.get(f"/rounds/{voted.rounds[1]}/ballots.jsonl")).status_code == 404
        feed = (await browser.get(f"/commissions/{voted.live.commission}/feed.atom")).text
    for page in pages:
        assert page.status_code == 200, page.url
        assert ROUNDED in words(page)
        assert "About 50 people voted" in words(page)
        numbers = {int(one) for one in re.findall(r'<td(?: class="[^"]*")?>(\d+)', page.text)}
        assert numbers, page.url
        assert all(n % 5 == 0 and n for n in numbers), page.url
        assert '<span class="hide">not shown</span>' in page.text
    assert "Votes counted" not in words(closed)
    # The time of the entry may be 05:49.
    assert "49" not in re.sub(r"\d\d:\d\d", "", words(closed)).split("Fingerprint")[0]
    assert "of 49 votes" not in feed
    said = report.html(list(blocks(log)), "Report").decode()
    assert "Votes: 50" in said
    assert ">*<" in said
    assert all(int(n) % 5 == 0 and int(n) for n in re.findall(r"<td[^>]*>(\d+)<", said))
    [attendance] = log.stated["attendance.csv"]
    unseen = {"proposals_unseen": None, "amendments_unseen": None}
    assert {name: attendance[name] for name in ("came", *unseen)} == {"came": 50, **unseen}
    assert stated_problems(log, write_stated(log.stated)) == []
    for column in ("came", *unseen):
        exact = write_stated({**log.stated, "attendance.csv": [{**attendance, column: 1}]})
        [problem] = stated_problems(log, exact)
        assert problem == f"attendance.csv, row 1: with a number in {column} that small-number rules do not let out"


async def test_what_a_program_is_told_of_its_acts_is_by_the_rules(house: House) -> None:
    live, people = await a_room(house.store, PEOPLE, declared=True, small_numbers=True)
    organiser = await house.person("olu", "organiser")
    _, secret = await accounts.make_token(house.store, CLOCK, organiser, "a script")
    async with house.browser() as program:
        program.headers["Authorization"] = f"Bearer {secret}"

        async def do(path: str, body: dict[str, object]) -> dict[str, Any]:
            answer = await program.post(f"/api/v1{path}", json=body, headers={"Idempotency-Key": new_id()})
            assert answer.status_code in (200, 201), answer.text
            told: dict[str, Any] = answer.json()
            return told

        asked = await do(f"/sessions/{live.id}/ask", {"question": "Who?", "answers": ["A", "B", "C"], "none": True})
        at = f"/rounds/{asked['round']}"
        await do(f"{at}/open", {})
        casts = [a_cast(asked["round"], one, choice) for one, choice in zip(people, FIRST, strict=True)]
        async with house.store.begin() as work:
            assert not any(one.refusal for one in await work.rounds.cast(casts))
        closed = [await do(f"{at}/close", {}) for _ in range(2)]
        shown = [await do(f"{at}/reveal", {}) for _ in range(2)]
        public = (await program.get(f"/api/v1{at}")).json()["result"]
        console = f"/console/{live.id}"
        of_round, of_json = {"round": asked["round"]}, {"Accept": "application/json"}
        for act in ("close", "reveal"):
            told = (await program.post(f"{console}/{act}", data=of_round, headers=of_json)).json()
            assert "count" not in told
        assert (told["result"]["n"], told["result"]["counts"]) == (public["n"], public["counts"])
        unsaid = of_round | {"because": ""}
        for answer in (await program.get(console), await program.post(f"{console}/annul", data=unsaid)):
            assert answer.status_code == 403, "the room's own screen is exact"
            assert "only people see this screen" in words(answer)
        bearer = program.headers["Authorization"]
        assert await close_code(house, f"{console}/socket", authorization=bearer) == CLOSE_NOT_ALLOWED
    assert [one["count"] for one in closed + shown] == [None] * 4
    assert [one["result"] for one in shown] == [public, public]
    assert (public["n"], public["counts"]) == (50, {"r1": 30, "r2": 20})
    assert public["hidden"] == ["r3", "none"]


async def test_no_page_of_staff_tells_a_program_how_many_voted(house: House) -> None:
    voted = await a_vote(house.store, FIRST, SECOND, people=PEOPLE, declared=True, small_numbers=True)
    staff = await house.person("olu", *permissions.ROLES[1:])
    _, secret = await accounts.make_token(house.store, CLOCK, staff, "a script")
    there = {"session": voted.live.id, "round": voted.rounds[1], "commission": voted.live.commission}
    read: set[str] = set()
    async with house.browser() as program, house.browser() as person:
        program.headers["Authorization"] = f"Bearer {secret}"
        person.cookies.set("forum_session", await house.session_token(staff))
        about = [one for one in PAGES if re.search(r"\{session\}|\{round\}|^/organise$|^/decide(/new)?$", one.path)]
        for page in (one for one in about if "GET" in one.methods and one.permission != "public"):
            path = re.sub(r"\{(\w+)\}", lambda name: there.get(name[1]) or new_id(), page.path)
            answer = await program.get(f"{path}?round={voted.rounds[0]}&second={voted.rounds[1]}")
            if answer.status_code == 200 and answer.headers["content-type"].startswith(("text/", "application/json")):
                read.add(page.path)
                assert not re.search(r"(?<![\w:.-])49(?![\w:-])", words(answer)), path
        assert re.search(r"\b49\b", words(await person.get(f"/console/{voted.live.id}"))), "the room is told"
    assert {"/organise", "/decide/new", "/decide", "/organise/sessions/{session}"} <= read


async def test_an_asynchronous_round_is_by_the_rules_for_its_organiser_too(house: House) -> None:
    clock, desk = house.site.clock, asynchronous.desk(house.store, house.site.clock)
    night = await an_async_round(house.store, clock, ("g1",) * 21 + ("g2",) * 12, small_numbers=True)
    for person, choice in zip(night.people, ("r1",) * 12 + ("r2",) * 9 + ("r1",) * 7 + ("r2",) * 5, strict=True):
        assert not await cast_now(house.store, clock, night, person, choice)
    async with house.browser() as browser:
        assert DECLARED in words(await browser.get(f"/answer/{night.live.code}"))
        await facilitation.close_round(desk, night.live.id, night.round.id)
        told = (await facilitation.reveal_round(desk, night.live.id, night.round.id)).result
        shown = await browser.get(f"/answer/{night.live.code}")
    async with house.signed_in("organiser") as browser:
        own = await browser.get(f"/organise/asynchronous/{night.live.id}")
        _, secret = await accounts.make_token(house.store, CLOCK, await house.person("ola", "organiser"), "a script")
    async with house.browser() as program:
        program.headers["Authorization"] = f"Bearer {secret}"
        refused = await program.get(f"/organise/asynchronous/{night.live.id}")
        assert refused.status_code == 403, "it says how many answered"
    assert told is not None
    assert (told.n, told.counts, told.rounded) == (35, {"r1": 20, "r2": 15} | dict.fromkeys(told.hidden, 0), True)
    for page in (shown, own):
        assert "About 35 people voted" in words(page)
        assert ROUNDED in words(page)
