"""Asynchronous rounds on one question, judged together when the later ones close."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from csv import DictReader
from dataclasses import replace
from io import StringIO

import pytest
from support.async_round import AsyncRound, a_form, an_async_round, cast_now
from support.factories import SetClock, new_id
from support.record_keeper import SIGNER

from forum.errors import NotFound
from forum.ports import Store
from forum.record.audit import verify
from forum.record.verify.archive import unpack
from forum.record.verify.verdict import PASS
from forum.services import exports, record_check
from forum.services.checkpoints import Checkpoints
from forum.services.sessions import asynchronous, facilitation
from forum.services.voting import close_rounds, reasons, results
from forum.sessions.session import Participant
from forum.voting.commission import CommissionVersion
from forum.voting.partition import BESIDE_ANOTHER, NO_COUNT_BESIDE
from forum.voting.result import Result
from forum.voting.suppression import NO_COUNT

WHY = "Because of the knock"
MONDAY = {"g1": "11122", "g2": "12121"}
TUESDAY = {"g1": "11122", "g2": "11122"}
SILENT = {"g1": "11133", "g2": "33311"}  # nobody answers r2: its head count leaves r1 beside those who use services
TELLING = {"g1": "11122", "g2": "22333"}  # beside the carers' row of Monday it leaves r2


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


async def asked_again(store: Store, clock: SetClock, night: AsyncRound) -> AsyncRound:
    """Opens the question of an asynchronous round once more, in a session of its own."""
    live = await asynchronous.open_round(store, clock, a_form(clock, night.story))
    async with store.read() as work:
        [round_] = await work.rounds.list_rounds(live.id)
    return replace(night, live=live, round=round_, people=())


async def answer(store: Store, clock: SetClock, night: AsyncRound, votes: Mapping[str, str]) -> None:
    """Casts a ballot for each digit of each group's votes ("112": r1 twice, r2 once), each by a new participant; the
    first says WHY."""
    for group, digits in votes.items():
        for place, digit in enumerate(digits):
            person = Participant(new_id(), night.live.id, group, clock.now())
            async with store.begin() as work:
                await work.sessions.join(person, new_id() * 2)
            why = WHY if (group, place) == ("g1", 0) else ""
            assert await cast_now(store, clock, night, person.id, f"r{digit}", why) == ""


async def close(store: Store, clock: SetClock, night: AsyncRound) -> None:
    async with store.begin() as work:
        await close_rounds.close_now(work, night.live.id, night.round.id, clock.now())


async def shown(store: Store, clock: SetClock, night: AsyncRound) -> Result:
    await facilitation.reveal_round(asynchronous.desk(store, clock), night.live.id, night.round.id)
    async with store.read() as work:
        return await results.result_of(
            work, await work.rounds.get_round(night.round.id), night.commission.threshold, whole=True
        )


async def test_the_later_one_gives_nothing_by_group_where_both_could_tell(sqlite_store: Store, clock: SetClock) -> None:
    monday = await an_async_round(sqlite_store, clock)
    tuesday = await asked_again(sqlite_store, clock, monday)
    wednesday = await asked_again(sqlite_store, clock, monday)
    for night, votes in ((monday, MONDAY), (tuesday, TELLING), (wednesday, TUESDAY)):
        await answer(sqlite_store, clock, night, votes)
    await close(sqlite_store, clock, monday)
    # Also where nobody has seen the earlier one yet: its ballots are to be opened with their groups.
    await close(sqlite_store, clock, tuesday)
    await close(sqlite_store, clock, wednesday)
    later, earlier, last = [await shown(sqlite_store, clock, night) for night in (tuesday, monday, wednesday)]
    assert (
        [row.label for row in earlier.rows] == [row.label for row in last.rows] == ["People who use services", "Carers"]
    )
    assert (later.rows, later.withheld, later.equal_voice) == ((), BESIDE_ANOTHER, None)
    assert later.counts == {"r1": 3, "r2": 4, "r3": 3, "none": 0}
    packed = await exports.export(Checkpoints(sqlite_store, SIGNER))
    assert {check.verdict for check in verify(packed)} == {PASS}, verify(packed)


async def test_no_count_is_given_where_that_alone_could_tell(sqlite_store: Store, clock: SetClock) -> None:
    monday = await an_async_round(sqlite_store, clock)
    tuesday = await asked_again(sqlite_store, clock, monday)
    wednesday = await asked_again(sqlite_store, clock, monday)
    for night, votes in ((monday, MONDAY), (tuesday, SILENT), (wednesday, TUESDAY)):
        await answer(sqlite_store, clock, night, votes)
        await close(sqlite_store, clock, night)
    earlier, later, last = [await shown(sqlite_store, clock, night) for night in (monday, tuesday, wednesday)]
    assert (later.n, later.counts, later.rows, later.withheld) == (10, {}, (), NO_COUNT_BESIDE)
    # What is not given tells nothing, so the last is not held against it: it would leave r1.
    assert len(earlier.rows) == len(last.rows) == 2
    async with sqlite_store.read() as work:
        with pytest.raises(NotFound, match="asked in another session"):
            await exports.opened_ballots(work, tuesday.round.id)
        live = await work.sessions.get_session(tuesday.live.id)
        [said] = await reasons.said_of(work, live, await work.rounds.get_round(tuesday.round.id), tuesday.commission)
        assert (said.words, said.choice, said.group) == (WHY, "", "")
        live = await work.sessions.get_session(monday.live.id)
        [said] = await reasons.said_of(work, live, await work.rounds.get_round(monday.round.id), monday.commission)
        assert (said.words, said.choice) == (WHY, "r1")
    packed = await exports.export(Checkpoints(sqlite_store, SIGNER))
    assert {check.verdict for check in verify(packed)} == {PASS}, verify(packed)
    rows = DictReader(StringIO(unpack(packed)[0]["results_by_group.csv"].decode("utf-8-sig")))
    told = [(row["measure"], row["note"]) for row in rows if row["round"] == tuesday.round.id]
    assert told == [("withheld", NO_COUNT_BESIDE)]
    async for progress in record_check.check(Checkpoints(sqlite_store, SIGNER)):
        found = progress.findings
    assert found == []


async def under(store: Store, clock: SetClock, night: AsyncRound, threshold: int) -> AsyncRound:
    """Asks the question once more under another threshold: a new version of the commission."""
    async with store.begin() as work:
        now = replace(night.commission, threshold=threshold, version=night.commission.version + 1)
        await work.commissions.add_version(CommissionVersion(now.version, now, "Others came.", clock.now()))
    return await asked_again(store, clock, replace(night, commission=now))


async def test_each_is_judged_by_the_threshold_it_was_declared_under(sqlite_store: Store, clock: SetClock) -> None:
    # By the later ones' threshold nothing would be given of the first, which could tell; and all of the third, which
    # could not, since too few answered.
    monday = await an_async_round(sqlite_store, clock, threshold=3)
    tuesday = await under(sqlite_store, clock, monday, 7)
    await answer(sqlite_store, clock, monday, {"g1": "112", "g2": "121"})
    await answer(sqlite_store, clock, tuesday, {"g1": "1111222", "g2": "2222333"})
    for night in (monday, tuesday):
        await close(sqlite_store, clock, night)
    assert len((await shown(sqlite_store, clock, monday)).rows) == 2
    assert (await shown(sqlite_store, clock, tuesday)).withheld == BESIDE_ANOTHER

    first = await an_async_round(sqlite_store, clock, threshold=7)
    second = await under(sqlite_store, clock, first, 3)
    await answer(sqlite_store, clock, first, {"g1": "112", "g2": "121"})
    await answer(sqlite_store, clock, second, {"g1": "112", "g2": "223"})
    for night in (first, second):
        await close(sqlite_store, clock, night)
    assert (await shown(sqlite_store, clock, first)).withheld == NO_COUNT
    assert len((await shown(sqlite_store, clock, second)).rows) == 2
    packed = await exports.export(Checkpoints(sqlite_store, SIGNER))
    assert {check.verdict for check in verify(packed)} == {PASS}, verify(packed)


async def test_a_later_one_in_which_nothing_is_left_to_tell_keeps_its_groups(
    sqlite_store: Store, clock: SetClock
) -> None:
    monday = await an_async_round(sqlite_store, clock)
    tuesday = await asked_again(sqlite_store, clock, monday)
    await answer(sqlite_store, clock, monday, TELLING)
    await answer(sqlite_store, clock, tuesday, MONDAY)
    await close(sqlite_store, clock, tuesday)
    await close(sqlite_store, clock, monday)  # opened first, closed later
    assert (await shown(sqlite_store, clock, tuesday)).rows
    assert (await shown(sqlite_store, clock, monday)).withheld == BESIDE_ANOTHER


async def test_of_two_that_close_at_one_moment_one_is_judged_beside_the_other(store: Store, clock: SetClock) -> None:
    monday = await an_async_round(store, clock)
    tuesday = await asked_again(store, clock, monday)
    await answer(store, clock, monday, MONDAY)
    await answer(store, clock, tuesday, TELLING)
    await asyncio.gather(close(store, clock, monday), close(store, clock, tuesday))
    withheld = [(await shown(store, clock, night)).withheld for night in (monday, tuesday)]
    # Whichever of the two comes second: by group, or, where that is Monday's, as a whole.
    assert len(set(withheld)) == 2
    assert set(withheld) - {BESIDE_ANOTHER, NO_COUNT_BESIDE} == {None}
