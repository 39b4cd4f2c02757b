"""Terms of a search, and how a text is shown where it answers them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.stories import search_terms
from forum.stories.scenario import Link, Scenario, Scene
from forum.stories.search_terms import MAX_TERMS, MAX_TYPED, Piece, excerpt, marked, read, tokens


def shown(pieces: tuple[Piece, ...]) -> str:
    """Writes the pieces with the hits in brackets."""
    return "".join(f"[{piece.text}]" if piece.hit else piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Café, at 2 a.m.", ["the", "cafe", "at", "2", "a", "m"]),
        ("It's the nurses’ room_12", ["its", "the", "nurses", "room", "12"]),
        ("Cafe\u0301 STRASSE straße", ["cafe", "strasse", "strasse"]),
        ("A&E night-time", ["a", "e", "night", "time"]),
        ("🧡 --- \0", []),
        ("x" * 500, ["x" * 60]),
        ("tŷ ty\u0302 ｔｙ", ["ty", "ty", "ty"]),
        ("com\u00admission \u2060com\u200dmission\ufeff", ["commission", "commission"]),
        ("خانه\u200cها خانهها", ["خانهها", "خانهها"]),
        ("crisis\u200bteam crisis\u2800team", ["crisis", "team", "crisis", "team"]),
        ("\u3164 \u00ad \ufe0f \u115f", []),
    ],
)
def test_a_text_becomes_plain_words(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("commission", "The com\u00admission"),
        ("com\u00admission", "The commission"),
        ("com\u00admission", "The com mission"),  # as it was indexed before
        ("خانه\u200cها", "خانهها"),
        ("Ty\u0302", "tŷ"),
        ("ｎｕｒｓｅ", "Nurses"),
        ("nur\u200dse", "Nurses"),
    ],
)
def test_one_word_is_found_however_it_is_written(asked: str, text: str) -> None:
    assert any(piece.hit for piece in marked(text, read(asked)))


@given(st.text())
def test_words_folded_once_are_folded(text: str) -> None:
    once = tokens(text)
    assert tokens(" ".join(once)) == once
    assert all(token and not set(token) & set("\"'\\ :*&|!()<>\0") for token in once)


@given(st.text(), st.text())
def test_marking_changes_no_text_and_marks_only_what_is_there(typed: str, text: str) -> None:
    query = read(typed)
    pieces = marked(text, query)
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text for piece in pieces)
    assert not any(piece.hit for piece in marked("", query))
    cut = excerpt([text], query)
    assert any(piece.hit for piece in cut) == any(piece.hit for piece in pieces)


@pytest.mark.parametrize(
    ("typed", "text", "expected"),
    [
        ("nurse", "A nurse, two nurses, nursing.", "A [nurse], two [nurses], nursing."),
        ("families", "One family and two families.", "One [family] and two [families]."),
        ("churches", "A church, churches.", "A [church], [churches]."),
        ("ed", "The ED has educated us.", "The [ED] has educated us."),
        ("gp", "The GP and other GPs.", "The [GP] and other [GPs]."),
        ("A&E", "At A & E, an e.", "At [A & E], an e."),
        ('"the door"', "The door, the other door, the doors.", "[The door], the other door, [the doors]."),
        ("can't", "They can’t, I cant.", "They [can’t], I [cant]."),
        ("bus", "The bus and a bu.", "The [bus] and a bu."),
        ("zoe", "Zoë’s here.", "[Zoë’s] here."),
        ("zoe", "Zoe\u0308!", "[Zoe\u0308]!"),
        ("", "Nothing asked.", "Nothing asked."),
    ],
)
def test_what_is_marked(typed: str, text: str, expected: str) -> None:
    assert shown(marked(text, read(typed))) == expected


def test_too_much_is_cut_and_said_so() -> None:
    assert not read("a few words").left_out
    long = read("word " * 1000)
    assert (len(long.terms), long.left_out) == (1, True)
    many = read(" ".join(f"w{n}" for n in range(MAX_TERMS + 1)))
    assert (len(many.terms), many.left_out) == (MAX_TERMS, True)
    assert sum(len(row[0]) for term in read("y" * 5000).terms for row in term.alternatives) <= MAX_TYPED


def test_an_excerpt_shows_the_place_that_answers_most() -> None:
    filler = "One after the other they sat and said no more. " * 12
    texts = ["A door.", f"{filler}The door opened and the nurse came in with the doctor. {filler}", "A nurse."]
    found = shown(excerpt(texts, read("nurse door")))
    assert "The [door] opened and the [nurse] came in" in found
    assert found.startswith("… ")
    assert found.endswith(" …")
    assert len(found) < 220
    assert shown(excerpt(texts, read("door nothing"))).startswith("A [door].")
    assert excerpt(texts, read("elephant")) == ()
    assert shown(excerpt(["ж" * 5000 + " nurse"], read("nurse"))).endswith("[nurse]")


def test_an_excerpt_is_cut_between_words() -> None:
    text = " ".join(f"word{n:04}" for n in range(400))
    found = shown(excerpt([text], read("word0200")))
    inside = found.removeprefix("… ").removesuffix(" …").split()
    assert all(len(word.strip("[]")) == 8 for word in inside)
    assert "[word0200]" in inside


def test_a_story_is_searched_in_all_its_words() -> None:
    told = Scenario(
        "Title",
        "",
        "One",
        (Scene("One", "First.\n\nSecond.", (Link("Go on", "Two"),)), Scene("Two", "End.")),
        setting="Home",
        characters=("Ada",),
        content_notes=("grief",),
    )
    assert search_terms.text_of(told) == ["One", "First.", "Second.", "Go on", "Two", "End.", "Ada", "grief"]
