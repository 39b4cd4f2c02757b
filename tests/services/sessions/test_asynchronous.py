"""Asynchronous rounds on a real store: opened, given more time, closed by themselves, decided on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support.async_round import (
    DAYS,
    ROOMFUL,
    TITLE,
    a_cast_now,
    a_form,
    an_answered_round,
    an_async_round,
    cast_now,
    current_round,
    entries,
)
from support.factories import SetClock, a_commission, a_room, new_id
from support.record_keeper import SIGNER

from forum.errors import BadInput, FormErrors, IllegalMove, NotFound, StoreUnavailable
from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.record.audit import verify
from forum.record.verify.verdict import PASS
from forum.services import exports
from forum.services.checkpoints import Checkpoints
from forum.services.decision_form import DecisionForm
from forum.services.decisions import decide
from forum.services.sessions import asynchronous, cues, facilitation
from forum.services.sessions.asynchronous import AsynchronousForm, close_due, closer, extend
from forum.services.sessions.desk import Desk
from forum.services.stories import moderation, withdrawal
from forum.services.voting import close_rounds, results
from forum.sessions.session import SessionKind
from forum.store import SqlStore


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def refused(error: FormErrors) -> dict[str, str]:
    return {name: str(one) for name, one in error.fields.items()}


# ---------------------------------------------------------------- opening


async def test_it_opens_a_public_storys_question_in_a_session_of_its_own(sqlite_store: Store, clock: SetClock) -> None:
    night = await an_async_round(sqlite_store, clock)
    live, round_ = night.live, night.round
    assert (live.kind, live.title, live.scenarios, live.partition) == ("asynchronous", TITLE, (night.story.id,), None)
    assert len(live.code) == asynchronous.CODE_LENGTH
    assert set(live.code) <= set(asynchronous.LETTERS)
    assert (round_.state, round_.closes_at) == ("open", clock.later(days=DAYS))
    assert round_.question == "What could the crew do now?"
    assert [r.label for r in round_.responses][-1] == "None of these"
    opened, asked = (await entries(sqlite_store))[-2:]
    assert (opened["type"], opened["kind"], opened["entrance"]) == ("session opened", "asynchronous", "open link")
    assert (asked["type"], asked["closes_at"], asked["second_of"]) == ("round opened", round_.closes_at, None)
    assert "crew" not in json.dumps(asked)


async def test_the_same_form_sent_twice_opens_one(sqlite_store: Store, clock: SetClock) -> None:
    night = await an_async_round(sqlite_store, clock)
    form = a_form(clock, night.story, title="Another")
    first = await asynchronous.open_round(sqlite_store, clock, form)
    assert await asynchronous.open_round(sqlite_store, clock, form) == first
    async with sqlite_store.read() as work:
        assert len(await work.sessions.list_sessions(night.commission.id)) == 2
        assert len(await work.rounds.list_rounds(first.id)) == 1


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"title": " "}, "title", "Give the round a title"),
        ({"title": "x" * 121}, "title", "at most 120"),
        ({"day": "soon"}, "day", "year, month, day"),
        ({"day": "2026-02-30"}, "day", "year, month, day"),
        ({"time": "6 pm"}, "time", "hours and minutes"),
        ({"time": "24:00"}, "time", "hours and minutes"),
        ({"day": "2026-03-01", "time": "22:59"}, "day", "at least 1 hour"),
        ({"day": "2025-03-01"}, "day", "at least 1 hour"),
        ({"day": "2026-04-30", "time": "22:01"}, "day", "at most 60 days"),
        ({"scene": "Nowhere"}, "question", "Choose a question"),
        ({"scene": "What happened"}, "question", "Choose a question"),
        ({"story": "0" * 32}, "question", "Choose the question"),
    ],
)
async def test_what_cannot_be_opened_says_why(
    sqlite_store: Store, clock: SetClock, changes: dict[str, Any], field: str, says: str
) -> None:
    night = await an_async_round(sqlite_store, clock)
    with pytest.raises(FormErrors) as error:
        await asynchronous.open_round(sqlite_store, clock, replace(a_form(clock, night.story), **changes))
    assert says in refused(error.value)[field]
    assert len(await entries(sqlite_store)) == 4


async def test_everything_wrong_is_told_at_once(sqlite_store: Store, clock: SetClock) -> None:
    night = await an_async_round(sqlite_store, clock)
    with pytest.raises(FormErrors) as error:
        await asynchronous.open_round(sqlite_store, clock, AsynchronousForm(night.commission.id))
    assert refused(error.value).keys() == {"title", "question", "day", "time"}


@pytest.mark.parametrize("bound", [{"hours": 1}, {"days": 60}])
async def test_an_hour_and_sixty_days_are_allowed(
    sqlite_store: Store, clock: SetClock, bound: dict[str, float]
) -> None:
    night = await an_async_round(sqlite_store, clock)
    until = clock.later(**bound)
    form = replace(a_form(clock, night.story), day=until[:10], time=until[11:16])
    live = await asynchronous.open_round(sqlite_store, clock, form)
    async with sqlite_store.read() as work:
        assert [r.closes_at for r in await work.rounds.list_rounds(live.id)] == [until]


async def test_only_what_may_be_read_and_performed_is_opened(sqlite_store: Store, clock: SetClock) -> None:
    night = await an_async_round(sqlite_store, clock)

    async def refusal(form: AsynchronousForm) -> str:
        with pytest.raises(FormErrors) as error:
            await asynchronous.open_round(sqlite_store, clock, form)
        return refused(error.value)["question"]

    other = a_commission()
    async with sqlite_store.begin() as work:
        await work.commissions.add_commission(other)
    assert "of this commission" in await refusal(a_form(clock, night.story, commission=other.id))
    with pytest.raises(NotFound):
        await asynchronous.open_round(sqlite_store, clock, a_form(clock, night.story, commission=new_id()))
    await withdrawal.permit(sqlite_store, clock, night.key, perform=False, publish=True, quote=False)
    assert "no longer allows" in await refusal(a_form(clock, night.story))
    await withdrawal.permit(sqlite_store, clock, night.key, perform=True, publish=True, quote=False)
    await moderation.moderate(
        sqlite_store, clock, night.story.id, "take down", because="A street.", expected_status="accepted"
    )
    assert "holds this story back" in await refusal(a_form(clock, night.story))
    await withdrawal.withdraw(sqlite_store, clock, night.key)
    assert "taken this story back" in await refusal(a_form(clock, night.story))


@pytest.mark.parametrize("of", ["the form", "its commission"])
async def test_a_rehearsal_leaves_no_entry(sqlite_store: Store, clock: SetClock, of: str) -> None:
    """A round is a rehearsal where the form says so, and in a commission that is one, whatever the form says."""
    night = await an_async_round(sqlite_store, clock, ROOMFUL, rehearsal=of == "its commission")
    before = len(await entries(sqlite_store))
    live = await asynchronous.open_round(sqlite_store, clock, a_form(clock, night.story, rehearsal=of == "the form"))
    assert (live.rehearsal, live.recorded) == (True, False)
    async with sqlite_store.read() as work:
        [round_] = await work.rounds.list_rounds(live.id)
    await extend(sqlite_store, clock, live.id, "2026-03-20", "12:00")
    acts = asynchronous.desk(sqlite_store, clock)
    await facilitation.close_round(acts, live.id, round_.id)
    await facilitation.reveal_round(acts, live.id, round_.id)
    assert len(await entries(sqlite_store)) == before


# ---------------------------------------------------------------- a room is no asynchronous session, nor the other way


async def test_a_rooms_acts_do_not_reach_it(sqlite_store: Store, clock: SetClock) -> None:
    night = await an_async_round(sqlite_store, clock)
    console = Desk(sqlite_store, clock)
    session, round_ = night.live.id, night.round.id
    acts: list[Callable[[], Any]] = [
        lambda: cues.show_scene(console, session, night.story.id, "What happened"),
        lambda: cues.put_question(console, session, night.story.id, night.round.scene or ""),
        lambda: cues.ask_question(console, session, "Who?", ["A", "B"], none=True),
        lambda: cues.put_second_vote(console, session, round_),
        lambda: facilitation.open_round(console, session, round_),
        lambda: facilitation.warn_of_close(console, session, round_),
        lambda: facilitation.close_round(console, session, round_),
        lambda: facilitation.reveal_round(console, session, round_),
        lambda: facilitation.annul_round(console, session, round_, "No."),
        lambda: facilitation.pause(console, session, paused=True),
        lambda: facilitation.end(console, session),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            await act()
    room, _ = await a_room(sqlite_store, [])
    with pytest.raises(NotFound):
        await extend(sqlite_store, clock, room.id, "2026-03-20", "12:00")
    with pytest.raises(NotFound):
        await facilitation.pause(asynchronous.desk(sqlite_store, clock), room.id, paused=True)
    assert await current_round(sqlite_store, night) == night.round


async def test_its_code_joins_no_room(sqlite_store: Store, clock: SetClock) -> None:
    night = await an_async_round(sqlite_store, clock)
    async with sqlite_store.read() as work:
        with pytest.raises(NotFound):
            await work.sessions.session_by_code(night.live.code)
        assert await work.sessions.session_by_code(night.live.code, kind=SessionKind.ASYNCHRONOUS) == night.live


# ---------------------------------------------------------------- time


async def test_more_time_is_given_recorded_and_kept_to(sqlite_store: Store, clock: SetClock) -> None:
    night = await an_async_round(sqlite_store, clock, ["g1"])
    until = "2026-03-08T12:00:00.000Z"
    longer = await extend(sqlite_store, clock, night.live.id, "2026-03-08", "12:00")
    assert (longer.closes_at, longer.extended_at) == (until, clock.now())
    entry = (await entries(sqlite_store))[-1]
    assert entry == {
        "type": "round extended",
        "at": clock.now(),
        "commission": night.commission.id,
        "session": night.live.id,
        "round": night.round.id,
        "closes_at": until,
    }
    clock.move(days=DAYS + 1)
    assert await close_due(sqlite_store, clock) == []
    assert await cast_now(sqlite_store, clock, night, night.people[0]) == ""
    clock.move(days=DAYS)
    assert await cast_now(sqlite_store, clock, night, night.people[0]) == "closed"


@pytest.mark.parametrize(
    ("day", "time", "error", "says"),
    [
        ("2026-03-04", "22:00", BadInput, "later time"),
        ("2026-03-02", "12:00", BadInput, "later time"),
        ("2026-05-01", "12:00", FormErrors, ""),
        ("", "", FormErrors, ""),
    ],
)
async def test_less_time_or_too_much_is_not_given(
    sqlite_store: Store, clock: SetClock, day: str, time: str, error: type[BadInput], says: str
) -> None:
    night = await an_async_round(sqlite_store, clock)
    with pytest.raises(error) as refusal:
        await extend(sqlite_store, clock, night.live.id, day, time)
    assert says in str(refusal.value)
    assert await current_round(sqlite_store, night) == night.round


async def test_no_more_time_is_given_once_somebody_may_have_been_told_that_it_is_over(
    sqlite_store: Store, clock: SetClock
) -> None:
    night = await an_async_round(sqlite_store, clock)
    clock.move(days=DAYS)
    with pytest.raises(IllegalMove, match="no more time"):
        await extend(sqlite_store, clock, night.live.id, "2026-03-20", "12:00")


async def test_it_closes_by_itself_and_only_when_what_came_in_time_has_arrived(
    sqlite_store: Store, clock: SetClock
) -> None:
    night = await an_async_round(sqlite_store, clock, ROOMFUL)
    for person in night.people:
        assert await cast_now(sqlite_store, clock, night, person) == ""
    clock.move(days=DAYS, milliseconds=-1)
    on_its_way = a_cast_now(clock, night, night.people[0], "r2")
    clock.move(milliseconds=1)
    assert await cast_now(sqlite_store, clock, night, night.people[1], "r2") == "closed"
    clock.move(seconds=asynchronous.GRACE - 1)
    assert await close_due(sqlite_store, clock) == []
    async with sqlite_store.begin() as work:
        [outcome] = await work.rounds.cast([on_its_way])
    assert outcome.refusal == ""
    clock.move(seconds=1)
    [closed] = await close_due(sqlite_store, clock)
    assert (closed.id, closed.state, closed.closed_at) == (night.round.id, "closed", clock.now())
    assert await close_due(sqlite_store, clock) == []
    async with sqlite_store.read() as work:
        live = await work.sessions.get_session(night.live.id)
    assert live.partition is not None
    entry = (await entries(sqlite_store))[-1]
    assert (entry["type"], entry["count"]) == ("round closed", len(ROOMFUL))


async def test_whoever_closes_it_or_gives_more_time_raises_its_sessions_version(
    sqlite_store: Store, clock: SetClock
) -> None:
    """Screens and pages tell by the version alone whether they are out of date."""
    night = await an_async_round(sqlite_store, clock)

    async def version() -> int:
        async with sqlite_store.read() as work:
            return (await work.sessions.get_session(night.live.id)).version

    before = await version()
    await extend(sqlite_store, clock, night.live.id, "2026-03-08", "12:00")
    assert await version() == before + 1
    clock.move(days=10)
    await close_due(sqlite_store, clock)
    assert await version() == before + 2
    await close_due(sqlite_store, clock)
    assert await version() == before + 2

    other = await an_async_round(sqlite_store, clock)
    await withdrawal.permit(sqlite_store, clock, other.key, perform=False, publish=True, quote=False)
    async with sqlite_store.read() as work:
        assert (await work.sessions.get_session(other.live.id)).version == other.live.version + 1
        assert (await work.rounds.get_round(other.round.id)).state == "closed"


async def test_one_is_not_closed_before_its_time(sqlite_store: Store, clock: SetClock) -> None:
    night = await an_async_round(sqlite_store, clock)
    until, before, after = night.round.closes_at, clock.later(days=DAYS, seconds=-1), clock.later(days=DAYS + 1)
    async with sqlite_store.begin() as work:
        assert await close_rounds.close_now(work, night.live.id, night.round.id, after, due=before) is None
        assert await work.rounds.get_round(night.round.id) == night.round
        assert (await work.sessions.get_session(night.live.id)).version == night.live.version
        closed = await close_rounds.close_now(work, night.live.id, night.round.id, after, due=until)
        assert closed is not None
        assert (closed.state, closed.closed_at) == ("closed", after)
        # Once it is closed there is nothing to close.
        assert await close_rounds.close_now(work, night.live.id, night.round.id, after) is None


async def test_a_page_that_is_opened_closes_it_too(sqlite_store: Store, clock: SetClock) -> None:
    night = await an_async_round(sqlite_store, clock)
    assert await asynchronous.up_to_date(sqlite_store, clock, night.round) == night.round
    clock.move(days=DAYS, seconds=asynchronous.GRACE)
    assert (await asynchronous.up_to_date(sqlite_store, clock, night.round)).state == "closed"


async def test_the_closer_goes_on_after_a_fault_and_ends_when_it_is_told(
    sqlite_store: SqlStore, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = await an_async_round(sqlite_store, clock)
    clock.move(days=DAYS, seconds=asynchronous.GRACE)
    read, tried = sqlite_store.read, asyncio.Event()
    faults: list[Exception] = [StoreUnavailable("The disk is full."), RuntimeError("a bug")]

    def faulty() -> Any:
        if faults:
            raise faults.pop()
        tried.set()
        return read()

    monkeypatch.setattr(sqlite_store, "read", faulty)
    closes = closer(sqlite_store, clock, every=0.001)
    closes.start()
    await tried.wait()
    await closes.stop()
    monkeypatch.undo()
    assert faults == []
    assert (await current_round(sqlite_store, night)).state == "closed"


async def test_one_that_cannot_be_closed_keeps_no_other_open(
    sqlite_store: SqlStore, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights = [await an_async_round(sqlite_store, clock), await an_async_round(sqlite_store, clock)]
    clock.move(days=DAYS, seconds=asynchronous.GRACE)
    begin, first = sqlite_store.begin, [True]

    def faulty() -> Any:
        if first:
            first.pop()
            raise StoreUnavailable("The disk is full.")
        return begin()

    monkeypatch.setattr(sqlite_store, "begin", faulty)
    assert [r.id for r in await close_due(sqlite_store, clock)] == [nights[1].round.id]
    assert [r.id for r in await close_due(sqlite_store, clock)] == [nights[0].round.id]


async def test_a_restarted_server_closes_what_it_finds(sqlite_store: Store, clock: SetClock) -> None:
    night = await an_async_round(sqlite_store, clock)
    clock.move(days=DAYS * 2)
    closes = closer(sqlite_store, clock)
    closes.start()
    await closes.stop()
    assert (await current_round(sqlite_store, night)).state == "closed"


# ---------------------------------------------------------------- what rests on it


async def test_a_decision_may_rest_on_it_and_the_export_passes(sqlite_store: Store, clock: SetClock) -> None:
    night = await an_answered_round(sqlite_store, clock)
    await extend(sqlite_store, clock, night.live.id, "2026-03-09", "08:00")
    clock.move(days=10)
    await close_due(sqlite_store, clock)
    await facilitation.reveal_round(asynchronous.desk(sqlite_store, clock), night.live.id, night.round.id)
    commissioner = Person(new_id(), "c", "C", (Role.COMMISSIONER,))
    form = DecisionForm((night.round.id,), outcome="adopted", response="r1", rationale="So said the night shift.")
    await decide(sqlite_store, clock, commissioner, form)
    packed = await exports.export(Checkpoints(sqlite_store, SIGNER))
    assert {check.verdict for check in verify(packed)} == {PASS}, verify(packed)


async def test_rounds_are_listed_apart_newest_first_with_what_may_be_seen(sqlite_store: Store, clock: SetClock) -> None:
    night = await an_answered_round(sqlite_store, clock)
    other = await asynchronous.open_round(sqlite_store, clock, a_form(clock, night.story, title="Again"))
    async with sqlite_store.read() as work:
        found = await results.asynchronous_rounds(work, night.commission)
        assert [(one.session.id, one.voted, one.result) for one in found] == [
            (other.id, 0, None),
            (night.live.id, len(ROOMFUL), None),
        ]
        assert await results.asynchronous_rounds(work, night.commission, new_id()) == ()
    acts = asynchronous.desk(sqlite_store, clock)
    await facilitation.close_round(acts, night.live.id, night.round.id)
    await facilitation.reveal_round(acts, night.live.id, night.round.id)
    async with sqlite_store.read() as work:
        assert [one.result for one in await results.asynchronous_rounds(work, night.commission)] == [None, None]
        found = await results.asynchronous_rounds(work, night.commission, night.story.id, results=True)
    assert found[1].result is not None
    assert found[1].result.n == len(ROOMFUL)
    assert "Police" not in {row.label for row in found[1].result.rows}
