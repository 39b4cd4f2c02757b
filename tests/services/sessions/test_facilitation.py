"""The facilitator's acts on a real SQLite store: the cue, the round, and the record entries that go with them."""

from __future__ import annotations

import asyncio
import json

import pytest
from support.entries_with_results import entries_with_results as entries
from support.factories import CLOCK, a_cast, a_room

from forum.errors import BadInput, IllegalMove, NotFound
from forum.ports import Store
from forum.record.ballot_leaves import ballots_root
from forum.services import exports
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.services.voting import results
from forum.voting.partition import TOO_EARLY
from forum.voting.round import Round

QUESTION, LABELS = "Who should come first?", ["A nurse", "The police"]


async def vote(store: Store, round_id: str, votes: list[tuple[str, str]]) -> None:
    async with store.begin() as work:
        outcomes = await work.rounds.cast([a_cast(round_id, who, choice) for who, choice in votes])
    assert [o.refusal for o in outcomes] == [""] * len(votes)


async def voted(desk: Desk, session: str, round_id: str, votes: list[tuple[str, str]]) -> None:
    """Opens a round, casts these votes, of person and choice, and closes it."""
    await facilitation.open_round(desk, session, round_id)
    await vote(desk.store, round_id, votes)
    await facilitation.close_round(desk, session, round_id)


async def asked(desk: Desk, session: str, question: str = QUESTION) -> Round:
    outcome = await cues.ask_question(desk, session, question, LABELS, none=True)
    assert outcome.round is not None
    return outcome.round


async def test_a_round_from_question_to_result_with_its_entries(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 6 + ["g2"] * 5 + [None, "g4"])
    desk = Desk(sqlite_store, CLOCK)
    round_ = await asked(desk, live.id)
    assert [r.id for r in round_.responses] == ["r1", "r2", "none"]
    assert await entries(sqlite_store) == []

    await facilitation.open_round(desk, live.id, round_.id)
    await vote(sqlite_store, round_.id, [(p, "r1" if n % 2 else "r2") for n, p in enumerate(people)])
    await facilitation.warn_of_close(desk, live.id, round_.id)
    closed = await facilitation.close_round(desk, live.id, round_.id)
    assert closed.count == 13
    assert closed.session.partition is not None
    shown = await facilitation.reveal_round(desk, live.id, round_.id)
    assert shown.result is not None
    assert shown.result.counts == {"r1": 6, "r2": 7, "none": 0}

    opened, closing, revealed = await entries(sqlite_store)
    assert [e["type"] for e in (opened, closing, revealed)] == ["round opened", "round closed", "round revealed"]
    assert "sd" in opened["question"]
    assert QUESTION not in json.dumps([opened, closing, revealed])
    assert set(closing) == {"type", "at", "commission", "session", "round", "count", "ballots_root"}
    assert revealed["result"] == shown.result.to_json()
    # Two of the four groups have fewer than five people: they stand nowhere on their own.
    assert [row["label"] for row in revealed["result"]["by_group"] or []] != []
    assert "Police" not in json.dumps(revealed)


async def test_a_vote_of_a_few_before_the_room_is_there_does_not_put_its_groups_together(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 9 + ["g2"] * 8 + ["g3"] * 6)
    desk = Desk(sqlite_store, CLOCK)
    few = await asked(desk, live.id)
    # Enough for a count, and less than half of the room.
    await voted(desk, live.id, few.id, [(p, "r1") for p in people[:3]] + [(p, "r2") for p in people[10:13]])
    before = (await facilitation.reveal_round(desk, live.id, few.id)).result
    everybody = await asked(desk, live.id)
    await voted(desk, live.id, everybody.id, [(p, "r1" if n % 2 else "r2") for n, p in enumerate(people)])
    after = (await facilitation.reveal_round(desk, live.id, everybody.id)).result
    assert before is not None
    assert after is not None
    assert (before.rows, before.withheld) == ((), TOO_EARLY)
    assert [(row.label, row.n) for row in after.rows] == [
        ("People who use services", 9),
        ("Carers", 8),
        ("Nurses", 6),
    ]
    # The first vote gives nothing by group later either, and its ballots lead to their root.
    async with sqlite_store.read() as work:
        assert (await results.result_of(work, await work.rounds.get_round(few.id), 5)) == before
        for round_ in (few, everybody):
            [closed] = [
                e for e in await entries(sqlite_store) if e["type"] == "round closed" and e["round"] == round_.id
            ]
            opened = await exports.opened_ballots(work, round_.id)
            assert closed["ballots_root"] == ballots_root([ballot["leaf"] for ballot in opened])


async def test_nothing_of_an_unrevealed_round_is_recorded_but_its_count_and_root(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 8)
    desk = Desk(sqlite_store, CLOCK)
    round_ = await asked(desk, live.id)
    await voted(desk, live.id, round_.id, [(p, "r1") for p in people])
    text = json.dumps((await entries(sqlite_store))[-1])
    assert '"count": 8' in text
    assert "r1" not in text


async def test_a_session_that_is_not_recorded_leaves_no_entry(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 3, recorded=False)
    desk = Desk(sqlite_store, CLOCK)
    round_ = await asked(desk, live.id)
    await voted(desk, live.id, round_.id, [(people[0], "r1")])
    assert (await facilitation.reveal_round(desk, live.id, round_.id)).result is not None
    other = await asked(desk, live.id, "Another?")
    await facilitation.open_round(desk, live.id, other.id)
    await facilitation.annul_round(desk, live.id, other.id, "A test")
    assert await entries(sqlite_store) == []


async def test_a_second_round_shows_the_view_shift(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 40)
    desk = Desk(sqlite_store, CLOCK)
    first = await asked(desk, live.id)
    await voted(desk, live.id, first.id, [(p, "r1") for p in people])
    with pytest.raises(IllegalMove):
        await cues.put_second_vote(desk, live.id, first.id)
    await facilitation.reveal_round(desk, live.id, first.id)
    second = (await cues.put_second_vote(desk, live.id, first.id)).round
    assert second is not None
    assert (second.kind, second.second_of, second.responses) == ("vote after replay", first.id, first.responses)
    await voted(desk, live.id, second.id, [(p, "r2" if n < 20 else "r1") for n, p in enumerate(people)])
    result = (await facilitation.reveal_round(desk, live.id, second.id)).result
    assert result is not None
    assert result.shift is not None
    assert [*result.shift.cells] == [("r1", "r1"), ("r1", "r2")]
    assert all(5 <= people <= 20 for people in result.shift.cells.values())
    assert result.shift.left == {"r1": 40 - sum(result.shift.cells.values())}
    with pytest.raises(IllegalMove):
        await cues.put_second_vote(desk, live.id, second.id)


async def test_the_same_act_twice_is_one_act(sqlite_store: Store) -> None:
    live, _people = await a_room(sqlite_store, ["g1"])
    desk = Desk(sqlite_store, CLOCK)
    one, two = await asked(desk, live.id), await asked(desk, live.id)
    assert one.id == two.id
    await facilitation.open_round(desk, live.id, one.id)
    await facilitation.open_round(desk, live.id, one.id)
    await facilitation.close_round(desk, live.id, one.id)
    assert (await facilitation.close_round(desk, live.id, one.id)).count == 0
    await facilitation.reveal_round(desk, live.id, one.id)
    await facilitation.reveal_round(desk, live.id, one.id)
    assert [e["type"] for e in await entries(sqlite_store)] == ["round opened", "round closed", "round revealed"]


async def test_two_facilitators_closing_at_once_write_one_entry(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 4)
    desk = Desk(sqlite_store, CLOCK)
    round_ = await asked(desk, live.id)
    await facilitation.open_round(desk, live.id, round_.id)
    await vote(sqlite_store, round_.id, [(p, "none") for p in people])
    outcomes = await asyncio.gather(*(facilitation.close_round(desk, live.id, round_.id) for _ in range(8)))
    assert {o.count for o in outcomes} == {4}
    assert [e["type"] for e in await entries(sqlite_store)] == ["round opened", "round closed"]


async def test_an_open_vote_is_not_cut_off_by_another_scene_or_question(sqlite_store: Store) -> None:
    live, _people = await a_room(sqlite_store, ["g1"])
    desk = Desk(sqlite_store, CLOCK)
    round_ = await asked(desk, live.id)
    await facilitation.open_round(desk, live.id, round_.id)
    with pytest.raises(IllegalMove):
        await asked(desk, live.id, "Another?")
    with pytest.raises(IllegalMove):
        await facilitation.end(desk, live.id)


async def test_an_open_vote_is_not_cut_off_by_the_result_of_another(sqlite_store: Store) -> None:
    """Of two facilitators one has gone on to the next vote when the other shows the result of the last."""
    live, _people = await a_room(sqlite_store, ["g1"])
    desk = Desk(sqlite_store, CLOCK)
    last = await asked(desk, live.id)
    await facilitation.open_round(desk, live.id, last.id)
    await facilitation.close_round(desk, live.id, last.id)
    now_on = await asked(desk, live.id, "And then?")
    await facilitation.open_round(desk, live.id, now_on.id)
    with pytest.raises(IllegalMove):
        await facilitation.reveal_round(desk, live.id, last.id)
    shown = await facilitation.close_round(desk, live.id, now_on.id)
    assert shown.session.cue.round == now_on.id
    assert (await facilitation.reveal_round(desk, live.id, last.id)).session.cue.round == last.id


async def test_the_same_question_with_other_answers_is_another_question(sqlite_store: Store) -> None:
    live, _people = await a_room(sqlite_store, ["g1"])
    desk = Desk(sqlite_store, CLOCK)
    one = await asked(desk, live.id)
    two = (await cues.ask_question(desk, live.id, QUESTION, ["A nurse", "A friend"], none=True)).round
    three = (await cues.ask_question(desk, live.id, QUESTION, ["A nurse", "A friend"], none=False)).round
    assert two is not None
    assert three is not None
    assert len({one.id, two.id, three.id}) == 3
    assert [r.label for r in three.responses] == ["A nurse", "A friend"]


async def test_annulling_needs_a_reason_and_keeps_it_out_of_the_entry(sqlite_store: Store) -> None:
    live, _people = await a_room(sqlite_store, ["g1"])
    desk = Desk(sqlite_store, CLOCK)
    round_ = await asked(desk, live.id)
    await facilitation.open_round(desk, live.id, round_.id)
    for because in ("   ", "x" * 501):
        with pytest.raises(BadInput):
            await facilitation.annul_round(desk, live.id, round_.id, because)
    after = (await facilitation.annul_round(desk, live.id, round_.id, "The microphone failed")).round
    assert after is not None
    assert after.state == "annulled"
    entry = (await entries(sqlite_store))[-1]
    assert entry["type"] == "round annulled"
    assert "microphone" not in json.dumps(entry)
    async with sqlite_store.read() as work:
        words = await work.record.disclosures([entry["because"]["sd"]])
    assert words[0].encoded is not None


@pytest.mark.parametrize(
    ("question", "responses", "field"),
    [
        ("", LABELS, "question"),
        ("x" * 2001, LABELS, "question"),
        ("Why?", ["Only one"], "response"),
        ("Why?", ["Same", "same "], "response"),
        ("Why?", ["a" * 201, "b"], "response"),
        ("Why?", list("abcdefg"), "response"),
        ("Why?", ["A nurse", "none of these."], "response"),
    ],
)
async def test_a_question_that_cannot_be_put(
    sqlite_store: Store, question: str, responses: list[str], field: str
) -> None:
    live, _people = await a_room(sqlite_store, [])
    with pytest.raises(BadInput) as refused:
        await cues.ask_question(Desk(sqlite_store, CLOCK), live.id, question, responses, none=True)
    assert refused.value.field == field


async def test_a_round_of_another_session_is_not_found(sqlite_store: Store) -> None:
    live, _ = await a_room(sqlite_store, [])
    other, _ = await a_room(sqlite_store, [])
    desk = Desk(sqlite_store, CLOCK)
    round_ = await asked(desk, live.id)
    with pytest.raises(NotFound):
        await facilitation.open_round(desk, other.id, round_.id)


async def test_after_the_end_nothing_moves(sqlite_store: Store) -> None:
    live, _ = await a_room(sqlite_store, [])
    desk = Desk(sqlite_store, CLOCK)
    assert (await facilitation.end(desk, live.id)).session.ended
    with pytest.raises(IllegalMove):
        await asked(desk, live.id)


async def test_a_second_vote_that_was_shown_and_annulled_is_not_held_again(sqlite_store: Store) -> None:
    live, people = await a_room(sqlite_store, ["g1"] * 6)
    desk = Desk(sqlite_store, CLOCK)

    async def held(round_: Round | None) -> Round:
        assert round_ is not None
        await voted(desk, live.id, round_.id, [(p, "r1") for p in people])
        await facilitation.reveal_round(desk, live.id, round_.id)
        return round_

    first = await held(await asked(desk, live.id))
    second = await held((await cues.put_second_vote(desk, live.id, first.id)).round)
    await facilitation.annul_round(desk, live.id, second.id, "The sound failed")
    with pytest.raises(IllegalMove):
        await cues.put_second_vote(desk, live.id, first.id)
