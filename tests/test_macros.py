"""What story formats put between the words: taken out, and told by its line."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_scenario import PATIENT

from forum import macros, twee
from forum.importing import HIDDEN


def plain(text: str, story_format: str) -> str:
    return "\n".join(macros.plain(text.split("\n"), story_format)[0])


@pytest.mark.parametrize(
    ("story_format", "text", "expected"),
    [
        ("Harlowe", "(set: $x to 1)Go", "Go"),
        ("harlowe", "(SET: $x to (a: 1, 2))Go", "Go"),
        ("Harlowe", '(if: $x is "a)")[Yes](else:)[No]', "YesNo"),
        ("Harlowe", "(if: the $bag's name is 'x')[Yes]", "Yes"),
        ("Harlowe", "(if: $x)[[[Home]]]", "[[Home]]"),
        ("Harlowe", "(if: $x)[[a->b]]", "[[a->b]]"),
        ("Harlowe", "|a>[She] goes [silently]<b|.", "She goes silently."),
        ("Harlowe", "(Nurse: come in) [silence]", "(Nurse: come in) [silence]"),
        ("Harlowe", "(set: $x to", "(set: $x to"),
        ("Harlowe", "(link-goto: 'Go on', \"Home\")", "[[Go on->Home]]"),
        ("Harlowe", '(link-goto: "Home")', "[[Home]]"),
        ("Harlowe", "a\n(set:\n$x to 1)\nb", "a\n\n\nb"),
        ("Harlowe", "<<not a macro>>", "<<not a macro>>"),
        ("SugarCube", "<<set $x to 1>>Go", "Go"),
        ("SugarCube", "(set: words)", "(set: words)"),
        ("SugarCube", '<<link "Go on" "Home">><</link>>', "[[Go on->Home]]"),
        ("SugarCube", "[[a->b][$x to 1]] [img[x.png]]", "[[a->b]] "),
        ("SugarCube", "<<if", "<<if"),
        ("Snowman", "<% a %>Go<%= b %>", "Go"),
        ("Chapbook", "a: 1\n--\n[if a]\nGo {a}", "\n\n\nGo "),
        ("Chapbook", "No facts\n--\nhere", "No facts\n--\nhere"),
        ("Paperthin", "<b>Go</b><br>on <!-- why --> <script>x()</script>", "Go on  "),
        ("Paperthin", "5 < 6 > 4 <quietly>", "5 < 6 > 4 <quietly>"),
        ("Unheard of", "(set: $x)<<y>><% z %><i>Go</i>", "Go"),
        ("Unheard of", "[silence]\n{braces}", "[silence]\n{braces}"),
    ],
)
def test_words_stay_and_instructions_go(story_format: str, text: str, expected: str) -> None:
    assert plain(text, story_format) == expected


def test_what_goes_is_told_with_its_line() -> None:
    _, notes = macros.plain(["One", "<b>two</b> (set: $x to 1)", "(if: $x)[three] $y"], "Harlowe")
    assert notes == [
        (1, '"(set: $x to 1)" was left out: it is an instruction to the story format, not words.'),
        (1, '"<b>" was left out: it is HTML. The words in it were kept.'),
        (2, '"$y" is a variable. It stands in the text as it is.'),
        (2, '"(if: $x)" was left out: it is an instruction to the story format, not words.'),
        (2, "The hook that begins here was taken off. Its words were kept."),
    ]


MARKS = (
    "(set:",
    "(if: $x)",
    ")",
    "[",
    "]",
    "[[",
    "]]",
    "|a>[",
    "]<a|",
    "<<",
    ">>",
    "<%",
    "%>",
    "<b>",
    "</b",
    "<!--",
    "-->",
)
MORE = (
    '"',
    "'",
    "{",
    "}",
    "--",
    "\n",
    "a: b",
    "<script",
    "</script>",
    "[img[",
    "][",
    "$x",
    "words ",
    "(",
    "link-goto:",
)


@PATIENT
@given(
    st.lists(st.sampled_from((*MARKS, *MORE)), max_size=30).map("".join) | st.text().map(lambda t: HIDDEN.sub("", t)),
    st.sampled_from(["Harlowe", "SugarCube", "Snowman", "Chapbook", "Paperthin", "", "Unheard of"]),
)
def test_there_are_as_many_lines_as_before_and_nothing_hidden(text: str, story_format: str) -> None:
    lines = text.split("\n")
    left, notes = macros.plain(lines, story_format)
    assert len(left) == len(lines)
    assert all(0 <= at < len(lines) for at, _ in notes)
    assert not any(twee.hidden(line) for line in left)
    if left != lines:
        assert notes


def test_hidden_is_what_the_rules_of_a_story_call_hidden() -> None:
    every = map(chr, range(sys.maxunicode + 1))
    assert all(bool(HIDDEN.match(char)) == bool(twee.hidden(char)) for char in every)
