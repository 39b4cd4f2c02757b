"""The worked example: every part of its cycle is there, marked as a demonstration, and its record is sound."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.app import House, a_house, words
from support.factories import CLOCK
from support.record_keeper import SIGNER

from forum.errors import NotFound
from forum.ports.promises import Sought
from forum.record.audit import verify
from forum.record.verify.verdict import PASS
from forum.rehearsal.example import cycle, is_wanted, promises
from forum.rehearsal.example.commission import CARERS
from forum.rehearsal.example.past_clock import PastClock
from forum.services import demonstration, exports, ledger, record_check
from forum.services.checkpoints import Checkpoints
from forum.services.commitments import Promise
from forum.store import SqlStore
from forum.voting.commitment import Giver, days_late
from forum.voting.decision import Decision, DifferenceFrom, SecondReading
from forum.web.i18n import dates


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path_factory.mktemp("example"), sqlite_template) as house:
        await cycle.make(house.store, CLOCK)
        await demonstration.load(house.store, CLOCK)
        yield house


@pytest.fixture(scope="module")
async def entries(house: House) -> list[dict[str, Any]]:
    async with house.store.read() as work:
        return [json.loads(one.body) for one in await work.record.entries()]


async def decisions(house: House) -> list[Decision]:
    async with house.store.read() as work:
        return sorted(await work.decisions.list_decisions(await about(house)), key=lambda one: one.decided_at)


async def about(house: House) -> str:
    """Returns the id of the example's commission."""
    async with house.store.read() as work:
        return str(await work.facts.get_fact(cycle.FACT))


async def test_it_is_a_whole_cycle_in_the_order_of_its_days(entries: list[dict[str, Any]]) -> None:
    types = [one["type"] for one in entries]
    times = [one["at"] for one in entries]
    assert times == sorted(times)
    assert all(one["demonstration"] for one in entries)
    assert types[:2] == ["commission published", "commission changed"]
    for type_, number in {
        "session opened": 3, "round revealed": 4, "pledge": 3, "decision": 3, "commitment": 4, "commitment update": 5,
        "commitment noticed": 1, "minority statement": 1, "decision corrected": 1, "stage moved": 2, "stage note": 3,
    }.items():  # fmt: skip
        assert (type_, types.count(type_)) == (type_, number)
    moved = [(one["from"], one["to"]) for one in entries if one["type"] == "stage moved"]
    assert moved == [("plan", "secure"), ("secure", "monitor")]
    today = CLOCK.now()[:10]
    assert max(at for one, at in zip(entries, times, strict=True) if one["type"] == "stage note")[:10] < today


async def test_a_difference_is_answered_a_decision_was_read_and_a_group_says_what_it_holds_against_it(
    house: House,
) -> None:
    first, tablets, agreement = await decisions(house)
    assert {one.second_reader for one in (first, tablets, agreement)} == {SecondReading.READ}
    [difference] = first.differences
    assert (difference.kind, difference.group, bool(difference.answer)) == (DifferenceFrom.GROUP, CARERS, True)
    assert first.why == ""
    assert tablets.why
    assert first.conditions
    assert [one.taken_up for one in first.conditions.answered].count(False) == 1
    assert len(first.corrections) == 1
    async with house.store.read() as work:
        [statement] = await work.minority.statements_on(first.id)
        shift = [one for one in await work.record.naming([first.rounds[-1]]) if json.loads(one.body).get("view_shift")]
    assert (statement.group, statement.entry is not None) == (CARERS, True)
    assert len(shift) == 1
    assert agreement.conditions
    assert len(agreement.conditions.answered) == 4


async def test_of_four_promises_one_is_done_one_late_one_not_done_and_one_handed_on(house: House) -> None:
    today = CLOCK.now()[:10]
    async with house.store.read() as work:
        stand: dict[str, Promise] = {
            one.commitment.state: one for one in await ledger.found(work, Sought(await about(house)), today)
        }
    assert set(stand) == {"done", "partly", "not done", "handed on"}
    assert stand["done"].commitment.updates[-1].given_by == Giver.OWNER
    assert days_late(stand["partly"].commitment, today) == promises.DAYS["visit"]
    assert stand["not done"].commitment.updates[-1].because
    assert stand["handed on"].commitment.owner != stand["handed on"].commitment.role


async def test_an_export_passes_and_the_rows_agree_with_the_record(house: House) -> None:
    checkpoints = Checkpoints(house.store, SIGNER)
    checks = verify(await exports.export(checkpoints))
    assert {(one.name, one.verdict) for one in checks if one.verdict != PASS} == set()
    assert len(checks) > 15
    async for progress in record_check.check(checkpoints):
        found = progress.findings
    assert found == []


async def test_every_public_page_of_it_says_that_it_is_a_demonstration(house: House) -> None:
    id_ = await about(house)
    first, *_more = await decisions(house)
    async with house.store.read() as work:
        sessions = await work.sessions.list_sessions(id_)
        stories = await work.stories.list_stories(id_)
    night = next(live for live in sessions if live.asynchronous)
    day = next(live for live in sessions if not live.asynchronous and live.scenarios)
    assert day.opened_at[:10] < day.ended_at[:10]
    async with house.browser() as browser:
        for path in (
            f"/commissions/{id_}", f"/commissions/{id_}/stages/monitor", f"/decisions/{first.id}",
            f"/promises/{first.commitments[0].id}", f"/promises/said?commission={id_}", f"/promises?commission={id_}",
            f"/stories/{stories[0].id}", f"/answer/{night.code}", f"/sessions/{day.id}/programme", f"/s/{day.code}/day",
        ):  # fmt: skip
            answer = await browser.get(path)
            assert (path, answer.status_code) == (path, 200)
            assert "This is the demonstration that comes with Forum." in words(answer), path
        page = words(await browser.get(f"/commissions/{id_}"))
        assert f"Ended {dates.day(day.ended_at)}" in page  # and not the day on which it was made


async def test_beside_what_is_real_it_is_marked_and_not_counted(house: House) -> None:
    id_ = await about(house)
    first, *_more = await decisions(house)
    tag = '<strong class="tag demonstration">Demonstration</strong>'
    async with house.browser() as browser:
        home = (await browser.get("/")).text
        assert [home.count(tag, home.index(one)) for one in ("What it is about", "Newest decisions")] == [10, 8]
        assert (await browser.get("/stories")).text.count(tag) == 8
        ledger = await browser.get("/promises")
        assert (ledger.text.count(tag), "1 is late" in words(ledger)) == (7, False)
        assert "1 is late" in words(await browser.get(f"/promises?commission={id_}"))
        assert (await browser.get("/promises/said")).text.count(tag) == 4
        assert "No answer was due yet" in words(await browser.get("/answers-due"))
        feed = (await browser.get("/promises/feed.atom")).text
        assert (feed.count("<entry>"), feed.count("(Demonstration)</title>")) == (9, 9)
        for path in (f"/commissions/{id_}", f"/decisions/{first.id}", f"/promises/{first.commitments[0].id}"):
            assert "(Demonstration)</title>" in (await browser.get(f"{path}/feed.atom")).text
        assert (await browser.get("/record")).text.count("Not real") == 11


async def test_its_late_promise_is_due_to_nobody_who_has_not_chosen_it(house: House) -> None:
    async with house.signed_in("commissioner") as commissioner:
        for chosen, due in (("", 0), (f"?commission={await about(house)}", 1)):
            assert f"Promises that are due ({due})" in words(await commissioner.get(f"/decide{chosen}"))


async def test_it_is_made_once_and_never_beside_anything_else(house: House, sqlite_store: SqlStore) -> None:
    async with house.store.read() as work:
        size = await work.record.size()
    await cycle.make(house.store, CLOCK)
    async with house.store.read() as work:
        assert await work.record.size() == size
    await demonstration.load(sqlite_store, CLOCK)
    await cycle.make(sqlite_store, CLOCK)
    async with sqlite_store.read() as work:
        assert await work.facts.get_fact(cycle.FACT) is None


async def test_what_ends_in_the_middle_leaves_nothing_and_the_next_start_makes_it(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: object) -> None:
        raise NotFound("the power went off")

    with monkeypatch.context() as patch:
        patch.setattr("forum.rehearsal.example.votes.from_home", killed)
        with pytest.raises(NotFound):
            await cycle.make(store, CLOCK)
    async with store.read() as work:
        assert await is_wanted(work)
        assert (await work.stories.list_stories(), await work.sessions.list_sessions()) == ([], [])
        assert await work.facts.get_fact(cycle.FACT) is None
    await cycle.make(store, CLOCK)
    async with store.read() as work:
        assert await work.facts.get_fact(cycle.FACT)
        assert await work.record.size() > 40


def test_its_clock_goes_forward_only() -> None:
    clock = PastClock("2028-03-01T00:10:00.000Z")
    clock.set(2, "23:00")
    assert clock.now().startswith("2028-02-28T23:00:00")
    assert clock.day(1) == "2028-02-29"
    for days_ago, time in ((2, "22:00"), (0, "08:00")):
        with pytest.raises(ValueError, match="days ago"):
            clock.set(days_ago, time)
