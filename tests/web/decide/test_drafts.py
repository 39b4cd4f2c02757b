"""Drafts of decisions on the site: the form keeps everything, the page shows what everybody will see."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from support.app import House, field, words
from support.decided import ANSWERS, set_condition
from support.voted_session import FIRST, Voted, a_vote

from forum.services.decision_form import DecisionForm, Promise
from forum.voting.commission import SecondReader
from forum.voting.decision import TOLD
from forum.web.decide import form_fields

FORM = {"outcome": "adopted", "response": "r1", "rationale": "A nurse is there in twenty minutes.", **ANSWERS}


@pytest.fixture
async def writer(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with house.signed_in("commissioner") as browser:
        yield browser


@pytest.fixture
async def reader(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with house.signed_in("commissioner") as browser:
        yield browser


async def form_for(writer: httpx2.AsyncClient, voted: Voted) -> dict[str, str]:
    """Opens the form for a decision on a vote; returns it with the fields that the page fills in."""
    shown = await writer.get(f"/decide/new?round={voted.rounds[0]}")
    return FORM | {"round": voted.rounds[0], "id": field(shown, "id"), "version": field(shown, "version")}


async def act(browser: httpx2.AsyncClient, draft: str, name: str, **more: str) -> httpx2.Response:
    """Presses a button on the page of a draft, as it stands now."""
    shown = await browser.get(f"/decide/drafts/{draft}")
    version = re.findall(r'name="version" value="(\d+)"', shown.text)[0]
    return await browser.post(f"/decide/drafts/{draft}", data={"act": name, "version": version, **more})


async def test_a_draft_goes_to_its_reader_back_and_out_and_looks_as_it_will(
    house: House, writer: httpx2.AsyncClient, reader: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store, FIRST, declared=True, second_reader=SecondReader.REQUIRED)
    form = await form_for(writer, voted)
    direct = await writer.post("/decide/new", data=form)
    assert direct.status_code == 409
    assert "A second person reads decisions of this commission" in words(direct)
    assert FORM["rationale"] in direct.text

    saved = await writer.post("/decide/new", data={**form, "rationale": "", "body": "The board", "save": "1"})
    draft = f"/decide/drafts/{form['id']}"
    assert (saved.status_code, saved.headers["location"]) == (303, draft)
    told = await writer.get(draft)
    assert "Give the reasons for the decision" in words(told)
    assert "Give it to a second reader" not in words(told)
    assert draft in (await reader.get("/decide")).text
    again = await writer.get(f"{draft}/form")
    assert "The board" in again.text
    more = await writer.post(
        f"{draft}/form", data={**form, "body": "The board", "version": "1", "role_3": "A", "add": "1"}
    )
    assert 'name="role_4"' in more.text
    checked = await writer.post(f"{draft}/form", data={**form, "body": "The board", "version": "1", "check": "1"})
    assert checked.headers["location"] == draft

    preview = await writer.get(draft)
    assert "Publish this decision" not in words(preview)
    own = await act(writer, form["id"], "publish")
    assert own.status_code == 409
    assert (await act(writer, form["id"], "hand over")).status_code == 303
    mine = await act(writer, form["id"], "publish")
    assert mine.status_code == 403
    assert "You wrote on this draft" in words(mine)
    unsaid = await act(reader, form["id"], "send back", because=" ")
    assert (unsaid.status_code, "Say what should be different." in words(unsaid)) == (422, True)
    assert (await act(reader, form["id"], "send back", because="Say who pays.")).status_code == 303
    assert "Say who pays." in words(await writer.get(draft))
    assert (await act(writer, form["id"], "hand over")).status_code == 303
    preview = await reader.get(draft)
    published = await act(reader, form["id"], "publish")
    assert published.headers["location"] == f"/decisions/{form['id']}"
    assert (await act_on_published(reader, draft)).headers["location"] == f"/decisions/{form['id']}"
    shown = await reader.get(f"/decisions/{form['id']}")
    assert f"/decisions/{form['id']}</a>" in shown.text  # the address to share
    async with house.browser() as public:
        assert (await public.get(draft)).status_code in (303, 403)
        page = await public.get(f"/decisions/{form['id']}")
    assert "A second person, who did not write on it, read this decision" in words(page)
    main = re.sub(r"\s+", " ", part(page.text, "<main", "</main>"))
    drawn = re.sub(r"\s+", " ", part(preview.text, '<section aria-label="As everybody will see it"', "</section>"))
    # What was shown before is what everybody sees, but for the line that names its entry.
    told_before = drawn[drawn.index("<h1>") : drawn.rindex("</p>")]
    assert told_before in main


def part(text: str, begins: str, ends: str) -> str:
    start = text.index(begins)
    return text[start : text.index(ends, start)]


async def act_on_published(browser: httpx2.AsyncClient, draft: str) -> httpx2.Response:
    return await browser.post(draft, data={"act": "publish", "version": "1"})


async def test_the_conditions_of_its_vote_can_be_answered_in_a_draft(house: House, writer: httpx2.AsyncClient) -> None:
    voted = await a_vote(house.store, FIRST)
    await set_condition(house.store, voted, 0, "somebody stays until the morning")
    form = await form_for(writer, voted)
    checked = await writer.post("/decide/new", data={**form, "check": "1"})
    assert checked.status_code == 422
    for shown in (checked, await writer.get(f"/decide/drafts/{form['id']}/form")):
        [taken] = {*re.findall(r'name="(answer_taken_\w+)"', shown.text)}
        [answer] = re.findall(r'name="(answer_condition_\w+)"', shown.text)
        assert "somebody stays until the morning" in words(shown)
    answers = {taken: "yes", answer: "From May on.", "version": field(shown, "version"), "check": "1"}
    answered = await writer.post(f"/decide/drafts/{form['id']}/form", data=form | answers)
    assert answered.status_code == 303
    assert "From May on." in (await writer.get(f"/decide/drafts/{form['id']}")).text


async def test_without_a_second_reader_it_is_published_from_the_same_page(
    house: House, writer: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store, FIRST)
    form = await form_for(writer, voted)
    wrong = await writer.post("/decide/new", data={**form, "decided_on": "2020-02-30", "check": "1"})
    assert wrong.status_code == 422
    assert "Write the day as year, month, day" in words(wrong)
    assert field(wrong, "version") == "1"  # kept, with the mistake
    form |= {"version": "1"}
    assert (await writer.post(f"/decide/drafts/{form['id']}/form", data={**form, "check": "1"})).status_code == 303
    assert "Publish this decision" in words(await writer.get(f"/decide/drafts/{form['id']}"))
    assert (await act(writer, form["id"], "publish")).status_code == 303
    assert "This commission has no second reader." in words(await writer.get(f"/decisions/{form['id']}"))
    for gone in (f"/decide/drafts/{form['id']}", f"/decide/drafts/{form['id']}/form"):
        assert (await writer.get(gone)).headers["location"] == f"/decisions/{form['id']}"
    late = await writer.post("/decide/new", data={**form, "rationale": "Too late, and kept.", "save": "1"})
    assert late.status_code == 409
    assert "published meanwhile" in words(late)
    assert "Too late, and kept." in late.text
    unknown = await act_on_published(writer, f"/decide/drafts/{voted.rounds[0]}")
    assert unknown.status_code == 404


async def test_who_saved_second_reads_what_the_first_saved_beside_their_own_words(
    house: House, writer: httpx2.AsyncClient, reader: httpx2.AsyncClient
) -> None:
    voted = await a_vote(house.store, FIRST)
    form = await form_for(writer, voted)
    await writer.post("/decide/new", data={**form, "save": "1"})
    draft, form["version"] = f"/decide/drafts/{form['id']}", "1"
    await reader.post(f"{draft}/form", data={**form, "rationale": "The reader's reason.", "save": "1"})
    second = await writer.post(f"{draft}/form", data={**form, "rationale": "My reason.", "why": "So", "save": "1"})
    assert second.status_code == 409
    said = words(second)
    assert "What somebody else saved meanwhile" in said
    assert "The reader's reason." in said.split("Record a decision")[0] + said
    assert "My reason." in second.text
    form["version"] = field(second, "version")
    assert (await writer.post(f"{draft}/form", data={**form, "rationale": "Both", "save": "1"})).status_code == 303
    stale = await writer.post(draft, data={"act": "publish", "version": "1"})
    assert (stale.status_code, "Read it again as it is now" in words(stale)) == (409, True)
    strange = await writer.post(draft, data={"act": "dream", "version": "3"})
    assert strange.status_code == 422
    assert (await act(writer, form["id"], "discard")).headers["location"] == "/decide"
    assert (await writer.get(draft)).status_code == 404


def test_the_form_is_filled_in_with_all_that_was_read_from_it() -> None:
    texts: dict[str, Any] = {name: f"The {name}" for name in ("id", "outcome", "response", "rationale", "why")}
    texts |= {name: f"The {name}" for name in ("dissent", "earlier", "decided_on", "until")}
    form = DecisionForm(
        ("1", "2"),
        **texts,
        promises=(Promise("a", "b", "c", "d", "e"), Promise(), Promise("f")),
        pledges=("p", "q"),
        told={name: f"Told: {name}" for name in TOLD},
        answers={"answer_quorum": "So", "answer_group_1": "So too"},
    )
    assert all(getattr(form, name) for name in DecisionForm.__dataclass_fields__)
    assert form_fields.read(form.rounds, form_fields.typed(form)) == form
