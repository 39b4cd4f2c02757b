"""Deciding on the site: what waits, the form, the public page, the export."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import openpyxl
import pytest
from support.app import House, assert_faults_at, field, words
from support.decided import ANSWERS, set_condition
from support.factories import SetClock, new_id
from support.voted_session import FIRST, LABELS, PEOPLE, QUESTION, SECOND, Voted, a_vote

from forum.adapters import workbook
from forum.services.sessions import cues, facilitation
from forum.voting.decision import Decision
from forum.voting.partition import NO_COUNT_BESIDE

REASONS = {0: "She knew me by name.", 5: "Quick & calm <always>", 11: "I am a nurse and nobody asked me."}
FORM = {
    "outcome": "adopted",
    "response": "r1",
    "rationale": "A nurse is there in twenty minutes.",
    "role_1": "Head of night services",
    "what_1": "Two nurses on every night",
    "by_1": "2027-03-31",
    **ANSWERS,
}


@pytest.fixture
async def commissioner(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with house.signed_in("commissioner") as browser:
        yield browser


def asked(voted: Voted) -> dict[str, str]:
    return dict(zip(("round", "second"), voted.rounds, strict=False))


def address(voted: Voted) -> str:
    return "/decide/new?" + "&".join(f"{name}={value}" for name, value in asked(voted).items())


async def decided(house: House) -> list[Decision]:
    async with house.store.read() as work:
        return await work.decisions.list_decisions()


async def recorded(house: House) -> int:
    async with house.store.read() as work:
        return await work.record.size()


def checked(answer: httpx2.Response) -> set[str]:
    """Returns the values of the radios and boxes that are chosen."""
    return set(re.findall(r'<input type="(?:radio|checkbox)"[^>]*value="([^"]*)"[^>]* checked', answer.text))


async def test_a_vote_waits_for_its_decision_and_then_stands_with_it(
    house: House, commissioner: httpx2.AsyncClient
) -> None:
    empty = await commissioner.get("/decide")
    assert "No vote to decide on yet" in words(empty)
    once = await a_vote(house.store)
    twice = await a_vote(house.store, FIRST, SECOND)
    third = await a_vote(house.store)
    draft = await cues.ask_question(third.desk, third.live.id, "Not shown yet?", LABELS, none=True)
    assert draft.round is not None
    await facilitation.annul_round(third.desk, third.live.id, third.rounds[0], "The wrong scene")
    shown = await commissioner.get("/decide")
    links = set(re.findall(r'href="(/decide/new\?[^"]*)"', shown.text))
    assert {link.replace("&amp;", "&") for link in links} == {address(once), address(twice)}
    assert "Voted on twice" in words(shown)
    assert "Not shown yet?" not in shown.text
    assert f"/export?commission={once.live.commission}" in (await commissioner.get("/decide/exports")).text

    sent = await commissioner.post("/decide/new", data={**FORM, **asked(once)})
    shown = await commissioner.get("/decide")
    assert sent.headers["location"] in shown.text
    assert address(once) not in shown.text.replace("&amp;", "&")
    made = await commissioner.get(sent.headers["location"])
    assert "Record another decision on this vote" in words(made)
    assert address(once) in made.text.replace("&amp;", "&")


async def test_the_form_shows_what_the_decision_rests_on(house: House, commissioner: httpx2.AsyncClient) -> None:
    voted = await a_vote(house.store, FIRST, SECOND, threshold=3)
    shown = await commissioner.get(address(voted))
    assert shown.status_code == 200
    said = words(shown)
    assert shown.text.count("<h1") == 1
    assert QUESTION in said
    assert "The room preferred “The police”." in said
    assert "19 people voted" in said
    assert "By group" in said
    assert "Equal voice" in said
    assert "Who changed their vote" in said
    # Carers put the crisis team first; the room did not.
    assert "did not put “The police” first: Carers" in said
    assert checked(shown) == set()
    assert "style=" not in shown.text


@pytest.mark.parametrize("votes", [(FIRST,), (FIRST, SECOND)])
async def test_reasons_stand_by_response_and_never_with_a_group(
    house: House, commissioner: httpx2.AsyncClient, votes: tuple[tuple[str, ...], ...]
) -> None:
    voted = await a_vote(house.store, *votes, reasons=REASONS)
    shown = await commissioner.get(address(voted))
    reasons = shown.text[shown.text.index("The reasons people gave") : shown.text.index("The decision</h2>")]
    details = re.findall(r"<details>(.*?)</details>", reasons, re.S)
    assert len(details) == 2
    assert "Quick &amp; calm &lt;always&gt;" in details[0]
    assert details[0].index("Quick") < details[0].index("She knew me")
    assert "nobody asked me" in details[1]
    for group in ("People who use services", "Carers", "Nurses", "Police"):
        assert group not in "".join(details)


async def test_of_a_vote_without_a_count_no_answer_is_told_by_its_reasons(
    house: House, commissioner: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store, reasons=REASONS)
    async with house.store.begin() as work:
        live = await work.sessions.get_session(voted.live.id, lock=True)
        assert live.partition
        live = replace(live, partition=replace(live.partition, uncounted=tuple(voted.rounds)))
        await work.sessions.save_session(live.changed())
    shown = await commissioner.get(address(voted))
    said = words(shown)
    assert NO_COUNT_BESIDE in said
    assert "Nobody voted" not in said
    [details] = re.findall(
        r"<details>(.*?)</details>", shown.text[shown.text.index("The reasons people") :].partition("<form")[0], re.S
    )
    assert "Whatever people chose" in details
    assert details.index("I am a nurse") < details.index("Quick") < details.index("She knew me")


async def test_a_decision_is_recorded_and_everybody_can_read_it(house: House, commissioner: httpx2.AsyncClient) -> None:
    voted = await a_vote(house.store, reasons=REASONS)
    shown = await commissioner.get(address(voted))
    sent = await commissioner.post(
        "/decide/new",
        data={
            **FORM,
            **asked(voted),
            "id": field(shown, "id"),
            "response": "r2",
            "why": "There are no nurses\nat night.",
            "dissent": "Carers: <the police> frighten people.",
        },
    )
    assert sent.status_code == 303, words(sent)
    (made,) = await decided(house)
    assert sent.headers["location"] == f"/decisions/{made.id}"
    async with house.browser() as anybody:
        read = await anybody.get(sent.headers["location"])
    assert read.status_code == 200
    said = words(read)
    assert read.text.count("<h1") == 1
    for part in (
        "“The police” is adopted.",
        "Differs from the vote",
        QUESTION,
        "A nurse is there in twenty minutes.",
        "The room preferred “A nurse from the crisis team”.",
        "There are no nurses at night.",
        "Carers: <the police> frighten people.",
        "Head of night services",
        "Two nurses on every night",
        "By 31 March 2027",
        "By group",
        "Equal voice",
    ):
        assert part in said, part
    assert f'href="/record/{made.entry}"' in read.text
    assert "She knew me" not in read.text
    assert "style=" not in read.text


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"outcome": ""}, {"outcome"}),
        ({"response": ""}, {"response"}),
        ({"rationale": " "}, {"rationale"}),
        ({"response": "r2"}, {"why"}),
        ({"outcome": "not adopted"}, {"why"}),
        ({"by_1": "soon"}, {"by_1"}),
        ({"role_4": "Matron", "what_4": "", "by_4": ""}, {"what_4", "by_4"}),
        ({"outcome": "", "rationale": "", "role_1": ""}, {"outcome", "rationale", "role_1"}),
    ],
)
async def test_a_form_that_lacks_something_comes_back_with_all_that_was_typed(
    house: House, commissioner: httpx2.AsyncClient, changes: dict[str, str], places: set[str]
) -> None:
    voted = await a_vote(house.store)
    before = await recorded(house)
    typed = {**FORM, "dissent": "Some <hold> that", "role_3": "Chief", **changes, **asked(voted), "id": new_id()}
    typed |= {"what_3": "Reads & answers", "by_3": "2027-05-01"}
    back = await commissioner.post("/decide/new", data=typed)
    assert_faults_at(back, places)
    for name in ("rationale", "dissent", "why"):
        area = re.search(rf'<textarea id="{name}"[^>]*>\n(.*?)</textarea>', back.text, re.S)
        assert area
        assert area[1].replace("&lt;", "<").replace("&gt;", ">") == typed.get(name, "").strip()
    assert checked(back) == {typed[name] for name in ("outcome", "response")} - {""}
    for name in ("role_1", "by_1", "role_3", "by_3"):
        assert field(back, name) == typed[name]
    assert "Reads &amp; answers" in back.text
    assert field(back, "id") == typed["id"]
    assert await decided(house) == []
    assert await recorded(house) == before


async def test_another_commitment_can_be_asked_for_without_losing_anything(
    house: House, commissioner: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store)
    rows = {f"{part}_{n}": "" for part in ("role", "what", "by") for n in (2, 3)}
    typed = {"outcome": "deferred", "rationale": "Not yet", "role_1": "Chief", "what_1": "Asks again", "by_1": "later"}
    more = await commissioner.post("/decide/new", data={**typed, **rows, **asked(voted), "id": new_id(), "add": "1"})
    assert more.status_code == 200
    assert "There is a problem" not in words(more)
    assert field(more, "role_1") == "Chief"
    assert field(more, "by_1") == "later"
    assert 'id="role_4"' in more.text
    assert 'id="role_5"' not in more.text
    assert "Not yet</textarea>" in more.text
    assert checked(more) == {"deferred"}
    assert await decided(house) == []


async def test_a_machine_gets_the_errors_as_json(house: House) -> None:
    voted = await a_vote(house.store)
    async with house.signed_in("commissioner") as browser:
        headers = {"Accept": "application/json"}
        bad = await browser.post("/decide/new", data={**asked(voted), "outcome": "adopted"}, headers=headers)
        assert bad.status_code == 422
        assert set(bad.json()["error"]["fields"]) == {"response", "rationale"}
        good = await browser.post("/decide/new", data={**FORM, **asked(voted)}, headers=headers)
    (made,) = await decided(house)
    assert good.json() == {"id": made.id, "entry": made.entry}


async def test_a_vote_that_is_not_shown_cannot_be_looked_at_here(
    house: House, commissioner: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store)
    outcome = await cues.ask_question(voted.desk, voted.live.id, "And then?", LABELS, none=True)
    assert outcome.round is not None
    draft = await commissioner.get(f"/decide/new?round={outcome.round.id}")
    assert draft.status_code == 409
    assert (await commissioner.get(f"/decide/new?round={new_id()}")).status_code == 404
    assert (await commissioner.get("/decide/new")).status_code == 409
    async with house.browser() as anybody:
        assert (await anybody.get(f"/decisions/{new_id()}")).status_code == 404


async def test_groups_that_put_something_else_first_are_named_in_the_language_of_the_page(
    house: House, commissioner: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store, FIRST, SECOND)
    form = await commissioner.get(f"{address(voted)}&lang=cy")
    sent = await commissioner.post("/decide/new", data={**FORM, **asked(voted), "response": "r2"})
    read = await commissioner.get(sent.headers["location"], params={"lang": "cy"})
    assert "grwpiau eraill rywbeth arall yn gyntaf" in words(read)
    for shown in (form, read):
        assert "other groups" not in words(shown)
    # Each stands with its answer, so nothing is left to say under a heading of its own.
    plain = words(await commissioner.get(sent.headers["location"], params={"lang": "en"}))
    assert "Other groups put something else first. We weighed this." in plain
    assert "Who disagrees" not in plain


async def test_a_refused_form_names_whom_an_answer_is_missing_for_and_opens_only_what_is_needed(
    house: House, commissioner: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store, FIRST, SECOND)
    [decides] = re.findall(
        r'<textarea id="body"[^>]*>\n(.+?)</textarea>', (await commissioner.get(address(voted))).text
    )
    await set_condition(house.store, voted, 0, "a <nurse> stays")
    await set_condition(house.store, voted, 1, "it is free")
    form = {**FORM, **dict.fromkeys(ANSWERS, ""), **asked(voted), "response": "r2", "body": decides}
    more = re.compile(r"<details( open)?>\n<summary>More about this decision")
    back = await commissioner.post("/decide/new", data={**form, "evidence": ""})
    assert "Say what the decision means for “other groups”, who put something else first" in words(back)
    assert more.findall(back.text) == [""]
    assert "Say how this condition is taken up, or why not: “a <nurse> stays”." in words(back)
    asked_of = re.compile(r'name="(answer_(?:taken|condition)_[0-9a-f]{16})"')
    taken, how, *others = dict.fromkeys(asked_of.findall(back.text))
    form |= {taken: "no", how: "None is <free>."}
    told = await commissioner.post("/decide/new", data={**form, "evidence": "A survey."})
    assert list(dict.fromkeys(asked_of.findall(told.text))) == [taken, how, *others]
    assert "None is &lt;free&gt;.</textarea>" in told.text
    assert "no" in checked(told)
    assert "“a <nurse> stays”" not in words(told)
    assert "taken up, or why not: “it is free”" in words(told)
    assert more.findall(told.text) == [" open"]
    assert "other groups" not in words(await commissioner.post("/decide/new?lang=cy", data=form))


async def test_a_decision_stays_readable_when_its_vote_is_annulled(
    house: House, commissioner: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store, FIRST, SECOND)
    sent = await commissioner.post("/decide/new", data={**FORM, **asked(voted), "response": "r2"})
    await facilitation.annul_round(voted.desk, voted.live.id, voted.rounds[1], "The screen showed the wrong scene")
    read = await commissioner.get(sent.headers["location"])
    assert read.status_code == 200
    assert "annulled" in words(read)
    assert "The screen showed the wrong scene" in words(read)
    assert words(read).count("19 people voted") == 1


async def test_a_decision_on_an_earlier_vote_says_why_and_shows_every_vote_on_the_question(
    house: House, commissioner: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store, FIRST, SECOND)
    alone = {"round": voted.rounds[0], "id": new_id()}
    form = await commissioner.get(f"/decide/new?round={voted.rounds[0]}")
    refused = await commissioner.post("/decide/new", data={**FORM, **alone})
    assert refused.status_code == 422
    assert "Decide on that one, or say why not." in words(refused)
    sent = await commissioner.post("/decide/new", data={**FORM, **alone, "earlier": "Half the <room> had left."})
    read = await commissioner.get(sent.headers["location"])
    assert "Why it does not rest on the latest vote Half the <room> had left." in words(read)
    entry = await commissioner.get(re.findall(r"/record/\d+", read.text)[0])
    assert "Half the <room> had left." in words(entry)
    for shown in (form, refused, read):
        assert "Every vote on this question" in words(shown)
        assert words(shown).count("(the decision rests on it)") == 1
    both = await commissioner.get(address(voted))
    assert 'name="earlier"' in form.text
    assert 'name="earlier"' not in both.text
    assert "Every vote on this question" not in words(both), "all of them stand there already"


async def test_what_waits_for_an_answer_stands_on_both_pages_and_is_late_by_itself(house: House) -> None:
    voted = await a_vote(house.store, FIRST, SECOND, declared=True)
    rehearsed = await a_vote(house.store, rehearsal=True, recorded=False)
    public, before = f"/commissions/{voted.live.commission}", await recorded(house)
    async with house.store.read() as work:
        clock = SetClock((await work.rounds.get_round(voted.rounds[1])).closed_at)
    house.app.state.site = replace(house.site, clock=clock)
    async with house.browser() as anybody:
        for days, told in ((0, "day 0 of 28"), (12, "day 12 of 28"), (16, "day 28 of 28"), (3, "Late by 3 days")):
            clock.move(days=days)
            async with house.signed_in("commissioner") as commissioner:
                pages = [await anybody.get(public), await commissioner.get("/decide")]
            for shown in pages:
                assert words(shown).count(told) == 1, (days, shown.url)
                assert QUESTION in words(shown)
            assert "Answers that are due" in words(pages[0])
            assert "Waiting for an answer (1)" in words(pages[1])
        assert "Answered in time: 0 of 1 votes whose answer was due." in words(await anybody.get(public))
        assert "Answers that are due" not in words(await anybody.get(f"/commissions/{rehearsed.live.commission}"))
        assert await recorded(house) == before, "nobody sets it"
        await _the_day_is_moved(house, clock, anybody, voted)
    async with house.signed_in("commissioner") as commissioner:
        sent = {**FORM, **asked(voted), "id": new_id(), "response": "r2"}
        assert (await commissioner.post("/decide/new", data=sent)).status_code == 303
        assert "Late by" not in words(await commissioner.get("/decide"))
        read = words(await commissioner.get(public))
        assert "Late by" not in read
        assert "The joint board: Answered in time: 0 of 1 votes whose answer was due." in read
        assert "does not agree with the record" not in read


async def _the_day_is_moved(house: House, clock: SetClock, anybody: httpx2.AsyncClient, voted: Voted) -> None:
    """Moves the day of an answer that is late, which everybody reads with its reason, and puts the question off."""
    public, form = f"/commissions/{voted.live.commission}", f"/decide/answers/{voted.rounds[1]}"
    until = [clock.later(days=days)[:10] for days in (-1, 2, 30)]
    async with house.signed_in("commissioner") as commissioner:
        assert form in (await commissioner.get(address(voted))).text
        shown = await commissioner.get(form)
        typed = {name: field(shown, name) for name in ("id", "seen")} | {"to": until[0], "because": " "}
        refused = await commissioner.post(form, data=typed)
        assert refused.status_code == 422
        assert_faults_at(refused, {"to", "because"})
        assert f'value="{until[0]}"' in refused.text
        typed |= {"to": until[1], "because": "Half the <board> is ill."}
        moved = await commissioner.post(form, data=typed)
        assert (moved.status_code, moved.headers["location"]) == (303, "/decide")
        meanwhile = await commissioner.post(form, data=typed | {"id": new_id(), "because": "Something else"})
        assert (meanwhile.status_code, "Something else" in meanwhile.text) == (409, True)
        assert "Waiting, day 31 of 33" in words(await commissioner.get("/decide"))
        for page in (await anybody.get(public), await commissioner.get(form)):
            assert "Waiting for an answer, day 31 of 33" in words(page)
            assert "Half the <board> is ill." in words(page)
            assert "Late by" not in words(page)
        newest = max(map(int, re.findall(r"/record/(\d+)", (await anybody.get(public)).text)))
        entry = words(await anybody.get(f"/record/{newest}"))
        assert "was moved from" in entry
        assert "Half the <board> is ill." in entry
        rate = words(await anybody.get("/answers-due"))
        assert (
            "The joint board Votes whose answer was due 1 Answered in time 0 Late now 0 Still in time, waiting 1"
            in rate
        )
        put_off = {**FORM, **asked(voted), "outcome": "deferred", "response": "", "until": ""}
        refused = await commissioner.post("/decide/new", data=put_off)
        assert_faults_at(refused, {"until"})
        sent = await commissioner.post("/decide/new", data=put_off | {"until": until[2]})
        assert "The question waits again until" in words(await anybody.get(sent.headers["location"]))
    clock.move(days=33)
    read = words(await anybody.get(public))
    assert "Late by 3 days" in read
    assert "Put off until" in read
    assert "does not agree with the record" not in read


async def test_a_decision_on_a_rehearsal_says_so(house: House, commissioner: httpx2.AsyncClient) -> None:
    voted = await a_vote(house.store, rehearsal=True, recorded=False)
    sent = await commissioner.post("/decide/new", data={**FORM, **asked(voted)})
    read = await commissioner.get(sent.headers["location"])
    assert "not in the record" in words(read)
    assert "/record/" not in re.sub(r"<footer.*", "", read.text, flags=re.S)


async def test_small_groups_stand_on_no_page(house: House, commissioner: httpx2.AsyncClient) -> None:
    """Two police officers and one person who does not say: only the pool that hides them is shown."""
    voted = await a_vote(house.store, FIRST, SECOND, reasons=REASONS)
    form = await commissioner.get(address(voted))
    sent = await commissioner.post("/decide/new", data={**FORM, **asked(voted), "response": "r2"})
    pages = [form, await commissioner.get(sent.headers["location"]), await commissioner.get("/decide")]
    for shown in pages:
        heads = re.findall(r'<th scope="row">([^<]+)</th>', shown.text)
        assert "Police" not in heads
        assert "Prefer not to say" not in heads
        for group in ("g4", "prefer not to say"):
            assert group not in shown.text
    assert PEOPLE.count("g4") == 2


@pytest.mark.parametrize("one", [True, False])
async def test_the_export_is_a_zip_to_download(house: House, commissioner: httpx2.AsyncClient, one: bool) -> None:
    voted = await a_vote(house.store)
    other = await a_vote(house.store)
    await commissioner.post("/decide/new", data={**FORM, **asked(voted)})
    await commissioner.post("/decide/new", data={**FORM, **asked(other)})
    got = await commissioner.get("/export" + (f"?commission={voted.live.commission}" if one else ""))
    assert got.status_code == 200
    assert got.headers["content-type"] == "application/zip"
    assert re.fullmatch(r'attachment; filename="forum-export-\d{4}-\d\d-\d\d\.zip"', got.headers["content-disposition"])
    with zipfile.ZipFile(io.BytesIO(got.content)) as file:
        table = file.read("decisions.csv").decode()
    assert table.count("twenty minutes") == (1 if one else 2)
    assert (await commissioner.get(f"/export?commission={new_id()}")).status_code == 404


@pytest.mark.parametrize("one", [True, False])
async def test_the_tables_are_a_workbook_to_download(house: House, commissioner: httpx2.AsyncClient, one: bool) -> None:
    voted = await a_vote(house.store)
    other = await a_vote(house.store)
    await commissioner.post("/decide/new", data={**FORM, **asked(voted)})
    await commissioner.post("/decide/new", data={**FORM, **asked(other)})
    link = "/export/workbook" + (f"?commission={voted.live.commission}" if one else "")
    assert link in (await commissioner.get("/decide/exports")).text
    got = await commissioner.get(link)
    assert got.status_code == 200
    assert got.headers["content-type"] == workbook.MEDIA_TYPE
    assert re.fullmatch(
        r'attachment; filename="forum-tables-\d{4}-\d\d-\d\d\.xlsx"', got.headers["content-disposition"]
    )
    rows = openpyxl.load_workbook(io.BytesIO(got.content))["decisions"].iter_rows(values_only=True)
    assert sum("twenty minutes" in str(row) for row in rows) == (1 if one else 2)
    assert (await commissioner.get(f"/export/workbook?commission={new_id()}")).status_code == 404


async def test_the_votes_are_there_as_popolo(house: House, commissioner: httpx2.AsyncClient) -> None:
    voted = await a_vote(house.store, declared=True)
    assert "/export/popolo" in (await commissioner.get("/decide/exports")).text
    got = await commissioner.get(f"/export/popolo?commission={voted.live.commission}")
    assert got.headers["content-type"] == "application/json"
    assert re.search(r'filename="forum-votes-[-\d]+\.json"', got.headers["content-disposition"])
    assert [one["id"] for one in got.json()["organizations"]] == [voted.live.commission]


async def test_the_files_of_a_session_are_where_it_is_decided_on_and_organised(
    house: House, commissioner: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store, declared=True)
    of_it = f"?session={voted.live.id}"
    async with house.signed_in("organiser") as organiser, house.signed_in("organiser", "commissioner") as both:
        pages = [(await browser.get("/organise")).text for browser in (both, organiser)]
    pages.append((await commissioner.get(f"/decide/exports?commission={voted.live.commission}")).text)
    for path in ("", "/workbook", "/popolo", "/report.pdf", "/report.html"):
        assert [f'href="/export{path}{of_it}"' in page for page in pages] == [True, False, True], path
    packed = await commissioner.get(f"/export{of_it}")
    assert json.loads(zipfile.ZipFile(io.BytesIO(packed.content)).read("datapackage.json"))["session"] == voted.live.id
    assert (await commissioner.get(f"/export{of_it}&commission={'0' * 32}")).status_code == 404


@pytest.mark.parametrize("ending", ["pdf", "html"])
async def test_a_report_is_there_of_a_session_or_a_commission(
    house: House, commissioner: httpx2.AsyncClient, ending: str
) -> None:
    voted = await a_vote(house.store, declared=True)
    page = (await commissioner.get(f"/decide/exports?commission={voted.live.commission}")).text
    assert f"/export/report.pdf?session={voted.live.id}" in page
    for asked_for in (f"?session={voted.live.id}", f"?commission={voted.live.commission}", ""):
        got = await commissioner.get(f"/export/report.{ending}{asked_for}")
        assert got.status_code == 200
        assert got.content.startswith(b"%PDF-" if ending == "pdf" else b"<!DOCTYPE html>")
        assert re.search(rf'filename="forum-report-[-\d]+\.{ending}"', got.headers["content-disposition"])
    for nothing in ("session", "commission"):
        assert (await commissioner.get(f"/export/report.{ending}?{nothing}={new_id()}")).status_code == 404


async def test_nobody_else_may_decide_or_export(house: House) -> None:
    voted = await a_vote(house.store)
    async with house.browser() as anybody, house.signed_in("organiser", "moderator", "administrator") as staff:
        for path in (
            "/decide",
            "/decide/exports",
            address(voted),
            "/export",
            "/export/popolo",
            "/export/workbook",
            "/export/report.pdf",
        ):
            assert (await anybody.get(path)).status_code == 303
            assert (await staff.get(path)).status_code == 403
        assert (await staff.post("/decide/new", data={**FORM, **asked(voted)})).status_code == 403
    assert await decided(house) == []
