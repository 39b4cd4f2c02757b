"""A draft's difference to another one gives exactly that draft back, and is small where little has changed."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from forum.stories.draft import MOST, Card, Draft, Way
from forum.stories.draft_delta import alike, delta, patched

TEXTS = st.text("ab\u00e9\U0001f600\0\n", max_size=6)
WAYS = st.builds(Way, st.sampled_from("xyz"), TEXTS, st.sampled_from(["", "c1", "c2"]))
CARDS = st.builds(
    Card,
    st.sampled_from(["c1", "c2", "c3"]),
    TEXTS,
    TEXTS,
    st.sampled_from(["", "yes"]),
    st.sampled_from(["", "yes"]),
    st.lists(WAYS, max_size=3, unique_by=lambda way: way.id).map(tuple),
)
DRAFTS = st.builds(
    Draft,
    **dict.fromkeys(MOST, TEXTS),
    cards=st.lists(CARDS, max_size=3, unique_by=lambda card: card.id).map(tuple),
)


@given(st.lists(DRAFTS, min_size=1, max_size=5))
def test_each_of_a_row_of_drafts_comes_of_the_first_by_the_differences(drafts: list[Draft]) -> None:
    steps = []
    for before, after in itertools.pairwise(drafts):
        step = delta(before, after)
        assert step is not None
        steps.append(json.loads(json.dumps(step)))  # as a database gives it back
        assert patched(drafts[0], steps) == after


def test_a_difference_holds_what_was_written_and_no_more() -> None:
    before = Draft(title="Night", cards=(Card("c1", "Door", "He waits at the door. " * 100), Card("c2", "Hall")))
    text = before.cards[0].text
    after = replace(before, cards=(replace(before.cards[0], text=f"{text[:1000]}Nobody comes. {text[1000:]}"),))
    assert delta(before, before) == {"fields": {}}
    assert delta(before, after) == {
        "fields": {"c1.text": [1000, len(text) - 1000, "Nobody comes. "]},
        "cards": [["c1"]],
    }


def test_a_card_that_went_and_came_back_under_its_id_has_none_of_its_old_words() -> None:
    one = Draft(cards=(Card("c1", "Door", "Words"),))
    row = [one, Draft(), Draft(cards=(Card("c1"),))]
    steps = [delta(before, after) for before, after in itertools.pairwise(row)]
    assert patched(one, [step for step in steps if step]) == row[-1]


def test_where_an_id_stands_twice_there_is_no_difference() -> None:
    assert delta(Draft(), Draft(cards=(Card("c1", text="one"), Card("c1", text="two")))) is None


@given(st.text("ab", max_size=40), st.text("ab", max_size=40))
def test_what_two_texts_have_in_common_at_their_beginning(one: str, other: str) -> None:
    same = alike(one, other)
    assert one[:same] == other[:same]
    assert same == min(len(one), len(other)) or one[same] != other[same]
