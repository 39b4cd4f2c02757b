"""Receipts on phones: one's own, read, saved and printed without a script; none for anybody else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
from support.app import a_house, words
from support.async_house import OpenRound, an_open_round
from support.factories import a_commission, a_session, new_id
from support.live_house import LiveHouse
from support.loop_watch import HELD, Asker, watched

from forum.record.verify.encoding import canonical, parse_canonical
from forum.record.verify.merkle_tree import leaf_hash
from forum.record.verify.receipt import read_receipt, verify_receipt
from forum.record.verify.verdict import NOT_CHECKED, PASS
from forum.services.sessions import asynchronous, commissions_and_sessions, cues, facilitation
from forum.services.sessions.asynchronous import AsynchronousForm
from forum.services.sessions.commissions_and_sessions import SessionForm
from forum.services.sessions.tablet_link import share
from forum.store import tables

LABELS = ["A nurse", "The police"]
NOT_KNOWN = "No vote of this browser is known here"


@pytest.fixture
async def event(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[LiveHouse]:
    async with a_house(tmp_path, sqlite_template) as house:
        commission = a_commission()
        live = a_session(commission, code="482913")
        async with house.store.begin() as work:
            await work.commissions.add_commission(commission)
            await work.sessions.add_session(live)
        yield LiveHouse(house, live)


async def a_vote(event: LiveHouse, *voters: httpx2.AsyncClient) -> str:
    """Asks, opens, takes a vote for the second answer from each browser, and shows the result; returns the round."""
    asked = (await cues.ask_question(event.acts, event.live.id, f"Who? {new_id()}", LABELS, none=True)).round
    assert asked is not None
    await facilitation.open_round(event.acts, event.live.id, asked.id)
    for voter in voters:
        counted = await voter.post(f"{event.path}/vote", data={"round": asked.id, "choice": "r2"})
        assert counted.headers["location"].endswith("?counted=1")
    waiting = words(await voters[0].get(f"{event.path}/receipts"))
    assert "You voted: The police." in waiting
    assert "The receipt comes when the result is in the record" in waiting
    assert (await voters[0].get(f"{event.path}/receipts/{asked.id}")).status_code == 404
    await facilitation.close_round(event.acts, event.live.id, asked.id)
    await facilitation.reveal_round(event.acts, event.live.id, asked.id)
    return asked.id


async def test_a_phone_without_scripts_reads_prints_and_saves_its_own_receipt_and_nobody_elses(
    event: LiveHouse,
) -> None:
    mine, theirs = await event.join("g1"), await event.join("g2")
    observer = await event.join("g3")
    round_id = await a_vote(event, mine, theirs)
    there = f"{event.path}/receipts/{round_id}"
    assert f'href="{event.path}/receipts"' in (await mine.get(event.path)).text
    page = await mine.get(f"{event.path}/receipts")
    assert f'href="{there}"' in page.text
    assert f'href="{there}?as=file"' in page.text
    said = words(page)
    assert "It shows one vote, not a person." in said
    assert "Whoever sees a receipt reads how you voted." in said
    leaves = []
    for browser in (mine, theirs):
        file = await browser.get(there + "?as=file")
        assert file.headers["content-disposition"] == f'attachment; filename="receipt-{round_id[:8]}.json"'
        assert file.headers["cache-control"] == "no-store"
        assert {one.verdict for one in verify_receipt(file.content)} == {PASS, NOT_CHECKED}
        leaf = read_receipt(file.content).parts["ballot"]["leaf"]
        leaves.append(leaf["ballot"])
        paper = words(await browser.get(there))
        assert "This vote The police Votes in the total 2" in paper
        assert leaf["ballot"] in paper
        assert f"http://house.test/rounds/{round_id}/ballots.jsonl" in paper
    assert leaves[0] != leaves[1]
    # Somebody who did not vote, and somebody who did not join.
    assert "You have not voted here yet." in words(await observer.get(f"{event.path}/receipts"))
    assert (await observer.get(there)).status_code == 404
    async with event.house.browser() as stranger:
        assert NOT_KNOWN in words(await stranger.get(f"{event.path}/receipts"))
        assert (await stranger.get(there + "?as=file")).status_code == 404
        assert "Kept on this phone" in words(await stranger.get("/receipts"))
    await facilitation.annul_round(event.acts, event.live.id, round_id, "It was asked wrongly.")
    assert "This vote was annulled" in words(await mine.get(f"{event.path}/receipts"))
    assert (await mine.get(there)).status_code == 404
    # Once nobody's browser is known any more, nobody has a receipt.
    async with event.house.store.begin() as work:
        await work.sessions.forget_devices(event.live.id)
    assert NOT_KNOWN in words(await mine.get(f"{event.path}/receipts"))
    assert (await mine.get(there)).status_code == 404


async def test_no_receipt_of_a_long_session_holds_the_loop(event: LiveHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 5,000 entries of its session a receipt needs three."""
    mine = await event.join("g1")
    round_id = await a_vote(event, mine)
    async with event.house.store.begin() as work:
        link = work.rounds._link  # type: ignore[attr-defined]
        stored = await work.record.entries()
        opened = next(one for one in (parse_canonical(entry.body) for entry in stored) if one.get("round") == round_id)
        bodies = [canonical({**opened, "round": new_id()}) for _ in range(5000)]
        rows = [
            {"position": at, "commission": opened["commission"], "body": body, "leaf_hash": leaf_hash(body)}
            for at, body in enumerate(bodies, len(stored))
        ]
        for first in range(0, len(rows), 500):
            await link.run(sa.insert(tables.entry).values(rows[first : first + 500]))
    asker = Asker(event.house, "; ".join(f"{one.name}={one.value}" for one in mine.cookies.jar))
    with watched(monkeypatch) as watch:
        for _ in range(3):  # what is slow is so each time, and noise is not
            await asyncio.sleep(0)
            watch.forget()
            status, got = await asker.ask("GET", f"{event.path}/receipts/{round_id}?as=file")
            assert status == 200
            if watch.loop <= HELD:
                break
        watch.look("a receipt")
    assert not watch.faults, "\n".join(watch.faults)
    assert {one.verdict for one in verify_receipt(got)} == {PASS, NOT_CHECKED}


async def test_a_slip_from_a_shared_tablet_gives_the_receipt_of_its_vote_and_of_no_other(event: LiveHouse) -> None:
    live = await share(event.house.store, event.live.id, on=True)
    asked = (await cues.ask_question(event.acts, live.id, "Who?", LABELS, none=True)).round
    assert asked is not None
    await facilitation.open_round(event.acts, live.id, asked.id)
    casts = [new_id(), new_id()]
    async with event.house.browser() as tablet:
        for cast, choice in zip(casts, ("r1", "r2"), strict=True):
            form = {"round": asked.id, "group": "g1", "choice": choice, "person": new_id(), "cast": cast}
            assert (await tablet.post(f"/tablet/{live.tablet}/vote", data=form)).status_code == 303
        slip = await tablet.post(f"/tablet/{live.tablet}/slip", data={"round": asked.id, "cast": casts[1]})
        [there] = set(re.findall(rf"http://house\.test(/receipts/{asked.id}/[0-9a-f]+)", slip.text))
        assert "The police" not in words(slip)
        # Given once: what the tablet knew of this vote leads to it no more, and the other person's still waits.
        for wrong in (casts[1], new_id(), casts[1][:-1], ""):
            for answer in (
                await tablet.post(f"/tablet/{live.tablet}/slip", data={"round": asked.id, "cast": wrong}),
                await tablet.get(f"/receipts/{asked.id}/{wrong}"),
            ):
                assert answer.status_code == 404
    async with event.house.browser() as anybody:
        assert "The receipt comes when the result is in the record" in words(await anybody.get(there))
        await facilitation.close_round(event.acts, live.id, asked.id)
        await facilitation.reveal_round(event.acts, live.id, asked.id)
        assert "This vote The police" in words(await anybody.get(there))
        file = await anybody.get(there + "?as=file")
        assert {one.verdict for one in verify_receipt(file.content)} == {PASS, NOT_CHECKED}
        assert read_receipt(file.content).parts["ballot"]["leaf"]["choice"] == "r2"
        async with event.house.store.begin() as work:
            await work.sessions.save_session(replace(live, no_receipts=True))
        assert "There are no receipts in this session." in words(await anybody.get(there))
        refused = await anybody.post(f"/tablet/{live.tablet}/slip", data={"round": asked.id, "cast": casts[0]})
        assert refused.status_code == 404
        async with event.house.store.begin() as work:
            await work.sessions.save_session(live)
            await work.sessions.forget_devices(live.id)
        assert (await anybody.get(there)).status_code == 404


async def test_where_there_are_none_the_phone_and_the_record_say_so(event: LiveHouse) -> None:
    mine = await event.join("g1")
    for live, says in (
        (replace(event.live, recorded=False), "is a rehearsal"),
        (replace(event.live, no_receipts=True), "There are no receipts"),
    ):
        async with event.house.store.begin() as work:
            await work.sessions.save_session(live)
        await event.changed()
        assert says in words(await mine.get(f"{event.path}/receipts"))
        assert f'href="{event.path}/receipts"' not in (await mine.get(event.path)).text
    assert "There are no receipts for votes in this session." in words(await mine.get(event.path))
    # As it is declared, in the record and on its page.
    store, clock = event.house.store, event.house.site.clock
    form = SessionForm(event.live.commission, title="A day", no_receipts=True)
    made = await commissions_and_sessions.create_session(store, clock, form)
    assert made.no_receipts
    async with event.house.browser() as browser:
        said = words(await browser.get(f"/record/{await size_of(event) - 1}"))
    assert "Receipts Nobody is given a receipt of their ballot." in said
    await commissions_and_sessions.create_session(store, clock, replace(form, no_receipts=False))
    async with event.house.browser() as browser:
        assert "receipt" not in words(await browser.get(f"/record/{await size_of(event) - 1}")).casefold()


async def size_of(event: LiveHouse) -> int:
    async with event.house.store.read() as work:
        return await work.record.size()


async def test_whoever_answers_alone_keeps_a_receipt_too(tmp_path: Path, sqlite_template: Path) -> None:
    async with an_open_round(tmp_path, sqlite_template) as night:
        reader = await night.joined_browser()
        await night.answer(reader)
        there = f"{night.path}/receipts"
        assert f'href="{there}"' in (await reader.get(f"{night.path}/question")).text
        assert "The receipt comes when" in words(await reader.get(there))
        await night.close(reveal=True)
        file = await reader.get(f"{there}/{night.night.round.id}?as=file")
        assert {one.verdict for one in verify_receipt(file.content)} == {PASS, NOT_CHECKED}
        assert (await reader.get(f"{there}/{new_id()}?as=file")).status_code == 404
        await off(night)


async def off(night: OpenRound) -> None:
    """Opens another round on the same question that gives no receipts, and reads what its pages say."""
    live, round_ = night.night.live, night.night.round
    form = AsynchronousForm(
        live.commission,
        title="Another",
        story=round_.scenario or "",
        scene=round_.scene or "",
        day=night.clock.later(days=2)[:10],
        time="12:00",
        no_receipts=True,
    )
    made = await asynchronous.open_round(night.house.store, night.clock, form)
    path = f"/answer/{made.code}"
    async with night.house.browser() as browser:
        await browser.get(path)
        await browser.post(f"{path}/join", data={"group": "g1"})
        await browser.post(f"{path}/question", data={"choice": "r1"})
        assert "There are no receipts for votes here." in words(await browser.get(f"{path}/question"))
        assert "There are no receipts in this session." in words(await browser.get(f"{path}/receipts"))
