"""The one guard of acts on a session: its kind, whether it has ended, and the moment to which a round takes ballots."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.factories import SetClock, a_commission, a_session, new_id

from forum.errors import IllegalMove, NotFound
from forum.ports import Store
from forum.services.sessions import guard
from forum.sessions.session import LiveSession, SessionKind
from forum.voting.round import Response, Round, RoundState

ANSWERS = (Response("r1", "Yes"), Response("r2", "No"))


async def a_round(store: Store, kind: SessionKind, **changes: str) -> tuple[LiveSession, Round]:
    """Stores a session of this kind with an open round."""
    live = a_session(a_commission(), kind=kind)
    # mypy takes what ** hands over for every field of a round, numbers too
    round_ = replace(Round(new_id(), live.id, "Who?", ANSWERS, state=RoundState.OPEN), **changes)  # type: ignore[arg-type]
    async with store.begin() as work:
        await work.commissions.add_commission(replace(a_commission(), id=live.commission))
        await work.sessions.add_session(live)
        await work.rounds.add_round(round_)
    return live, round_


@pytest.mark.parametrize("kind", SessionKind)
async def test_a_session_of_the_other_kind_is_not_there_and_one_that_has_ended_is_told_so(
    sqlite_store: Store, kind: SessionKind
) -> None:
    live, _ = await a_round(sqlite_store, kind)
    other = SessionKind.ROOM if kind == SessionKind.ASYNCHRONOUS else SessionKind.ASYNCHRONOUS
    async with sqlite_store.begin() as work:
        assert (await guard.going_on(work, live.id, kind)).id == live.id
        assert (await guard.going_on(work, live.id, None)).id == live.id
        for look in (guard.of_kind, guard.going_on):
            with pytest.raises(NotFound):
                await look(work, live.id, other)
        await work.sessions.save_session(replace(live, ended=True))
        assert (await guard.of_kind(work, live.id, kind)).ended
        for one in (kind, None):
            with pytest.raises(IllegalMove, match="has ended"):
                await guard.going_on(work, live.id, one)


async def test_a_round_takes_ballots_until_its_closing_time_and_not_at_it(sqlite_store: Store) -> None:
    clock = SetClock()
    live, round_ = await a_round(sqlite_store, SessionKind.ASYNCHRONOUS, closes_at=clock.later(seconds=1))
    room, closed = await a_round(sqlite_store, SessionKind.ROOM, state=RoundState.CLOSED)
    async with sqlite_store.begin() as work:
        assert (await guard.taking(work, live, round_.id, clock.now())).id == round_.id
        with pytest.raises(IllegalMove, match=r"This question is closed\."):
            await guard.taking(work, live, round_.id, clock.later(seconds=1))
        with pytest.raises(IllegalMove, match="Not now"):
            await guard.taking(work, room, closed.id, clock.now(), "Not now")
        with pytest.raises(NotFound):
            await guard.taking(work, room, round_.id, clock.now())
