from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.audience import Act, Vote, invented
from forum.facilitation import NONE_LABEL
from forum.methods import single
from forum.round import NONE_OF_THESE


@given(phones=st.integers(1, 300), seed=st.integers(0, 2**32))
def test_every_invented_phone_votes_in_every_round(phones: int, seed: int) -> None:
    script = invented(phones, seed)
    assert len(script.phones) == phones
    assert script == invented(phones, seed)
    for act in script.acts:
        assert set(act.last_votes()) == set(range(phones))
        assert {vote.choice for vote in act.votes} <= set(act.labels())
        assert sum(act.expected().values()) == phones


def test_the_same_question_is_voted_on_again_after_its_replay_and_views_shift() -> None:
    acts = invented(200).acts
    again = [number for number, act in enumerate(acts) if act.again]
    assert again
    for number in again:
        first, second = acts[number - 1], acts[number]
        assert (first.question, first.responses, first.again) == (second.question, second.responses, False)
        before, after = first.last_votes(), second.last_votes()
        assert 0 < sum(before[phone] != after[phone] for phone in before) < len(before)


def test_a_room_has_big_groups_handfuls_and_people_who_do_not_say() -> None:
    script = invented(200)
    sizes = Counter(script.phones)
    assert sorted(sizes.values())[:2] == [2, 3]
    assert sizes[None] > 0
    assert max(sizes.values()) > 40


def test_some_change_their_minds_and_some_give_reasons() -> None:
    for act in invented(200).acts:
        assert 200 < len(act.votes) < 240
        assert 0 < sum(bool(vote.reason) for vote in act.votes) < 200


def test_seeds_differ() -> None:
    assert invented(50, 1) != invented(50, 2)


def test_the_last_vote_wins() -> None:
    act = Act("Who?", ("A", "B"), (Vote(0, "r1"), Vote(1, "r2"), Vote(0, "none"), Vote(1, "r2")), none=True)
    assert act.expected() == {"r1": 0, "r2": 1, "none": 1}
    assert act.labels() == {"r1": "A", "r2": "B", "none": "None of these"}


def test_what_is_asked_fits_the_facilitators_rules() -> None:
    assert Act("", (), (), none=True).labels() == {NONE_OF_THESE: NONE_LABEL}
    assert all(len(act.responses) <= single.MOST for act in invented(1).acts)


@pytest.mark.parametrize("phones", [1, 19, 20])
def test_small_rooms(phones: int) -> None:
    assert len(invented(phones).phones) == phones
