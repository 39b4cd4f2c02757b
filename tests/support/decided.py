"""Answers to whatever a decision differs from, and how a recorded decision lies to what people preferred."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forum.ports import Store
from forum.ports.accounts import Person, Role
from forum.record.verify.rounds import weighed_of
from forum.services import minority_statements
from forum.services.decision_matter import matter
from forum.services.voting import reasons
from forum.services.voting.conditions import asked
from forum.voting.minority_statement import MinorityStatement, StatementState
from forum.voting.reason import ReasonState
from support.factories import CLOCK, new_id
from support.voted_session import Voted

MODERATOR = Person("0d" * 16, "m", "M", (Role.MODERATOR,))
# For the form of a decision: an answer in every field in which a difference can be asked about.
_FIELDS = ("answer_equal_voice", "answer_quorum", *(f"answer_group_{number}" for number in range(12)))
ANSWERS = dict.fromkeys(_FIELDS, "We weighed this.")


async def set_condition(store: Store, voted: Voted, who: int, words: str) -> str:
    """Lets the person in this place accept the first vote on a condition that everybody can read; returns the id."""
    given = await reasons.give(store, CLOCK, voted.live, voted.people[who], voted.rounds[0], "", words)
    async with store.begin() as work:
        await work.reasons.move_reason(given.id, ReasonState.SHOWN)
    return given.id


async def answers_to(store: Store, rounds: Sequence[str], taken_up: str = "yes") -> dict[str, str]:
    """Returns ANSWERS with an answer to every condition that can be read with these rounds."""
    async with store.read() as work:
        on = await matter(work, rounds)
    answers = dict(ANSWERS)
    for one in asked(on.conditions, "adopted"):
        answers |= {one.taken_field: taken_up, one.answer_field: "So it is done."}
    return answers


async def weighed(store: Store, decision: dict[str, Any]) -> dict[str, Any] | None:
    """Returns what a "decision" entry says of people's preference; None where that was withdrawn."""
    async with store.read() as work:
        found = await work.record.disclosures([decision["weighed"]["sd"]])
    return weighed_of(decision, {one.digest: one.encoded for one in found if one.encoded is not None})


async def dissented(store: Store, decision: str) -> None:
    """Puts a minority statement beside a decision, also where no group is shown to be against it."""
    sent = MinorityStatement(new_id(), decision, "Nurses", "It leaves us out.", StatementState.WAITING, CLOCK.now())
    async with store.begin() as work:
        await work.minority.save_statement(sent)
    await minority_statements.accept(store, CLOCK, MODERATOR, sent.id, minority_statements.fingerprint(sent))
