"""Conditions of a vote in a decision: asked about, answered one by one, recorded, and taken back with their reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from support.decided import ANSWERS, answers_to
from support.factories import CLOCK
from support.record_keeper import SIGNER
from support.voted_session import COMMISSIONER, Voted, a_vote

from forum.errors import FormErrors, SentBefore
from forum.ports import Store
from forum.record import audit
from forum.record.verify.archive import unpack
from forum.record.verify.verdict import FAIL
from forum.services import decision_matter, exports, record_check
from forum.services.checkpoints import Checkpoints
from forum.services.decision_form import DecisionForm
from forum.services.decisions import decide
from forum.services.sessions import facilitation
from forum.services.voting import reasons
from forum.services.voting.conditions import AskedCondition, asked
from forum.sessions.session import LiveSession
from forum.voting.condition import MOST_LISTED, TOP, Condition
from forum.voting.decision import Decision
from forum.voting.reason import ReasonReading, ReasonState

FREE, NURSE = "it is free", "a nurse stays"


class Room:
    """A room that has voted, whose people set conditions afterwards."""

    def __init__(self, store: Store, voted: Voted) -> None:
        self.store, self.desk, self.people, [self.round] = store, voted.desk, voted.people, voted.rounds
        self.session = voted.live.id

    async def live(self) -> LiveSession:
        async with self.store.read() as work:
            return await work.sessions.get_session(self.session)


async def give(room: Room, who: int, condition: str, state: str = ReasonState.SHOWN) -> str:
    given = await reasons.give(room.store, CLOCK, await room.live(), room.people[who], room.round, "", condition)
    await reasons.hear(room.desk, room.session, given.id, state, ReasonState.WAITING)
    return given.id


async def conditions(room: Room) -> tuple[Condition, ...]:
    async with room.store.read() as work:
        return (await decision_matter.matter(work, [room.round])).conditions


async def listed(room: Room, outcome: str = "adopted") -> list[AskedCondition]:
    return asked(await conditions(room), outcome)


def a_form(room: Room, answers: Mapping[str, str], outcome: str = "adopted") -> DecisionForm:
    return DecisionForm((room.round,), "", outcome, "r1", "It can be done.", answers={**ANSWERS, **answers})


async def wrong(room: Room, form: DecisionForm) -> dict[str, str]:
    with pytest.raises(FormErrors) as caught:
        await decide(room.store, CLOCK, COMMISSIONER, form)
    return {name: str(error) for name, error in caught.value.fields.items()}


@pytest.fixture
async def room(sqlite_store: Store) -> Room:
    voted = await a_vote(sqlite_store, declared=True)
    async with sqlite_store.begin() as work:
        live = await work.sessions.get_session(voted.live.id)
        await work.sessions.save_session(replace(live, reasons=ReasonReading.READ_FIRST))
    return Room(sqlite_store, voted)


async def test_the_top_conditions_that_can_be_read_are_answered_one_by_one(room: Room) -> None:
    free = await give(room, 0, FREE)
    for who, words in ((1, NURSE), (2, NURSE + "."), (3, "nobody reads this")):
        await give(room, who, words, ReasonState.HIDDEN if who == 3 else ReasonState.SHOWN)
    for who in (4, 5):
        await reasons.me_too(room.store, await room.live(), room.people[who], free, on=True)
    assert await conditions(room) == (
        Condition(room.round, FREE, 3),
        Condition(room.round, NURSE, 2),
    )
    one, two = await listed(room)
    assert (one.must, two.must) == (True, True)
    missing = await wrong(room, a_form(room, {one.taken_field: "yes", two.answer_field: "No nurse is free."}))
    assert set(missing) == {one.answer_field, two.taken_field}
    assert FREE in missing[one.answer_field]
    assert NURSE in missing[two.taken_field]
    assert set(await wrong(room, a_form(room, {one.taken_field: "perhaps"}))) == {*one.fields, *two.fields}
    for outcome in ("deferred", "acknowledged"):
        assert not any(one.must for one in await listed(room, outcome)), "who does not answer the vote need answer none"
    made = await decide(room.store, CLOCK, COMMISSIONER, a_form(room, await answers_to(room.store, [room.round])))
    assert made.conditions is not None
    told = [(one.words, one.asked, one.taken_up, one.answer) for one in made.conditions.answered]
    assert told == [(FREE, 3, True, "So it is done."), (NURSE, 2, True, "So it is done.")]
    assert await decision(room, made.id) == made
    again = replace(a_form(room, await answers_to(room.store, [room.round])), id=made.id)
    assert await decide(room.store, CLOCK, COMMISSIONER, again) == made
    for changed in ({one.answer_field: "So it is."}, {two.taken_field: "no"}):
        with pytest.raises(SentBefore):
            await decide(room.store, CLOCK, COMMISSIONER, replace(again, answers={**(again.answers or {}), **changed}))


async def test_of_two_hundred_the_top_ones_must_be_answered_and_others_may(room: Room) -> None:
    shown = tuple(Condition(room.round, f"condition {n:03}", 1) for n in range(200))
    all_ = asked(shown, "adopted")
    assert (len(all_), sum(one.must for one in all_)) == (MOST_LISTED, TOP)
    for who in range(TOP + 2):
        await give(room, who, f"condition {who}")
    *must, last, other = await listed(room)
    answers = {name: "no" for one in must for name in one.fields}
    assert set(await wrong(room, a_form(room, answers | {other.taken_field: "no"}))) == {other.answer_field}
    made = await decide(room.store, CLOCK, COMMISSIONER, a_form(room, answers | dict.fromkeys(last.fields, "no")))
    assert made.conditions is not None
    assert (made.conditions.given, [one.words for one in made.conditions.answered]) == (
        TOP + 2,
        [one.words for one in (*must, last)],
    )


async def decision(room: Room, id_: str) -> Decision:
    async with room.store.read() as work:
        return await work.decisions.get_decision(id_)


@pytest.mark.parametrize("how", ["taken back", "written anew", "hidden", "annulled"])
async def test_words_that_nobody_can_read_any_more_go_from_the_decision(room: Room, how: str) -> None:
    given = await give(room, 0, FREE)
    await give(room, 1, NURSE)
    answers = await answers_to(room.store, [room.round])
    made = await decide(room.store, CLOCK, COMMISSIONER, a_form(room, answers))
    live = await room.live()
    if how == "taken back":
        await reasons.take_back(room.store, CLOCK, live, room.people[0], room.round)
    elif how == "written anew":
        await reasons.give(room.store, CLOCK, live, room.people[0], room.round, "Other words", "")
    elif how == "hidden":
        await reasons.hear(room.desk, room.session, given, ReasonState.HIDDEN, ReasonState.SHOWN)
    else:
        await facilitation.annul_round(room.desk, room.session, room.round, "It was put badly.")
    after = (await decision(room, made.id)).conditions
    assert after is not None
    left = NURSE if how != "annulled" else ""
    assert {one.words for one in after.answered} == {"", left}
    assert all(one.answer == "So it is done." for one in after.answered), "an answer stays"
    checkpoints = Checkpoints(room.store, SIGNER)
    async for progress in record_check.check(checkpoints):
        assert progress.findings == []
    packed = await exports.export(checkpoints)
    assert [check for check in audit.verify(packed) if check.verdict == FAIL] == []
    files, _ = unpack(packed)
    assert not [name for name, data in files.items() if FREE.encode() in data]
    assert b"(withdrawn)" in files["conditions.csv"]


async def test_a_changed_condition_in_the_database_is_found(room: Room) -> None:
    await give(room, 0, FREE)
    made = await decide(room.store, CLOCK, COMMISSIONER, a_form(room, await answers_to(room.store, [room.round], "no")))
    assert made.conditions is not None
    forged = replace(made.conditions, answered=(replace(made.conditions.answered[0], taken_up=True),))
    async with room.store.begin() as work:
        await work.decisions.answer_conditions(made.id, forged)
    async for progress in record_check.check(Checkpoints(room.store, SIGNER)):
        found = progress.findings
    assert [(one.table, one.row, one.column) for one in found] == [
        ("decision", made.id, "conditions.answered[0].taken_up")
    ]
