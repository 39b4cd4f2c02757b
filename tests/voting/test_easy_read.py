"""A question in other words: which are read, and what stays where they have none."""

from __future__ import annotations

import pytest

from forum.voting.easy_read import read, readings_of
from forum.voting.round import Response, Round, Version

EASY = Version("easy", "Who comes first?", {"r1": "A nurse"})
WELSH = Version("cy", "Pwy ddylai ddod gyntaf?", {"r1": "Nyrs", "r2": "Yr heddlu"})
ROUND = Round(
    "1",
    "s",
    "Who should attend in the first instance?",
    (Response("r1", "A psychiatric nurse"), Response("r2", "Police officers"), Response("none", "None of these")),
    versions=(EASY, WELSH),
)


@pytest.mark.parametrize(
    ("tongue", "question", "labels"),
    [
        ("en", ROUND.question, ["A psychiatric nurse", "Police officers", "None of these"]),
        ("cy", "Pwy ddylai ddod gyntaf?", ["Nyrs", "Yr heddlu", "None of these"]),
        ("en+easy", "Who comes first?", ["A nurse", "Police officers", "None of these"]),
        ("cy+easy", "Who comes first?", ["A nurse", "Police officers", "None of these"]),
        ("en+cy", "Pwy ddylai ddod gyntaf?", ["Nyrs", "Yr heddlu", "None of these"]),
        ("cy+ur", "Pwy ddylai ddod gyntaf?", ["Nyrs", "Yr heddlu", "None of these"]),
        ("ur", ROUND.question, ["A psychiatric nurse", "Police officers", "None of these"]),
        ("", ROUND.question, ["A psychiatric nurse", "Police officers", "None of these"]),
    ],
)
def test_what_was_chosen_is_read_first_then_the_language_then_the_question_as_it_was_put(
    tongue: str, question: str, labels: list[str]
) -> None:
    found = read(ROUND, readings_of(tongue))
    assert found.question == question
    assert [r.label for r in found.responses] == labels
    assert [r.id for r in found.responses] == ["r1", "r2", "none"]


def test_a_version_without_a_question_leaves_the_question() -> None:
    found = read(
        Round("1", "s", "Who?", (Response("r1", "A"),), versions=(Version("easy", "", {"r1": "B"}),)), ("easy",)
    )
    assert (found.question, found.responses[0].label) == ("Who?", "B")


def test_taking_a_story_back_takes_every_version_of_its_question() -> None:
    assert ROUND.without_words().versions == ()
