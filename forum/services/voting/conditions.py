"""Conditions that are shown with a vote, and the answers to them in the form of a decision."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from forum.ports import Work
from forum.services.form_errors import Findings
from forum.services.record_entries import Words
from forum.services.voting.reasons import said_of
from forum.sessions.session import LiveSession
from forum.stories.visible_text import upright
from forum.voting.commission import Commission
from forum.voting.condition import (
    MOST_LISTED,
    AnsweredCondition,
    Condition,
    ConditionsAnswered,
    by_asked,
    top_of,
)
from forum.voting.decision import UNANSWERING
from forum.voting.reason import ReasonState
from forum.voting.round import Round
from forum.voting.small_numbers import people_outside

# Values of the field that says whether a condition is taken up.
TAKEN_UP = "yes"
NOT_TAKEN_UP = "no"


async def released(
    work: Work, session: LiveSession, rounds: Sequence[Round], commission: Commission
) -> tuple[Condition, ...]:
    """Returns the conditions that everybody can read with these rounds, the first vote first, as `by_asked` sorts
    them; () for a round that is not revealed."""
    shown: dict[str, list[tuple[str, int]]] = {}
    for round_ in rounds:
        said = await said_of(work, session, round_, commission)
        shown[round_.id] = [
            (
                one.condition,
                (people_outside(one.too, commission.threshold) or 0) if commission.small_numbers else one.too,
            )
            for one in said
            if one.state == ReasonState.SHOWN and one.condition
        ]
    return by_asked(shown)


class AskedCondition(msgspec.Struct, frozen=True):
    """A condition as a form asks about it: its words, how many asked for it, whether it must be answered, and the names
    of its two fields: whether it is taken up, and how, or why not.
    """

    words: str
    asked: int
    must: bool
    taken_field: str
    answer_field: str

    @property
    def fields(self) -> tuple[str, str]:
        """Returns the names of its fields."""
        return self.taken_field, self.answer_field


def asked(conditions: Sequence[Condition], outcome: str) -> list[AskedCondition]:
    """Returns the conditions that a form about this outcome ("" for none yet) lists, in their order."""
    must = 0 if outcome in UNANSWERING else top_of(len(conditions))
    return [
        AskedCondition(one.words, one.asked, number < must, *condition_fields(one))
        for number, one in enumerate(conditions[:MOST_LISTED])
    ]


def condition_fields(condition: Condition) -> tuple[str, str]:
    """Returns the names of the two fields for a condition: whether it is taken up, and how, or why not.

    They follow from its words, so that an answer stays with its condition where another one comes before it meanwhile.
    """
    key = hashlib.sha256(f"{condition.round} {condition.words}".encode()).hexdigest()[:16]
    return f"answer_taken_{key}", f"answer_condition_{key}"


def answered(
    conditions: Sequence[Condition], outcome: str, answers: Mapping[str, str], found: Findings, most: int
) -> ConditionsAnswered:
    """Returns the conditions that a form answers, each answer of at most `most` characters; notes each of the top ones
    that it does not answer, and each other that it answers by halves. Whose outcome is of
    UNANSWERING need answer none.
    """
    given = []
    for one, field in zip(conditions, asked(conditions, outcome), strict=False):
        taken = answers.get(field.taken_field, "")
        answer = found.at_most(field.answer_field, answers.get(field.answer_field, ""), most)
        if not (taken or answer or field.must):
            continue
        if taken not in (TAKEN_UP, NOT_TAKEN_UP):
            told = "Say whether this condition is taken up: “%(condition)s”."
            found.wrong(field.taken_field, told, condition=one.words)
        if not answer:
            told = "Say how this condition is taken up, or why not: “%(condition)s”."
            found.wrong(field.answer_field, told, condition=one.words)
        given.append(AnsweredCondition(one.round, one.words, one.asked, taken == TAKEN_UP, answer))
    return ConditionsAnswered(len(conditions), tuple(given))


def given(conditions: Sequence[Condition], answers: Mapping[str, str], kept: ConditionsAnswered | None) -> bool:
    """Tells whether a form answers conditions as they were answered before: those that are asked about, and those whose
    words stand. None were answered where they were not asked about."""
    if kept is None:
        return True
    before = {
        name: words
        for one in kept.answered
        if one.words
        for name, words in zip(
            condition_fields(Condition(one.round, one.words, one.asked)),
            (TAKEN_UP if one.taken_up else NOT_TAKEN_UP, one.answer),
            strict=True,
        )
    }
    names = {*before, *(name for one in conditions[:MOST_LISTED] for name in condition_fields(one))}
    typed = {name: upright(answers.get(name, "")) for name in names}
    return {name: words for name, words in typed.items() if words} == before


def in_entry(conditions: ConditionsAnswered | None) -> dict[str, object] | None:
    """Returns the fact `conditions` of the entry "decision"."""
    if conditions is None:
        return None
    return {
        "given": conditions.given,
        "answered": [
            {
                "round": one.round,
                "condition": Words("condition", one.words),
                "asked": one.asked,
                "taken_up": one.taken_up,
                "answer": Words("condition answered", one.answer),
            }
            for one in conditions.answered
        ],
    }
