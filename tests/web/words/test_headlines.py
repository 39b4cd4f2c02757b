"""Headlines over results: who leads, who is level, how many changed their view, and nothing that is not disclosed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forum.voting.methods import METHODS
from forum.voting.result import Result
from forum.voting.round import Response, Round, RoundState
from forum.voting.small_numbers import outside
from forum.voting.suppression import NO_COUNT, Partition, Row, published
from forum.voting.view_shift import ViewShift
from forum.web.words.headlines import headline, in_a_row, question_asked, question_told, shift_headline

ROWS = Partition((Row("Carers", ("g1",)), Row("other groups", ("g2",))))
LABELS = {"r1": "A nurse", "r2": "The police", "r3": "Nobody", "none": "None of these"}
SEVERAL, ONE = ("r1", "r2", "r3", "none"), ("r1",)


def a_round(method: str, responses: tuple[str, ...]) -> Round:
    offered = tuple(Response(id_, LABELS[id_]) for id_ in responses)
    return Round("1", "s", "Who should come?", offered, method=method, state=RoundState.REVEALED)


def voted(method: str, votes: dict[str, int], responses: tuple[str, ...] = SEVERAL) -> tuple[Round, Result, list[str]]:
    choices = [choice for choice, n in votes.items() for _ in range(n)]
    cast = [("g1" if at % 2 else "g2", choice) for at, choice in enumerate(choices)]
    return a_round(method, responses), published(ROWS, cast, responses, 5, method=method), choices


CASES = [
    ("single", SEVERAL, {"r1": 5, "r2": 9, "r3": 4}, "B leads: 9 of 18"),
    ("single", SEVERAL, {"r1": 7, "r2": 4, "r3": 7}, "Level: A and C, 7 of 18 each"),
    ("single", SEVERAL, {"r1": 3, "none": 9}, "“None of these” leads: 9 of 12"),
    ("approval", SEVERAL, {"r1 r3": 9, "r2": 4, "r3": 2}, "C leads: 11 of 15 could accept it"),
    ("approval", SEVERAL, {"r1 r2 r3": 9}, "Level: A, B and C, 9 of 9 could accept each"),
    ("ranked", SEVERAL, {"r1": 7, "r2>r1": 2, "r3": 3}, "A wins at once: 7 of 12 put it first"),
    ("ranked", SEVERAL, {"r1": 5, "r2>r1": 2, "r3": 4}, "A wins the run-off: 7 of 11 in the last round"),
    ("ranked", SEVERAL, {"r1>r3": 4, "r2>r1": 4, "r3>r2": 4}, "Level: A, B and C can still win"),
    ("score", ("r1", "r2"), {"r1=5 r2=1": 6, "r1=3 r2=2": 6}, "A scores highest: 4.00 of 5"),
    ("score", ("r1", "r2"), {"r1=5 r2=5": 6}, "Level: A and B, 5.00 of 5 each"),
    ("consent", ONE, {"agree": 9, "stand_aside": 3}, "The room consents: 9 of 12 are for it"),
    (
        "consent",
        ONE,
        {"agree": 9, "agree_if": 2},
        "The room consents: 11 of 11 are for it, 2 of them if something changes",
    ),
    ("consent", ONE, {"agree": 9, "cannot_live_with": 1}, "There is no consent: 1 of 10 cannot live with it"),
    ("consent", ONE, {"stand_aside": 9}, "There is no consent: nobody is for it"),
    ("opinion", ONE, {"agree": 9, "disagree": 4, "pass": 2}, "More agree than disagree: 9 to 4"),
    ("opinion", ONE, {"agree": 4, "disagree": 9}, "More disagree than agree: 9 to 4"),
    ("opinion", ONE, {"agree": 4, "disagree": 4}, "Level: 4 agree, 4 disagree"),
]


@pytest.mark.parametrize(("method", "responses", "votes", "said"), CASES)
def test_a_result_is_said_in_one_short_sentence(
    method: str, responses: tuple[str, ...], votes: dict[str, int], said: str
) -> None:
    round_, result, _ = voted(method, votes, responses)
    assert headline(round_, result) == said


def test_answers_stand_in_their_own_words_where_no_letters_are() -> None:
    round_, result, _ = voted("single", {"r1": 7, "r3": 7})
    assert headline(round_, result, words=True) == "Level: “A nurse” and “Nobody”, 7 of 14 each"


ROUNDED = [
    ("single", SEVERAL, {"r1": 6, "r2": 12, "r3": 6, "none": 6}, "B leads: about 10 of 30"),
    ("single", SEVERAL, {"r1": 13, "r2": 12, "r3": 6, "none": 6}, "B leads: about 15 of 35"),
    ("approval", SEVERAL, {"r1 r3": 9, "r2": 6, "r3": 6, "none": 6}, "C leads: about 15 of 25 could accept it"),
    ("ranked", SEVERAL, {"r1": 9, "r2>r1": 6, "r3": 8, "none": 6}, "A wins the run-off"),
    ("score", ("r1", "r2"), {"r1=5 r2=1": 6, "r1=3 r2=2": 6}, "A scores highest"),
    ("consent", ONE, {"agree": 19, "cannot_live_with": 1}, "There is no consent"),
    ("consent", ONE, {"agree": 19, "stand_aside": 6}, "The room consents"),
    ("opinion", ONE, {"agree": 19, "disagree": 8, "pass": 6}, "More agree than disagree: about 20 to 10"),
    ("opinion", ONE, {"agree": 8, "disagree": 19, "pass": 6}, "More disagree than agree: about 20 to 10"),
    ("opinion", ONE, {"agree": 8, "disagree": 9, "pass": 6}, "About as many agree as disagree"),
]


@pytest.mark.parametrize(("method", "responses", "votes", "said"), ROUNDED)
def test_by_small_number_rules_it_says_about_and_never_an_exact_number(
    method: str, responses: tuple[str, ...], votes: dict[str, int], said: str
) -> None:
    round_, result, choices = voted(method, votes, responses)
    told = outside(result, choices, responses, 5, method)
    assert told.rounded
    if method == "single" and votes["r1"] == 13:
        said = said.replace("B leads", "A leads")
    assert headline(round_, told) == said


@pytest.mark.parametrize("method", METHODS)
def test_a_number_that_is_hidden_is_never_said(method: str) -> None:
    round_ = a_round(method, SEVERAL if METHODS[method].NONE else ONE)
    columns = METHODS[method].columns([r.id for r in round_.responses])
    told = Result(dict.fromkeys(columns, 0), 20, (), None, None, hidden=columns, preferred=("r1",), sealed=True)
    said = headline(round_, told)
    assert said
    assert not set(said) & set("0123456789")


@pytest.mark.parametrize("method", METHODS)
def test_what_is_withheld_says_so_and_nobody_is_told_of_as_nobody(method: str) -> None:
    round_ = a_round(method, SEVERAL if METHODS[method].NONE else ONE)
    assert headline(round_, Result({}, 4, (), NO_COUNT, None)) == NO_COUNT
    nobody = published(ROWS, [], [r.id for r in round_.responses], 5, method=method)
    assert headline(round_, nobody) == "Nobody voted."


def test_who_changed_their_view_is_said_as_far_as_they_are_followed() -> None:
    _, result, _ = voted("single", {"r1": 9, "r2": 9})
    moved = replace(result, shift=ViewShift("1", {("r1", "r2"): 7, ("r1", "r1"): 6}, {}, {}))
    assert shift_headline(moved) == "At least 7 of 18 changed their view"
    assert shift_headline(replace(moved, preferred=("r1",))) == "About 7 of 18 changed their view"
    kept = replace(result, shift=ViewShift("1", {("r1", "r1"): 6}, {}, {}))
    assert shift_headline(kept) == "At least 6 of 18 kept their view"
    assert shift_headline(replace(result, shift=ViewShift("1", {}, {}, {}))) == ""
    assert shift_headline(result) == ""


def test_names_are_listed_as_one_says_them() -> None:
    assert [in_a_row(["A", "B", "C"][:n]) for n in range(4)] == ["", "A", "A and B", "A, B and C"]


@pytest.mark.parametrize(
    ("question", "asked", "told"),
    [
        ("Who should come?", "Who should come?", ""),
        ("It is night.\n\nSam rings.\n\nWho should come?", "Who should come?", "It is night.\n\nSam rings."),
        ("Who should come?\n\nThink of the night.", "Who should come?", "Think of the night."),
        ("It is night.\n\nChoose.", "It is night.\n\nChoose.", ""),
    ],
)
def test_a_question_in_one_line_is_the_paragraph_that_asks(question: str, asked: str, told: str) -> None:
    assert question_asked(question) == asked
    assert question_told(question) == told
