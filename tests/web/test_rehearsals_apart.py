"""Rehearsals never stand among real things: one walk over every page, feed and file, as anybody and as all staff."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass

import httpx2
import pytest
from support.app import House
from support.decided import ANSWERS
from support.factories import CLOCK, a_cast, new_id
from support.voted_session import COMMISSIONER, FIRST, SECOND, Voted, a_vote, required

from forum.services import decisions
from forum.services.decision_form import DecisionForm, Promise
from forum.services.permissions import ROLES
from forum.services.sessions import cues, facilitation, rehearsals
from forum.services.sessions.programmes import Programming, SectionForm
from forum.sessions.rehearsal import RehearsalForm
from forum.sessions.session import Participant
from forum.voting.decision import Decision
from forum.web.routes import PAGES

# A word that is in the rehearsal, its decision and its promise, and nowhere else.
WORD = "Zebra"
# Pages about one rehearsal or its real session's rehearsals, which ask for them; the organiser's page folds them away.
ASKED_FOR = ("/organise/sessions/{session}/rehearsal",)
# As a reader would ask for more.
MORE = (
    f"/decide?words={WORD}",
    "/decide?section=decided",
    "/decide?section=promises",
    f"/promises?words={WORD}",
    f"/record/entries?words={WORD}",
    f"/record?words={WORD}",
    f"/stories?q={WORD}",
    f"/commissions/{{commission}}?words={WORD}",
    "/decide/exports?commission={commission}",
    "/export?commission={commission}",
    "/export?session={session}",
    "/export/report.html?session={session}",
    "/export/workbook?session={session}",
    "/decide/new?round={round}",
)


@dataclass(frozen=True)
class Beside:
    """A house with a real session and a rehearsal of it, both voted and decided on; `marks` are the rehearsal's own."""

    house: House
    there: dict[str, str]
    marks: tuple[str, ...]


@pytest.fixture
async def beside(house: House) -> Beside:
    real = await a_vote(house.store, FIRST, SECOND, declared=True)
    made = await decided(house, real.rounds, "r2", "It is near", "Two nurses on every night")
    planning = Programming(house.store, CLOCK, real.live.id)
    [section] = (await planning.section(SectionForm(title="Morning"))).plan.sections
    await planning.ask(section.id, "Who stays?", ["Ana", "Ben"], none=False)
    rehearsal = await rehearsals.begin(house.store, CLOCK, real.live.id, RehearsalForm(people="20"))
    round_ = await voted(house, real, rehearsal.session)
    of_it = await decided(house, (round_,), "r1", f"{WORD} said so", f"{WORD} will be fed")
    async with house.store.read() as work:
        copy = await work.sessions.get_session(rehearsal.session)
    there = {
        "commission": real.live.commission,
        "session": real.live.id,
        "round": real.rounds[-1],
        "decision": made.id,
        "commitment": made.commitments[0].id,
        "code": real.live.code,
        "index": "0",
        "stage": "plan",
    }
    marks = (WORD, copy.id, copy.code, copy.title, round_, of_it.id, of_it.commitments[0].id)
    return Beside(house, there, marks)


async def voted(house: House, real: Voted, copy: str) -> str:
    """Lets eighteen made-up people vote in a rehearsal, and shows the result; returns the round."""
    people = [Participant(new_id(), copy, f"g{1 + n % 3}", CLOCK.now()) for n in range(18)]
    asked = required((await cues.ask_question(real.desk, copy, f"{WORD}?", ["Yes", "No", "Later"], none=True)).round)
    await facilitation.open_round(real.desk, copy, asked.id)
    async with house.store.begin() as work:
        for one in people:
            await work.sessions.join(one, new_id() * 2)
        await work.rounds.cast([a_cast(asked.id, one.id, "r1", f"{WORD} has a reason") for one in people])
    await facilitation.close_round(real.desk, copy, asked.id)
    await facilitation.reveal_round(real.desk, copy, asked.id)
    return asked.id


async def decided(house: House, rounds: tuple[str, ...], response: str, why: str, promise: str) -> Decision:
    form = DecisionForm(
        rounds,
        outcome="adopted",
        response=response,
        rationale=why,
        answers=ANSWERS,
        promises=(Promise("Head of nights", promise, "2099-06-30"),),
    )
    return await decisions.decide(house.store, CLOCK, COMMISSIONER, form)


def filled(path: str, there: dict[str, str]) -> str | None:
    """Fills a path with what is real; returns None where it names something that is not here."""
    for name, value in there.items():
        path = re.sub(rf"\{{{name}(:path)?\}}", value, path)
    return None if "{" in path else path


def paths(there: dict[str, str]) -> list[str]:
    rows = [row.path for row in PAGES if "GET" in row.methods.split() and row.path not in ASKED_FOR]
    return [path for row in (*rows, *MORE) if (path := filled(row, there)) is not None]


def text_of(answer: httpx2.Response) -> str:
    """Returns all that an answer says; of a zip, and of a zip in it, all its members."""
    if not answer.content.startswith(b"PK"):
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        return "\n".join(file.read(name).decode("utf-8", "replace") for name in file.namelist())


@pytest.mark.parametrize("roles", [(), ROLES], ids=["anybody", "staff"])
async def test_nothing_of_a_rehearsal_stands_on_a_page_that_did_not_ask_for_it(
    beside: Beside, roles: tuple[str, ...]
) -> None:
    wrong, read = [], 0
    async with beside.house.signed_in(*roles) if roles else beside.house.browser() as reader:
        for path in paths(beside.there):
            answer = await reader.get(path)
            assert answer.status_code < 500, path
            read += answer.status_code == 200
            said = text_of(answer)
            if path == "/organise":
                said = re.sub(r"<details data-rehearsals>.*?</details>", "", said, flags=re.DOTALL)
            # What was asked for stands in the field where it was typed.
            said = re.sub(rf'(value="|words=|q=){WORD}', "", said)
            wrong += [f"{path}: {mark}" for mark in beside.marks if mark in said]
        assert read > (80 if roles else 40)
        assert wrong == []
