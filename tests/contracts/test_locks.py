"""Effects of two transactions on each other: which of them waits, and what comes of it.

On PostgreSQL units of work go on side by side, so each test stops one of them in the middle and sees what the other
does. On SQLite, where they take turns, the outcome must be the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from conftest import Database
from support.async_round import DAYS, an_async_round
from support.factories import SetClock, a_cast, a_room, new_id
from support.faulty_store import WrappedStore
from support.voted_session import COMMISSIONER, a_vote

from forum.errors import IllegalMove
from forum.ports import Store, Work
from forum.services import decisions
from forum.services.decision_form import DecisionForm, Promise
from forum.services.sessions import asynchronous, care, facilitation
from forum.services.sessions.asynchronous import close_due
from forum.services.sessions.desk import Desk
from forum.services.voting import close_rounds, reasons
from forum.sessions.session import LiveSession, Participant
from forum.store import SqlStore, open_store
from forum.voting.ballot import Cast
from forum.voting.reason import Reason
from forum.voting.round import WITHDRAWN, Response, Round, RoundKind, RoundState

Made = TypeVar("Made")

AT, LATER = "2026-03-01T12:00:00.000Z", "2026-03-02T12:00:00.000Z"
RESPONSES = (Response("r1", "Wait"), Response("r2", "Call"), Response("none", "None of these"))
LONG = 30  # seconds: whatever has not come by then waits for something that it should not wait for

_WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'
"""


async def as_far_as_it_can(store: SqlStore, *tasks: asyncio.Task[Any]) -> None:
    """Returns when each of these tasks is done, or waits in the database for somebody's lock."""
    if store.writer.dialect.name == "sqlite":
        await asyncio.sleep(0)  # it waits for the one connection that writes
        return
    async with asyncio.timeout(LONG):
        while True:
            async with store.reader.connect() as connection:
                waiting: int = (await connection.execute(sa.text(_WAITING))).scalar_one()
            if waiting + sum(task.done() for task in tasks) >= len(tasks):
                return


async def at_once(work: Coroutine[Any, Any, Made]) -> Made:
    """Awaits the work and gives its result; raises TimeoutError where it waits for a lock."""
    async with asyncio.timeout(LONG):
        return await work


@pytest.fixture
async def postgres_store(postgres_database: Database) -> AsyncIterator[SqlStore]:
    """Opens an empty store on PostgreSQL, for what cannot happen where there is one writer."""
    opened = await open_store(postgres_database.url)
    yield opened
    await opened.close()


@pytest.fixture
async def beside(postgres_database: Database) -> AsyncIterator[SqlStore]:
    """Opens the database of `postgres_store` once more, as another server would."""
    opened = await open_store(postgres_database.url)
    yield opened
    await opened.close()


def a_round(session: str, state: RoundState = RoundState.OPEN, **changes: Any) -> Round:
    round_ = Round(new_id(), session, "What should she do?", RESPONSES, state=state, created_at=AT)
    return replace(round_, **changes)


async def a_question(store: Store, people: int, **changes: Any) -> tuple[LiveSession, Round, list[str]]:
    """Makes a session with one round, and so many people in it."""
    live, members = await a_room(store, ["g1"] * people)
    round_ = a_round(live.id, **changes)
    async with store.begin() as work:
        await work.rounds.add_round(round_)
    return live, round_, members


async def cast(store: Store, *batch: Cast) -> list[str]:
    async with store.begin() as work:
        return [outcome.refusal for outcome in await work.rounds.cast(batch)]


async def now(store: Store, round_id: str) -> Round:
    async with store.read() as work:
        return await work.rounds.get_round(round_id)


# ---------------------------------------------------------------- a round that is held


async def test_whoever_holds_a_round_has_waited_for_the_ballots_on_their_way(store: SqlStore) -> None:
    _, round_, (nurse,) = await a_question(store, 1)

    async def hold() -> dict[str, int]:
        async with store.begin() as work:
            await work.rounds.get_round(round_.id, lock=True)
            return await work.rounds.voted([round_.id])

    async with store.begin() as work:
        await work.rounds.cast([a_cast(round_.id, nurse)])
        holding = asyncio.create_task(hold())
        await as_far_as_it_can(store, holding)
    assert await holding == {round_.id: 1}


async def test_no_ballot_is_counted_while_somebody_holds_its_round(store: SqlStore) -> None:
    _, round_, (nurse,) = await a_question(store, 1)
    async with store.begin() as work:
        held = await work.rounds.get_round(round_.id, lock=True)
        casting = asyncio.create_task(cast(store, a_cast(round_.id, nurse)))
        await as_far_as_it_can(store, casting)
        assert not casting.done()
        await work.rounds.save_round(replace(held, state=RoundState.CLOSED))
    assert await casting == ["closed"]


async def test_a_session_and_a_round_that_are_held_may_still_be_referred_to(postgres_store: SqlStore) -> None:
    """People go on joining, and giving reasons, while the facilitator's act runs."""
    store = postgres_store
    live, round_, (nurse,) = await a_question(store, 1, state=RoundState.REVEALED)
    async with store.begin() as work:
        await work.sessions.get_session(live.id, lock=True)
        await work.rounds.get_round(round_.id, lock=True)

        async def meanwhile() -> dict[str | None, int]:
            async with store.begin() as other:
                await other.sessions.join(Participant(new_id(), live.id, "g1", AT), new_id() * 2)
                await other.reasons.add_reasons([Reason(new_id(), round_.id, nurse, "g1", "r1", "Because", "", AT)])
                return await other.sessions.joined(live.id)

        assert await at_once(meanwhile()) == {"g1": 2}


# ---------------------------------------------------------------- deciding beside an annulment


def a_form(rounds: tuple[str, ...]) -> DecisionForm:
    promise = Promise("Head", "Two nurses", "2027-03-31")
    return DecisionForm(
        rounds, outcome="adopted", response="r1", rationale="So it is.", why="As it is.", promises=(promise,)
    )


async def annul_during(store: SqlStore, round_id: str, act: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Runs an act that begins while the annulment of the round is not committed yet; returns it as it ended."""
    async with store.begin() as work:
        voted = await work.rounds.get_round(round_id, lock=True)
        task = asyncio.create_task(act)
        await as_far_as_it_can(store, task)
        await work.rounds.save_round(
            replace(voted, state=RoundState.ANNULLED, annulled_at=AT, annulled_because="It was not clear.")
        )
    await asyncio.wait([task])
    return task


async def test_nothing_is_decided_on_a_vote_that_is_being_annulled(store: SqlStore) -> None:
    voted = await a_vote(store)
    done = await annul_during(
        store, voted.rounds[0], decisions.decide(store, SetClock(), COMMISSIONER, a_form(voted.rounds))
    )
    assert isinstance(done.exception(), IllegalMove)
    async with store.read() as work:
        assert await work.decisions.list_decisions() == []


async def test_nobody_commits_to_a_decision_whose_vote_is_being_annulled(store: SqlStore) -> None:
    voted = await a_vote(store)
    made = await decisions.decide(store, SetClock(), COMMISSIONER, a_form(voted.rounds))
    promise = Promise("Police liaison", "A number to ring", "2027-01-01")
    done = await annul_during(
        store, voted.rounds[0], decisions.commit(store, SetClock(), COMMISSIONER, made.id, promise)
    )
    assert isinstance(done.exception(), IllegalMove)
    async with store.read() as work:
        assert (await work.decisions.get_decision(made.id)).commitments == made.commitments


# ---------------------------------------------------------------- taking words back beside a closing

STORY = new_id()


async def test_a_round_that_closes_while_its_words_are_taken_back_stays_without_them(store: SqlStore) -> None:
    live, round_, _ = await a_question(store, 1, scenario=STORY, scene="The door")

    async def close() -> Round | None:
        async with store.begin() as work:
            return await close_rounds.close_now(work, live.id, round_.id, AT)

    async with store.begin() as work:
        await work.rounds.withdraw_words(STORY)
        closes = asyncio.create_task(close())
        await as_far_as_it_can(store, closes)
    assert await closes is not None
    after = await now(store, round_.id)
    assert (after.state, after.question, after.scene) == (RoundState.CLOSED, WITHDRAWN, None)


async def test_words_that_are_taken_back_while_their_round_closes_do_not_open_it_again(store: SqlStore) -> None:
    live, round_, _ = await a_question(store, 1, scenario=STORY, scene="The door")

    async def withdraw() -> list[str]:
        async with store.begin() as work:
            return await work.rounds.withdraw_words(STORY)

    async with store.begin() as work:
        await close_rounds.close_now(work, live.id, round_.id, AT)
        takes_back = asyncio.create_task(withdraw())
        await as_far_as_it_can(store, takes_back)
    assert await takes_back == [round_.id]
    after = await now(store, round_.id)
    assert (after.state, after.closed_at, after.question) == (RoundState.CLOSED, AT, WITHDRAWN)


async def test_no_reason_on_its_way_is_left_behind_when_words_are_taken_back(store: SqlStore) -> None:
    _, round_, (nurse,) = await a_question(store, 1, scenario=STORY)

    async def withdraw() -> list[str]:
        async with store.begin() as work:
            return await work.rounds.withdraw_words(STORY)

    async with store.begin() as work:
        said = replace(a_cast(round_.id, nurse, reason="She is my sister"), condition="she is asked")
        await work.rounds.cast([said])
        takes_back = asyncio.create_task(withdraw())
        await as_far_as_it_can(store, takes_back)
    await takes_back
    async with store.read() as work:
        assert [(b.choice, b.reason, b.condition) for b in await work.rounds.ballots(round_.id)] == [("r1", "", "")]


async def test_a_reason_that_is_taken_back_while_the_result_is_shown_is_gone(store: SqlStore) -> None:
    live, round_, (nurse, _) = await a_question(store, 2, state=RoundState.CLOSED)
    async with store.begin() as work:
        await work.rounds.save_round(replace(round_, state=RoundState.OPEN))
        await work.rounds.cast([a_cast(round_.id, nurse, reason="She is my sister")])
        await work.rounds.save_round(round_)
    async with store.begin() as work:
        closed = await work.rounds.get_round(round_.id, lock=True)
        await work.rounds.save_round(replace(closed, state=RoundState.REVEALED, revealed_at=AT))
        await reasons.gather(work, live, closed, AT)
        takes_back = asyncio.create_task(reasons.take_back(store, SetClock(AT), live, nurse, round_.id))
        await as_far_as_it_can(store, takes_back)
    await takes_back
    async with store.read() as work:
        assert await work.reasons.list_reasons(round_.id) == []
        assert [b.reason for b in await work.rounds.ballots(round_.id)] == [""]


class Paused(WrappedStore):
    """Store whose units of work stop before their commit until they may `go` on."""

    def __init__(self, store: SqlStore) -> None:
        super().__init__(store)
        self.there, self.go = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def begin(self, *, first: bool = False) -> AsyncIterator[Work]:
        async with self.store.begin(first=first) as work:
            yield work
            self.there.set()
            await self.go.wait()


async def test_a_reason_that_is_being_given_goes_with_the_words_that_are_taken_back(store: SqlStore) -> None:
    live, round_, (nurse,) = await a_question(store, 1, scenario=STORY)
    await cast(store, a_cast(round_.id, nurse))
    async with store.begin() as work:
        await work.rounds.save_round(replace(round_, state=RoundState.REVEALED))

    async def withdraw() -> None:
        async with store.begin() as work:
            await work.rounds.withdraw_words(STORY)
            await work.reasons.erase_story(STORY)

    paused = Paused(store)
    gives = asyncio.create_task(reasons.give(paused, SetClock(), live, nurse, round_.id, "She is my sister", ""))
    await paused.there.wait()
    takes_back = asyncio.create_task(withdraw())
    await as_far_as_it_can(store, takes_back)
    paused.go.set()
    await asyncio.gather(gives, takes_back)
    async with store.read() as work:
        assert await work.reasons.list_reasons(round_.id) == []


# ---------------------------------------------------------------- closing beside more time


async def test_a_round_that_is_being_given_more_time_is_not_closed_at_its_old_one(store: SqlStore) -> None:
    clock = SetClock()
    night = await an_async_round(store, clock, ["g1"])
    until = clock.later(days=DAYS * 2)
    async with store.begin() as work:
        live = await work.sessions.get_session(night.live.id, lock=True)
        await work.rounds.save_round(replace(await work.rounds.get_round(night.round.id, lock=True), closes_at=until))
        await work.sessions.save_session(live.changed())
        clock.move(days=DAYS, seconds=asynchronous.GRACE)
        closes = asyncio.create_task(close_due(store, clock))
        await as_far_as_it_can(store, closes)
    assert await closes == []
    assert (await now(store, night.round.id)).state == RoundState.OPEN
    clock.move(days=DAYS)
    assert [closed.id for closed in await close_due(store, clock)] == [night.round.id]


# ---------------------------------------------------------------- rows in one order


@pytest.mark.parametrize("again", [False, True], ids=["other casts of the same people", "the same casts again"])
async def test_batches_that_overlap_do_not_lock_each_other_out(postgres_store: SqlStore, again: bool) -> None:
    """Every batch takes its rows in one order. So whoever waits for the first of them holds none of the others, and no
    two can wait for each other: here one waits, and a third counts the others meanwhile."""
    store = postgres_store
    _, round_, people = await a_question(store, 150)
    batch = [a_cast(round_.id, person) for person in sorted(people, reverse=True)]
    others, first = batch[:-1], batch[-1]

    def sent(*casts: Cast) -> list[Cast]:
        return list(casts) if again else [replace(one, cast=new_id()) for one in casts]

    async with store.begin() as work:
        await work.rounds.cast(sent(first))
        waits = asyncio.create_task(cast(store, *sent(*batch)))
        await as_far_as_it_can(store, waits)
        assert not waits.done()
        assert set(await at_once(cast(store, *sent(*others)))) == {""}
    assert set(await waits) == {""}
    async with store.read() as work:
        assert await work.rounds.voted([round_.id]) == {round_.id: 150}


async def test_many_batches_of_the_same_people_at_once_are_all_counted(store: SqlStore) -> None:
    _, round_, people = await a_question(store, 60)
    second = replace(round_, id=new_id())
    async with store.begin() as work:
        await work.rounds.add_round(second)
    there = [a_cast(r, p) for r in (round_.id, second.id) for p in people]
    again = [replace(one, cast=new_id()) for one in reversed(there)]
    answers = await asyncio.gather(*(cast(store, *batch) for batch in (there, again, again[::-1], there[::-1]) * 3))
    assert {refusal for batch in answers for refusal in batch} == {""}
    async with store.read() as work:
        assert await work.rounds.voted([round_.id, second.id]) == {round_.id: 60, second.id: 60}


FIRST_ID, LAST_ID = "0" * 32, "f" * 32

Act = Callable[[SqlStore, LiveSession], Awaitable[object]]


async def _decides(store: SqlStore, live: LiveSession) -> object:
    return await decisions.decide(store, SetClock(), COMMISSIONER, a_form((LAST_ID, FIRST_ID)))


async def _casts(store: SqlStore, live: LiveSession) -> object:
    return await cast(store, *(a_cast(id_, new_id()) for id_ in (LAST_ID, FIRST_ID)))


async def _takes_words_back(store: SqlStore, live: LiveSession) -> object:
    async with store.begin() as work:
        return await work.rounds.withdraw_words(STORY)


async def _stops(store: SqlStore, live: LiveSession) -> object:
    async with store.begin() as work:
        await close_rounds.stop(work, STORY, AT)
    return None


async def _puts_badges_on(store: SqlStore, live: LiveSession) -> object:
    return await care.set_badges(Desk(store, SetClock()), live.id, off=False)


async def _ends(store: SqlStore, live: LiveSession) -> object:
    return await facilitation.end(Desk(store, SetClock()), live.id)


@pytest.mark.parametrize("act", [_decides, _casts, _takes_words_back, _stops, _puts_badges_on, _ends])
async def test_whoever_takes_several_rounds_takes_them_in_one_order(postgres_store: SqlStore, act: Act) -> None:
    """In that of their ids, as a batch of ballots for several rounds does: else one that closes or decides and one that
    counts ballots could each hold what the other waits for."""
    store = postgres_store
    voted = await a_vote(store, declared=True)
    state = RoundState.OPEN if act is _stops else RoundState.REVEALED
    made = a_round(voted.live.id, state, id=LAST_ID, scenario=STORY, revealed_at=AT, closes_at=AT)
    async with store.begin() as work:
        live = await work.sessions.get_session(voted.live.id)
        await work.rounds.add_round(made)
        await work.rounds.add_round(
            replace(made, id=FIRST_ID, second_of=LAST_ID, kind=RoundKind.AFTER_REPLAY, closes_at=LATER)
        )
        held = () if act is _decides else (LAST_ID, FIRST_ID)
        await work.sessions.save_session(replace(live, badges_off=bool(held), held=held))

    async def last() -> Round:
        async with store.begin() as work:
            return await work.rounds.get_round(LAST_ID, lock=True)

    async with store.begin() as work:
        await work.rounds.get_round(FIRST_ID, lock=True)
        waits: asyncio.Task[object] = asyncio.create_task(_of(act(store, live)))
        await as_far_as_it_can(store, waits)
        assert not waits.done()
        assert (await at_once(last())).state == state
    with suppress(IllegalMove):
        await waits


async def _of(act: Awaitable[object]) -> object:
    return await act


# ---------------------------------------------------------------- closing beside a stream of ballots


async def _withdraws(store: SqlStore, round_: Round) -> None:
    async with store.begin() as work:
        await work.rounds.withdraw_words(STORY)


async def _closes(store: SqlStore, round_: Round) -> None:
    async with store.begin() as work:
        assert await close_rounds.close_now(work, round_.session, round_.id, AT) is not None


@pytest.mark.parametrize("act", [_closes, _withdraws])
async def test_an_unbroken_stream_of_ballots_from_two_servers_holds_nobody_back(
    postgres_store: SqlStore, beside: SqlStore, act: Callable[[SqlStore, Round], Coroutine[Any, Any, None]]
) -> None:
    """Each batch comes before the one before it is committed, from the other server: somebody always holds the round.

    Whoever closes it has waited for the one batch that was there, and the next ones wait for the closing.
    """
    _, round_, people = await a_question(postgres_store, 30, scenario=STORY)
    streams = [Paused(postgres_store), Paused(beside)]
    batches: list[asyncio.Task[list[str]]] = []
    acts: asyncio.Task[None] | None = None
    for number, person in enumerate(people):
        stream = streams[number % 2]
        stream.there, stream.go = asyncio.Event(), asyncio.Event()
        batches.append(asyncio.create_task(cast(stream, a_cast(round_.id, person))))
        if acts is None:
            await stream.there.wait()
            acts = asyncio.create_task(act(beside, round_))
            await as_far_as_it_can(postgres_store, acts)
            continue
        counted = asyncio.create_task(stream.there.wait())
        await as_far_as_it_can(postgres_store, acts, counted)
        streams[1 - number % 2].go.set()
        await batches[-2]
        if not counted.done():
            stream.go.set()
            await asyncio.wait([acts], timeout=LONG)
            await batches[-1]
            break
    for stream in streams:
        stream.go.set()
    refusals = [refusal for batch in await asyncio.gather(*batches) for refusal in batch]
    assert acts is not None
    await acts
    assert len(batches) == 2, f"{len(batches)} batches went before"
    assert refusals == (["", "closed"] if act is _closes else ["", ""])
    async with beside.read() as work:
        assert await work.rounds.voted([round_.id]) == {round_.id: refusals.count("")}
