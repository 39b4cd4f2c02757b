"""The intake on a real SQLite store: one answer for every cast, after the commit, whatever the store does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from support.factories import CLOCK, a_cast, a_room
from support.faulty_store import FaultyStore

from forum.live.ballot_box import Intake, new_cast
from forum.live.message_allowance import CHANGES
from forum.live.messages import REFUSALS
from forum.ports import Store
from forum.services.sessions import cues, facilitation
from forum.services.sessions.desk import Desk
from forum.store.ballots import SqlBallots
from forum.voting.ballot import CastOutcome
from forum.voting.reason import MOST_CONDITION, MOST_WORDS, too_long


@pytest.fixture
async def open_round(sqlite_store: Store) -> tuple[str, list[str]]:
    live, people = await a_room(sqlite_store, ["g1", "g1", "g2", None])
    desk = Desk(sqlite_store, CLOCK)
    asked = await cues.ask_question(desk, live.id, "Who should come first?", ["A nurse", "The police"], none=True)
    assert asked.round is not None
    await facilitation.open_round(desk, live.id, asked.round.id)
    return asked.round.id, people


async def test_every_cast_is_answered_once_and_counted_once(
    sqlite_store: Store, open_round: tuple[str, list[str]]
) -> None:
    round_id, people = open_round
    told: list[dict[str, int]] = []
    answers: list[CastOutcome] = []
    intake = Intake(sqlite_store, told.append)
    for person in people * 5:
        intake.cast(a_cast(round_id, person), answers.append)
    await intake.drain()
    assert len(answers) == 20
    assert not any(a.refusal for a in answers)
    assert sum(a.changed for a in answers) == 16
    assert told[-1] == {round_id: 4}
    async with sqlite_store.read() as work:
        assert len(await work.rounds.ballots(round_id)) == 4


async def test_how_many_voted_is_known_without_counting_a_round_again_at_each_commit(
    sqlite_store: Store, open_round: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    round_id, people = open_round
    told: list[dict[str, int]] = []
    intake = Intake(sqlite_store, told.append)
    other = Intake(sqlite_store, lambda _: None)  # another server on the same database
    resent = a_cast(round_id, people[0])
    asked: list[Sequence[str]] = []
    count = SqlBallots.voted

    async def voted(of: SqlBallots, rounds: Sequence[str]) -> dict[str, int]:
        asked.append(rounds)
        return await count(of, rounds)

    monkeypatch.setattr(SqlBallots, "voted", voted)
    for cast in (resent, resent, a_cast(round_id, people[0]), a_cast(round_id, people[1])):
        await intake.cast_and_wait(cast)
    assert [one[round_id] for one in told] == [1, 1, 1, 2]
    assert asked == [[round_id]]
    await other.cast_and_wait(a_cast(round_id, people[2]))
    monkeypatch.setattr("forum.live.ballot_box.RECOUNT", 0.0)
    await intake.cast_and_wait(a_cast(round_id, people[3]))
    assert told[-1] == {round_id: 4}


async def test_casts_that_come_while_a_commit_runs_share_the_next_one(
    sqlite_store: Store, open_round: tuple[str, list[str]]
) -> None:
    round_id, people = open_round
    told: list[dict[str, int]] = []
    intake = Intake(sqlite_store, told.append)
    first = asyncio.create_task(intake.cast_and_wait(a_cast(round_id, people[0])))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    rest = [asyncio.create_task(intake.cast_and_wait(a_cast(round_id, p))) for p in people[1:]]
    outcomes = await asyncio.gather(first, *rest)
    assert not any(o.refusal for o in outcomes)
    assert len(told) == 2


async def test_who_changes_a_vote_without_end_is_told_to_wait_and_the_others_are_counted(
    sqlite_store: Store, open_round: tuple[str, list[str]]
) -> None:
    """Each cast is remembered for good: somebody who sends a new one again and again would fill the disk."""
    round_id, people = open_round
    answers: list[CastOutcome] = []
    intake = Intake(sqlite_store, lambda _: None)
    for _ in range(int(CHANGES) + 50):
        intake.cast(a_cast(round_id, people[0]), answers.append)
    assert (await intake.cast_and_wait(a_cast(round_id, people[0]))).refusal == "too_fast"
    assert (await intake.cast_and_wait(a_cast(round_id, people[1]))).refusal == ""
    await intake.drain()
    assert sorted(answer.refusal for answer in answers) == [""] * int(CHANGES) + ["too_fast"] * 50
    async with sqlite_store.read() as work:
        assert {ballot.participant for ballot in await work.rounds.ballots(round_id)} == set(people[:2])


@pytest.mark.parametrize("bug", [False, True])
async def test_failed_nothing_is_acknowledged_and_the_same_cast_counts_when_sent_again(
    sqlite_store: Store, open_round: tuple[str, list[str]], bug: bool
) -> None:
    round_id, people = open_round
    intake = Intake(FaultyStore(sqlite_store, before=1, bug=bug), lambda _: None)
    cast = a_cast(round_id, people[0], "r2")
    assert (await intake.cast_and_wait(cast)).refusal == "not_stored"
    async with sqlite_store.read() as work:
        assert await work.rounds.ballots(round_id) == []
    assert (await intake.cast_and_wait(cast)).refusal == ""
    async with sqlite_store.read() as work:
        assert [b.choice for b in await work.rounds.ballots(round_id)] == ["r2"]


async def test_failed_but_persisted_the_same_cast_is_counted_once(
    sqlite_store: Store, open_round: tuple[str, list[str]]
) -> None:
    round_id, people = open_round
    intake = Intake(FaultyStore(sqlite_store, after=1), lambda _: None)
    cast = a_cast(round_id, people[0], "r2")
    assert (await intake.cast_and_wait(cast)).refusal == "not_stored"
    again = await intake.cast_and_wait(cast)
    assert (again.refusal, again.changed) == ("", False)
    async with sqlite_store.read() as work:
        assert [b.choice for b in await work.rounds.ballots(round_id)] == ["r2"]


async def test_one_wrong_ballot_does_not_take_its_neighbours_down(
    sqlite_store: Store, open_round: tuple[str, list[str]]
) -> None:
    round_id, people = open_round
    told: list[dict[str, int]] = []
    intake = Intake(sqlite_store, told.append)
    outcomes = await asyncio.gather(
        intake.cast_and_wait(a_cast(round_id, people[0])),
        intake.cast_and_wait(a_cast(round_id, people[1], "r9")),
        intake.cast_and_wait(a_cast("0" * 32, people[2])),
        intake.cast_and_wait(a_cast(round_id, "nobody")),
        intake.cast_and_wait(a_cast(round_id, people[3], "none")),
    )
    assert [o.refusal for o in outcomes] == ["", "unknown_response", "unknown_round", "unknown_round", ""]
    # A round of which nothing was counted is nobody's news, nor is a round that is none.
    assert told == [{round_id: 2}]
    assert (await intake.cast_and_wait(a_cast("0" * 32, people[2]))).refusal == "unknown_round"
    assert told == [{round_id: 2}, {}]


async def test_more_ballots_than_one_transaction_takes_are_counted_in_the_next(
    sqlite_store: Store, open_round: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.live.ballot_box._BATCH", 3)
    round_id, people = open_round
    told: list[dict[str, int]] = []
    intake = Intake(sqlite_store, told.append)
    outcomes = await asyncio.gather(*(intake.cast_and_wait(a_cast(round_id, people[n % 4])) for n in range(8)))
    assert not any(o.refusal for o in outcomes)
    assert told == [{round_id: 3}, {round_id: 4}, {round_id: 4}]


async def test_what_cannot_wait_any_more_is_told_so_at_once_and_counts_when_sent_again(
    sqlite_store: Store, open_round: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.live.ballot_box.MOST_WAITING", 2)
    round_id, people = open_round
    intake = Intake(sqlite_store, lambda _: None)
    answers: list[CastOutcome] = []
    sent = [a_cast(round_id, person) for person in people]
    for one in sent:
        intake.cast(one, answers.append)
    assert [(a.cast, a.refusal) for a in answers] == [(one, "not_stored") for one in sent[2:]]
    await intake.drain()
    for one in sent[2:]:
        intake.cast(one, answers.append)
    await intake.drain()
    assert [a.refusal for a in answers[2:]] == [""] * 4
    async with sqlite_store.read() as work:
        assert await work.rounds.voted([round_id]) == {round_id: 4}


@pytest.mark.parametrize(
    ("reason", "condition", "code"),
    [
        ("x" * (MOST_WORDS + 1), "", "reason_too_long"),
        ("", "x" * (MOST_CONDITION + 1), "condition_too_long"),
        ("x" * MOST_WORDS, " " * (MOST_CONDITION + 1), "condition_too_long"),
        ("x" * MOST_WORDS, "é" * MOST_CONDITION, ""),
    ],
)
async def test_words_are_held_to_their_length_and_kept_upright_whoever_hands_them_in(
    sqlite_store: Store, open_round: tuple[str, list[str]], reason: str, condition: str, code: str
) -> None:
    round_id, people = open_round
    intake = Intake(sqlite_store, lambda _: None)
    heard: list[CastOutcome] = []
    waited = await intake.cast_and_wait(new_cast(round_id, people[0], "a", "r1", reason, condition, at=CLOCK.now()))
    intake.cast(new_cast(round_id, people[1], "b", "r1", reason, condition, at=CLOCK.now()), heard.append)
    await intake.drain()
    assert [waited.refusal, heard[0].refusal] == [code, code]
    async with sqlite_store.read() as work:
        kept = [(b.reason, b.condition) for b in await work.rounds.ballots(round_id)]
    assert kept == ([] if code else [(reason, condition)] * 2)


async def test_words_are_kept_trimmed_and_without_turns_that_nothing_turns_back(
    sqlite_store: Store, open_round: tuple[str, list[str]]
) -> None:
    round_id, people = open_round
    cast = new_cast(round_id, people[0], "a", "r1", " Come\u202e. ", "\u2067by day ", at=CLOCK.now())
    assert (await Intake(sqlite_store, lambda _: None).cast_and_wait(cast)).refusal == ""
    async with sqlite_store.read() as work:
        [ballot] = await work.rounds.ballots(round_id)
    assert (ballot.reason, ballot.condition) == ("Come.", "by day")


def test_what_is_said_of_words_that_are_too_long_names_the_length() -> None:
    for code, most in (("reason_too_long", MOST_WORDS), ("condition_too_long", MOST_CONDITION)):
        assert f"at most {most} characters" in REFUSALS[code]
    assert too_long("", "") == ""
