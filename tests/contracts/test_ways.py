"""Every way of voting, on both databases: what is counted and what is refused, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from support.factories import a_cast, a_room, new_id
from support.record_keeper import WAYS

from forum.store import SqlStore
from forum.voting.ballot import Cast
from forum.voting.round import Response, Round, RoundState

AT = "2026-03-01T12:00:00.000Z"
REFUSED = {
    "single": {"": "unknown_response", "r1 r2": "unknown_response", "agree": "unknown_response"},
    "approval": {
        "": "nothing_chosen",
        "r2 r1": "miswritten",
        "r1 none": "none_alone",
        "r9": "unknown_response",
    },
    "ranked": {
        "": "nothing_chosen",
        "r1>r1": "miswritten",
        "none>r1": "none_last",
        "r1>r9": "unknown_response",
    },
    "score": {"": "incomplete", "r1=5": "incomplete", "r1=5 r2=6": "miswritten", "r9=5": "unknown_response"},
    "consent": {"": "unknown_response", "r1": "unknown_response", "disagree": "unknown_response"},
    "opinion": {"": "unknown_response", "agree_if": "unknown_response"},
}


async def a_vote(store: SqlStore, method: str, people: int) -> tuple[Round, list[str]]:
    live, participants = await a_room(store, ["g1"] * people)
    responses = tuple(Response(id_, id_.upper()) for id_ in WAYS[method][0])
    round_ = Round(new_id(), live.id, "Who?", responses, method=method, state=RoundState.OPEN, created_at=AT)
    async with store.begin() as work:
        await work.rounds.add_round(round_)
    return round_, participants


async def cast(store: SqlStore, *batch: Cast) -> list[str]:
    async with store.begin() as work:
        return [outcome.refusal for outcome in await work.rounds.cast(batch)]


def test_every_way_is_here() -> None:
    assert list(REFUSED) == list(WAYS)


@pytest.mark.parametrize("method", WAYS)
async def test_what_the_way_allows_is_counted_and_the_rest_refused_with_its_code(store: SqlStore, method: str) -> None:
    allowed, refused = WAYS[method][1], REFUSED[method]
    round_, people = await a_vote(store, method, len(allowed) + len(refused))
    casts = [
        replace(a_cast(round_.id, person, choice, "Because."), condition="It is at weekends too.")
        for person, choice in zip(people, [*allowed, *refused], strict=True)
    ]
    assert await cast(store, *casts) == [""] * len(allowed) + list(refused.values())
    async with store.read() as work:
        assert sorted(b.choice for b in await work.rounds.ballots(round_.id)) == sorted(allowed)
        assert await work.rounds.choices(round_.id) == dict(Counter(allowed))
        assert await work.rounds.choices(new_id()) == {}
        groups = Counter(ballot.group for ballot in await work.rounds.ballots(round_.id))
        assert await work.rounds.by_group(round_.id) == dict(groups)
        assert await work.rounds.by_group(new_id()) == {}


async def test_a_condition_and_an_objection_are_not_counted_without_their_words(store: SqlStore) -> None:
    round_, (person,) = await a_vote(store, "consent", 1)
    silent = a_cast(round_.id, person, "cannot_live_with", " \n ")
    assert await cast(store, silent) == ["reason_needed"]
    assert await cast(store, a_cast(round_.id, person, "agree_if", "Because.")) == ["condition_needed"]
    assert await cast(store, a_cast(round_.id, person, "stand_aside")) == [""]
    # The id of a cast that was refused counts nothing, and may be used again with what was missing.
    complete = a_cast(round_.id, person, silent.choice, "It happened to me.", silent.cast)
    assert await cast(store, complete) == [""]
    async with store.read() as work:
        [ballot] = await work.rounds.ballots(round_.id)
    assert (ballot.choice, ballot.reason) == ("cannot_live_with", "It happened to me.")


async def test_an_option_left_out_before_the_vote_cannot_be_voted_for(store: SqlStore) -> None:
    round_, people = await a_vote(store, "approval", 2)
    async with store.begin() as work:
        await work.rounds.save_round(replace(round_, responses=tuple(r for r in round_.responses if r.id != "r2")))
    both = [a_cast(round_.id, people[0], "r1 r3"), a_cast(round_.id, people[1], "r1 r2")]
    assert await cast(store, *both) == ["", "unknown_response"]


async def test_what_a_vote_was_declared_with_is_kept(store: SqlStore) -> None:
    round_, _ = await a_vote(store, "ranked", 0)
    declared = replace(round_, quorum=40, quorum_each=5, live=True)
    async with store.begin() as work:
        await work.rounds.save_round(declared)
    async with store.read() as work:
        assert await work.rounds.get_round(round_.id) == declared


async def test_the_count_of_choices_follows_a_change_of_mind(store: SqlStore) -> None:
    round_, (one, two) = await a_vote(store, "approval", 2)
    await cast(store, a_cast(round_.id, one, "r1"), a_cast(round_.id, two, "r1"))
    await cast(store, a_cast(round_.id, two, "r1 r2"))
    async with store.read() as work:
        assert await work.rounds.choices(round_.id) == {"r1": 1, "r1 r2": 1}
