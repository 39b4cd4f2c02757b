"""Answers to the votes of the worked example: its decisions, each read by a second person, and what is beside them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from forum.ports.accounts import Role
from forum.rehearsal.example import votes
from forum.rehearsal.example.commission import CARERS, PATIENTS, Example, somebody
from forum.services import decision_corrections, decision_drafts, minority_statements
from forum.services.decision_corrections import CorrectionForm
from forum.services.decision_form import DecisionForm, Promise, answer_field
from forum.services.decision_matter import Matter, matter
from forum.services.keys import new_key
from forum.services.voting import conditions
from forum.voting.decision import Decision
from forum.voting.difference import differences
from forum.voting.round import NONE_OF_THESE

# To a group: what is answered. To a condition: "yes" or "no" (taken up), and how or why not.
_To = Mapping[str, str]
_ToConditions = Mapping[str, tuple[str, str]]

_BODY: Final = "The joint board for health and care in Alderbrook, at its meeting in public"


async def on_the_first_night(example: Example, rounds: Sequence[str], days: Mapping[str, int]) -> Decision:
    """Decides on the first day's vote, with three promises."""
    clock = example.clock
    return await _decided(
        example,
        rounds,
        DecisionForm(
            tuple(rounds),
            outcome="adopted with changes",
            response=votes.CARD,
            rationale="Two thirds of the room changed to this answer once they had seen it on stage. It can begin "
            "within weeks, on every ward, with the people who are there. We add a visit for those who live alone.",
            dissent="Most carers still wanted a nurse at the door on the first evening, for everybody.",
            promises=(
                Promise(
                    "Head of discharge, Alderbrook Hospital",
                    "Everybody who goes home has a card with one name, and one number that is answered until ten",
                    clock.day(days["card"]),
                    example.first_night,
                    "You can say whom you would ring tonight",
                ),
                Promise(
                    "Manager of community nursing",
                    "Whoever lives alone is visited on the first evening, on seven days a week",
                    clock.day(days["visit"]),
                    "Carers asked that somebody sees the kitchen, and not only the telephone",
                    "Somebody has been at your door before you went to bed",
                ),
                Promise(
                    "Manager of patient transport",
                    "Nobody is taken home after eight in the evening",
                    clock.day(days["transport"]),
                    "A person who comes home in the dark cannot ask anybody for help",
                    "You are at home before the shops close",
                ),
            ),
            told={
                "body": _BODY,
                "interests": "One member works for the hospital trust. She spoke, and did not vote.",
                "evidence": "Both votes of the day, what 54 people wrote with them, and last winter's numbers of "
                "people who came back to hospital within a week.",
                "cost": "The card costs nearly nothing. The visits cost one more nurse in the evening, for two years.",
                "equality": "The number is also reached by text message, and an interpreter can be put through.",
                "involvement": "54 people voted in the library; two carers and a ward nurse read this text first.",
                "unheard": "People who went home to another town, and people in care homes.",
            },
        ),
        172,
        {
            CARERS: "You wanted a nurse at the door on the first evening, for everybody. We cannot promise that: it is "
            "eleven visits an evening, and there are two nurses. We promise it for whoever lives alone, and we will "
            "count how often somebody else should have been visited.",
        },
        {
            "there is one number, and not nine": ("yes", "The card has one number. The sheets with the others go."),
            "people who live alone are still visited on the first evening": (
                "yes",
                "It is the second promise of this decision.",
            ),
            "we are given the ten minutes": (
                "no",
                "We agree that it needs them. The rota of the wards is not ours to change; we have asked the trust.",
            ),
        },
    )


async def beside_it(example: Example, made: Decision) -> None:
    """Puts beside the first decision what the carers hold against it, in their words, and a correction."""
    store, clock, person = example.store, example.clock, somebody(Role.COMMISSIONER)
    clock.set(162, "10:30")
    key = new_key()
    await minority_statements.make(store, clock, person, made.id, CARERS, key)
    clock.set(160, "21:50")
    sent = await minority_statements.write(
        store,
        clock,
        key,
        secrets.token_hex(16),
        "We do not live alone, and so under this decision nobody comes to us. But it is we who lift, wash and count "
        "tablets on that first evening, and most of us have never been shown how. A card tells us whom to ring after "
        "something has gone wrong. We asked for somebody to come before.",
    )
    clock.set(159, "09:40")
    await minority_statements.accept(
        store, clock, somebody(Role.MODERATOR), sent.id, minority_statements.fingerprint(sent)
    )
    clock.set(157, "12:15")
    form = CorrectionForm(
        words="The number on the card is answered from eight in the morning until ten at night. After that, ring 111.",
        because="The minutes of our meeting said “day and night”. That was never agreed, and nobody should rely on it.",
    )
    await decision_corrections.correct(store, clock, person, made.id, form)


async def on_the_tablets(example: Example, round_: str, days: Mapping[str, int]) -> Decision:
    """Decides on the question that was open for ten days, against what most people preferred, with one promise."""
    return await _decided(
        example,
        (round_,),
        DecisionForm(
            (round_,),
            outcome="adopted",
            response=votes.PACKED,
            rationale="It reaches everybody who goes home, also on a Friday, and the pharmacists for it are there. "
            "Each group weighing the same, it comes first.",
            why="Most of you preferred a pharmacist at home within three days. There are two who could do it, for "
            "about eleven people a day. We chose what we can keep, and we will ask for a third.",
            promises=(
                Promise(
                    "Chief pharmacist, Alderbrook Hospital",
                    "Tablets are packed for each day, and explained, before somebody goes home",
                    example.clock.day(days["tablets"]),
                    example.tablets,
                    "You know what each tablet is for before you leave",
                ),
            ),
            told={"body": _BODY, "unheard": "People who take their tablets with the help of a neighbour."},
        ),
        167,
        {
            PATIENTS: "You put the visit at home first. Whoever takes more than ten medicines will have it.",
            CARERS: "You put the visit at home first. We know that the list on the kitchen table is yours. You will be "
            "there when the tablets are explained, or be rung.",
        },
        {},
    )


async def on_the_agreement(example: Example, round_: str) -> Decision:
    """Decides on the agreement that a room could live with."""
    return await _decided(
        example,
        (round_,),
        DecisionForm(
            (round_,),
            outcome="adopted",
            response=votes.AGREEMENT,
            rationale="The room can live with it, and nobody said that they could not. It is part of the contract now.",
            told={"body": _BODY},
        ),
        108,
        {},
        {
            "somebody asks us after half a year, and not only the hospital": (
                "yes",
                "The group of people who have been in hospital asks, and is paid for it.",
            ),
            "we are rung too, if the person agrees": ("yes", "The card has a second line for this."),
            "the visit does not end when the money does": (
                "no",
                "We can promise two years. We will say by the next summer how it goes on.",
            ),
            "the minutes for the call are in the rota, and not on top of it": (
                "yes",
                "The rota has ten minutes for each person who went home.",
            ),
        },
    )


async def _decided(
    example: Example,
    rounds: Sequence[str],
    form: DecisionForm,
    days_ago: int,
    to: _To,
    to_conditions: _ToConditions,
) -> Decision:
    """Drafts a decision, gives it to a second reader two days later, who publishes it two days after that.

    `form.response` is the label of the answer. Raises KeyError for a difference or a condition without an answer.
    """
    store, clock = example.store, example.clock
    writer, reader = somebody(Role.COMMISSIONER), somebody(Role.COMMISSIONER)
    async with store.read() as work:
        on = await matter(work, rounds)
    response = next(one.id for one in on.later.responses if one.label == form.response and one.id != NONE_OF_THESE)
    answers = _answers(on, form.outcome, response, to, to_conditions)
    values = {**vars(form), "id": secrets.token_hex(16), "response": response, "answers": answers}
    clock.set(days_ago, "15:20")
    draft = await decision_drafts.save(store, clock, writer, DecisionForm(**values))
    clock.set(days_ago - 2, "16:45")
    draft = await decision_drafts.hand_over(store, clock, writer, draft.id, draft.version)
    clock.set(days_ago - 4, "11:10")
    return await decision_drafts.publish(store, clock, reader, draft.id, draft.version)


def _answers(on: Matter, outcome: str, response: str, to: _To, to_conditions: _ToConditions) -> dict[str, str]:
    """Returns the answers to all differences and conditions by the fields of the form."""
    given = {}
    if on.result is not None:
        for one in differences(outcome, response, on.result, on.later.method):
            given[answer_field(one, on.result)] = to[one.group or one.kind]
    for field in conditions.asked(on.conditions, outcome):
        given[field.taken_field], given[field.answer_field] = to_conditions[field.words]
    return given
