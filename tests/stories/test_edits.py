"""Edits of a draft by several people: what is kept, what clashes, what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forum.errors import BadInput
from forum.stories import scenario
from forum.stories.draft import MOST, Card, Draft, Way, fields, mark, mark_of, read
from forum.stories.edits import (
    MOST_CARDS,
    MOST_CHARACTERS,
    MOST_WAYS,
    AddCard,
    AddWay,
    Clash,
    Edit,
    MoveCard,
    PutBack,
    RemoveCard,
    RemoveWay,
    SetField,
    apply,
)

TWO = Draft(
    title="Night", cards=(Card("a", "One", "First.", ways=(Way("w", "Go on", "b"),)), Card("b", "Two", "Last."))
)


def over(draft: Draft, path: str, text: str) -> SetField:
    """Makes an edit by somebody who sees the draft as it is."""
    return SetField(path, (mark(read(draft, path) or ""),), text)


def done(draft: Draft, *edits: Edit) -> Draft:
    for edit in edits:
        draft = apply(draft, edit)
    return draft


@pytest.mark.parametrize("path", [path for path, _ in fields(TWO)])
def test_every_field_is_read_and_written_by_its_path(path: str) -> None:
    text = "yes" if path.endswith(("stop", "decision")) or path.startswith("may_") else "new"
    after = apply(TWO, over(TWO, path, text))
    assert read(after, path) == text
    assert [one for one in fields(after) if one[0] != path] == [one for one in fields(TWO) if one[0] != path]


def test_the_second_of_two_is_shown_both_texts_and_nothing_is_written_over() -> None:
    mine, theirs = over(TWO, "a.text", "Mine."), over(TWO, "a.text", "Theirs.")
    after = apply(TWO, theirs)
    with pytest.raises(Clash) as clash:
        apply(after, mine)
    assert (clash.value.field, clash.value.theirs, clash.value.yours) == ("a.text", "Theirs.", "Mine.")
    assert apply(after, over(after, "a.text", "Theirs. Mine.")).cards[0].text == "Theirs. Mine."


def test_who_changed_nothing_in_a_field_takes_nothing_back() -> None:
    after = apply(TWO, over(TWO, "a.text", "Theirs."))
    assert apply(after, SetField("a.text", (mark("First."),), "First.")) is after


def test_an_answer_that_was_lost_never_makes_a_clash_with_oneself() -> None:
    first = over(TWO, "a.text", "Half a sen")
    after = apply(TWO, first)
    assert apply(after, first) is after
    later = SetField("a.text", (mark("First."), mark("Half a sen")), "Half a sentence.")
    assert apply(after, later).cards[0].text == "Half a sentence."
    undone = SetField("a.text", (mark("First."), mark("Half a sen")), "First.")
    assert apply(after, undone).cards[0].text == "First."


def test_words_for_a_scene_that_somebody_took_away_are_not_lost_silently() -> None:
    after = apply(TWO, RemoveCard("b", mark_of(TWO.cards[1])))
    with pytest.raises(Clash) as clash:
        apply(after, over(TWO, "b.text", "More."))
    assert (clash.value.theirs, clash.value.yours) == (None, "More.")
    with pytest.raises(Clash):
        apply(after, AddWay("b", "w1", "More"))


def test_a_scene_that_was_changed_meanwhile_is_not_taken_away() -> None:
    seen = mark_of(TWO.cards[1])
    after = apply(TWO, over(TWO, "b.text", "More."))
    with pytest.raises(Clash) as clash:
        apply(after, RemoveCard("b", seen))
    assert (clash.value.theirs, clash.value.yours) == ("More.", None)
    with pytest.raises(Clash):
        apply(apply(TWO, over(TWO, "a/w.text", "x")), RemoveWay("a", "w", mark_of(TWO.cards[0].ways[0])))
    assert apply(TWO, RemoveWay("a", "w", mark_of(TWO.cards[0].ways[0]))).cards[0].ways == ()


def test_what_is_done_already_is_not_done_twice() -> None:
    gone = apply(TWO, RemoveCard("b", mark_of(TWO.cards[1])))
    assert apply(gone, RemoveCard("b", "x")) is gone
    assert apply(gone, RemoveWay("b", "w", "x")) is gone
    more = apply(TWO, AddCard("c", text="New."))
    assert apply(more, AddCard("c")) is more
    with_way = apply(TWO, AddWay("b", "w1", "On"))
    assert apply(with_way, AddWay("b", "w1")) is with_way


def test_a_new_scene_is_put_into_the_way_that_there_was() -> None:
    after = apply(TWO, AddCard("c", after="a", text="Between."))
    assert [card.id for card in after.cards] == ["a", "c", "b"]
    assert after.cards[0].ways == (Way("w", "Go on", "c"),)
    assert after.cards[1].ways[0].to == "b"
    at_the_end = apply(TWO, AddCard("c", after="b"))
    assert at_the_end.cards[1].ways[0].to == "c"
    assert at_the_end.cards[2].ways == ()


def test_a_scene_that_was_taken_away_is_put_back_where_it_was_once() -> None:
    first, last = TWO.cards
    for card, after in ((first, ""), (last, "a")):
        gone = apply(TWO, RemoveCard(card.id, mark_of(card)))
        back = apply(gone, PutBack(card, after))
        assert back == TWO
        assert apply(back, PutBack(replace(card, text="Other."), after)) is back
    alone = apply(apply(TWO, RemoveCard("a", mark_of(first))), PutBack(Card("new"), "a"))
    assert [card.id for card in alone.cards] == ["b", "new"]


@pytest.mark.parametrize(
    "card",
    [
        Card("NO ID"),
        Card("c", text="x" * 4001),
        Card("c", stop="perhaps"),
        Card("c", ways=(Way("w"), Way("w"))),
        Card("c", ways=(Way("w", to="x" * 33),)),
        Card("c", ways=tuple(Way(f"w{n}") for n in range(MOST_WAYS + 1))),
    ],
)
def test_what_no_card_can_be_is_not_put_back(card: Card) -> None:
    with pytest.raises(BadInput):
        apply(TWO, PutBack(card))


def test_scenes_change_places_as_far_as_there_are_places() -> None:
    after = apply(TWO, MoveCard("b", -1))
    assert [card.id for card in after.cards] == ["b", "a"]
    assert apply(after, MoveCard("b", -1)) is after
    assert apply(after, MoveCard("zz", 1)) is after


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (over(TWO, "title", "x" * (scenario.MAX_TITLE + 1)), "title"),
        (over(TWO, "a.text", "x" * (scenario.MAX_TEXT + 1)), "a.text"),
        (over(TWO, "a/w.text", "x" * (scenario.MAX_RESPONSE + 1)), "a/w.text"),
        (over(TWO, "a.decision", "maybe"), "a.decision"),
        (over(TWO, "may_quote", "why"), "may_quote"),
        (SetField("colour", (), "x"), "cards"),
        (SetField("a.colour", (), "x"), "cards"),
        (SetField("a.text.b", (), "x"), "cards"),
        (AddCard("NO SUCH ID"), "cards"),
        (AddCard("c", text="x" * (scenario.MAX_TEXT + 1)), "c.text"),
        (AddWay("a", "../x"), "cards"),
        (AddWay("a", "w2", "x" * 300), "a/w2.text"),
    ],
)
def test_what_cannot_be_is_told_with_its_field(edit: Edit, field: str) -> None:
    with pytest.raises(BadInput) as told:
        apply(TWO, edit)
    assert told.value.field == field


def test_there_is_an_end_to_scenes_ways_and_words() -> None:
    full = done(Draft(), *(AddCard(f"c{n}") for n in range(MOST_CARDS)))
    with pytest.raises(BadInput):
        apply(full, AddCard("onemore"))
    ways = done(TWO, *(AddWay("b", f"w{n}") for n in range(MOST_WAYS)))
    with pytest.raises(BadInput):
        apply(ways, AddWay("b", "onemore"))
    long = done(full, *(over(full, f"c{n}.text", "x" * scenario.MAX_TEXT) for n in range(24)))
    assert sum(len(text) for _, text in fields(long)) <= MOST_CHARACTERS
    with pytest.raises(BadInput) as told:
        done(long, over(long, "c30.text", "x" * scenario.MAX_TEXT), over(long, "c31.text", "x" * scenario.MAX_TEXT))
    assert told.value.field in {"c30.text", "c31.text"}
    assert apply(long, over(long, "c1.text", "short")).cards[1].text == "short"


def test_line_breaks_and_signs_that_nothing_can_hold_are_made_plain() -> None:
    after = apply(TWO, over(TWO, "a.text", "One\r\nTwo\rThree\0\ud800"))
    assert after.cards[0].text == "One\nTwo\nThree"


def test_a_draft_is_kept_as_json_and_read_back() -> None:
    assert Draft.from_json(TWO.to_json()) == TWO
    assert set(TWO.to_json()) == {*MOST, "cards"}
