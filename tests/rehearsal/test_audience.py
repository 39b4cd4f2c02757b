"""Made-up rooms and what they vote; a conversation that took place."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.rehearsal import polis
from forum.rehearsal.audience import GROUPS, a_room, replayed, votes
from forum.rehearsal.script import Act
from forum.voting.methods import METHODS

POLIS = Path(__file__).parents[1] / "data" / "polis" / "london.youth.policing"


def an_act(method: str) -> Act:
    one = METHODS[method].MOST == 1
    return Act(
        "Who?", ("A nurse",) if one else ("A nurse", "A friend", "Nobody"), (), METHODS[method].NONE, method=method
    )


@pytest.mark.parametrize("method", METHODS)
@given(phones=st.integers(1, 120), seed=st.integers(0, 2**32))
def test_made_up_votes_are_ones_that_the_method_takes(method: str, phones: int, seed: int) -> None:
    room, act = a_room(phones, random.Random(seed)), an_act(method)
    found = votes(room, act)
    for vote in found:
        METHODS[method].check(vote.choice, act.ids)
        lacks = METHODS[method].lacks(vote.choice, vote.reason, vote.condition)
        assert lacks == vote.refused
    assert {vote.phone for vote in found} <= set(room.voters)


def test_most_stay_with_what_they_chose_before_and_some_move() -> None:
    room, act = a_room(200, random.Random(1)), an_act("single")
    first = {vote.phone: vote.choice for vote in votes(room, act)}
    second = {vote.phone: vote.choice for vote in votes(room, act, first)}
    both = first.keys() & second.keys()
    moved = sum(first[phone] != second[phone] for phone in both)
    assert 0 < moved < len(both) / 2


def test_some_change_their_minds_some_give_reasons_and_some_stay_silent() -> None:
    room = a_room(300, random.Random(1))
    found = votes(room, an_act("single"))
    voters = {vote.phone for vote in found}
    assert len(voters) < len(found)
    assert 0 < sum(bool(vote.reason) for vote in found) < len(found)
    assert 0 < sum(bool(vote.condition) for vote in found) < len(found)
    assert 0.9 * len(room.voters) < len(voters) < len(room.voters)


def test_a_room_has_big_groups_handfuls_people_who_do_not_say_and_observers() -> None:
    room = a_room(200, random.Random(1))
    sizes = Counter(room.seats)
    assert sorted(sizes.values())[:2] == [2, 3]
    assert sizes[None] > 0
    assert max(sizes.values()) > 40
    assert len(sizes) == len(GROUPS) + 1
    assert 0 < len(room.observers) < 10


@pytest.mark.parametrize("phones", [1, 19])
def test_in_a_small_room_everybody_votes(phones: int) -> None:
    room = a_room(phones, random.Random(1))
    assert room.observers == frozenset()
    assert {vote.phone for vote in votes(room, an_act("single"))} == set(range(phones))


def test_a_conversation_asks_for_opinions_and_the_last_vote_wins() -> None:
    conversation = polis.read({name: (POLIS / name).read_text() for name in polis.FILES})
    script = replayed(conversation)
    assert {act.method for act in script.acts} == {"opinion"}
    expected = list(conversation.expected().values())
    assert [act.expected() for act in script.acts] == expected
    assert [list(act.labels().values()) for act in script.acts] == [["agree", "disagree", "pass"]] * len(expected)
