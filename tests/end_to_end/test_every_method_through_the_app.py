"""Every way of voting through the house: asked, voted on, shown, voted on again, exported and checked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from support.factories import CLOCK, a_cast, a_room
from support.record_keeper import SIGNER, WAYS

from forum.errors import BadInput, IllegalMove
from forum.live.connection import Connection
from forum.live.rooms import Rooms
from forum.ports import Store
from forum.record.audit import verify
from forum.record.verify.verdict import PASS
from forum.services import exports
from forum.services.checkpoints import Checkpoints
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.sessions.session import Entrance
from forum.voting.ballot import Cast
from forum.voting.methods import METHODS
from forum.voting.question import PLAIN, Terms
from forum.voting.round import Round

LABELS = ["A nurse", "The police", "A call back"]
PEOPLE = ["g1"] * 9 + ["g2"] * 7 + ["g3"] * 2 + [None]


def labels_of(method: str) -> list[str]:
    return LABELS[: sum(response != "none" for response in WAYS[method][0])]


async def asked(desk: Desk, session: str, method: str, **declared: Any) -> Round:
    terms = Terms(method, **declared)
    outcome = await cues.ask_question(desk, session, f"By {method}?", labels_of(method), terms, none=True)
    assert outcome.round is not None
    assert [response.id for response in outcome.round.responses] == list(WAYS[method][0])
    return outcome.round


def casts(round_id: str, people: Sequence[str], method: str) -> list[Cast]:
    choices = WAYS[method][1]
    made = [a_cast(round_id, who, choices[n % len(choices)], "Because.") for n, who in enumerate(people)]
    return [Cast(**{**vars(one), "condition": "At weekends too."}) for one in made]


async def vote(store: Store, batch: Sequence[Cast]) -> None:
    async with store.begin() as work:
        assert {outcome.refusal for outcome in await work.rounds.cast(batch)} == {""}


async def run(desk: Desk, store: Store, session: str, round_: Round, people: list[str]) -> None:
    await facilitation.open_round(desk, session, round_.id)
    await vote(store, casts(round_.id, people, round_.method))
    await facilitation.close_round(desk, session, round_.id)
    shown = await facilitation.reveal_round(desk, session, round_.id)
    assert shown.result is not None
    assert shown.result.rows
    assert (shown.result.shift is not None) == (bool(round_.second_of) and METHODS[round_.method].FOLLOWED)


async def test_a_day_with_every_way_of_voting_passes_every_check(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, PEOPLE, declared=True)
    desk = Desk(sqlite_store, CLOCK)
    for method in METHODS:
        first = await asked(desk, live.id, method, quorum=20, quorum_each=5)
        await run(desk, sqlite_store, live.id, first, people)
        second = (await cues.put_second_vote(desk, live.id, first.id)).round
        assert second is not None
        assert (second.method, second.declared) == (first.method, first.declared)
        await run(desk, sqlite_store, live.id, second, people)
    checks = verify(await exports.export(Checkpoints(sqlite_store, SIGNER)))
    assert {check.verdict for check in checks} == {PASS}, [check for check in checks if check.verdict != PASS]
    quorum = next(check for check in checks if check.name == "quorum")
    assert quorum.detail == f"{2 * len(METHODS)} rounds had one; {2 * len(METHODS)} missed it, and say so"


async def test_what_is_declared_stands_in_the_record_when_the_vote_opens(sqlite_store: Store) -> None:
    live, _ = await a_room(sqlite_store, PEOPLE)
    desk = Desk(sqlite_store, CLOCK)
    round_ = await asked(desk, live.id, "ranked", quorum=12, live=True)
    await facilitation.open_round(desk, live.id, round_.id)
    await facilitation.close_round(desk, live.id, round_.id)
    plain = await asked(desk, live.id, "single")
    await facilitation.open_round(desk, live.id, plain.id)
    async with sqlite_store.read() as work:
        first, _closed, second = [json.loads(entry.body) for entry in await work.record.entries()]
    assert (first["method"], first["quorum"], first["live"]) == ("ranked", {"ballots": 12, "each_group": 0}, True)
    assert second["method"] == "single"
    assert not {"quorum", "live"} & set(second)


async def test_terms_can_change_until_voting_opens(sqlite_store: Store) -> None:
    live, _ = await a_room(sqlite_store, PEOPLE)
    desk = Desk(sqlite_store, CLOCK)
    draft = await asked(desk, live.id, "single")
    outcome = await cues.change_terms(desk, live.id, draft.id, Terms("score", 5, 2, live=True))
    assert outcome.round is not None
    assert Terms.of(outcome.round) == Terms("score", 5, 2, live=True)
    assert [response.id for response in outcome.round.responses] == ["r1", "r2", "r3"]
    with pytest.raises(BadInput, match="one proposal"):
        await cues.change_terms(desk, live.id, draft.id, Terms("consent"))
    await facilitation.open_round(desk, live.id, draft.id)
    for act in (
        cues.change_terms(desk, live.id, draft.id, PLAIN),
        cues.leave_out(desk, live.id, draft.id, "r1"),
    ):
        with pytest.raises(IllegalMove, match="before voting opens"):
            await act


async def test_an_answer_left_out_leaves_a_gap_and_two_must_stay(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, PEOPLE)
    desk = Desk(sqlite_store, CLOCK)
    draft = await asked(desk, live.id, "ranked")
    outcome = await cues.leave_out(desk, live.id, draft.id, "r2")
    assert outcome.round is not None
    assert [response.id for response in outcome.round.responses] == ["r1", "r3", "none"]
    again = await cues.leave_out(desk, live.id, draft.id, "r2")
    assert again.session.version == outcome.session.version
    with pytest.raises(BadInput, match="Give from 2 to 6 responses"):
        await cues.leave_out(desk, live.id, draft.id, "r3")
    await facilitation.open_round(desk, live.id, draft.id)
    async with sqlite_store.begin() as work:
        batch = [a_cast(draft.id, people[0], "r3>r1"), a_cast(draft.id, people[1], "r1>r2")]
        assert [o.refusal for o in await work.rounds.cast(batch)] == ["", "unknown_response"]


@pytest.mark.parametrize(
    ("method", "ballots", "counted"),
    [
        ("single", ("r3", "r3", "r1"), {"r1": 2, "r3": 4, "none": 0}),
        ("approval", ("r1 r3", "r3", "none"), {"r1": 2, "r3": 4, "none": 2}),
        ("ranked", ("r3>r1", "r3", "r1>r3"), {"r1": 2, "r3": 4, "none": 0}),
        ("score", ("r1=2 r3=4", "r1=2 r3=5", "r1=1 r3=4"), None),
    ],
)
async def test_an_answer_left_out_is_in_no_ballot_and_no_result(
    sqlite_store: Store, method: str, ballots: tuple[str, ...], counted: dict[str, int] | None
) -> None:
    live, people = await a_room(sqlite_store, PEOPLE)
    desk = Desk(sqlite_store, CLOCK)
    none = METHODS[method].NONE
    draft = (await cues.ask_question(desk, live.id, "Which?", LABELS, Terms(method), none=none)).round
    assert draft is not None
    await cues.leave_out(desk, live.id, draft.id, "r2")
    await facilitation.open_round(desk, live.id, draft.id)
    gone = {"single": "r2", "approval": "r1 r2", "ranked": "r1>r2", "score": "r1=1 r2=1 r3=1"}[method]
    # Each twice: fewer than five would have no count.
    twice = [a_cast(draft.id, who, choice) for who, choice in zip(people, ballots * 2, strict=False)]
    await vote(sqlite_store, twice)
    async with sqlite_store.begin() as work:
        [refused] = await work.rounds.cast([a_cast(draft.id, people[9], gone)])
    assert refused.refusal == "unknown_response"
    await facilitation.close_round(desk, live.id, draft.id)
    result = (await facilitation.reveal_round(desk, live.id, draft.id)).result
    assert result is not None
    assert result.n == len(twice)
    assert not any("r2" in mark for mark in result.counts)
    assert counted is None or result.counts == counted


async def test_a_question_about_one_statement_cannot_lose_it(sqlite_store: Store) -> None:
    live, _ = await a_room(sqlite_store, PEOPLE)
    desk = Desk(sqlite_store, CLOCK)
    for method in ("consent", "opinion"):
        draft = await asked(desk, live.id, method)
        with pytest.raises(BadInput):
            await cues.leave_out(desk, live.id, draft.id, "r1")


@pytest.mark.parametrize(
    ("terms", "labels", "field"),
    [
        (Terms("by lot"), LABELS, "method"),
        (Terms(quorum=-1), LABELS, "quorum"),
        (Terms(quorum_each=10**9), LABELS, "quorum_each"),
        (Terms("consent"), LABELS, "response"),
        (Terms("opinion"), [], "response"),
        (Terms("score"), [], "response"),
        (Terms("ranked"), LABELS[:1], "response"),
        (Terms("approval"), [str(n) for n in range(7)], "response"),
    ],
)
async def test_a_vote_that_cannot_be_held_like_this_is_not_put(
    sqlite_store: Store, terms: Terms, labels: list[str], field: str
) -> None:
    live, _ = await a_room(sqlite_store, PEOPLE)
    with pytest.raises(BadInput) as refused:
        await cues.ask_question(Desk(sqlite_store, CLOCK), live.id, "Who?", labels, terms, none=True)
    assert refused.value.field == field
    async with sqlite_store.read() as work:
        assert await work.rounds.list_rounds(live.id) == []


# ---------------------------------------------------------------- the count while a vote is open


async def frames(screens: Sequence[Connection]) -> list[dict[str, Any]]:
    return [json.loads(frame) for screen in screens for frame in await screen.outbox.take()]


async def first_count(screen: Connection) -> dict[str, int]:
    """Waits for the first count that this screen is sent."""
    while True:
        for frame in await frames([screen]):
            if frame.get("so_far"):
                return dict(frame["so_far"])


@pytest.mark.parametrize("method", WAYS)
async def test_a_count_is_sent_while_a_vote_is_open_only_where_it_was_declared(
    sqlite_store: Store, method: str
) -> None:
    live, people = await a_room(sqlite_store, PEOPLE)
    async with sqlite_store.begin() as work:
        await work.sessions.save_session(
            replace(live, entrance=Entrance.TICKETS)
        )  # with an open code nothing is counted for so few
    desk = Desk(sqlite_store, CLOCK)
    rooms = Rooms(sqlite_store, CLOCK, lambda kind, view, language: kind, lambda words, language: words)
    screens = [Connection("phone", people[0]), Connection("projector"), Connection("console")]
    room = await rooms.room(live.id)
    for screen in screens:
        room.enter(screen)
    for shown in (False, True):
        round_ = await asked(desk, live.id, method, live=shown)
        await facilitation.open_round(desk, live.id, round_.id)
        await rooms.changed(live.id)
        await frames(screens)
        batch = casts(round_.id, people, method)
        for one in batch[:9]:
            assert (await rooms.intake.cast_and_wait(one)).refusal == ""
        assert room.tally.so_far is None
        for one in batch[9:]:
            assert (await rooms.intake.cast_and_wait(one)).refusal == ""
        if shown:
            async with asyncio.timeout(20):
                counts = [await first_count(screen) for screen in screens]
            assert counts[0] == counts[1] == counts[2]
            assert list(counts[0]) == [column.id for column in round_.columns]
        else:
            assert room.count_due == ""
            assert all("so_far" not in frame for frame in await frames(screens))
        await facilitation.close_round(desk, live.id, round_.id)
        await rooms.changed(live.id)
        assert room.tally.so_far is None
