"""Three days of an asynchronous round: five hundred people answer over the pages, some change their minds, and it
closes in the middle of a burst. The clock is the test's own."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import random
import re
from collections import Counter
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx2
import pytest
from conftest import Database
from support.app import PASSWORD, House, a_house, words
from support.async_round import a_public_story
from support.factories import SetClock, new_id

from forum.record import audit
from forum.record.verify.archive import unpack
from forum.record.verify.verdict import PASS

pytestmark = pytest.mark.timeout(600)

PEOPLE = 500
# Who answers: four groups, of which one is small, and those who do not say.
GROUPS = ["g1"] * 210 + ["g2"] * 180 + ["g3"] * 95 + ["g4"] * 3 + [""] * 12
LATE = "Your answer came after that."


@dataclass
class Reader:
    """Somebody who answers with a browser of their own; `told` is what they were told counts, "" for nothing."""

    browser: httpx2.AsyncClient
    group: str
    path: str
    told: str = ""
    late: bool = False

    async def join(self) -> None:
        answer = await self.browser.post(f"{self.path}/join", data={"group": self.group})
        assert answer.status_code == 303, answer.text

    async def answer(self, choice: str) -> None:
        """Sends an answer, and keeps what the page says became of it."""
        sent = await self.browser.post(
            f"{self.path}/question", data={"choice": choice, "reason": f"Because of {choice}"}
        )
        self.late = sent.status_code == 409
        if self.late:
            assert LATE in words(sent)
            # Whoever was counted before is told what counts still, and nothing that was typed is lost.
            assert ("What you sent before counts:" in words(sent)) is bool(self.told)
            assert f"Because of {choice}" in words(sent)
        else:
            assert sent.status_code == 303, sent.text
            self.told = choice


def readers(house: House, path: str, chance: random.Random) -> list[Reader]:
    groups = GROUPS.copy()
    chance.shuffle(groups)
    return [Reader(house.browser(f"192.0.2.{n % 50}"), group, path) for n, group in enumerate(groups)]


async def together(tasks: Iterable[Coroutine[None, None, None]], at_once: int = 60) -> None:
    waiting = list(tasks)
    while waiting:
        some, waiting = waiting[:at_once], waiting[at_once:]
        await asyncio.gather(*some)


def head_counts(page: httpx2.Response) -> list[int]:
    """Reads the votes for each response as the page shows them, in their order."""
    return [int(n) for n in re.findall(r'<td>(\d+) <span class="share">', page.text)]


def by_group(page: httpx2.Response) -> dict[str, list[int]]:
    """Reads the table by group as the page shows it."""
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th>((?:\s*<td class="h\d">\d+</td>)+)', page.text)
    return {label: [int(n) for n in re.findall(r">(\d+)<", cells)] for label, cells in rows}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # tests/contracts cast on both
async def test_five_hundred_answers_in_three_days_are_counted_once_and_the_export_says_the_same(
    database: Database, tmp_path: Path
) -> None:
    chance = random.Random("three nights")
    clock = SetClock("2026-03-01T22:00:00.000Z")
    async with a_house(tmp_path, clock=clock, background=True, database_url=database.url) as house:
        commission = await house.commission()
        story, _ = await a_public_story(house.store, clock, commission)
        await house.person("olu", "organiser", "commissioner")
        organiser = house.browser()

        async def sign_in() -> None:
            # Again and again: twelve hours of a sign-in are soon over.
            await organiser.post("/sign-in", data={"login": "olu", "password": PASSWORD})

        await sign_in()
        form = {
            "commission": commission.id,
            "id": new_id(),
            "title": "From the night shift",
            "question": f"{story.id}.3",
            "day": "2026-03-04",
            "time": "22:00",
        }
        opened = await organiser.post("/organise/asynchronous", data=form, headers={"Accept": "application/json"})
        assert opened.status_code == 200, opened.text
        made = opened.json()
        path, desk = f"/answer/{made['code']}", f"/organise/asynchronous/{made['id']}"
        choices = [response["id"] for response in made["responses"]]
        assert made["closes_at"] == "2026-03-04T22:00:00.000Z"

        # Three days: most answer once, some change their minds, some only join.
        everybody = readers(house, path, chance)
        assert len(everybody) == PEOPLE
        burst = everybody[-120:]
        shifts = [everybody[:140], everybody[140:270], everybody[270:380]]
        for shift in shifts:
            await together(reader.join() for reader in shift)
            for some in (shift[:70], shift[70:]):
                clock.move(hours=chance.uniform(1, 5))
                await together(reader.answer(chance.choice(choices)) for reader in some)
            clock.move(hours=2)
            again = chance.sample(shift, 25)
            await together(reader.answer(chance.choice(choices)) for reader in again)
            clock.move(hours=8)
        await together(reader.join() for reader in burst)
        await sign_in()
        page = await organiser.get(desk)
        assert "380 people have answered in this round" in words(page)
        assert "under 5" in words(page)
        assert head_counts(page) == []
        assert (await organiser.post(f"{desk}/reveal")).status_code == 409

        # The last minute: new ones, and those who change their minds, forty at once. Every look at the clock moves it
        # on, so the closing time comes in the middle (whatever the order in which those at once get their turn: forty
        # look about a hundred times, and it comes at the 238th), and then the pages that are opened close the round.
        assert clock.now() < made["closes_at"]
        clock.at = datetime.fromisoformat("2026-03-04T21:59:50Z")
        clock.step = 0.042
        changing = chance.sample(everybody[:380], 90)
        before = {id(reader): reader.told for reader in changing}
        await together((reader.answer(chance.choice(choices)) for reader in chance.sample(burst + changing, 210)), 40)
        clock.step = 0
        late = [reader for reader in burst + changing if reader.late]
        assert 10 < len(late) < 200
        assert {bool(reader.told) for reader in late} == {True, False}
        for reader in changing:
            assert reader.told == before[id(reader)] or not reader.late
        async with house.store.read() as work:
            assert (await work.rounds.get_round(made["round"])).state == "closed"
        await sign_in()
        assert "Closed, result not shown yet" in words(await organiser.get(desk))
        assert head_counts(await organiser.get(path)) == []

        # Counted once: each who was told so, as they were told last.
        told = Counter(reader.told for reader in everybody if reader.told)
        async with house.store.read() as work:
            ballots = await work.rounds.ballots(made["round"])
        assert Counter(ballot.choice for ballot in ballots) == told
        assert len({ballot.participant for ballot in ballots}) == len(ballots) == told.total()

        # Still late days afterwards.
        clock.move(days=1)
        await late[0].answer(choices[0])
        assert late[0].late

        # The result: the page, the record and the export's own ballots say the same.
        await sign_in()
        assert (await organiser.post(f"{desk}/reveal")).status_code == 303
        shown = await burst[0].browser.get(path)
        assert head_counts(shown) == [told[choice] for choice in choices]
        assert head_counts(await organiser.get(desk)) == head_counts(shown)

        packed = (await organiser.get(f"/export?commission={commission.id}")).content
        checks = audit.verify(packed, house.site.checkpoints.signer.public_key_pem)
        assert {check.verdict for check in checks} == {PASS}, [c for c in checks if c.verdict != PASS]
        files, _ = unpack(packed)
        lines = [json.loads(line) for line in files["ballots.jsonl"].splitlines()]
        assert Counter(line["leaf"]["choice"] for line in lines) == told
        table = by_group(shown)
        assert table.keys() >= {"People who use services", "Carers", "other groups"}
        assert "Police" not in table
        for label, counts in table.items():
            of_label = Counter(line["leaf"]["choice"] for line in lines if line["label"] == label)
            assert counts == [of_label[choice] for choice in choices]
        [row] = list(csv.DictReader(io.StringIO(files["rounds.csv"].decode("utf-8-sig"))))
        assert (row["session_kind"], row["ballots"]) == ("asynchronous", str(told.total()))
        assert row["closes_at"] == "2026-03-04T22:00:00.000Z"
        for browser in [organiser, *(reader.browser for reader in everybody)]:
            await browser.aclose()
