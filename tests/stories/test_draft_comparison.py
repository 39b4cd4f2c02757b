"""Differences between two drafts: nothing is invented, nothing is left out, and they can be read."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.stories import compose, scenario_twee
from forum.stories.draft import YES, Card, Draft, Way
from forum.stories.draft_comparison import Difference, DifferenceKind, Part, Piece, PieceKind, differences, pieces
from forum.stories.edits import AddCard, AddWay, MoveCard, apply

STORY = compose.draft_of(
    scenario_twee.parse((Path(__file__).parents[2] / "scenarios" / "a-police-call-out.twee").read_bytes())
)

SOME_WORDS = st.lists(st.sampled_from(["a", "b", "the ward", "night", "\n", " ", "."]), max_size=30).map(" ".join)
TEXTS = st.one_of(SOME_WORDS, st.text(max_size=40))


@given(TEXTS, TEXTS)
def test_before_and_after_can_be_rebuilt_from_the_pieces(before: str, after: str) -> None:
    found = pieces(before, after)
    assert "".join(piece.text for piece in found if piece.kind != PieceKind.ADDED) == before
    assert "".join(piece.text for piece in found if piece.kind != PieceKind.REMOVED) == after
    assert all(piece.text for piece in found)
    assert all(one.kind != other.kind for one, other in pairwise(found))


@given(SOME_WORDS)
def test_a_text_that_is_the_same_is_one_piece(text: str) -> None:
    assert pieces(text, text) == ((Piece(text),) if text else ())


@given(SOME_WORDS, SOME_WORDS, SOME_WORDS)
def test_what_is_put_in_between_is_all_that_is_new(before: str, between: str, after: str) -> None:
    text = f"{before} . {after}"
    found = pieces(text, f"{before} . {between} . {after}")
    assert sum(len(piece.text.split()) for piece in found if piece.kind == PieceKind.REMOVED) == 0


def test_words_are_compared_and_not_letters() -> None:
    assert pieces("The nurse waits at the door.", "The nurse and her son wait at the door.") == (
        Piece("The nurse "),
        Piece("waits ", PieceKind.REMOVED),
        Piece("and her son wait ", PieceKind.ADDED),
        Piece("at the door."),
    )


def test_a_text_that_was_written_anew_is_not_cut_into_crumbs() -> None:
    assert [piece.kind for piece in pieces("Nobody came to the ward.", "They sent a car at once.")] == [
        PieceKind.REMOVED,
        PieceKind.ADDED,
    ]


def test_a_long_text_with_thousands_of_changes_is_shown_before_and_after() -> None:
    before, after = "a b " * 1000, "a x " * 1000
    assert [piece.kind for piece in pieces(before, after)] in (
        [PieceKind.REMOVED, PieceKind.ADDED],
        [PieceKind.SAME, PieceKind.REMOVED, PieceKind.ADDED],
    )


CARDS = st.builds(
    lambda text, name, stop, ways: Card("", name, text, stop, "", tuple(Way(f"w{n}", w) for n, w in enumerate(ways))),
    SOME_WORDS,
    st.sampled_from(["", "The door", "The hall"]),
    st.sampled_from(["", YES]),
    st.lists(st.sampled_from(["Stay", "Go on", "Call", "Wait"]), unique=True, max_size=3),
)
DRAFTS = st.builds(
    lambda title, cards: Draft(title=title, cards=tuple(replace(card, id=f"c{n}") for n, card in enumerate(cards))),
    SOME_WORDS,
    st.lists(CARDS, max_size=5),
)


@given(DRAFTS)
def test_a_draft_is_not_different_from_itself(draft: Draft) -> None:
    assert differences(draft, draft) == ()


@given(DRAFTS, DRAFTS)
def test_every_text_that_is_not_in_both_is_in_some_difference(before: Draft, after: Draft) -> None:
    found = differences(before, after)
    parts = [part for one in found for part in one.parts]
    removed = "".join(part.before for part in parts) + "".join(card.text for card in after.cards) + after.title
    added = "".join(part.after for part in parts) + "".join(card.text for card in before.cards) + before.title
    assert all(card.text in removed for card in before.cards)
    assert all(card.text in added for card in after.cards)
    assert (before == after) <= (found == ())
    assert bool(found) or [card.text for card in before.cards] == [card.text for card in after.cards]


def test_a_story_that_was_sent_and_opened_again_is_the_same_though_its_ids_are_new() -> None:
    renamed = replace(STORY, cards=tuple(_renamed(card) for card in STORY.cards))
    assert renamed != STORY
    assert differences(STORY, renamed) == ()


def _renamed(card: Card) -> Card:
    return replace(card, id=f"x{card.id}", ways=tuple(Way(f"y{w.id}", w.text, w.to and f"x{w.to}") for w in card.ways))


def test_a_scene_in_between_is_one_new_scene_and_the_way_to_it() -> None:
    first, second = STORY.cards[0], STORY.cards[0].ways[0].to
    after = apply(STORY, AddCard("new", after=first.id, text="The phone rings twice."))
    names = compose.sketch(after).names
    assert differences(STORY, after) == (
        Difference(DifferenceKind.CHANGED, names[first.id], (Part("to", names[second], names["new"]),)),
        Difference(
            DifferenceKind.NEW,
            names["new"],
            (Part("text", "", "The phone rings twice."), Part("way", "", "Go on"), Part("to", "", names[second])),
        ),
    )
    back = differences(after, STORY)
    assert [one.kind for one in back] == [DifferenceKind.CHANGED, DifferenceKind.GONE]
    assert back[1].parts[0] == Part("text", "The phone rings twice.", "")


def test_a_response_is_one_added_text() -> None:
    question = next(card for card in STORY.cards if card.decision)
    after = apply(STORY, AddWay(question.id, "w9", "Ring the carer"))
    assert differences(STORY, after) == (
        Difference(DifferenceKind.CHANGED, question.name, (Part("way", "", "Ring the carer"),)),
    )
    (part,) = differences(after, STORY)[0].parts
    assert part.pieces == (Piece("Ring the carer", PieceKind.REMOVED),)


def test_a_scene_that_was_moved_is_said_to_be_moved_and_the_others_are_not() -> None:
    cards = tuple(Card(f"c{n}", f"Scene {n}", f"It is {n} at night and somebody waits.") for n in range(5))
    draft = Draft(cards=cards)
    moved = apply(apply(draft, MoveCard("c3", -1)), MoveCard("c3", -1))
    assert [(one.kind, one.card) for one in differences(draft, moved)] == [("moved", "Scene 3")]


def test_where_a_story_begins_is_told_by_the_scenes_names() -> None:
    cards = (Card("c1", "The hall", "One."), Card("c2", "The door", "Two."))
    (one,) = differences(Draft(cards=cards), Draft(start="c2", cards=cards))
    assert one.parts == (Part("start", "The hall", "The door"),)
    assert one.parts[0].pieces == (Piece("The hall", PieceKind.REMOVED), Piece("The door", PieceKind.ADDED))


@pytest.mark.parametrize("name", ["group", "may_perform", "may_publish", "may_quote"])
def test_what_the_writer_answered_is_not_compared(name: str) -> None:
    changes = {name: "yes"}
    assert differences(STORY, Draft(**{**vars(STORY), **changes})) == ()
