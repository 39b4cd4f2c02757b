"""The reading age, the hardest sentences, and the words of the trade."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.side_by_side import growth

from forum.stories import glossary
from forum.stories.glossary import TERMS
from forum.stories.reading_age import (
    FEWEST_WORDS,
    HARD_AGE,
    MOST_AGE,
    MOST_HARDEST,
    PLAIN_AGE,
    measure,
    sentences,
    syllables,
)

EASY = "The dog ran to the door. It was late and the man was cold. He sat down and he had a cup of tea."
HARD = (
    "Notwithstanding considerable organisational uncertainty, the multidisciplinary rehabilitation partnership "
    "subsequently recommended establishing an interdepartmental communication methodology."
)


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("cat", 1),
        ("tea", 1),
        ("waited", 2),
        ("asked", 1),
        ("boxes", 2),
        ("takes", 1),
        ("little", 2),
        ("people", 2),
        ("ambulance", 3),
        ("hospital", 3),
        ("police", 2),
        ("idea", 3),
        ("psychiatry", 4),
        ("being", 2),
        ("nurse's", 1),
        ("emergency", 4),
        ("family", 3),
        ("one-to-one", 3),
        ("the", 1),
        ("station", 2),
        ("14", 1),
        ("hm", 1),
    ],
)
def test_syllables_are_counted_as_they_are_spoken(word: str, number: int) -> None:
    assert syllables(word) == number
    assert syllables(word.upper()) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("One.", 1),
        ("No stop at its end", 1),
        ("Dr Osei came. Mr. Khan left.", 2),
        ("“Sit down.” He sat.", 2),
        ("It cost 2.50 at 3.15 p.m. on the day.", 1),
        ("A line\n\nanother line", 2),
        ("Why? Because! So…", 3),
        ("e.g. like this one, i.e. in lower case.", 1),
    ],
)
def test_sentences_end_where_they_do(text: str, number: int) -> None:
    assert len(sentences(text)) == number


def test_a_plain_text_reads_younger_than_a_hard_one() -> None:
    plain, hard = measure(EASY), measure(HARD)
    assert plain.age is not None
    assert hard.age is not None
    assert plain.age <= 7 < PLAIN_AGE < HARD_AGE < hard.age <= MOST_AGE
    assert plain.hardest == ()
    assert [one.text for one in hard.hardest] == [HARD]


def test_the_formula_is_the_one_it_says() -> None:
    # 20 words in 2 sentences, 20 syllables: 0.39 * 10 + 11.8 * 1 - 15.59 = 0.11; plus five.
    text = "The man sat on a mat and had a cup. The man sat on a mat and had a cup."
    assert (measure(text).words, measure(text).sentences, measure(text).age) == (20, 2, 5)
    # 12 words, 1 sentence, 12 * 2 syllables: 0.39 * 12 + 11.8 * 2 - 15.59 = 12.69; plus five.
    assert measure("Doctor " * 11 + "doctor.").age == 18


def test_the_hardest_sentences_come_first_and_are_few() -> None:
    many = " ".join([EASY, *(HARD.replace("partnership", "partnership " + "and " * n) for n in range(5))])
    hardest = measure(many).hardest
    assert len(hardest) == MOST_HARDEST
    assert [one.age for one in hardest] == sorted((one.age for one in hardest), reverse=True)
    assert all(one.text in " ".join(many.split()) for one in hardest)


def test_a_few_words_have_no_age() -> None:
    assert measure("").age is None
    assert measure("Call " * (FEWEST_WORDS - 1)).age is None


@given(st.text(max_size=400))
def test_any_text_can_be_measured(text: str) -> None:
    reading = measure(text)
    assert reading.age is None or 5 <= reading.age <= MOST_AGE
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())
    for found in glossary.find(text):
        assert text[found.start : found.end]


@pytest.mark.parametrize("part", ["a", "A. ", ".", "\n", "aeiou", "e.g.", '"', "section "])
def test_a_hostile_text_takes_no_longer_than_another(part: str) -> None:
    assert growth(measure, part, 4000) < 30
    assert growth(glossary.find, part, 4000) < 30


@pytest.mark.parametrize(
    "row", [lambda n: "." * n, lambda n: "?" * (n // 2) + " " * (n // 2), lambda n: ".)" * (n // 2)]
)
def test_a_row_of_stops_is_looked_at_once(row: Callable[[int], str]) -> None:
    assert growth(lambda text: measure(row(len(text)) + "x"), "x", 4000) < 30  # giving back step by step: a hundred


def test_a_row_of_stops_after_a_title_ends_a_sentence() -> None:
    assert sentences("I saw Dr... She waved.") == ["I saw Dr...", "She waved."]
    assert sentences("I saw Dr. Okafor.") == ["I saw Dr. Okafor."]


def found(text: str) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.term.id) for one in glossary.find(text)]


def test_words_of_the_trade_are_found_where_they_stand() -> None:
    assert found("In A&E the triage nurse rang the Crisis Team and liaison psychiatry.") == [
        ("A&E", "a-e"),
        ("triage", "triage"),
        ("Crisis Team", "crisis-team"),
        ("liaison psychiatry", "liaison-psychiatry"),
    ]
    assert found("A Section 136, then a section 2.") == [("Section 136", "section-136"), ("section 2", "section-2")]
    assert found("Street triage came, and the NHS 111 line.") == [
        ("Street triage", "street-triage"),
        ("NHS 111", "nhs-111"),
    ]


def test_other_words_are_left_alone() -> None:
    assert found("Ed was raided by his pals. The redirected referralist; A&EX, section 21.") == []
    assert found("a raid on the pals") == []


def test_every_term_is_explained_once_in_plain_words() -> None:
    assert len(TERMS) >= 40
    assert len({term.id for term in TERMS}) == len(TERMS)
    forms = [form.lower() for term in TERMS for form in dict.fromkeys(f.lower() for f in term.forms)]
    assert len(forms) == len(set(forms))
    for term in TERMS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", term.id), term.id
        assert 20 < len(term.means) < 180, term.name
        assert term.means.endswith(".")
        for form in term.forms:
            assert [t for _, t in found(f"It is {form}.")] == [term.id], form
    ages = [age for term in TERMS if (age := measure(term.means).age) is not None]
    assert sum(ages) / len(ages) < PLAIN_AGE + 3
