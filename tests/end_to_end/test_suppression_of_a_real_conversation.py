"""A real conversation with real small groups (18, 3 and 3 people): the groups of three are shown nowhere.

Every state and tally that is pushed to a phone, the projector and the console is read, every page of every round, the
record and the export.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.app import House, a_house
from support.factories import CLOCK, a_cast, a_commission, a_session, new_id

from forum.live.connection import Connection
from forum.rehearsal import polis
from forum.rehearsal.audience import replayed
from forum.services import exports
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.sessions.session import Participant
from forum.voting.question import Terms

FOLDER = Path(__file__).parents[1] / "data" / "polis" / "london.youth.policing"
BIG, SMALL = "Eighteen people", ("Three people", "Three others")
LABELS = {1: BIG, 0: SMALL[0], 2: SMALL[1]}


@pytest.fixture
async def house(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path, sqlite_template, background=True) as house:
        yield house


def table_of(html: str) -> str:
    """Cuts the console's list of people from a screen: it names every group that was invited."""
    before, _, after = html.partition('data-part="people"')
    return before + (after[after.index("</section>") :] if after else "")


async def test_groups_of_three_appear_in_no_push_page_record_or_export(house: House) -> None:
    conversation = polis.read({name: (FOLDER / name).read_text() for name in polis.FILES})
    commission = a_commission(tuple(LABELS.values()), rehearsal=True)
    ids = {group.label: group.id for group in commission.groups}
    live = a_session(commission)
    people = {}
    async with house.store.begin() as work:
        await work.commissions.add_commission(commission)
        await work.sessions.add_session(live)
        for member in conversation.participants:
            group = ids[LABELS[member.group]] if member.group is not None else None
            joined = Participant(new_id(), live.id, group, CLOCK.now())
            people[member.id] = (await work.sessions.join(joined, new_id())).id
    in_order = [people[p.id] for p in conversation.participants]

    rooms, acts = house.site.rooms, Desk(house.store, CLOCK)
    screens = {
        "phone": Connection("phone", in_order[0]),
        "projector": Connection("projector"),
        "console": Connection("console"),
    }
    for screen in screens.values():
        await rooms.enter(live.id, screen)
    pushed: list[str] = []

    async def push() -> None:
        await rooms.changed(live.id)
        for screen in screens.values():
            pushed.extend(await screen.outbox.take())

    given_by_group = 0
    await push()
    async with house.browser() as browser:
        for act in replayed(conversation).acts:
            asked = (
                await cues.ask_question(acts, live.id, act.question, act.responses, Terms(act.method), none=False)
            ).round
            assert asked is not None
            await facilitation.open_round(acts, live.id, asked.id)
            async with house.store.begin() as work:
                casts = [a_cast(asked.id, in_order[vote.phone], vote.choice) for vote in act.votes]
                assert not any(o.refusal for o in await work.rounds.cast(casts))
            await push()
            await facilitation.close_round(acts, live.id, asked.id)
            await push()
            result = (await facilitation.reveal_round(acts, live.id, asked.id)).result
            assert result is not None
            assert result.counts == (act.expected() if result.n >= commission.threshold else {})
            assert all(row.n >= commission.threshold for row in result.rows)
            given_by_group += bool(result.rows)
            await push()
            page = await browser.get(f"/projector/{live.projector}")
            pushed.append(json.dumps({"t": "state", "html": page.text}))
        pages = [(await browser.get(f"/record/entries?page={n}")).text for n in range(1, 7)]
        pages += [(await browser.get(path)).text for path in ("/", "/record", "/record/entries.jsonl")]
    assert given_by_group > 0

    frames: list[dict[str, Any]] = [json.loads(frame) for frame in pushed]
    assert sum(BIG in frame.get("html", "") for frame in frames) > given_by_group
    for frame in frames:
        assert not any(label in table_of(frame.get("html", "")) for label in SMALL)
        assert set(frame) <= {
            "t",
            "v",
            "cue",
            "round",
            "paused",
            "html",
            "voted",
            "present",
            "version",
            "session",
            "history",
            "yours",
            "stop",
            "reason",
            "too",
            "group",
            "mark",
            "health",
        }
    for entry in (json.loads(line) for line in pages[-1].splitlines()):
        assert entry["type"] in {"round opened"} or not any(label in json.dumps(entry) for label in SMALL)
    assert not any(label in page for page in pages[:-1] for label in SMALL)

    archive = zipfile.ZipFile(io.BytesIO(await exports.export(house.site.checkpoints)))
    for name in set(archive.namelist()) - {"record.jsonl"}:
        text = archive.read(name).decode("utf-8", "replace")
        assert not any(label in text for label in SMALL), name
    assert BIG in archive.read("results_by_group.csv").decode()
